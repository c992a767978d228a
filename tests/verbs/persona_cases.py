"""The verbs about personas."""

from __future__ import annotations

from dataclasses import replace

from leads.voices import close_proposal, propose_change, quote_customer, remove_proposal, remove_quote
from personas.models import Persona, PersonaVersion, ScoringVersion
from personas.portrait import Portrait
from personas.scoring_versions import write_scoring
from personas.validating import validate_persona
from personas.writing import bring_back_persona, create_persona, edit_persona, retire_persona
from tests.cast import NOW
from tests.verbs.cases import LATER, Act, Case
from tests.verbs.company import Company

CODE = "operations-olivia"


def _newest() -> PersonaVersion:
    return Persona.objects.get(code=CODE).newest


def _create(company: Company) -> Act:
    return lambda: create_persona(actor=company.maya, at=LATER, portrait=Portrait("IT Ida"))


def _edit(company: Company) -> Act:
    said = replace(_newest().portrait, industry="Shipping")
    return lambda: edit_persona(actor=company.sue, at=LATER, code=CODE, portrait=said, seen=1)


def _retire(company: Company) -> Act:
    return lambda: retire_persona(actor=company.mona, at=LATER, code=CODE)


def _bring_back(company: Company) -> Act:
    Persona.objects.filter(code=CODE).update(is_retired=True)
    return lambda: bring_back_persona(actor=company.mona, at=LATER, code=CODE)


def _validate(company: Company) -> Act:
    edit_persona(actor=company.maya, at=NOW, code=CODE, portrait=replace(_newest().portrait, region="Asia"))
    validate_persona(actor=company.mona, at=NOW, code=CODE, number=2)
    return lambda: validate_persona(actor=company.sam, at=LATER, code=CODE, number=2)


def _score(company: Company) -> Act:
    newest = ScoringVersion.objects.latest("number")
    terms = {**newest.terms, "half_life_days": 21}
    return lambda: write_scoring(actor=company.mona, terms=terms, seen=newest.number, at=LATER)


def _quote(company: Company) -> Act:
    lead = company.lead("sal")
    return lambda: quote_customer(lead_id=lead.pk, persona=CODE, text="Too slow.", actor=company.sam, at=LATER)


def _remove_quote(company: Company) -> Act:
    lead = company.lead("sal")
    quote = quote_customer(lead_id=lead.pk, persona=CODE, text="Too slow.", actor=company.sam, at=NOW)
    return lambda: remove_quote(quote_id=quote, actor=company.sam, at=LATER)


def _propose(company: Company) -> Act:
    lead = company.lead("sal")
    return lambda: propose_change(lead_id=lead.pk, persona=CODE, text="Ports too.", actor=company.sam, at=LATER)


def _close_proposal(company: Company) -> Act:
    lead = company.lead("sal")
    proposal = propose_change(lead_id=lead.pk, persona=CODE, text="Ports too.", actor=company.sam, at=NOW)
    return lambda: close_proposal(proposal_id=proposal, is_taken=True, words="Yes.", actor=company.maya, at=LATER)


def _remove_proposal(company: Company) -> Act:
    lead = company.lead("sal")
    proposal = propose_change(lead_id=lead.pk, persona=CODE, text="Ports too.", actor=company.sam, at=NOW)
    return lambda: remove_proposal(proposal_id=proposal, actor=company.sam, at=LATER)


PERSONA_CASES = [
    Case(remove_proposal, _remove_proposal, audit="remove_persona_proposal", events="proposal_removed"),
    Case(quote_customer, _quote, audit="quote_customer", events="quoted"),
    Case(remove_quote, _remove_quote, audit="remove_quote", events="quote_removed"),
    Case(propose_change, _propose, audit="propose_persona_change", events="persona_proposed", told="persona_proposed"),
    Case(
        close_proposal,
        _close_proposal,
        audit="close_persona_proposal",
        events="proposal_closed",
        told="persona_proposal_closed",
    ),
    Case(create_persona, _create, audit="create_persona", told="persona_written"),
    Case(edit_persona, _edit, audit="edit_persona", told="persona_written"),
    Case(retire_persona, _retire, audit="retire_persona"),
    Case(bring_back_persona, _bring_back, audit="bring_back_persona"),
    Case(write_scoring, _score, audit="write_scoring"),
    Case(validate_persona, _validate, audit="validate_persona", told="persona_validated"),
]
