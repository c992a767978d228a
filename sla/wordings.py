"""What the notices about the agreement say, and the codes they go by."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from ledger.wording import EMAIL, IN_APP, Message, register
from sla.clauses import CLAUSES

PROPOSED = "agreement_proposed"
CONCERN_RAISED = "agreement_concern"
CONCERN_CLOSED = "agreement_concern_closed"
SIGNED = "agreement_signed"
IN_FORCE = "agreement_in_force"
WITHDRAWN = "agreement_withdrawn"
REVIEW_DUE = "agreement_review_due"

Facts = Mapping[str, Any]


def register_wordings() -> None:
    """Register the notices of the agreement; what somebody has to act on, or has to know, also goes out by email."""
    for code, channels, render in (
        (PROPOSED, (IN_APP, EMAIL), _proposed),
        (CONCERN_RAISED, (IN_APP, EMAIL), _concern),
        (CONCERN_CLOSED, (IN_APP,), _closed),
        (SIGNED, (IN_APP, EMAIL), _signed),
        (IN_FORCE, (IN_APP, EMAIL), _in_force),
        (WITHDRAWN, (IN_APP,), _withdrawn),
        (REVIEW_DUE, (IN_APP, EMAIL), _review_due),
    ):
        register(code, channels=channels, render=render)


def _proposed(version_id: int, facts: Facts) -> Message:
    title = f"Version {facts['number']} of the agreement is proposed"
    return Message(title, "Read it, comment on its clauses, and raise a concern before it is signed.", _path(facts))


def _concern(version_id: int, facts: Facts) -> Message:
    title = f"A concern about “{_clause(facts)}” in version {facts['number']} of the agreement"
    return Message(title, "Nobody can sign until it is resolved or withdrawn.", _clause_path(facts))


def _closed(version_id: int, facts: Facts) -> Message:
    title = f"Your concern about “{_clause(facts)}” was resolved"
    return Message(title, "Read why. You may raise another as long as the version is negotiated.", _clause_path(facts))


def _signed(version_id: int, facts: Facts) -> Message:
    title = f"Version {facts['number']} of the agreement is signed by {facts['side']}"
    if "effective_on" in facts:
        day = date.fromisoformat(facts["effective_on"])
        return Message(title, f"Both sides have signed. It is in force from {day.day} {day:%B %Y}.", _path(facts))
    return Message(title, "Your side’s signature is missing. Read it and sign, or raise a concern.", _path(facts))


def _in_force(version_id: int, facts: Facts) -> Message:
    title = f"Version {facts['number']} of the agreement is in force"
    return Message(
        title, "What begins from now on goes by it; running promises keep the version they began under.", _path(facts)
    )


def _withdrawn(version_id: int, facts: Facts) -> Message:
    return Message(
        f"Version {facts['number']} of the agreement was withdrawn", "Nobody can sign it any more.", _path(facts)
    )


def _review_due(version_id: int, facts: Facts) -> Message:
    text = "Go through what was kept and missed, then begin a new version or sign the same terms again."
    return Message(f"Version {facts['number']} of the agreement is due for review", text, _path(facts))


def _clause(facts: Facts) -> str:
    return CLAUSES.get(facts["clause"], str(facts["clause"]))


def _path(facts: Facts) -> str:
    return f"/agreement/{facts['number']}/"


def _clause_path(facts: Facts) -> str:
    return f"/agreement/{facts['number']}/clauses/{facts['clause']}/"
