"""The alerts that somebody in marketing is to act upon: what sales says too often of a campaign's leads."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q

from campaigns.models import CampaignAlert
from ledger.instants import company_day
from teams.models import User

LATELY = timedelta(days=30)
"""So long after its campaign has ended, or after it rose if that is later, an alert asks for something. After that its campaign's page still says it."""
OF_OWNERS_WHO_LEFT = "keep_any_costs"
"""Managers of marketing: they answer for campaigns whose owner has left, and were told in their place."""


def standing_alerts(user: User, at: datetime) -> list[CampaignAlert]:
    """Give the alerts that stand about campaigns which run or ended lately, and which ``user`` answers for; the newest first, one query."""
    answers_for = Q(campaign__owner=user)
    if user.may(OF_OWNERS_WHO_LEFT):
        answers_for |= Q(campaign__owner__is_active=False)
    since = at - LATELY
    is_of_now = (
        Q(campaign__ends_on__isnull=True) | Q(campaign__ends_on__gte=company_day(since)) | Q(raised_at__gte=since)
    )
    alerts = CampaignAlert.objects.filter(answers_for, is_of_now, ended_at__isnull=True)
    return list(alerts.select_related("campaign").order_by("-raised_at", "-pk"))
