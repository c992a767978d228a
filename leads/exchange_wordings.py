"""What the notices about questions and disputes say. What was asked or contested stands on the lead's page, and in no message."""

from __future__ import annotations

from leads.codes import EVENT_KINDS
from leads.wordings import Facts, about_lead
from ledger.wording import EMAIL, IN_APP, register

STATES = {
    "overturned": "Both sides overturned it.",
    "stands": "It stands as it is.",
    "expired": "Nobody decided in time, so it stands as it is.",
    "withdrawn": "Whoever raised it took it back.",
}
KINDS = {"rejection": "a rejection", "delivery": "a delivery"}


def register_exchange_wordings() -> None:
    """Register the notices of questions and disputes. What somebody has to act on also goes out by email."""
    urgent, quiet = (IN_APP, EMAIL), (IN_APP,)
    for code, channels, render in (
        ("question_asked", urgent, _asked),
        ("question_answered", quiet, _answered),
        ("question_withdrawn", quiet, _withdrawn),
        ("question_ended", quiet, _ended),
        ("dispute_raised", urgent, _raised),
        ("dispute_closed", quiet, _closed),
    ):
        register(code, channels=channels, render=about_lead(render))


def _asked(facts: Facts) -> tuple[str, str]:
    if facts.get("to") == "sales":
        return "Marketing offers help with a lead of yours", "Say whether it is wanted, and what would help."
    return "Sales asks about a lead", "Answer it: the rep waits for what is missing."


def _answered(facts: Facts) -> tuple[str, str]:
    who = "Sales" if facts.get("by") == "sales" else "Marketing"
    return f"{who} answered your question", "Open the lead to read the answer."


def _withdrawn(facts: Facts) -> tuple[str, str]:
    return "A question was taken back", "You need not answer it any more."


def _ended(facts: Facts) -> tuple[str, str]:
    why = EVENT_KINDS.get(facts.get("why", ""), "Moved on").lower()
    return "A question ended without an answer", f"What became of its lead: {why}."


def _raised(facts: Facts) -> tuple[str, str]:
    what = KINDS.get(facts.get("kind", ""), "a handoff")
    if facts.get("decides"):
        return (
            f"A dispute waits for your word: {what} is contested",
            "Let it stand, or overturn it. It takes a word of each side.",
        )
    who = "Marketing" if facts.get("kind") == "rejection" else "Sales"
    return f"{who} contests {what}", "A manager of each side decides."


def _closed(facts: Facts) -> tuple[str, str]:
    what = KINDS.get(facts.get("kind", ""), "a handoff")
    return f"The dispute about {what} is closed", STATES.get(facts.get("state", ""), "")
