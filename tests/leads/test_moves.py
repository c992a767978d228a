"""Who has a lead: reroute, recall, claim, assign."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

from inputs.refusals import NotAllowed
from leads import handoffs
from leads.assigning import IsAway
from leads.clock_plans import REASSIGN, instant
from leads.followup import log_activity
from leads.holding import NotYours
from leads.lifecycle import WrongStage
from leads.models import Assignment, Clock, Lead, LeadEvent
from leads.moves import AlreadyTheirs, CannotTake, NotWaiting
from leads.outcomes import qualify_for_sales
from leads.sweep import sweep
from replay.invariants import attempts, endings
from replay.invariants.facts import Facts
from sla.in_force import InForce
from teams.models import Absence, Team, User
from tests.cast import NOW, office, person
from tests.leads.clock_invariants import problems
from tests.leads.worlds import CHECKLIST, away, bring_to, clock, go_round, offered, ready_lead, told

SECOND = timedelta(seconds=1)
LATER = NOW + timedelta(minutes=5)


@pytest.fixture(autouse=True)
def _routed(agreement: InForce, sam: User, sales: Team) -> None:
    """Sam takes all leads; the agreement is in force."""
    go_round(sales)


# A sweep that comes late ----------------------------------------------------------------------------------------------


def test_a_sweep_that_began_before_somebody_worked_on_a_lead_leaves_it_to_the_next(
    maya: User, sam: User, sales: Team
) -> None:
    """A worker stood still, or had much to do, between its look at the clock and this lead."""
    rita = person("Rita", sales)
    go_round(sales)
    lead = bring_to("sal", ready_lead(), maya=maya, sam=sam)
    call = partial(log_activity, lead_id=lead.pk, kind="call", outcome="no_answer", actor=sam)
    call(at=LATER)
    (moved_at,) = (instant(at) for _, action, at in clock("cadence", lead).plan if action == REASSIGN)
    sweep(at=moved_at)

    call(at=moved_at + 5 * SECOND)
    late = sweep(at=moved_at + SECOND)

    assert (late.reassigned, Lead.objects.get(pk=lead.pk).owner) == (0, sam)
    assert sweep(at=moved_at + 6 * SECOND).reassigned == 1
    assert clock("cadence", lead).user == rita
    assert list(attempts.differences(Facts.load())) == []


def test_what_ran_out_while_a_lead_moved_on_stands_in_the_entry_of_the_move(maya: User, sam: User, sales: Team) -> None:
    rita = person("Rita", sales)
    go_round(sales)
    lead = bring_to("sal", ready_lead(), maya=maya, sam=sam)
    cadence = clock("cadence", lead)

    done = sweep(at=NOW + timedelta(hours=5), now=lambda: cadence.due_at + SECOND)

    cadence.refresh_from_db()
    assert (done.reassigned, cadence.state) == (1, "missed")
    assert clock("cadence", lead).user == rita
    assert problems() == []


def test_an_attempt_that_began_before_a_conversation_and_came_after_it_is_no_difference(maya: User, sam: User) -> None:
    lead = bring_to("sal", ready_lead(), maya=maya, sam=sam)
    call = partial(log_activity, lead_id=lead.pk, kind="call", actor=sam)

    call(outcome="conversation", at=LATER + SECOND)
    call(outcome="no_answer", at=LATER)

    assert clock("cadence", lead).counted == 1
    assert list(attempts.differences(Facts.load())) == []


# Reroute, recall -----------------------------------------------------------------------------------------------------


def test_rerouting_an_offer_gives_it_to_another_with_a_fresh_promise(maya: User, sam: User, sales: Team) -> None:
    rita = person("Rita", sales)
    go_round(sales)
    lead = bring_to("mql", ready_lead(), maya=maya, sam=sam)

    handoffs.reroute(lead_id=lead.pk, actor=sam, at=LATER)

    handoff = lead.handoffs.get()
    assert (handoff.assignee, handoff.state) == (rita, "open")
    states = Clock.objects.filter(promise="accept").order_by("id").values_list("user", "state", "arrived_at")
    assert list(states) == [(sam.pk, "cancelled", NOW), (rita.pk, "running", NOW)]
    assert list(LeadEvent.objects.filter(recorded_at=LATER).order_by("id").values_list("kind", "user")) == [
        ("rerouted", sam.pk), ("assigned", rita.pk)
    ]  # fmt: skip
    assert Assignment.objects.latest("id").cause == "rerouted"
    with pytest.raises(NotYours, match="Rita"):
        handoffs.accept(lead_id=lead.pk, actor=sam, at=LATER)


def test_nobody_who_had_a_lead_gets_it_again_by_rerouting(maya: User, sam: User, sales: Team) -> None:
    rita = person("Rita", sales)
    go_round(sales)
    lead = bring_to("mql", ready_lead(), maya=maya, sam=sam)

    handoffs.reroute(lead_id=lead.pk, actor=sam, at=LATER)
    handoffs.reroute(lead_id=lead.pk, actor=rita, at=LATER)

    lead.refresh_from_db()
    assert (lead.queue, lead.handoffs.get().assignee) == (sales, None)


def test_who_had_an_accepted_lead_by_escalation_does_not_get_it_again(maya: User, sam: User, sales: Team) -> None:
    rita, ron = person("Rita", sales), person("Ron", sales)
    ill = away(ron)
    lead = bring_to("sal", ready_lead(), maya=maya, sam=sam)
    go_round(sales)
    sweep(at=NOW + timedelta(hours=5))
    assert clock("first_attempt", lead).user == rita
    ill.delete()
    sweep(at=NOW + timedelta(days=1))
    assert Lead.objects.get(pk=lead.pk).owner == ron

    handoffs.reroute(lead_id=lead.pk, actor=ron, at=NOW + timedelta(days=1, minutes=1))

    lead.refresh_from_db()
    assert (lead.owner, lead.queue) == (None, sales)


def test_rerouting_an_accepted_lead_promises_the_first_attempt_afresh(maya: User, sam: User, sales: Team) -> None:
    rita = person("Rita", sales)
    go_round(sales)
    lead = bring_to("sal", ready_lead(), maya=maya, sam=sam)
    overdue = NOW + timedelta(hours=1)

    handoffs.reroute(lead_id=lead.pk, actor=sam, at=overdue)

    lead.refresh_from_db()
    assert (lead.stage, lead.owner) == ("sal", rita)
    states = Clock.objects.filter(promise="first_attempt").order_by("id").values_list("user", "state")
    assert list(states) == [(sam.pk, "missed"), (rita.pk, "running")]
    assert told("lead_assigned") == ["Rita"]


def test_a_lead_that_sales_found_goes_on_by_escalation_too(sam: User, sales: Team) -> None:
    person("Rita", sales)
    lead = ready_lead(stage="sal", origin="sales", tier="", owner=sam)
    go_round(sales)
    handoffs.reroute(lead_id=lead.pk, actor=sam, at=LATER)
    first = Clock.objects.get(promise="first_attempt").user

    result = sweep(at=LATER + timedelta(days=9))

    assert (result.reassigned, result.set_aside) == (1, 0)
    lead.refresh_from_db()
    assert lead.owner not in (None, first)
    promised = Clock.objects.filter(promise="first_attempt").order_by("id").values_list("user", "tier", "state")
    assert list(promised) == [
        (first and first.pk, "standard", "missed"),
        (lead.owner_id, "standard", "running"),
    ]


@pytest.mark.parametrize(("after", "state"), [(timedelta(0), "cancelled"), (timedelta(days=3), "missed")])
def test_an_sql_by_a_former_reps_conversation_owes_no_first_attempt(
    after: timedelta, state: str, maya: User, sam: User, sales: Team
) -> None:
    rita = person("Rita", sales)
    go_round(sales)
    lead = bring_to("sal", ready_lead(), maya=maya, sam=sam)
    log_activity(lead_id=lead.pk, kind="call", outcome="conversation", actor=sam, at=NOW)
    handoffs.reroute(lead_id=lead.pk, actor=sam, at=LATER)

    qualify_for_sales(lead_id=lead.pk, confirmed=CHECKLIST, actor=rita, at=LATER + after)

    promises = (
        Clock.objects.filter(promise="first_attempt").order_by("id").values_list("user", "state", "next_action_at")
    )
    assert list(promises) == [(sam.pk, "met", None), (rita.pk, state, None)]
    sweep(at=LATER + timedelta(days=9))
    assert not Clock.objects.filter(
        promise__in=["first_attempt", "cadence", "verdict"], next_action_at__isnull=False
    ).exists()
    assert list(endings.differences(Facts.load())) == []


def test_recalling_cancels_the_promise_and_tells_the_rep(maya: User, sam: User) -> None:
    lead = bring_to("mql", ready_lead(), maya=maya, sam=sam)

    handoffs.recall(lead_id=lead.pk, actor=maya, at=LATER)

    lead.refresh_from_db()
    assert (lead.stage, lead.handoffs.get().state, lead.needs_new_reason) == ("lead", "recalled", True)
    assert clock("accept", lead).state == "cancelled"
    assert told("lead_recalled") == ["Sam"]
    with pytest.raises(WrongStage):
        handoffs.accept(lead_id=lead.pk, actor=sam, at=LATER)


# Queues --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def waiting(maya: User, sam: User) -> Lead:
    """A lead that waits in the queue of sales, because Sam was away."""
    absence = away(sam)
    lead = ready_lead()
    offered(lead, maya)
    absence.delete()
    lead.refresh_from_db()
    return lead


def test_a_queued_lead_runs_the_teams_promise_and_its_managers_are_told(waiting: Lead, sales: Team) -> None:
    assert (waiting.queue, waiting.handoffs.get().assignee) == (sales, None)
    running = clock("assign", waiting)
    assert (running.team, running.user, running.state) == (sales, None, "running")
    assert told("lead_queued") == ["Sue"]


def test_claiming_offers_the_lead_to_the_claimant(waiting: Lead, sam: User) -> None:
    handoffs.claim(lead_id=waiting.pk, actor=sam, at=LATER)

    waiting.refresh_from_db()
    assert (waiting.queue, waiting.stage, waiting.handoffs.get().assignee) == (None, "mql", sam)
    assert (clock("assign", waiting).state, clock("accept", waiting).state) == ("met", "running")
    assert Assignment.objects.latest("id").cause == "claimed"
    assert told("lead_offered") == []


def test_claiming_what_somebody_has_names_them(waiting: Lead, sam: User, sue: User) -> None:
    handoffs.claim(lead_id=waiting.pk, actor=sam, at=LATER)

    with pytest.raises(NotWaiting, match="Sam") as refused:
        handoffs.claim(lead_id=waiting.pk, actor=sue, at=LATER)

    assert refused.value.details["winner"] == sam.pk


def test_a_queue_is_claimed_from_by_its_own_team_only(waiting: Lead, maya: User) -> None:
    stranger = person("Stranger", office("Abroad", "sales"))

    with pytest.raises(NotYours):
        handoffs.claim(lead_id=waiting.pk, actor=stranger, at=LATER)
    with pytest.raises(NotAllowed):
        handoffs.claim(lead_id=waiting.pk, actor=maya, at=LATER)


def test_a_waiting_lead_has_to_be_claimed_before_it_is_accepted(waiting: Lead, sam: User, sue: User) -> None:
    with pytest.raises(NotYours):
        handoffs.accept(lead_id=waiting.pk, actor=sam, at=LATER)
    with pytest.raises(WrongStage, match="claimed"):
        handoffs.accept(lead_id=waiting.pk, actor=sue, at=LATER)


def test_a_manager_assigns_from_the_queue(waiting: Lead, sam: User, sue: User) -> None:
    handoffs.assign(lead_id=waiting.pk, user_id=sam.pk, actor=sue, at=LATER)

    assert waiting.handoffs.get().assignee == sam
    assert (clock("assign", waiting).state, clock("accept", waiting).state) == ("met", "running")
    assert told("lead_offered") == ["Sam"]


def test_nobody_is_assigned_a_lead_while_away(waiting: Lead, sam: User, sue: User, sales: Team) -> None:
    absence = away(sam)

    with pytest.raises(IsAway, match="Choose somebody who is there") as refused:
        handoffs.assign(lead_id=waiting.pk, user_id=sam.pk, actor=sue, at=LATER)
    Absence.objects.update(cover=person("Rita", sales))
    with pytest.raises(IsAway, match="Rita covers"):
        handoffs.assign(lead_id=waiting.pk, user_id=sam.pk, actor=sue, at=LATER)
    handoffs.assign(lead_id=waiting.pk, user_id=sam.pk, actor=sue, at=absence.ends_at)

    assert refused.value.problems[0].field == "user_id"
    assert waiting.handoffs.get().assignee == sam


def test_nobody_claims_a_lead_while_away(waiting: Lead, sam: User) -> None:
    absence = away(sam)

    with pytest.raises(IsAway, match="noted as away"):
        handoffs.claim(lead_id=waiting.pk, actor=sam, at=LATER)
    handoffs.claim(lead_id=waiting.pk, actor=sam, at=absence.ends_at)

    assert waiting.handoffs.get().assignee == sam


def test_nobody_accepts_for_somebody_who_is_away(maya: User, sam: User, sue: User) -> None:
    lead = bring_to("mql", ready_lead(), maya=maya, sam=sam)
    away(sam)

    with pytest.raises(IsAway, match="Sam is away"):
        handoffs.accept(lead_id=lead.pk, actor=sue, at=LATER)
    with pytest.raises(IsAway, match="Sam is away"):
        log_activity(lead_id=lead.pk, kind="call", outcome="no_answer", actor=sue, at=LATER)
    handoffs.accept(lead_id=lead.pk, actor=sam, at=LATER)

    lead.refresh_from_db()
    assert lead.owner == sam


def test_nobody_is_assigned_a_lead_who_leaves_before_their_hours_begin(waiting: Lead, sam: User, sue: User) -> None:
    evening = NOW.replace(hour=20)
    Absence.objects.create(user=sam, starts_at=evening + timedelta(hours=2), ends_at=evening + timedelta(days=1))

    with pytest.raises(IsAway, match="Sam will be away when their hours begin"):
        handoffs.assign(lead_id=waiting.pk, user_id=sam.pk, actor=sue, at=evening)
    with pytest.raises(IsAway, match="noted as away when your hours begin"):
        handoffs.claim(lead_id=waiting.pk, actor=sam, at=evening)
    handoffs.assign(lead_id=waiting.pk, user_id=sam.pk, actor=sue, at=NOW.replace(hour=16))


def test_a_manager_moves_a_worked_lead_with_its_opportunity(maya: User, sam: User, sue: User, sales: Team) -> None:
    rita = person("Rita", sales)
    lead = bring_to("opportunity", ready_lead(), maya=maya, sam=sam)

    handoffs.assign(lead_id=lead.pk, user_id=rita.pk, actor=sue, at=LATER)

    lead.refresh_from_db()
    assert (lead.owner, lead.opportunities.get().owner) == (rita, rita)
    assert told("lead_rerouted") == ["Sam"]


def test_assigning_needs_an_able_person_who_does_not_have_it(maya: User, sam: User, sue: User) -> None:
    lead = bring_to("mql", ready_lead(), maya=maya, sam=sam)

    for user_id in (maya.pk, 10**9, person("Away", office("Abroad", "sales")).pk):
        with pytest.raises(CannotTake):
            handoffs.assign(lead_id=lead.pk, user_id=user_id, actor=sue, at=LATER)
    with pytest.raises(AlreadyTheirs, match="Sam"):
        handoffs.assign(lead_id=lead.pk, user_id=sam.pk, actor=sue, at=LATER)


def test_an_accepted_lead_without_anybody_waits_in_the_queue_and_is_claimed_as_owned(
    maya: User, sam: User, sales: Team
) -> None:
    lead = bring_to("sal", ready_lead(), maya=maya, sam=sam)
    handoffs.reroute(lead_id=lead.pk, actor=sam, at=LATER)
    lead.refresh_from_db()
    assert (lead.stage, lead.owner, lead.queue) == ("sal", None, sales)
    rita = person("Rita", sales)

    handoffs.claim(lead_id=lead.pk, actor=rita, at=LATER)

    lead.refresh_from_db()
    assert (lead.owner, lead.queue) == (rita, None)
    assert (clock("assign", lead).state, clock("first_attempt", lead).user) == ("met", rita)


# What was, stays -----------------------------------------------------------------------------------------------------


def test_moving_an_accepted_lead_leaves_the_handoff_with_whom_it_was_decided(
    maya: User, sam: User, sue: User, sales: Team
) -> None:
    rita = person("Rita", sales)
    lead = bring_to("sal", ready_lead(), maya=maya, sam=sam)
    before = lead.handoffs.values("assignee", "assigned_at", "decided_at").get()

    handoffs.assign(lead_id=lead.pk, user_id=rita.pk, actor=sue, at=NOW + timedelta(days=40))

    lead.refresh_from_db()
    assert lead.owner == rita
    assert lead.handoffs.values("assignee", "assigned_at", "decided_at").get() == before
    assert before["assignee"] == sam.pk
