"""Who gets a lead: the order of rules, whoever knows the company, turns by weight, and who is passed over."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from leads.routing.choice import Case, Choice, Company, NoRule, Person, Place, PoolState, Rule, State, decide
from leads.routing.rules import BadRules, compile_rules
from leads.routing.sentences import Names, story, why

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
TEAM = 7
ANYTHING = Case({})


def rule(code: str, target: str, target_id: int | None = None, *, holds: bool = True) -> Rule:
    return Rule(code, lambda _: holds, target, target_id)


RULES = (rule("known", "owner"), rule("round", "pool", 1), rule("rest", "queue", TEAM))


def person(user_id: int, **fields) -> Person:
    return Person(user_id, **{"capacity": 10**9, "opens_at": NOW, "team_id": TEAM, **fields})


def state(*people: Person, weights: dict[int, int] | None = None) -> State:
    """Make a state in which all of ``people`` stand in pool 1; the member ids are theirs plus 100."""
    places = [Place(100 + one.user_id, one.user_id, (weights or {}).get(one.user_id, 1)) for one in people]
    pools = {1: PoolState(1, TEAM, places)}
    return State(NOW, {one.user_id: one for one in people}, pools, {TEAM: (NOW.date(), datetime.date)})


def passed_over(choice: Choice) -> dict[int, str]:
    return dict(choice.trace["people"])


# Rules ---------------------------------------------------------------------------------------------------------------


def test_the_first_rule_that_holds_decides():
    rules = (rule("a", "queue", 1, holds=False), rule("b", "queue", 2), rule("c", "queue", 3))

    choice = decide(ANYTHING, rules, state())

    assert (choice.user_id, choice.team_id) == (None, 2)
    assert choice.trace["rules"] == [["a", "conditions"]]
    assert choice.trace["chosen"] == {"rule": "b", "why": "queue", "queue": 2}


def test_rules_read_the_facts_of_the_lead():
    document = [
        {"code": "north", "when": [{"field": "region", "op": "is", "value": "north"}], "to": {"queue": 4}},
        {"code": "rest", "when": [], "to": {"queue": 5}},
    ]
    rules = compile_rules(document)

    chosen = [decide(Case({"region": region}), rules, state()).team_id for region in ("north", "south", "")]

    assert chosen == [4, 5, 5]


def test_no_rule_that_holds_is_an_error_not_a_lost_lead():
    with pytest.raises(NoRule):
        decide(ANYTHING, (rule("a", "queue", 1, holds=False),), state())


def test_a_rule_whose_pool_is_gone_is_passed_over():
    rules = (rule("gone", "pool", 99), rule("rest", "queue", TEAM))

    choice = decide(ANYTHING, rules, state())

    assert choice.team_id == TEAM
    assert choice.trace["rules"] == [["gone", "no_pool"]]


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ([], "rules"),
        ({"code": "x"}, "rules"),
        ([{"when": [], "to": {"queue": 1}}], "rules[0]"),
        ([{"code": "a", "when": [], "to": {"queue": 1}}, {"code": "a", "when": [], "to": {"queue": 1}}], "rules"),
        ([{"code": "a", "when": [], "to": {"pool": 1}}], "rules[0]"),
        ([{"code": "a", "when": [{"field": "fit", "op": "gte", "value": 1}], "to": {"queue": 1}}], "rules[0]"),
        ([{"code": "a", "when": [{"field": "fit", "op": "like", "value": 1}], "to": {"queue": 1}}], "rules[0].when"),
        ([{"code": "a", "when": "all", "to": {"queue": 1}}], "rules[0].when"),
        ([{"code": "a", "when": [], "to": {"nobody": 1}}], "rules[0].to"),
        ([{"code": "a", "when": [], "to": {"queue": "1"}}], "rules[0].to"),
        ([{"code": "a", "when": [], "to": {"queue": True}}], "rules[0].to"),
        ([{"code": "a", "when": [], "to": {"owner_of_company": 5}}], "rules[0].to"),
        ([{"code": "a", "when": [], "to": {"pool": 1, "by": "lot"}}], "rules[0].to"),
        ([{"code": "a", "when": [], "to": {"queue": 1, "by": "turns"}}], "rules[0].to"),
        ([{"code": "a", "when": [], "to": {"pool": 1, "queue": 1}}], "rules[0].to"),
        ([{"code": "a", "when": [], "to": {"by": "turns"}}], "rules[0].to"),
    ],
)
def test_malformed_rules_are_refused_with_their_place(document, path):
    with pytest.raises(BadRules) as refused:
        compile_rules(document)

    assert refused.value.path == path


# Whoever knows the company -------------------------------------------------------------------------------------------


def test_the_account_owner_goes_before_the_turns():
    choice = decide(Case({}, Company(5, owner_id=2)), RULES, state(person(1), person(2)))

    assert choice.user_id == 2
    assert choice.trace["chosen"] == {"rule": "known", "why": "account_owner", "user": 2}


def test_a_second_person_of_a_company_goes_to_the_rep_of_the_first():
    choice = decide(Case({}, Company(5, rep_ids=(2,))), RULES, state(person(1), person(2)))

    assert (choice.user_id, choice.trace["chosen"]["why"]) == (2, "same_company")


def test_two_persons_of_one_company_in_one_batch_go_to_the_same_rep():
    board = state(person(1), person(2), person(3))

    chosen = [decide(Case({}, Company(company)), RULES, board).user_id for company in (5, 6, 5, 7, 6)]

    assert chosen == [1, 2, 1, 3, 2]


def test_the_cover_of_an_absent_account_owner_gets_the_lead():
    board = state(person(1), person(2, is_absent=True, cover_id=3), person(3))

    choice = decide(Case({}, Company(5, owner_id=2)), RULES, board)

    assert choice.user_id == 3
    assert choice.trace["chosen"] == {"rule": "known", "why": "cover", "user": 3, "for": 2}
    assert passed_over(choice) == {2: "absent"}


def test_covers_who_are_away_themselves_are_followed_on_and_a_circle_ends():
    one_by_one = state(person(1), person(2, is_absent=True, cover_id=3), person(3, is_absent=True, cover_id=1))
    circle = state(person(1), person(2, is_absent=True, cover_id=3), person(3, is_absent=True, cover_id=2))
    owned = Case({}, Company(5, owner_id=2))

    assert decide(owned, RULES, one_by_one).trace["chosen"]["why"] == "cover"
    assert decide(owned, RULES, circle).trace["chosen"]["why"] == "turn"


@pytest.mark.parametrize(
    ("problem", "fields"),
    [
        ("inactive", {"is_active": False}),
        ("absent", {"is_absent": True}),
        ("closed", {"opens_at": NOW + timedelta(days=1)}),
        ("no_calendar", {"opens_at": None}),
    ],
)
def test_an_account_owner_who_cannot_take_it_leaves_it_to_the_next_rule(problem, fields):
    board = state(person(1), person(2, **fields))

    choice = decide(Case({}, Company(5, owner_id=2)), RULES, board)

    assert choice.user_id == 1
    assert choice.trace["rules"] == [["known", "owner_cannot"]]
    assert [2, problem] in choice.trace["people"]


def test_a_full_account_owner_still_gets_the_leads_of_the_company():
    board = state(person(1), person(2, capacity=3, open_count=3))

    choice = decide(Case({}, Company(5, owner_id=2)), RULES, board)

    assert choice.user_id == 2


# Turns ---------------------------------------------------------------------------------------------------------------


def test_turns_go_round_in_the_order_of_ids():
    board = state(person(3), person(1), person(2))

    assert [decide(ANYTHING, RULES, board).user_id for _ in range(6)] == [1, 2, 3, 1, 2, 3]


@pytest.mark.parametrize(
    ("problem", "fields"),
    [
        ("inactive", {"is_active": False}),
        ("absent", {"is_absent": True}),
        ("full", {"capacity": 20, "open_count": 20}),
        ("full_today", {"new_per_day": 5, "new_count": 5}),
        ("closed", {"opens_at": NOW + timedelta(days=1)}),
        ("no_calendar", {"opens_at": None}),
    ],
)
def test_whoever_cannot_take_leads_is_passed_over_with_the_reason(problem, fields):
    board = state(person(1, **fields), person(2))

    chosen = [decide(ANYTHING, RULES, board) for _ in range(3)]

    assert [choice.user_id for choice in chosen] == [2, 2, 2]
    assert all(passed_over(choice) == {1: problem} for choice in chosen)


@pytest.mark.parametrize(
    "fields", [{"capacity": 20, "open_count": 19}, {"new_per_day": 5, "new_count": 4}], ids=["capacity", "per day"]
)
def test_the_last_free_place_is_given_and_then_there_is_none(fields):
    board = state(person(1, **fields), person(2))

    assert [decide(ANYTHING, RULES, board).user_id for _ in range(4)] == [1, 2, 2, 2]


def test_whoever_gave_a_lead_away_does_not_get_it_back():
    board = state(person(1), person(2))

    choice = decide(Case({}, Company(5, owner_id=1), frozenset({1})), RULES, board)

    assert choice.user_id == 2
    assert passed_over(choice)[1] == "excluded"


def test_a_lead_that_nobody_can_take_waits_in_the_queue_of_the_pools_team():
    board = state(person(1, is_absent=True), person(2, is_active=False))

    choice = decide(ANYTHING, RULES, board)

    assert (choice.user_id, choice.team_id) == (None, TEAM)
    assert choice.trace["chosen"] == {"rule": "round", "why": "nobody", "pool": 1, "queue": TEAM}
    assert passed_over(choice) == {1: "absent", 2: "inactive"}


def test_who_is_at_work_goes_before_who_starts_later_whatever_the_turns():
    board = state(person(1, opens_at=NOW + timedelta(hours=5)), person(2))

    chosen = [decide(ANYTHING, RULES, board).user_id for _ in range(3)]

    assert chosen == [2, 2, 2]


def test_at_night_who_starts_first_gets_it_and_equals_take_turns():
    morning = NOW + timedelta(hours=10)
    board = state(
        person(1, opens_at=morning + timedelta(hours=1)), person(2, opens_at=morning), person(3, opens_at=morning)
    )
    board.open_dates = {TEAM: (date(2026, 3, 2), datetime.date)}

    chosen = [decide(ANYTHING, RULES, board) for _ in range(4)]

    assert [choice.user_id for choice in chosen] == [2, 3, 2, 3]
    assert {choice.trace["chosen"]["why"] for choice in chosen} == {"opens_first"}


def test_on_a_day_off_of_the_whole_team_nobody_counts_as_closed():
    monday = NOW + timedelta(days=2)
    board = state(person(1, opens_at=monday), person(2, opens_at=monday + timedelta(days=1)))
    board.open_dates = {TEAM: (monday.date(), datetime.date)}

    choice = decide(ANYTHING, RULES, board)

    assert choice.user_id == 1
    assert passed_over(choice) == {2: "closed"}


# Fairness ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("weights", [{1: 1, 2: 1, 3: 1}, {1: 1, 2: 2, 3: 5}, {1: 7, 2: 11, 3: 13}])
def test_shares_follow_weights_within_one_percent_over_ten_thousand(weights):
    board = state(*(person(user_id) for user_id in weights), weights=weights)

    counts = Counter(decide(ANYTHING, RULES, board).user_id for _ in range(10_000))

    for user_id, weight in weights.items():
        fair = 10_000 * weight / sum(weights.values())
        assert abs(counts[user_id] - fair) <= 0.01 * fair


@pytest.mark.parametrize("seed", range(5))
def test_shares_stay_fair_within_one_percent_while_people_come_and_go(seed):
    """Everybody's share is what the weights of those present at each decision give them."""
    chance = random.Random(seed)
    weights = {1: 1, 2: 2, 3: 3, 4: 4, 5: 2}
    board = state(*(person(user_id) for user_id in weights), weights=weights)
    counts: Counter[int | None] = Counter()
    fair = dict.fromkeys(weights, 0.0)

    for number in range(10_000):
        if number % 500 == 0:
            away = set(chance.sample(sorted(weights), chance.randrange(4)))
            for one in board.people.values():
                one.is_absent = one.user_id in away
        present = {user_id: weight for user_id, weight in weights.items() if not board.people[user_id].is_absent}
        for user_id, weight in present.items():
            fair[user_id] += weight / sum(present.values())
        counts[decide(ANYTHING, RULES, board).user_id] += 1

    assert counts.total() == 10_000
    for user_id, share in fair.items():
        assert abs(counts[user_id] - share) <= 0.01 * share, (user_id, counts[user_id], share)


def test_whoever_comes_back_starts_at_the_present_and_is_not_flooded():
    board = state(person(1), person(2, is_absent=True))
    for _ in range(100):
        decide(ANYTHING, RULES, board)

    board.people[2].is_absent = False
    chosen = [decide(ANYTHING, RULES, board).user_id for _ in range(8)]

    assert Counter(chosen) in (Counter({1: 4, 2: 4}), Counter({2: 5, 1: 3}))
    assert chosen[:4] in ([1, 2, 1, 2], [2, 1, 2, 1])


def test_the_present_survives_being_stored_between_decisions():
    """Only the turns are stored; a pool loaded anew goes on where the last one stopped."""
    kept = state(person(1), person(2), person(3, is_absent=True), weights={1: 1, 2: 3, 3: 2})
    loaded = state(person(1), person(2), person(3, is_absent=True), weights={1: 1, 2: 3, 3: 2})

    for number in range(400):
        for board in (kept, loaded):
            board.people[3].is_absent = number % 100 < 60
        places = [replace(place) for place in loaded.pools[1].places]
        loaded.pools[1] = PoolState(1, TEAM, places)

        assert decide(ANYTHING, RULES, kept).user_id == decide(ANYTHING, RULES, loaded).user_id


def test_a_new_member_joins_at_the_present():
    board = state(person(1))
    for _ in range(50):
        decide(ANYTHING, RULES, board)
    board.people[2] = person(2)
    board.pools[1].places.append(Place(102, 2))

    chosen = Counter(decide(ANYTHING, RULES, board).user_id for _ in range(10))

    assert chosen == {1: 5, 2: 5}


# Words ---------------------------------------------------------------------------------------------------------------

NAMES = Names({1: "Ann", 2: "Sam", 3: "Rita"}, {1: "Inbound"}, {TEAM: "Sales"}, {"round": "Leads go round"})


@pytest.mark.parametrize(
    ("case", "people", "sentence"),
    [
        (ANYTHING, [person(2)], "It was Sam’s turn in Inbound (rule: Leads go round)."),
        (Case({}, Company(5, owner_id=2)), [person(2)], "Sam answers for this company."),
        (Case({}, Company(5, rep_ids=(2,))), [person(2)], "Sam works on another lead of this company."),
        (
            Case({}, Company(5, owner_id=2)),
            [person(2, is_absent=True, cover_id=3), person(3)],
            "Rita covers for Sam, who knows this company and is away.",
        ),
        (
            ANYTHING,
            [person(2, opens_at=NOW + timedelta(hours=4))],
            "Nobody in Inbound who could take it was at work; Sam starts first (rule: Leads go round).",
        ),
        (ANYTHING, [person(2, is_absent=True)], "Nobody in Inbound could take it, so it waits in the queue of Sales."),
    ],
)
def test_why_me_is_told_in_one_sentence(case, people, sentence):
    choice = decide(case, RULES, state(*people))

    assert why(choice.trace, NAMES) == sentence


def test_the_whole_story_names_rules_and_people_in_their_order():
    choice = decide(ANYTHING, RULES, state(person(1, is_absent=True), person(2), person(3)))

    assert story(choice.trace, NAMES) == [
        "Rule “known” did not decide: nobody here knows the company yet.",
        "Ann is away.",
        "Rita is level, and stands later in the list.",
        "It was Sam’s turn in Inbound (rule: Leads go round).",
    ]
