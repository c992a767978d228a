"""The verb that writes how leads are scored: each change is one more version, which counts from the agreement that pins it (decision 23)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection, transaction

from inputs.refusals import Conflict, NotAllowed
from ledger.selecting import select
from ledger.writing import write_audit
from personas.defaults import SCORING_TERMS
from personas.models import ScoringVersion
from personas.scoring_terms import checked, is_same
from teams.models import User

WRITING = 7403
"""The number of the lock under which scoring versions are numbered."""


class MayNotWriteScoring(NotAllowed):
    """How leads are scored is written by managers of marketing and by administrators."""

    code = "may_not_write_scoring"


class ScoringMoved(Conflict):
    """Somebody else wrote a version since the page was opened; ``details["seen"]`` is the number of the newest."""

    code = "scoring_moved"


@transaction.atomic
def write_scoring(*, actor: User, terms: Any, seen: int, at: datetime) -> ScoringVersion:
    """Say anew how leads are scored, as the next version; where nothing differs there is none. Give the newest.

    ``terms`` are as in ``personas.models.ScoringVersion``; ``seen`` is the number of the version that the actor looked at, 0 where there
    was none. No agreement changes by it. Raises ``MayNotWriteScoring``, ``BadScoringTerms``, ``ScoringMoved``.
    """
    require_may_write(actor)
    newest = _lock_newest()
    said = checked(terms, kinds=kinds_of(newest))
    number = newest.number if newest else 0
    if seen != number:
        raise ScoringMoved(
            f"Somebody else wrote version {number} since you opened the page. Look at it, then go on.",
            details={"seen": number},
        )
    if newest is not None and is_same(newest.terms, said):
        return newest
    version = ScoringVersion.objects.create(number=number + 1, terms=said, created_at=at, created_by=actor)
    write_audit(
        at=at, actor_id=actor.pk, verb="write_scoring", subject_type="scoring_version", subject_ids=[version.pk],
        facts={"number": version.number, "replaces": newest.pk if newest else None},
    )  # fmt: skip
    return version


def require_may_write(actor: User) -> None:
    """Refuse who does not write how leads are scored."""
    if not actor.may("write_scoring"):
        raise MayNotWriteScoring("How leads are scored is written by managers of marketing and administrators.")


def newest_scoring() -> ScoringVersion | None:
    """Give the version that the next draft of an agreement takes; nothing before the first."""
    return ScoringVersion.objects.select_related("created_by").order_by("-number").first()


def kinds_of(newest: ScoringVersion | None) -> list[str]:
    """Give the kinds of touches that have points: those that the program knows, and what the newest version has beyond them."""
    return list(dict.fromkeys([*SCORING_TERMS["points"], *(newest.terms["points"] if newest else ())]))


def _lock_newest() -> ScoringVersion | None:
    """Let nobody else write a version until this transaction ends, and give the newest, read after the lock. SQLite has one writer."""
    if connection.vendor == "postgresql":
        select("SELECT CAST(pg_advisory_xact_lock(%s) AS text)", [WRITING])
    return ScoringVersion.objects.order_by("-number").first()
