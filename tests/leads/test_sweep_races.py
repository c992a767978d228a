"""Any number of sweepers, and verbs beside them: one outcome for each clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from django.db import connection, transaction
from django.db.models import F

from leads import escalation
from leads.clocks import answer, cancel
from leads.models import Assignment, Clock, ClockStep, Lead
from leads.record import Record
from leads.sweep import NOTHING, SweepResult, sweep
from ledger.models import AuditEntry, Notice
from sla.in_force import InForce
from teams.models import Team, User
from tests.cast import NOW, clock_start, offer_to, person, start_clocks
from tests.leads.clock_invariants import problems
from tests.racing import at_once
from tests.routing_setup import simple_routing

SECOND = timedelta(seconds=1)
DUE = NOW + timedelta(minutes=15)
COUNT = 120
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def clocks(agreement: InForce, sam: User) -> list[Clock]:
    handoffs = [offer_to(sam, agreement) for _ in range(COUNT)]
    start_clocks(*(clock_start(agreement, "accept", user=sam, handoff_id=handoff.pk) for handoff in handoffs))
    return list(Clock.objects.order_by("id"))


def total(results: list[SweepResult]) -> SweepResult:
    return sum(results, start=NOTHING)


def test_two_sweepers_at_once_record_everything_exactly_once(clocks: list[Clock]) -> None:
    results = at_once([lambda: sweep(at=DUE + SECOND, batch=7)] * 2)

    assert total([*results, sweep(at=DUE + SECOND)]) == SweepResult(COUNT, COUNT, COUNT)
    assert problems() == []


def test_four_sweepers_that_reassign_give_each_lead_away_once(clocks: list[Clock], sam: User, sales: Team) -> None:
    simple_routing(sales, [sam, person("Zoe", sales), person("Kim", sales)])
    at = NOW + timedelta(seconds=1351)

    results = at_once([lambda: sweep(at=at, batch=11)] * 4)

    everything = total([*results, sweep(at=at)])
    assert (everything.missed, everything.reassigned, everything.set_aside) == (COUNT, COUNT, 0)
    assert problems() == []


def test_sweepers_and_answers_at_once_leave_one_outcome_each(clocks: list[Clock]) -> None:
    def accept_all() -> None:
        for clock in clocks:
            with transaction.atomic():
                Lead.objects.select_for_update().get(handoffs=clock.handoff_id)
                record = Record("accept", None, DUE)
                answer(record, promise="accept", handoff_ids=[clock.handoff_id or 0], at=DUE)
                record.write("handoff", [clock.handoff_id or 0])

    at_once([accept_all, *[lambda: sweep(at=DUE + SECOND, batch=5)] * 2])

    assert not Clock.objects.filter(answered_at=None).exists()
    assert set(Clock.objects.values_list("state", flat=True)) <= {"met", "missed"}
    assert [problem for problem in problems() if "audit" not in problem] == []


def test_sweepers_and_cancellations_at_once_leave_one_outcome_each(clocks: list[Clock]) -> None:
    def recall_all() -> None:
        for clock in reversed(clocks):
            with transaction.atomic():
                Lead.objects.select_for_update().get(handoffs=clock.handoff_id)
                record = Record("recall", None, DUE)
                cancel(record, handoff_ids=[clock.handoff_id or 0], code="recalled", at=DUE)
                record.write("handoff", [clock.handoff_id or 0])

    at_once([recall_all, lambda: sweep(at=DUE + SECOND, batch=5)])

    assert not Clock.objects.filter(state="running").exists()
    assert problems() == []


def test_a_sweep_does_not_wait_for_a_lead_that_somebody_works_on(
    agreement: InForce, sam: User, sales: Team
) -> None:  # fmt: skip
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one lock for all writers, and nothing to skip")
    simple_routing(sales, [sam, person("Zoe", sales)])
    handoff = offer_to(sam, agreement)
    start_clocks(clock_start(agreement, "accept", user=sam, handoff_id=handoff.pk))
    at = NOW + timedelta(seconds=1351)

    with transaction.atomic():
        Lead.objects.select_for_update().get(pk=handoff.lead_id)
        (result,) = at_once([lambda: sweep(at=at)])

    assert result == SweepResult(warned=1, missed=1, escalated=2)
    assert sweep(at=at) == SweepResult(escalated=1, reassigned=1)


def test_a_reassignment_that_was_not_first_gives_no_lead_away(
    agreement: InForce, sam: User, sales: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    simple_routing(sales, [sam, person("Zoe", sales)])
    handoffs = [offer_to(sam, agreement) for _ in range(2)]
    start_clocks(*(clock_start(agreement, "accept", user=sam, handoff_id=handoff.pk) for handoff in handoffs))
    first, second = Clock.objects.order_by("id")
    lock = escalation._lock

    def moved_on_meanwhile(clock_ids: Sequence[int], at: datetime) -> escalation.Locked:
        locked = lock(clock_ids, at)
        Clock.objects.filter(pk=second.pk).update(plan_position=F("plan_position") + 1)
        return locked

    sweep(at=DUE + SECOND)
    monkeypatch.setattr(escalation, "_lock", moved_on_meanwhile)

    done = escalation.move_on([first.pk, second.pk], at=NOW + timedelta(seconds=1351))

    assert (done.moved, done.escalated) == (1, 2)
    assert list(Assignment.objects.values_list("handoff_id", flat=True)) == [first.handoff_id]
    assert not ClockStep.objects.filter(clock=second, kind="escalated", percent__gt=100).exists()
    assert not Notice.objects.filter(code="clock_taken", subject_id=handoffs[1].lead_id).exists()
    assert AuditEntry.objects.get(verb="reassign").subject_id == first.pk
