"""Which agreement version is in force at an instant, ready for the verbs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from inputs.refusals import Conflict
from ledger.selecting import Query, select
from sla.models import AgreementVersion
from sla.terms import Document, Terms

IN_FORCE = """
SELECT id, number, terms_hash FROM sla_agreementversion WHERE state = 'signed' AND effective_from <= %s
ORDER BY effective_from DESC, number DESC LIMIT 1"""


@dataclass(frozen=True, slots=True)
class InForce:
    """A signed version: its terms, and the scoring and persona versions that it pins.

    ``scoring`` is ``{"half_life_days": int, "points": {kind: {"points": int, "decays": bool}}, "negatives": [...]}``, the terms of
    ``scoring_version_id`` (see ``personas.models``).
    """

    version_id: int
    number: int
    terms: Terms
    scoring_version_id: int
    scoring: Document
    persona_version_ids: tuple[int, ...]


class NoAgreement(Conflict):
    """No version is signed and in force: both sides have to sign one first."""

    code = "no_agreement"


def agreement_in_force(at: datetime) -> InForce:
    """Give the version in force at ``at``, with one small query; raises ``NoAgreement``."""
    return read_in_force(select(*in_force_query(at)))


def in_force_query(at: datetime) -> Query:
    """Give the query of ``agreement_in_force``, to be run together with others."""
    return IN_FORCE, [at]


def read_in_force(rows: Sequence[tuple[Any, ...]]) -> InForce:
    """Read the rows of ``in_force_query``; raises ``NoAgreement``."""
    if not rows:
        raise NoAgreement("No agreement is in force yet. A manager of each side has to sign one first.")
    return _load(*rows[0])


def agreements_until(at: datetime) -> list[tuple[datetime, InForce]]:
    """Give the versions that were in force by ``at``, oldest first, each with the instant from which it was: one query for all that are known."""
    signed = AgreementVersion.objects.filter(state=AgreementVersion.States.SIGNED, effective_from__lte=at)
    rows = signed.order_by("effective_from", "number").values_list("effective_from", "pk", "number", "terms_hash")
    return [(since, _load(*row)) for since, *row in rows if since is not None]


def version_terms(version_id: int) -> Terms:
    """Give the terms of a version that is proposed or signed, whether in force or not."""
    return _load(*AgreementVersion.objects.values_list("pk", "number", "terms_hash").get(pk=version_id)).terms


@lru_cache(maxsize=64)
def _load(version_id: int, number: int, terms_hash: str) -> InForce:
    """Read a frozen version; what is given back is what the hash covers and the arguments, so that the cache cannot be stale."""
    document: dict[str, Any] = AgreementVersion.objects.get(pk=version_id).terms
    pinned = document["pinned"]
    return InForce(
        version_id=version_id,
        number=number,
        terms=Terms.from_document(document),
        scoring_version_id=pinned["scoring_version"],
        scoring=pinned["scoring"],
        persona_version_ids=tuple(pinned["persona_versions"]),
    )
