"""What customers said about a persona, and what somebody would change about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from inputs.refusals import NotVisible
from leads.models import Lead, PersonaProposal, Quote
from leads.voices import may_remove
from teams.models import User

SHOWN = 5
"""Quotes on the page of a persona, whose others have a page of their own, and on that of a lead, which shows no more."""
PAGE = 25
MOST_OPEN = 20
"""Open proposals on the page of a persona, oldest first; of those that are answered the newest."""
OPEN = PersonaProposal.States.OPEN
ALONG = ("lead__contact__company", "version__persona")


@dataclass(frozen=True, slots=True)
class Said:
    """A quote, and whether the reader may take it away."""

    quote: Quote
    may_remove: bool


@dataclass(frozen=True, slots=True)
class Voices:
    """What stands on the page of a persona. ``has_more`` tells of quotes beyond those that are shown, ``has_more_open`` of proposals."""

    quotes: list[Said]
    has_more: bool
    open: list[PersonaProposal]
    has_more_open: bool
    answered: list[PersonaProposal]


@dataclass(frozen=True, slots=True)
class Quotes:
    """One page of quotes, newest first; ``older`` is the id before which the next page begins, nothing on the last."""

    quotes: list[Said]
    older: int | None


@dataclass(frozen=True, slots=True)
class Proposals:
    """One page of open proposals, oldest first; ``later`` is the id after which the next page begins, nothing on the last."""

    proposals: list[PersonaProposal]
    later: int | None


def voices_of(user: User, persona_id: int) -> Voices:
    """Load what the page of a persona shows: three queries, each bounded."""
    quotes = list(_quotes(user, persona_id)[: SHOWN + 1])
    proposals = _proposals(user).filter(persona=persona_id)
    waiting = list(proposals.filter(state=OPEN).order_by("id")[: MOST_OPEN + 1])
    answered = proposals.exclude(state=OPEN).order_by("-id")
    return Voices(
        _said(user, quotes[:SHOWN]), len(quotes) > SHOWN, waiting[:MOST_OPEN], len(waiting) > MOST_OPEN, list(answered[:SHOWN])
    )  # fmt: skip


def quotes_of(user: User, persona_id: int, before: int | None) -> Quotes:
    """Give one page of the quotes of a persona, older than the id ``before`` where given."""
    quotes = _quotes(user, persona_id)
    found = list((quotes if before is None else quotes.filter(pk__lt=before))[: PAGE + 1])
    return Quotes(_said(user, found[:PAGE]), found[PAGE - 1].pk if len(found) > PAGE else None)


def quotes_from(user: User, lead: Lead) -> list[Said]:
    """Give the newest quotes of the contact of a lead."""
    quotes = Quote.objects.visible_to(user).filter(lead=lead)
    return _said(user, quotes.select_related(*ALONG, "quoted_by").order_by("-id")[:SHOWN])


def open_proposals(user: User, after: int | None) -> Proposals:
    """Give one page of the proposals of all personas that wait for an answer, later than the id ``after`` where given."""
    waiting = _proposals(user).filter(state=OPEN).order_by("id")
    found = list((waiting if after is None else waiting.filter(pk__gt=after))[: PAGE + 1])
    return Proposals(found[:PAGE], found[PAGE - 1].pk if len(found) > PAGE else None)


def count_open(user: User) -> int:
    """Count the proposals that wait for an answer."""
    return PersonaProposal.objects.visible_to(user).filter(state=OPEN).count()


def proposal_for(user: User, code: str, proposal_id: int) -> PersonaProposal:
    """Give a proposal for the persona of this code; raises ``NotVisible``."""
    found = _proposals(user).filter(pk=proposal_id, persona__code=code).first()
    if found is None:
        raise NotVisible("There is nothing here.")
    return found


def _proposals(user: User) -> QuerySet[PersonaProposal]:
    return PersonaProposal.objects.visible_to(user).select_related(*ALONG, "proposed_by", "closed_by")


def _quotes(user: User, persona_id: int) -> QuerySet[Quote]:
    quotes = Quote.objects.visible_to(user).filter(persona=persona_id)
    return quotes.select_related(*ALONG, "quoted_by").order_by("-id")


def _said(user: User, quotes: Iterable[Quote]) -> list[Said]:
    return [Said(quote, may_remove(user, quote)) for quote in quotes]
