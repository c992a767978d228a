"""One person of each side validates a version, and a new agreement rests on what is validated (decision 20)."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from inputs.refusals import Conflict
from ledger.models import AuditEntry, Notice
from personas.defaults import create_default_personas
from personas.models import Persona, PersonaValidation
from personas.validating import (
    AlreadyValidated,
    MayNotValidate,
    missing_sides,
    newest_validated,
    validate_persona,
    versions_to_pin,
)
from personas.writing import PersonaIsRetired, PersonaMoved, bring_back_persona, edit_persona, retire_persona
from sla import in_force
from sla.agreements import PersonasRetired, UnusableTerms, draft_from_template, propose, sign
from sla.applying import unvalidated
from sla.in_force import agreement_in_force
from sla.negotiating import take_newest
from teams.models import Membership, Team, User
from teams.roles import Side
from tests.cast import NOW, SIGNED_AT, person
from tests.cast import sign as sign_default
from tests.racing import refusals_of

CODE = "operations-olivia"
MARKETING, SALES = Side.MARKETING, Side.SALES


@pytest.fixture(autouse=True)
def defaults(db: None) -> None:
    create_default_personas(at=SIGNED_AT)


def edited(actor: User, region: str = "Asia") -> int:
    portrait = replace(Persona.objects.get(code=CODE).newest.portrait, region=region)
    return edit_persona(actor=actor, at=NOW, code=CODE, portrait=portrait).number


def validated(*people: User, number: int = 1, code: str = CODE) -> None:
    for actor in people:
        validate_persona(actor=actor, at=NOW, code=code, number=number)


def pinned(code: str = CODE) -> int:
    return next(version.number for version in versions_to_pin() if version.persona.code == code)


# Validating -----------------------------------------------------------------------------------------------------------


def test_one_of_each_side_validates_and_a_new_version_needs_it_again(maya: User, sam: User) -> None:
    version = Persona.objects.get(code=CODE).newest
    assert missing_sides([version.pk]) == {version.pk: [MARKETING, SALES]}

    validated(maya)
    assert missing_sides([version.pk]) == {version.pk: [SALES]}
    validated(sam)

    assert missing_sides([version.pk]) == {}
    assert newest_validated() == {version.persona_id: version.pk}
    edited(maya)
    later = Persona.objects.get(code=CODE).newest
    assert missing_sides([later.pk]) == {later.pk: [MARKETING, SALES]}
    sides = AuditEntry.objects.filter(verb="validate_persona").order_by("id").values_list("facts__side", flat=True)
    assert list(sides) == ["marketing", "sales"]


def test_a_side_validates_once(maya: User, mona: User) -> None:
    validated(maya)

    with pytest.raises(AlreadyValidated):
        validated(mona)


def test_who_belongs_to_both_sides_validates_for_one(maya: User, sam: User, sales: Team) -> None:
    Membership.objects.create(user=maya, team=sales)
    both = User.objects.get(pk=maya.pk)

    validation = validate_persona(actor=both, at=NOW, code=CODE, number=1, side=SALES)

    assert validation.side == "sales"
    with pytest.raises(AlreadyValidated):
        validate_persona(actor=both, at=NOW, code=CODE, number=1, side=MARKETING)


def test_who_belongs_to_both_sides_fills_the_gap(maya: User, sam: User, sales: Team, marketing: Team) -> None:
    Membership.objects.create(user=maya, team=sales)
    validated(person("Max", marketing))

    validation = validate_persona(actor=User.objects.get(pk=maya.pk), at=NOW, code=CODE, number=1)

    assert validation.side == "sales"


def test_nobody_validates_for_a_side_that_is_not_theirs(maya: User, olive: User) -> None:
    with pytest.raises(MayNotValidate):
        validate_persona(actor=maya, at=NOW, code=CODE, number=1, side=SALES)
    for stranger in (olive, person("Ada", is_administrator=True)):
        with pytest.raises(MayNotValidate):
            validated(stranger)


def test_only_the_newest_is_validated(maya: User) -> None:
    edited(maya)

    with pytest.raises(PersonaMoved):
        validated(maya, number=1)


def test_a_retired_persona_is_not_validated(maya: User, mona: User) -> None:
    retire_persona(actor=mona, at=NOW, code=CODE)

    with pytest.raises(PersonaIsRetired):
        validated(maya)


def test_a_validation_is_for_good(maya: User) -> None:
    validated(maya)

    for change in (lambda rows: rows.update(side="sales"), lambda rows: rows.delete()):
        with pytest.raises(IntegrityError), transaction.atomic():
            change(PersonaValidation.objects.all())


def test_managers_are_told_of_a_version_and_its_writer_when_both_stand_by_it(
    maya: User, mona: User, sue: User, sam: User
) -> None:
    number = edited(mona)

    assert [notice.recipient for notice in Notice.objects.filter(code="persona_written")] == [sue]
    validated(maya, number=number)
    assert not Notice.objects.filter(code="persona_validated").exists()
    validated(sam, number=number)
    assert [notice.recipient for notice in Notice.objects.filter(code="persona_validated")] == [mona]


@pytest.mark.django_db(transaction=True)
def test_of_two_of_a_side_at_once_one_validates(maya: User, mona: User) -> None:
    actors = [User.objects.with_teams().get(pk=user.pk) for user in (maya, mona)]

    refusals = refusals_of([partial(validated, actor) for actor in actors], Conflict)

    assert sorted(type(refusal).__name__ for refusal in refusals) == ["AlreadyValidated", "NoneType"]


def test_what_is_validated_is_counted_by_ids_alone(maya: User, sam: User) -> None:
    validated(maya, sam)

    with CaptureQueriesContext(connection) as queries:
        assert len(newest_validated()) == 1

    (sql,) = [query["sql"] for query in queries.captured_queries]
    assert "criteria" not in sql


# What a new agreement rests on ----------------------------------------------------------------------------------------


def test_where_none_is_validated_the_newest_is_pinned(maya: User) -> None:
    edited(maya)

    assert pinned() == 2


def test_the_last_validated_is_pinned_until_a_later_one_is(maya: User, sam: User) -> None:
    validated(maya, sam)
    number = edited(maya)
    assert pinned() == 1

    validated(maya, number=number)
    assert pinned() == 1

    validated(sam, number=number)
    assert pinned() == 2


def test_retired_personas_are_not_pinned(maya: User, sam: User, mona: User) -> None:
    validated(maya, sam)
    retire_persona(actor=mona, at=NOW, code=CODE)

    assert CODE not in [version.persona.code for version in versions_to_pin()]


def test_what_is_signed_keeps_what_it_pinned(maya: User, sam: User, mona: User, sue: User) -> None:
    before = sign_default(mona, sue).persona_version_ids
    validated(maya, sam, number=edited(maya))
    in_force._load.cache_clear()

    assert agreement_in_force(NOW).persona_version_ids == before


def test_a_new_company_can_sign_before_anybody_has_validated(mona: User, sue: User) -> None:
    sign_default(mona, sue)

    draft = draft_from_template(actor=mona, at=NOW)

    assert unvalidated(draft) == [
        f"{name}, version 1, is not validated by marketing and sales"
        for name in ("Finance Frank", "Operations Olivia", "Student Stan")
    ]
    version = propose(actor=mona, version=draft, at=NOW)
    sign(actor=mona, version=version, side=MARKETING, terms_hash=version.terms_hash, at=NOW)


def test_a_draft_that_another_version_has_overtaken_takes_it_before_it_is_proposed(
    maya: User, sam: User, mona: User, sue: User
) -> None:
    sign_default(mona, sue)
    draft = draft_from_template(actor=mona, at=NOW)
    validated(maya, sam, number=edited(maya))

    with pytest.raises(UnusableTerms) as refusal:
        propose(actor=mona, version=draft, at=NOW)

    assert [
        (problem.field, "Operations Olivia, version 1" in problem.message) for problem in refusal.value.problems
    ] == [("pins", True)]
    draft = take_newest(actor=mona, version=draft, clause="pins", at=NOW)
    assert draft.personas.get(persona__code=CODE).number == 2
    propose(actor=mona, version=draft, at=NOW)


def test_a_draft_whose_pins_were_validated_meanwhile_is_proposed(maya: User, sam: User, mona: User, sue: User) -> None:
    sign_default(mona, sue)
    draft = draft_from_template(actor=mona, at=NOW)
    validated(maya, sam)
    edited(maya)

    propose(actor=mona, version=draft, at=NOW)

    assert "Operations Olivia" not in " ".join(unvalidated(draft))


def test_a_persona_that_is_retired_stands_in_the_way_of_proposing(mona: User, sue: User) -> None:
    sign_default(mona, sue)
    draft = draft_from_template(actor=mona, at=NOW)
    retire_persona(actor=mona, at=NOW, code=CODE)

    with pytest.raises(UnusableTerms) as refusal:
        propose(actor=mona, version=draft, at=NOW)

    assert [(problem.field, problem.message) for problem in refusal.value.problems] == [
        ("pins", "Operations Olivia is retired: take what holds now, or bring the persona back.")
    ]
    assert "Operations Olivia" not in " ".join(unvalidated(draft))
    propose(actor=mona, version=take_newest(actor=mona, version=draft, clause="pins", at=NOW), at=NOW)


def test_nobody_signs_for_a_persona_that_is_retired(mona: User, sue: User) -> None:
    sign_default(mona, sue)
    version = propose(actor=mona, version=draft_from_template(actor=mona, at=NOW), at=NOW)
    sign(actor=mona, version=version, side=MARKETING, terms_hash=version.terms_hash, at=NOW)
    retire_persona(actor=mona, at=NOW, code=CODE)

    with pytest.raises(PersonasRetired, match="Operations Olivia, retired since it was proposed"):
        sign(actor=sue, version=version, side=SALES, terms_hash=version.terms_hash, at=NOW)

    bring_back_persona(actor=mona, at=NOW, code=CODE)
    assert sign(actor=sue, version=version, side=SALES, terms_hash=version.terms_hash, at=NOW).state == "signed"
