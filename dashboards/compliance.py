"""How both sides keep their word: promises kept, response times, by whom, by week, and where the misses came from."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import chain, pairwise
from typing import Any

from dashboards.counts import SLICE, Counts, Tally
from dashboards.families import BANDS, BRIEFING, PROMISE
from dashboards.figures import P50, Figure, Spread, figure, spread
from dashboards.freshness import Freshness, freshness
from dashboards.periods import Period
from dashboards.ranks import nearest_rank
from dashboards.scope import SIDES, Scope
from dashboards.tallies import tally
from ledger.one_view import one_view
from sla.in_force import InForce, NoAgreement, agreement_in_force
from sla.promises import BOTH
from teams.roles import Side

WEEKS_SHOWN = 10
COUNTED = (
    "judged", "kept", "missed", "excused", "counted_without", "logged_late", "unanswered", "answered", "cancelled",
)  # fmt: skip
SHARED = ("judged", "kept", "missed", "excused", "counted_without", "cancelled")
"""What a share kept is reckoned from."""
OF_MISSES = ("late_seconds", "missed_waited_seconds", "missed_answered_seconds")
TIMED = ("answered_seconds", "waited_seconds", *OF_MISSES)
OfMisses = Mapping[str, Sequence[int]]
OWED_BY = ("promise", "side", "tier", "rep", "queue")
TIER_ORDER = {"hot": 0, "warm": 1, "standard": 2}


@dataclass(frozen=True, slots=True)
class Measure:
    """By what a promise is judged: the share to reach and from how many cases on; nothing while no agreement is in force."""

    target_percent: int | None
    judged_from: int

    def verdict(self, kept: Figure) -> str:
        """Say *no_data*, *too_few*, *kept*, *behind*, or *no_target*."""
        if not kept.whole or kept.percent is None:
            return "no_data"
        if self.target_percent is None:
            return "no_target"
        if kept.whole < self.judged_from:
            return "too_few"
        # Compared unrounded, so that 89.96 % is not taken for 90 %.
        return "kept" if kept.part * 100 >= self.target_percent * kept.whole else "behind"


@dataclass(frozen=True, slots=True)
class Kept:
    """The share kept of a group of promises, with and without the misses that were excused, and what it means under the agreement.

    The verdict is about all: an excuse changes no figure that was agreed upon.
    """

    value: Any
    kept: Figure
    without_excused: Figure
    missed: Figure
    excused: Figure
    cancelled: Figure
    verdict: str


@dataclass(frozen=True, slots=True)
class Misses:
    """How many were missed, how late the answered ones were, and what each was lost by.

    ``waited`` is the system delay, before whoever owed it had it, of all; ``response`` the human one of those that were answered.
    """

    missed: Figure
    late_median: int | None
    waited: Spread
    response: Spread


@dataclass(frozen=True, slots=True)
class PromiseLine:
    """One promise of one side: kept, compared with before, how fast, and the same by tier and by who owed it.

    ``waited`` is the system delay and ``response`` the human one of what was answered, those of ``misses`` stand there; ``logged_late`` are
    misses that were answered in time.
    """

    code: str
    words: str
    side: str
    total: Kept
    change: Decimal | None
    response: Spread
    waited: Spread
    unanswered: Figure
    logged_late: Figure
    misses: Misses
    bands: list[Figure]
    by_tier: list[Kept]
    by_owner: list[Kept]


@dataclass(frozen=True, slots=True)
class Owner:
    """Who owes: a person, or the queue of a team."""

    rep: int | None
    queue: int | None


@dataclass(frozen=True, slots=True)
class OwnerLine:
    """What one person or queue owed: for each promise that anybody owed its words and what was kept, nothing where not theirs."""

    owner: Owner
    cells: list[tuple[str, Kept | None]]


@dataclass(frozen=True, slots=True)
class OwnerMisses:
    """The misses of one person or queue."""

    owner: Owner
    misses: Misses


@dataclass(frozen=True, slots=True)
class Week:
    """The promises that fell due in a week, by code."""

    period: Period
    kept: dict[str, Kept]


@dataclass(frozen=True, slots=True)
class Compliance:
    """Everything about promises of a period. Of what both sides owe, ``promises`` have one line and ``halves`` one for each side."""

    agreement: InForce | None
    measure: Measure
    promises: list[PromiseLine]
    halves: list[PromiseLine]
    weeks: list[Week]
    misses: list[OwnerMisses]
    all_misses: Misses

    def of(self, side: Side) -> list[PromiseLine]:
        """Give what a side owes; of what both owe, its own clocks alone."""
        own = {line.code: line for line in self.halves if line.side == side}
        lines = (own.get(line.code) if line.side == BOTH else line for line in self.promises)
        return [line for line in lines if line is not None and line.side == side]

    def owners(self) -> list[OwnerLine]:
        """Put what ``by_owner`` of all promises says into one table, who owed most first."""
        owed = [line for line in self.promises if line.by_owner]
        found: dict[Owner, dict[str, Kept]] = {}
        for line in owed:
            for kept in line.by_owner:
                found.setdefault(kept.value, {})[line.code] = kept
        lines = [
            OwnerLine(owner, [(line.words, kept.get(line.code)) for line in owed]) for owner, kept in found.items()
        ]
        return sorted(lines, key=lambda line: (-_cases(line), line.owner.rep or 0, line.owner.queue or 0))


def compliance(scope: Scope, *, at: datetime, fresh: Freshness | None = None) -> Compliance:
    """Reckon the promises of ``scope``; judged by the agreement in force at its end, or now."""
    agreement = _in_force(min(at, scope.period.ends_at))
    measure = _measure(agreement)
    now = tally(PROMISE, scope, OWED_BY, measures=COUNTED, spreads=TIMED, fresh=fresh)
    earlier = tally(PROMISE, scope.before(), ("promise", "side"), measures=COUNTED, fresh=fresh).apart("promise")
    promises, halves = [], []
    of_promise, listed = now.apart("promise"), _promises(agreement, now.by("promise", "side"))
    measured = {code: _measured(of_promise[code]) for code, _, _ in listed}
    for code, side, words in listed:
        narrowed, ours, before = scope.only(promise=code), of_promise[code], earlier[code]
        promises.append(
            _line(code, side, words, narrowed, now=ours, before=before, measure=measure, measured=measured[code])
        )
        if side == BOTH:
            of_side, before_of_side = ours.apart("side"), before.apart("side")
            halves += [
                _line(
                    code,
                    one,
                    words,
                    narrowed.only(side=one),
                    now=of_side[one],
                    before=before_of_side[one],
                    measure=measure,
                    measured=_measured(of_side[one]),
                )
                for one in SIDES
                if scope.filters.side in (None, one)
            ]
    return Compliance(
        agreement, measure, promises, halves, _weeks(scope, measure, fresh), _by_who_missed(scope, now),
        _misses(scope, now.total(), _merged(measured.values())),
    )  # fmt: skip


def _line(
    code: str, side: str, words: str, scope: Scope, *, now: Tally, before: Tally, measure: Measure, measured: OfMisses
) -> PromiseLine:  # fmt: skip
    """Reckon one promise, or one side's part of it, from what was counted and ``measured`` of it; ``scope`` is narrowed to the same."""
    counts, seconds = now.total(), now.ordered("answered_seconds")
    return PromiseLine(
        code=code,
        words=words,
        side=side,
        total=_kept(None, scope, counts, measure),
        change=_change(scope, counts, before.total() if before.cells else None),
        response=spread("promise.response", scope, seconds),
        waited=spread("promise.waited", scope, now.ordered("waited_seconds")),
        unanswered=figure("promise.unanswered", scope, counts),
        logged_late=figure("promise.logged_late", scope, counts),
        misses=_misses(scope, counts, measured),
        bands=_bands(scope, seconds),
        by_tier=_by_tier(scope, now.by("tier"), measure),
        by_owner=_by_owner(scope, now.by("rep", "queue"), measure),
    )


def attainment(period: Period, *, at: datetime) -> dict[str, Kept]:
    """Say of each promise in force how it is kept in ``period``, by code: what ``compliance`` totals, and briefings; a bounded number of statements."""
    agreement, scope = _in_force(min(at, period.ends_at)), Scope(period)
    measure = _measure(agreement)
    with one_view():
        about_leads = tally(PROMISE, scope, ("promise",), measures=SHARED, fresh=freshness(period.zone))
        briefings = tally(BRIEFING, scope, ("promise",), measures=SHARED)
    counted = Tally(about_leads.groups, about_leads.measures, about_leads.cells | briefings.cells)
    codes = agreement.terms.promises if agreement else ()
    return {code: _kept(None, scope.only(promise=code), counted.total(promise=code), measure) for code in codes}


def _cases(line: OwnerLine) -> int:
    return sum(kept.kept.whole or 0 for _, kept in line.cells if kept)


def _in_force(at: datetime) -> InForce | None:
    try:
        return agreement_in_force(at)
    except NoAgreement:
        return None


def _measure(agreement: InForce | None) -> Measure:
    if agreement is None:
        return Measure(target_percent=None, judged_from=0)
    return Measure(agreement.terms.attainment_target_percent, agreement.terms.judged_from_count)


def _promises(agreement: InForce | None, found: Iterable[tuple[str, str]]) -> list[tuple[str, str, str]]:
    """List the promises of the agreement in its order, then those of older versions that still fell due in the period.

    Those that are kept before a campaign begins are about no lead: they are counted on *Targets*.
    """
    known = agreement.terms.promises if agreement else {}
    listed = [(promise.code, promise.side, promise.words) for promise in known.values() if not promise.kind.before]
    older = sorted({pair for pair in found if pair[0] not in known})
    return listed + [(code, side, code.replace("_", " ").capitalize()) for code, side in older]


def _kept(value: Any, scope: Scope, counts: Counts, measure: Measure) -> Kept:
    kept = figure("promise.kept_rate", scope, counts)
    return Kept(
        value, kept, figure("promise.kept_rate_without", scope, counts), figure("promise.missed", scope, counts),
        figure("promise.excused", scope, counts), figure("promise.cancelled", scope, counts), measure.verdict(kept),
    )  # fmt: skip


def _change(scope: Scope, now: Counts, before: Counts | None) -> Decimal | None:
    """Give the change in percentage points, or nothing where one of both periods has no data."""
    percent = figure("promise.kept_rate", scope, now).percent
    earlier = figure("promise.kept_rate", scope, before).percent if before else None
    return None if percent is None or earlier is None else percent - earlier


def _by_tier(scope: Scope, found: dict[Any, Counts], measure: Measure) -> list[Kept]:
    tiers = sorted(found, key=lambda tier: TIER_ORDER.get(tier, 9))
    return [_kept(tier, scope.only(tier=tier), found[tier], measure) for tier in tiers]


def _by_owner(scope: Scope, found: dict[Any, Counts], measure: Measure) -> list[Kept]:
    lines = [
        _kept(Owner(rep, None if rep else queue), owned_by(scope, rep, queue), counts, measure)
        for (rep, queue), counts in _joined(found).items()
    ]
    return sorted(lines, key=lambda line: (-(line.kept.whole or 0), line.value.rep or 0, line.value.queue or 0))


def _joined(found: dict[Any, Counts]) -> dict[Any, Counts]:
    """Join what one person owed in several teams: who owes in person is one group."""
    joined: dict[Any, Counts] = {}
    for key, counts in found.items():
        *rest, rep, queue = key
        group = (*rest, rep, None if rep else queue)
        held = joined.setdefault(group, dict.fromkeys(counts, 0))
        for name, count in counts.items():
            held[name] += count
    return joined


def owned_by(scope: Scope, rep: int | None, queue: int | None) -> Scope:
    """Narrow ``scope`` to what a person owed, or to what stood in the queue of a team."""
    return scope.only(rep=rep) if rep else scope.only(rep=0, team=queue)


def _bands(scope: Scope, seconds: Sequence[int]) -> list[Figure]:
    """Count ordered response times by band."""
    starts = [bisect_left(seconds, low) for _, low, _ in BANDS] + [len(seconds)]
    return [
        Figure(f"promise.band_{number}", scope, end - start) for number, (start, end) in enumerate(pairwise(starts))
    ]


def _weeks(scope: Scope, measure: Measure, fresh: Freshness | None) -> list[Week]:
    """Count by week, for at least ten weeks up to the period's end, so that a short period too shows where it comes from."""
    reach = scope.period.reaching_back(WEEKS_SHOWN)
    parts = reach.weeks()
    found = tally(
        PROMISE, scope.within(reach), ("promise",), measures=SHARED, slices=parts, date_field="due_at", fresh=fresh,
    ).by(SLICE, "promise")  # fmt: skip
    weeks = []
    for number, part in enumerate(parts):
        within = scope.within(part)
        codes = {promise: counts for (week, promise), counts in found.items() if week == number}
        kept = {code: _kept(None, within.only(promise=code), counts, measure) for code, counts in codes.items()}
        weeks.append(Week(part, kept))
    return weeks


def _misses(scope: Scope, counts: Counts, measured: OfMisses) -> Misses:
    """Reckon the misses of ``scope``; ``measured`` are the values of ``OF_MISSES`` in their order."""
    return Misses(
        missed=figure("promise.missed", scope, counts),
        late_median=nearest_rank(measured["late_seconds"], P50),
        waited=spread("promise.missed_waited", scope, measured["missed_waited_seconds"]),
        response=spread("promise.missed_answered", scope, measured["missed_answered_seconds"]),
    )


def _measured(now: Tally) -> OfMisses:
    return {name: now.ordered(name) for name in OF_MISSES}


def _merged(parts: Collection[OfMisses]) -> OfMisses:
    """Put together what is in its order already: to sort tens of thousands of values once more would show in the time of a page."""
    return {name: sorted(chain.from_iterable(part[name] for part in parts)) for name in OF_MISSES}


def _by_who_missed(scope: Scope, now: Tally) -> list[OwnerMisses]:
    """List who missed, most first."""
    measured = {name: _joined_values(now.ordered_by(name, "rep", "queue")) for name in OF_MISSES}
    lines = []
    for (rep, queue), counts in _joined(now.by("rep", "queue")).items():
        if counts["missed"]:
            theirs = {name: values.get((rep, queue), []) for name, values in measured.items()}
            lines.append(OwnerMisses(Owner(rep, queue), _misses(owned_by(scope, rep, queue), counts, theirs)))
    return sorted(lines, key=lambda line: (-line.misses.missed.part, line.owner.rep or 0, line.owner.queue or 0))


def _joined_values(found: Mapping[Any, Sequence[int]]) -> dict[Any, list[int]]:
    """Join what was measured of one person in several teams, in its order."""
    joined: dict[Any, list[int]] = {}
    for (rep, queue), values in found.items():
        joined.setdefault((rep, None if rep else queue), []).extend(values)
    return {key: sorted(values) for key, values in joined.items()}
