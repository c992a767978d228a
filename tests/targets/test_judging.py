"""A target is looked at twice, warned of where its side is behind pace, and judged once at its end."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from leads.models import Clock, ClockStep, TargetPeriod
from leads.period_judging import judge
from leads.sweep import next_due_at, sweep
from ledger.models import AuditEntry
from ledger.wording import wording
from teams.models import User
from tests.racing import at_once
from tests.targets.world import (
    APRIL,
    FEBRUARY,
    MARCH,
    SECOND,
    begin,
    clock_of,
    handed,
    heard,
    mql,
    promise,
    steps_of,
    target,
)

pytestmark = pytest.mark.django_db


def halfway() -> datetime:
    found = next_due_at()
    assert found is not None
    return found + SECOND


def test_a_side_that_is_behind_is_warned(mona: User, sue: User) -> None:
    promise(mona, sue, target("mql_volume", 10))
    period = begin(FEBRUARY)
    mql(FEBRUARY + timedelta(days=2))

    result = sweep(at=halfway())

    assert (result.warned, result.judged) == (1, 1)
    assert steps_of(period) == [("started", ""), ("warned", "")]
    assert heard("target_behind") == ["Mona"]
    clock = clock_of(period)
    step = clock.steps.get(kind="warned")
    assert (step.percent, step.ordinal, step.occurred_at.timestamp()) == (50, 0, clock.plan[0][2])
    assert (clock.state, clock.plan_position) == ("running", 1)


def test_a_side_on_pace_hears_nothing(mona: User, sue: User) -> None:
    promise(mona, sue, target("mql_volume", 2))
    period = begin(FEBRUARY)
    mql(FEBRUARY + timedelta(days=2))

    result = sweep(at=halfway())

    assert (result.warned, result.judged) == (0, 1)
    assert steps_of(period) == [("started", "")]
    assert heard("target_behind") == []
    assert clock_of(period).plan_position == 1
    assert sweep(at=halfway() - 2 * SECOND).total == 0


@pytest.mark.parametrize(("cases", "is_warned"), [(9, False), (10, True)])
def test_a_share_warns_from_enough_cases_on(cases: int, is_warned: bool, mona: User, sue: User) -> None:
    agreement = promise(mona, sue, target("acceptance_rate", 80))
    period = begin(FEBRUARY)
    for _ in range(cases):
        handed(FEBRUARY + timedelta(days=1), agreement, state="rejected")

    sweep(at=halfway())

    assert (("warned", "") in steps_of(period)) == is_warned


def test_at_its_end_a_target_is_kept(mona: User, sue: User) -> None:
    promise(mona, sue, target("mql_volume", 1))
    period = begin(FEBRUARY)
    mql(MARCH - SECOND)

    assert not Clock.objects.filter(state="met").exists()
    sweep(at=MARCH)  # its last instant is its own
    assert clock_of(period).state == "running"
    result = sweep(at=MARCH + timedelta(minutes=1))

    period.refresh_from_db()
    assert (period.reached, period.counted, period.judged_at) == (Decimal(1), 1, MARCH + timedelta(minutes=1))
    clock = clock_of(period)
    assert (clock.state, clock.met_at, clock.detected_at, clock.next_action_at) == (
        "met", MARCH, MARCH + timedelta(minutes=1), None,
    )  # fmt: skip
    step = clock.steps.get(kind="met")
    assert (step.occurred_at, step.recorded_at) == (MARCH, MARCH + timedelta(minutes=1))
    assert (result.missed, result.escalated) == (0, 0)
    assert (heard("target_kept"), heard("target_missed")) == (["Mona"], [])


def test_what_comes_after_the_end_counts_no_more(mona: User, sue: User) -> None:
    promise(mona, sue, target("mql_volume", 1))
    period = begin(FEBRUARY)
    mql(MARCH)

    sweep(at=MARCH + timedelta(days=1))

    assert clock_of(period).state == "missed"


def test_a_miss_is_told_to_the_managers_of_both_sides_at_once(mona: User, sue: User, maya: User, sam: User) -> None:
    promise(mona, sue, target("mql_volume", 2))
    period = begin(FEBRUARY)
    mql(FEBRUARY)

    result = sweep(at=MARCH + SECOND)

    clock = clock_of(period)
    assert (clock.state, clock.missed_at, clock.detected_at) == ("missed", MARCH, MARCH + SECOND)
    assert (clock.next_action_at, clock.plan_position) == (None, 4)
    assert (result.missed, result.escalated) == (1, 1)
    assert steps_of(period)[-2:] == [("missed", ""), ("escalated", "notify_both_managers")]
    assert heard("target_missed") == ["Mona", "Sue"]
    entry = AuditEntry.objects.get(verb="judge_target", at=MARCH + SECOND)
    assert entry.subject_id == clock.pk
    told = wording("target_missed").render(period.pk, {"promise": "mql_volume"})
    assert told.text.startswith("February 2026: 1 of 2")
    assert told.path == f"/targets/{period.pk}/"


def test_a_share_without_a_case_is_neither_kept_nor_missed(mona: User, sue: User) -> None:
    promise(mona, sue, target("conversation_share", 50, "hot"))
    period = begin(FEBRUARY)

    sweep(at=MARCH + SECOND)

    period.refresh_from_db()
    clock = clock_of(period)
    assert (clock.state, clock.cancelled_at, clock.next_action_at) == ("cancelled", MARCH + SECOND, None)
    assert steps_of(period) == [("started", ""), ("cancelled", "no_cases")]
    assert (period.judged_at, period.counted, period.reached) == (MARCH + SECOND, 0, None)
    assert heard("target_without_cases") == ["Sue"]


def test_a_count_of_nothing_is_a_miss(mona: User, sue: User) -> None:
    promise(mona, sue, target("mql_volume", 1))
    period = begin(FEBRUARY)

    sweep(at=MARCH + SECOND)

    period.refresh_from_db()
    assert (clock_of(period).state, period.reached, period.counted) == ("missed", Decimal(0), 0)


def test_a_share_is_kept_with_few_cases_too(mona: User, sue: User) -> None:
    agreement = promise(mona, sue, target("acceptance_rate", 80))
    period = begin(FEBRUARY)
    handed(FEBRUARY, agreement)

    sweep(at=MARCH + SECOND)

    period.refresh_from_db()
    assert (clock_of(period).state, period.reached, period.counted) == ("met", Decimal(100), 1)


def test_after_an_outage_each_period_is_judged_once_as_of_its_own_end(mona: User, sue: User) -> None:
    promise(mona, sue, target("mql_volume", 4))
    for _ in range(4):
        mql(FEBRUARY + timedelta(days=3))
    begin(APRIL)

    result = sweep(at=APRIL + timedelta(minutes=1))
    again = sweep(at=APRIL + timedelta(minutes=2))

    outcomes = Clock.objects.filter(period__isnull=False).order_by("due_at").values_list("due_at", "state")
    assert list(outcomes) == [(MARCH, "met"), (APRIL, "missed"), (datetime(2026, 5, 1, tzinfo=APRIL.tzinfo), "running")]
    assert (result.missed, again.total) == (1, 0)
    # the warnings that the end has overtaken are recorded, with their true times, but told to nobody
    assert ClockStep.objects.filter(kind="warned", clock__due_at=APRIL).count() == 2
    assert heard("target_behind") == []


def test_sweeping_again_does_nothing(mona: User, sue: User) -> None:
    promise(mona, sue, target("mql_volume", 2))
    begin(FEBRUARY)
    sweep(at=MARCH + SECOND)
    before = (ClockStep.objects.count(), AuditEntry.objects.count())

    assert sweep(at=MARCH + timedelta(days=2)).total == 0
    assert judge([Clock.objects.get().pk], at=MARCH + timedelta(days=2)).looked_at == 0

    assert (ClockStep.objects.count(), AuditEntry.objects.count()) == before


def test_the_pace_is_that_of_the_side_and_as_of_the_planned_instant(mona: User, sue: User) -> None:
    promise(mona, sue, target("mql_volume", 4))
    period = begin(FEBRUARY)
    look = halfway()
    mql(look)  # after the planned instant, before the sweep comes

    sweep(at=look + timedelta(days=1))

    assert ("warned", "") in steps_of(period)


@pytest.mark.django_db(transaction=True)
def test_two_sweepers_judge_a_period_once(mona: User, sue: User) -> None:
    promise(mona, sue, target("mql_volume", 2), target("conversation_share", 50, "hot"))
    begin(FEBRUARY)

    results = at_once([lambda: sweep(at=MARCH + SECOND)] * 4)

    assert sum(result.missed for result in results) == 1
    outcomes = ClockStep.objects.filter(kind__in=("met", "missed", "cancelled"))
    assert sorted(outcomes.values_list("kind", flat=True)) == ["cancelled", "missed"]
    assert TargetPeriod.objects.filter(judged_at__isnull=False).count() == 2
    assert heard("target_missed") == ["Mona", "Sue"]
