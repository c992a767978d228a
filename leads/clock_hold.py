"""Take hold of one clock for a verb, and look who may do something to it."""

from __future__ import annotations

from datetime import datetime

from inputs.refusals import Conflict, NotAllowed, NotVisible
from leads.clock_acts import COLUMNS, ClockRow, name_subjects
from leads.holding import permit, reach_of
from leads.models import Clock
from ledger.selecting import ids
from teams.models import Team, User
from teams.roles import MANAGER_ROLES, Side

States = Clock.States
ENDED_WORDS = {
    States.MET: "This promise was kept already.",
    States.MISSED: "This promise was missed already.",
    States.CANCELLED: "This promise was cancelled.",
}


class NoSuchClock(NotVisible):
    """There is no such clock, or the actor may not know that there is."""

    code = "no_such_clock"


class NotYourPromise(NotAllowed):
    """Somebody else owes it, for whom the actor may not act; or the actor answers for it themselves."""

    code = "not_your_promise"


class ClockEnded(Conflict):
    """The promise is kept, missed or cancelled by now, or it is overdue."""

    code = "clock_ended"


def hold_clock(clock_id: int, actor: User) -> ClockRow:
    """Lock a clock that ``actor`` may see; raises ``NoSuchClock``."""
    rows = Clock.objects.visible_to(actor).filter(pk=clock_id).select_for_update(no_key=True)
    found = rows.values_list(*COLUMNS).first()
    if found is None:
        raise NoSuchClock("There is no such promise.")
    clock = ClockRow(*found)
    name_subjects([clock])
    return clock


def require_running(clock: ClockRow, at: datetime) -> None:
    """Refuse what has ended, is paused or is overdue; raises ``ClockEnded``."""
    if clock.state in ENDED_WORDS:
        raise ClockEnded(ENDED_WORDS[States(clock.state)])
    if clock.state == States.PAUSED:
        raise ClockEnded("This promise is paused already.", code="is_paused")
    if clock.due_at < at:
        raise ClockEnded("This promise is overdue.", code="is_overdue")


def works_for(clock: ClockRow | Clock, actor: User, at: datetime) -> bool:
    """Tell whether ``actor`` may act for who owes it: it is theirs, they cover for who owes it, or manage them or their team."""
    if not actor.may("work_lead"):
        return False
    reach = reach_of(actor, ids([clock.user_id]), at)
    return reach.may_work(clock.user_id, clock.team_id if clock.user_id is None else None)


def permit_work_on(clock: ClockRow, actor: User, at: datetime) -> None:
    """Refuse who may not act for whoever owes it; raises ``NotAllowed`` and ``NotYourPromise``."""
    permit(actor, "work_lead")
    if not works_for(clock, actor, at):
        raise NotYourPromise(f"This promise is owed by {_owing(clock)}.", details={"user": clock.user_id})


def manages(actor: User, side: str) -> bool:
    """Tell whether ``actor`` is a manager of ``side``."""
    return MANAGER_ROLES[Side(side)] in actor.roles


def other_side(side: str) -> Side:
    return Side.SALES if side == Side.MARKETING else Side.MARKETING


def _owing(clock: ClockRow) -> str:
    if clock.user_id:
        return User.objects.values_list("name", flat=True).get(pk=clock.user_id)
    return f"the team {Team.objects.values_list('name', flat=True).get(pk=clock.team_id or 0)}"
