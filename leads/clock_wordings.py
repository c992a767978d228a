"""What notices about clocks say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from leads.clock_acts import ESCALATED, MISSED, TAKEN, TO_PERSON, TO_QUEUE, WARNED
from leads.codes import EXCUSES, PAUSES
from leads.excusing import EXCUSED
from leads.handing_on import HANDED_ON
from leads.pausing import PAUSED, RESUMED
from leads.recomputing import RECOMPUTED
from leads.staff import LEFT
from ledger.wording import EMAIL, IN_APP, Message, register
from sla.promises import KINDS, task_of


def register_clock_wordings() -> None:
    """Register the notices of clocks. Warnings stay in the app; what was missed also goes out by email."""
    register(WARNED, channels=[IN_APP], render=_warned)
    register(MISSED, channels=[IN_APP, EMAIL], render=_missed)
    register(ESCALATED, channels=[IN_APP, EMAIL], render=_escalated)
    register(TAKEN, channels=[IN_APP, EMAIL], render=_taken)
    register(HANDED_ON, channels=[IN_APP, EMAIL], render=_handed_on)
    for code, render in ((PAUSED, _paused), (RESUMED, _resumed), (EXCUSED, _excused), (RECOMPUTED, _recomputed)):
        register(code, channels=[IN_APP], render=render)


def _warned(subject_id: int, facts: Mapping[str, Any]) -> Message:
    what, due = _what(facts), _due(facts)
    text = f"{facts['percent']} % of the time to {what} have passed. It is due {due}."
    return Message(f"Due soon: {what}", text, _path(subject_id, facts))


def _missed(subject_id: int, facts: Mapping[str, Any]) -> Message:
    what, due = _what(facts), _due(facts)
    return Message(f"Overdue: {what}", f"The time to {what} ended {due}. Please do it now.", _path(subject_id, facts))


def _escalated(subject_id: int, facts: Mapping[str, Any]) -> Message:
    what, due = _what(facts), _due(facts)
    text = f"{facts['percent']} % of the time to {what} have passed; it was due {due}. Please see to it."
    return Message(f"Escalated: nobody came to {what}", text, _path(subject_id, facts))


def _taken(subject_id: int, facts: Mapping[str, Any]) -> Message:
    if "transfer" in facts:
        text = f"The time to {_what(facts)} was over, so your colleague keeps it."
        return Message("A lead stays with your colleague", text, _path(subject_id, facts))
    if facts.get("to") == TO_QUEUE:
        title, where = "A lead went back to the queue", "went to the queue of your team"
    elif facts.get("to") == TO_PERSON:
        title, where = "A lead went to somebody else", "was given to somebody else"
    else:  # told before this was written down
        title, where = "A lead was taken from you", "was given to somebody else or to the queue"
    return Message(title, f"The time to {_what(facts)} was over, so the lead {where}.", _path(subject_id, facts))


def _handed_on(subject_id: int, facts: Mapping[str, Any]) -> Message:
    why = "has left" if facts["why"] == LEFT else "is away, and nobody covers"
    text = f"Who promised to {_what(facts)} {why}. Your team owes it now: please see to it."
    return Message(f"Your team has to {_what(facts)}", text, _path(subject_id, facts))


def _paused(lead_id: int, facts: Mapping[str, Any]) -> Message:
    reason = PAUSES.get(facts["reason"], facts["reason"])
    text = f"{reason}. The time to {_what(facts)} stands still until {_when(facts['until'])} at the latest."
    return Message(f"Paused: {_what(facts)}", text, _clock_path(facts))


def _resumed(lead_id: int, facts: Mapping[str, Any]) -> Message:
    return Message(f"Goes on: {_what(facts)}", f"The pause is over. It is due {_due(facts)}.", _clock_path(facts))


def _excused(lead_id: int, facts: Mapping[str, Any]) -> Message:
    reason = EXCUSES.get(facts["reason"], facts["reason"])
    text = f"{reason}. The miss stays; figures are shown with and without it."
    return Message(f"Excused: {_what(facts)}", text, _clock_path(facts))


def _recomputed(lead_id: int, facts: Mapping[str, Any]) -> Message:
    text = f"The time to {_what(facts)} counts by the newest version of your calendar. It is due {_due(facts)}."
    return Message(f"Reckoned anew: {_what(facts)}", text, _clock_path(facts))


def _what(facts: Mapping[str, Any]) -> str:
    return task_of(facts["promise"])


def _due(facts: Mapping[str, Any]) -> str:
    """Say when, in the time zone of whom it is rendered for."""
    return f"on {_when(facts['due_at'])}"


def _when(instant: str) -> str:
    at = timezone.localtime(datetime.fromisoformat(instant))
    return f"{at:%A} {at.day} {at:%B at %H:%M} ({timezone.get_current_timezone_name()})"


def _clock_path(facts: Mapping[str, Any]) -> str:
    return f"/clocks/{facts['clock']}/"


def _path(subject_id: int, facts: Mapping[str, Any]) -> str:
    """Give the page of what the promise is about: of a campaign, else of the lead."""
    kind = KINDS.get(facts["promise"])
    return f"/campaigns/{subject_id}/" if kind and kind.subject == "campaign" else f"/leads/{subject_id}/"
