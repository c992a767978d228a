"""People who come, change places and leave: who gets leads, and what becomes of those in their hands."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inputs.refusals import NotAllowed
from leads import handoffs, staff
from leads.models import Assignment, Clock, Company, Lead, LeadEvent, Opportunity, Pool, PoolMember
from leads.routing.defaults import activate_default_routing
from leads.routing.pools import NotTheirPool
from leads.sweep import sweep
from ledger.models import AuditEntry, Notice
from sla.in_force import InForce
from teams.availability import BadLoad, Load, load_of
from teams.managing import MayNotManagePeople, PersonMoved
from teams.models import Team, User
from teams.people import BadPerson, LastAdministrator, NotOneself, Place, places_of, set_active, standing
from tests.cast import NOW, office, person
from tests.leads.worlds import bring_to, clock, go_round, offered, ready_lead, told

LATER = NOW + timedelta(minutes=5)
NEW: dict[str, Any] = {"email": "nina@smarketing.example", "name": "Nina", "password": "four quiet horses"}


@pytest.fixture(autouse=True)
def _routed(agreement: InForce, sam: User, sales: Team) -> None:
    """Sam takes all leads; the agreement is in force."""
    go_round(sales)


@pytest.fixture
def ada(db: None) -> User:
    return person("Ada", is_administrator=True)


def holder(lead: Lead) -> User | Team | None:
    """Give who has a lead: its owner, whom it is offered to, or the team in whose queue it stands."""
    lead.refresh_from_db()
    handoff = lead.handoffs.filter(state="open").first()
    return lead.owner or (handoff.assignee if handoff else None) or lead.queue


# Coming --------------------------------------------------------------------------------------------------------------


def test_a_rep_who_is_let_in_gets_the_next_leads_by_turns(sue: User, maya: User, sam: User, sales: Team) -> None:
    nina = staff.let_in(actor=sue, at=NOW, places=[Place(sales.pk)], **NEW)

    leads = [ready_lead() for _ in range(4)]
    for lead in leads:
        offered(lead, maya)

    assert sorted(str(holder(lead)) for lead in leads) == ["Nina", "Nina", "Sam", "Sam"]
    assert AuditEntry.objects.get(verb="create_member").subject_id == nina.pk
    assert AuditEntry.objects.get(verb="set_pools").facts["joined"] == [Pool.objects.get().pk]
    assert not Notice.objects.filter(code="invited").exists()


def test_a_manager_or_marketer_who_is_let_in_takes_no_turns(ada: User, sales: Team, marketing: Team) -> None:
    for name, place in (("Mia", Place(marketing.pk)), ("Max", Place(sales.pk, is_manager=True))):
        staff.let_in(actor=ada, at=NOW, email=f"{name}@smarketing.example", name=name, places=[place])

    assert list(PoolMember.objects.values_list("user__name", flat=True)) == ["Sam"]


def test_who_is_let_in_without_a_password_is_invited(sue: User, sales: Team) -> None:
    nina = staff.let_in(actor=sue, at=NOW, places=[Place(sales.pk)], **{**NEW, "password": None})

    notice = Notice.objects.get(code="invited")
    assert (notice.recipient, notice.channel, notice.state) == (nina, "email", "pending")
    assert notice.facts == {}  # the link is made when it is sent, and stored nowhere


@pytest.mark.parametrize("who", ["sam", "maya", "olive", "mona"])
def test_others_let_nobody_into_sales(who: str, request: pytest.FixtureRequest, sales: Team) -> None:
    with pytest.raises(MayNotManagePeople):
        staff.let_in(actor=request.getfixturevalue(who), at=NOW, places=[Place(sales.pk)], **NEW)

    assert not User.objects.filter(name="Nina").exists()


def test_a_manager_makes_no_administrator_and_nobody_without_a_team(sue: User, sales: Team) -> None:
    wishes: list[dict[str, Any]] = [{"is_administrator": True, "places": [Place(sales.pk)]}, {"places": []}]
    for more in wishes:
        with pytest.raises(MayNotManagePeople):
            staff.let_in(actor=sue, at=NOW, **NEW, **more)


# Leaving -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", ["mql", "sal", "sql", "opportunity"])
def test_what_a_leaver_holds_goes_to_whom_the_rules_choose(
    stage: str, ada: User, maya: User, sam: User, sales: Team
) -> None:
    lead = bring_to(stage, ready_lead(), maya=maya, sam=sam)
    rita = person("Rita", sales)
    go_round(sales)

    count = staff.deactivate(actor=ada, at=LATER, user_id=sam.pk)

    assert (count, holder(lead), Lead.objects.get().stage) == (1, rita, stage)
    assert Assignment.objects.latest("id").cause == "left"
    assert [*Opportunity.objects.values_list("owner__name", flat=True)] == (["Rita"] if stage == "opportunity" else [])
    assert not User.objects.get(pk=sam.pk).is_active
    assert {"deactivate_member", "hand_in"} <= set(AuditEntry.objects.values_list("verb", flat=True))
    assert told("lead_offered" if stage == "mql" else "lead_assigned")[:1] == ["Rita"]
    assert LeadEvent.objects.latest("id").code == "left"


@pytest.mark.parametrize(("stage", "promise"), [("mql", "accept"), ("sal", "first_attempt")])
def test_the_clock_of_a_leaver_ends_and_a_fresh_one_begins(
    stage: str, promise: str, ada: User, maya: User, sam: User, sales: Team
) -> None:
    lead = bring_to(stage, ready_lead(), maya=maya, sam=sam)
    rita = person("Rita", sales)
    go_round(sales)

    staff.deactivate(actor=ada, at=LATER, user_id=sam.pk)

    states = Clock.objects.filter(promise=promise).order_by("id").values_list("user", "state")
    assert list(states) == [(sam.pk, "cancelled"), (rita.pk, "running")]
    assert clock(promise, lead).started_at == LATER


def test_a_promise_that_was_overdue_is_missed_by_the_leaver(ada: User, maya: User, sam: User, sales: Team) -> None:
    bring_to("mql", ready_lead(), maya=maya, sam=sam)
    person("Rita", sales)
    go_round(sales)

    staff.deactivate(actor=ada, at=NOW + timedelta(minutes=16), user_id=sam.pk)

    states = Clock.objects.filter(promise="accept").order_by("id").values_list("user__name", "state")
    assert list(states) == [("Sam", "missed"), ("Rita", "running")]


def test_where_nobody_is_left_the_leads_wait_in_the_queue_with_its_clock(
    ada: User, sue: User, maya: User, sam: User, sales: Team
) -> None:
    leads = [bring_to(stage, ready_lead(), maya=maya, sam=sam) for stage in ("mql", "sal", "sql")]

    staff.deactivate(actor=ada, at=LATER, user_id=sam.pk)

    assert [holder(lead) for lead in leads] == [sales] * 3
    assert Clock.objects.filter(promise="assign", state="running", team=sales).count() == 3
    assert told("lead_queued") == ["Sue"] * 3
    handoffs.claim(lead_id=leads[0].pk, actor=sue, at=LATER)
    assert holder(leads[0]) == sue


def test_a_leaver_s_account_gives_them_no_lead_and_goes_to_who_wins_there_next(
    ada: User, maya: User, sam: User, sales: Team
) -> None:
    won = bring_to("customer", ready_lead(), maya=maya, sam=sam)
    company = Company.objects.get(contacts__leads=won)
    staff.deactivate(actor=ada, at=NOW, user_id=sam.pk)
    rita = person("Rita", sales)
    go_round(sales)

    lead = bring_to("customer", ready_lead(company=company), maya=maya, sam=rita)

    won.refresh_from_db()
    assert (won.owner, company.owner, lead.owner) == (sam, sam, rita)  # what is over stays on record
    assert Company.objects.get(pk=company.pk).owner == rita


def test_deactivating_again_routes_what_is_still_there(ada: User, maya: User, sam: User, sales: Team) -> None:
    lead = bring_to("sal", ready_lead(), maya=maya, sam=sam)
    rita = person("Rita", sales)
    go_round(sales)
    set_active(actor=ada, at=LATER, user_id=sam.pk, is_active=False)

    assert staff.deactivate(actor=ada, at=LATER, user_id=sam.pk) == 1
    assert staff.deactivate(actor=ada, at=LATER, user_id=sam.pk) == 0
    assert holder(lead) == rita


def test_who_is_let_in_again_takes_turns_again(ada: User, maya: User, sam: User) -> None:
    staff.deactivate(actor=ada, at=NOW, user_id=sam.pk)
    set_active(actor=ada, at=NOW, user_id=sam.pk, is_active=True)

    lead = ready_lead()
    offered(lead, maya)

    assert holder(lead) == sam


def test_who_may_deactivate_whom(ada: User, sue: User, mona: User, maya: User, sam: User, olive: User) -> None:
    for actor, other in ((mona, sam), (sue, maya), (sam, maya), (sue, ada), (sue, olive)):
        with pytest.raises(MayNotManagePeople):
            staff.deactivate(actor=actor, at=NOW, user_id=other.pk)
    for actor in (ada, sue):
        with pytest.raises(NotOneself):
            staff.deactivate(actor=actor, at=NOW, user_id=actor.pk)
    staff.deactivate(actor=mona, at=NOW, user_id=maya.pk)

    assert set(User.objects.filter(is_active=False)) == {maya}


def test_the_last_administrator_cannot_leave(ada: User) -> None:
    bob = person("Bob", is_administrator=True)
    staff.deactivate(actor=bob, at=NOW, user_id=ada.pk)

    with pytest.raises(LastAdministrator):
        set_active(actor=None, at=NOW, user_id=bob.pk, is_active=False)


def test_an_old_page_does_not_deactivate(ada: User, sam: User, sales: Team) -> None:
    seen = standing(sam)
    staff.change_places(actor=ada, at=NOW, user_id=sam.pk, places=[Place(sales.pk, is_manager=True)])

    with pytest.raises(PersonMoved):
        staff.deactivate(actor=ada, at=NOW, user_id=sam.pk, seen=seen)

    assert User.objects.get(pk=sam.pk).is_active


def test_leaving_takes_as_many_statements_for_twenty_leads_as_for_two(
    ada: User, maya: User, sales: Team, agreement: InForce
) -> None:
    counts = []
    for name, number in (("First", 1), ("Two", 2), ("Twenty", 20)):  # the first warms the caches
        PoolMember.objects.all().delete()
        leaver = person(name, sales)
        PoolMember.objects.create(pool=Pool.objects.get(), user=leaver)
        for place in range(number):
            bring_to("mql" if place % 2 else "sal", ready_lead(), maya=maya, sam=leaver)
        with CaptureQueriesContext(connection) as queries:
            assert staff.deactivate(actor=ada, at=LATER, user_id=leaver.pk) == number
        counts.append(len(queries))

    assert counts[2] <= counts[1] <= 45


def test_the_sweep_goes_on_after_a_leaver(ada: User, maya: User, sam: User, sue: User) -> None:
    bring_to("mql", ready_lead(), maya=maya, sam=sam)
    staff.deactivate(actor=ada, at=LATER, user_id=sam.pk)

    sweep(at=NOW + timedelta(hours=2))

    assert Clock.objects.get(promise="assign").state == "missed"
    assert "Sue" in told("clock_escalated") + told("clock_missed")


# Changing places -----------------------------------------------------------------------------------------------------


def test_who_goes_to_marketing_hands_in_their_leads(
    ada: User, maya: User, sam: User, sales: Team, marketing: Team
) -> None:
    lead = bring_to("sal", ready_lead(), maya=maya, sam=sam)

    count = staff.change_places(actor=ada, at=LATER, user_id=sam.pk, places=[Place(marketing.pk)])

    assert (count, holder(lead)) == (1, sales)
    assert places_of(User.objects.get(pk=sam.pk)) == [Place(marketing.pk)]
    assert not PoolMember.objects.filter(user=sam).exists()


def test_who_goes_to_another_sales_team_keeps_their_leads_and_takes_turns_there(
    sue: User, maya: User, sam: User, sales: Team
) -> None:
    lead = bring_to("sal", ready_lead(), maya=maya, sam=sam)
    east = office("East", "sales")
    pool = Pool.objects.create(name="East", team=east)

    assert staff.change_places(actor=sue, at=LATER, user_id=sam.pk, places=[Place(east.pk)]) == 0

    assert holder(lead) == sam
    assert [member.pool for member in PoolMember.objects.filter(user=sam)] == [pool]


def test_a_manager_sends_nobody_to_the_other_side(sue: User, sam: User, sales: Team, marketing: Team) -> None:
    with pytest.raises(MayNotManagePeople):
        staff.change_places(actor=sue, at=NOW, user_id=sam.pk, places=[Place(sales.pk), Place(marketing.pk)])
    with pytest.raises(MayNotManagePeople):
        staff.change_places(actor=sue, at=NOW, user_id=sam.pk, places=[Place(sales.pk)], is_administrator=True)
    with pytest.raises(BadPerson):
        staff.change_places(actor=sue, at=NOW, user_id=sam.pk, places=[])

    assert places_of(User.objects.get(pk=sam.pk)) == [Place(sales.pk)]


def test_a_rep_who_stays_one_does_not_join_a_pool_that_they_left(sue: User, sam: User, sales: Team) -> None:
    staff.share_work(actor=sue, at=NOW, user_id=sam.pk, load=Load(), pool_ids=[])
    east = office("East", "sales")

    staff.change_places(actor=sue, at=NOW, user_id=sam.pk, places=[Place(sales.pk), Place(east.pk)])

    assert not PoolMember.objects.filter(user=sam).exists()


# Capacity, weight and turns ------------------------------------------------------------------------------------------


def test_the_share_of_work_counts_from_the_next_lead_on(sue: User, maya: User, sam: User, sales: Team) -> None:
    rita = person("Rita", sales)
    go_round(sales)
    pool = Pool.objects.get()
    staff.share_work(actor=sue, at=NOW, user_id=sam.pk, load=Load(20, None, 2), pool_ids=[pool.pk])
    staff.share_work(actor=sue, at=NOW, user_id=rita.pk, load=Load(1, None, 1), pool_ids=[pool.pk])

    leads = [ready_lead() for _ in range(6)]
    for lead in leads:
        offered(lead, maya)

    assert sorted(str(holder(lead)) for lead in leads) == ["Rita", *["Sam"] * 5]
    assert load_of(sam) == Load(20, None, 2)
    entry = AuditEntry.objects.filter(verb="set_load", subject_id=sam.pk).get()
    assert (entry.actor_id, entry.facts["weight"]) == (sue.pk, 2)


@pytest.mark.parametrize(
    ("load", "field"),
    [(Load(-1), "open_lead_capacity"), (Load(1001), "open_lead_capacity"), (Load(20, -1), "new_leads_per_day"),
     (Load(20, None, 0), "weight"), (Load(20, None, 17), "weight")],
)  # fmt: skip
def test_figures_out_of_range_are_refused(sue: User, sam: User, load: Load, field: str) -> None:
    with pytest.raises(BadLoad) as refusal:
        staff.share_work(actor=sue, at=NOW, user_id=sam.pk, load=load, pool_ids=[])

    assert refusal.value.problems[0].field == field
    assert PoolMember.objects.filter(user=sam).exists()


def test_nobody_takes_turns_in_another_teams_pool(sue: User, sam: User) -> None:
    east = Pool.objects.create(name="East", team=office("East", "sales"))

    with pytest.raises(NotTheirPool):
        staff.share_work(actor=sue, at=NOW, user_id=sam.pk, load=Load(), pool_ids=[east.pk])


def test_only_managers_share_out_work_and_not_over_each_others_heads(sue: User, sam: User, mona: User) -> None:
    seen = staff.share(sam)
    for actor in (sam, mona):
        with pytest.raises(MayNotManagePeople):
            staff.share_work(actor=actor, at=NOW, user_id=sam.pk, load=Load(99), pool_ids=[])
    staff.share_work(actor=sue, at=NOW, user_id=sam.pk, load=Load(5), pool_ids=[], seen=seen)

    with pytest.raises(PersonMoved):
        staff.share_work(actor=sue, at=NOW, user_id=sam.pk, load=Load(9), pool_ids=[], seen=seen)

    assert load_of(sam) == Load(5)


def test_only_sales_managers_and_administrators_activate_routing(maya: User, sam: User, sue: User) -> None:
    for actor in (maya, sam):
        with pytest.raises(NotAllowed):
            activate_default_routing(at=LATER, actor=actor)
    version = activate_default_routing(at=LATER, actor=sue)

    assert version.created_by == sue
    entry = AuditEntry.objects.get(verb="activate_rules", actor_id=sue.pk)
    assert (entry.subject_id, entry.at) == (version.pk, LATER)
