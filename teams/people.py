"""The verbs of people and teams. Whom somebody manages stands in ``teams.managing``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from inputs.refusals import Conflict, Invalid, NotVisible, Problem
from inputs.seen import digest
from inputs.text import problems_with, tidy
from ledger.writing import write_audit
from teams.managing import MayNotManagePeople, refuse_stale, require_managed, require_may_place
from teams.models import Membership, Team, User
from teams.roles import Side


class BadPerson(Invalid):
    """Something about the person cannot be used: the email is taken, the password too weak …"""

    code = "bad_person"


class BadTeam(Invalid):
    """The team cannot be made so."""

    code = "bad_team"


class NoSuchPerson(NotVisible):
    """There is no such person."""


class NoSuchTeam(NotVisible):
    """There is no such team."""


class NotOneself(Conflict):
    """Whoever locks themselves out cannot undo it."""

    code = "not_oneself"


class LastAdministrator(Conflict):
    """Without this one nobody could let anybody in any more."""

    code = "last_administrator"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a person belongs."""

    team_id: int
    is_manager: bool = False


# Verbs ----------------------------------------------------------------------------------------------------------------
# ``actor`` is null when somebody with a shell on the machine acts: that is how the first administrator comes to be.


@transaction.atomic
def create_member(
    *, actor: User | None, at: datetime, email: str, name: str, password: str | None = None,
    places: Sequence[Place] = (), is_administrator: bool = False, timezone: str = "UTC",
) -> User:  # fmt: skip
    """Let a person in; without ``password`` they cannot log in until one is set. Raises ``BadPerson`` with every problem found.

    ``leads.staff.let_in`` also gives them turns in the pools of their teams.
    """
    _check_teams(places)
    require_may_place(actor, _teams(places), is_administrator=is_administrator)
    user = User(
        email=tidy(email).lower(), name=tidy(name), timezone=timezone, is_administrator=is_administrator, created_at=at
    )
    problems = [*problems_with({"email": email, "name": name}), *_problems_of(user, password)]
    if problems:
        raise BadPerson.of(problems)
    places = list({place.team_id: place for place in places}.values())
    user.set_password(password)
    user.save()
    Membership.objects.bulk_create(
        Membership(user=user, team_id=place.team_id, is_manager=place.is_manager) for place in places
    )
    _audit_places("create_member", actor, at, user, places, is_administrator=is_administrator)
    return user


@transaction.atomic
def create_team(*, actor: User | None, at: datetime, name: str, side: Side) -> Team:
    """Make a team; raises ``BadTeam`` if the name is taken or cannot be used."""
    _check_may_manage(actor)
    team = Team(name=tidy(name), side=side.value)
    problems = [*problems_with({"name": name}), *_field_problems(team, exclude=[])]
    if problems:
        raise BadTeam.of(problems)
    team.save()
    actor_id = actor.pk if actor else None
    write_audit(at=at, actor_id=actor_id, verb="create_team", subject_type="team", subject_ids=[team.pk])
    return team


@transaction.atomic
def set_places(
    *, actor: User | None, at: datetime, user_id: int, places: Sequence[Place], is_administrator: bool | None = None,
    seen: str | None = None,
) -> User:  # fmt: skip
    """Say where a person belongs from now on, in all; ``is_administrator`` None leaves that office as it is.

    ``seen`` is the ``standing`` that the page showed. What they hold is the matter of ``leads.staff.change_places``. Raises
    ``MayNotManagePeople``, ``PersonMoved``, ``NoSuchTeam``, ``BadPerson``, ``NotOneself``, ``LastAdministrator``.
    """
    _check_teams(places)
    administrators = _locked_administrators()
    user = locked_person(user_id)
    require_managed(actor, user)
    refuse_stale(seen, standing(user))
    office = user.is_administrator if is_administrator is None else is_administrator
    before, after = places_of(user), sorted({place.team_id: place for place in places}.values())
    if (before, user.is_administrator) == (after, office):
        return user
    if actor is not None and actor.pk == user_id:
        raise NotOneself("Have somebody else change your own place, so that you cannot lock yourself out.")
    if not after and not office:
        raise BadPerson("Choose a team and a role. Who leaves the company is deactivated.", code="no_place")
    require_may_place(actor, _teams(after), is_administrator=office)
    if not office and administrators == [user_id]:
        raise LastAdministrator(f"{user} is the last administrator. Make another one first.")
    Membership.objects.filter(user=user).exclude(team_id__in=[place.team_id for place in after]).delete()
    for place in set(after) - set(before):
        Membership.objects.update_or_create(user=user, team_id=place.team_id, defaults={"is_manager": place.is_manager})
    User.objects.filter(pk=user_id).update(is_administrator=office)
    _audit_places("set_places", actor, at, user, after, is_administrator=office)
    return User.objects.with_teams().get(pk=user_id)


@transaction.atomic
def set_active(*, actor: User | None, at: datetime, user_id: int, is_active: bool, seen: str | None = None) -> bool:
    """Shut a leaver out, or let them in again; false when it was so already.

    ``seen`` is the ``standing`` that the page showed. What a leaver holds is the matter of ``leads.staff.deactivate``. Raises
    ``MayNotManagePeople``, ``PersonMoved``, ``NotOneself``, ``LastAdministrator``.
    """
    administrators = _locked_administrators()
    user = locked_person(user_id)
    require_managed(actor, user)
    refuse_stale(seen, standing(user))
    if user.is_active == is_active:
        return False
    if actor is not None and actor.pk == user_id:
        raise NotOneself("Have somebody else do this, so that you cannot lock yourself out.")
    if administrators == [user_id]:
        raise LastAdministrator(f"{user} is the last administrator. Make another one first.")
    User.objects.filter(pk=user_id).update(is_active=is_active)
    _audit("activate_member" if is_active else "deactivate_member", actor, at, user)
    return True


# Reads ----------------------------------------------------------------------------------------------------------------


def places_of(user: User) -> list[Place]:
    """Give where a person belongs, in a steady order."""
    return sorted(Place(membership.team_id, membership.is_manager) for membership in user.memberships.all())


def standing(user: User) -> str:
    """Give a short text that differs as soon as somebody changes a person's places, office, or whether they are with us."""
    places = [(place.team_id, place.is_manager) for place in places_of(user)]
    return digest(user.pk, user.is_active, user.is_administrator, places)


def locked_person(user_id: int) -> User:
    """Lock a person for a change, and give them with their teams; raises ``NoSuchPerson``.

    The lock keeps routing from giving them leads meanwhile, but does not hold up rows that merely name them.
    """
    user = User.objects.with_teams().select_for_update(no_key=True).filter(pk=user_id).first()
    if user is None:
        raise NoSuchPerson("There is no such person.")
    return user


# Parts ----------------------------------------------------------------------------------------------------------------


def _check_may_manage(actor: User | None) -> None:
    if actor is not None and not actor.may("manage_people"):
        raise MayNotManagePeople("Only an administrator manages people and teams.")


def _check_teams(places: Sequence[Place]) -> None:
    wanted = {place.team_id for place in places}
    if Team.objects.filter(pk__in=wanted, is_active=True).count() != len(wanted):
        raise NoSuchTeam("There is no such team.")


def _teams(places: Sequence[Place]) -> list[Team]:
    return list(Team.objects.filter(pk__in={place.team_id for place in places}))


def _problems_of(user: User, password: str | None) -> list[Problem]:
    problems = _field_problems(user, exclude=["password"])
    if password is not None:
        try:
            validate_password(password, user)
        except ValidationError as error:
            problems += [Problem("password", "weak_password", message) for message in error.messages]
    return problems


def _field_problems(row: User | Team, *, exclude: list[str]) -> list[Problem]:
    """Ask the model's own validation, and say it in our words' shape."""
    try:
        row.full_clean(exclude=exclude)
    except ValidationError as error:
        return [
            Problem(field, str(one.code or "invalid"), message)
            for field, its_errors in error.error_dict.items()
            for one in its_errors
            for message in one.messages
        ]
    return []


def _locked_administrators() -> list[int]:
    """Lock the active administrators, so that two of them cannot take each other's office at once."""
    holders = User.objects.select_for_update(no_key=True).filter(is_administrator=True, is_active=True).order_by("id")
    return list(holders.values_list("pk", flat=True))


def _audit_places(
    verb: str, actor: User | None, at: datetime, user: User, places: Sequence[Place], *, is_administrator: bool
) -> None:
    teams, managed = [place.team_id for place in places], [place.team_id for place in places if place.is_manager]
    _audit(verb, actor, at, user, team_ids=teams, managed_ids=managed, admin=is_administrator)


def _audit(verb: str, actor: User | None, at: datetime, user: User, **facts: object) -> None:
    actor_id = actor.pk if actor else None
    write_audit(at=at, actor_id=actor_id, verb=verb, subject_type="user", subject_ids=[user.pk], facts=facts)
