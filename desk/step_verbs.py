"""Which verb each step of the pages calls, with what the form holds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from desk.correct_form import words_of
from leads import disputes, followup, handoffs, outcomes, questions, second_life, transfers
from leads.completing import complete
from leads.models import Dispute, Lead
from leads.nurturing import nurture
from leads.qualifying import qualify
from teams.models import User

Verb = Callable[..., str | None]
"""Takes the step; may give what is to be said of it, where that depends on what followed."""


def _accept(*, lead: Lead, form: Any, actor: User, at: datetime, handoff_id: int | None) -> None:
    handoffs.accept(lead_id=lead.pk, actor=actor, at=at, handoff_id=handoff_id)


def _reject(*, lead: Lead, form: Any, actor: User, at: datetime, handoff_id: int | None) -> None:
    said = form.cleaned_data
    handoffs.reject(
        lead_id=lead.pk, reason=said["reason"], note=said["note"], actor=actor, at=at, handoff_id=handoff_id
    )


def _return(*, lead: Lead, form: Any, actor: User, at: datetime, handoff_id: int | None) -> None:
    said = form.cleaned_data
    handoffs.return_lead(lead_id=lead.pk, reason=said["reason"], note=said["note"], actor=actor, at=at)


def _reroute(*, lead: Lead, form: Any, actor: User, at: datetime, handoff_id: int | None) -> None:
    handoffs.reroute(lead_id=lead.pk, actor=actor, at=at, handoff_id=handoff_id)


def _recall(*, lead: Lead, form: Any, actor: User, at: datetime, handoff_id: int | None) -> None:
    handoffs.recall(lead_id=lead.pk, actor=actor, at=at, handoff_id=handoff_id)


def _claim(*, lead: Lead, form: Any, actor: User, at: datetime, handoff_id: int | None) -> None:
    handoffs.claim(lead_id=lead.pk, actor=actor, at=at)


def _assign(*, lead: Lead, form: Any, actor: User, at: datetime, handoff_id: int | None) -> None:
    handoffs.assign(lead_id=lead.pk, user_id=form.cleaned_data["user_id"], actor=actor, at=at)


def _transfer(*, lead: Lead, form: Any, actor: User, at: datetime, handoff_id: int | None) -> None:
    transfers.transfer(lead_id=lead.pk, actor=actor, at=at, **form.cleaned_data)


def _accept_transfer(*, lead: Lead, form: Any, actor: User, at: datetime, handoff_id: int | None) -> None:
    transfers.accept_transfer(lead_id=lead.pk, actor=actor, at=at)


def _decline_transfer(*, lead: Lead, form: Any, actor: User, at: datetime, handoff_id: int | None) -> None:
    transfers.decline_transfer(lead_id=lead.pk, actor=actor, at=at, **form.cleaned_data)


def _withdraw_transfer(*, lead: Lead, form: Any, actor: User, at: datetime, handoff_id: int | None) -> None:
    transfers.withdraw_transfer(lead_id=lead.pk, actor=actor, at=at)


def _hand_off(*, lead: Lead, form: Any, actor: User, at: datetime, handoff_id: int | None) -> None:
    handoffs.hand_off(lead_id=lead.pk, actor=actor, at=at)


def _qualify(*, lead: Lead, form: Any, actor: User, at: datetime, handoff_id: int | None) -> None:
    qualify(lead_ids=[lead.pk], actor=actor, at=at, reason=form.cleaned_data["reason"])


def _log(kind: str) -> Verb:
    def log(*, lead: Lead, form: Any, actor: User, at: datetime, handoff_id: int | None) -> None:
        said = form.cleaned_data
        followup.log_activity(
            lead_id=lead.pk, kind=kind, outcome=said["outcome"], occurred_at=said["occurred_at"], note=said["note"],
            is_outbound=not said["is_inbound"], key=said["key"], actor=actor, at=at,
        )  # fmt: skip

    return log


def _rate(*, lead: Lead, form: Any, actor: User, at: datetime, handoff_id: int | None) -> None:
    said = form.cleaned_data
    followup.rate(
        lead_id=lead.pk, quality=said["quality"], aspects=form.aspects, comment=said["comment"], key=said["key"],
        actor=actor, at=at,
    )  # fmt: skip


def _qualify_for_sales(*, lead: Lead, form: Any, actor: User, at: datetime, handoff_id: int | None) -> None:
    outcomes.qualify_for_sales(lead_id=lead.pk, confirmed=form.confirmed, actor=actor, at=at)


def _open_opportunity(*, lead: Lead, form: Any, actor: User, at: datetime, handoff_id: int | None) -> None:
    outcomes.open_opportunity(lead_id=lead.pk, actor=actor, at=at, **form.cleaned_data)


def _win(*, lead: Lead, form: Any, actor: User, at: datetime, handoff_id: int | None) -> None:
    outcomes.win(lead_id=lead.pk, amount=form.cleaned_data["amount"], actor=actor, at=at)


def _lose(*, lead: Lead, form: Any, actor: User, at: datetime, handoff_id: int | None) -> None:
    outcomes.lose(lead_id=lead.pk, actor=actor, at=at, **form.cleaned_data)


def _recycle(*, lead: Lead, form: Any, actor: User, at: datetime, handoff_id: int | None) -> None:
    outcomes.recycle(lead_id=lead.pk, actor=actor, at=at, **form.cleaned_data)


def _disqualify(*, lead: Lead, form: Any, actor: User, at: datetime, handoff_id: int | None) -> None:
    outcomes.disqualify(lead_id=lead.pk, actor=actor, at=at, **form.cleaned_data)


def _reopen(*, lead: Lead, form: Any, actor: User, at: datetime, handoff_id: int | None) -> None:
    second_life.reopen(lead_id=lead.pk, reason=form.cleaned_data["reason"], actor=actor, at=at)


def _correct(*, lead: Lead, form: Any, actor: User, at: datetime, handoff_id: int | None) -> str:
    done = complete(
        lead_id=lead.pk, changes=form.changes, is_elsewhere=form.cleaned_data.get("is_elsewhere", False),
        seen=form.cleaned_data["seen"] or None, actor=actor, at=at,
    )  # fmt: skip
    lead.contact.refresh_from_db(fields=["name", "email", "phone"])
    return words_of(done)


def _nurture(*, lead: Lead, form: Any, actor: User, at: datetime, handoff_id: int | None) -> None:
    nurture(lead_id=lead.pk, actor=actor, at=at, **form.cleaned_data)


def _ask(*, lead: Lead, form: Any, actor: User, at: datetime, handoff_id: int | None) -> None:
    questions.ask(lead_id=lead.pk, actor=actor, at=at, **form.cleaned_data)


def _offer_help(*, lead: Lead, form: Any, actor: User, at: datetime, handoff_id: int | None) -> None:
    questions.offer_help(lead_id=lead.pk, actor=actor, at=at, **form.cleaned_data)


def _answer(*, lead: Lead, form: Any, actor: User, at: datetime, handoff_id: int | None) -> None:
    questions.answer(lead_id=lead.pk, actor=actor, at=at, **form.cleaned_data)


def _withdraw_question(*, lead: Lead, form: Any, actor: User, at: datetime, handoff_id: int | None) -> None:
    questions.withdraw(lead_id=lead.pk, actor=actor, at=at, **form.cleaned_data)


def _dispute(*, lead: Lead, form: Any, actor: User, at: datetime, handoff_id: int | None) -> None:
    disputes.raise_dispute(lead_id=lead.pk, actor=actor, at=at, handoff_id=handoff_id, **form.cleaned_data)


def _decide(*, lead: Lead, form: Any, actor: User, at: datetime, handoff_id: int | None) -> str:
    dispute_id = disputes.word(lead_id=lead.pk, actor=actor, at=at, **form.cleaned_data)
    state = Dispute.objects.values_list("state", flat=True).get(pk=dispute_id)
    return DECIDED.get(state, "Your word is noted. The other side has yet to speak.")


DECIDED = {"overturned": "Both sides overturned it.", "stands": "It stands: not both sides overturned it."}


def _withdraw_dispute(*, lead: Lead, form: Any, actor: User, at: datetime, handoff_id: int | None) -> None:
    disputes.withdraw(lead_id=lead.pk, actor=actor, at=at, **form.cleaned_data)


VERBS: dict[str, Verb] = {
    "ask": _ask,
    "offer-help": _offer_help,
    "answer": _answer,
    "withdraw-question": _withdraw_question,
    "dispute": _dispute,
    "decide": _decide,
    "withdraw-dispute": _withdraw_dispute,
    "correct": _correct,
    "accept": _accept,
    "reject": _reject,
    "return": _return,
    "reroute": _reroute,
    "recall": _recall,
    "claim": _claim,
    "assign": _assign,
    "transfer": _transfer,
    "accept-transfer": _accept_transfer,
    "decline-transfer": _decline_transfer,
    "withdraw-transfer": _withdraw_transfer,
    "hand-off": _hand_off,
    "qualify": _qualify,
    "call": _log("call"),
    "email": _log("email"),
    "meeting": _log("meeting"),
    "message": _log("message"),
    "rate": _rate,
    "qualify-for-sales": _qualify_for_sales,
    "open-opportunity": _open_opportunity,
    "win": _win,
    "lose": _lose,
    "recycle": _recycle,
    "disqualify": _disqualify,
    "reopen": _reopen,
    "nurture": _nurture,
}
