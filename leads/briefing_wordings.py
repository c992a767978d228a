"""What the notices about campaigns say, and how a campaign is named."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from campaigns.models import Campaign
from leads.briefings import ANNOUNCED, MOVED
from ledger.wording import EMAIL, IN_APP, Message, register, register_subject


def register_briefing_wordings() -> None:
    """Register the notices of briefings: sales has to act on them, so they go out by email too."""
    register(ANNOUNCED, channels=[IN_APP, EMAIL], render=_announced)
    register(MOVED, channels=[IN_APP, EMAIL], render=_moved)
    register_subject("campaign", _names)


def _names(campaign_ids: Collection[int]) -> dict[int, str]:
    return dict(Campaign.objects.filter(pk__in=campaign_ids).values_list("pk", "name"))


def _announced(campaign_id: int, facts: Mapping[str, Any]) -> Message:
    text = f"It starts on {_day(facts)}. Read what it offers and what to say, then confirm that you are informed."
    return Message("A campaign is coming: read its brief", text, _path(campaign_id))


def _moved(campaign_id: int, facts: Mapping[str, Any]) -> Message:
    return Message("A campaign has another start date", f"It starts on {_day(facts)} now.", _path(campaign_id))


def _day(facts: Mapping[str, Any]) -> str:
    day = date.fromisoformat(facts["starts_on"])
    return f"{day:%A} {day.day} {day:%B %Y}"


def _path(campaign_id: int) -> str:
    return f"/campaigns/{campaign_id}/"
