"""The verbs that write personas: a new one, an edit, which is a new version, retiring one and bringing it back."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from inputs.refusals import Busy, Conflict, Invalid, NotAllowed, NotVisible, SentBefore
from ledger.writing import write_audit
from personas.models import Persona, PersonaVersion
from personas.portrait import Portrait, changed, checked
from personas.telling import audit, tell
from personas.wordings import WRITTEN
from teams.models import User
from teams.reaching import managers

MOST_IN_USE = 60
"""Personas that are not retired: more than a team can know by name, few enough for one page."""
LONGEST_CODE = 40
MOST_TRIES = 5
"""So often a code is looked for that nobody else takes at the same moment."""
RESERVED_CODES = frozenset({"new", "proposals"})


class MayNotWritePersonas(NotAllowed):
    """Personas are written by marketing, by managers of sales and by administrators."""

    code = "may_not_write_personas"


class NoSuchPersona(NotVisible):
    """There is no persona of this code."""


class PersonaMoved(Conflict):
    """Somebody else saved a version since the page was opened; ``details["seen"]`` is the number of the newest."""

    code = "persona_moved"


class PersonaIsRetired(Conflict):
    """A retired persona is brought back before anything else is done with it."""

    code = "persona_is_retired"


class TooManyPersonas(Invalid):
    """There are as many personas in use as there may be."""

    code = "too_many_personas"


@transaction.atomic
def create_persona(
    *, actor: User, at: datetime, portrait: Portrait, is_negative: bool = False, key: UUID | None = None
) -> PersonaVersion:
    """Write the first version of a new persona; ``is_negative`` is for good: whom we do not want is somebody else.

    What was sent with the same ``key`` before is not written again. Raises ``MayNotWritePersonas``, ``BadPortrait``, ``TooManyPersonas``,
    ``SentBefore``.
    """
    require_may_write(actor)
    said = checked(portrait, is_negative=is_negative)
    for _ in range(MOST_TRIES):
        if sent := _sent_before(key, said, is_negative=is_negative):
            return sent
        _refuse_one_more()
        try:
            with transaction.atomic():
                persona = Persona.objects.create(
                    code=_free_code(said.name), is_negative=is_negative, created_at=at, submission_key=key
                )
        except IntegrityError:  # somebody took the code, or sent the form, at the same moment
            continue
        version = write_version(persona, 1, said, actor=actor, written_at=at)
        _record("create_persona", actor, at, version)
        return version
    raise Busy("Many personas of this name are being added. Try again.")


@transaction.atomic
def edit_persona(
    *, actor: User, at: datetime, code: str, portrait: Portrait, seen: int | None = None
) -> PersonaVersion:
    """Say all of a persona anew, as its next version; where nothing differs there is none. Give the newest.

    ``seen`` is the number of the version that the actor looked at. Raises ``MayNotWritePersonas``, ``NoSuchPersona``, ``BadPortrait``,
    ``PersonaMoved``, ``PersonaIsRetired``.
    """
    require_may_write(actor)
    persona = locked(code)
    said = checked(portrait, is_negative=persona.is_negative)
    if persona.is_retired:
        raise PersonaIsRetired("This persona is retired. Bring it back before you edit it.")
    newest = persona.newest
    refuse_moved(newest, seen)
    if not changed(newest.portrait, said):
        return newest
    version = write_version(persona, newest.number + 1, said, actor=actor, written_at=at)
    _record("edit_persona", actor, at, version)
    return version


@transaction.atomic
def retire_persona(*, actor: User, at: datetime, code: str) -> Persona:
    """Take a persona out of use: no new agreement pins it. Where one that is signed does, it goes on scoring by it."""
    return _set_retired(actor, at, code, is_retired=True)


@transaction.atomic
def bring_back_persona(*, actor: User, at: datetime, code: str) -> Persona:
    """Take a retired persona into use again; raises ``TooManyPersonas``."""
    return _set_retired(actor, at, code, is_retired=False)


def require_may_write(actor: User) -> None:
    """Refuse who does not write personas."""
    if not actor.may("write_personas"):
        raise MayNotWritePersonas("Personas are written by marketing, managers of sales and administrators.")


def refuse_moved(newest: PersonaVersion, seen: int | None) -> None:
    """Refuse what was decided on the sight of another version than the newest."""
    if seen is not None and seen != newest.number:
        raise PersonaMoved(
            f"Somebody else saved version {newest.number} since you opened the page. Look at it, then go on.",
            details={"seen": newest.number},
        )


def locked(code: str) -> Persona:
    """Lock a persona: its versions are numbered one after the other. Raises ``NoSuchPersona``."""
    persona = Persona.objects.select_for_update().filter(code=code).first()
    if persona is None:
        raise NoSuchPersona("There is nothing here.")
    return persona


def write_version(
    persona: Persona, number: int, said: Portrait, *, actor: User | None, written_at: datetime
) -> PersonaVersion:
    """Write what was said as one version: part of a verb, which has locked or made the persona."""
    return PersonaVersion.objects.create(
        persona=persona, number=number, created_at=written_at, created_by=actor, **said.columns
    )


def _set_retired(actor: User, at: datetime, code: str, *, is_retired: bool) -> Persona:
    require_may_write(actor)
    persona = locked(code)
    if persona.is_retired == is_retired:
        return persona
    if not is_retired:
        _refuse_one_more()
    persona.is_retired = is_retired
    persona.save(update_fields=["is_retired"])
    write_audit(
        at=at, actor_id=actor.pk, verb="retire_persona" if is_retired else "bring_back_persona", subject_type="persona",
        subject_ids=[persona.pk],
    )  # fmt: skip
    return persona


def _sent_before(key: UUID | None, said: Portrait, *, is_negative: bool) -> PersonaVersion | None:
    """Give what the same form wrote already; raises ``SentBefore`` where it said something else."""
    sent = PersonaVersion.objects.filter(persona__submission_key=key, number=1).first() if key else None
    if sent and (changed(sent.portrait, said) or sent.persona.is_negative != is_negative):
        raise SentBefore
    return sent


def _refuse_one_more() -> None:
    if Persona.objects.filter(is_retired=False).count() >= MOST_IN_USE:
        raise TooManyPersonas(f"There are {MOST_IN_USE} personas in use already. Retire one first.")


def _free_code(name: str) -> str:
    """Make a code of a name that no persona has."""
    stem = slugify(name)[: LONGEST_CODE - 4].strip("-") or "persona"
    taken = set(Persona.objects.filter(code__startswith=stem).values_list("code", flat=True)) | RESERVED_CODES
    numbered = (stem if count == 1 else f"{stem}-{count}" for count in range(1, len(taken) + 2))
    return next(code for code in numbered if code not in taken)


def _record(verb: str, actor: User, at: datetime, version: PersonaVersion) -> None:
    """Leave the audit entry, and tell the managers of both sides that there is something to validate."""
    audit(verb, version, actor_id=actor.pk, written_at=at)
    tell(managers(), WRITTEN, version, actor_id=actor.pk, written_at=at)
