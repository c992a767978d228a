"""The verbs' side of clocks: start, answer, cancel. Each takes a list and needs the caller's transaction.

The caller has locked the leads and handoffs concerned; these functions lock the clocks, last in the order. A promise answered at or
before its due time is kept. What is found overdue here, before the sweep came by, is recorded as the sweep would: ending a clock late
never hides a miss.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from inputs.refusals import Conflict
from leads.clock_acts import COLUMNS, NOBODY, ClockRow, Managers, act, name_leads, needs_managers
from leads.clock_plans import REASSIGN, Entry, Schedule, entries_before, schedule
from leads.models import Clock
from leads.record import Record
from ledger.rows import insert_rows, reserve_ids, update_rows
from sla.business_time import BusinessCalendar, between
from sla.hours import calendars
from sla.terms import Terms

States = Clock.States
LOGGED_LATE = "in_time_logged_late"

NEW_COLUMNS = (
    "id", "promise", "side", "tier", "lead_id", "handoff_id", "user_id", "team_id", "version_id", "calendar_version_id",
    "state", "budget_seconds", "grace_seconds", "arrived_at", "started_at", "due_at", "plan", "plan_position",
    "next_action_at",
)  # fmt: skip
ENDING_COLUMNS = (
    "state", "plan_position", "next_action_at", "answered_at", "met_at", "missed_at", "detected_at", "cancelled_at",
    "late_seconds", "answered_seconds",
)  # fmt: skip

Before = Mapping[int, tuple[str, int]]
"""By clock, the state and the place in its plan that were read: an ending counts only where they still stand."""


class ClockMoved(Conflict):
    """Somebody else moved a clock that this verb was about to end: try again."""

    code = "clock_moved"


@dataclass(frozen=True, slots=True)
class ClockStart:
    """A promise to be counted: on exactly one of ``handoff_id`` and ``lead_id``, owed by a person or by a team's queue.

    ``arrived_at`` is when the wait began; ``terms`` are those of ``version_id``, ``calendar`` the hours of ``calendar_version_id``.
    """

    promise: str
    tier: str
    version_id: int
    terms: Terms
    calendar_version_id: int
    calendar: BusinessCalendar
    arrived_at: datetime
    handoff_id: int | None = None
    lead_id: int | None = None
    user_id: int | None = None
    team_id: int | None = None


def start(record: Record, starts: Sequence[ClockStart], at: datetime, *, clock_ids: Sequence[int] = ()) -> None:
    """Start these clocks at ``at`` with two statements, one where the caller has reserved ids; their *started* steps go into ``record``."""
    schedules: dict[tuple[Any, ...], tuple[Schedule, str]] = {}
    rows = []
    for clock_id, wanted in zip(clock_ids or reserve_ids(Clock, len(starts)), starts, strict=False):
        key = (wanted.promise, wanted.tier, wanted.version_id, wanted.calendar_version_id)
        if key not in schedules:
            reckoned = _schedule(wanted, at)
            schedules[key] = (reckoned, json.dumps(reckoned.plan))
        rows.append(_new_row(clock_id, wanted, *schedules[key]))
        record.step(clock_id, "started")
    insert_rows(Clock, NEW_COLUMNS, rows)


def answer(
    record: Record, *, promise: str, handoff_ids: Collection[int] = (), lead_ids: Collection[int] = (), at: datetime,
    occurred_at: datetime | None = None,
) -> None:  # fmt: skip
    """Note that what was promised is done: kept when ``at`` is not after the due time, else missed and answered late.

    It is judged by when it was recorded (``at``); ``occurred_at`` says when it was done, where it was logged later. Of several clocks of
    one promise on one subject the newest is meant: an earlier rep's miss stays as it is. Where the sweep recorded the miss while this answer
    waited for its locks, the miss stands, and the answer is recorded right after it, as done in time but logged late.
    """
    open_clocks = [clock for clock in _newest(_locked(Q(promise=promise), handoff_ids, lead_ids)) if _is_open(clock)]
    hours = calendars(clock.calendar_version_id for clock in open_clocks) if open_clocks else {}
    before = {clock.id: (clock.state, clock.plan_position) for clock in open_clocks}
    overdue = [clock for clock in open_clocks if clock.state in Clock.LIVE and clock.due_at < at]
    _record_overdue(record, overdue, at)
    done_at = occurred_at or at
    rows = []
    for clock in open_clocks:
        settle = _answer_late if clock.state == States.MISSED else _keep
        rows.append(settle(record, clock, before, hours[clock.calendar_version_id], done_at, at=at))
    _end(rows)


def cancel(
    record: Record, *, handoff_ids: Collection[int] = (), lead_ids: Collection[int] = (),
    promises: Collection[str] | None = None, code: str, at: datetime,
) -> None:  # fmt: skip
    """End what still runs on these subjects, for the reason ``code``; all promises unless ``promises`` names some.

    A miss stays: one that is being escalated merely stops, and a clock found overdue is missed, not cancelled.
    """
    which = Q(state__in=Clock.LIVE) | Q(state=States.MISSED, next_action_at__isnull=False)
    if promises is not None:
        which &= Q(promise__in=promises)
    clocks = _locked(which, handoff_ids, lead_ids)
    before = {clock.id: (clock.state, clock.plan_position) for clock in clocks}
    overdue = [clock for clock in clocks if clock.state == States.RUNNING and clock.due_at < at]
    _record_overdue(record, overdue, at)
    found_now = {clock.id for clock in overdue}
    rows = []
    for clock in clocks:
        if clock.id in found_now:
            rows.append(_missed(clock, before, at))
        elif clock.state in Clock.LIVE:
            record.step(clock.id, "cancelled", code=code)
            rows.append(_ended(clock, before, States.CANCELLED, cancelled_at=at))
    _end(rows)
    stopping = [clock.id for clock in clocks if before[clock.id][0] == States.MISSED]
    if stopping:
        Clock.objects.filter(pk__in=stopping).update(next_action_at=None)


def _schedule(wanted: ClockStart, at: datetime) -> Schedule:
    promise = wanted.terms.promises[wanted.promise]
    return schedule(promise=promise, terms=wanted.terms, tier=wanted.tier, calendar=wanted.calendar, at=at)


def _new_row(clock_id: int, wanted: ClockStart, reckoned: Schedule, plan: str) -> tuple[Any, ...]:
    return (
        clock_id, wanted.promise, wanted.terms.promises[wanted.promise].side, wanted.tier, wanted.lead_id,
        wanted.handoff_id, wanted.user_id, wanted.team_id, wanted.version_id, wanted.calendar_version_id,
        States.RUNNING, reckoned.budget_seconds, reckoned.grace_seconds, wanted.arrived_at, reckoned.started_at,
        reckoned.due_at, plan, 0, reckoned.first_at,
    )  # fmt: skip


def _locked(which: Q, handoff_ids: Collection[int], lead_ids: Collection[int]) -> list[ClockRow]:
    """Lock the clocks of these subjects, in the order of their ids; one statement, none where there is no subject."""
    subjects = Q()
    if handoff_ids:
        subjects |= Q(handoff_id__in=handoff_ids)
    if lead_ids:
        subjects |= Q(lead_id__in=lead_ids)
    if not subjects:
        return []
    rows = Clock.objects.filter(subjects, which).order_by("id").select_for_update(no_key=True)
    return [ClockRow(*row) for row in rows.values_list(*COLUMNS)]


def _newest(clocks: list[ClockRow]) -> list[ClockRow]:
    return list({(clock.handoff_id, clock.lead_id): clock for clock in clocks}.values())


def _is_open(clock: ClockRow) -> bool:
    return clock.state in Clock.LIVE or (clock.state == States.MISSED and clock.answered_at is None)


def _record_overdue(record: Record, clocks: list[ClockRow], at: datetime) -> None:
    """Record the misses that the sweep has not come to, with all that was due; whom to give it to is now moot."""
    if not clocks:
        return
    due = {
        clock.id: _without_reassigning(clock, entries_before(clock.plan, clock.plan_position, at)) for clock in clocks
    }
    name_leads(clocks)
    managers = Managers.load(clocks) if any(needs_managers(clock, due[clock.id]) for clock in clocks) else NOBODY
    for clock in clocks:
        act(record, clock, due[clock.id], managers)


def _without_reassigning(clock: ClockRow, entries: list[Entry]) -> list[Entry]:
    return [entry for entry in entries if entry.action != REASSIGN or not clock.can_be_reassigned]


def _keep(
    record: Record, clock: ClockRow, before: Before, calendar: BusinessCalendar, done_at: datetime, *, at: datetime
) -> tuple[Any, ...]:
    record.step(clock.id, "met", occurred_at=done_at)
    taken = between(clock.started_at, at, calendar)
    return _ended(clock, before, States.MET, answered_at=at, met_at=at, answered_seconds=taken)


def _answer_late(
    record: Record, clock: ClockRow, before: Before, calendar: BusinessCalendar, done_at: datetime, *, at: datetime
) -> tuple[Any, ...]:
    """Note the answer to a miss; it is learnt no earlier than the miss was."""
    learnt_at = max(at, clock.detected_at or at)
    code = LOGGED_LATE if clock.arrived_at <= done_at <= clock.due_at else ""
    record.step(clock.id, "answered", code=code, occurred_at=done_at, recorded_at=learnt_at)
    return _missed(
        clock, before, at, answered_at=learnt_at, late_seconds=between(clock.due_at, learnt_at, calendar),
        answered_seconds=between(clock.started_at, learnt_at, calendar),
    )  # fmt: skip


def _missed(clock: ClockRow, before: Before, at: datetime, **answered: Any) -> tuple[Any, ...]:
    """Give the row of a miss that stops acting; one that stood already keeps when it was detected."""
    detected_at = at if before[clock.id][0] in Clock.LIVE else clock.detected_at
    return _ended(clock, before, States.MISSED, missed_at=clock.due_at, detected_at=detected_at, **answered)


def _ended(clock: ClockRow, before: Before, state: str, **values: Any) -> tuple[Any, ...]:
    """Give the row of a clock that stops acting, for ``_end``; of ``ENDING_COLUMNS``, what ``values`` does not name is empty."""
    ending = {**dict.fromkeys(ENDING_COLUMNS), "state": state, "plan_position": clock.plan_position, **values}
    return (clock.id, *ending.values(), *before[clock.id])


def _end(rows: list[tuple[Any, ...]]) -> None:
    """Write the endings where the clocks are still as they were read; raises ``ClockMoved`` when one is not."""
    if len(update_rows(Clock, ENDING_COLUMNS, rows, expected=("state", "plan_position"))) != len(rows):
        raise ClockMoved("This promise was settled in the meantime. Look again.")
