"""What is told of rules before they are activated: shadowed, unmatchable, leading nowhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import pytest

from leads.routing.lint import Finding, Known, PoolState, TeamState, lint
from personas.conditions import compile_rule

KNOWN = Known(
    pools={
        1: PoolState("Inbound", active=2), 2: PoolState("Empty"), 3: PoolState("Beach", active=2, away=2),
        4: PoolState("Old", active=1, left=("Dan",)),
    },
    teams={
        7: TeamState("Sales"), 8: TeamState("Gone", is_active=False), 9: TeamState("Night", has_calendar=False),
        10: TeamState("Lonely", has_manager=False),
    },
    people={5: ("Sam", True), 6: ("Dan", False)},
)  # fmt: skip
REST = {"code": "rest", "words": "The rest", "when": [], "to": {"queue": 7}}
POOL, OWNER = {"pool": 1}, {"owner_of_company": True}


def rule(code: str, when: Any, to: Mapping[str, Any] = POOL) -> dict[str, Any]:
    return {"code": code, "words": f"Rule {code}", "when": when, "to": to}


def told(*rules: Mapping[str, Any]) -> list[Finding]:
    return [found for found in lint([*rules, REST], KNOWN) if found.problem != "unused_pool"]


def problems(*rules: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(found.rule, found.problem) for found in told(*rules)]


def of(field: str, op: str, value: Any = None) -> dict[str, Any]:
    return {"field": field, "op": op, **({} if value is None else {"value": value})}


def test_rules_that_are_right_are_let_pass():
    rules = [
        rule("known", [], OWNER), rule("north", [of("region", "is", "north")]),
        rule("big", [of("employee_count", "gte", 500)], {"person": 5}), rule("all", []),
    ]  # fmt: skip

    assert told(*rules[:3], {**rules[3], "when": [of("country", "is_known")]}) == []


# Shadowed -------------------------------------------------------------------------------------------------------------

SHADOWS = [
    ([], [of("region", "is", "north")]),
    ([], []),
    ([of("region", "is", "north")], [of("region", "is", " North ")]),
    ([of("region", "in", ["north", "south"])], [of("region", "is", "south"), of("fit", "gte", 50)]),
    ([of("region", "not_in", ["east", "west"])], [of("region", "is", "south")]),
    ([of("region", "not_in", ["east"])], [of("region", "not_in", ["east", "west"])]),
    ([of("region", "is_known")], [of("region", "is_not", "north")]),
    ([of("region", "is_missing")], [of("region", "is_missing"), of("fit", "gte", 1)]),
    ([of("company", "contains", "bank")], [of("company", "contains", "Big Bank")]),
    ([of("company", "contains", "bank")], [of("company", "is", "Landesbank")]),
    ([of("fit", "gte", 50)], [of("fit", "gt", 50)]),
    ([of("fit", "gte", 50)], [of("fit", "between", [60, 70])]),
    ([of("fit", "between", [0, 100])], [of("fit", "lte", 30)]),
    ([of("employee_count", "lt", 10)], [of("employee_count", "lte", 9)]),
    ({"any": [[of("fit", "gte", 50)], [of("is_hand_raise", "is", True)]]}, [of("fit", "gte", 80)]),
    (
        {"any": [[of("fit", "gte", 50)], [of("is_hand_raise", "is", True)]]},
        {"any": [[of("fit", "gte", 80)], [of("is_hand_raise", "is", True), of("tier", "is", "hot")]]},
    ),
]
OPEN = [
    ([of("region", "is", "north")], []),
    ([of("region", "is", "north")], [of("region", "is", "south")]),
    ([of("region", "is_not", "north")], [of("country", "is", "DE")]),
    ([of("region", "not_in", ["east", "west"])], [of("region", "not_in", ["east"])]),
    ([of("fit", "gt", 50)], [of("fit", "gte", 50)]),
    ([of("fit", "gte", 50)], [of("fit", "lte", 80)]),
    ([of("fit", "gte", 0)], [of("engagement", "gte", 0)]),
    ([of("company", "contains", "bank")], [of("company", "contains", "ban")]),
    ([of("fit", "gte", 50), of("region", "is", "north")], [of("fit", "gte", 50)]),
    ({"any": [[of("fit", "gte", 50)], [of("tier", "is", "hot")]]}, {"any": [[of("fit", "gte", 60)], [of("tier", "is", "warm")]]}),
]  # fmt: skip


@pytest.mark.parametrize(("first", "second"), SHADOWS)
def test_a_rule_is_shadowed_by_an_earlier_one_that_takes_all_it_could(first: Any, second: Any) -> None:
    assert problems(rule("a", first), rule("b", second)) == [("b", "shadowed")]
    assert problems(rule("a", first, OWNER), rule("b", second, {"person": 5})) == []


@pytest.mark.parametrize(("first", "second"), OPEN)
def test_a_rule_that_can_still_decide_is_not_called_shadowed(first: Any, second: Any) -> None:
    assert ("b", "shadowed") not in problems(rule("a", first), rule("b", second))


VALUES: Mapping[str, Sequence[Any]] = {
    "region": ("", None, "north", "south", "east", "west"), "fit": (None, 0, 49, 50, 51, 65, 80, 100),
    "is_hand_raise": (True, False), "tier": ("hot", "warm", "standard"), "company": ("", "Landesbank", "Big Bank", "ban"),
}  # fmt: skip


@pytest.mark.parametrize(("first", "second"), [*SHADOWS, *OPEN])
def test_whatever_is_called_shadowed_no_lead_reaches(first: Any, second: Any) -> None:
    """The claim tried on leads: none matches the later rule and not the earlier one."""
    wide, narrow = compile_rule(first), compile_rule(second)
    fields = sorted(wide.fields | narrow.fields)
    leads = [
        dict(zip(fields, values, strict=True))
        for values in product(*(VALUES.get(name, (None, 1, 9, 10, "DE")) for name in fields))
    ]
    is_reached = any(narrow.holds(lead) and not wide.holds(lead) for lead in leads)

    assert (("b", "shadowed") in problems(rule("a", first), rule("b", second))) is not is_reached


def test_the_last_rule_has_to_be_there_even_where_nothing_is_left_for_it():
    assert problems(rule("all", [])) == []


# Unmatchable ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "when",
    [
        [of("region", "is", "north"), of("region", "is", "south")],
        [of("region", "is", "north"), of("region", "is_not", "North")],
        [of("region", "is_missing"), of("region", "is", "north")],
        [of("fit", "gte", 60), of("fit", "lt", 60)],
        [of("fit", "gte", 101)],
        [of("fit", "is", 120)],
        [of("employee_count", "lt", 0)],
        [of("is_customer", "is", True), of("is_customer", "is", False)],
        [of("tier", "is", "boiling")],
        [of("tier", "not_in", ["hot", "warm", "standard"])],
        {"any": []},
        {"any": [[of("grade", "is", "E")], [of("fit", "gt", 100)]]},
    ],
)
def test_a_rule_that_no_lead_can_match_is_told(when: Any) -> None:
    assert problems(rule("a", when)) == [("a", "nobody_matches")]


@pytest.mark.parametrize(
    "when",
    [
        [of("fit", "gte", 100)],
        [of("fit", "is", 0)],
        [of("fit", "in", [100, 120])],
        [of("region", "is", "north"), of("region", "in", ["north", "south"]), of("region", "contains", "nor")],
        {"any": [[of("tier", "is", "boiling")], [of("tier", "is", "Hot")]]},
    ],
)
def test_a_rule_that_some_lead_can_match_is_let_pass(when: Any) -> None:
    assert problems(rule("a", when)) == []


def test_what_cannot_be_asked_is_told():
    assert problems(rule("a", [of("shoe_size", "gte", 1)])) == [("a", "bad_conditions")]


# Leading nowhere ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("to", "problem", "blocks"),
    [
        ({"pool": 2}, "empty_pool", True),
        ({"pool": 99}, "no_pool", True),
        ({"pool": 3}, "all_away", False),
        ({"pool": 4}, "members_left", False),
        ({"person": 6}, "person_left", True),
        ({"person": 99}, "person_left", True),
        ({"queue": 8}, "no_team", True),
        ({"queue": 99}, "no_team", True),
        ({"queue": 9}, "no_calendar", True),
        ({"queue": 10}, "no_manager", False),
    ],
)
def test_where_nobody_takes_a_lead_is_told(to: dict[str, int], problem: str, blocks: bool) -> None:
    (found,) = told(rule("a", [of("fit", "gte", 1)], to))

    assert (found.rule, found.problem, found.blocks) == ("a", problem, blocks)
    assert found.words.endswith(".")


def test_a_pool_that_no_rule_leads_to_is_told():
    found = lint([rule("a", [of("fit", "gte", 1)]), REST], KNOWN)

    assert [each.words for each in found] == [
        f"No rule leads to the pool {name}." for name in ("Empty", "Beach", "Old")
    ]
    assert not any(each.blocks for each in found)
