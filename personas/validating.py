"""Validating a persona, one person for each side, and which versions a new agreement rests on (decision 20)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Count

from inputs.refusals import Conflict, NotAllowed
from personas.models import PersonaValidation, PersonaVersion
from personas.telling import audit, tell
from personas.wordings import VALIDATED
from personas.writing import PersonaIsRetired, locked, refuse_moved
from teams.models import User
from teams.roles import MANAGER_ROLES, MEMBER_ROLES, Side


class MayNotValidate(NotAllowed):
    """A version is validated by somebody of the side they validate for."""

    code = "may_not_validate"


class AlreadyValidated(Conflict):
    """This side, or this person, has validated this version."""

    code = "already_validated"


@transaction.atomic
def validate_persona(
    *, actor: User, at: datetime, code: str, number: int, side: Side | None = None
) -> PersonaValidation:
    """Say for one side that the version ``number`` holds; it has to be the newest. Who belongs to both sides validates for one.

    Without ``side`` it is the actor's, of two the one that is missing. When both have, whoever wrote the version is told. Raises
    ``MayNotValidate``, ``NoSuchPersona``, ``PersonaIsRetired``, ``PersonaMoved``, ``AlreadyValidated``.
    """
    own = sides_of(actor)
    if not actor.may("validate_persona") or (side is not None and side not in own):
        raise MayNotValidate("Somebody of marketing and somebody of sales validate a persona, each for their side.")
    persona = locked(code)
    if persona.is_retired:
        raise PersonaIsRetired("This persona is retired. Bring it back before you validate it.")
    version = persona.newest
    refuse_moved(version, number)
    earlier = list(version.validations.all())
    open_ones = open_sides(actor, earlier)
    chosen = side or next(iter(open_ones), None)
    if chosen is None or chosen not in open_ones:
        raise AlreadyValidated("This side has validated this version already, or you have for the other one.")
    validation = PersonaValidation.objects.create(version=version, side=chosen.value, user=actor, validated_at=at)
    audit("validate_persona", version, actor_id=actor.pk, written_at=at, side=chosen.value)
    if earlier and version.created_by_id:
        tell([version.created_by_id], VALIDATED, version, actor_id=actor.pk, written_at=at)
    return validation


def sides_of(user: User) -> list[Side]:
    """Give the sides that ``user`` may validate for."""
    return [side for side in Side if {MEMBER_ROLES[side], MANAGER_ROLES[side]} & user.roles]


def open_sides(user: User, done: Collection[PersonaValidation]) -> list[Side]:
    """Give the sides for which ``user`` may still validate a version of which ``done`` are the validations: each person one, each side once."""
    if any(validation.user_id == user.pk for validation in done):
        return []
    taken = {validation.side for validation in done}
    return [side for side in sides_of(user) if side.value not in taken]


def versions_to_pin() -> list[PersonaVersion]:
    """Give of each persona in use what a new agreement rests on: the newest version that both sides validated, else the newest."""
    newest = dict(PersonaVersion.objects.in_use().newest().values_list("persona_id", "pk"))
    return list(PersonaVersion.objects.filter(pk__in={**newest, **newest_validated()}.values()).order_by("pk"))


def newest_validated() -> dict[int, int]:
    """Give by persona in use the newest version that both sides have validated, where there is one."""
    rows = PersonaValidation.objects.filter(version__persona__is_retired=False).order_by("version__number")
    by_version = rows.values("version__number", "version__persona_id", "version_id").annotate(sides=Count("pk"))
    return {row["version__persona_id"]: row["version_id"] for row in by_version.filter(sides=len(Side))}


def missing_sides(version_ids: Iterable[int], *, until: datetime | None = None) -> dict[int, list[Side]]:
    """Give of those of these versions that are not validated by both sides the sides that have not, or had not ``until`` then."""
    wanted = list(version_ids)
    validations = PersonaValidation.objects.filter(version__in=wanted)
    if until is not None:
        validations = validations.filter(validated_at__lte=until)
    done = set(validations.values_list("version_id", "side"))
    lacking = {pk: [side for side in Side if (pk, side.value) not in done] for pk in wanted}
    return {pk: sides for pk, sides in lacking.items() if sides}
