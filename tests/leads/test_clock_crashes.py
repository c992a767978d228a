"""Killed at any database call, a sweep or an answer leaves nothing half done, and the next one finishes it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from leads.clocks import answer
from leads.models import Clock
from leads.record import Record
from leads.sweep import SweepResult, sweep
from sla.in_force import InForce
from teams.models import Team, User
from tests.cast import NOW, clock_start, offer_to, person, start_clocks
from tests.crashing import crash_points, torn
from tests.leads.clock_invariants import problems
from tests.routing_setup import simple_routing

SECOND = timedelta(seconds=1)
AFTER_DUE = NOW + timedelta(seconds=901)
AFTER_REASSIGNING = NOW + timedelta(seconds=1351)
pytestmark = pytest.mark.django_db(transaction=True)


def offer(agreement: InForce, sam: User) -> Clock:
    handoff = offer_to(sam, agreement)
    start_clocks(clock_start(agreement, "accept", user=sam, handoff_id=handoff.pk))
    return Clock.objects.get(handoff=handoff)


def recover(at: Any, sam: User) -> Callable[[], list[str]]:
    def finish() -> list[str]:
        sweep(at=at)
        found = problems()
        if sweep(at=at) != SweepResult():
            found.append("a second sweep found something to do")
        if Clock.objects.filter(user=sam).exclude(state="missed").exists():
            found.append("Sam has missed nothing")
        return found

    return finish


def test_a_sweep_may_die_at_any_call(agreement: InForce, sam: User, capsys: pytest.CaptureFixture[str]) -> None:
    def prepare() -> Callable[[], object]:
        offer(agreement, sam)
        return lambda: sweep(at=AFTER_DUE)

    points, wrong = crash_points(prepare, recover(AFTER_DUE, sam))

    with capsys.disabled():
        print(f"\nsweep: {points} crash points on {connection.vendor}")
    assert points > 0
    assert wrong == {}

    # The same run catches a sweep that commits the outcome apart from its notices.
    _, wrong = crash_points(lambda: torn(prepare(), Record, "write"), recover(AFTER_DUE, sam), until_wrong=True)
    assert wrong != {}


@pytest.mark.slow
def test_a_sweep_that_reassigns_may_die_at_any_call(
    agreement: InForce, sam: User, sales: Team, capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    simple_routing(sales, [sam, person("Zoe", sales), person("Kim", sales)])

    def prepare() -> Callable[[], object]:
        offer(agreement, sam)
        return lambda: sweep(at=AFTER_REASSIGNING)

    points, wrong = crash_points(prepare, recover(AFTER_REASSIGNING, sam))

    with capsys.disabled():
        print(f"\nreassigning sweep: {points} crash points on {connection.vendor}")
    assert points > 0
    assert wrong == {}

    # The same run catches one that gives the lead away apart from the record of it.
    torn_apart = lambda: torn(prepare(), Record, "write")  # noqa: E731
    assert crash_points(torn_apart, recover(AFTER_REASSIGNING, sam), until_wrong=True)[1] != {}


@pytest.mark.parametrize(("after", "state"), [(60, "met"), (901, "missed")], ids=["in time", "late"])
def test_an_answer_may_die_at_any_call(
    agreement: InForce, sam: User, after: int, state: str, capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    at = NOW + timedelta(seconds=after)

    def prepare() -> Callable[[], object]:
        clock = offer(agreement, sam)
        return lambda: say(clock)

    def say(clock: Clock) -> None:
        record = Record("accept", None, at)
        with transaction.atomic():
            answer(record, promise="accept", handoff_ids=[clock.handoff_id or 0], at=at)
            if record.steps:
                record.write("handoff", [clock.handoff_id or 0])

    def say_again() -> list[str]:
        clock = Clock.objects.get()
        say(clock)
        clock.refresh_from_db()
        wrong = [problem for problem in problems() if not problem.startswith("not in the audit")]
        if (clock.state, clock.answered_at) != (state, at):
            wrong.append(f"the clock is {clock.state}, answered {clock.answered_at}")
        return wrong

    points, wrong = crash_points(prepare, say_again)

    with capsys.disabled():
        print(f"\nanswer: {points} crash points on {connection.vendor}")
    assert points > 0
    assert wrong == {}
