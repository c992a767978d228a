"""What the notice of an alert says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from campaigns.alerting import POOR
from leads.alerts import ALERT
from leads.codes import REJECTIONS
from ledger.wording import EMAIL, IN_APP, Message, register


def register_alert_wordings() -> None:
    """Register the notice: what goes wrong again and again goes out by email too."""
    register(ALERT, channels=[IN_APP, EMAIL], render=_alert)


def _alert(campaign_id: int, facts: Mapping[str, Any]) -> Message:
    often = f"{facts['count']} of the last {facts['of']}"
    path = f"/campaigns/{campaign_id}/"
    if facts["reason"] == POOR:
        text = f"{often} rated leads of this campaign are poor to sales. Look at what they said."
        return Message(f"Sales rates a campaign’s leads poor: {often}", text, path)
    reason = REJECTIONS.get(facts["reason"], ("", facts["reason"]))[1]
    text = f"Sales sent back {often} judged leads of this campaign for this reason. Look at whom it reaches, and at what was noted."
    return Message(f"{reason}: {often}", text, path)
