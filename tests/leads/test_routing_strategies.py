"""Who of a pool is next by load or by waiting, a rule that names a person, and whoever covers for somebody in a pool."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from leads.routing import sentences
from leads.routing.choice import Case, Rule, decide
from leads.routing.ranking import STRATEGIES
from leads.routing.sentences import Names, why
from tests.leads.test_routing_choice import ANYTHING, NOW, TEAM, passed_over, person, rule, state

REST = rule("rest", "queue", TEAM)
LEAST = (Rule("least", lambda _: True, "pool", 1, "least_loaded"), REST)
LONGEST = (Rule("longest", lambda _: True, "pool", 1, "longest_waiting"), REST)
TURNS = (rule("round", "pool", 1), REST)
NAMED = (rule("named", "person", 2), *TURNS)
NAMES = Names({1: "Ann", 2: "Sam", 3: "Rita"}, {1: "Inbound"}, {TEAM: "Sales"}, {"named": "Pumps are Sam’s"})


# Least loaded, longest waiting ----------------------------------------------------------------------------------------


def test_who_has_the_fewest_open_leads_is_first_until_all_have_as_many():
    board = state(person(1, open_count=3), person(2), person(3, open_count=1))

    chosen = [decide(ANYTHING, LEAST, board) for _ in range(8)]

    assert [choice.user_id for choice in chosen] == [2, 2, 3, 2, 3, 1, 2, 3]
    assert chosen[0].trace["chosen"] == {"rule": "least", "why": "least_loaded", "pool": 1, "user": 2}
    assert passed_over(chosen[0]) == {1: "more_loaded", 3: "more_loaded"}
    assert board.pools[1].moved == set()


@pytest.mark.parametrize(
    ("rules", "first", "second", "told", "reason"),
    [
        (TURNS, {}, {}, "It was Ann’s turn in Inbound", "is level, and stands later in the list"),
        (TURNS, {}, {"turn": 1}, "It was Ann’s turn in Inbound", "has a later turn"),
        (LEAST, {}, {"open_count": 1}, "{} Ann had the fewest open leads.", "has more open leads"),
        (
            LEAST, {"open_count": 3, "weight": 4}, {"open_count": 1}, "{} Ann had the fewest open leads for their weight.",
            "has more open leads for their weight",
        ),
        (LEAST, {}, {"turn": 1}, "{} Ann had the fewest open leads.", "has as many open leads for their weight, and a later turn"),
        (LEAST, {}, {}, "{} Ann had the fewest open leads.", "is level, and stands later in the list"),
        (LONGEST, {"last_given": 1}, {"last_given": 2}, "{} Ann had waited longest for a lead.", "got a lead more recently"),
        (LONGEST, {}, {"turn": 1}, "{} Ann had waited longest for a lead.", "has waited as long, and has a later turn"),
        (LONGEST, {}, {}, "{} Ann had waited longest for a lead.", "is level, and stands later in the list"),
    ],
)  # fmt: skip
def test_every_reason_is_true_of_those_it_speaks_of(rules, first, second, told, reason):
    places = [
        {name: said.pop(name, default) for name, default in (("turn", 0), ("weight", 1))} for said in (first, second)
    ]
    weights = {number: place["weight"] for number, place in enumerate(places, 1)}
    board = state(person(1, **first), person(2, **second), person(3, is_absent=True), weights={**weights, 3: 1})
    for place, said in zip(board.pools[1].places, places, strict=False):
        place.turn = said["turn"]
    board.pools[1].present = 0

    trace = decide(ANYTHING, rules, board).trace

    assert why(trace, NAMES).startswith(told.format("Of those in Inbound who could take it,"))
    assert sentences.passed_over(trace, NAMES) == ["Rita is away.", f"Sam {reason}."]


def test_somebody_in_two_places_comes_later_for_what_is_closest():
    board = state(person(1), person(2, is_absent=True, cover_id=3), person(3), weights={1: 1, 2: 1, 3: 1})
    board.pools[1].places[1].turn = 5
    board.pools[1].present = 0

    assert passed_over(decide(ANYTHING, TURNS, board)) == {2: "absent", 3: "equal"}


def test_load_counts_for_a_weight():
    board = state(person(1, open_count=4), person(2, open_count=3), weights={1: 2})

    chosen = Counter(decide(ANYTHING, LEAST, board).user_id for _ in range(92))

    assert (board.people[1].open_count, board.people[2].open_count) == (66, 33)
    assert chosen == {1: 62, 2: 30}


def test_who_has_waited_longest_is_first_and_who_never_got_one_before_all():
    board = state(person(1, last_given=70), person(2, last_given=50), person(3))

    chosen = [decide(ANYTHING, LONGEST, board) for _ in range(5)]

    assert [choice.user_id for choice in chosen] == [3, 2, 1, 3, 2]
    assert chosen[0].trace["chosen"]["why"] == "longest_waiting"
    assert passed_over(chosen[0]) == {1: "waited_less", 2: "waited_less"}


@pytest.mark.parametrize("rules", [LEAST, LONGEST])
def test_who_is_at_work_goes_first_whatever_the_strategy(rules):
    board = state(person(1, opens_at=NOW + timedelta(hours=1)), person(2, open_count=9, last_given=9))

    choice = decide(ANYTHING, rules, board)

    assert choice.user_id == 2
    assert passed_over(choice) == {1: "opens_later"}


# A person -------------------------------------------------------------------------------------------------------------


def test_a_rule_may_name_a_person():
    choice = decide(ANYTHING, NAMED, state(person(1), person(2)))

    assert (choice.user_id, choice.team_id) == (2, None)
    assert choice.trace == {"rules": [], "people": [], "chosen": {"rule": "named", "why": "named", "user": 2}}
    assert why(choice.trace, NAMES) == "The rules send it to Sam (rule: Pumps are Sam’s)."


def test_the_cover_of_a_named_person_gets_it_while_they_are_away():
    choice = decide(ANYTHING, NAMED, state(person(2, is_absent=True, cover_id=3), person(3)))

    assert choice.trace["chosen"] == {"rule": "named", "why": "named_cover", "user": 3, "for": 2}
    assert passed_over(choice) == {2: "absent"}
    said = "The rules send it to Sam, who is away; Rita covers for them (rule: Pumps are Sam’s)."
    assert why(choice.trace, NAMES) == said
    assert why(choice.trace, replace(NAMES, reader=3)) == said.replace("Rita covers", "you cover")


@pytest.mark.parametrize(
    ("fields", "problem"),
    [({"is_active": False}, "inactive"), ({"is_absent": True}, "absent"), ({"capacity": 1, "open_count": 1}, "full")],
)
def test_a_named_person_who_cannot_take_it_leaves_it_to_the_next_rule(fields, problem):
    choice = decide(ANYTHING, NAMED, state(person(1), person(2, **fields)))

    assert choice.user_id == 1
    assert choice.trace["rules"] == [["named", "person_cannot"]]
    assert passed_over(choice) == {2: problem}


def test_a_named_person_who_gave_it_away_does_not_get_it_back():
    choice = decide(Case({}, None, frozenset({2})), NAMED, state(person(1), person(2)))

    assert (choice.user_id, passed_over(choice)[2]) == (1, "excluded")


# Cover in a pool ------------------------------------------------------------------------------------------------------


def test_who_covers_stands_in_the_place_of_who_is_away():
    board = state(person(1), person(2, is_absent=True, cover_id=3))
    board.people[3] = person(3)

    chosen = [decide(ANYTHING, TURNS, board) for _ in range(4)]

    assert [choice.user_id for choice in chosen] == [1, 3, 1, 3]
    assert chosen[1].trace["chosen"] == {"rule": "round", "why": "turn", "pool": 1, "user": 3, "for": 2}
    assert passed_over(chosen[1]) == {2: "absent", 1: "turn_later"}
    assert why(chosen[1].trace, NAMES) == "It was Sam’s turn in Inbound; Rita covers for Sam, who is away."


def test_a_member_who_covers_takes_both_turns_and_is_named_once():
    board = state(person(1), person(2, is_absent=True, cover_id=3), person(3))

    chosen = [decide(ANYTHING, TURNS, board) for _ in range(6)]

    assert Counter(choice.user_id for choice in chosen) == {1: 2, 3: 4}
    assert all(
        len(choice.trace["people"]) == len({user_id for user_id, _ in choice.trace["people"]}) for choice in chosen
    )
    assert all(choice.user_id not in passed_over(choice) for choice in chosen)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [({"is_active": False}, "inactive"), ({"is_absent": True}, "absent"), ({"capacity": 1, "open_count": 1}, "full")],
)
def test_a_cover_who_cannot_take_it_is_passed_over_too(fields, problem):
    board = state(person(1), person(2, is_absent=True, cover_id=3))
    board.people[3] = person(3, **fields)

    choice = decide(ANYTHING, TURNS, board)

    assert choice.user_id == 1
    assert passed_over(choice) == {2: "absent", 3: problem}


def test_the_cover_of_a_cover_takes_it_and_two_who_cover_for_each_other_end():
    board = state(person(2, is_absent=True, cover_id=3))
    board.people[3], board.people[4] = person(3, is_absent=True, cover_id=4), person(4)

    assert decide(ANYTHING, TURNS, board).user_id == 4
    board.people[3].cover_id = 2
    assert decide(ANYTHING, TURNS, board).team_id == TEAM


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_nobody_gets_a_lead_while_away(strategy):
    rules = (Rule("all", lambda _: True, "pool", 1, strategy), REST)
    board = state(person(1, is_absent=True), person(2, is_absent=True, cover_id=1), person(3))

    assert {decide(ANYTHING, rules, board).user_id for _ in range(9)} == {3}
