"""How leads are scored, in words: one version, the list of all, what differs between two of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from desk.clauses import Clause, Line
from desk.comparing import SAME, Difference, compare
from desk.queries.negotiation import TONES, in_force_id
from desk.rule_words import phrase
from inputs.refusals import NotVisible
from leads.codes import TOUCH_KINDS
from personas.defaults import SCORING_TERMS
from personas.models import ScoringVersion
from sla.durations import days
from sla.models import AgreementVersion
from teams.models import User

PAGE = 25
MOST_AGREEMENTS = 50
"""So many agreement versions are named as using a page of scoring versions, the newest first."""


@dataclass(frozen=True, slots=True)
class Worth:
    """What a kind of touch is worth."""

    label: str
    points: int


@dataclass(frozen=True, slots=True)
class Against:
    """Something that takes points off the fit: its words, the points below zero, and the rule in words."""

    words: str
    points: int
    rule: str


@dataclass(frozen=True, slots=True)
class Pinned:
    """An agreement version that rests on a scoring version, and where it stands."""

    number: int
    label: str
    tone: str


@dataclass(frozen=True, slots=True)
class ScoringSheet:
    """One version in words. Kinds of touches with points are the most valuable first; ``nothing`` names those that are worth none."""

    version: ScoringVersion
    half_life: str
    decaying: list[Worth]
    staying: list[Worth]
    nothing: list[str]
    negatives: list[Against]
    agreements: list[Pinned]


@dataclass(frozen=True, slots=True)
class Entry:
    """A version in the list: ``changes`` are the parts that say something else than the version before."""

    version: ScoringVersion
    changes: list[str]
    agreements: list[Pinned]
    is_first: bool


@dataclass(frozen=True, slots=True)
class ScoringHistory:
    """One page of versions, newest first; ``older`` is the number before which the next page begins, nothing on the last."""

    entries: list[Entry]
    older: int | None


@dataclass(frozen=True, slots=True)
class Changed:
    """What differs between an earlier version and another."""

    before: ScoringVersion
    differences: list[Difference]


def scoring_named(number: int) -> ScoringVersion:
    """Give a version by its number; raises ``NotVisible``."""
    found = ScoringVersion.objects.filter(number=number).select_related("created_by").first()
    if found is None:
        raise NotVisible("There is nothing here.")
    return found


def sheet_of(version: ScoringVersion, user: User, at: datetime) -> ScoringSheet:
    """Put a version into words, with the agreement versions that ``user`` may see, by two queries."""
    return _sheet(version, _agreements([version.pk], user, at).get(version.pk, []))


def history_of(user: User, at: datetime, before: int | None = None) -> ScoringHistory:
    """Give the newest versions, or those older than the number ``before``, by three queries."""
    versions = ScoringVersion.objects.select_related("created_by").order_by("-number")
    if before is not None:
        versions = versions.filter(number__lt=before)
    found = list(versions[: PAGE + 1])
    pinned = _agreements([version.pk for version in found], user, at)
    earlier: Sequence[ScoringVersion | None] = [*found[1:], None]
    entries = [
        Entry(version, _titles(was, version) if was else [], pinned.get(version.pk, []), is_first=was is None)
        for version, was in zip(found, earlier, strict=False)  # without any version there is one more
    ][:PAGE]
    return ScoringHistory(entries, found[PAGE - 1].number if len(found) > PAGE else None)


def changed_since(version: ScoringVersion, since: int | None) -> Changed | None:
    """Say what differs from the version of number ``since``, else from the one before; nothing for the first."""
    wanted = since if since is not None and since != version.number else version.number - 1
    before = ScoringVersion.objects.filter(number=wanted).first()
    if before is None and since is not None:
        before = ScoringVersion.objects.filter(number__lt=version.number).order_by("-number").first()
    return Changed(before, _differences(before, version)) if before else None


def lines_kept(names: Iterable[str]) -> dict[str, Mapping[str, Any]]:
    """Give the rules that take points off by *number:code*, where there are such; number 0 is what a new company starts with."""
    wanted = set(names)
    said = {name.partition(":")[0] for name in wanted}
    numbers = {int(number) for number in said if number.isascii() and number.isdecimal() and len(number) < 10}
    if not numbers:
        return {}
    terms = {0: SCORING_TERMS} | dict(ScoringVersion.objects.filter(number__in=numbers).values_list("number", "terms"))
    there = {f"{number}:{line['code']}": line for number, each in terms.items() for line in each.get("negatives", ())}
    return {name: there[name] for name in wanted if name in there}


def _sheet(version: ScoringVersion, agreements: list[Pinned]) -> ScoringSheet:
    points = version.terms["points"]
    ordered = sorted(points, key=lambda kind: (-points[kind]["points"], _label(kind)))
    worths = [(Worth(_label(kind), points[kind]["points"]), points[kind]["decays"]) for kind in ordered]
    return ScoringSheet(
        version=version,
        half_life=days(version.terms["half_life_days"]),
        decaying=[worth for worth, decays in worths if decays and worth.points],
        staying=[worth for worth, decays in worths if not decays and worth.points],
        nothing=[worth.label for worth, _ in worths if not worth.points],
        negatives=[
            Against(line["words"], line["points"], phrase(line["rule"])) for line in version.terms.get("negatives", ())
        ],
        agreements=agreements,
    )


def _agreements(scoring_ids: Iterable[int], user: User, at: datetime) -> dict[int, list[Pinned]]:
    current = in_force_id(at)
    found = AgreementVersion.objects.visible_to(user).filter(scoring__in=scoring_ids).defer("terms")
    by_scoring: dict[int, list[Pinned]] = {}
    for version in found.order_by("-number")[:MOST_AGREEMENTS]:
        standing = version.standing(at, current)
        pinned = Pinned(version.number, str(standing.label).lower(), TONES[standing])
        by_scoring.setdefault(version.scoring_id, []).append(pinned)
    return by_scoring


def _titles(before: ScoringVersion, after: ScoringVersion) -> list[str]:
    return [difference.title for difference in _differences(before, after)]


def _differences(before: ScoringVersion, after: ScoringVersion) -> list[Difference]:
    found = compare(_clauses(before.terms), _clauses(after.terms))
    return [difference for difference in found if difference.kind != SAME]


def _clauses(terms: Mapping[str, Any]) -> list[Clause]:
    points = [Line(_worth(line), _label(kind)) for kind, line in sorted(terms["points"].items(), key=_by_label)]
    negatives = [
        Line(f"{line['points']} if {phrase(line['rule'])}.", line["words"]) for line in terms.get("negatives", ())
    ]
    return [
        Clause("half-life", "Half-life", (Line(days(terms["half_life_days"])),)),
        Clause("points", "Points of touches", tuple(points)),
        Clause("negatives", "What takes points off the fit", tuple(negatives)),
    ]


def _worth(line: Mapping[str, Any]) -> str:
    count = f"{line['points']} point{'' if line['points'] == 1 else 's'}"
    return f"{count}, decaying" if line["decays"] else f"{count} that stay"


def _by_label(item: tuple[str, Any]) -> str:
    return _label(item[0])


def _label(kind: str) -> str:
    return TOUCH_KINDS.get(kind, kind.replace("_", " "))
