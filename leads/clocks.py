"""The verbs' side of clocks: start, answer, count an attempt, cancel. Each takes a list and needs the caller's transaction.

The caller has locked the leads and handoffs concerned; these functions lock the clocks, last in the order. A promise answered at or
before its due time is kept. What is found overdue here, before the sweep came by, is recorded as the sweep would: ending a clock late
never hides a miss.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple, TypedDict, Unpack

from django.db.models import Q

from leads.clock_acts import COLUMNS, NOBODY, ClockRow, Managers, act, name_subjects, needs_managers
from leads.clock_plans import WHOLE, Pauses, Schedule, entries_before, schedule
from leads.going_on import ClockMoved, end_pauses, go_on_if_over
from leads.models import Clock, ClockPause
from leads.models.clocks import SUBJECTS
from leads.pauses import pauses_of
from leads.record import Record
from ledger.rows import insert_rows, reserve_ids, update_rows
from sla.business_time import BusinessCalendar, between
from sla.hours import calendars
from sla.terms import Terms
from teams.roles import Side

States = Clock.States
LOGGED_LATE = "in_time_logged_late"

SUBJECT_COLUMNS = tuple(f"{subject}_id" for subject in SUBJECTS)
NEW_COLUMNS = (
    "id", "promise", "side", "tier", *SUBJECT_COLUMNS, "user_id", "team_id", "version_id", "calendar_version_id",
    "state", "budget_seconds", "grace_seconds", "arrived_at", "started_at", "due_at", "plan", "plan_position",
    "next_action_at", "waited_seconds", "needed", "share_percent",
)  # fmt: skip
ENDING_COLUMNS = (
    "state", "plan_position", "next_action_at", "answered_at", "met_at", "missed_at", "detected_at", "cancelled_at",
    "late_seconds", "answered_seconds",
)  # fmt: skip

Before = Mapping[int, tuple[str, int]]
"""By clock, the state and the place in its plan that were read: an ending counts only where they still stand."""


class Counted(NamedTuple):
    """What counts for a clock: the hours it is pinned to, without its pauses."""

    calendar: BusinessCalendar
    pauses: Pauses

    def between(self, start: datetime, end: datetime) -> int:
        return between(start, end, self.calendar, self.pauses)


class On(TypedDict, total=False):
    """What clocks are about: the ids of the subjects of each kind."""

    lead_ids: Collection[int]
    handoff_ids: Collection[int]
    question_ids: Collection[int]
    dispute_ids: Collection[int]
    campaign_ids: Collection[int]
    period_ids: Collection[int]


@dataclass(frozen=True, slots=True)
class ClockStart:
    """A promise to be counted: on exactly one subject, owed by a person or by a team's queue.

    ``arrived_at`` is when the wait began; ``terms`` are those of ``version_id``, ``calendar`` the hours of ``calendar_version_id``. ``side``
    says who owes what both sides promise; ``before`` is the date of a promise that runs back from one; ``share_percent`` is how much of its
    time it has.
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
    question_id: int | None = None
    dispute_id: int | None = None
    campaign_id: int | None = None
    period_id: int | None = None
    user_id: int | None = None
    team_id: int | None = None
    side: str = ""
    before: date | None = None
    share_percent: int = WHOLE


def start(record: Record, starts: Sequence[ClockStart], at: datetime, *, clock_ids: Sequence[int] = ()) -> None:
    """Start these clocks at ``at`` with two statements, one where the caller has reserved ids; their *started* steps go into ``record``.

    What the agreement does not promise starts no clock.
    """
    wanted_now = [wanted for wanted in starts if wanted.promise in wanted.terms.promises]
    schedules: dict[tuple[Any, ...], tuple[Schedule, str]] = {}
    rows = []
    for clock_id, wanted in zip(clock_ids or reserve_ids(Clock, len(wanted_now)), wanted_now, strict=False):
        key = (
            wanted.promise, wanted.tier, wanted.version_id, wanted.calendar_version_id, wanted.before, wanted.share_percent
        )  # fmt: skip
        if key not in schedules:
            reckoned = _schedule(wanted, at)
            schedules[key] = (reckoned, json.dumps(reckoned.plan))
        rows.append(_new_row(clock_id, wanted, *schedules[key]))
        record.step(clock_id, "started")
    insert_rows(Clock, NEW_COLUMNS, rows)


def answer(
    record: Record, *, promise: str | Collection[str], at: datetime, occurred_at: datetime | None = None,
    side: str = "", **on: Unpack[On],
) -> None:  # fmt: skip
    """Note that what was promised (one promise or several) is done: kept when ``at`` is not after the due time, else missed and answered late.

    Of what both sides promise only the one ``side`` has done it, where that is named.
    It is judged by when it was recorded (``at``); ``occurred_at`` says when it was done, where it was logged later. Of several clocks of
    one promise on one subject the newest is meant: an earlier rep's miss stays as it is. Where the sweep recorded the miss while this answer
    waited for its locks, the miss stands, and the answer is recorded right after it, as done in time but logged late.
    """
    promises = {promise} if isinstance(promise, str) else set(promise)
    which = Q(promise__in=promises, side=side) if side else Q(promise__in=promises)
    open_clocks = [clock for clock in _newest(_locked(which, on)) if _is_open(clock)]
    _settle(record, open_clocks, at, occurred_at or at)


def count_attempts(
    record: Record, *, lead_id: int, is_conversation: bool, is_attempt: bool, at: datetime, occurred_at: datetime
) -> None:
    """Count an activity for the promises that want several: kept by the last that is needed, or by a conversation.

    An attempt that comes after the due time is counted too; it answers late what was missed.
    """
    found = _newest(_locked(Q(needed__isnull=False), {"lead_ids": [lead_id]}))
    open_clocks = [clock for clock in found if _is_open(clock)]
    for clock in open_clocks:
        clock.counted += is_attempt
    update_rows(Clock, ("counted",), [(clock.id, clock.counted) for clock in open_clocks])
    done = [clock for clock in open_clocks if is_conversation or clock.counted >= (clock.needed or 0)]
    _settle(record, done, at, occurred_at)


def _settle(record: Record, open_clocks: list[ClockRow], at: datetime, done_at: datetime) -> None:
    """End open clocks as kept, or answered late; those found overdue are missed first."""
    hours = calendars(clock.calendar_version_id for clock in open_clocks) if open_clocks else {}
    go_on_if_over(record, open_clocks, at)
    pauses = pauses_of(open_clocks, at)
    before = {clock.id: (clock.state, clock.plan_position) for clock in open_clocks}
    overdue = [clock for clock in open_clocks if clock.state == States.RUNNING and clock.due_at < at]
    _record_overdue(record, overdue, at)
    rows = []
    for clock in open_clocks:
        settle = _answer_late if clock.state == States.MISSED else _keep
        counted = Counted(hours[clock.calendar_version_id], pauses.get(clock.id, ()))
        rows.append(settle(record, clock, before, counted, done_at, at=at))
    _end(rows)
    _end_pauses(record, open_clocks, before, at)


def cancel(
    record: Record, *, promises: Collection[str] | None = None, but: Collection[str] = (), code: str, at: datetime,
    **on: Unpack[On],
) -> None:  # fmt: skip
    """End what still runs on these subjects, for the reason ``code``; all promises unless ``promises`` names some, and never those in ``but``.

    A miss stays: one that is being escalated merely stops, and a clock found overdue is missed, not cancelled.
    """
    which = Q(state__in=Clock.LIVE) | Q(state=States.MISSED, next_action_at__isnull=False)
    if promises is not None:
        which &= Q(promise__in=promises)
    if but:
        which &= ~Q(promise__in=but)
    _cancel(record, _locked(which, on), code, at)


def cancel_these(record: Record, clock_ids: Collection[int], *, code: str, at: datetime) -> None:
    """End those of these clocks that still run, for the reason ``code``; one that is found overdue is missed."""
    rows = Clock.objects.filter(pk__in=clock_ids, state__in=Clock.LIVE).order_by("id").select_for_update(no_key=True)
    _cancel(record, [ClockRow(*row) for row in rows.values_list(*COLUMNS)], code, at)


def _cancel(record: Record, clocks: list[ClockRow], code: str, at: datetime) -> None:
    go_on_if_over(record, clocks, at)
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
    _end_pauses(record, clocks, before, at)
    stopping = [clock.id for clock in clocks if before[clock.id][0] == States.MISSED]
    if stopping:
        Clock.objects.filter(pk__in=stopping).update(next_action_at=None)


def _schedule(wanted: ClockStart, at: datetime) -> Schedule:
    promise = wanted.terms.promises[wanted.promise]
    return schedule(
        promise=promise, terms=wanted.terms, tier=wanted.tier, calendar=wanted.calendar, at=at, before=wanted.before,
        share_percent=wanted.share_percent,
    )  # fmt: skip


def _new_row(clock_id: int, wanted: ClockStart, reckoned: Schedule, plan: str) -> tuple[Any, ...]:
    promise = wanted.terms.promises[wanted.promise]
    needed = promise.attempts[wanted.tier] if promise.attempts else None
    waited = between(wanted.arrived_at, reckoned.started_at, wanted.calendar)
    return (
        clock_id, wanted.promise, wanted.side or promise.side, wanted.tier, wanted.lead_id, wanted.handoff_id,
        wanted.question_id, wanted.dispute_id, wanted.campaign_id, wanted.period_id, wanted.user_id, wanted.team_id,
        wanted.version_id, wanted.calendar_version_id, States.RUNNING, reckoned.budget_seconds, reckoned.grace_seconds,
        wanted.arrived_at, reckoned.started_at, reckoned.due_at, plan, 0, reckoned.first_at, waited, needed, wanted.share_percent,
    )  # fmt: skip


def _locked(which: Q, on: On) -> list[ClockRow]:
    """Lock the clocks of these subjects, in the order of their ids; one statement, none where there is no subject."""
    subjects = Q()
    for name, ids in on.items():
        if ids:
            subjects |= Q(**{f"{name.removesuffix('s')}__in": ids})
    if not subjects:
        return []
    rows = Clock.objects.filter(subjects, which).order_by("id").select_for_update(no_key=True)
    return [ClockRow(*row) for row in rows.values_list(*COLUMNS)]


def _newest(clocks: list[ClockRow]) -> list[ClockRow]:
    """Give the newest of each promise on each subject. What marketing owed and a merge ended stands for nothing: an older clock may go on for it."""
    standing = [clock for clock in clocks if clock.state != States.CANCELLED or clock.side != Side.MARKETING]
    return list({(clock.promise, clock.side, *clock.subject): clock for clock in standing}.values())


def _is_open(clock: ClockRow) -> bool:
    return clock.state in Clock.LIVE or (clock.state == States.MISSED and clock.answered_at is None)


def _record_overdue(record: Record, clocks: list[ClockRow], at: datetime) -> None:
    """Record the misses that the sweep has not come to, with all that was due; steps that would move the lead on are recorded as moot."""
    if not clocks:
        return
    due = {clock.id: entries_before(clock.plan, clock.plan_position, at) for clock in clocks}
    name_subjects(clocks)
    managers = Managers.load(clocks) if any(needs_managers(clock, due[clock.id]) for clock in clocks) else NOBODY
    for clock in clocks:
        act(record, clock, due[clock.id], managers)


def _keep(
    record: Record, clock: ClockRow, before: Before, counted: Counted, done_at: datetime, *, at: datetime
) -> tuple[Any, ...]:
    record.step(clock.id, "met", occurred_at=done_at)
    taken = counted.between(clock.started_at, at)
    return _ended(clock, before, States.MET, answered_at=at, met_at=at, answered_seconds=taken)


def _answer_late(
    record: Record, clock: ClockRow, before: Before, counted: Counted, done_at: datetime, *, at: datetime
) -> tuple[Any, ...]:
    """Note the answer to a miss; it is learnt no earlier than the miss was."""
    learnt_at = max(at, clock.detected_at or at)
    code = LOGGED_LATE if clock.arrived_at <= done_at <= clock.due_at else ""
    record.step(clock.id, "answered", code=code, occurred_at=done_at, recorded_at=learnt_at)
    return _missed(
        clock, before, at, answered_at=learnt_at, late_seconds=counted.between(clock.due_at, learnt_at),
        answered_seconds=counted.between(clock.started_at, learnt_at),
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


def _end_pauses(record: Record, clocks: Sequence[ClockRow], before: Before, at: datetime) -> None:
    """End the pauses of clocks that were ended while they stood still."""
    paused = [clock.id for clock in clocks if before[clock.id][0] == States.PAUSED]
    if paused:
        pauses = ClockPause.objects.filter(clock__in=paused, ended_at__isnull=True)
        end_pauses([(pause, max(pause.started_at, at)) for pause in pauses], record.actor_id)
