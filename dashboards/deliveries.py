"""What became of the leads handed to sales: acceptance, reasons for rejections, and how reps rate them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dashboards.books import ORIGIN
from dashboards.counts import Counts, Tally
from dashboards.families import HANDOFF, RATING
from dashboards.figures import Figure, figure
from dashboards.freshness import Freshness
from dashboards.scope import Scope
from dashboards.tallies import tallied_apart, tally

MOST_GROUPS = 4
"""So many sources and campaigns are named beside a reason for rejections, unless all are asked for."""


@dataclass(frozen=True, slots=True)
class Handed:
    """The handoffs or the ratings of a group: ``figures`` by measure, the share first."""

    value: Any
    figures: dict[str, Figure]

    @property
    def rate(self) -> Figure:
        return next(iter(self.figures.values()))


@dataclass(frozen=True, slots=True)
class Reason:
    """Rejections for one reason, and where most of their leads came from; ``more_…`` counts the groups that are not listed."""

    code: str
    rejections: Figure
    by_source: list[tuple[str, Figure]]
    more_sources: int
    by_campaign: list[tuple[int | None, Figure]]
    more_campaigns: int


@dataclass(frozen=True, slots=True)
class Deliveries:
    """Acceptance, rejections and ratings of a period."""

    total: Handed
    by_source: list[Handed]
    by_campaign: list[Handed]
    reasons: list[Reason]
    ratings: Handed
    ratings_by_source: list[Handed]
    ratings_by_campaign: list[Handed]


def deliveries(scope: Scope, *, in_detail: bool = False, fresh: Freshness | None = None) -> Deliveries:
    """Reckon the deliveries of ``scope``; ``in_detail`` also by source and campaign."""
    handed, rejected = _handoffs(scope, in_detail, fresh)
    rated = tally(RATING, scope, ORIGIN if in_detail else (), fresh=fresh)
    return Deliveries(
        total=_handed(None, scope, handed.total()),
        by_source=_grouped(handed, "source", scope, _handed) if in_detail else [],
        by_campaign=_grouped(handed, "campaign", scope, _handed) if in_detail else [],
        reasons=_reasons(
            scope, rejected["source"].by("reason"), rejected["source"].by("reason", "source"),
            rejected["campaign"].by("reason", "campaign"), most=None if in_detail else MOST_GROUPS,
        ),
        ratings=_rated(None, scope, rated.total()),
        ratings_by_source=_grouped(rated, "source", scope, _rated) if in_detail else [],
        ratings_by_campaign=_grouped(rated, "campaign", scope, _rated) if in_detail else [],
    )  # fmt: skip


def _handoffs(scope: Scope, in_detail: bool, fresh: Freshness | None) -> tuple[Tally, dict[str, Tally]]:
    """Count all handoffs, and the rejected ones by reason and source and by reason and campaign."""
    if in_detail or not tallied_apart(HANDOFF, scope, ("reason",), ORIGIN, fresh):
        found = tally(HANDOFF, scope, ("reason", *ORIGIN), fresh=fresh)
        return found, dict.fromkeys(ORIGIN, found)
    rejected = {
        group: tally(HANDOFF, scope, ("reason", group), measures=("all_rejections",), only_counted=True, fresh=fresh)
        for group in ORIGIN
    }
    return tally(HANDOFF, scope, (), fresh=fresh), rejected


def _handed(value: Any, scope: Scope, counts: Counts) -> Handed:
    names = ("acceptance_rate", *HANDOFF.measures)
    return Handed(value, {name: figure(f"handoff.{name}", scope, counts) for name in names})


def _rated(value: Any, scope: Scope, counts: Counts) -> Handed:
    names = ("good_rate", *RATING.measures)
    return Handed(value, {name: figure(f"rating.{name}", scope, counts) for name in names})


def _grouped(found: Tally, group: str, scope: Scope, make: Callable[[Any, Scope, Counts], Handed]) -> list[Handed]:
    groups = sorted(found.by(group).items(), key=lambda pair: str(pair[0]))
    empty = "" if group == "source" else 0
    return [make(value, scope.only(**{group: value or empty}), counts) for value, counts in groups]


def _reasons(
    scope: Scope, by_reason: dict[str, Counts], by_source: dict[Any, Counts], by_campaign: dict[Any, Counts], *,
    most: int | None,
) -> list[Reason]:  # fmt: skip
    sources, campaigns = _most_first(by_source), _most_first(by_campaign)
    found = []
    for code, counts in by_reason.items():
        if not code or not counts["all_rejections"]:
            continue
        narrowed = scope.only(reason=code)
        found.append(
            Reason(
                code, _rejections(narrowed, counts),
                [(source, _rejections(narrowed.only(source=source), c)) for source, c in sources[code][:most]],
                len(sources[code][most:]) if most else 0,
                [(campaign, _rejections(narrowed.only(campaign=campaign or 0), c)) for campaign, c in campaigns[code][:most]],
                len(campaigns[code][most:]) if most else 0,
            )
        )  # fmt: skip
    return sorted(found, key=lambda reason: (-reason.rejections.part, reason.code))


def _rejections(scope: Scope, counts: Counts) -> Figure:
    return figure("handoff.all_rejections", scope, counts)


def _most_first(groups: dict[tuple[str, Any], Counts]) -> defaultdict[str, list[tuple[Any, Counts]]]:
    """List the groups of each reason, those with the most rejections first."""
    found: defaultdict[str, list[tuple[Any, Counts]]] = defaultdict(list)
    for (reason, value), counts in groups.items():
        if counts["all_rejections"]:
            found[reason].append((value, counts))
    for listed in found.values():
        listed.sort(key=lambda group: (-group[1]["all_rejections"], str(group[0])))
    return found
