"""What somebody is in a campaign: set by marketing, in the browser and by API. What comes in with arrivals is the matter of ``leads.intake.members``."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from campaigns.actions import NoSuchCampaign
from campaigns.member_statuses import labels, read_status
from campaigns.models import Campaign
from inputs.refusals import Invalid
from leads.holding import hold, permit
from leads.models import CampaignMember, Lead
from leads.record import Record
from teams.models import User

MAY = "set_member_status"


class BadStatus(Invalid):
    """The type of the campaign knows no such status."""

    code = "unknown_status"


@transaction.atomic
def set_member_status(*, lead_id: int, campaign_id: int, status: str, actor: User, at: datetime) -> bool:
    """Say what a lead is in a campaign, by code or label; an empty ``status`` takes it back. Tell whether anything changed.

    Any step is allowed, also back: whoever sets it by hand corrects what a file said. Raises ``NoSuchLead``, ``NotAllowed``, ``NoSuchCampaign``, ``BadStatus``.
    """
    hold([lead_id], actor=actor)
    permit(actor, MAY)
    campaign = _visible(actor, pk=campaign_id)
    found = CampaignMember.objects.filter(campaign=campaign, lead=lead_id)
    stored = found.values_list("status", flat=True).first() or ""
    if status == stored:  # also one of a former type of the campaign, which nobody could set now
        return False
    wanted = read_status(campaign.type, status) if status else None
    if status and wanted is None:
        raise BadStatus(f"In this campaign it is one of: {labels(campaign.type)}.", field="status")
    code = wanted.code if wanted else ""
    if code == stored:
        return False
    if wanted is None:
        found.delete()
    else:
        CampaignMember.objects.update_or_create(
            campaign=campaign, lead_id=lead_id, defaults={"status": code, "set_at": at, "set_by": actor}
        )
    Record(MAY, actor.pk, at).write("lead", [lead_id], campaign=campaign.pk, status=code)
    return True


def campaign_of(code: str, user: User) -> Campaign:
    """Give the campaign that programs call ``code``; raises ``NoSuchCampaign``."""
    return _visible(user, code=code)


def members_for(user: User, campaign: Campaign) -> QuerySet[CampaignMember]:
    """Give those who have a status in a campaign, as far as ``user`` sees their leads."""
    return CampaignMember.objects.filter(campaign=campaign, lead__in=Lead.objects.visible_to(user))


def _visible(user: User, **which: Any) -> Campaign:
    campaign = Campaign.objects.visible_to(user).filter(**which).first()
    if campaign is None:
        raise NoSuchCampaign("There is no such campaign.")
    return campaign
