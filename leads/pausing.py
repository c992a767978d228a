"""Pause a promise and let it go on: the verbs, and what the sweep does when a pause is over.

How often and how long is a matter of the agreement version that the clock is pinned to. A pause is one by the wall (*10 days in all* are
calendar days); what it takes out of the promise is its open time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from inputs.moments import midnight
from inputs.refusals import Conflict, Invalid
from leads.clock_acts import COLUMNS, NOBODY, ClockRow, Managers, act, name_subjects, needs_managers
from leads.clock_hold import ENDED_WORDS, ClockEnded, hold_clock, permit_work_on, require_running
from leads.clock_plans import entries_before
from leads.codes import PAUSES
from leads.going_on import ClockMoved, go_on, open_pauses
from leads.informing import marketers_or_managers
from leads.models import Clock, ClockPause, Lead
from leads.reasons import checked_reason
from leads.record import Record
from ledger.rows import update_rows
from sla.hours import calendars
from sla.in_force import version_terms
from sla.promises import KINDS
from sla.terms import PauseRules
from teams.models import User
from teams.roles import Side

PAUSED, RESUMED = "clock_paused", "clock_resumed"
PAUSED_COLUMNS = ("state", "pause_count", "plan_position", "next_action_at")

States = Clock.States


class BadPause(Invalid):
    """The pause is longer or comes more often than the agreement allows, or would end before it begins."""

    code = "bad_pause"


class CannotPause(Conflict):
    """A promise of this kind is not paused."""

    code = "cannot_pause"


class NotPaused(Conflict):
    """The clock runs: there is nothing to go on with."""

    code = "not_paused"


@transaction.atomic
def pause(
    *, clock_id: int, reason: str, actor: User, at: datetime, until: date | datetime | None = None, note: str = ""
) -> datetime:
    """Let a promise stand still, and give when it goes on by itself: at ``until`` (a date is its beginning where the promise is counted), or
    as soon as all days that the agreement allows are used up.

    By who owes it, their cover or manager. Raises ``BadPause``, ``BadReason``, ``CannotPause``, ``ClockEnded``, ``NotYourPromise``.
    """
    note = checked_reason(reason, note, PAUSES)
    clock = hold_clock(clock_id, actor)
    permit_work_on(clock, actor, at)
    require_pausable(clock)
    require_running(clock, at)
    rules = version_terms(clock.version_id).pauses
    ends_at = _end(clock, rules, until, at)
    record = Record("pause", actor.pk, at)
    before = (clock.state, clock.plan_position)
    _catch_up(record, clock, at)
    row = (clock.id, States.PAUSED, clock.pause_count + 1, clock.plan_position, ends_at, *before)
    if not update_rows(Clock, PAUSED_COLUMNS, [row], expected=("state", "plan_position")):
        raise ClockMoved("This promise was settled in the meantime. Look again.")
    ordinal = clock.pause_count
    ClockPause.objects.create(
        clock_id=clock.id, ordinal=ordinal, reason=reason, note=note, actor=actor, started_at=at, until=ends_at
    )
    record.step(clock.id, "paused", ordinal=ordinal, code=reason)
    tell_other_side(record, clock, PAUSED, reason=reason, until=ends_at.isoformat())
    record.write("clock", [clock.id], reason=reason)
    return ends_at


@transaction.atomic
def resume(*, clock_id: int, actor: User, at: datetime) -> datetime:
    """Let a paused promise go on, and give when it is due by now. By whom ``pause`` may be called.

    Raises ``NotPaused``, ``ClockEnded``, ``NotYourPromise``.
    """
    clock = hold_clock(clock_id, actor)
    permit_work_on(clock, actor, at)
    if clock.state in ENDED_WORDS:
        raise ClockEnded(ENDED_WORDS[States(clock.state)])
    pauses = open_pauses([clock])
    if not pauses:
        raise NotPaused("This promise runs already.")
    record = Record("resume", actor.pk, at)
    if not go_on(record, [clock], pauses, at):
        raise ClockMoved("This promise was settled in the meantime. Look again.")
    tell_other_side(record, clock, RESUMED, due_at=clock.due_at.isoformat())
    record.write("clock", [clock.id])
    return clock.due_at


@transaction.atomic
def resume_due(clock_ids: Sequence[int], at: datetime) -> int:
    """Let those of these clocks go on whose pause was over before ``at``, and say how many did. Who owes them is told.

    What somebody else holds or has moved is left to them. The number of statements does not depend on the number of clocks.
    """
    rows = Clock.objects.due(at).filter(pk__in=clock_ids, state=States.PAUSED).order_by("id")
    found = rows.select_for_update(skip_locked=True, no_key=True).values_list(*COLUMNS)
    clocks = [ClockRow(*row) for row in found]
    if not clocks:
        return 0
    name_subjects(clocks)
    record = Record("resume", None, at)
    gone = go_on(record, clocks, open_pauses(clocks), at)
    for clock in gone:
        facts = {"clock": clock.id, "promise": clock.promise, "due_at": clock.due_at.isoformat()}
        record.tell(clock.user_id, RESUMED, clock.about, clock.about_id, **facts)
    if gone:
        record.write("clock", [clock.id for clock in gone])
    return len(gone)


def require_pausable(clock: ClockRow) -> None:
    """Refuse a promise of a kind that is never paused; raises ``CannotPause``."""
    if not may_pause(clock.promise):
        raise CannotPause("This promise cannot be paused.")


def may_pause(promise: str) -> bool:
    """Tell whether a promise is of a kind that may be paused."""
    return promise in KINDS and KINDS[promise].may_pause


def days_used(pauses: Iterable[ClockPause], at: datetime) -> timedelta:
    """Give how long a clock has stood still in all, by the wall."""
    return sum(((pause.ended_at or min(at, pause.until)) - pause.started_at for pause in pauses), timedelta())


def _end(clock: ClockRow, rules: PauseRules, until: date | datetime | None, at: datetime) -> datetime:
    """Say when the pause ends by itself; raises ``BadPause`` where the agreement allows none (more)."""
    if not rules.most or not rules.most_days:
        raise BadPause("The agreement of this promise allows no pauses.", field="reason", code="no_pauses")
    earlier = list(ClockPause.objects.filter(clock=clock.id)) if clock.pause_count else []
    if len(earlier) >= rules.most:
        times = "once" if rules.most == 1 else f"{rules.most} times"
        raise BadPause(
            f"The agreement allows to pause a promise {times}, and this one was.", field="reason", code="too_often"
        )
    left = timedelta(days=rules.most_days) - days_used(earlier, at)
    if left <= timedelta():
        raise BadPause(
            f"The {rules.most_days} days that the agreement allows in all are used up.", field="until", code="too_long"
        )
    wanted = _instant(until, clock) if until is not None else at + left
    if wanted <= at:
        raise BadPause("A pause ends in the future.", field="until", code="not_ahead")
    return min(wanted, at + left)


def _instant(until: date | datetime, clock: ClockRow) -> datetime:
    """Place a date at its beginning, in the zone of the calendar that the promise is counted by."""
    if isinstance(until, datetime):
        return until
    zone = calendars([clock.calendar_version_id])[clock.calendar_version_id].zone
    return midnight(until, ZoneInfo(zone))


def _catch_up(record: Record, clock: ClockRow, at: datetime) -> None:
    """Give the warnings that are due by now, before it stands still."""
    due = entries_before(clock.plan, clock.plan_position, at)
    if due:
        act(record, clock, due, Managers.load([clock]) if needs_managers(clock, due) else NOBODY)


def tell_other_side(record: Record, clock: ClockRow, code: str, **facts: object) -> None:
    """Tell the marketer of the lead, quietly, what sales does to a promise on it."""
    if clock.side != Side.SALES or clock.about != "lead":
        return
    lead = dict(Lead.objects.filter(pk=clock.about_id).values_list("id", "marketer_id"))
    for user_id in marketers_or_managers(lead).get(clock.about_id, ()):
        record.tell(user_id, code, "lead", clock.about_id, clock=clock.id, promise=clock.promise, **facts)
