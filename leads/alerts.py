"""Alerts to the owner of a campaign: its leads are rejected for one reason, or rated poor, more often than once in a while.

They are parts of the verbs that judge a lead, in their transaction: the mark (``campaigns.models.CampaignAlert``) and the notice are stored together or not at all.
One alert stands for each campaign and code, by a constraint, so nobody is told twice of the same; it is over as soon as the window says less, and only then may
it rise again. Thresholds: ``campaigns.alerting``.

What was said counts for the campaign that its event is credited to, the one that had touched the lead last *then*: a campaign that touches a lead later does
not inherit what sales said before, and none gets out of it. A return is said when it is returned, however long ago the lead was accepted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Q

from campaigns.alerting import POOR, WINDOW, Tally, change, tallies_of_ratings, tallies_of_reasons
from campaigns.models import Campaign, CampaignAlert
from leads.holding import Held
from leads.informing import marketers_or_managers
from leads.models import LeadEvent
from leads.record import EVENT_COLUMNS, Record

ALERT = "campaign_alert"
EVENTS_READ = 3 * WINDOW
"""Events of a kind that are read, the newest, to find the window: a lead is judged and rated few times. So the price is the same however many leads there are."""

REASONS = ~Q(code=POOR)
RATINGS = Q(code=POOR)
VERDICTS = ("accepted", "rejected")
Tallies = dict[str, Tally]


class Said(NamedTuple):
    """One event of what sales said; the last two are those of its delivery as it counts now."""

    lead_id: int
    kind: str
    handoff_id: int | None
    code: str
    facts: dict[str, Any]
    is_overturned: bool | None = False
    is_struck: bool | None = False


def heed_rejections(record: Record, held: Sequence[Held], at: datetime) -> None:
    """Look at the campaigns of leads that sales has just sent back: alerts may rise."""
    for campaign in _locked(_campaigns_of(held)):
        _heed(record, campaign, _standing(campaign.pk, REASONS), _reasons(record, campaign.pk), at)


def heed_ratings(record: Record, held: Sequence[Held], at: datetime) -> None:
    """Look at the campaigns of leads that have just been rated: alerts may rise, or be over."""
    for campaign in _locked(_campaigns_of(held)):
        _heed(record, campaign, _standing(campaign.pk, RATINGS), _ratings(record, campaign.pk), at)


def calm_accepted(record: Record, held: Sequence[Held], at: datetime) -> None:
    """Look at the campaigns of leads that have just been accepted: alerts may be over. One query where none stands."""
    _calm(record, _campaigns_of(held), at)


def calm_overturned(record: Record, handoff_id: int, at: datetime) -> None:
    """Look at the campaigns that a delivery was judged under, now that both sides see it otherwise. Two queries where no alert stands."""
    events = LeadEvent.objects.filter(handoff=handoff_id, kind__in=VERDICTS, campaign__isnull=False)
    _calm(record, set(events.values_list("campaign_id", flat=True)), at)


def _calm(record: Record, campaign_ids: Iterable[int | None], at: datetime) -> None:
    """Bring the alerts that stand to what is said now. Most often none does: then nothing is locked, and nobody waits for anybody who accepts."""
    standing = CampaignAlert.objects.filter(REASONS, campaign__in=campaign_ids, ended_at__isnull=True)
    for campaign in _locked(set(standing.values_list("campaign_id", flat=True))):
        _heed(record, campaign, _standing(campaign.pk, REASONS), _reasons(record, campaign.pk), at)


def _campaigns_of(held: Sequence[Held]) -> set[int]:
    return {item.lead.last_campaign_id for item in held if item.lead.last_campaign_id}


def _locked(campaign_ids: set[int]) -> list[Campaign]:
    """Lock the campaigns, so that of two who judge at once the second sees what the first said."""
    if not campaign_ids:
        return []
    return list(Campaign.objects.filter(pk__in=campaign_ids).order_by("pk").select_for_update(no_key=True))


def _standing(campaign_id: int, which: Q) -> Tallies:
    rows = CampaignAlert.objects.filter(which, campaign=campaign_id, ended_at__isnull=True)
    return {code: Tally(count, of) for code, count, of in rows.values_list("code", "count", "of")}


def _reasons(record: Record, campaign_id: int) -> Tallies:
    """Tally the last deliveries that sales judged, each by the last word: what the time alone accepted (it has a code) was judged by nobody."""
    last: dict[int | None, Said] = {}
    for said in _said(record, campaign_id, VERDICTS):
        last.setdefault(said.handoff_id, said)
    judged = [said for said in last.values() if not (said.is_struck or (said.kind == "accepted" and said.code))]
    return tallies_of_reasons(["" if said.is_overturned else said.code for said in judged])


def _ratings(record: Record, campaign_id: int) -> Tallies:
    """Tally the last rated leads, each by its newest rating."""
    newest: dict[int, int] = {}
    for said in _said(record, campaign_id, ("rated",)):
        newest.setdefault(said.lead_id, said.facts["quality"])
    return tallies_of_ratings(list(newest.values()))


def _said(record: Record, campaign_id: int, kinds: Sequence[str]) -> list[Said]:
    """Give what sales said last under a campaign, newest first: what ``record`` is about to store, then what is stored, by an index of just that."""
    lines = [dict(zip(EVENT_COLUMNS, event, strict=True)) for event in reversed(record.events)]
    fresh = [
        Said(line["lead_id"], line["kind"], line["handoff_id"], line["code"], line["facts"])
        for line in lines
        if line["campaign_id"] == campaign_id and line["kind"] in kinds
    ]
    stored: list[tuple[Any, ...]] = []
    for kind in kinds:
        rows = LeadEvent.objects.filter(campaign=campaign_id, kind=kind).order_by("-occurred_at", "-pk")
        stored += rows.values_list(
            "occurred_at", "pk", "lead_id", "kind", "handoff_id", "code", "facts", "handoff__is_overturned",
            "handoff__is_struck",
        )[:EVENTS_READ]  # fmt: skip
    return fresh + [Said(*row[2:]) for row in sorted(stored, key=lambda row: row[:2], reverse=True)]


def _heed(record: Record, campaign: Campaign, standing: Tallies, now: Tallies, at: datetime) -> None:
    """Bring the alerts of a locked campaign to what is said now, and tell of those that rise: its owner, or the managers of marketing where they have left."""
    becomes = change(standing, now)
    alerts = CampaignAlert.objects.filter(campaign=campaign, ended_at__isnull=True)
    if becomes.over:
        alerts.filter(code__in=sorted(becomes.over)).update(ended_at=at)
    for code, tally in becomes.stand.items():
        alerts.filter(code=code).update(count=tally.count, of=tally.of)
    told = marketers_or_managers({campaign.pk: campaign.owner_id})[campaign.pk] if becomes.rise else []
    for code, tally in becomes.rise.items():
        CampaignAlert.objects.create(campaign=campaign, code=code, count=tally.count, of=tally.of, raised_at=at)
        for user_id in told:
            record.tell(user_id, ALERT, "campaign", campaign.pk, reason=code, count=tally.count, of=tally.of)
