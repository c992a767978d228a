"""From lead to customer: the funnel, its rates, days to win, and the same by source, campaign and month."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from dashboards.books import ORIGIN
from dashboards.counts import Counts, Tally
from dashboards.families import COHORT, STAGES
from dashboards.figures import Figure, Spread, figure, spread
from dashboards.freshness import Freshness
from dashboards.scope import Scope
from dashboards.tallies import DAYS_TO_WIN, SOURCE_RAW, days_by_month, lead_tally, monthly, tallied_apart

RATES = (*(f"{stage}_rate" for stage in STAGES[1:]), "win_rate")


@dataclass(frozen=True, slots=True)
class Line:
    """The funnel of a group: its leads by stage, rates and, where asked for, days to win. ``value`` is the group's code, id or period."""

    value: Any
    figures: dict[str, Figure]
    days_to_win: Spread | None

    @property
    def leads(self) -> Figure:
        return self.figures["leads"]

    @property
    def won(self) -> Figure:
        return self.figures["won"]


@dataclass(frozen=True, slots=True)
class Funnel:
    """The whole, its groups (those with the most leads first; months in their order), and all days to win in their order."""

    total: Line
    by_source: list[Line]
    by_campaign: list[Line]
    by_month: list[Line]
    by_source_raw: list[Line]
    days_to_win: list[int]


def funnel(scope: Scope, *, in_detail: bool = False, fresh: Freshness | None = None) -> Funnel:
    """Reckon the funnel of ``scope`` on its basis; ``in_detail`` also by month and by the source as it was written."""
    by_source, by_campaign = _by_origin(scope, fresh)
    days = by_source.ordered(DAYS_TO_WIN)
    return Funnel(
        total=_line(scope, None, by_source.total(), days),
        by_source=_lines(
            by_source.by("source"), lambda value: scope.only(source=value), by_source.ordered_by(DAYS_TO_WIN, "source")
        ),
        by_campaign=_lines(
            by_campaign.by("campaign"),
            lambda value: scope.only(campaign=value or 0),
            by_campaign.ordered_by(DAYS_TO_WIN, "campaign"),
        ),
        by_month=_month_lines(scope) if in_detail else [],
        by_source_raw=_raw_lines(scope) if in_detail else [],
        days_to_win=days,
    )


def _by_origin(scope: Scope, fresh: Freshness | None) -> tuple[Tally, Tally]:
    """Count by source and by campaign."""
    if not tallied_apart(COHORT, scope, (), ORIGIN, fresh):
        found = lead_tally(scope, ORIGIN, spreads=(DAYS_TO_WIN,), fresh=fresh)
        return found, found
    by_source, by_campaign = (lead_tally(scope, (group,), spreads=(DAYS_TO_WIN,), fresh=fresh) for group in ORIGIN)
    return by_source, by_campaign


def total(scope: Scope, fresh: Freshness | None = None) -> Line:
    """Reckon the whole alone, to compare with."""
    return _line(scope, None, lead_tally(scope, (), fresh=fresh).total(), None)


def _month_lines(scope: Scope) -> list[Line]:
    months = scope.period.months()
    counts, days = monthly(scope, months), days_by_month(scope, months)
    return [
        _line(scope.within(month), month, counts[number], days[number])
        for number, month in enumerate(months)
        if number in counts
    ]


def of_personas(scope: Scope, persona_ids: Iterable[int], fresh: Freshness | None = None) -> dict[int, Line]:
    """Reckon the funnel of each of these personas, also of those that no lead matches."""
    found = lead_tally(scope, ("persona",), fresh=fresh)
    return {pk: _line(scope.only(persona=pk), pk, found.total(persona=pk), None) for pk in persona_ids}


def _lines(
    groups: dict[Any, Counts], narrow: Callable[[Any], Scope], days: defaultdict[Any, list[int]] | None
) -> list[Line]:
    lines = [
        _line(narrow(value), value, counts, None if days is None else days[value])
        for value, counts in groups.items()
        if any(counts.values())
    ]
    return sorted(lines, key=lambda line: (-line.leads.part, -line.won.part, str(line.value)))


def _line(scope: Scope, value: Any, counts: Counts, days: Sequence[int] | None) -> Line:
    names = [*STAGES, *RATES, "won_early", "sales_sourced"]
    figures = {name: figure(f"{scope.basis}.{name}", scope, counts) for name in names}
    return Line(value, figures, None if days is None else spread(f"{scope.basis}.days_to_win", scope, days))


def _raw_lines(scope: Scope) -> list[Line]:
    groups = lead_tally(scope, (SOURCE_RAW,)).by(SOURCE_RAW)
    return _lines(groups, lambda value: scope.only(source_raw=value or ""), None)
