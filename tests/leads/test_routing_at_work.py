"""Rules that name a person, strategies and covers in the database; and the reasons that are kept, looked at by who did not write them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from leads.models import Assignment, Company, Pool
from leads.routing.defaults import activate_rules
from leads.routing.words import Names, why
from replay.invariants import routes
from replay.invariants.facts import Facts
from sla.in_force import InForce
from teams.models import Absence, Availability, Team, User
from tests.cast import NOW, SIGNED_AT, make_lead, person
from tests.leads.test_assigning import hand_off_all, who_got
from tests.leads.worlds import away, go_round, ready_lead

HOUR = timedelta(hours=1)


@pytest.fixture
def rita(agreement: InForce, sam: User, sales: Team) -> User:
    """Rita, who shares the leads of sales with Sam."""
    rita = person("Rita", sales)
    go_round(sales)
    return rita


def send(sales: Team, to: dict[str, Any], at: datetime = SIGNED_AT) -> None:
    rest = {"code": "rest", "words": "The rest waits", "when": [], "to": {"queue": sales.pk}}
    activate_rules([{"code": "all", "words": "All", "when": [], "to": to}, rest], at=at)


def reasons() -> list[str]:
    return [row.trace["chosen"]["why"] for row in Assignment.objects.order_by("id")]


def test_by_load_the_leads_level_out(agreement: InForce, rita: User, sam: User, sales: Team) -> None:
    for _ in range(2):
        ready_lead(stage="sal", owner=sam)
    send(sales, {"pool": Pool.objects.get().pk, "by": "least_loaded"})
    leads = [make_lead() for _ in range(4)]

    hand_off_all(leads[:2], agreement)
    hand_off_all(leads[2:], agreement)

    assert who_got(leads) == ["Rita", "Rita", "Sam", "Rita"]
    assert reasons() == ["least_loaded"] * 4
    assert list(routes.differences(Facts.load())) == []


def test_by_waiting_who_got_one_last_comes_last(agreement: InForce, rita: User, sam: User, sales: Team) -> None:
    Availability.objects.create(user=sam, weight=5)
    leads = [make_lead() for _ in range(5)]
    hand_off_all(leads[:2], agreement)
    send(sales, {"pool": Pool.objects.get().pk, "by": "longest_waiting"}, at=NOW)

    hand_off_all(leads[2:3], agreement)
    hand_off_all(leads[3:], agreement)

    assert who_got(leads) == ["Sam", "Rita", "Sam", "Rita", "Sam"]
    assert reasons()[2:] == ["longest_waiting"] * 3
    assert list(routes.differences(Facts.load())) == []


def test_a_named_person_gets_it_and_their_cover_while_they_are_away(
    agreement: InForce, rita: User, sam: User, sales: Team
) -> None:
    send(sales, {"person": sam.pk})
    leads = [make_lead() for _ in range(3)]

    hand_off_all(leads[:1], agreement)
    absence = away(sam, rita)
    hand_off_all(leads[1:2], agreement)
    absence.cover = None
    absence.save()
    hand_off_all(leads[2:], agreement)

    assert who_got(leads) == ["Sam", "Rita", None]
    assert reasons() == ["named", "named_cover", "queue"]
    assert list(routes.differences(Facts.load())) == []


def test_who_covers_for_a_member_takes_their_turns(agreement: InForce, rita: User, sam: User, sales: Team) -> None:
    cora = person("Cora", sales)
    away(rita, cora)
    leads = [make_lead() for _ in range(4)]

    hand_off_all(leads, agreement)

    assert who_got(leads) == ["Sam", "Cora", "Sam", "Cora"]
    told = Assignment.objects.select_related("routing_version").get(lead=leads[1])
    rule = "All other leads go round the team by turns"
    assert (
        why(told, Names.load([told]))
        == f"It was Rita’s turn in Sales; Cora covers for Rita, who is away (rule: {rule})."
    )
    assert list(routes.differences(Facts.load())) == []


def test_who_leaves_before_their_hours_begin_gets_nothing_and_whoever_covers_stands_in(
    agreement: InForce, rita: User, sam: User, sales: Team
) -> None:
    evening = NOW.replace(hour=20)
    leads = [make_lead() for _ in range(5)]
    absence = Absence.objects.create(user=rita, starts_at=evening + HOUR, ends_at=evening + 14 * HOUR)

    hand_off_all(leads[:2], agreement, at=evening)
    absence.cover = person("Cora", sales)
    absence.save()
    hand_off_all(leads[2:4], agreement, at=evening)
    hand_off_all(leads[4:], agreement, at=evening + 15 * HOUR)

    assert who_got(leads)[:4] == ["Sam", "Sam", "Sam", "Cora"]
    assert "leaves_first" not in str(Assignment.objects.get(lead=leads[4]).trace)
    assert [rita.pk, "leaves_first"] in Assignment.objects.get(lead=leads[0]).trace["people"]
    told = Assignment.objects.select_related("routing_version").get(lead=leads[3])
    assert "; Cora covers for Rita, who will be away (rule" in why(told, Names.load([told]))
    assert list(routes.differences(Facts.load())) == []


def test_who_is_full_for_a_rule_that_names_them_still_answers_for_a_company(
    agreement: InForce, rita: User, sam: User, sales: Team
) -> None:
    Availability.objects.create(user=sam, open_lead_capacity=0)
    rules = [{"person": sam.pk}, {"owner_of_company": True}, {"queue": sales.pk}]
    activate_rules(
        [{"code": f"r{n}", "words": f"Rule {n}", "when": [], "to": to} for n, to in enumerate(rules)], at=NOW
    )
    lead = ready_lead()
    Company.objects.update(owner=sam)

    hand_off_all([lead], agreement)

    row = Assignment.objects.get()
    assert (row.user, row.trace["people"], row.trace["chosen"]["why"]) == (sam, [[sam.pk, "full"]], "account_owner")
    assert list(routes.differences(Facts.load())) == []


@pytest.mark.parametrize(
    ("to", "told"),
    [
        ({"by": "turns"}, "chooses"),
        ({"by": "longest_waiting"}, "chooses"),
        ({"for": True}, "who is not away"),
        ({"later": "turn_later"}, "which is no reason"),
    ],
)
def test_a_reason_that_the_rule_cannot_have_is_told(
    agreement: InForce, rita: User, sam: User, sales: Team, to: dict[str, Any], told: str
) -> None:
    """As if routing had written it so: the assignment is written with another reason from the start."""
    send(sales, {"pool": Pool.objects.get().pk, "by": "least_loaded"})
    hand_off_all([make_lead()], agreement)
    row = Assignment.objects.get()
    assert list(routes.differences(Facts.load())) == []
    chosen = dict(row.trace["chosen"])
    if "by" in to:
        chosen["why"] = {"turns": "turn", "longest_waiting": "longest_waiting"}[to["by"]]
    if "for" in to:
        chosen["for"] = rita.pk if row.user_id == sam.pk else sam.pk
    people = [[user_id, to.get("later", problem)] for user_id, problem in row.trace["people"]]
    facts = Facts.load()
    facts.assignments[0].trace.update(chosen=chosen, people=people)

    assert any(told in difference for difference in routes.differences(facts))
