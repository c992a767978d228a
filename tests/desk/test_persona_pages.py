"""Personas in the browser: they are read by all, written by marketing and managers, and nothing typed is lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from personas.defaults import create_default_personas
from personas.models import Persona, PersonaVersion
from personas.portrait import AVATARS, Portrait
from personas.validating import validate_persona
from personas.writing import create_persona, edit_persona, retire_persona
from sla.agreements import draft_from_template, propose
from sla.in_force import InForce
from teams.models import User
from tests.cast import SIGNED_AT, make_lead, sign
from tests.desk.conftest import Enter

CODE = "operations-olivia"
PATH = f"/personas/{CODE}/"


@pytest.fixture
def agreed(mona: User, sue: User) -> InForce:
    """The default personas are pinned by the agreement in force."""
    create_default_personas(at=SIGNED_AT)
    return sign(mona, sue)


def fields(browser: Client, path: str, **changes: str) -> dict[str, str]:
    """Give what a form would send as the page shows it, with ``changes``."""
    form = browser.get(path).context["form"]
    return {field.html_name: str(field.value() or "") for field in form} | changes


def newest(code: str = CODE) -> PersonaVersion:
    return Persona.objects.get(code=code).newest


def test_everything_that_is_known_is_on_the_page(enter: Enter, sam: User, agreed: InForce) -> None:
    page = enter(sam).get(PATH).content.decode()

    for words in (
        "Head of operations", "Head of department", "50 to 1,000 employees", "Manufacturing, logistics", "Europe and North America",
        "Pushes for it", "My people will not type things twice", "In which words", "You see the delay before your customer does",
        "Trade fairs", "img/avatars/moss", "employee count is between 50 and 1000", "The agreement in force scores by this version",
    ):  # fmt: skip
        assert words in page
    assert "Edit" not in page
    assert "Retire" not in page


def test_a_marketer_edits_and_a_version_is_added(enter: Enter, maya: User, agreed: InForce) -> None:
    browser = enter(maya)
    typed = fields(
        browser, f"{PATH}edit/", industry="Shipping", goals="Deliver on time\n\n See it coming ", avatar="plum",
        **{"3-value": "shipping, ports", "3-points": "15", "3-words": ""},
    )  # fmt: skip

    response = browser.post(f"{PATH}edit/", typed, follow=True)

    version = newest()
    assert (version.number, version.industry, version.avatar, version.created_by) == (2, "Shipping", "plum", maya)
    assert version.story["goals"] == ["Deliver on time", "See it coming"]
    assert version.story["pains"] == PersonaVersion.objects.get(persona__code=CODE, number=1).story["pains"]
    assert version.criteria[3] == {"field": "industry", "op": "in", "value": ["shipping", "ports"], "points": 15}
    assert [line["points"] for line in version.criteria] == [30, 30, 20, 15]
    assert "Saved as version 2." in response.content.decode()
    assert "The agreement in force scores by version 1." in response.content.decode()


def test_saving_what_is_there_says_that_nothing_differs(enter: Enter, maya: User, agreed: InForce) -> None:
    browser = enter(maya)

    response = browser.post(f"{PATH}edit/", fields(browser, f"{PATH}edit/"), follow=True)

    assert "Nothing differs from before." in response.content.decode()
    assert newest().number == 1


def test_who_saves_after_somebody_else_keeps_what_was_typed(
    enter: Enter, maya: User, sue: User, agreed: InForce, at: datetime
) -> None:
    browser = enter(maya)
    typed = fields(browser, f"{PATH}edit/", industry="Shipping", **{"0-words": "Large enough"})
    edit_persona(actor=sue, at=at, code=CODE, portrait=Portrait("Olivia of sales"), seen=1)

    response = browser.post(f"{PATH}edit/", typed)

    page = response.content.decode()
    assert response.status_code == 409
    assert "Somebody else saved version 2" in page
    assert 'value="Shipping"' in page
    assert 'value="Large enough"' in page
    assert newest().name == "Olivia of sales"

    again = {field.html_name: str(field.value() or "") for field in response.context["form"]}
    assert browser.post(f"{PATH}edit/", again).status_code == 302
    assert (newest().number, newest().industry) == (3, "Shipping")


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"name": ""}, "name", "required"),
        ({"industry": "a\u200bb"}, "industry", "invisible"),
        ({"goals": "x" * 301}, "goals", "at most 300 characters"),
        ({"avatar": "nobody"}, "avatar", "valid choice"),
        ({"buying_role": "boss"}, "buying_role", "valid choice"),
        ({"0-points": ""}, "0-points", "how many points"),
        ({"0-points": "900"}, "0-points", "less than or equal to 100"),
        ({"0-value": "many"}, "0-value", "whole number"),
        ({"0-field": ""}, "0-field", "asks for"),
        ({"0-field": "is_customer"}, "0-op", "can be asked here"),
        ({"0-words": "x\x00y"}, "0-words", "control character"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field_and_nothing_is_lost(
    enter: Enter, maya: User, agreed: InForce, change: dict[str, str], field: str, words: str
) -> None:
    browser = enter(maya)
    typed = fields(browser, f"{PATH}edit/", summary="What I typed", **change)

    response = browser.post(f"{PATH}edit/", typed)

    form = response.context["form"]
    assert response.status_code == 422
    assert words in " ".join(form.errors[field])
    assert "What I typed" in response.content.decode()
    assert newest().number == 1


def test_more_than_a_hundred_points_are_refused(enter: Enter, maya: User, agreed: InForce) -> None:
    browser = enter(maya)

    response = browser.post(f"{PATH}edit/", fields(browser, f"{PATH}edit/", **{"0-points": "31"}))

    assert response.status_code == 422
    assert "more than 100" in response.content.decode()


@pytest.mark.parametrize(("button", "count"), [("add", 5), ("remove-1", 3), ("remove-99", 4), ("remove-x", 4)])
def test_lines_come_and_go_without_saving(enter: Enter, maya: User, agreed: InForce, button: str, count: int) -> None:
    browser = enter(maya)
    typed = fields(browser, f"{PATH}edit/", name="Half typed", goals="Still here", avatar="jade")

    response = browser.post(f"{PATH}edit/", {**typed, "change": button})

    form = response.context["form"]
    assert response.status_code == 200
    assert len(form.rows) == count
    assert (form["name"].value(), form["goals"].value(), form["avatar"].value()) == ("Half typed", "Still here", "jade")
    assert newest().number == 1


def test_a_manager_of_sales_adds_whom_we_do_not_want(enter: Enter, sue: User, agreed: InForce) -> None:
    browser = enter(sue)
    typed = fields(browser, "/personas/new/", name="Vendor Viktor", is_negative="on", lines="1")
    typed |= {"0-field": "role", "0-op": "in", "0-value": "sales", "0-points": "60", "0-words": "Sells to us"}

    response = browser.post("/personas/new/", typed)
    browser.post("/personas/new/", typed)
    other = browser.post("/personas/new/", {**typed, "summary": "Sells and sells"})

    assert response["Location"] == "/personas/vendor-viktor/"
    assert (other.status_code, "Sells and sells" in other.content.decode()) == (409, True)
    assert other.context["form"]["key"].value() != typed["key"]
    assert Persona.objects.filter(is_negative=True).count() == 2
    persona = Persona.objects.get(code="vendor-viktor")
    assert persona.is_negative
    assert persona.newest.criteria[0]["words"] == "Sells to us"
    assert "Vendor Viktor" in browser.get("/personas/").content.decode()


def test_the_page_that_edits_says_whom_we_do_not_want(enter: Enter, sue: User, agreed: InForce) -> None:
    browser, path = enter(sue), "/personas/student-stan/edit/"
    typed = fields(browser, path, lines="1", **{"0-points": "49"})

    response = browser.post(path, typed)

    assert "Whom we do not want</span>" in response.content.decode()
    assert response.status_code == 422
    assert response.context["form"].non_field_errors() == [
        "Whom we do not want is known from 50 points on: the points sum to between 50 and 100."
    ]
    assert newest("student-stan").number == 1


def test_a_retired_persona_stands_apart_and_comes_back(enter: Enter, maya: User, agreed: InForce) -> None:
    browser = enter(maya)

    browser.post(f"{PATH}retire/")

    shelf = browser.get("/personas/").context["shelf"]
    assert CODE not in [card.persona.code for card in shelf.cards]
    assert [version.persona.code for version in shelf.retired] == [CODE]
    page = browser.get(PATH).content.decode()
    assert "Retired" in page
    assert "Bring back" in page
    assert "/edit/" not in page

    browser.post(f"{PATH}bring-back/")
    assert CODE in [card.persona.code for card in browser.get("/personas/").context["shelf"].cards]


def test_a_rep_reads_and_finds_no_way_to_write(enter: Enter, sam: User, agreed: InForce) -> None:
    browser = enter(sam)

    assert "/personas/new/" not in browser.get("/personas/").content.decode()
    assert browser.get(f"{PATH}edit/").status_code == 403
    assert browser.post(f"{PATH}retire/").status_code == 403


def test_every_face_is_a_file_of_our_own(settings: Any) -> None:
    files = {path.stem for path in (settings.BASE_DIR / "static" / "img" / "avatars").iterdir()}

    assert files == set(AVATARS)


def test_list_and_page_say_who_has_validated_and_who_has_not(
    enter: Enter, mona: User, sue: User, sam: User, agreed: InForce, at: datetime
) -> None:
    validate_persona(actor=mona, at=at, code=CODE, number=1)

    page, shelf = enter(sam).get(PATH).content.decode(), enter(sam).get("/personas/").content.decode()

    assert "validated</span> by Mona" in page
    assert "not yet validated" in page
    assert "No version is validated by both sides yet" in page
    assert shelf.count("Marketing: validated") == 1
    assert shelf.count("Sales: not yet validated") == 3


def test_a_rep_validates_for_sales(enter: Enter, mona: User, sam: User, agreed: InForce, at: datetime) -> None:
    validate_persona(actor=mona, at=at, code=CODE, number=1)
    browser = enter(sam)
    assert "validate for marketing" not in browser.get(PATH).content.decode()

    page = browser.post(f"{PATH}validate/", {"number": "1", "side": "sales"}, follow=True).content.decode()

    assert "You stand by version 1 of Operations Olivia." in page
    assert "A draft of the agreement that begins now takes version 1." in page
    assert "validate for sales" not in page


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"number": "1"}, "Somebody else saved version 2"),
        ({"number": "x"}, "This must be a whole number."),
        ({"number": "9" * 30}, "This must be a whole number."),
        ({"number": "2", "side": "finance"}, "Choose one of the two sides."),
    ],
)
def test_nobody_validates_what_they_did_not_see(
    enter: Enter, maya: User, sam: User, agreed: InForce, at: datetime, sent: dict[str, str], words: str
) -> None:
    edit_persona(actor=maya, at=at, code=CODE, portrait=replace(newest().portrait, region="Asia"))

    page = enter(sam).post(f"{PATH}validate/", sent, follow=True).content.decode()

    assert words in page
    assert not newest().validations.exists()


def test_the_agreement_says_which_personas_nobody_stands_by(
    enter: Enter, mona: User, sue: User, agreed: InForce, at: datetime
) -> None:
    validate_persona(actor=mona, at=at, code=CODE, number=1)
    draft_from_template(actor=mona, at=at)
    browser = enter(mona)

    page = browser.get("/agreement/2/").content.decode()
    assert "Operations Olivia (v1), not validated by sales" in page
    assert "Finance Frank (v1), not validated by marketing or sales" in page
    assert (
        "Operations Olivia, version 1, is not validated by sales."
        in browser.get("/agreement/2/propose/").content.decode()
    )
    validate_persona(actor=sue, at=at, code=CODE, number=1)
    assert "Operations Olivia (v1)." in browser.get("/agreement/2/").content.decode()


def test_a_signed_agreement_says_who_had_validated_when_it_was_signed(
    enter: Enter, mona: User, sue: User, agreed: InForce, at: datetime
) -> None:
    for actor in (mona, sue):
        validate_persona(actor=actor, at=at, code=CODE, number=1)

    page = enter(sue).get("/agreement/1/").content.decode()

    assert "Operations Olivia (v1), not validated by marketing or sales" in page


def test_the_page_that_signs_names_who_was_retired(enter: Enter, mona: User, agreed: InForce, at: datetime) -> None:
    propose(actor=mona, version=draft_from_template(actor=mona, at=at), at=at)
    browser, path = enter(mona), "/agreement/2/sign/"
    shown = browser.get(path).content.decode()
    assert "This alone does not keep it from being signed." in shown
    retire_persona(actor=mona, at=at, code=CODE)

    response = browser.get(path)
    typed = {name: str(value or "") for name, value in response.context["form"].initial.items()}
    refused = browser.post(path, {**typed, "has_read": "on"})

    assert response.context["retired"] == ["Operations Olivia"]
    assert "Nobody signs it before they are brought back" in response.content.decode()
    assert refused.status_code == 409
    assert "retired since it was proposed" in refused.content.decode()


def test_who_has_to_validate_is_told_by_name(
    enter: Enter, maya: User, sue: User, agreed: InForce, at: datetime
) -> None:
    edit_persona(actor=maya, at=at, code=CODE, portrait=replace(newest().portrait, region="Asia"))

    page = enter(sue).get("/notifications/").content.decode()

    assert "Version 2 of a persona waits to be validated" in page
    assert "Operations Olivia" in page


def test_list_and_page_say_how_the_leads_of_the_last_quarter_fared(
    enter: Enter, sam: User, maya: User, agreed: InForce, at: datetime
) -> None:
    first = newest()
    second = edit_persona(actor=maya, at=at, code=CODE, portrait=Portrait("Olivia"))
    make_lead(persona=first, captured_at=at, mql_at=at)
    make_lead(persona=second, captured_at=at, mql_at=at, sal_at=at, sql_at=at, stage="sql", owner=sam)
    make_lead(persona=second, captured_at=at - timedelta(days=90), mql_at=None, stage="lead")
    make_lead(persona=first, captured_at=at - timedelta(days=93), mql_at=at)
    browser = enter(sam)

    cards = [next(card for card in browser.get("/personas/").context["shelf"].cards if card.persona.code == CODE)]
    cards.append(browser.get(PATH).context["card"])

    assert "In 92 days" in browser.get(PATH).content.decode()
    for card in cards:
        assert [card.recent.figures[stage].part for stage in ("leads", "mql", "sql", "won")] == [3, 2, 1, 0]


def test_pages_do_not_grow_with_personas_and_versions(enter: Enter, maya: User, agreed: InForce, at: datetime) -> None:
    browser, paths = enter(maya), ("/personas/", PATH)
    retire_persona(actor=maya, at=at, code="finance-frank")
    for path in paths:
        browser.get(path)
    few = [queries_of(browser, path) for path in paths]
    for number in range(6):
        portrait = replace(newest().portrait, industry=f"Industry {number}")
        edit_persona(actor=maya, at=at, code=CODE, portrait=portrait)
        made = create_persona(actor=maya, at=at, portrait=Portrait(f"Persona {number}"))
        if number % 2:
            retire_persona(actor=maya, at=at, code=made.persona.code)

    many = [queries_of(browser, path) for path in paths]

    assert many == few
    assert many[0] <= 16
    assert many[1] <= 17


def queries_of(browser: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(path).status_code == 200
    return len(queries)
