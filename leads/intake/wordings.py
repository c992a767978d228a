"""What the notice of the intake says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ledger.wording import EMAIL, IN_APP, Message, register

HAND_RAISE = "new_hand_raise"


def register_intake_wordings() -> None:
    """Register the notice of a hand-raise on a lead in somebody's hands: it is urgent and goes out by email too."""
    register(HAND_RAISE, channels=[IN_APP, EMAIL], render=_hand_raise)


def _hand_raise(lead_id: int, facts: Mapping[str, Any]) -> Message:
    text = "A contact of yours has asked to hear from us again. Please get in touch."
    return Message("Your lead raised a hand", text, f"/leads/{lead_id}/")
