"""The marketer's desk: what became of my campaigns, what came back, what sales said, what cannot be handed off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Count, Q, Sum

from campaigns.models import Campaign
from leads.codes import REJECTIONS
from leads.facts import MISSING_WORDS
from leads.listing import LeadRow, lead_rows, load
from leads.models import Feedback, Handoff, Lead, LeadEvent, Opportunity
from teams.models import User

MOST_CAMPAIGNS = 20
MOST_ROWS = 25
CAMPAIGNS_DAYS = 365


@dataclass(slots=True)
class CampaignFigures:
    """What became of the leads that a campaign brought last, by their handoffs. ``won_value`` in the campaign's own currency."""

    campaign: Campaign
    captured: int = 0
    delivered: int = 0
    waiting: int = 0
    accepted: int = 0
    rejected: int = 0
    recalled: int = 0
    won: int = 0
    won_value: Decimal | None = None
    reasons: list[tuple[str, int]] = field(default_factory=list)

    @property
    def reason_words(self) -> str:
        return ", ".join(f"{label} {count}" for label, count in self.reasons)


@dataclass(frozen=True, slots=True)
class Returned:
    """A lead that sales sent back, with what they said."""

    row: LeadRow
    handoff: Handoff
    reason: str


@dataclass(frozen=True, slots=True)
class Stuck:
    """An MQL that cannot be handed off, with the codes of what is missing (empty: it is complete now, or never tried)."""

    row: LeadRow
    missing: list[str]

    @property
    def lacks(self) -> str:
        return ", ".join(MISSING_WORDS.get(code, code) for code in self.missing)


def my_campaigns(user: User, at: datetime) -> list[CampaignFigures]:
    """Give the figures of the newest campaigns of ``user``."""
    campaigns = (
        Campaign.objects.visible_to(user)
        .filter(owner=user, starts_on__gte=(at - timedelta(days=CAMPAIGNS_DAYS)).date())
        .order_by("-starts_on", "-id")
    )
    return campaign_figures(list(campaigns[:MOST_CAMPAIGNS]))


def campaign_figures(campaigns: Sequence[Campaign]) -> list[CampaignFigures]:
    """Count what became of the leads of ``campaigns``, with three queries. A returned lead counts as rejected.

    What was accepted is what was delivered less the rest: most handoffs are accepted, and those need not be read.
    """
    figures = {campaign.pk: CampaignFigures(campaign) for campaign in campaigns}
    leads = Lead.objects.filter(last_campaign_id__in=figures)
    for pk, captured, won, delivered in leads.values_list("last_campaign_id").annotate(
        captured=Count("*"), won=Count("customer_at"), delivered=Sum("handoff_count")
    ):
        line = figures[pk]
        line.captured, line.won, line.delivered, line.accepted = captured, won, delivered, delivered
    _take_off_what_was_not_accepted(figures)
    for pk, currency, value in (
        Opportunity.objects.filter(lead__last_campaign_id__in=figures, stage=Opportunity.Stages.WON)
        .values_list("lead__last_campaign_id", "currency")
        .annotate(Sum("amount"))
    ):
        if currency == figures[pk].campaign.currency:
            figures[pk].won_value = value
    return list(figures.values())


NOT_ACCEPTED = Q(state__in=["open", "rejected", "recalled"]) | Q(was_returned=True)
"""Exactly the condition of the index ``handoff_not_kept_idx``."""


def _take_off_what_was_not_accepted(figures: dict[int, CampaignFigures]) -> None:
    rows = (
        Handoff.objects.filter(NOT_ACCEPTED, lead__last_campaign_id__in=figures)
        .values_list("lead__last_campaign_id", "state", "was_returned", "reason")
        .annotate(Count("id"))
    )
    reasons: dict[int, dict[str, int]] = {}
    for pk, state, was_returned, reason, count in rows:
        line = figures[pk]
        line.accepted -= count
        if state == Handoff.States.REJECTED or was_returned:
            line.rejected += count
            of_campaign = reasons.setdefault(pk, {})
            of_campaign[reason] = of_campaign.get(reason, 0) + count
        elif state == Handoff.States.OPEN:
            line.waiting += count
        else:
            line.recalled += count
    for pk, counts in reasons.items():
        ordered = sorted(counts.items(), key=lambda item: -item[1])
        figures[pk].reasons = [(REJECTIONS[code][1] if code in REJECTIONS else code, count) for code, count in ordered]


def _mine(user: User) -> Q:
    """Leads that ``user`` answers for, and those that no marketer does, or one who has left."""
    gone = User.objects.filter(is_active=False)
    return Q(marketer=user) | Q(marketer__isnull=True) | Q(marketer__in=gone.values("pk"))


def returned_leads(user: User, at: datetime) -> list[Returned]:
    """Give the leads that sales sent back and that wait for a decision of ``user``, the oldest first."""
    leads = load(
        Lead.objects.visible_to(user)
        .filter(_mine(user), stage="lead", needs_new_reason=True, handoff_count__gt=0)
        .order_by("last_touch_at", "id"),
        MOST_ROWS,
    )
    handoffs = {
        handoff.lead_id: handoff
        for handoff in Handoff.objects.filter(lead__in=leads).select_related("decided_by").order_by("ordinal")
    }
    return [
        Returned(row, handoff, REJECTIONS.get(handoff.reason, ("", handoff.reason))[1])
        for row in lead_rows(leads, at)
        if (handoff := handoffs.get(row.lead.pk))
    ]


def stuck_leads(user: User, at: datetime) -> list[Stuck]:
    """Give the MQLs of ``user`` that are in nobody's hands, with what the last attempt found missing."""
    leads = load(
        Lead.objects.visible_to(user)
        .filter(_mine(user), stage="mql", owner__isnull=True, queue__isnull=True)
        .exclude(handoffs__state=Handoff.States.OPEN)
        .order_by("last_touch_at", "id"),
        MOST_ROWS,
    )
    refused: dict[int, list[str]] = {}
    for lead_id, facts in (
        LeadEvent.objects.filter(lead__in=leads, kind="handoff_refused")
        .order_by("occurred_at", "id")
        .values_list("lead_id", "facts")
    ):
        refused[lead_id] = list(facts.get("missing", []))
    return [Stuck(row, refused.get(row.lead.pk, [])) for row in lead_rows(leads, at)]


def feedback_received(user: User) -> list[Feedback]:
    """Give what sales said last of leads that ``user`` answers for or whose campaign is theirs."""
    return list(
        Feedback.objects.filter(Q(lead__marketer=user) | Q(lead__last_campaign__owner=user))
        .select_related("lead__contact", "lead__last_campaign", "user")
        .order_by("-given_at", "-id")[:10]
    )
