"""What comes back, or comes too late for the sweep, is no difference; what only looks like it is one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from leads import handoffs, outcomes
from leads.completing import complete
from leads.followup import log_activity
from leads.intake.pipeline import take_in
from leads.models import Clock, ClockStep, Lead, LeadEvent
from leads.sweep import sweep
from ledger import triggers
from ledger.models import AuditEntry
from replay.invariants.facts import Facts
from replay.invariants.verdict import broken
from sla.in_force import InForce
from teams.models import Team, User
from tests.cast import NOW, person
from tests.leads.intake_world import anna, world
from tests.leads.worlds import away

__all__ = ["world"]

pytestmark = pytest.mark.django_db
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
DUE = NOW + 15 * MINUTE
MISSED_AT = DUE + SECOND
LATER = DUE + MINUTE


def found(at: datetime) -> list[str]:
    """Say what the checks see of what is stored."""
    return list(broken(Facts.load(), at=at, slack=10 * MINUTE))


def arrived(**fields: Any) -> Lead:
    """Let Anna ask for a demo: her lead is offered at once."""
    (outcome,) = take_in([anna(**fields)], actor=None, at=NOW)
    return Lead.objects.get(pk=outcome.lead_id or 0)


def unguarded() -> None:
    """Take the triggers away that keep the log, as somebody with a shell on the server could."""
    with connection.cursor() as cursor:
        for name, table in triggers.installed(connection):
            cursor.execute(triggers.drop_statement(connection, name, table))


# An answer that waited ------------------------------------------------------------------------------------------------


@pytest.fixture
def answered(world: InForce, sam: User) -> Lead:
    """A lead that Sam accepted in time, while a sweep that held its clock recorded the miss."""
    lead = arrived()
    sweep(at=MISSED_AT)
    handoffs.accept(lead_id=lead.pk, actor=sam, at=DUE)
    return lead


def test_an_answer_that_waited_for_the_sweep_is_no_difference(answered: Lead) -> None:
    step = ClockStep.objects.get(kind="answered")
    assert (step.occurred_at, step.recorded_at) == (DUE, MISSED_AT)
    assert not AuditEntry.objects.filter(at=MISSED_AT, verb="accept").exists()
    assert found(LATER) == []


def test_a_first_attempt_that_waited_for_the_sweep_is_none_either(world: InForce, sam: User) -> None:
    lead = arrived()
    handoffs.accept(lead_id=lead.pk, actor=sam, at=NOW)
    due_at = Clock.objects.get(promise="first_attempt").due_at
    sweep(at=due_at + SECOND)
    log_activity(
        lead_id=lead.pk, kind="call", outcome="no_answer", actor=sam, at=due_at, occurred_at=due_at - 5 * MINUTE
    )  # fmt: skip

    assert ClockStep.objects.filter(kind="answered", recorded_at=due_at + SECOND).exists()
    assert found(due_at + MINUTE) == []


@pytest.mark.parametrize("damage", ["another_person", "no_entry"])
def test_such_an_answer_without_its_audit_entry_is_told(answered: Lead, damage: str, sue: User) -> None:
    unguarded()
    if damage == "another_person":
        ClockStep.objects.filter(kind="answered").update(actor=sue)
    else:
        AuditEntry.objects.filter(verb="accept").update(at=MISSED_AT + SECOND)

    step = ClockStep.objects.get(kind="answered")
    assert f"clock step {step.pk} (answered of clock {step.clock_id}): no audit entry" in found(LATER)


# A lead that comes back -----------------------------------------------------------------------------------------------


def stopped_in_the_middle(promise: str) -> list[str]:
    """Let the newest miss of ``promise`` act no more, and say what is seen of that."""
    clock = Clock.objects.filter(promise=promise).latest("id")
    assert clock.next_action_at is not None
    assert clock.state == "missed"
    Clock.objects.filter(pk=clock.pk).update(next_action_at=None)
    words = f"clock {clock.pk} ({promise}): does nothing more, though its lead {Lead.objects.get().pk} still waits"
    return [line for line in found(clock.due_at + MINUTE) if line == words]


@pytest.fixture
def rita(sales: Team) -> User:
    """Another rep, who is away as long as Anna's lead is offered for the first time."""
    return person("Rita", sales)


@pytest.fixture
def with_sam(rita: User, world: InForce) -> Lead:
    """Anna's lead, offered to Sam, with Rita back."""
    absence = away(rita)
    lead = arrived()
    absence.delete()
    return lead


def test_an_offer_that_was_missed_and_sent_on_and_given_back_is_no_difference(
    with_sam: Lead, sam: User, rita: User, sue: User
) -> None:
    lead = with_sam
    sweep(at=MISSED_AT)
    handoffs.reroute(lead_id=lead.pk, actor=sam, at=LATER)
    assert lead.handoffs.get().assignee == rita

    handoffs.assign(lead_id=lead.pk, user_id=sam.pk, actor=sue, at=LATER + MINUTE)

    assert list(Clock.objects.order_by("id").values_list("user", "state")) == [
        (sam.pk, "missed"), (rita.pk, "cancelled"), (sam.pk, "running")
    ]  # fmt: skip
    assert found(LATER + MINUTE) == []
    sweep(at=LATER + 16 * MINUTE + SECOND)
    assert stopped_in_the_middle("accept")


def test_a_first_attempt_that_was_missed_and_a_lead_given_back_are_no_difference(
    with_sam: Lead, sam: User, rita: User, sue: User
) -> None:
    lead = with_sam
    handoffs.accept(lead_id=lead.pk, actor=sam, at=NOW)
    sweep(at=Clock.objects.get(promise="first_attempt").due_at + SECOND)
    handoffs.reroute(lead_id=lead.pk, actor=sam, at=LATER)

    handoffs.assign(lead_id=lead.pk, user_id=sam.pk, actor=sue, at=LATER + MINUTE)

    promised = Clock.objects.filter(promise="first_attempt").order_by("id")
    assert list(promised.values_list("user", "state")) == [
        (sam.pk, "missed"), (rita.pk, "cancelled"), (sam.pk, "running")
    ]  # fmt: skip
    assert found(LATER + MINUTE) == []
    sweep(at=promised[2].due_at + SECOND)
    assert stopped_in_the_middle("first_attempt")


def test_a_second_life_with_the_same_rep_is_no_difference(world: InForce, sam: User) -> None:
    lead = arrived()
    handoffs.accept(lead_id=lead.pk, actor=sam, at=NOW)
    sweep(at=Clock.objects.get(promise="first_attempt").due_at + SECOND)
    outcomes.recycle(lead_id=lead.pk, reason="bad_timing", actor=sam, at=LATER)
    take_in([anna(key="again")], actor=None, at=LATER + MINUTE)

    handoffs.accept(lead_id=lead.pk, actor=sam, at=LATER + 2 * MINUTE)

    promised = Clock.objects.filter(promise="first_attempt").order_by("id")
    assert list(promised.values_list("user", "state")) == [(sam.pk, "missed"), (sam.pk, "running")]
    assert found(LATER + 2 * MINUTE) == []


@pytest.fixture
def queued_twice(world: InForce, sam: User, maya: User, sales: Team) -> Lead:
    """A lead that nobody could take, twice: the queue missed its promise, Maya took it back and handed it off anew."""
    away(sam)
    lead = arrived()
    due_at = Clock.objects.get(promise="assign").due_at
    sweep(at=due_at + SECOND)
    handoffs.recall(lead_id=lead.pk, actor=maya, at=due_at + MINUTE)
    take_in([anna(key="again")], actor=None, at=due_at + 2 * MINUTE)
    lead.refresh_from_db()
    assert (lead.queue, lead.handoffs.count()) == (sales, 2)
    return lead


def test_a_second_handoff_in_the_queue_that_missed_the_first_is_no_difference(queued_twice: Lead) -> None:
    first, second = Clock.objects.filter(promise="assign").order_by("id")

    assert (first.state, first.next_action_at, second.state) == ("missed", None, "running")
    assert found(second.arrived_at) == []
    sweep(at=second.due_at + SECOND)
    assert stopped_in_the_middle("assign")


def test_a_queue_that_is_still_to_keep_a_promise_of_a_former_handoff_is_told(queued_twice: Lead) -> None:
    first, second = Clock.objects.filter(promise="assign").order_by("id")
    Clock.objects.filter(pk=first.pk).update(
        state="running", missed_at=None, detected_at=None, next_action_at=first.due_at
    )

    words = f"clock {first.pk} (assign): is running, but its lead {queued_twice.pk} no longer waits for it"
    assert words in found(second.arrived_at)


# A source that was said -----------------------------------------------------------------------------------------------


def test_a_source_that_was_said_is_compared_with_what_was_said(world: InForce, maya: User) -> None:
    lead = arrived(source_raw="")
    complete(lead_id=lead.pk, changes={"source": "referral"}, actor=maya, at=NOW + MINUTE)
    take_in([anna(key="later")], actor=None, at=NOW + 2 * MINUTE)
    assert found(NOW + 2 * MINUTE) == []

    Lead.objects.filter(pk=lead.pk).update(source="partner")

    assert f"lead {lead.pk}: came from source partner, by its events from referral" in found(NOW + 2 * MINUTE)


def test_a_correction_that_does_not_say_the_source_is_told(world: InForce, maya: User) -> None:
    lead = arrived(source_raw="")
    complete(lead_id=lead.pk, changes={"source": "referral"}, actor=maya, at=NOW + MINUTE)
    unguarded()

    LeadEvent.objects.filter(lead=lead, kind="completed").update(facts={"fields": ["source"]})

    assert f"lead {lead.pk}: came from source referral, by its events from unknown" in found(NOW + MINUTE)
