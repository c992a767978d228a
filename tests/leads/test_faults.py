"""Clocks that cannot be swept: set aside for ever longer, told once a day, shown by a check; they never stop the others."""

from __future__ import annotations

from datetime import timedelta

import pytest

from leads.faults import check_faults, pause_after, set_aside
from leads.models import Clock, ClockFault, Handoff
from leads.sweep import SweepResult, sweep
from sla.in_force import InForce
from teams.models import Team, User
from tests.cast import NOW, clock_start, offer_to, start_clocks
from tests.routing_setup import simple_routing

MINUTE = timedelta(minutes=1)
AT = NOW + timedelta(seconds=1351)
"""Just after the clock is to be reassigned: without routing rules nobody can say to whom."""
pytestmark = pytest.mark.django_db


def sweep_for(hours: int) -> int:
    """Sweep every minute for ``hours``, and give how often the clock was tried in vain."""
    swept = (sweep(at=AT + minute * MINUTE) for minute in range(hours * 60))
    return sum(result.set_aside for result in swept)


def test_a_clock_that_never_works_is_tried_ever_less_and_logged_once_a_day(
    offered: Handoff, caplog: pytest.LogCaptureFixture
) -> None:
    attempts = sweep_for(36)

    lines = [record for record in caplog.records if "could not be swept" in record.getMessage()]
    assert len(lines) == 2
    assert all(line.exc_info for line in lines)
    assert 36 <= attempts <= 42  # six in the first hour, then one an hour
    fault = ClockFault.objects.get()
    assert (fault.clock.handoff, fault.attempts, fault.error, fault.first_at) == (offered, attempts, "NoRouting", AT)


@pytest.mark.parametrize(("attempts", "minutes"), [(1, 1), (2, 2), (6, 32), (7, 60), (10_000, 60)])
def test_the_pause_doubles_up_to_an_hour(attempts: int, minutes: int) -> None:
    assert pause_after(attempts) == minutes * MINUTE


def test_a_check_names_the_clocks_that_stand_still_until_they_work_again(
    offered: Handoff, sam: User, sales: Team
) -> None:
    assert check_faults(databases=["default"]) == []
    sweep(at=AT)

    (warning,) = check_faults(databases=["default"])

    assert warning.id == "leads.W001"
    since = f"{AT:%Y-%m-%d %H:%M} UTC"
    assert (
        warning.msg == f"Clocks that cannot be swept: 1 (NoRouting), the first since {since}: {Clock.objects.get().pk}."
    )
    simple_routing(sales, [sam])
    assert sweep(at=AT + MINUTE + MINUTE).reassigned == 1
    assert check_faults(databases=["default"]) == []
    assert check_faults(databases=None) == []


def test_another_fault_of_the_same_clock_begins_anew(offered: Handoff, caplog: pytest.LogCaptureFixture) -> None:
    Clock.objects.update(plan=[])
    for minute in (0, 2, 5):
        sweep(at=AT + minute * MINUTE)
    assert ClockFault.objects.get().attempts == 3
    Clock.objects.update(plan_position=1, next_action_at=AT)

    sweep(at=AT + 10 * MINUTE)

    fault = ClockFault.objects.get()
    assert (fault.attempts, fault.first_at, fault.plan_position) == (1, AT + 10 * MINUTE, 1)
    assert len([line for line in caplog.records if "could not be swept" in line.getMessage()]) == 2


def test_a_clock_that_was_done_meanwhile_is_not_set_aside(offered: Handoff, caplog: pytest.LogCaptureFixture) -> None:
    sweep(at=NOW + timedelta(seconds=1200))
    clock = Clock.objects.get()

    assert not set_aside(clock.pk, NOW + timedelta(seconds=1200), ValueError())

    assert not ClockFault.objects.exists()
    assert not caplog.records


def test_many_bad_clocks_leave_the_good_ones_on_time(agreement: InForce, sam: User) -> None:
    handoffs = [offer_to(sam, agreement) for _ in range(8)]
    start_clocks(*(clock_start(agreement, "accept", user=sam, handoff_id=handoff.pk) for handoff in handoffs))
    Clock.objects.filter(handoff__in=handoffs[::2]).update(plan=[[66, "warn", "not a number"]])

    result = sweep(at=NOW + timedelta(seconds=901))

    assert result == SweepResult(warned=4, missed=4, escalated=4, set_aside=4)
    assert ClockFault.objects.standing().count() == 4
