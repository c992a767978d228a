"""Periods are opened once, with their true dates, whoever looks and however late."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core.management import call_command

from leads.models import Clock, ClockStep, TargetPeriod
from leads.periods import open_periods
from leads.tasks import open_periods as tick
from ledger.models import AuditEntry
from sla.models import CalendarUse
from teams.models import User
from tests.racing import at_once
from tests.targets.world import APRIL, BEFORE, FEBRUARY, MARCH, SECOND, promise, target

pytestmark = pytest.mark.django_db

TARGETS = (
    target("mql_volume", 10),
    target("conversation_share", 50, "hot"),
    target("pipeline_value", 900, currency="EUR"),
)


@pytest.fixture
def promised(mona: User, sue: User) -> None:
    promise(mona, sue, *TARGETS)


def opened() -> list[tuple[str, str, date]]:
    return sorted(TargetPeriod.objects.values_list("code", "of", "first_on"))


def test_nothing_is_opened_before_the_first_whole_period(promised: None) -> None:
    assert open_periods(at=FEBRUARY - SECOND) == 0
    assert open_periods(at=FEBRUARY) == 2

    assert opened() == [("conversation_share", "hot", FEBRUARY.date()), ("mql_volume", "", FEBRUARY.date())]


def test_a_period_has_one_clock_with_its_own_times(promised: None, mona: User) -> None:
    open_periods(at=FEBRUARY + timedelta(hours=3))

    period = TargetPeriod.objects.get(code="mql_volume")
    clock = Clock.objects.get(period=period)
    assert (period.starts_at, period.ends_at, period.last_on) == (FEBRUARY, MARCH, date(2026, 2, 28))
    assert (clock.promise, clock.side, clock.tier, clock.version_id) == (
        "mql_volume", "marketing", "standard", period.version_id,
    )  # fmt: skip
    assert (clock.arrived_at, clock.started_at, clock.due_at) == (FEBRUARY, FEBRUARY, MARCH)
    assert (clock.team, clock.user) == (mona.memberships.get().team, None)
    assert [line[:2] for line in clock.plan] == [
        [50, "warn"], [75, "warn"], [100, "judge"], [100, "notify_both_managers"],
    ]  # fmt: skip
    assert clock.next_action_at is not None
    assert clock.next_action_at.timestamp() == clock.plan[0][2]
    assert clock.budget_seconds == 20 * 8 * 3600
    step = ClockStep.objects.get(clock=clock)
    assert (step.kind, step.occurred_at, step.recorded_at) == ("started", FEBRUARY, FEBRUARY + timedelta(hours=3))


def test_opening_again_changes_nothing(promised: None) -> None:
    open_periods(at=FEBRUARY)
    entries = AuditEntry.objects.filter(verb="open_periods").count()

    assert open_periods(at=FEBRUARY) == 0
    assert AuditEntry.objects.filter(verb="open_periods").count() == entries == 1


def test_after_an_outage_all_missed_periods_are_opened(promised: None) -> None:
    open_periods(at=APRIL + timedelta(days=40))

    assert [day for code, _, day in opened() if code == "mql_volume"] == [
        date(2026, 2, 1), date(2026, 3, 1), date(2026, 4, 1), date(2026, 5, 1),
    ]  # fmt: skip
    assert [day for code, _, day in opened() if code == "pipeline_value"] == [date(2026, 4, 1)]


def test_what_runs_goes_on_as_it_was_promised_when_the_version_changes(promised: None, mona: User, sue: User) -> None:
    promise(mona, sue, target("mql_volume", 20), at=FEBRUARY + timedelta(days=10))

    open_periods(at=MARCH)

    amounts = TargetPeriod.objects.filter(code="mql_volume").order_by("first_on").values_list("first_on", "amount")
    assert list(amounts) == [(FEBRUARY.date(), 10), (MARCH.date(), 20)]
    assert not TargetPeriod.objects.filter(code="conversation_share", first_on=MARCH.date()).exists()


def test_a_target_waits_for_the_hours_of_its_side(promised: None) -> None:
    uses = list(CalendarUse.objects.filter(team__side="sales"))
    CalendarUse.objects.filter(team__side="sales").delete()
    assert open_periods(at=FEBRUARY) == 0

    for use in uses:
        use.pk = None
        use.save()

    assert open_periods(at=MARCH - SECOND) == 2
    assert set(Clock.objects.values_list("started_at", flat=True)) == {FEBRUARY}


def test_without_an_agreement_there_is_nothing_to_open(db: None) -> None:
    assert open_periods(at=BEFORE) == 0


def test_the_task_and_the_command_open_them(promised: None) -> None:
    call_command("sweep", at=FEBRUARY.isoformat())
    assert TargetPeriod.objects.count() == 2

    tick()

    assert TargetPeriod.objects.filter(first_on=MARCH.date()).exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_schedulers_at_once_one_opens_them(mona: User, sue: User) -> None:
    promise(mona, sue, *TARGETS)

    counts = at_once([lambda: open_periods(at=APRIL)] * 4)

    assert sum(counts) == TargetPeriod.objects.count() == Clock.objects.count() == 7
    assert ClockStep.objects.count() == 7
