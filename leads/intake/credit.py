"""Which campaign a lead came from and which touched it last: by when the touches occurred, not by when we heard of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Max, Min

from leads.intake.states import LeadState
from leads.lifecycle import Stage
from leads.models import Touch


def credit(leads: Iterable[LeadState]) -> None:
    """Give each lead its first and last campaign, and, while it is with marketing, the marketer who answers for the last.

    Of two at the same instant the one that came in last counts as later. What is stored is read, by one statement, only where a batch
    brings a touch from before the last that was known.
    """
    touched = [lead for lead in leads if lead.campaign_touches]
    stored = _stored_span([lead.id for lead in touched if lead.is_backdated and lead.first_campaign_id is not None])
    for lead in touched:
        first = min(lead.campaign_touches, key=lambda touch: touch.occurred_at)
        last = max(reversed(lead.campaign_touches), key=lambda touch: touch.occurred_at)
        first_at, last_at = stored.get(lead.id, (None, None))
        if lead.first_campaign_id is None or (first_at is not None and first.occurred_at < first_at):
            lead.first_campaign_id = first.campaign_id
        if last_at is None or last.occurred_at >= last_at:
            lead.last_campaign_id = last.campaign_id
            lead.marketer_id = last.marketer_id if lead.stage == Stage.LEAD else lead.marketer_id


def _stored_span(lead_ids: list[int]) -> dict[int, tuple[datetime, datetime]]:
    """Give the first and the last instant at which a campaign touched these leads."""
    if not lead_ids:
        return {}
    rows = Touch.objects.filter(lead_id__in=lead_ids, campaign__isnull=False).order_by()
    spans = rows.values_list("lead_id").annotate(Min("occurred_at"), Max("occurred_at"))
    return {lead_id: (first, last) for lead_id, first, last in spans}
