"""What a version of a persona may say, and how two of them differ."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from personas.defaults import PERSONAS
from personas.portrait import LABELS, MOST_SENTENCES, STORY, BadPortrait, Portrait, changed, checked, lines_of

IT = {"field": "role", "op": "is", "value": "it", "points": 60}
IDA = Portrait("IT Ida", industry="Software", story={"goals": ["Fewer tools", "More sleep"]}, criteria=[IT])


def refused(said: Portrait) -> set[tuple[str, str]]:
    with pytest.raises(BadPortrait) as refusal:
        checked(said)
    return {(problem.field, problem.code) for problem in refusal.value.problems}


def test_spaces_and_empty_sentences_are_left_out() -> None:
    said = checked(Portrait(" IT Ida ", story={"goals": [" Fewer tools ", "", "  "]}, criteria=[{**IT, "words": "  "}]))

    assert said.name == "IT Ida"
    assert said.story["goals"] == ["Fewer tools"]
    assert said.story["pains"] == []
    assert said.criteria == [IT]


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"name": "  "}, "name", "required"),
        ({"role": "x" * 121}, "role", "too_long"),
        ({"industry": "one\ntwo"}, "industry", "line_break"),
        ({"summary": "x" * 2001}, "summary", "too_long"),
        ({"summary": "nul \x00"}, "summary", "control_character"),
        ({"avatar": "../mark"}, "avatar", "unknown"),
        ({"buying_role": "boss"}, "buying_role", "unknown"),
        ({"story": {"pains": ["x" * 301]}}, "pains", "too_long"),
        ({"story": {"pains": ["x"] * (MOST_SENTENCES + 1)}}, "pains", "too_many"),
        ({"criteria": [IT, {**IT, "points": 41}]}, "criteria", "bad_rule"),
        ({"criteria": [IT, {**IT, "points": 0}]}, "criteria[1]", "bad_rule"),
        ({"criteria": [{**IT, "field": "email"}]}, "criteria[0]", "bad_rule"),
        ({"criteria": [{**IT, "points": 1}] * 31}, "criteria", "too_many"),
        ({"criteria": [{**IT, "value": "nul \x00"}]}, "criteria[0].value", "control_character"),
        ({"criteria": [{**IT, "op": "in", "value": ["it", "x" * 501]}]}, "criteria[0].value", "too_long"),
        ({"criteria": [IT, {**IT, "op": "gte", "value": 10**400, "points": 1}]}, "criteria[1].value", "too_large"),
        ({"criteria": [{**IT, "words": "hidden \u202e"}]}, "criteria[0]", "invisible_character"),
    ],
)
def test_what_cannot_stand_is_named_by_its_field(change: dict[str, Any], field: str, code: str) -> None:
    assert refused(replace(IDA, **change)) == {(field, code)}


@pytest.mark.parametrize(("points", "stands"), [((), True), ((49,), False), ((20, 30), True)])
def test_the_criteria_of_whom_we_do_not_want_can_reach_what_caps_the_fit(points: tuple[int, ...], stands: bool) -> None:
    said = replace(IDA, criteria=[{**IT, "points": worth} for worth in points])

    if stands:
        checked(said, is_negative=True)
    else:
        with pytest.raises(BadPortrait) as refusal:
            checked(said, is_negative=True)
        assert [(problem.field, problem.code) for problem in refusal.value.problems] == [("criteria", "never_caps")]
    checked(said)


def test_a_number_is_not_its_digits() -> None:
    texts, numbers = (replace(IDA, criteria=[{**IT, "value": value}]) for value in ("5", 5))

    assert changed(texts, numbers) == ["What makes the fit"]


def test_everything_that_is_wrong_is_said_at_once() -> None:
    assert refused(Portrait("", avatar="nobody", criteria=[{**IT, "points": 101}])) == {
        ("name", "required"), ("avatar", "unknown"), ("criteria[0]", "bad_rule"),
    }  # fmt: skip


def test_the_longest_that_is_allowed_is() -> None:
    checked(
        Portrait(
            "x" * 120,
            summary="x" * 2000,
            story={"goals": ["x" * 300] * MOST_SENTENCES},
            criteria=[{**IT, "points": 100}],
        )
    )


@pytest.mark.parametrize("terms", PERSONAS, ids=lambda terms: terms["code"])
def test_the_personas_that_a_company_begins_with_can_stand(terms: dict[str, Any]) -> None:
    said = Portrait(**{name: value for name, value in terms.items() if name not in ("code", "is_negative")})

    assert changed(checked(said), said) == []


@pytest.mark.parametrize(
    ("change", "labels"),
    [
        ({"story": {"goals": ["More sleep", "A budget"]}}, ["Goals"]),
        ({"story": {"goals": ["More sleep", "Fewer tools"]}}, ["Goals"]),
        ({"story": {"goals": ["Fewer tools", "More sleep"], "pains": []}}, []),
        ({"criteria": [{**IT, "points": 70}]}, ["What makes the fit"]),
        ({"criteria": [{**IT, "words": "Is in IT"}], "name": "Ida"}, ["Name", "What makes the fit"]),
        ({"avatar": "jade", "buying_role": "user"}, ["Buying role", "Picture"]),
    ],
)
def test_what_differs_is_named(change: dict[str, Any], labels: list[str]) -> None:
    assert changed(IDA, replace(IDA, **change)) == labels


def test_criteria_are_said_with_their_points() -> None:
    said = replace(IDA, criteria=[IT, {**IT, "points": 40, "words": "Is in IT"}])

    assert lines_of(said, "criteria") == ["role is it: 60 points", "Is in IT (role is it): 40 points"]


def test_every_field_is_compared() -> None:
    assert set(LABELS) == (set(Portrait.__dataclass_fields__) - {"story"}) | STORY.keys()
