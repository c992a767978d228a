"""The verbs between draft and signature: change a clause, pin anew, comment, raise and close concerns, withdraw."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from inputs.refusals import Conflict, Invalid, NotAllowed
from inputs.text import problem_with, tidy
from sla.agreements import (
    States,
    WrongState,
    calendars_now,
    check_drafter,
    check_manager,
    locked,
    newest_pins,
    pinning,
)
from sla.applying import read_terms
from sla.clauses import CLAUSES, TAKEN, fingerprint, part_of, with_part
from sla.models import AgreementComment, AgreementVersion
from sla.telling import audit, tell
from sla.wordings import CONCERN_CLOSED, CONCERN_RAISED, WITHDRAWN
from teams.models import User
from teams.reaching import managers, members

MOST_CHARACTERS = 2000

Kinds = AgreementComment.Kinds
Closings = AgreementComment.States


class MayNotComment(NotAllowed):
    """Members of both teams comment; whoever is in no team reads."""

    code = "may_not_comment"


class MayNotWithdrawConcern(NotAllowed):
    """Whoever raised a concern withdraws it; managers resolve it instead."""

    code = "may_not_withdraw_concern"


class ClauseChanged(Conflict):
    """Somebody else changed this clause since the page was opened; ``details["seen"]`` names how it reads now."""

    code = "clause_changed"


class UnknownClause(Invalid):
    """An agreement has no such clause, or it cannot be changed by hand."""

    code = "unknown_clause"


class BadWords(Invalid):
    """The text is missing, too long, or cannot be stored."""

    code = "bad_words"


@transaction.atomic
def change_clause(
    *, actor: User, version: AgreementVersion, clause: str, part: Any, at: datetime, seen: str | None = None
) -> AgreementVersion:
    """Let ``clause`` of a draft say ``part`` (see ``sla.clauses``; ``None`` leaves it out).

    ``seen`` is the fingerprint of what the actor looked at; raises ``ClauseChanged`` where it reads otherwise by now. Raises
    ``UnusableTerms`` where the document could not be read afterwards; whether it makes an agreement is asked when it is proposed.
    """
    check_manager(actor)
    version = locked(version, States.DRAFT)
    check_drafter(actor, version)
    if clause not in CLAUSES or clause in TAKEN:
        raise UnknownClause(f"“{clause}” is no clause that can be written.", field="clause")
    now = fingerprint(part_of(version.terms, clause))
    if seen is not None and seen != now:
        raise ClauseChanged(
            "Somebody else changed this clause since you opened the page. Look at it again, then save.",
            details={"seen": now},
        )
    document = with_part(version.terms, clause, part)
    read_terms(document)
    version.terms = document
    version.save(update_fields=["terms"])
    audit("change_agreement_clause", version, actor.pk, at, clause=clause)
    return version


@transaction.atomic
def take_newest(*, actor: User, version: AgreementVersion, clause: str, at: datetime) -> AgreementVersion:
    """Let a draft take ``clause`` from what there is now: the newest scoring and personas, or the hours that the teams keep."""
    check_manager(actor)
    version = locked(version, States.DRAFT)
    check_drafter(actor, version)
    if clause == "calendars":
        version.terms = {**version.terms, clause: calendars_now()}
        version.save(update_fields=["terms"])
    else:
        scoring, personas = newest_pins()
        version.terms = {**version.terms, "pinned": pinning(scoring, personas)}
        version.scoring = scoring
        version.save(update_fields=["terms", "scoring"])
        version.personas.set(personas)
    audit("change_agreement_clause", version, actor.pk, at, clause=clause)
    return version


@transaction.atomic
def withdraw(*, actor: User, version: AgreementVersion, at: datetime) -> AgreementVersion:
    """Take a proposal back: nobody signs it any more. It stays to be read, and a new draft may begin from it."""
    check_manager(actor)
    version = locked(version, States.PROPOSED)
    check_drafter(actor, version)
    version.state = States.WITHDRAWN
    version.withdrawn_at = at
    version.save(update_fields=["state", "withdrawn_at"])
    audit("withdraw_agreement", version, actor.pk, at)
    tell(members(), WITHDRAWN, version, actor_id=actor.pk, written_at=at)
    return version


# Comments and concerns ------------------------------------------------------------------------------------------------


@transaction.atomic
def comment(
    *, actor: User, version: AgreementVersion, clause: str, kind: str, text: str, at: datetime
) -> AgreementComment:
    """Say something about a clause of a proposal; a *concern* also stands in the way of signing, and the managers of both sides are told."""
    check_commenter(actor)
    version = locked(version, States.PROPOSED)
    if clause not in CLAUSES:
        raise UnknownClause(f"An agreement has no clause “{clause}”.", field="clause")
    if kind not in Kinds.values:
        raise BadWords("This is a comment or a concern.", field="kind")
    said = AgreementComment.objects.create(
        version=version, clause=clause, kind=kind, text=_words(text, "text"), author=actor, created_at=at
    )
    is_concern = kind == Kinds.CONCERN
    verb = "raise_concern" if is_concern else "comment_on_agreement"
    audit(verb, version, actor.pk, at, clause=clause, comment=said.pk)
    if is_concern:
        tell(managers(), CONCERN_RAISED, version, actor_id=actor.pk, written_at=at, clause=clause, comment=said.pk)
    return said


@transaction.atomic
def resolve_concern(*, actor: User, comment_id: int, words: str, at: datetime) -> AgreementComment:
    """Close a concern with a word why, as a manager of either side; its author is told."""
    check_manager(actor)
    concern = _open_concern(comment_id)
    _close(concern, Closings.RESOLVED, actor, at, _words(words, "words"))
    tell(
        [concern.author_id], CONCERN_CLOSED, concern.version, actor_id=actor.pk, written_at=at, clause=concern.clause,
        comment=concern.pk,
    )  # fmt: skip
    return concern


@transaction.atomic
def withdraw_concern(*, actor: User, comment_id: int, at: datetime) -> AgreementComment:
    """Take back a concern of one's own."""
    concern = _open_concern(comment_id)
    if concern.author_id != actor.pk:
        raise MayNotWithdrawConcern("Only whoever raised a concern withdraws it.")
    _close(concern, Closings.WITHDRAWN, actor, at, "")
    return concern


def check_commenter(actor: User) -> None:
    """Refuse whoever is in neither team."""
    if not actor.may("comment_on_agreement"):
        raise MayNotComment("Members of marketing and sales comment on the agreement.")


# Parts ----------------------------------------------------------------------------------------------------------------


def _open_concern(comment_id: int) -> AgreementComment:
    """Lock the version, then the concern: signing locks the version, so neither overtakes the other."""
    concern = AgreementComment.objects.select_related("version").get(pk=comment_id)
    locked(concern.version, States.PROPOSED)
    concern = AgreementComment.objects.select_for_update(of=("self",)).select_related("version").get(pk=comment_id)
    if not concern.is_open_concern:
        raise WrongState("This concern is closed already.")
    return concern


def _close(concern: AgreementComment, state: str, actor: User, at: datetime, words: str) -> None:
    concern.state, concern.closed_at, concern.closed_by, concern.closing_words = state, at, actor, words
    concern.save(update_fields=["state", "closed_at", "closed_by", "closing_words"])
    verb = "resolve_concern" if state == Closings.RESOLVED else "withdraw_concern"
    audit(verb, concern.version, actor.pk, at, clause=concern.clause, comment=concern.pk)


def _words(text: str, field: str) -> str:
    words = tidy(text)
    if not words:
        raise BadWords("Say it in words.", field=field, code="required")
    if len(words) > MOST_CHARACTERS:
        raise BadWords(f"This has more than {MOST_CHARACTERS:,} characters.", field=field, code="too_long")
    problem = problem_with(words, field=field)
    if problem:
        raise BadWords.of([problem])
    return words
