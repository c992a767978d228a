"""What notices about clocks say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from leads.clock_acts import ESCALATED, MISSED, TAKEN, WARNED
from ledger.wording import EMAIL, IN_APP, Message, register

PROMISES = {
    "accept": "accept or reject the lead",
    "first_attempt": "make the first attempt",
    "assign": "assign the lead from the queue",
}


def register_clock_wordings() -> None:
    """Register the notices of clocks. Warnings stay in the app; what was missed also goes out by email."""
    register(WARNED, channels=[IN_APP], render=_warned)
    register(MISSED, channels=[IN_APP, EMAIL], render=_missed)
    register(ESCALATED, channels=[IN_APP, EMAIL], render=_escalated)
    register(TAKEN, channels=[IN_APP, EMAIL], render=_taken)


def _warned(lead_id: int, facts: Mapping[str, Any]) -> Message:
    what, due = _what(facts), _due(facts)
    text = f"{facts['percent']} % of the time to {what} have passed. It is due {due}."
    return Message(f"Due soon: {what}", text, _path(lead_id))


def _missed(lead_id: int, facts: Mapping[str, Any]) -> Message:
    what, due = _what(facts), _due(facts)
    return Message(f"Overdue: {what}", f"The time to {what} ended {due}. Please do it now.", _path(lead_id))


def _escalated(lead_id: int, facts: Mapping[str, Any]) -> Message:
    what, due = _what(facts), _due(facts)
    text = f"{facts['percent']} % of the time to {what} have passed; it was due {due}. Please see to it."
    return Message(f"Escalated: nobody came to {what}", text, _path(lead_id))


def _taken(lead_id: int, facts: Mapping[str, Any]) -> Message:
    text = f"The time to {_what(facts)} was over, so the lead was given to somebody else."
    return Message("A lead went to somebody else", text, _path(lead_id))


def _what(facts: Mapping[str, Any]) -> str:
    return PROMISES.get(facts["promise"], str(facts["promise"]).replace("_", " "))


def _due(facts: Mapping[str, Any]) -> str:
    """Say when, in the time zone of whom it is rendered for."""
    due = timezone.localtime(datetime.fromisoformat(facts["due_at"]))
    return f"on {due:%A} {due.day} {due:%B at %H:%M} ({timezone.get_current_timezone_name()})"


def _path(lead_id: int) -> str:
    return f"/leads/{lead_id}/"
