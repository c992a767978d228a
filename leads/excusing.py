"""Excuse a miss: the verb. The miss stays one; figures are shown with and without those that were excused (decision 16)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from inputs.refusals import Conflict
from leads.clock_acts import ClockRow
from leads.clock_hold import NotYourPromise, hold_clock, manages, other_side
from leads.codes import EXCUSES
from leads.going_on import ClockMoved
from leads.holding import permit
from leads.models import Clock, ClockExcuse
from leads.reasons import checked_reason
from leads.record import Record
from teams.models import User

EXCUSED = "clock_excused"

States = Clock.States


class NotMissed(Conflict):
    """There is no miss to be excused: not yet, or it was kept or cancelled."""

    code = "not_missed"


class ExcusedAlready(Conflict):
    """A miss is excused once."""

    code = "excused_already"


@transaction.atomic
def excuse(*, clock_id: int, reason: str, actor: User, at: datetime, note: str = "") -> None:
    """Excuse a miss, once; who owed it is told.

    By a manager of the side that the promise was made to, who does not manage the side that made it: nobody excuses their own.
    Raises ``BadReason``, ``NotMissed``, ``ExcusedAlready``, ``NotYourPromise``.
    """
    note = checked_reason(reason, note, EXCUSES)
    clock = hold_clock(clock_id, actor)
    permit(actor, "excuse_miss")
    if not may_excuse(clock, actor):
        side = other_side(clock.side)
        raise NotYourPromise(f"Only a manager of {side} excuses what was promised to {side}; nobody excuses their own.")
    if clock.state != States.MISSED:
        raise NotMissed("Only a missed promise can be excused.")
    excused = Clock.objects.filter(pk=clock.id, state=States.MISSED, excused_at__isnull=True).update(excused_at=at)
    if not excused:
        raise _lost(clock)
    ClockExcuse.objects.create(clock_id=clock.id, reason=reason, note=note, actor=actor, excused_at=at)
    record = Record("excuse", actor.pk, at)
    record.step(clock.id, "excused", code=reason)
    facts = {"clock": clock.id, "promise": clock.promise, "reason": reason}
    record.tell(clock.user_id, EXCUSED, clock.about, clock.about_id, **facts)
    record.write("clock", [clock.id], reason=reason)


def may_excuse(clock: ClockRow | Clock, actor: User) -> bool:
    """Tell whether ``actor`` manages the side that the promise was made to, and not the one that made it."""
    return manages(actor, other_side(clock.side)) and not manages(actor, clock.side) and clock.user_id != actor.pk


def _lost(clock: ClockRow) -> Conflict:
    if Clock.objects.filter(pk=clock.id, excused_at__isnull=False).exists():
        return ExcusedAlready("This miss is excused already.")
    return ClockMoved("This promise was settled in the meantime. Look again.")
