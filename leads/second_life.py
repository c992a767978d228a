"""A lead begins anew with marketing: what was recycled comes back on its date or by a touch (``leads.intake``), what was closed is reopened.

The stages of the former life stay in the event log; the lead's own times are those of the new one. Its first arrival stays. One of a contact
that was merged opens with the contact that goes on: a person has one open lead of a product, and the intake finds it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Coalesce

from inputs.refusals import Conflict
from leads.holding import MOVED_ON, Held, Moved, hold, permit, require_step, step_to, with_handoffs
from leads.informing import tell_marketing
from leads.lifecycle import STAGE_TIMES, Stage
from leads.models import Contact, Lead
from leads.models.leads import LeadQuerySet
from leads.owed import Duty, Owed, begin_duties
from leads.reasons import BadReason, checked_note
from leads.record import Record
from ledger.instants import company_day
from ledger.selecting import ids
from sla.in_force import NoAgreement, agreement_in_force
from teams.models import User

BATCH = 500

FRESH: dict[str, Any] = {
    **{column: None for stage, column in STAGE_TIMES.items() if stage != Stage.LEAD},
    "owner_id": None,
    "queue_id": None,
    "returns_on": None,
    "first_attempt_at": None,
    "conversed_at": None,
    "attempt_count": 0,
    "needs_new_reason": False,
    "tier": "",
    "is_hand_raise": False,
}
"""What a new life begins with, whichever way it begins: the one definition, of the intake too.

A touch by which the contact asks for us raises the hand anew. ``handoff_count`` goes on over all lives: it numbers the handoffs, and that
the third needs a manager's word is about how often sales was asked to look at this lead, not about how often lately. Who answers for it in
marketing stays, and so does what it was captured as.
"""


class OtherLeadOpen(Conflict):
    """The contact has another open lead about the same product: there is one at a time."""

    code = "other_lead_open"


@transaction.atomic
def revive_due(*, at: datetime, limit: int = BATCH) -> int:
    """Bring back recycled leads whose date has come in the company's zone, at most ``limit``, and give how many came back.

    While the contact has another open lead about the same product, that one goes on, and this one waits until it is closed. Run it again
    until nothing is left.
    """
    due = Lead.objects.filter(~Exists(_open_beside()), stage=Stage.RECYCLED, returns_on__lte=company_day(at)).order_by(
        "id"
    )
    persons = _lock_persons(due, skip_locked=True)
    locked = due.select_for_update(skip_locked=True, no_key=True, of=("self",)).select_related("contact")
    leads = [lead for lead in locked[:limit] if _is_with_locked(lead, persons)]
    blocked = _blocked(leads)
    held = with_handoffs([lead for lead in leads if lead.pk not in blocked])
    if not held:
        return 0
    record = Record("revive", None, at)
    step_to(held, "revive", each=_with_person(held), **FRESH)
    for item in held:
        record.event(item.lead.pk, "revived", campaign_id=item.lead.last_campaign_id)
    begin_duties(record, _to_nurture(held, at), at)
    tell_marketing(record, held, "lead_revived", {})
    record.write("lead", [item.lead.pk for item in held])
    return len(held)


def _to_nurture(held: Sequence[Held], at: datetime) -> list[Duty]:
    """Say what marketing owes those who are back; nothing while no agreement is in force."""
    try:
        agreement = agreement_in_force(at)
    except NoAgreement:
        return []
    leads = [item.lead for item in held]
    pinned = (agreement.version_id, agreement.terms)
    return [Duty("nurture", Owed(lead.pk, lead.tier_of_promises, *pinned), lead.marketer_id) for lead in leads]


def revive_all_due(*, at: datetime) -> int:
    """Bring back every recycled lead whose date has come, a batch a transaction, and give how many came back."""
    revived = 0
    while batch := revive_due(at=at):
        revived += batch
    return revived


@transaction.atomic
def reopen(*, lead_id: int, reason: str, actor: User, at: datetime) -> None:
    """Give a disqualified or lost lead back to marketing, with a reason in words.

    Raises ``BadReason``, ``NotAllowed``, ``WrongStage``, ``OtherLeadOpen``, ``Moved``.
    """
    reason = checked_note(reason, field="reason")
    if not reason:
        raise BadReason("Say why it is opened again.", field="reason", code="reason_required")
    persons = _lock_persons(Lead.objects.filter(pk=lead_id))
    held = hold([lead_id], actor=actor)
    permit(actor, "reopen")
    require_step("reopen", held)
    (item,) = held
    if not _is_with_locked(item.lead, persons):
        raise Moved(MOVED_ON)
    if _blocked([item.lead]):
        raise OtherLeadOpen("This contact has another open lead. Work on that one.", details={"lead": lead_id})
    record = Record("reopen", actor.pk, at)
    former = item.lead.owner_id
    step_to(held, "reopen", each=_with_person(held), **FRESH, stage_note=reason)
    _announce(record, item, former)
    record.write("lead", [lead_id])


def _announce(record: Record, item: Held, former_owner_id: int | None) -> None:
    record.event(item.lead.pk, "reopened", campaign_id=item.lead.last_campaign_id, user_id=former_owner_id)
    tell_marketing(record, [item], "lead_reopened", {})


def _open_beside() -> LeadQuerySet:
    """Find the open lead of the same person about the same product, where one about no product is a product of its own."""
    about, person = Coalesce("product_id", 0), Coalesce(OuterRef("contact__merged_into_id"), OuterRef("contact_id"))
    return Lead.objects.open().annotate(about=about).filter(
        contact=person, about=Coalesce(OuterRef("product_id"), 0)
    )  # fmt: skip


def _blocked(leads: Sequence[Lead]) -> Collection[int]:
    """Give which of these leads cannot open, because their person has an open one about the same product (or among themselves)."""
    if not leads:
        return set()
    rows = Lead.objects.open().filter(contact__in=[_person_of(lead) for lead in leads])
    taken: set[tuple[int, int | None]] = set(rows.values_list("contact_id", "product_id"))
    blocked = set()
    for lead in leads:
        place = (_person_of(lead), lead.product_id)
        if place in taken:
            blocked.add(lead.pk)
        taken.add(place)
    return blocked


# Who was merged -------------------------------------------------------------------------------------------------------


def _person_of(lead: Lead) -> int:
    """Give the contact under which its person goes on: another one where two were merged."""
    return lead.contact.merged_into_id or lead.contact_id


def _with_person(held: Sequence[Held]) -> dict[str, dict[int, int]]:
    """Give the contact of each lead that opens: of one of somebody who was merged it is the one that goes on, where the intake looks for it."""
    if all(item.lead.contact.merged_into_id is None for item in held):
        return {}
    return {"contact_id": {item.lead.pk: _person_of(item.lead) for item in held}}


def _lock_persons(leads: LeadQuerySet, *, skip_locked: bool = False) -> frozenset[int]:
    """Lock the contacts that go on for merged ones of these leads, before the leads, as a merge does; gives those that go on still."""
    merged = leads.filter(contact__merged_into__isnull=False)
    wanted = ids(merged.values_list("contact__merged_into", flat=True)[:BATCH])
    if not wanted:
        return frozenset()
    persons = Contact.objects.filter(pk__in=wanted, merged_into=None).order_by("id")
    locked = persons.select_for_update(no_key=True, skip_locked=skip_locked)
    return frozenset(locked.values_list("pk", flat=True))


def _is_with_locked(lead: Lead, persons: Collection[int]) -> bool:
    return lead.contact.merged_into_id is None or lead.contact.merged_into_id in persons
