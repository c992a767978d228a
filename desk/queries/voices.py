"""What customers said about a persona, and what somebody would change about it."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from inputs.refusals import NotVisible
from leads.models import Lead, PersonaProposal, Quote
from teams.models import User

SHOWN = 5
"""Quotes on the page of a persona and of a lead; the rest has a page of its own."""
PAGE = 25
MOST_OPEN = 20
"""Open proposals on the page of a persona, oldest first; of those that are answered the newest."""
ALONG = ("lead__contact__company", "version__persona")


@dataclass(frozen=True, slots=True)
class Voices:
    """What stands on the page of a persona. ``has_more`` tells of quotes beyond those that are shown."""

    quotes: list[Quote]
    has_more: bool
    open: list[PersonaProposal]
    answered: list[PersonaProposal]


@dataclass(frozen=True, slots=True)
class Quotes:
    """One page of quotes, newest first; ``older`` is the id before which the next page begins, nothing on the last."""

    quotes: list[Quote]
    older: int | None


def voices_of(persona_id: int) -> Voices:
    """Load what the page of a persona shows: three queries, each bounded."""
    quotes = list(_quotes(persona_id)[: SHOWN + 1])
    proposals = PersonaProposal.objects.filter(persona=persona_id).select_related(*ALONG, "proposed_by", "closed_by")
    waiting = proposals.filter(state=PersonaProposal.States.OPEN).order_by("id")
    answered = proposals.exclude(state=PersonaProposal.States.OPEN).order_by("-id")
    return Voices(quotes[:SHOWN], len(quotes) > SHOWN, list(waiting[:MOST_OPEN]), list(answered[:SHOWN]))


def quotes_of(persona_id: int, before: int | None) -> Quotes:
    """Give one page of the quotes of a persona, older than the id ``before`` where given."""
    quotes = _quotes(persona_id)
    found = list((quotes if before is None else quotes.filter(pk__lt=before))[: PAGE + 1])
    return Quotes(found[:PAGE], found[PAGE - 1].pk if len(found) > PAGE else None)


def quotes_from(lead: Lead) -> list[Quote]:
    """Give the newest quotes of the contact of a lead."""
    return list(Quote.objects.filter(lead=lead).select_related(*ALONG, "quoted_by").order_by("-id")[:SHOWN])


def proposal_for(user: User, code: str, proposal_id: int) -> PersonaProposal:
    """Give a proposal for the persona of this code; raises ``NotVisible``."""
    proposals = PersonaProposal.objects.select_related(*ALONG, "proposed_by", "closed_by")
    found = proposals.filter(pk=proposal_id, persona__code=code, lead__in=Lead.objects.visible_to(user)).first()
    if found is None:
        raise NotVisible("There is nothing here.")
    return found


def _quotes(persona_id: int) -> QuerySet[Quote]:
    return Quote.objects.filter(persona=persona_id).select_related(*ALONG, "quoted_by").order_by("-id")
