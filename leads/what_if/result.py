"""Answer a scenario: replay the period, and count by promise and tier what was and what would have been."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from inputs.refusals import Problem
from leads.what_if.assumptions import assumptions
from leads.what_if.reading import chosen_hours, pinned_by, recorded_clocks
from leads.what_if.recorded import CANCELLED, KEPT, MISSED, OPEN, Recorded
from leads.what_if.replaying import Changes, Replayed, replay
from leads.what_if.scenario import BadScenario, Known, Scenario
from leads.what_if.staffing import Staffing, staff_of_then
from ledger.one_view import one_view
from sla.promises import KINDS
from sla.terms import TIERS


@dataclass(slots=True)
class Counts:
    """What became, or would have become, of some promises."""

    by_outcome: Counter[str] = field(default_factory=Counter)
    warned: int = 0

    @property
    def kept(self) -> int:
        return self.by_outcome[KEPT]

    @property
    def missed(self) -> int:
        return self.by_outcome[MISSED]

    @property
    def cancelled(self) -> int:
        return self.by_outcome[CANCELLED]

    @property
    def open(self) -> int:
        return self.by_outcome[OPEN]

    @property
    def judged(self) -> int:
        return self.kept + self.missed

    @property
    def percent(self) -> float | None:
        """The share kept of those that are judged, to one decimal place; nothing where none is."""
        return round(100 * self.kept / self.judged, 1) if self.judged else None


@dataclass(slots=True)
class Line:
    """A promise, of one tier or (empty) of all: as recorded, and as it would have been.

    ``uncertain`` are those that would be missed only because nobody ever answered them, though there would have been more time.
    """

    code: str
    tier: str
    words: str
    side: str
    recorded: Counts = field(default_factory=Counts)
    hypothetical: Counts = field(default_factory=Counts)
    uncertain: int = 0
    changed: int = 0

    @property
    def difference(self) -> int:
        """How many more (fewer) would have been missed."""
        return self.hypothetical.missed - self.recorded.missed

    @property
    def fewer(self) -> int:
        return -self.difference

    @property
    def at_best(self) -> int:
        """How many would have been missed if all uncertain ones had been answered in time."""
        return self.hypothetical.missed - self.uncertain

    def count(self, replayed: Replayed) -> None:
        self.recorded.by_outcome[replayed.clock.outcome] += 1
        self.recorded.warned += replayed.was_warned
        self.hypothetical.by_outcome[replayed.outcome] += 1
        self.hypothetical.warned += replayed.warned
        self.uncertain += replayed.could_have_been_kept
        self.changed += replayed.is_changed


@dataclass(frozen=True, slots=True)
class PromiseLines:
    """A promise in all, and by tier."""

    total: Line
    tiers: list[Line]


@dataclass(frozen=True, slots=True)
class Result:
    """The answer to a scenario, as seen at ``at``.

    ``looked_at`` is how many clocks were replayed, ``left`` how many of them could not be and are counted as they were; ``changed`` are those
    that would have come out otherwise, the latest due first.
    """

    scenario: Scenario
    at: datetime
    looked_at: int
    left: int
    total: Line
    promises: list[PromiseLines]
    changed: list[Replayed]
    assumptions: tuple[str, ...]


def what_if(scenario: Scenario, known: Known, *, at: datetime, most: int | None = None) -> Result:
    """Answer ``scenario``; raises ``BadScenario`` where people are taken away who were not there, and ``TooMany``."""
    with one_view():
        clocks = recorded_clocks(scenario.first, scenario.until, most=most)
        pinned = pinned_by(clocks)
        hours = dict(chosen_hours(scenario))
    _refuse_nobody_left(scenario, clocks)
    changes = Changes(
        scenario.times, scenario.grace, scenario.warn, hours, scenario.weeks, scenario.own_weeks,
        Staffing(scenario.change, scenario.shares),
    )  # fmt: skip
    return _counted(scenario, known, replay(clocks, pinned, changes, at), at)


def _refuse_nobody_left(scenario: Scenario, clocks: Iterable[Recorded]) -> None:
    if not scenario.change and not scenario.shares:
        return
    problems = []
    staff = staff_of_then(clocks)
    for team_id, change in scenario.change.items():
        there = len(staff.get(team_id, ()))
        if change < 0 and change + there < 1:
            problems.append(Problem(f"staff-{team_id}", "nobody_left", _nobody_left(there)))
    for user_id, share in scenario.shares.items():
        teams = [people for people in staff.values() if user_id in people]
        if not share and any(all(not scenario.shares.get(other, 1) for other in people) for people in teams):
            problems.append(Problem(f"share-{user_id}", "nobody_left", "Somebody of the team has to take leads."))
    if problems:
        raise BadScenario.of(problems)


def _nobody_left(there: int) -> str:
    if not there:
        return "Nobody of this team had leads in this period."
    return (
        f"{there} {'person' if there == 1 else 'people'} of this team had leads in this period: somebody has to stay."
    )


def _counted(scenario: Scenario, known: Known, replayed: Iterable[Replayed], at: datetime) -> Result:
    lines: dict[tuple[str, str], Line] = {}
    total = Line("", "", "All promises", "")
    changed, looked_at, left = [], 0, 0
    for one in replayed:
        looked_at += 1
        left += not one.follows
        clock = one.clock
        key = (clock.promise, clock.tier)
        if key not in lines:
            lines[key] = Line(clock.promise, clock.tier, _words(clock.promise, known), clock.side)
        lines[key].count(one)
        total.count(one)
        if one.is_changed:
            changed.append(one)
    promises = [_together(code, lines) for code in _in_order({code for code, _ in lines}, known)]
    return Result(scenario, at, looked_at, left, total, promises, changed[::-1], assumptions(scenario))


def _together(code: str, lines: Mapping[tuple[str, str], Line]) -> PromiseLines:
    """Put the tiers of a promise together."""
    tiers = [lines[code, tier] for tier in TIERS if (code, tier) in lines]
    tiers += [line for (promise, tier), line in lines.items() if promise == code and tier not in TIERS]
    total = Line(code, "", tiers[0].words, tiers[0].side)
    for line in tiers:
        for part, other in ((total.recorded, line.recorded), (total.hypothetical, line.hypothetical)):
            part.by_outcome += other.by_outcome
            part.warned += other.warned
        total.uncertain += line.uncertain
        total.changed += line.changed
    return PromiseLines(total, tiers)


def _in_order(codes: set[str], known: Known) -> list[str]:
    return [code for code in known.promises if code in codes] + sorted(codes - set(known.promises))


def _words(code: str, known: Known) -> str:
    if code in known.promises:
        return known.promises[code].words
    return KINDS[code].words if code in KINDS else code.replace("_", " ").capitalize()
