"""What can be done about a person: for each act its words, its form, and the verb it calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from desk.people_forms import AbsenceForm, EndAbsenceForm, PersonForm, PlacesForm, StandingForm, WorkForm
from leads.staff import change_places, deactivate, held_by, share_work
from teams.absences import end_absence, require_may_set_absence, set_absence
from teams.invitations import invite
from teams.managing import require_managed
from teams.models import User
from teams.people import set_active

Permit = Callable[[User, User], None]
Run = Callable[[Any, User, User, datetime], str]
"""Takes the valid form, the person, the actor and the instant; gives what to say afterwards."""


@dataclass(frozen=True, slots=True)
class Act:
    """``title`` and ``button`` are what it is called; ``warning`` says what will happen, where that is not plain."""

    title: str
    button: str
    form: type[PersonForm]
    run: Run
    permit: Permit = require_managed
    warning: Callable[[User], str] | None = None
    is_destructive: bool = False


def _places(form: PlacesForm, person: User, actor: User, at: datetime) -> str:
    office = form.cleaned_data.get("is_administrator") if "is_administrator" in form.fields else None
    count = change_places(
        actor=actor, at=at, user_id=person.pk, places=form.places, is_administrator=office, seen=form.compared
    )
    return " ".join(filter(None, ["Saved.", _moved(count)]))


def _work(form: WorkForm, person: User, actor: User, at: datetime) -> str:
    pools = form.cleaned_data["pools"]
    share_work(actor=actor, at=at, user_id=person.pk, load=form.load, pool_ids=pools, seen=form.compared)
    return "Saved: it counts from the next lead on."


def _absence(form: AbsenceForm, person: User, actor: User, at: datetime) -> str:
    given = form.cleaned_data
    set_absence(
        actor=actor, at=at, user_id=person.pk, starts_at=given["starts_at"], ends_at=given["ends_at"],
        cover_id=given["cover"],
    )  # fmt: skip
    return "The absence is noted."


def _end_absence(form: EndAbsenceForm, person: User, actor: User, at: datetime) -> str:
    end_absence(actor=actor, at=at, absence_id=form.cleaned_data["absence"])
    return "The absence is over: they take leads again."


def _invite(form: PersonForm, person: User, actor: User, at: datetime) -> str:
    invite(actor=actor, at=at, user_id=person.pk)
    return f"The invitation is on its way to {person.email}."


def _leave(form: PersonForm, person: User, actor: User, at: datetime) -> str:
    count = deactivate(actor=actor, at=at, user_id=person.pk, seen=form.compared)
    return " ".join(filter(None, ["They cannot log in any more.", _moved(count)]))


def _return(form: PersonForm, person: User, actor: User, at: datetime) -> str:
    set_active(actor=actor, at=at, user_id=person.pk, is_active=True, seen=form.compared)
    return "They can log in again, and take turns where they did."


def _moved(count: int) -> str:
    if not count:
        return ""
    return "Their lead was routed anew." if count == 1 else f"Their {count} leads were routed anew."


def _what_leaving_does(person: User) -> str:
    count = len(held_by(person.pk))
    held = "1 lead in their hands is" if count == 1 else f"{count} leads in their hands are"
    leads = (
        f"{held} routed anew: to whom the rules choose, else into a team’s queue." if count else "They hold no leads."
    )
    return f"{person} cannot log in any more and gets no new leads. {leads} What they did stays on record."


ACTS: dict[str, Act] = {
    "places": Act("Team and role", "Save", PlacesForm, _places),
    "work": Act("Capacity and turns", "Save", WorkForm, _work),
    "absence": Act("Add an absence", "Add the absence", AbsenceForm, _absence, require_may_set_absence),
    "end-absence": Act("End an absence", "End it now", EndAbsenceForm, _end_absence, require_may_set_absence),
    "invite": Act("Send the invitation again", "Send it", PersonForm, _invite),
    "leave": Act("Deactivate", "Deactivate", StandingForm, _leave, warning=_what_leaving_does, is_destructive=True),
    "return": Act("Let them in again", "Let them in", StandingForm, _return),
}
