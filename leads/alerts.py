"""Alerts to the owner of a campaign: its leads are rejected for one reason, or rated poor, more often than once in a while.

They are parts of the verbs that judge a lead, in their transaction: the mark (``campaigns.models.CampaignAlert``) and the notice are stored together or not at all.
One alert stands for each campaign and code, by a constraint, so nobody is told twice of the same; it is over as soon as the window says less, and only then may
it rise again. Thresholds: ``campaigns.alerting``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Q

from campaigns.alerting import POOR, WINDOW, Tally, change, tallies_of_ratings, tallies_of_reasons
from campaigns.models import Campaign, CampaignAlert
from leads.holding import Held
from leads.informing import marketing_managers
from leads.models import Feedback, Handoff
from leads.record import Record

ALERT = "campaign_alert"
RATINGS_READ = 5 * WINDOW
"""Ratings that are read to find those of the last rated leads: a lead has few."""

_States = Handoff.States
_JUDGED = Q(is_struck=False) & (
    Q(state__in=[_States.ACCEPTED, _States.REJECTED]) | Q(was_returned=True) | Q(is_overturned=True)
)
Tallies = dict[str, Tally]


def heed_rejections(record: Record, held: Sequence[Held], at: datetime) -> None:
    """Look at the campaigns of leads that sales has just sent back: alerts may rise."""
    for campaign in _locked(_campaigns_of(held)):
        now = _reasons(campaign.pk)
        _heed(record, campaign, _standing(campaign.pk, ~Q(code=POOR)), now, at)


def heed_ratings(record: Record, held: Sequence[Held], at: datetime) -> None:
    """Look at the campaigns of leads that have just been rated: alerts may rise, or be over."""
    for campaign in _locked(_campaigns_of(held)):
        now = _ratings(campaign.pk)
        _heed(record, campaign, _standing(campaign.pk, Q(code=POOR)), now, at)


def calm(held: Sequence[Held], at: datetime) -> None:
    """Look at the campaigns of leads that have just been accepted, or whose rejection is overturned: alerts may be over.

    Nothing rises here and nobody is told, so nothing is locked; one query where no alert stands.
    """
    alerts = CampaignAlert.objects.filter(~Q(code=POOR), campaign__in=_campaigns_of(held), ended_at__isnull=True)
    for campaign_id in sorted(set(alerts.values_list("campaign_id", flat=True))):
        _end(campaign_id, change(_standing(campaign_id, ~Q(code=POOR)), _reasons(campaign_id)).over, at)


def _campaigns_of(held: Sequence[Held]) -> set[int]:
    return {item.lead.last_campaign_id for item in held if item.lead.last_campaign_id}


def _locked(campaign_ids: set[int]) -> list[Campaign]:
    """Lock the campaigns, so that of two who judge at once the second sees what the first said."""
    if not campaign_ids:
        return []
    rows = Campaign.objects.filter(pk__in=campaign_ids).select_related("owner").order_by("pk")
    return list(rows.select_for_update(no_key=True, of=("self",)))


def _standing(campaign_id: int, which: Q) -> Tallies:
    rows = CampaignAlert.objects.filter(which, campaign=campaign_id, ended_at__isnull=True)
    return {code: Tally(count, of) for code, count, of in rows.values_list("code", "count", "of")}


def _reasons(campaign_id: int) -> Tallies:
    """Tally the last deliveries that sales judged: what the time alone accepted was judged by nobody."""
    rows = Handoff.objects.filter(_JUDGED, lead__last_campaign=campaign_id).order_by("-decided_at", "-pk")
    last = rows.values_list("state", "was_returned", "is_overturned", "reason")[:WINDOW]
    return tallies_of_reasons(
        [
            reason if (state == _States.REJECTED or returned) and not overturned else ""
            for state, returned, overturned, reason in last
        ]
    )


def _ratings(campaign_id: int) -> Tallies:
    """Tally the last rated leads, each by its newest rating."""
    rows = Feedback.objects.filter(lead__last_campaign=campaign_id).order_by("-given_at", "-pk")
    newest: dict[int, int] = {}
    for lead_id, quality in rows.values_list("lead_id", "quality")[:RATINGS_READ]:
        newest.setdefault(lead_id, quality)
    return tallies_of_ratings(list(newest.values()))


def _heed(record: Record, campaign: Campaign, standing: Tallies, now: Tallies, at: datetime) -> None:
    """Bring the alerts of a locked campaign to what is said now, and tell its owner of those that rise."""
    becomes = change(standing, now)
    _end(campaign.pk, becomes.over, at)
    for code, tally in becomes.stand.items():
        alerts = CampaignAlert.objects.filter(campaign=campaign, code=code, ended_at__isnull=True)
        alerts.update(count=tally.count, of=tally.of)
    for code, tally in becomes.rise.items():
        CampaignAlert.objects.create(campaign=campaign, code=code, count=tally.count, of=tally.of, raised_at=at)
        for user_id in [campaign.owner_id] if campaign.owner.is_active else marketing_managers():
            record.tell(user_id, ALERT, "campaign", campaign.pk, reason=code, count=tally.count, of=tally.of)


def _end(campaign_id: int, codes: frozenset[str], at: datetime) -> None:
    if codes:
        alerts = CampaignAlert.objects.filter(campaign=campaign_id, code__in=sorted(codes), ended_at__isnull=True)
        alerts.update(ended_at=at)
