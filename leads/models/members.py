"""What somebody is in a campaign."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.member_statuses import LONGEST
from campaigns.models import Campaign
from leads.models.leads import Lead


class CampaignMember(models.Model):
    """What a lead is in a campaign, by the statuses of its type (``campaigns.member_statuses``). Who has none has no row.

    ``set_by`` is who set it by hand, in the browser or by the act of the API: then what comes in leaves it. It is null where it came in with a lead.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="members", db_index=False)
    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="memberships")
    status = models.CharField(_("status"), max_length=LONGEST)
    set_at = models.DateTimeField()
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["campaign", "lead"], name="one_status_per_member")]
        indexes = [
            models.Index(fields=["campaign", "status", "lead"], name="member_status_idx"),
            models.Index(fields=["campaign", "set_at"], name="member_set_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.status}: lead {self.lead_id} in campaign {self.campaign_id}"
