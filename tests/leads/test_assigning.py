"""Handing off in sets: what the board loads, where leads go, and how many statements it takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from leads import handoffs
from leads.handing_off import HandedOff, ToHandOff, hand_off_many
from leads.holding import load_facts
from leads.models import Assignment, Clock, Handoff, Lead, LeadEvent, Pool, PoolMember, RoutingVersion
from leads.record import Record
from leads.routing.board import NoRouting
from leads.routing.defaults import NoSalesTeam, activate_default_routing, activate_rules, default_rules
from leads.routing.words import Names, story, why
from sla.calendars import set_calendar
from sla.hours import NoCalendar
from sla.in_force import InForce
from teams.models import Availability, Team, User
from tests.cast import NOW, OFFICE, SIGNED_AT, make_lead, office, person
from tests.leads.worlds import away, bring_to, clock, crowd, go_round, make_campaign, offered, ready_lead, told

FACTS = {"name": "Ann", "email": "ann@acme.example", "company": "Acme", "source": "event"}


@transaction.atomic
def hand_off_all(leads: Sequence[Lead], agreement: InForce, at: datetime = NOW, **facts: Any) -> HandedOff:
    """Hand off leads as the intake does."""
    record = Record("intake", None, at)
    wanted = [ToHandOff(lead.pk, "hot", {**FACTS, **facts}, at, marketer_id=lead.marketer_id) for lead in leads]
    result = hand_off_many(record, wanted, agreement=agreement, at=at)
    record.write("lead", [lead.pk for lead in leads])
    return result


def who_got(leads: Sequence[Lead]) -> list[str | None]:
    rows = Handoff.objects.filter(lead__in=leads).order_by("lead_id")
    return list(rows.values_list("assignee__name", flat=True))


# Where leads go ------------------------------------------------------------------------------------------------------


def test_a_batch_goes_round_by_weight_and_the_turns_are_kept(agreement: InForce, sam: User, sales: Team) -> None:
    rita = person("Rita", sales)
    go_round(sales)
    PoolMember.objects.filter(user=sam).update(weight=2)
    Availability.objects.create(user=rita, open_lead_capacity=1000, weight=1)
    Availability.objects.create(user=sam, open_lead_capacity=1000, weight=2)

    for _ in range(5):
        hand_off_all([make_lead() for _ in range(10)], agreement)

    assert Counter(who_got(list(Lead.objects.all()))) == {"Sam": 40, "Rita": 10}


def test_the_rep_with_a_full_desk_gets_no_more_even_inside_one_batch(
    agreement: InForce, sam: User, sales: Team
) -> None:
    rita = person("Rita", sales)
    go_round(sales)
    Availability.objects.create(user=sam, open_lead_capacity=3)
    Availability.objects.create(user=rita, open_lead_capacity=4)
    Lead.objects.filter(pk=make_lead().pk).update(owner=sam, stage="sal")
    leads = [make_lead() for _ in range(8)]

    hand_off_all(leads, agreement)

    assert Counter(who_got(leads)) == {"Sam": 2, "Rita": 4, None: 2}
    assert Lead.objects.filter(queue=sales).count() == 2


def test_the_daily_number_counts_what_was_given_today(agreement: InForce, sam: User, sales: Team) -> None:
    go_round(sales)
    Availability.objects.create(user=sam, new_leads_per_day=2)
    yesterday = NOW - timedelta(days=1)
    for at in (yesterday, NOW - timedelta(hours=1)):
        lead = make_lead()
        Assignment.objects.create(lead=lead, user=sam, cause="routed", assigned_at=at)

    leads = [make_lead() for _ in range(3)]
    hand_off_all(leads, agreement)

    assert who_got(leads) == ["Sam", None, None]
    traces = Assignment.objects.filter(lead=leads[1]).values_list("trace", flat=True)
    assert traces[0]["people"] == [[sam.pk, "full_today"]]


def test_a_rep_on_a_holiday_of_their_own_is_passed_over(agreement: InForce, sam: User, sales: Team) -> None:
    rita = person("Rita", sales)
    go_round(sales)
    hours = {**OFFICE, "holidays": [NOW.date().isoformat()]}
    set_calendar(actor=None, name="Sam's hours", hours=hours, at=SIGNED_AT, user=sam)
    leads = [make_lead() for _ in range(2)]

    hand_off_all(leads, agreement)

    assert who_got(leads) == ["Rita", "Rita"]
    assert [sam.pk, "closed"] in Assignment.objects.filter(user=rita)[0].trace["people"]


def test_at_the_weekend_leads_wait_with_their_rep_and_not_in_a_queue(
    agreement: InForce, sam: User, sales: Team
) -> None:
    go_round(sales)
    saturday = NOW + timedelta(days=5)
    record = Record("intake", None, saturday)
    lead = make_lead()

    hand_off_many(record, [ToHandOff(lead.pk, "hot", FACTS, saturday)], agreement=agreement, at=saturday)
    record.write("lead", [lead.pk])

    assert who_got([lead]) == ["Sam"]
    monday = NOW + timedelta(days=7, hours=-1)
    assert clock("accept", lead).due_at == monday + timedelta(minutes=45)


def test_teams_by_region_get_their_own_leads(agreement: InForce, sam: User, sales: Team) -> None:
    north = office("North", "sales")
    nora = person("Nora", north)
    pools = [Pool.objects.create(name=team.name, team=team) for team in (sales, north)]
    for pool, user in zip(pools, (sam, nora), strict=True):
        PoolMember.objects.create(pool=pool, user=user)
    rules = default_rules(pools[0].pk, sales.pk)
    in_north = [{"field": "region", "op": "is", "value": "North"}]
    rules.insert(1, {"code": "north", "words": "The north", "when": in_north, "to": {"pool": pools[1].pk}})
    activate_rules(rules, at=SIGNED_AT)
    leads = [make_lead(), make_lead()]

    hand_off_all(leads[:1], agreement, region="north")
    hand_off_all(leads[1:], agreement, region="south")

    assert who_got(leads) == ["Nora", "Sam"]


def test_the_second_person_of_a_company_goes_to_the_same_rep_before_and_after_acceptance(
    agreement: InForce, maya: User, sam: User, sales: Team
) -> None:
    first = ready_lead()
    person("Rita", sales)
    go_round(sales)
    rep = offered(first, maya).assignee
    assert rep is not None
    company = first.contact.company
    second, third = ready_lead(company=company), ready_lead(company=company)

    assert offered(second, maya).assignee == rep
    for lead in (first, second):
        handoffs.accept(lead_id=lead.pk, actor=rep, at=NOW)
    assert offered(third, maya).assignee == rep
    assert Assignment.objects.get(lead=third).trace["chosen"]["why"] == "same_company"


def test_a_customers_lead_is_an_expansion_for_the_account_owner_or_their_cover(
    agreement: InForce, maya: User, sam: User, sales: Team
) -> None:
    rita, cover = person("Rita", sales), person("Cora", sales)
    go_round(sales)
    leads = [ready_lead(), ready_lead()]
    for lead in leads:
        company = lead.contact.company
        assert company is not None
        company.is_customer, company.owner = True, rita
        company.save()

    offered(leads[0], maya)
    away(rita, cover)
    offered(leads[1], maya)

    assert who_got(leads) == ["Rita", "Cora"]
    assert set(Lead.objects.filter(pk__in=[lead.pk for lead in leads]).values_list("kind", flat=True)) == {"expansion"}


def test_whoever_returns_from_absence_is_not_flooded(agreement: InForce, sam: User, sales: Team) -> None:
    rita = person("Rita", sales)
    go_round(sales)
    for user in (sam, rita):
        Availability.objects.create(user=user, open_lead_capacity=1000)
    absence = away(rita)
    hand_off_all([make_lead() for _ in range(30)], agreement)
    absence.delete()
    leads = [make_lead() for _ in range(10)]

    hand_off_all(leads, agreement)

    assert Counter(who_got(leads)) == {"Sam": 5, "Rita": 5}


def test_the_reasons_are_told_in_words_with_names(agreement: InForce, sam: User, sales: Team) -> None:
    rita = person("Rita", sales)
    go_round(sales)
    away(rita)
    lead = make_lead()
    hand_off_all([lead], agreement)

    assignment = Assignment.objects.select_related("routing_version").get(lead=lead)
    names = Names.load([assignment])

    assert why(assignment, names) == "It was Sam’s turn in Sales (rule: All other leads go round the team by turns)."
    known_company = "Leads of a company that we know go to whoever answers for it"
    assert story(assignment, names)[:2] == [
        f"Rule “{known_company}” did not decide: nobody here knows the company yet.",
        "Rita is away.",
    ]


# What lacks something ------------------------------------------------------------------------------------------------


def test_leads_that_lack_something_stay_with_marketing_and_the_others_go_on(
    agreement: InForce, maya: User, sam: User, sales: Team
) -> None:
    go_round(sales)
    good, bad = make_lead(), make_lead(marketer=maya)
    record = Record("intake", None, NOW)
    wanted = [
        ToHandOff(good.pk, "hot", FACTS, NOW),
        ToHandOff(bad.pk, "hot", {**FACTS, "email": "", "company": " "}, NOW, marketer_id=maya.pk),
    ]

    result = hand_off_many(record, wanted, agreement=agreement, at=NOW)
    record.write("lead", [good.pk, bad.pk])

    assert result.missing == {bad.pk: ("reach", "company")}
    assert list(Handoff.objects.values_list("lead", flat=True)) == [good.pk]
    assert LeadEvent.objects.get(kind="handoff_refused").facts == {"missing": ["reach", "company"]}
    assert told("handoff_incomplete") == ["Maya"]


# What has to be there ------------------------------------------------------------------------------------------------


def test_without_routing_rules_nothing_is_handed_off(agreement: InForce, sam: User) -> None:
    with pytest.raises(NoRouting):
        hand_off_all([make_lead()], agreement)


def test_rules_count_from_when_they_are_activated(agreement: InForce, sam: User, sales: Team) -> None:
    go_round(sales)
    activate_rules([{"code": "all", "words": "", "when": [], "to": {"queue": sales.pk}}], at=NOW + timedelta(seconds=1))
    lead = make_lead()

    hand_off_all([lead], agreement)

    assert who_got([lead]) == ["Sam"]


def test_a_queue_without_a_calendar_is_a_clear_refusal(agreement: InForce) -> None:
    team = Team.objects.create(name="Lost", side="sales")
    rules = [{"code": "all", "words": "", "when": [], "to": {"queue": team.pk}}]
    RoutingVersion.objects.create(number=1, rules=rules, created_at=SIGNED_AT, activated_at=SIGNED_AT)

    with pytest.raises(NoCalendar):
        hand_off_all([make_lead()], agreement)
    assert not Handoff.objects.exists()


def test_default_routing_needs_a_sales_team_and_takes_its_reps(db: None) -> None:
    with pytest.raises(NoSalesTeam):
        activate_default_routing(at=SIGNED_AT)
    team = office("Sales", "sales")
    rep = person("Sam", team)
    person("Sue", team, is_manager=True)

    version = activate_default_routing(at=SIGNED_AT)
    again = activate_default_routing(at=NOW)

    assert (version.number, again.number) == (1, 2)
    assert list(PoolMember.objects.values_list("user", flat=True)) == [rep.pk]


# Cost ----------------------------------------------------------------------------------------------------------------


def test_the_number_of_statements_does_not_grow_with_the_batch(agreement: InForce, maya: User, sales: Team) -> None:
    for user in crowd(12, sales):
        Availability.objects.create(user=user, open_lead_capacity=1000, new_leads_per_day=1000)
    go_round(sales)
    counts = {}
    for size in (1, 30, 300):
        leads = [ready_lead(marketer=maya) for _ in range(size)]
        with CaptureQueriesContext(connection) as seen:
            hand_off_all(leads, agreement)
        counts[size] = len([line for line in seen if "SAVEPOINT" not in line["sql"]])

    assert counts[300] <= counts[1] + 1
    assert counts[1] <= (12 if connection.vendor == "postgresql" else 21)
    assert Handoff.objects.filter(assignee__isnull=False).count() == 331


def test_facts_of_many_leads_are_one_query(agreement: InForce, django_assert_num_queries: Any) -> None:
    leads = [ready_lead() for _ in range(5)]

    with django_assert_num_queries(1):
        facts = load_facts([lead.pk for lead in leads], NOW)

    assert {lead["source"] for lead in facts.values()} == {"event"}
    assert all(facts[lead.pk]["name"] == lead.contact.name for lead in leads)


def test_accepting_many_takes_as_many_statements_as_accepting_one(
    agreement: InForce, maya: User, sam: User, sales: Team
) -> None:
    go_round(sales)
    Availability.objects.create(user=sam, open_lead_capacity=1000)
    counts = []
    for size in (1, 30):
        leads = [ready_lead(campaign=None) for _ in range(size)]
        hand_off_all(leads, agreement)
        with CaptureQueriesContext(connection) as seen:
            handoffs.accept_many(lead_ids=[lead.pk for lead in leads], actor=sam, at=NOW)
        counts.append(len(seen))

    assert counts[1] <= counts[0] + 2
    assert Clock.objects.filter(promise="first_attempt", state="running").count() == 31


def test_a_rejected_batch_tells_each_marketer_once_per_lead(
    agreement: InForce, maya: User, sam: User, sales: Team
) -> None:
    go_round(sales)
    campaign = make_campaign(maya)
    leads = [bring_to("mql", ready_lead(campaign=campaign), maya=maya, sam=sam) for _ in range(3)]

    handoffs.reject_many(lead_ids=[lead.pk for lead in leads], reason="duplicate", actor=sam, at=NOW)

    assert told("lead_rejected") == ["Maya"] * 3
