"""Engagement: exact while it decays, however it is put together; and the tier."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.codes import TOUCH_KINDS
from leads.scoring import (
    BadScoring,
    Engagement,
    Scoring,
    TouchLine,
    add_points,
    engagement_at,
    engagement_items,
    rebase,
    recompute,
    tier_of,
)  # fmt: skip
from personas.conditions import OPERATORS, RISING, compile_rule, rises_with
from personas.defaults import SCORING_TERMS

AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
SCORING = Scoring.from_terms(1, SCORING_TERMS)
TOUCHES = st.lists(
    st.builds(
        TouchLine,
        st.sampled_from(sorted(TOUCH_KINDS)),
        st.integers(0, 6 * 365 * 86400).map(lambda seconds: AT - timedelta(seconds=seconds)),
    ),
    max_size=40,
)


def points_of(stored: Engagement, at: datetime) -> int:
    return engagement_at(fixed=stored.fixed, level=stored.level, half_life_days=stored.half_life_days, at=at)


def by_definition(touches: list[TouchLine], at: datetime, scoring: Scoring = SCORING) -> float:
    """Sum the points of each touch as of ``at``, one by one."""
    total = 0.0
    for touch in touches:
        points, decays = scoring.points.get(touch.kind, (0, False))
        age = (at - touch.occurred_at).total_seconds() / 86400
        total += points * 0.5 ** (age / scoring.half_life_days) if decays else points
    return total


@given(TOUCHES, st.integers(0, 900), st.randoms())
def test_adding_touch_by_touch_equals_computing_anew(touches: list[TouchLine], days: int, chance: Any) -> None:
    anew = recompute(SCORING, touches)
    stepwise = Engagement(0.0, None, SCORING.half_life_days)
    shuffled = chance.sample(touches, len(touches))
    for touch in shuffled:
        stepwise = add_points(stepwise, SCORING, [touch])

    assert stepwise.fixed == anew.fixed
    assert (stepwise.level is None) == (anew.level is None)
    assert stepwise.level is None or math.isclose(stepwise.level, anew.level or 0, rel_tol=0, abs_tol=1e-9)
    at = AT + timedelta(days=days)
    exact = min(100.0, by_definition(touches, at))
    assert abs(points_of(anew, at) - exact) <= 0.5 + 1e-6


@given(TOUCHES, st.integers(1, 365), st.integers(0, 400))
def test_another_half_life_keeps_the_points_of_the_moment(touches: list[TouchLine], half_life: int, days: int) -> None:
    at = AT + timedelta(days=days)
    before = recompute(SCORING, touches)

    after = rebase(before, half_life_days=half_life, at=at)

    assert abs(points_of(after, at) - points_of(before, at)) <= 1
    assert after.half_life_days == half_life


@pytest.mark.parametrize(
    ("days", "points"), [(0, 60), (30, 30), (60, 15), (90, 8), (120, 4), (3650, 0), (36500, 0)]
)  # fmt: skip
def test_points_halve_every_half_life(days: int, points: int) -> None:
    stored = recompute(SCORING, [TouchLine("demo_request", AT)])

    assert points_of(stored, AT + timedelta(days=days)) == points


def test_fixed_points_stay() -> None:
    stored = recompute(SCORING, [TouchLine("event_visit", AT)])

    assert points_of(stored, AT + timedelta(days=3650)) == SCORING.points["event_visit"][0]


def test_engagement_is_at_most_100_and_nothing_is_0() -> None:
    assert points_of(recompute(SCORING, [TouchLine("demo_request", AT)] * 1000), AT) == 100
    assert points_of(recompute(SCORING, []), AT) == 0


def test_an_instant_long_before_the_touches_does_not_overflow() -> None:
    assert points_of(recompute(SCORING, [TouchLine("demo_request", AT)]), datetime(1, 1, 2, tzinfo=UTC)) == 100


def test_the_items_sum_to_the_score() -> None:
    touches = [
        TouchLine("demo_request", AT - timedelta(days=30)),
        TouchLine("event_visit", AT - timedelta(days=90)),
        TouchLine("page_view", AT),
    ]

    items = engagement_items(SCORING, touches, at=AT)

    assert [(item["code"], item["points"], item["age_days"]) for item in items] == [
        ("page_view", 2.0, 0),
        ("demo_request", 30.0, 30),
        ("event_visit", 15, 90),
    ]
    assert round(sum(item["points"] for item in items)) == points_of(recompute(SCORING, touches), AT)


@pytest.mark.parametrize(
    "terms",
    [
        {},
        {"half_life_days": 0, "points": {}},
        {"half_life_days": 3651, "points": {}},
        {"half_life_days": "30", "points": {}},
        {"half_life_days": 30, "points": []},
        {"half_life_days": 30, "points": {"form": {"points": 5}}},
        {"half_life_days": 30, "points": {"form": {"points": -1, "decays": True}}},
        {"half_life_days": 30, "points": {"form": {"points": 1, "decays": 1}}},
    ],
)
def test_malformed_terms_are_refused(terms: dict[str, Any]) -> None:
    with pytest.raises(BadScoring):
        Scoring.from_terms(1, terms)


def test_the_defaults_know_every_kind_of_touch() -> None:
    assert SCORING.points.keys() == TOUCH_KINDS.keys()


@pytest.mark.parametrize(
    ("facts", "tier"), [({"a": True, "b": True}, "hot"), ({"a": False, "b": True}, "warm"), ({}, "standard")]
)
def test_the_first_tier_that_holds_counts(facts: dict[str, Any], tier: str) -> None:
    rules = {
        "hot": compile_rule({"field": "a", "op": "is", "value": True}),
        "warm": compile_rule({"field": "b", "op": "is", "value": True}),
    }

    assert tier_of(rules, facts) == tier


# Time and the rule ----------------------------------------------------------------------------------------------------

BARS = st.integers(-5, 105)
ASKED = st.one_of(
    st.builds(
        lambda op, value: {"field": "engagement", "op": op, "value": value}, st.sampled_from(["gte", "gt"]), BARS
    ),
    st.sampled_from(["is_known", "is_missing"]).map(lambda op: {"field": "engagement", "op": op}),
    st.builds(
        lambda op, value: {"field": "fit", "op": op, "value": value}, st.sampled_from(["gte", "lt", "is_not"]), BARS
    ),
    st.just({"field": "is_hand_raise", "op": "is", "value": False}),
)
RULES = st.recursive(
    ASKED, lambda inner: st.builds(lambda word, parts: {word: parts}, st.sampled_from(["all", "any"]), st.lists(inner)),
    max_leaves=8,
)  # fmt: skip


@given(RULES, TOUCHES, st.integers(0, 100), st.integers(0, 400 * 86400), st.integers(0, 400 * 86400))
def test_no_rule_that_rises_with_engagement_begins_to_hold_by_time_alone(
    terms: Any, touches: list[TouchLine], fit: int, wait: int, more: int
) -> None:
    rule, stored = compile_rule(terms), recompute(SCORING, touches)
    first = AT + timedelta(seconds=wait)

    earlier, later = (
        rule.holds({"engagement": points_of(stored, at), "fit": fit, "is_hand_raise": False})
        for at in (first, first + timedelta(seconds=more))
    )

    assert rises_with(rule, "engagement")
    assert earlier or not later


FALLING = {"lte": 30, "lt": 31, "between": [1, 30], "is": 30, "in": [30], "is_not": 60, "not_in": [60]}


def test_each_operator_that_time_can_turn_on_is_told_from_those_that_it_cannot() -> None:
    stored = recompute(SCORING, [TouchLine("demo_request", AT)])
    facts = [{"engagement": points_of(stored, AT + timedelta(days=days))} for days in (0, 30)]

    for op, value in FALLING.items():
        rule = compile_rule({"any": [{"all": [{"field": "engagement", "op": op, "value": value}]}]})
        assert [rule.holds(each) for each in facts] == [False, True], op
        assert not rises_with(rule, "engagement"), op
    assert {*FALLING, *RISING, "contains"} == OPERATORS.keys()
