"""Personas are living documents: each edit is a version, none is lost, and what is signed stays as it is."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from inputs.refusals import Conflict, SentBefore
from leads.qualifying import forget_judges, judge_in_force
from ledger.models import AuditEntry
from personas import writing
from personas.conditions import Condition
from personas.defaults import create_default_personas
from personas.models import Persona, PersonaVersion
from personas.portrait import Portrait
from personas.writing import (
    MayNotWritePersonas,
    NoSuchPersona,
    PersonaIsRetired,
    PersonaMoved,
    TooManyPersonas,
    bring_back_persona,
    create_persona,
    edit_persona,
    retire_persona,
)
from sla import in_force
from teams.models import User
from tests.cast import NOW, SIGNED_AT, person, sign
from tests.racing import at_once, refusals_of

CODE = "operations-olivia"


@pytest.fixture
def olivia(db: None) -> Portrait:
    create_default_personas(at=SIGNED_AT)
    return Persona.objects.get(code=CODE).newest.portrait


def test_an_edit_is_a_new_version_and_the_old_one_stays(olivia: Portrait, maya: User) -> None:
    version = edit_persona(actor=maya, at=NOW, code=CODE, portrait=replace(olivia, industry="Shipping"), seen=1)

    first, second = PersonaVersion.objects.filter(persona__code=CODE).order_by("number")
    assert (second.pk, second.number, second.industry, second.created_by) == (version.pk, 2, "Shipping", maya)
    assert first.portrait == olivia
    assert AuditEntry.objects.get(verb="edit_persona").facts == {"persona": version.persona_id, "number": 2}


def test_a_version_cannot_be_rewritten(olivia: Portrait) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        PersonaVersion.objects.filter(persona__code=CODE).update(industry="Shipping")


def test_an_edit_without_a_difference_is_none(olivia: Portrait, maya: User) -> None:
    edit_persona(actor=maya, at=NOW, code=CODE, portrait=olivia, seen=1)

    assert PersonaVersion.objects.filter(persona__code=CODE).count() == 1
    assert not AuditEntry.objects.filter(verb="edit_persona").exists()


def test_whoever_saves_on_an_old_sight_is_told_so(olivia: Portrait, maya: User, sue: User) -> None:
    edit_persona(actor=maya, at=NOW, code=CODE, portrait=replace(olivia, industry="Shipping"), seen=1)

    with pytest.raises(PersonaMoved) as refusal:
        edit_persona(actor=sue, at=NOW, code=CODE, portrait=replace(olivia, region="Asia"), seen=1)

    assert refusal.value.details == {"seen": 2}
    assert Persona.objects.get(code=CODE).newest.region == olivia.region


@pytest.mark.parametrize("who", ["maya", "mona", "sue", "ada"])
def test_marketing_managers_of_sales_and_administrators_write(
    olivia: Portrait, request: pytest.FixtureRequest, who: str
) -> None:
    writer = person("Ada", is_administrator=True) if who == "ada" else request.getfixturevalue(who)

    version = edit_persona(actor=writer, at=NOW, code=CODE, portrait=replace(olivia, region="Asia"), seen=1)

    assert version.created_by == writer


@pytest.mark.parametrize("who", ["sam", "olive"])
def test_reps_read_and_outsiders_nothing(olivia: Portrait, request: pytest.FixtureRequest, who: str) -> None:
    reader = request.getfixturevalue(who)

    for act in (
        partial(create_persona, portrait=olivia),
        partial(edit_persona, code=CODE, portrait=replace(olivia, region="Asia")),
        partial(retire_persona, code=CODE),
        partial(bring_back_persona, code=CODE),
    ):
        with pytest.raises(MayNotWritePersonas):
            act(actor=reader, at=NOW)
    assert PersonaVersion.objects.count() == 3


def test_names_may_be_alike_but_addresses_differ(maya: User) -> None:
    codes = [
        create_persona(actor=maya, at=NOW, portrait=Portrait(name)).persona.code
        for name in ("IT Ida", "IT Ida", "New", "Proposals", "№ Ὀδυσσεύς", "x" * 120)
    ]

    assert codes == ["it-ida", "it-ida-2", "new-2", "proposals-2", "no", "x" * 36]


def test_there_are_only_so_many(maya: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "MOST_IN_USE", 1)
    first = create_persona(actor=maya, at=NOW, portrait=Portrait("One")).persona

    with pytest.raises(TooManyPersonas):
        create_persona(actor=maya, at=NOW, portrait=Portrait("Two"))
    retire_persona(actor=maya, at=NOW, code=first.code)
    create_persona(actor=maya, at=NOW, portrait=Portrait("Two"))
    with pytest.raises(TooManyPersonas):
        bring_back_persona(actor=maya, at=NOW, code=first.code)


def test_a_retired_persona_is_not_edited_until_it_is_back(olivia: Portrait, mona: User) -> None:
    later = replace(olivia, region="Asia")
    retire_persona(actor=mona, at=NOW, code=CODE)

    with pytest.raises(PersonaIsRetired):
        edit_persona(actor=mona, at=NOW, code=CODE, portrait=later)
    bring_back_persona(actor=mona, at=NOW, code=CODE)
    assert edit_persona(actor=mona, at=NOW, code=CODE, portrait=later).number == 2


def test_retiring_twice_is_one_deed(olivia: Portrait, mona: User) -> None:
    for _ in range(2):
        retire_persona(actor=mona, at=NOW, code=CODE)

    assert AuditEntry.objects.filter(verb="retire_persona").count() == 1


def test_nobody_edits_what_is_not_there(maya: User) -> None:
    with pytest.raises(NoSuchPersona):
        edit_persona(actor=maya, at=NOW, code="nobody", portrait=Portrait("Nobody"))


def judged_by() -> list[tuple[int | None, list[tuple[Condition, int]]]]:
    """Read by which personas and criteria leads are judged, as a process does that has just begun."""
    in_force._load.cache_clear()
    forget_judges()
    personas = judge_in_force(NOW).personas
    return [(each.version_id, [(line.condition, line.points) for line in each.criteria]) for each in personas]


def test_what_is_signed_goes_on_scoring_as_it_was(olivia: Portrait, mona: User, sue: User) -> None:
    sign(mona, sue)
    before = judged_by()

    edit_persona(actor=mona, at=NOW, code=CODE, portrait=replace(olivia, criteria=[]), seen=1)
    retire_persona(actor=mona, at=NOW, code="finance-frank")

    assert judged_by() == before
    assert before[0][1][0] == (Condition("employee_count", "between", (50, 1000)), 30)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_save_at_once_one_is_told(olivia: Portrait, maya: User, sue: User) -> None:
    writers = [User.objects.with_teams().get(pk=user.pk) for user in (maya, sue)]
    works = [
        partial(edit_persona, actor=writer, at=NOW, code=CODE, portrait=replace(olivia, region=str(writer)), seen=1)
        for writer in writers
    ]

    refusals = refusals_of(works, Conflict)

    assert sorted(type(refusal).__name__ for refusal in refusals) == ["NoneType", "PersonaMoved"]
    assert PersonaVersion.objects.filter(persona__code=CODE).count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_who_add_the_same_name_at_once_both_do(maya: User, sue: User) -> None:
    writers = [User.objects.with_teams().get(pk=user.pk) for user in (maya, sue)]

    made = at_once([partial(create_persona, actor=user, at=NOW, portrait=Portrait("IT Ida")) for user in writers])

    assert sorted(version.persona.code for version in made) == ["it-ida", "it-ida-2"]


@pytest.mark.django_db(transaction=True)
def test_a_form_that_is_sent_twice_at_once_makes_one_persona(maya: User) -> None:
    writer, key = User.objects.with_teams().get(pk=maya.pk), uuid4()
    create = partial(create_persona, actor=writer, at=NOW, key=key)

    made = at_once([partial(create, portrait=Portrait("IT Ida"))] * 2)

    assert [version.persona.code for version in made] == ["it-ida", "it-ida"]
    for other in ({"portrait": Portrait("IT Ivo")}, {"portrait": Portrait("IT Ida"), "is_negative": True}):
        with pytest.raises(SentBefore):
            create(**other)
