"""From a lead to a persona: the customer's own words, and changes that somebody proposes."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from inputs.refusals import Conflict, NotAllowed, NotVisible, SentBefore
from leads.models import Lead, LeadEvent, PersonaProposal, Quote
from leads.reasons import BadReason
from leads.voices import (
    NoSuchProposal,
    NoSuchQuote,
    NotYourProposal,
    NotYourQuote,
    ProposalClosed,
    UnknownPersona,
    close_proposal,
    propose_change,
    quote_customer,
    remove_proposal,
    remove_quote,
)
from ledger.models import AuditEntry, Notice
from personas.defaults import create_default_personas
from personas.models import Persona
from personas.writing import edit_persona, retire_persona
from teams.models import Team, User
from tests.cast import NOW, SIGNED_AT, make_lead, person
from tests.racing import refusals_of

CODE = "operations-olivia"
SAID = "We count pallets by hand — “every” Friday."


@pytest.fixture
def lead(sam: User) -> Lead:
    create_default_personas(at=SIGNED_AT)
    return make_lead(stage="sal", owner=sam, sal_at=NOW)


def quoted(lead: Lead, actor: User, **changes: Any) -> int:
    return quote_customer(**{"lead_id": lead.pk, "persona": CODE, "text": SAID, "actor": actor, "at": NOW, **changes})


def proposed(lead: Lead, actor: User, **changes: Any) -> int:
    return propose_change(**{"lead_id": lead.pk, "persona": CODE, "text": SAID, "actor": actor, "at": NOW, **changes})


def told(code: str) -> list[str]:
    return sorted(str(notice.recipient) for notice in Notice.objects.filter(code=code))


@pytest.mark.parametrize("who", ["maya", "mona", "sam", "sue"])
def test_everybody_of_both_teams_quotes(lead: Lead, request: pytest.FixtureRequest, who: str) -> None:
    actor = request.getfixturevalue(who)

    quote = Quote.objects.get(pk=quoted(lead, actor, text=f"  {SAID} "))

    assert (quote.text, quote.quoted_by, quote.lead, quote.persona.code, quote.version.number) == (
        SAID,
        actor,
        lead,
        CODE,
        1,
    )


def test_what_was_said_stands_in_no_event_audit_or_notice(lead: Lead, sam: User, maya: User, mona: User) -> None:
    quoted(lead, sam)
    proposal = proposed(lead, sam)
    close_proposal(proposal_id=proposal, is_taken=False, words=SAID, actor=maya, at=NOW)

    for rows in (LeadEvent, AuditEntry, Notice):
        assert "pallets" not in str(list(rows.objects.values()))
    assert LeadEvent.objects.get(kind="quoted").facts.keys() == {"quote", "persona"}


@pytest.mark.parametrize("act", [quoted, proposed])
@pytest.mark.parametrize(
    ("change", "refusal", "field"),
    [
        ({"text": "  "}, BadReason, "text"),
        ({"text": "x" * 2001}, BadReason, "text"),
        ({"text": "nul \x00"}, BadReason, "text"),
        ({"persona": "nobody"}, UnknownPersona, "persona"),
        ({"lead_id": 10**9}, NotVisible, ""),
    ],
)
def test_what_cannot_be_is_refused(
    lead: Lead, sam: User, act: Any, change: dict[str, Any], refusal: type[Exception], field: str
) -> None:
    with pytest.raises(refusal) as raised:
        act(lead, sam, **change)

    assert raised.value.field == field  # type: ignore[attr-defined]
    assert (Quote.objects.count(), PersonaProposal.objects.count()) == (0, 0)


@pytest.mark.parametrize("act", [quoted, proposed])
def test_of_a_retired_persona_nothing_is_said(lead: Lead, sam: User, mona: User, act: Any) -> None:
    retire_persona(actor=mona, at=NOW, code=CODE)

    with pytest.raises(UnknownPersona):
        act(lead, sam)


@pytest.mark.parametrize("act", [quoted, proposed])
def test_administrators_read_and_outsiders_find_no_lead(lead: Lead, olive: User, act: Any) -> None:
    with pytest.raises(NotAllowed):
        act(lead, person("Ada", is_administrator=True))
    with pytest.raises(NotVisible):
        act(lead, olive)


@pytest.mark.parametrize("act", [quoted, proposed])
def test_a_form_that_is_sent_twice_counts_once(lead: Lead, sam: User, act: Any) -> None:
    key = uuid4()

    assert act(lead, sam, key=key) == act(lead, sam, key=key)
    for other in ({"text": "Other words."}, {"persona": "finance-frank"}):
        with pytest.raises(SentBefore):
            act(lead, sam, key=key, **other)
    assert Quote.objects.count() + PersonaProposal.objects.count() == 1


def test_whoever_noted_a_quote_or_writes_personas_takes_it_away(lead: Lead, sam: User, sales: Team, maya: User) -> None:
    mine, another = quoted(lead, sam), quoted(lead, sam)

    with pytest.raises(NotYourQuote):
        remove_quote(quote_id=mine, actor=person("Rita", sales), at=NOW)
    remove_quote(quote_id=mine, actor=sam, at=NOW)
    remove_quote(quote_id=another, actor=maya, at=NOW)

    assert not Quote.objects.exists()
    assert LeadEvent.objects.filter(kind="quote_removed").count() == 2
    with pytest.raises(NoSuchQuote):
        remove_quote(quote_id=mine, actor=sam, at=NOW)


def test_a_proposal_is_taken_away_by_who_made_it_and_once_answered_by_who_writes_personas(
    lead: Lead, sam: User, maya: User, sales: Team
) -> None:
    mine, another = proposed(lead, sam), proposed(lead, sam)
    for stranger in (maya, person("Rita", sales)):
        with pytest.raises(NotYourProposal):
            remove_proposal(proposal_id=another, actor=stranger, at=NOW)
    close_proposal(proposal_id=another, is_taken=False, words="No.", actor=maya, at=NOW)

    remove_proposal(proposal_id=mine, actor=sam, at=NOW)
    remove_proposal(proposal_id=another, actor=maya, at=NOW)

    assert not PersonaProposal.objects.exists()
    assert LeadEvent.objects.filter(kind="proposal_removed").count() == 2
    with pytest.raises(NoSuchProposal):
        remove_proposal(proposal_id=mine, actor=sam, at=NOW)


def test_marketing_is_told_of_a_proposal_and_the_proposer_of_the_answer(
    lead: Lead, sam: User, maya: User, mona: User, sue: User
) -> None:
    proposal = proposed(lead, sam)
    assert told("persona_proposed") == ["Mona"]

    close_proposal(proposal_id=proposal, is_taken=True, words="You are right.", actor=maya, at=NOW)

    assert told("persona_proposal_closed") == ["Sam"]
    found = PersonaProposal.objects.get()
    assert (found.state, found.words, found.closed_by, found.closed_at) == ("taken", "You are right.", maya, NOW)


def test_a_proposal_remembers_which_version_it_was_about(lead: Lead, sam: User, maya: User) -> None:
    portrait = Persona.objects.get(code=CODE).newest.portrait
    proposed(lead, sam)

    edit_persona(actor=maya, at=NOW, code=CODE, portrait=portrait.__class__("Olivia"))
    proposed(lead, sam)

    assert list(PersonaProposal.objects.order_by("id").values_list("version__number", flat=True)) == [1, 2]


@pytest.mark.parametrize("who", ["sam", "sue"])
def test_only_marketing_answers(lead: Lead, sam: User, request: pytest.FixtureRequest, who: str) -> None:
    proposal = proposed(lead, sam)

    with pytest.raises(NotAllowed):
        close_proposal(proposal_id=proposal, is_taken=True, words="Yes.", actor=request.getfixturevalue(who), at=NOW)


def test_an_answer_needs_a_word_and_comes_once(lead: Lead, sam: User, maya: User) -> None:
    close = partial(close_proposal, proposal_id=proposed(lead, sam), is_taken=False, actor=maya, at=NOW)

    with pytest.raises(BadReason) as refusal:
        close(words=" ")
    assert refusal.value.field == "words"
    close(words="Not yet.")
    with pytest.raises(ProposalClosed):
        close(words="Still not.")
    with pytest.raises(NoSuchProposal):
        close(words="Nothing.", proposal_id=10**9)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_answer_at_once_one_does(lead: Lead, sam: User, maya: User, mona: User) -> None:
    proposal = proposed(lead, sam)
    actors = [User.objects.with_teams().get(pk=user.pk) for user in (maya, mona)]
    works = [
        partial(close_proposal, proposal_id=proposal, is_taken=actor == maya, words=str(actor), actor=actor, at=NOW)
        for actor in actors
    ]

    refusals = refusals_of(works, Conflict)

    assert sorted(type(refusal).__name__ for refusal in refusals) == ["NoneType", "ProposalClosed"]
    assert told("persona_proposal_closed") == ["Sam"]
