"""Whom somebody manages: administrators everybody, managers the people of their own side."""

from __future__ import annotations

from collections.abc import Iterable

from inputs.refusals import Conflict, NotAllowed
from teams.models import Team, User
from teams.roles import Side


class MayNotManagePeople(NotAllowed):
    """Administrators manage everybody, managers the people of their own side."""

    code = "may_not_manage_people"


class PersonMoved(Conflict):
    """Somebody else changed this person since the page was opened."""

    code = "person_moved"


def sides_of(user: User) -> frozenset[Side]:
    """Give the sides that a person works for."""
    return frozenset(Side(membership.team.side) for membership in user.memberships.all())


def managed_sides(actor: User) -> frozenset[Side]:
    """Give the sides whose people the actor manages."""
    if actor.may("manage_people"):
        return frozenset(Side)
    managed = (Side(membership.team.side) for membership in actor.memberships.all() if membership.is_manager)
    return frozenset(managed) if actor.may("manage_own_side") else frozenset()


def may_manage(actor: User, user: User) -> bool:
    """Tell whether the actor manages this person: all of their sides are the actor's. Administrators manage each other."""
    if actor.may("manage_people"):
        return True
    sides = sides_of(user)
    return bool(sides) and sides <= managed_sides(actor) and not user.is_administrator


def require_managed(actor: User | None, user: User) -> None:
    """Refuse who does not manage this person; no actor is somebody with a shell on the machine."""
    if actor is not None and not may_manage(actor, user):
        raise MayNotManagePeople(f"Only an administrator or a manager of their side changes {user}.")


def require_may_place(actor: User | None, teams: Iterable[Team], *, is_administrator: bool) -> None:
    """Refuse who may not put somebody into just these teams, or make an administrator of them."""
    if actor is None or actor.may("manage_people"):
        return
    sides = frozenset(Side(team.side) for team in teams)
    if is_administrator or not sides or not sides <= managed_sides(actor):
        raise MayNotManagePeople("Only an administrator manages people and teams of other sides.")


def refuse_stale(seen: str | None, now: str) -> None:
    """Refuse to save over somebody else's change; raises ``PersonMoved``. Without ``seen`` nothing is compared."""
    if seen is not None and seen != now:
        raise PersonMoved(
            "Somebody else changed this since you opened the page. Look at it again, then save.", details={"seen": now}
        )
