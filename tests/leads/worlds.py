"""Worlds for the tests of the verbs: a company that routes, and leads at any stage, brought there by the verbs themselves."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from campaigns.models import Campaign, CostLine
from leads import followup, handoffs, merging, outcomes
from leads.models import Assignment, Clock, Company, Contact, Handoff, Lead, LeadEvent, LikelyDuplicate, Touch
from leads.routing.defaults import activate_default_routing
from ledger.models import AuditEntry, Notice
from teams.models import Absence, Team, User
from tests.cast import NOW, SIGNED_AT, make_lead, person

CHECKLIST = ("conversation", "need", "authority", "timing", "budget")


def ready_lead(*, campaign: Campaign | None = None, company: Company | None = None, **fields: Any) -> Lead:
    """Make an MQL that has all that a handoff needs, with a touch of ``campaign`` before it."""
    lead = make_lead(
        source="event", fit=80, is_hand_raise=True, first_campaign=campaign, last_campaign=campaign, **fields
    )
    lead.contact.company = company or Company.objects.create(
        name=f"Company {lead.pk}", name_key=f"company {lead.pk}", created_at=NOW
    )
    lead.contact.save()
    if campaign is not None:
        touched_at = NOW - timedelta(days=1)
        Touch.objects.create(
            lead=lead, contact=lead.contact, kind="webinar_attended", campaign=campaign, occurred_at=touched_at,
            recorded_at=touched_at,
        )  # fmt: skip
    return lead


def spend(campaign: Campaign, *amounts: Decimal | int, kind: str = "actual") -> None:
    """Enter a cost line for each of ``amounts``."""
    for amount in amounts:
        CostLine.objects.create(
            campaign=campaign, what="Media", amount=amount, kind=kind, starts_on=campaign.starts_on,
            entered_by=campaign.owner, entered_at=campaign.created_at,
        )  # fmt: skip


def make_campaign(owner: User, code: str = "spring") -> Campaign:
    return Campaign.objects.create(
        name=code.title(), code=code, type="webinar", owner=owner, starts_on=date(2026, 1, 1), created_at=SIGNED_AT
    )


def go_round(sales: Team) -> None:
    """Put the default rules into force: all who are in ``sales`` by now share its leads."""
    activate_default_routing(at=SIGNED_AT)


def away(user: User, cover: User | None = None, *, at: datetime = NOW) -> Absence:
    return Absence.objects.create(
        user=user, cover=cover, starts_at=at - timedelta(days=1), ends_at=at + timedelta(days=1)
    )


def offered(lead: Lead, maya: User, *, at: datetime = NOW) -> Handoff:
    """Hand ``lead`` off as Maya would, and give its handoff."""
    return Handoff.objects.get(pk=handoffs.hand_off(lead_id=lead.pk, actor=maya, at=at))


def bring_to(stage: str, lead: Lead, *, maya: User, sam: User, at: datetime = NOW) -> Lead:
    """Bring an MQL to ``stage`` by the verbs, in Sam's hands."""
    for step in _WAYS[stage]:
        step(lead, maya, sam, at)
    lead.refresh_from_db()
    assert lead.stage == stage
    return lead


def _hand_off(lead: Lead, maya: User, sam: User, at: datetime) -> None:
    handoffs.hand_off(lead_id=lead.pk, actor=maya, at=at)


def _recall(lead: Lead, maya: User, sam: User, at: datetime) -> None:
    handoffs.recall(lead_id=lead.pk, actor=maya, at=at)


def _accept(lead: Lead, maya: User, sam: User, at: datetime) -> None:
    handoffs.accept(lead_id=lead.pk, actor=sam, at=at)


def _converse(lead: Lead, maya: User, sam: User, at: datetime) -> None:
    followup.log_activity(lead_id=lead.pk, kind="call", outcome="conversation", actor=sam, at=at)


def _confirm(lead: Lead, maya: User, sam: User, at: datetime) -> None:
    outcomes.qualify_for_sales(lead_id=lead.pk, confirmed=CHECKLIST, actor=sam, at=at)


def _open(lead: Lead, maya: User, sam: User, at: datetime) -> None:
    close = at.date() + timedelta(days=30)
    outcomes.open_opportunity(lead_id=lead.pk, amount=Decimal(1200), expected_close_on=close, actor=sam, at=at)


def _win(lead: Lead, maya: User, sam: User, at: datetime) -> None:
    outcomes.win(lead_id=lead.pk, actor=sam, at=at)


def _lose(lead: Lead, maya: User, sam: User, at: datetime) -> None:
    outcomes.lose(lead_id=lead.pk, reason="price", actor=sam, at=at)


def _recycle(lead: Lead, maya: User, sam: User, at: datetime) -> None:
    outcomes.recycle(lead_id=lead.pk, reason="bad_timing", actor=sam, at=at)


def _merge(lead: Lead, maya: User, sam: User, at: datetime) -> None:
    kept = make_lead()
    first, second = sorted((kept.contact_id, lead.contact_id))
    pair = LikelyDuplicate.objects.create(first_id=first, second_id=second, likeness=90, found_at=at)
    merging.merge(pair_id=pair.pk, kept_id=kept.pk, gone_id=lead.pk, actor=maya, at=at)


def incomplete_lead(marketer: User) -> Lead:
    """Make an MQL of which neither the name nor the company is known."""
    lead = ready_lead(marketer=marketer)
    Contact.objects.filter(pk=lead.contact_id).update(name="", company=None)
    return lead


def _disqualify(lead: Lead, maya: User, sam: User, at: datetime) -> None:
    outcomes.disqualify(lead_id=lead.pk, reason="vendor", actor=sam, at=at)


def _praise(lead: Lead, maya: User, sam: User, at: datetime) -> None:
    Lead.objects.filter(pk=lead.pk).update(stage="advocate")


_SAL = [_hand_off, _accept]
_SQL = [*_SAL, _converse, _confirm]
_WAYS = {
    "lead": [_hand_off, _recall],
    "mql": [_hand_off],
    "sal": _SAL,
    "sql": _SQL,
    "opportunity": [*_SQL, _open],
    "customer": [*_SQL, _open, _win],
    "advocate": [*_SQL, _open, _win, _praise],
    "lost": [*_SQL, _open, _lose],
    "recycled": [*_SAL, _recycle],
    "disqualified": [*_SAL, _converse, _disqualify],
    "merged": [_merge],
}


def everything() -> dict[str, list[Any]]:
    """Give all rows that a verb may write, to see that nothing or everything of it is there."""
    models = (Lead, Handoff, Assignment, Clock, LeadEvent, AuditEntry, Notice)
    return {model.__name__: list(model.objects.order_by("pk").values()) for model in models}


def told(code: str) -> list[str]:
    """Give the names of those who were told ``code`` in the app, in order."""
    notices = Notice.objects.filter(code=code, channel="in_app").order_by("recipient__name")
    return list(notices.values_list("recipient__name", flat=True))


def clock(promise: str, lead: Lead) -> Clock:
    """Give the newest clock of ``promise`` about ``lead``."""
    found = Clock.objects.filter(promise=promise).filter(lead=lead) | Clock.objects.filter(
        promise=promise, handoff__lead=lead
    )
    return found.latest("id")


def crowd(count: int, team: Team, *, is_manager: bool = False) -> list[User]:
    """Make many people in one team."""
    return [person(f"Member{number:02}", team, is_manager=is_manager) for number in range(count)]
