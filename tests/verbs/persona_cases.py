"""The verbs about personas."""

from __future__ import annotations

from dataclasses import replace

from personas.models import Persona, PersonaVersion
from personas.portrait import Portrait
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


PERSONA_CASES = [
    Case(create_persona, _create, audit="create_persona", told="persona_written"),
    Case(edit_persona, _edit, audit="edit_persona", told="persona_written"),
    Case(retire_persona, _retire, audit="retire_persona"),
    Case(bring_back_persona, _bring_back, audit="bring_back_persona"),
    Case(validate_persona, _validate, audit="validate_persona", told="persona_validated"),
]
