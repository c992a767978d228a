"""What the notices about leads say: one sentence of what happened, and what to do next."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from inputs.money import money
from leads.codes import (
    DISQUALIFY_REASONS,
    LOSS_REASONS,
    RECYCLE_REASONS,
    REJECTIONS,
    TIER_LABELS,
    TRANSFER_ENDS,
)
from leads.facts import MISSING_WORDS
from leads.handing_on import TAKEN_MEANWHILE
from leads.merging import MERGED, UNMERGED
from leads.models import Lead
from ledger.wording import EMAIL, IN_APP, Message, register, register_subject
from sla.promises import task_of

Facts = Mapping[str, Any]


def register_wordings() -> None:
    """Register the notices of the verbs. What somebody has to act on also goes out by email."""
    urgent, quiet = (IN_APP, EMAIL), (IN_APP,)
    for code, channels, render in (
        ("lead_offered", urgent, _offered),
        ("lead_assigned", urgent, _assigned),
        ("lead_auto_accepted", urgent, _auto_accepted),
        ("lead_queued", urgent, _queued),
        ("handoff_incomplete", quiet, _incomplete),
        ("lead_triage", urgent, _triage),
        ("lead_corrected", quiet, _corrected),
        ("lead_rejected", urgent, _rejected),
        ("lead_recalled", quiet, _recalled),
        ("lead_rerouted", quiet, _rerouted),
        ("transfer_offered", urgent, _transfer_offered),
        ("transfer_accepted", quiet, _transfer_accepted),
        ("transfer_ended", quiet, _transfer_ended),
        (TAKEN_MEANWHILE, quiet, _queued_meanwhile),
        ("lead_rated", quiet, _rated),
        ("lead_won", quiet, _won),
        ("lead_lost", quiet, _lost),
        ("lead_recycled", quiet, _recycled),
        ("lead_revived", quiet, _revived),
        ("lead_disqualified", quiet, _disqualified),
        ("lead_reopened", quiet, _reopened),
        (MERGED, quiet, _merged),
        (UNMERGED, quiet, _unmerged),
    ):
        register(code, channels=channels, render=about_lead(render))
    register_subject("lead", _names)


def _names(lead_ids: Collection[int]) -> dict[int, str]:
    """Call a lead by its contact, else the contact's address, and the company."""
    leads = Lead.objects.filter(pk__in=lead_ids)
    found = leads.values_list("pk", "contact__name", "contact__email", "contact__company__name")
    names = {pk: ", ".join(filter(None, (name or email, company))) for pk, name, email, company in found}
    return {pk: name for pk, name in names.items() if name}


Text = Callable[[Facts], tuple[str, str]]


def about_lead(text: Text) -> Callable[[int, Facts], Message]:
    """Let a title and a body lead to the page of the lead that they are about."""

    def render(lead_id: int, facts: Facts) -> Message:
        title, body = text(facts)
        return Message(title, body, f"/leads/{lead_id}/")

    return render


def _tier(facts: Facts) -> str:
    return TIER_LABELS.get(facts.get("tier", ""), "").lower()


def _offered(facts: Facts) -> tuple[str, str]:
    return f"A {_tier(facts)} lead is offered to you".replace("  ", " "), "Accept it, or reject it and say why."


def _assigned(facts: Facts) -> tuple[str, str]:
    return "A lead in work is yours now", "Somebody else began with it. Please carry on."


def _auto_accepted(facts: Facts) -> tuple[str, str]:
    return (
        "A lead is yours, for you did not answer",
        "The time to accept or reject it has ended. Make the first attempt.",
    )


def _queued(facts: Facts) -> tuple[str, str]:
    return "A lead waits in your team’s queue", "Nobody could take it. Assign it, or have somebody claim it."


def _incomplete(facts: Facts) -> tuple[str, str]:
    missing = ", ".join(MISSING_WORDS.get(code, code) for code in facts.get("missing", ()))
    return "A lead cannot be handed to sales yet", f"What is missing: {missing}."


def _triage(facts: Facts) -> tuple[str, str]:
    return "Somebody asks for us, and we know too little of them", "Complete what is known, so that it can be judged."


def _corrected(facts: Facts) -> tuple[str, str]:
    words = ", ".join(field.replace("_", " ") for field in facts.get("fields", ()))
    return "What we know of a contact of yours was corrected", f"Look at it before you call: {words}."


def _rejected(facts: Facts) -> tuple[str, str]:
    reason = REJECTIONS.get(facts.get("reason", ""), ("", "Other"))[1]
    verb = "returned" if facts.get("returned") else "rejected"
    return f"Sales {verb} a lead: {reason}", "It is back with marketing. Correct it, nurture it, or let it go."


def _recalled(facts: Facts) -> tuple[str, str]:
    return "Marketing took a lead back", "You need not do anything about it."


def _rerouted(facts: Facts) -> tuple[str, str]:
    return "A lead went to somebody else", "You need not do anything about it any more."


def _transfer_offered(facts: Facts) -> tuple[str, str]:
    return "A colleague offers you a lead in work", "Accept it, or decline it: until then it stays with your colleague."


def _transfer_accepted(facts: Facts) -> tuple[str, str]:
    return (
        "A lead of yours is a colleague’s now",
        "What you offered was accepted. You need not do anything about it any more.",
    )


def _transfer_ended(facts: Facts) -> tuple[str, str]:
    why = TRANSFER_ENDS.get(facts["why"], "the lead went on meanwhile")
    return "A lead was not transferred", f"The offer of it has ended: {why}."


def _queued_meanwhile(facts: Facts) -> tuple[str, str]:
    task = task_of(facts["promise"])
    return (
        "A lead of yours waits in the queue",
        f"The time to {task} ends while you are away, and nobody covers for you.",
    )


def _rated(facts: Facts) -> tuple[str, str]:
    return f"Sales rated a lead: {facts.get('quality')} of 5", "Open it to see what was good and what was not."


def _won(facts: Facts) -> tuple[str, str]:
    return "A lead became a customer", f"The deal was won: {money(facts['amount'], facts['currency'])}."


def _lost(facts: Facts) -> tuple[str, str]:
    return "An opportunity was lost", f"Reason: {LOSS_REASONS.get(facts.get('reason', ''), 'Other')}."


def _recycled(facts: Facts) -> tuple[str, str]:
    reason = RECYCLE_REASONS.get(facts.get("reason", ""), "Other")
    return (
        f"A lead was recycled: {reason}",
        f"It comes back on {facts.get('returns_on')}. Until then it is yours to nurture.",
    )


def _revived(facts: Facts) -> tuple[str, str]:
    return "A recycled lead is back", "Its date has come. Please nurture it."


def _disqualified(facts: Facts) -> tuple[str, str]:
    return "A lead was disqualified", f"Reason: {DISQUALIFY_REASONS.get(facts.get('reason', ''), 'Other')}."


def _reopened(facts: Facts) -> tuple[str, str]:
    return "A lead was opened again", "It is back with marketing. Look whether it is ready now."


def _merged(facts: Facts) -> tuple[str, str]:
    return (
        "Two leads were merged",
        f"Lead {facts['gone']} of the same person goes on under this one; what marketing still owes on it is owed here, once.",
    )


def _unmerged(facts: Facts) -> tuple[str, str]:
    return "A merge was undone", f"Lead {facts['gone']} is one of its own again."
