"""When people are away, and who covers for them."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from inputs.refusals import Conflict, Invalid, NotAllowed, NotVisible
from ledger.writing import write_audit
from teams.managing import may_manage, sides_of
from teams.models import Absence, User
from teams.people import NoSuchPerson, locked_person


class MayNotSetAbsence(NotAllowed):
    """A person sets their own absence; a manager of their side or an administrator may too."""

    code = "may_not_set_absence"


class BadAbsence(Invalid):
    """The time or the cover cannot be."""

    code = "bad_absence"


class AbsencesOverlap(Conflict):
    """The person is away already in a part of that time."""

    code = "absences_overlap"


class NoSuchAbsence(NotVisible):
    """There is no such absence."""


@transaction.atomic
def set_absence(
    *, actor: User, at: datetime, user_id: int, starts_at: datetime, ends_at: datetime, cover_id: int | None = None
) -> Absence:
    """Note that a person takes no work from ``starts_at`` until before ``ends_at``; ``cover_id`` may accept in their place."""
    user = _locked(user_id)
    require_may_set_absence(actor, user)
    if ends_at <= starts_at:
        raise BadAbsence("An absence ends after it starts.", field="ends_at", code="ends_before_it_starts")
    if ends_at <= at:
        raise BadAbsence("This absence is over already.", field="ends_at", code="in_the_past")
    if cover_id is not None:
        _check_cover(user, cover_id)
    if user.absences.filter(starts_at__lt=ends_at, ends_at__gt=starts_at).exists():
        raise AbsencesOverlap(f"{user} is away already in a part of that time.", field="starts_at")
    absence = Absence.objects.create(user=user, starts_at=starts_at, ends_at=ends_at, cover_id=cover_id)
    _audit("set_absence", actor, at, absence)
    return absence


@transaction.atomic
def end_absence(*, actor: User, at: datetime, absence_id: int) -> None:
    """End an absence now; one that has not begun is taken back. One that is over stays as it was (``BadAbsence``)."""
    absence = Absence.objects.select_related("user", "cover").filter(pk=absence_id).first()
    if absence is None:
        raise NoSuchAbsence("There is no such absence.")
    require_may_set_absence(actor, _locked(absence.user_id))
    if absence.ends_at <= at:
        raise BadAbsence("This absence is over already.", code="in_the_past")
    _audit("end_absence", actor, at, absence)
    if absence.starts_at >= at:
        absence.delete()
    else:
        Absence.objects.filter(pk=absence_id).update(ends_at=at)


def _locked(user_id: int) -> User:
    """Lock somebody who is with us, so that two absences set at once cannot overlap."""
    user = locked_person(user_id)
    if not user.is_active:
        raise NoSuchPerson("There is no such person.")
    return user


def require_may_set_absence(actor: User, user: User) -> None:
    """Refuse who may not say when this person is away."""
    is_own = actor.pk == user.pk and actor.may("set_own_absence")
    is_theirs = actor.may("set_absence_in_team") and not actor.managed_team_ids.isdisjoint(user.team_ids)
    if not (is_own or is_theirs or may_manage(actor, user)):
        raise MayNotSetAbsence("You may set your own absence and those of the people you manage.")


def _check_cover(user: User, cover_id: int) -> None:
    cover = User.objects.with_teams().filter(pk=cover_id, is_active=True).first()
    if cover is None or cover.pk == user.pk:
        raise BadAbsence("Choose somebody else to cover.", field="cover", code="bad_cover")
    if sides_of(user).isdisjoint(sides_of(cover)):
        raise BadAbsence(f"{cover} works for the other side.", field="cover", code="cover_of_other_side")


def _audit(verb: str, actor: User, at: datetime, absence: Absence) -> None:
    facts = {"absence_id": absence.pk, "cover_id": absence.cover_id}
    write_audit(
        at=at, actor_id=actor.pk, verb=verb, subject_type="user", subject_ids=[absence.user_id], facts=facts
    )  # fmt: skip
