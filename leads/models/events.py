"""The event log: the source of every figure."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from campaigns.models import Campaign
from leads.codes import EVENT_KINDS
from leads.models.handoffs import Handoff
from leads.models.leads import Lead
from sla.models import AgreementVersion


class LeadEvent(models.Model):
    """One thing that happened to a lead. Append-only, ids and codes only, so that an erasure leaves it whole.

    ``occurred_at`` is when it was true, ``recorded_at`` when we learnt it. ``user`` is whom it concerns (the rep offered, the rep who
    called), ``actor`` who did it (null: the system).
    """

    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=24, choices=EVENT_KINDS)
    handoff = models.ForeignKey(Handoff, on_delete=models.PROTECT, null=True, related_name="+")
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    version = models.ForeignKey(AgreementVersion, on_delete=models.PROTECT, null=True, related_name="+")
    code = models.CharField(max_length=24, blank=True, default="", help_text="Reason, outcome, source or touch kind.")
    facts = models.JSONField(default=dict, help_text="Further ids, codes and numbers; never personal data.")
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["lead", "occurred_at", "id"], name="event_lead_idx"),
            models.Index(fields=["kind", "occurred_at"], name="event_period_idx"),
            models.Index(
                fields=["campaign", "kind", "occurred_at"],
                name="event_campaign_idx",
                condition=models.Q(campaign__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of lead {self.lead_id}"
