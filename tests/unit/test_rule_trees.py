"""A rule as lines of a form, and back: nothing is lost, whatever stands in whatever."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.clause_forms.conditions import read, written
from desk.rule_tree import MOST_LINES, Node, normal, numbered, shape_of, shaped, walk
from personas.conditions import MAX_DEPTH, compile_rule

NODES = st.recursive(
    st.just(Node).map(lambda made: made()),
    lambda inner: st.lists(inner, max_size=3).map(lambda members: Node(is_group=True, members=members)),
    max_leaves=8,
)
CONDITIONS = st.sampled_from([{"field": name, "op": "is", "value": True} for name in ("a", "b")])
RULES = st.recursive(
    CONDITIONS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(lambda members: {"any": members}),
        st.lists(inner, max_size=3).map(lambda members: {"all": members}),
    ),
    max_leaves=5,
)


@given(st.lists(NODES, max_size=4))
def test_a_shape_says_how_lines_stand_in_each_other(members: list[Node]) -> None:
    root = numbered(Node(is_group=True, members=members))
    deep = max((node.depth for node in walk(root) if node.is_group), default=0)

    again, is_whole = shaped(shape_of(root))

    assert is_whole is (deep <= MAX_DEPTH + 1)
    if is_whole:
        assert shape_of(again) == shape_of(root)
        assert [node.is_group for node in walk(again)] == [node.is_group for node in walk(root)]
        assert [node.place for node in walk(again)] == list(range(len(list(walk(root)))))


@pytest.mark.parametrize("shape", ["many", "-1", "9" * 40, "c" * (MOST_LINES + 1), "(" * 50, "c[c]", "٣"])
def test_what_is_no_shape_is_noticed_and_no_fault(shape: str) -> None:
    root, is_whole = shaped(shape)

    assert not is_whole
    assert len(list(walk(root))) <= MOST_LINES


@given(RULES)
def test_the_normal_form_holds_for_the_same(rule: Any) -> None:
    one, other = compile_rule(rule), compile_rule(normal(rule))

    for a in (True, False):
        for b in (True, False):
            assert one.holds({"a": a, "b": b}) == other.holds({"a": a, "b": b})


@given(st.lists(st.text("ab ,\"'", min_size=1).filter(str.strip).map(str.strip), min_size=1, max_size=4))
def test_values_with_commas_and_quotes_are_read_as_they_are_written(values: list[str]) -> None:
    assert read("company", "in", written({"op": "in", "value": values})) == values
