"""What those who come in are in their campaign: read by the statuses of its type, stored with the batch, never back to an earlier one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from campaigns.member_statuses import labels, rank, read_status
from inputs.refusals import Problem
from leads.models import CampaignMember


class KnownCampaign(NamedTuple):
    """A campaign that arrivals name, with the marketer who answers for it, if anybody does."""

    id: int
    marketer_id: int | None
    type: str


class Membership(NamedTuple):
    """What a lead is said to be in a campaign; ``status`` is a code."""

    campaign: KnownCampaign
    lead_id: int
    status: str


def problem_with_status(text: str, campaign: KnownCampaign | None) -> Problem | None:
    """Give what is wrong with a status that an arrival names, or nothing."""
    if not text:
        return None
    if campaign is None:
        return Problem("member_status", "no_campaign", "A member status needs the campaign that it is of.")
    if read_status(campaign.type, text) is None:
        return Problem("member_status", "unknown_status", f"In this campaign it is one of: {labels(campaign.type)}.")
    return None


def membership(text: str, campaign: KnownCampaign | None, lead_id: int) -> Membership | None:
    """Give what a checked arrival says, if it says anything."""
    status = read_status(campaign.type, text) if campaign and text else None
    return Membership(campaign, lead_id, status.code) if campaign and status else None


def store_members(said: Sequence[Membership], *, actor_id: int | None, at: datetime) -> None:
    """Write what ``said`` says where it goes further than what is known; two statements, none where nothing is said."""
    if not said:
        return
    furthest: dict[tuple[int, int], Membership] = {}
    for one in said:
        key = (one.campaign.id, one.lead_id)
        known = furthest.get(key)
        if known is None or _rank(one) > _rank(known):
            furthest[key] = one
    rows = CampaignMember.objects.filter(
        lead__in={lead_id for _, lead_id in furthest}, campaign__in={campaign_id for campaign_id, _ in furthest}
    ).values_list("campaign_id", "lead_id", "status")
    stored = {(campaign_id, lead_id): status for campaign_id, lead_id, status in rows}
    further = [
        one
        for key, one in sorted(furthest.items())
        if key not in stored or _rank(one) > rank(one.campaign.type, stored[key])
    ]
    CampaignMember.objects.bulk_create(
        [
            CampaignMember(
                campaign_id=one.campaign.id, lead_id=one.lead_id, status=one.status, set_at=at, set_by_id=actor_id
            )
            for one in further
        ],
        update_conflicts=True, unique_fields=["campaign", "lead"], update_fields=["status", "set_at", "set_by"],
    )  # fmt: skip


def _rank(one: Membership) -> int:
    return rank(one.campaign.type, one.status)
