"""How the verbs of personas leave their one audit entry, and tell people of a version."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from ledger.writing import Told, write_audit, write_notices
from personas.models import PersonaVersion
from personas.wordings import SUBJECT


def tell(people: Iterable[int], code: str, version: PersonaVersion, *, actor_id: int, written_at: datetime) -> None:
    """Write a notice to each of ``people``, but to nobody of their own deed."""
    facts = {"persona": version.persona.code, "number": version.number}
    write_notices([Told(user, code, SUBJECT, version.pk, facts) for user in people if user != actor_id], at=written_at)


def audit(verb: str, version: PersonaVersion, *, actor_id: int, written_at: datetime, **facts: Any) -> None:
    """Write the audit entry of a verb; ``facts`` are ids and codes."""
    write_audit(
        at=written_at, actor_id=actor_id, verb=verb, subject_type=SUBJECT, subject_ids=[version.pk],
        facts={"persona": version.persona_id, "number": version.number, **facts},
    )  # fmt: skip
