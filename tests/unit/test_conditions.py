"""Conditions: what each operator holds for, what is refused, and what is explained."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personas.conditions import OPERATORS, WITHOUT_VALUE, BadRule, Condition, compile_rule, explain


def one(op: str, value: Any, fact: Any) -> bool:
    """Tell whether one condition holds on one fact."""
    return compile_rule({"field": "x", "op": op, "value": value}).holds({"x": fact})


@pytest.mark.parametrize(
    ("op", "value", "holding", "failing"),
    [
        ("is", "Berlin", ["berlin", " BERLIN ", ["x", "Berlin"]], ["Bern", 5, ["x"]]),
        ("is", 5, [5, 5.0, Decimal(5)], ["5", 6, True]),
        ("is", 1, [1], [True]),
        ("is", True, [True], [1, "true", False]),
        ("is", False, [False], [0, True]),
        ("is_not", "Berlin", ["Bern", 5], ["berlin", ["Berlin", "x"]]),
        ("in", ["DE", "at"], ["de", "AT", ["CH", "DE"]], ["CH", 1]),
        ("not_in", ["DE", "AT"], ["CH"], ["de", ["CH", "DE"]]),
        ("contains", "Head of", ["the head OF sales", ["head of"]], ["ahead", 5]),
        ("gte", 50, [50, 50.0, 51, Decimal(50)], [49, 49.99, "50", True]),
        ("gt", 50, [50.01, 51], [50, "51"]),
        ("lte", 50, [50, 0, -1], [50.01, "50", False]),
        ("lt", 50, [49], [50, "49"]),
        ("between", [10, 20], [10, 15, 20], [9, 21, "15", True]),
        ("is_known", None, ["x", 0, False, ["x"]], [None, "", "  ", []]),
        ("is_missing", None, [None, "", "  ", []], ["x", 0, False, ["x"]]),
    ],
)
def test_an_operator_holds_where_it_says(op: str, value: Any, holding: list[Any], failing: list[Any]) -> None:
    assert [fact for fact in holding if not one(op, value, fact)] == []
    assert [fact for fact in failing if one(op, value, fact)] == []


VALUES = {"in": ["a"], "not_in": ["a"], "between": [1, 2], "gte": 1, "lte": 1, "gt": 1, "lt": 1}


@pytest.mark.parametrize("op", sorted(OPERATORS.keys() - {"is_missing"}))
@pytest.mark.parametrize("facts", [{}, {"x": None}, {"x": ""}, {"x": []}])
def test_what_is_not_known_proves_nothing(op: str, facts: dict[str, Any]) -> None:
    assert not compile_rule({"field": "x", "op": op, "value": VALUES.get(op, "a")}).holds(facts)


def leaf(value: bool) -> dict[str, Any]:
    return {"field": str(value), "op": "is", "value": True}


FACTS = {"True": True, "False": False}
TREES = st.recursive(
    st.booleans(), lambda inner: st.tuples(st.sampled_from(["all", "any", "list"]), st.lists(inner, max_size=4)), max_leaves=12
)  # fmt: skip


def as_rule(tree: Any) -> Any:
    if isinstance(tree, bool):
        return leaf(tree)
    word, members = tree
    rules = [as_rule(member) for member in members]
    return rules if word == "list" else {word: rules}


def truth(tree: Any) -> bool:
    if isinstance(tree, bool):
        return tree
    word, members = tree
    return (any if word == "any" else all)(truth(member) for member in members)


def depth(tree: Any) -> int:
    return 0 if isinstance(tree, bool) else 1 + max(map(depth, tree[1]), default=0)


@given(TREES.filter(lambda tree: depth(tree) <= 6))
def test_groups_combine_as_logic_does(tree: Any) -> None:
    assert compile_rule(as_rule(tree)).holds(FACTS) is truth(tree)


def test_an_empty_list_always_holds_and_an_empty_any_never() -> None:
    assert compile_rule([]).holds({})
    assert compile_rule({"all": []}).holds({})
    assert not compile_rule({"any": []}).holds({})


@pytest.mark.parametrize(
    ("rule", "path"),
    [
        (None, ""),
        ("fit > 5", ""),
        ({"all": [], "any": []}, ""),
        ({"none": []}, ""),
        ({"all": {"field": "x"}}, ""),
        ({"field": "", "op": "is", "value": 1}, "field"),
        ({"field": 5, "op": "is", "value": 1}, "field"),
        ({"field": "x", "op": "equals", "value": 1}, "op"),
        ({"field": "x", "value": 1}, "op"),
        ({"field": "x", "op": "is"}, "value"),
        ({"field": "x", "op": "is", "value": None}, "value"),
        ({"field": "x", "op": "is", "value": " "}, "value"),
        ({"field": "x", "op": "is", "value": float("nan")}, "value"),
        ({"field": "x", "op": "gte", "value": "5"}, "value"),
        ({"field": "x", "op": "gte", "value": True}, "value"),
        ({"field": "x", "op": "in", "value": []}, "value"),
        ({"field": "x", "op": "in", "value": "DE"}, "value"),
        ({"field": "x", "op": "between", "value": [2, 1]}, "value"),
        ({"field": "x", "op": "between", "value": [1]}, "value"),
        ({"field": "x", "op": "contains", "value": 5}, "value"),
        ({"any": [leaf(True), {"field": "x", "op": "lt", "value": "a"}]}, "any[1].value"),
        ([[leaf(True), {"field": "x", "op": "?"}]], "[0][1].op"),
        ([leaf(True)] * 201, "[200]"),
    ],
)
def test_a_malformed_rule_is_refused_where_it_is_wrong(rule: Any, path: str) -> None:
    with pytest.raises(BadRule) as refused:
        compile_rule(rule)

    assert refused.value.path == path
    assert refused.value.message


def test_rules_nested_too_deep_are_refused_before_recursion_ends() -> None:
    rule: Any = leaf(True)
    for _ in range(5000):
        rule = [rule]

    with pytest.raises(BadRule, match="deep"):
        compile_rule(rule)


def test_a_field_that_may_not_be_asked_for_is_refused() -> None:
    rule = {"field": "password", "op": "is_known"}

    with pytest.raises(BadRule, match="password"):
        compile_rule(rule, fields=frozenset({"fit"}))


def test_the_explanation_names_each_condition_with_its_evidence() -> None:
    rule = compile_rule(
        {"any": [[{"field": "fit", "op": "gte", "value": 50}, leaf(True)], {"field": "role", "op": "is_missing"}]}
    )

    findings = explain(rule, {"fit": 40, "True": True})

    assert [(finding.condition.field, finding.held, finding.evidence) for finding in findings] == [
        ("fit", False, 40),
        ("True", True, True),
        ("role", True, None),
    ]
    assert rule.fields == {"fit", "True", "role"}


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (Condition("employee_count", "between", (10, 200)), "employee count is between 10 and 200"),
        (Condition("country", "in", ("DE", "AT")), "country is one of DE, AT"),
        (Condition("is_hand_raise", "is", True), "is hand raise is yes"),
        (Condition("role", "is_missing"), "role is missing"),
    ],
)
def test_a_condition_reads_as_a_phrase(condition: Condition, words: str) -> None:
    assert condition.words == words


def test_only_operators_without_value_do_without_one() -> None:
    without = {op for op in OPERATORS if _compiles({"field": "x", "op": op})}

    assert without == WITHOUT_VALUE


def _compiles(rule: Any) -> bool:
    try:
        compile_rule(rule)
    except BadRule:
        return False
    return True
