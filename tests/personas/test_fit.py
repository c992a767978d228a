"""Fit: the best matching persona, itemised; unknown is not zero; whom we do not want is capped."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps

from personas.conditions import BadRule
from personas.defaults import PERSONAS, SCORING_TERMS, create_default_personas, create_default_scoring
from personas.fit import NEGATIVE_CAP, ScoredPersona, grade, read_negatives, read_persona, score_fit
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


# What takes points off ------------------------------------------------------------------------------------------------

RIVAL = {"code": "rival", "words": "Competes with us", "points": -60,
         "rule": {"any": [{"field": "domain", "op": "in", "value": ["rival.example", "other.example"]},
                          {"field": "company", "op": "contains", "value": "Rival"}]}}  # fmt: skip
NEGATIVES = read_negatives([*SCORING_TERMS["negatives"], RIVAL])
FITTING = {"role": "Operations", "seniority": "Head", "employee_count": 50, "is_customer": False}


@pytest.mark.parametrize(
    ("facts", "score", "lines"),
    [
        (FITTING, 80, []),
        ({**FITTING, "email_domain": "GMX.de"}, 70, [("negative:free_mail", -10, "gmx.de")]),
        ({**FITTING, "email_domain": "gmx.de", "is_customer": True}, 80, []),
        ({**FITTING, "domain": "rival.example", "company": "The Rival Ltd"}, 20,
         [("negative:rival", -60, "rival.example, Rival")]),
        ({**FITTING, "job_title": "Student of Jane Doe", "email_domain": "web.de", "domain": "rival.example"}, 0,
         [("negative:free_mail", -10, "web.de"), ("negative:job_seeker", -50, "student"),
          ("negative:rival", -60, "rival.example"), ("floor", 40, "")]),
    ],
)  # fmt: skip
def test_what_speaks_against_a_lead_takes_points_off_down_to_zero(
    facts: dict[str, Any], score: int, lines: list[tuple[str, int, str]]
) -> None:
    found = score_fit(ALL, facts, NEGATIVES)

    told = [(item["code"], item["points"], item["evidence"]) for item in found.items]
    assert (found.score, told[4:]) == (score, lines)
    assert sum(item["points"] for item in found.items) == score


def test_an_unknown_fit_stays_unknown_and_what_speaks_against_it_is_told() -> None:
    found = score_fit(ALL, {"email_domain": "gmx.de", "is_customer": False}, NEGATIVES)

    assert (found.score, found.version_id) == (None, None)
    assert [item["code"] for item in found.items] == ["negative:free_mail"]


def test_the_evidence_is_the_value_of_the_rule_and_never_what_somebody_wrote() -> None:
    facts = {"employee_count": 240, "role": "OPERATIONS", "seniority": "", "industry": ["retail", "logistics"]}

    items = score_fit([OLIVIA], facts).items

    assert [item["evidence"] for item in items] == ["240", "operations", "", "logistics, retail"]


@pytest.mark.parametrize(
    "change",
    [
        {"points": 5}, {"points": 0}, {"points": -101}, {"points": "-5"}, {"points": True}, {"code": " "},
        {"words": None}, {"rule": []}, {"rule": None}, {"rule": {"field": "fit", "op": "lt", "value": 5}},
    ],
)  # fmt: skip
def test_malformed_negatives_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(BadRule):
        read_negatives([{**RIVAL, **change}])


def test_a_code_stands_for_one_rule_and_the_list_has_an_end() -> None:
    lines: Any
    for lines in ([RIVAL, RIVAL], [{**RIVAL, "code": str(number)} for number in range(41)], {}, [5]):
        with pytest.raises(BadRule):
            read_negatives(lines)


def test_the_migration_adds_the_negatives_as_a_version_of_their_own(db: None) -> None:
    migration = import_module("personas.migrations.0005_negatives")
    migration.append(apps, None)
    assert not ScoringVersion.objects.exists()
    former = {key: value for key, value in SCORING_TERMS.items() if key != "negatives"}
    ScoringVersion.objects.create(number=1, terms=former, created_at=NOW)

    migration.append(apps, None)
    migration.append(apps, None)

    assert [row.terms for row in ScoringVersion.objects.order_by("number")] == [former, SCORING_TERMS]
