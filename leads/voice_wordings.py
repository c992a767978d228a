"""What the notices about proposals for personas say. What was proposed and answered stands on their page, and in no message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from leads.voices import CLOSED, PROPOSED
from ledger.wording import IN_APP, Message, register

Facts = Mapping[str, Any]


def register_voice_wordings() -> None:
    register(PROPOSED, channels=(IN_APP,), render=_proposed)
    register(CLOSED, channels=(IN_APP,), render=_closed)


def _proposed(version_id: int, facts: Facts) -> Message:
    return Message("A change of a persona is proposed", "Take it up or decline it, with a word why.", _path(facts))


def _closed(version_id: int, facts: Facts) -> Message:
    done = "was taken up" if facts["state"] == "taken" else "was declined"
    return Message(f"Your proposal for a persona {done}", "Open it to read why.", _path(facts))


def _path(facts: Facts) -> str:
    return f"/personas/{facts['persona']}/proposals/{facts['proposal']}/"
