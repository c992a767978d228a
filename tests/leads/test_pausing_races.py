"""Pauses and the sweep, answers beside them: each pause ends once, each clock has one outcome."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from inputs.refusals import Conflict
from leads.clocks import answer, cancel
from leads.excusing import excuse
from leads.models import Clock, ClockExcuse, ClockPause, ClockStep
from leads.pausing import pause, resume
from leads.record import Record
from leads.sweep import sweep
from replay.invariants import marks
from replay.invariants.facts import Facts
from sla.in_force import InForce
from teams.models import User
from tests.cast import NOW, clock_start, make_lead, start_clocks
from tests.leads.clock_invariants import problems
from tests.racing import at_once, refusals_of

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
UNTIL = NOW + HOUR
COUNT = 40
pytestmark = pytest.mark.django_db(transaction=True)


def wrong() -> list[str]:
    return [*marks.differences(Facts.load()), *problems()]


@pytest.fixture
def paused(agreement: InForce, sam: User) -> list[Clock]:
    leads = [make_lead(stage="sal", sal_at=NOW, owner=sam) for _ in range(COUNT)]
    start_clocks(*(clock_start(agreement, "first_attempt", tier="warm", user=sam, lead_id=lead.pk) for lead in leads))
    clocks = list(Clock.objects.order_by("id"))
    for clock in clocks:
        pause(clock_id=clock.pk, reason="later_date", until=UNTIL, actor=sam, at=NOW + SECOND)
    return clocks


def test_two_sweepers_at_once_let_each_go_on_once(paused: list[Clock]) -> None:
    at = UNTIL + SECOND

    results = at_once([lambda: sweep(at=at, batch=7)] * 2)

    assert sum(result.resumed for result in results) + sweep(at=at).resumed == COUNT
    assert ClockStep.objects.filter(kind="resumed").count() == COUNT
    assert not ClockPause.objects.filter(ended_at__isnull=True).exists()
    assert wrong() == []


def test_what_began_before_a_pause_and_ended_the_clock_after_it_ended_the_pause_too(paused: list[Clock]) -> None:
    """Whoever moves a lead may have waited for a lock while its rep paused the promise."""
    with transaction.atomic():
        record = Record("reassign", None, NOW)
        cancel(record, lead_ids=[paused[0].lead_id or 0], code="reassigned", at=NOW)
        record.write("clock", [paused[0].pk])

    assert list(marks.differences(Facts.load())) == []


@pytest.mark.parametrize("verb", ["answer", "cancel"])
def test_verbs_and_sweepers_at_once_leave_one_end_of_each_pause_and_one_outcome(
    paused: list[Clock], sam: User, verb: str
) -> None:
    at = UNTIL + SECOND

    def end_all() -> None:
        for clock in paused:
            with transaction.atomic():
                record = Record("test", sam.pk, at)
                if verb == "answer":
                    answer(record, promise="first_attempt", at=at, lead_ids=[clock.lead_id or 0])
                else:
                    cancel(record, code="lost", at=at, lead_ids=[clock.lead_id or 0])
                record.write("lead", [clock.lead_id or 0])

    at_once([end_all, lambda: sweep(at=at, batch=5), lambda: sweep(at=at, batch=3)])

    sweep(at=at)
    ended = {"answer": "met", "cancel": "cancelled"}[verb]
    assert Clock.objects.filter(state=ended).count() == COUNT
    assert ClockStep.objects.filter(kind="resumed").count() == COUNT
    assert wrong() == []


def test_of_two_who_let_it_go_on_one_does(paused: list[Clock], sam: User) -> None:
    key = paused[0].pk

    refusals = refusals_of(
        [lambda: resume(clock_id=key, actor=User.objects.get(pk=sam.pk), at=NOW + 2 * SECOND)] * 2, Conflict
    )

    assert [refusal.code for refusal in refusals if refusal] in (["not_paused"], ["clock_moved"])
    assert ClockStep.objects.filter(kind="resumed").count() == 1
    assert wrong() == []


def test_of_two_who_pause_it_one_does(paused: list[Clock], sam: User) -> None:
    key = paused[0].pk
    resume(clock_id=key, actor=sam, at=NOW + 2 * SECOND)

    deeds = [
        lambda: pause(clock_id=key, reason="later_date", actor=User.objects.get(pk=sam.pk), at=NOW + 3 * SECOND)
    ] * 2
    refusals = refusals_of(deeds, Conflict)

    assert [refusal.code for refusal in refusals if refusal] in (["is_paused"], ["clock_moved"])
    assert ClockPause.objects.filter(clock=key).count() == 2
    assert wrong() == []


def test_of_two_who_excuse_a_miss_one_does(agreement: InForce, sam: User, mona: User) -> None:
    lead = make_lead(stage="sal", sal_at=NOW, owner=sam)
    start_clocks(clock_start(agreement, "verdict", user=sam, lead_id=lead.pk))
    later = NOW + timedelta(days=60)
    sweep(at=later)
    key = Clock.objects.get().pk

    deeds = [lambda: excuse(clock_id=key, reason="system_down", actor=User.objects.get(pk=mona.pk), at=later)] * 2
    refusals = refusals_of(deeds, Conflict)

    assert [refusal.code for refusal in refusals if refusal] == ["excused_already"]
    assert ClockExcuse.objects.count() == 1
    assert wrong() == []
