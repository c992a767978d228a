"""What a persona has been: who changed what, one version as it was, two side by side."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from desk.queries import persona_history
from personas.defaults import create_default_personas
from personas.models import Persona
from personas.validating import validate_persona
from personas.writing import edit_persona
from sla.in_force import InForce
from teams.models import User
from tests.cast import SIGNED_AT, sign
from tests.desk.conftest import Enter

CODE = "operations-olivia"
PATH = f"/personas/{CODE}/"


@pytest.fixture
def versions(mona: User, sue: User, at: datetime) -> InForce:
    """Version 1 is in force; Mona changed who it is, then Sue what makes the fit."""
    create_default_personas(at=SIGNED_AT)
    agreement = sign(mona, sue)
    said = Persona.objects.get(code=CODE).newest.portrait
    said = replace(
        said, industry="Shipping", story={**said.story, "goals": ["Deliver on time at a cost that holds", "Sleep"]}
    )
    edit_persona(actor=mona, at=at, code=CODE, portrait=said)
    validate_persona(actor=mona, at=at, code=CODE, number=2)
    first, *others = said.criteria
    edit_persona(actor=sue, at=at, code=CODE, portrait=replace(said, criteria=[{**first, "points": 25}, *others]))
    return agreement


def differences(response: Any) -> dict[str, list[tuple[str, str]]]:
    return {
        difference.key: [(change.kind, change.sentence) for change in difference.changes]
        for difference in response.context["comparison"].differences
    }


def test_the_history_says_who_changed_what(enter: Enter, sam: User, versions: InForce) -> None:
    response = enter(sam).get(f"{PATH}versions/")

    entries = response.context["history"].entries
    assert [(each.sheet.version.number, str(each.sheet.version.created_by), each.changes) for each in entries] == [
        (3, "Sue", ["What makes the fit"]), (2, "Mona", ["Industry", "Goals"]), (1, "None", []),
    ]  # fmt: skip
    assert [entry.is_in_force for entry in entries] == [False, False, True]
    page = response.content.decode()
    assert "It is the first." in page
    assert page.count("not validated") == 5


def test_a_long_history_comes_in_pages(
    enter: Enter, sam: User, versions: InForce, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(persona_history, "PAGE", 2)
    browser = enter(sam)

    first = browser.get(f"{PATH}versions/").context["history"]
    second = browser.get(f"{PATH}versions/?before={first.older}").context["history"]
    nothing = browser.get(f"{PATH}versions/?before=1").context["history"]

    assert [entry.sheet.version.number for entry in first.entries] == [3, 2]
    assert first.entries[1].changes == ["Industry", "Goals"]
    assert ([entry.sheet.version.number for entry in second.entries], second.older) == ([1], None)
    assert (nothing.entries, nothing.older) == ([], None)


def test_an_old_version_is_shown_as_it_was(enter: Enter, sam: User, versions: InForce) -> None:
    browser = enter(sam)

    page = browser.get(f"{PATH}versions/1/").content.decode()

    assert "Manufacturing, logistics" in page
    assert "Shipping" not in page
    assert "the newest is 3" in page
    assert browser.get(f"{PATH}versions/4/").status_code == 404


def test_two_versions_are_compared_field_by_field_and_criterion_by_criterion(
    enter: Enter, sam: User, versions: InForce
) -> None:
    found = differences(enter(sam).get(f"{PATH}compare/?before=1&after=3"))

    assert found == {
        "industry": [("removed", "Manufacturing, logistics, retail, wholesale"), ("added", "Shipping")],
        "goals": [
            ("same", "Deliver on time at a cost that holds"),
            ("removed", "See problems before customers do"),
            ("added", "Sleep"),
        ],
        "criteria": [
            ("removed", "The firm has 50 to 1,000 employees (employee count is between 50 and 1000): 30 points"),
            ("added", "The firm has 50 to 1,000 employees (employee count is between 50 and 1000): 25 points"),
            ("same", "Works in operations (role is one of operations, logistics, production, supply chain): 30 points"),
            ("same", "Decides or prepares the decision (seniority is one of manager, director, head, vp, c-level): 20 points"),
            ("same", "Is in an industry that we serve (industry is one of manufacturing, logistics, retail, wholesale): 20 points"),
        ],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", (2, 3)), ("?after=2", (1, 2)), ("?before=1", (1, 3)), ("?before=3&after=1", (3, 1)), ("?before=2&after=2", (2, 2)),
        ("?before=x&after=99", (2, 3)), ("?after=1", (1, 1)), ("?before=-1&after=99999999999", (2, 3)),
    ],
)  # fmt: skip
def test_whatever_is_asked_for_two_versions_are_shown(
    enter: Enter, sam: User, versions: InForce, query: str, numbers: tuple[int, int]
) -> None:
    response = enter(sam).get(f"{PATH}compare/{query}")

    comparison = response.context["comparison"]
    assert (comparison.before.number, comparison.after.number) == numbers
    assert ("Both versions say the same" in response.content.decode()) == (numbers[0] == numbers[1])


def test_a_persona_of_one_version_is_compared_with_itself(enter: Enter, sam: User, versions: InForce) -> None:
    assert enter(sam).get("/personas/finance-frank/compare/").status_code == 200
