"""What those who come in are in their campaign: read by the statuses of its type, stored with the batch, never back to an earlier one.

What marketing set by hand stays: whoever sets it corrects what a file said, and the next file says the same again.
"""

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


class SaidStatus(NamedTuple):
    """What a lead is said to be in a campaign; ``status`` is a code."""

    campaign: KnownCampaign
    lead_id: int
    status: str


def problem_with_status(text: str, campaign: KnownCampaign | None) -> Problem | None:
    """Give what is wrong with a status that an arrival names, or nothing. The lead is taken in without it."""
    if not text:
        return None
    if campaign is None:
        return Problem(
            "member_status", "no_campaign", f"“{text}” is left out: a status needs the campaign that it is of."
        )
    if read_status(campaign.type, text) is None:
        message = f"“{text}” is left out: in this campaign it is one of: {labels(campaign.type)}."
        return Problem("member_status", "unknown_status", message)
    return None


def said_status(text: str, campaign: KnownCampaign | None, lead_id: int) -> SaidStatus | None:
    """Give what an arrival says, if it says anything that can be."""
    status = read_status(campaign.type, text) if campaign and text else None
    return SaidStatus(campaign, lead_id, status.code) if campaign and status else None


def store_members(said: Sequence[SaidStatus], *, at: datetime) -> None:
    """Write what ``said`` says where it goes further than what came in before; two statements, none where nothing is said.

    The leads are locked by the batch, so nobody sets one of them by hand meanwhile.
    """
    if not said:
        return
    furthest: dict[tuple[int, int], SaidStatus] = {}
    for one in said:
        key = (one.campaign.id, one.lead_id)
        known = furthest.get(key)
        if known is None or _rank(one) > _rank(known):
            furthest[key] = one
    rows = CampaignMember.objects.filter(
        lead__in={lead_id for _, lead_id in furthest}, campaign__in={campaign_id for campaign_id, _ in furthest}
    ).values_list("campaign_id", "lead_id", "status", "set_by_id")
    stored = {(campaign_id, lead_id): (status, set_by_id) for campaign_id, lead_id, status, set_by_id in rows}
    further = [one for key, one in sorted(furthest.items()) if key not in stored or _goes_further(one, *stored[key])]
    CampaignMember.objects.bulk_create(
        [
            CampaignMember(campaign_id=one.campaign.id, lead_id=one.lead_id, status=one.status, set_at=at)
            for one in further
        ],
        update_conflicts=True, unique_fields=["campaign", "lead"], update_fields=["status", "set_at"],
    )  # fmt: skip


def _goes_further(one: SaidStatus, status: str, set_by_id: int | None) -> bool:
    return set_by_id is None and _rank(one) > rank(one.campaign.type, status)


def _rank(one: SaidStatus) -> int:
    return rank(one.campaign.type, one.status)
