"""Fit: the best matching persona, itemised; unknown is not zero; whom we do not want is capped."""

from __future__ import annotations

from typing import Any

import pytest

from personas.conditions import BadRule
from personas.defaults import PERSONAS, create_default_personas, create_default_scoring
from personas.fit import NEGATIVE_CAP, ScoredPersona, grade, read_persona, score_fit
from personas.models import PersonaVersion, ScoringVersion
from tests.cast import NOW

OLIVIA, FRANK, STAN = (
    read_persona(
        version_id=number, name=terms["name"], is_negative=terms.get("is_negative", False), criteria=terms["criteria"]
    )
    for number, terms in enumerate(PERSONAS, start=1)
)
ALL = [OLIVIA, FRANK, STAN]


def persona(*points: int, is_negative: bool = False) -> ScoredPersona:
    """Make a persona whose criteria are the facts a, b, c … being true."""
    criteria = [
        {"field": "is_customer" if place else "is_target_account", "op": "is", "value": True, "points": worth}
        for place, worth in enumerate(points)
    ]
    return read_persona(version_id=9, name="X", is_negative=is_negative, criteria=criteria)


@pytest.mark.parametrize(
    ("facts", "score", "best"),
    [
        ({"role": "Operations", "seniority": "Head", "employee_count": 50, "industry": "retail"}, 100, 1),
        ({"role": "operations", "employee_count": 49}, 30, 1),
        ({"role": "Finance", "seniority": "VP", "employee_count": 100, "country": "DE"}, 100, 2),
        ({"role": "Marketing"}, 0, 1),
        ({"country": "DE"}, 15, 2),
    ],
)
def test_the_best_matching_persona_gives_the_score(facts: dict[str, Any], score: int, best: int) -> None:
    found = score_fit(ALL, facts)

    assert (found.score, found.version_id) == (score, best)
    assert sum(item["points"] for item in found.items) == score


def test_where_nothing_is_known_the_fit_is_unknown() -> None:
    for facts in ({}, {"role": "", "employee_count": None}, {"name": "Ana"}):
        assert score_fit(ALL, facts).score is None
    assert score_fit([], {"role": "Finance"}).score is None


def test_missing_data_are_shown_as_missing_and_not_as_unmet() -> None:
    items = score_fit([OLIVIA], {"role": "Operations", "seniority": "Junior"}).items

    assert {item["code"]: item["state"] for item in items} == {
        "employee_count": "missing",
        "role": "met",
        "seniority": "unmet",
        "industry": "missing",
    }


def test_whom_we_do_not_want_is_capped_with_an_item_that_says_so() -> None:
    facts = {"role": "operations", "seniority": "student", "employee_count": 200, "industry": "retail"}

    found = score_fit(ALL, facts)

    assert (found.score, found.grade) == (NEGATIVE_CAP, "D")
    assert found.items[-1]["code"] == "negative_persona"
    assert sum(item["points"] for item in found.items) == NEGATIVE_CAP


@pytest.mark.parametrize(("points", "score"), [(49, 80), (50, NEGATIVE_CAP)])
def test_a_negative_persona_counts_from_half_of_the_points(points: int, score: int) -> None:
    facts = {"is_target_account": True}

    assert score_fit([persona(80), persona(points, is_negative=True)], facts).score == score


@pytest.mark.parametrize(
    ("score", "letter"),
    [(100, "A"), (75, "A"), (74, "B"), (50, "B"), (49, "C"), (25, "C"), (24, "D"), (0, "D"), (None, "")],
)
def test_the_grade_follows_the_score(score: int | None, letter: str) -> None:
    assert grade(score) == letter


@pytest.mark.parametrize(
    "criteria",
    [
        [
            {"field": "role", "op": "is", "value": "x", "points": 60},
            {"field": "region", "op": "is", "value": "x", "points": 41},
        ],
        [{"field": "role", "op": "is", "value": "x", "points": 0}],
        [{"field": "role", "op": "is", "value": "x", "points": "5"}],
        [{"field": "role", "op": "is", "value": "x"}],
        [{"field": "fit", "op": "gte", "value": 5, "points": 5}],
        [{"field": "role", "op": "?", "value": "x", "points": 5}],
    ],
)
def test_malformed_criteria_are_refused(criteria: list[dict[str, Any]]) -> None:
    with pytest.raises(BadRule):
        read_persona(version_id=1, name="X", is_negative=False, criteria=criteria)


def test_the_defaults_are_created_once(db: None) -> None:
    first = [version.pk for version in create_default_personas(at=NOW)]
    scoring = create_default_scoring(at=NOW)

    assert [version.pk for version in create_default_personas(at=NOW)] == first
    assert create_default_scoring(at=NOW) == scoring
    assert (PersonaVersion.objects.count(), ScoringVersion.objects.count()) == (len(PERSONAS), 1)
