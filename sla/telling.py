"""Whom the verbs of the agreement tell, and how they leave their one audit entry."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from ledger.writing import Told, write_audit, write_notices
from sla.models import AgreementVersion

SUBJECT = "agreement_version"


def tell(
    people: Iterable[int], code: str, version: AgreementVersion, *, actor_id: int | None, written_at: datetime,
    not_before: datetime | None = None, **facts: Any,
) -> None:  # fmt: skip
    """Write a notice to each of ``people``, but to nobody of their own deed."""
    told = {"number": version.number, **facts}
    write_notices(
        [Told(user, code, SUBJECT, version.pk, told, not_before) for user in people if user != actor_id], at=written_at
    )


def audit(verb: str, version: AgreementVersion, actor_id: int | None, written_at: datetime, **facts: Any) -> None:
    """Write the audit entry of a verb; ``facts`` are ids and codes."""
    write_audit(
        at=written_at, actor_id=actor_id, verb=verb, subject_type=SUBJECT, subject_ids=[version.pk],
        facts={"hash": version.terms_hash, **facts},
    )  # fmt: skip
