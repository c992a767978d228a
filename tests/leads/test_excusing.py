"""Excusing a miss: by whom, once, and that the miss stays."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from inputs.refusals import NotAllowed, Refusal
from leads.clock_hold import NotYourPromise
from leads.excusing import ExcusedAlready, NotMissed, excuse
from leads.models import Clock, ClockExcuse, ClockStep
from leads.reasons import BadReason
from leads.sweep import sweep
from ledger.models import AuditEntry, Notice
from sla.in_force import InForce
from teams.models import Membership, Team, User
from tests.cast import NOW, clock_start, make_lead, start_clocks

HOUR = timedelta(hours=1)
LATER = NOW + timedelta(days=2)


@pytest.fixture
def missed(agreement: InForce, sam: User) -> Clock:
    """A first attempt that Sam did not make."""
    lead = make_lead(stage="sal", sal_at=NOW, owner=sam)
    start_clocks(clock_start(agreement, "verdict", user=sam, lead_id=lead.pk))
    sweep(at=NOW + timedelta(days=40))
    return Clock.objects.get()


def test_the_miss_stays_and_is_excused_once(missed: Clock, mona: User, sam: User) -> None:
    before = (missed.state, missed.missed_at, missed.due_at, missed.plan_position, missed.next_action_at)

    excuse(clock_id=missed.pk, reason="system_down", actor=mona, at=LATER, note="Mail was down")

    missed.refresh_from_db()
    assert (missed.state, missed.missed_at, missed.due_at, missed.plan_position, missed.next_action_at) == before
    assert missed.excused_at == LATER
    step = ClockStep.objects.get(kind="excused")
    assert (step.code, step.actor, step.recorded_at) == ("system_down", mona, LATER)
    assert AuditEntry.objects.filter(verb="excuse", subject_id=missed.pk, actor=mona).count() == 1
    assert list(Notice.objects.filter(code="clock_excused").values_list("recipient", "channel")) == [(sam.pk, "in_app")]
    with pytest.raises(ExcusedAlready):
        excuse(clock_id=missed.pk, reason="system_down", actor=mona, at=LATER)
    assert ClockExcuse.objects.count() == 1


def test_nobody_excuses_their_own(missed: Clock, sam: User, sue: User, maya: User, mona: User, sales: Team) -> None:
    for actor in (sam, maya):
        with pytest.raises(NotAllowed):
            excuse(clock_id=missed.pk, reason="system_down", actor=actor, at=LATER)
    with pytest.raises(NotYourPromise):
        excuse(clock_id=missed.pk, reason="system_down", actor=sue, at=LATER)
    Membership.objects.create(user=mona, team=sales, is_manager=True)
    with pytest.raises(NotYourPromise):
        excuse(clock_id=missed.pk, reason="system_down", actor=User.objects.get(pk=mona.pk), at=LATER)
    assert not ClockExcuse.objects.exists()


def test_who_may_not_see_it_learns_nothing(missed: Clock, olive: User) -> None:
    with pytest.raises(Refusal) as refused:
        excuse(clock_id=missed.pk, reason="system_down", actor=olive, at=LATER)
    assert refused.value.status == 404


def test_what_was_not_missed_needs_no_excuse(agreement: InForce, sam: User, mona: User) -> None:
    lead = make_lead(stage="sal", sal_at=NOW, owner=sam)
    start_clocks(clock_start(agreement, "verdict", user=sam, lead_id=lead.pk))

    with pytest.raises(NotMissed):
        excuse(clock_id=Clock.objects.get().pk, reason="system_down", actor=mona, at=LATER)


@pytest.mark.parametrize(("reason", "note", "field"), [("lazy", "", "reason"), ("other", "", "note")])
def test_a_reason_is_one_of_the_codes(missed: Clock, mona: User, reason: str, note: str, field: str) -> None:
    with pytest.raises(BadReason) as refused:
        excuse(clock_id=missed.pk, reason=reason, note=note, actor=mona, at=LATER)
    assert refused.value.field == field


def test_the_database_excuses_misses_alone(agreement: InForce, sam: User) -> None:
    lead = make_lead(stage="sal", sal_at=NOW, owner=sam)
    start_clocks(clock_start(agreement, "verdict", user=sam, lead_id=lead.pk))

    with pytest.raises(IntegrityError), transaction.atomic():
        Clock.objects.update(excused_at=NOW)
