"""Whether somebody can take a lead now, and why not. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leads.routing.choice import Case, Person, State


AWAY = ("absent", "leaves_first")
"""For which of these reasons whoever covers for somebody stands in."""


def is_at_hand(person: Person, now: datetime) -> bool:
    """Tell whether somebody is at work now and has room: the usual case, told at once. Who is at work now is not closed."""
    return (
        person.is_active
        and not person.is_absent
        and person.open_count < person.capacity
        and person.opens_at is not None
        and person.opens_at <= now
        and (person.new_per_day is None or person.new_count < person.new_per_day)
    )


def problem_of(person: Person | None, case: Case, state: State, *, team_id: int | None) -> str | None:
    """Give why ``person`` cannot take leads at all now, or nothing."""
    if person is None or not person.is_active:
        return "inactive"
    if person.user_id in case.excluded:
        return "excluded"
    if person.is_absent:
        return "absent"
    if person.opens_at is None:
        return "no_calendar"
    if person.leaves_first:
        return "leaves_first"
    return "closed" if _is_closed(person, state, team_id or person.team_id) else None


def _is_closed(person: Person, state: State, team_id: int | None) -> bool:
    """Tell whether they open on a later date than their team does: on holiday while colleagues work."""
    known = state.open_dates.get(team_id or 0)
    if person.opens_at is None or known is None:
        return False
    team_opens_on, local_date = known
    return local_date(person.opens_at) > team_opens_on


def load_problem(person: Person | None) -> str | None:
    if person is None:
        return "inactive"
    if person.open_count >= person.capacity:
        return "full"
    if person.new_per_day is not None and person.new_count >= person.new_per_day:
        return "full_today"
    return None
