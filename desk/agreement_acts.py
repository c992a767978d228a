"""What can be done about a version of the agreement: for each act its words, its form, and the verb it calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django import forms
from django.http import QueryDict

from desk.negotiating_forms import SignForm
from desk.queries.negotiation import managed, steps_on
from ledger.instants import company_day
from sla.agreements import check_drafter, check_manager, propose, sign
from sla.models import AgreementVersion
from sla.negotiating import withdraw
from teams.models import User
from teams.roles import Side

States = AgreementVersion.States


@dataclass(frozen=True, slots=True)
class Act:
    """``title`` and ``button`` are what it is called, ``says`` what will happen; ``run`` gives what to say afterwards."""

    title: str
    button: str
    says: str
    run: Callable[[forms.Form, AgreementVersion, User, datetime], str]
    state: str = States.PROPOSED
    permit: Callable[[User, AgreementVersion], None] = check_drafter
    is_destructive: bool = False


def _propose(form: forms.Form, found: AgreementVersion, user: User, at: datetime) -> str:
    propose(actor=user, version=found, at=at)
    return f"Version {found.number} is proposed. Both teams are told."


def _withdraw(form: forms.Form, found: AgreementVersion, user: User, at: datetime) -> str:
    withdraw(actor=user, version=found, at=at)
    return f"Version {found.number} is withdrawn. A new draft may begin from it."


def _sign(form: forms.Form, found: AgreementVersion, user: User, at: datetime) -> str:
    given = form.cleaned_data
    # To a second signer an empty day means at once; the verb would keep what the first one chose.
    on = given["effective_on"] or (company_day(at) if found.signatures.exists() else None)
    signed = sign(
        actor=user, version=found, side=Side(given["side"]), terms_hash=given["terms_hash"], at=at, effective_on=on
    )
    if signed.effective_from is None:
        return f"You have signed for {given['side']}. The other side’s managers are told."
    begins = company_day(signed.effective_from)
    return f"Both sides have signed: version {found.number} is in force from {begins.day} {begins:%b %Y}."


ACTS = {
    "propose": Act(
        "Propose", "Propose it to both teams", "Its text is frozen and gets its hash. Everybody in both teams is told, reads it, and may comment.",
        _propose, state=States.DRAFT,
    ),
    "withdraw": Act(
        "Withdraw", "Withdraw the proposal", "Nobody can sign it any more. It stays to be read, and a new draft may begin from it.", _withdraw,
        is_destructive=True,
    ),
    "sign": Act(
        "Sign", "Sign", "Your signature covers the hash of the text. It cannot be taken back.", _sign,
        permit=lambda user, found: check_manager(user),
    ),
}  # fmt: skip


def act_form(code: str, data: QueryDict | None, found: AgreementVersion, user: User) -> forms.Form:
    """Give the form of an act; only a signature has something to fill in."""
    if code != "sign":
        return forms.Form(data)
    earlier = list(found.signatures.select_related("user").order_by("signed_at", "id"))
    sides = steps_on(user, found, earlier).sides or managed(user)
    return SignForm(data, sides=sides, earlier=earlier, terms_hash=found.terms_hash)
