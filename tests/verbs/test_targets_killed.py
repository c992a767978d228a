"""Killed at any database call, the end of a period is judged or not begun, and the next sweep judges it once; so is a period opened."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from leads.models import Clock, ClockStep, TargetPeriod
from leads.periods import open_periods
from leads.record import Record
from leads.sweep import sweep
from ledger.models import AuditEntry, Notice
from teams.models import User
from tests.crashing import crash_points, torn
from tests.targets.world import APRIL, FEBRUARY, MARCH, SECOND, promise, target
from tests.verbs.cases import Act
from tests.verbs.deaths import is_caught
from tests.verbs.invariants import broken_promises

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

END = MARCH + SECOND
TARGETS = (target("mql_volume", 5), target("acceptance_rate", 80), target("conversation_share", 50, "hot"))


def _deaths(capsys: pytest.CaptureFixture[str], what: str, work: Ends | Openings) -> dict[str, list[str]]:
    """Let the work die at each call, and give what was wrong afterwards, by the point."""
    points, wrong = crash_points(work.prepare, work.recover)

    with capsys.disabled():
        print(f"\n{what}: {points} crash points on {connection.vendor}")
    assert points > 0
    return wrong


class Ends:
    """A month that ends: one target is missed, two have no case."""

    def prepare(self) -> Act:
        open_periods(at=FEBRUARY)
        return lambda: sweep(at=END)

    def recover(self) -> list[str]:
        open_periods(at=END)
        sweep(at=END + SECOND)
        wrong = broken_promises(at=END + timedelta(hours=2))
        outcomes = ClockStep.objects.filter(kind__in=("met", "missed", "cancelled"))
        there = sorted(outcomes.values_list("clock__promise", "kind"))
        if there != [("acceptance_rate", "cancelled"), ("conversation_share", "cancelled"), ("mql_volume", "missed")]:
            wrong.append(f"the outcomes are {there}")
        if TargetPeriod.objects.filter(ends_at=MARCH, judged_at__isnull=True).exists():
            wrong.append("a period was not judged")
        told = Notice.objects.filter(code="target_missed", channel="in_app").count()
        if told != 2:
            wrong.append(f"the miss was told {told} times")
        return wrong


def test_the_end_of_a_period_may_die_at_any_call(mona: User, sue: User, capsys: pytest.CaptureFixture[str]) -> None:
    promise(mona, sue, *TARGETS)
    ends = Ends()

    assert _deaths(capsys, "the end of a period", ends) == {}


def test_a_judgement_that_is_torn_is_caught(mona: User, sue: User) -> None:
    promise(mona, sue, *TARGETS)
    ends = Ends()

    assert is_caught(lambda: torn(ends.prepare(), Record, "write"), ends.recover)


class Openings:
    """Months that are opened after an outage, and a quarter."""

    def prepare(self) -> Act:
        return lambda: open_periods(at=APRIL)

    def recover(self) -> list[str]:
        open_periods(at=APRIL)
        wrong = broken_promises(at=APRIL + SECOND, slack=timedelta(days=90))
        rows = (TargetPeriod.objects.count(), Clock.objects.count(), ClockStep.objects.filter(kind="started").count())
        if rows != (9, 9, 9):
            wrong.append(f"there are {rows} periods, clocks and starts")
        entries = AuditEntry.objects.filter(verb="open_periods").count()
        if entries != 3:
            wrong.append(f"{entries} audit entries")
        return wrong


def test_opening_may_die_at_any_call(mona: User, sue: User, capsys: pytest.CaptureFixture[str]) -> None:
    promise(mona, sue, *TARGETS)
    openings = Openings()

    assert _deaths(capsys, "opening of periods", openings) == {}


def test_an_opening_that_is_torn_is_caught(mona: User, sue: User) -> None:
    promise(mona, sue, *TARGETS)
    openings = Openings()

    assert is_caught(lambda: torn(openings.prepare(), Record, "write"), openings.recover)
