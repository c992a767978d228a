"""Look at a target when half and three quarters of its time have passed, and judge it at its end: kept or missed, once.

What is looked at is how things stood at the due instant, however late the sweep comes. A warning goes out only to a side that is behind pace.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from leads.clock_acts import COLUMNS, ClockRow, Managers
from leads.clock_plans import JUDGE, WARN, Entry, entries_before, moment_at
from leads.clocks import ENDING_COLUMNS
from leads.models import Clock, TargetPeriod
from leads.period_figures import Wanted, reached
from leads.period_rules import NO_CASES, Pace, Reached, is_kept, pace, progress
from leads.record import Record
from ledger.instants import company_day
from ledger.rows import update_rows
from sla.business_time import BusinessCalendar
from sla.hours import calendars
from sla.in_force import version_terms
from sla.promises import TARGETS
from sla.terms import Target

BEHIND = "target_behind"
KEPT = "target_kept"
MISSED = "target_missed"
WITHOUT_CASES = "target_without_cases"

States = Clock.States


@dataclass(frozen=True, slots=True)
class Judged:
    """How many warnings, misses and escalation steps were recorded, and how many targets were looked at."""

    looked_at: int = 0
    warned: int = 0
    missed: int = 0
    escalated: int = 0


@transaction.atomic
def judge(clock_ids: Sequence[int], *, at: datetime) -> Judged:
    """Do what is due on these clocks of targets, in one transaction; where somebody else was first, what they did stands."""
    due = Clock.objects.filter(pk__in=clock_ids, next_action_at__lt=at, period__isnull=False).order_by("id")
    clocks = [ClockRow(*row) for row in due.select_for_update(skip_locked=True, no_key=True).values_list(*COLUMNS)]
    if not clocks:
        return Judged()
    record = Record(verb="judge_target", actor_id=None, at=at)
    docket = Docket.load(clocks)
    rulings = [_rule(record, clock, docket) for clock in clocks]
    won = {row[0] for row in update_rows(Clock, ENDING_COLUMNS, [one.row for one in rulings], expected=EXPECTED)}
    if not won:
        return Judged()
    if len(won) < len(rulings):
        record.keep_clocks(won)
    for one in rulings:
        if one.clock_id in won and one.reached is not None:
            TargetPeriod.objects.filter(pk=one.period_id).update(
                judged_at=at, counted=one.reached.counted, reached=one.reached.value
            )
    record.write("clock", sorted(won))
    kinds = [step[1] for step in record.steps]
    return Judged(len(won), kinds.count("warned"), kinds.count("missed"), kinds.count("escalated"))


EXPECTED = ("state", "plan_position")


@dataclass(frozen=True, slots=True)
class Ruling:
    """The row that a clock gets, and what its target had come to where it was judged."""

    clock_id: int
    period_id: int
    row: tuple[Any, ...]
    reached: Reached | None


@dataclass(frozen=True, slots=True)
class Docket:
    """The targets to look at, and whom to tell."""

    periods: Mapping[int, TargetPeriod]
    targets: Mapping[int, Target | None]
    judged_from: Mapping[int, int]
    hours: Mapping[int, BusinessCalendar]
    managers: Managers

    @staticmethod
    def load(clocks: Sequence[ClockRow]) -> Docket:
        periods = TargetPeriod.objects.in_bulk([clock.period_id or 0 for clock in clocks])
        terms = {version_id: version_terms(version_id) for version_id in {row.version_id for row in periods.values()}}
        return Docket(
            periods,
            {pk: target_of(row, terms[row.version_id].targets) for pk, row in periods.items()},
            {pk: terms[row.version_id].judged_from_count for pk, row in periods.items()},
            calendars(clock.calendar_version_id for clock in clocks),
            Managers.load(clocks),
        )

    def reached(self, period: TargetPeriod, until: datetime) -> Reached:
        return reached([wanted_of(period, self.targets[period.pk], until)])[0]

    def pace(self, clock: ClockRow, period: TargetPeriod, at: datetime) -> Pace:
        calendar = self.hours[clock.calendar_version_id]
        return pace_of(period, self.reached(period, at), at, calendar, judged_from=self.judged_from[period.pk])


def target_of(period: TargetPeriod, targets: Sequence[Target]) -> Target | None:
    """Give what the terms say of a period's target."""
    return next((one for one in targets if (one.code, one.of) == (period.code, period.of)), None)


def wanted_of(period: TargetPeriod, target: Target | None, until: datetime) -> Wanted:
    """Say what is to be counted for a period, up to ``until`` or its end."""
    worth = (target.worth if target else None) or {}
    return Wanted(period.code, period.of, period.currency, period.starts_at, min(until, period.ends_at), worth)


def pace_of(
    period: TargetPeriod, found: Reached, at: datetime, calendar: BusinessCalendar, *, judged_from: int
) -> Pace:
    """Compare what a period has come to with the plan by ``at``."""
    gone = progress(period.first_on, period.last_on, company_day(at), calendar)
    return pace(TARGETS[period.code].unit, period.amount, period.currency, found, gone, judged_from=judged_from)


@dataclass(frozen=True, slots=True)
class Case:
    """A clock with its target's period, and the managers to tell."""

    clock: ClockRow
    period: TargetPeriod
    managers: Managers

    @property
    def theirs(self) -> Collection[int]:
        """The managers of the side that owes it."""
        return self.managers.of_side.get(self.clock.side, ())

    @property
    def everybody(self) -> Collection[int]:
        """The managers of both sides, each once."""
        return dict.fromkeys([*self.theirs, *self.managers.of_other_side(self.clock)])


def _rule(record: Record, clock: ClockRow, docket: Docket) -> Ruling:
    """Take the due entries of one clock in order, and say where it has come to."""
    before = (clock.state, clock.plan_position)
    period = docket.periods[clock.period_id or 0]
    case = Case(clock, period, docket.managers)
    entries = entries_before(clock.plan, clock.plan_position, record.at)
    is_over = any(entry.action == JUDGE for entry in entries)
    ending: dict[str, Any] = {}
    found: Reached | None = None
    for entry in entries:
        if entry.action == WARN:
            stands = docket.pace(clock, period, entry.at)
            if stands.is_behind:
                _warn(record, case, entry, words="" if is_over else stands.words)
        elif entry.action == JUDGE:
            found = docket.reached(period, period.ends_at)
            ending = _judge(record, case, entry, found)
        elif clock.state == States.MISSED:
            _tell_miss(record, case, entry)
        clock.plan_position = entry.ordinal + 1
    if clock.state in (States.RUNNING, States.MISSED):
        ending["next_action_at"] = moment_at(clock.plan, clock.plan_position)
    row = {**dict.fromkeys(ENDING_COLUMNS), "state": clock.state, "plan_position": clock.plan_position, **ending}
    return Ruling(clock.id, period.pk, (clock.id, *row.values(), *before), found)


def _warn(record: Record, case: Case, entry: Entry, *, words: str) -> None:
    """Note that a side was behind pace at the instant of ``entry``; what the end has overtaken (no ``words``) is told to nobody."""
    record.step(case.clock.id, "warned", ordinal=entry.ordinal, percent=entry.percent, occurred_at=entry.at)
    if words:
        _tell(record, BEHIND, case, case.theirs, percent=entry.percent, words=words)


def _judge(record: Record, case: Case, entry: Entry, found: Reached) -> dict[str, Any]:
    """Record the one outcome, and give the columns that say so; a kept promise was kept at the end of its period."""
    clock, period = case.clock, case.period
    verdict = is_kept(TARGETS[period.code].unit, period.amount, found)
    if verdict is None:
        clock.state = States.CANCELLED
        record.step(clock.id, "cancelled", code=NO_CASES)
        _tell(record, WITHOUT_CASES, case, case.theirs)
        return {"cancelled_at": record.at}
    if verdict:
        clock.state = States.MET
        record.step(clock.id, "met", occurred_at=entry.at)
        _tell(record, KEPT, case, case.theirs)
        return {"met_at": entry.at, "detected_at": record.at}
    clock.state = States.MISSED
    record.step(clock.id, "missed", percent=entry.percent, occurred_at=entry.at)
    return {"missed_at": entry.at, "detected_at": record.at}


def _tell_miss(record: Record, case: Case, entry: Entry) -> None:
    """Tell the managers of both sides of a miss."""
    record.step(
        case.clock.id, "escalated", ordinal=entry.ordinal, percent=entry.percent, code=entry.action, occurred_at=entry.at
    )  # fmt: skip
    _tell(record, MISSED, case, case.everybody)


def _tell(record: Record, code: str, case: Case, people: Collection[int], **facts: Any) -> None:
    for user_id in people:
        record.tell(user_id, code, "period", case.period.pk, clock=case.clock.id, promise=case.period.code, **facts)
