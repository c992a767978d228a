"""Counting by the newest version of a calendar: what it changes, who decides, and what it leaves as it was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from inputs.refusals import NotAllowed, Refusal
from leads.clock_hold import ClockEnded, NotYourPromise
from leads.clock_plans import instant
from leads.followup import log_activity
from leads.models import Clock, ClockRecompute, ClockStep, Lead
from leads.pausing import pause, resume
from leads.recomputing import CalendarMoved, NothingNewer, recompute, running_by
from leads.sweep import sweep
from ledger.models import AuditEntry
from sla.calendars import set_calendar
from sla.in_force import InForce
from sla.models import CalendarVersion
from teams.models import Team, User
from tests.cast import NOW, OFFICE, clock_start, make_lead, offer_to, person, start_clocks

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SECOND = timedelta(seconds=1)


@pytest.fixture
def ada(db: None) -> User:
    return person("Ada", is_administrator=True)


@pytest.fixture
def lead(sam: User) -> Lead:
    return make_lead(stage="sal", sal_at=NOW, owner=sam)


@pytest.fixture
def clock(agreement: InForce, sam: User, lead: Lead) -> Clock:
    """Eight hours from Monday 10:00: due on Tuesday at 10:00."""
    start_clocks(clock_start(agreement, "first_attempt", tier="standard", user=sam, lead_id=lead.pk))
    return Clock.objects.get()


def new_hours(team: Team, **different: Any) -> CalendarVersion:
    """Edit the calendar of ``team``."""
    return set_calendar(actor=None, name=f"{team.name} hours", hours={**OFFICE, **different}, at=NOW + HOUR, team=team)


def test_a_running_clock_keeps_its_version_until_it_is_said_otherwise(clock: Clock, sue: User, sales: Team) -> None:
    version = new_hours(sales, holidays=["2026-03-03"])
    unmoved = (clock.due_at, clock.calendar_version_id)
    clock.refresh_from_db()
    assert (clock.due_at, clock.calendar_version_id) == unmoved

    (change,) = recompute(clock_ids=[clock.pk], note="A holiday", actor=sue, at=NOW + 2 * HOUR, seen=version.pk)

    clock.refresh_from_db()
    assert clock.due_at == change.due_after == datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
    assert clock.calendar_version_id == version.pk
    assert clock.next_action_at == instant(clock.plan[0][2])
    row = ClockRecompute.objects.get()
    assert (row.calendar_before_id, row.calendar_after_id, row.due_before, row.due_after, row.ordinal) == (
        unmoved[1], version.pk, unmoved[0], clock.due_at, 0,
    )  # fmt: skip
    assert ClockStep.objects.get(kind="recomputed").actor == sue
    assert AuditEntry.objects.filter(verb="recompute", actor=sue).count() == 1


def test_what_was_done_of_the_plan_stands(clock: Clock, sue: User, sales: Team) -> None:
    sweep(at=NOW + 4 * HOUR + SECOND)
    clock.refresh_from_db()
    warned = clock.plan[0]
    new_hours(sales, week={day: [["09:00", "12:00"]] for day in OFFICE["week"]})

    recompute(clock_ids=[clock.pk], note="Half days", actor=sue, at=NOW + 5 * HOUR)

    clock.refresh_from_db()
    assert clock.plan_position == 1
    assert clock.plan[0] == warned
    assert clock.due_at == datetime(2026, 3, 4, 12, 0, tzinfo=UTC)  # 2, 3 and 3 hours
    assert sweep(at=clock.due_at + SECOND).missed == 1


def test_what_is_overdue_by_it_is_missed_at_its_new_time_by_the_next_sweep(
    agreement: InForce, sam: User, sue: User, sales: Team
) -> None:
    lead = make_lead(stage="sal", sal_at=NOW, owner=sam)
    start_clocks(clock_start(agreement, "first_attempt", tier="warm", user=sam, lead_id=lead.pk), at=NOW + 6 * HOUR)
    clock = Clock.objects.get()  # one hour today, three tomorrow
    new_hours(sales, week={day: [["09:00", "22:00"]] for day in OFFICE["week"]})

    recompute(clock_ids=[clock.pk], note="Longer days", actor=sue, at=NOW + 23 * HOUR + SECOND)
    clock.refresh_from_db()
    assert (clock.state, clock.due_at) == ("running", NOW + 10 * HOUR)

    sweep(at=NOW + 24 * HOUR)
    clock.refresh_from_db()
    assert (clock.state, clock.missed_at, clock.detected_at) == ("missed", NOW + 10 * HOUR, NOW + 24 * HOUR)


def test_pauses_count_in_the_new_hours_too(clock: Clock, sam: User, sue: User, sales: Team) -> None:
    pause(clock_id=clock.pk, reason="later_date", actor=sam, at=NOW + 6 * HOUR)
    resume(clock_id=clock.pk, actor=sam, at=NOW + 9 * HOUR)  # one open hour, three by the new calendar
    new_hours(sales, week={day: [["09:00", "22:00"]] for day in OFFICE["week"]})

    (change,) = recompute(clock_ids=[clock.pk], note="Longer days", actor=sue, at=NOW + 9 * HOUR)

    assert change.due_before == NOW + DAY + HOUR
    assert change.due_after == NOW + 11 * HOUR


def test_the_hours_of_an_answer_are_those_it_counts_by(
    clock: Clock, sam: User, sue: User, sales: Team, lead: Lead
) -> None:
    new_hours(sales, week={day: [["09:00", "12:00"]] for day in OFFICE["week"]})
    recompute(clock_ids=[clock.pk], note="Half days", actor=sue, at=NOW + HOUR)

    log_activity(lead_id=lead.pk, kind="call", outcome="no_answer", actor=sam, at=NOW + DAY)

    clock.refresh_from_db()
    assert (clock.state, clock.answered_seconds) == ("met", 3 * 3600)


def test_the_end_of_an_accept_window_moves_along(agreement: InForce, sam: User, sue: User, sales: Team) -> None:
    handoff = offer_to(sam, agreement, tier="standard")
    start_clocks(clock_start(agreement, "accept", tier="standard", user=sam, handoff_id=handoff.pk))
    clock = Clock.objects.get()
    actions = [entry[1] for entry in clock.plan]
    new_hours(sales, week={day: [["09:00", "10:30"]] for day in OFFICE["week"]})

    recompute(clock_ids=[clock.pk], note="Very short days", actor=sue, at=NOW + HOUR)

    clock.refresh_from_db()
    assert sorted(entry[1] for entry in clock.plan) == sorted(actions)
    assert [entry[2] for entry in clock.plan] == sorted(entry[2] for entry in clock.plan)


# Who and when ---------------------------------------------------------------------------------------------------------


def test_a_manager_of_the_owing_side_or_an_administrator_decides(
    clock: Clock, sam: User, mona: User, ada: User, olive: User, sales: Team
) -> None:
    new_hours(sales, holidays=["2026-03-03"])
    with pytest.raises(NotAllowed):
        recompute(clock_ids=[clock.pk], note="Please", actor=sam, at=NOW + HOUR)
    with pytest.raises(NotYourPromise):
        recompute(clock_ids=[clock.pk], note="Please", actor=mona, at=NOW + HOUR)
    with pytest.raises(Refusal) as refused:
        recompute(clock_ids=[clock.pk], note="Please", actor=olive, at=NOW + HOUR)
    assert refused.value.status == 404

    recompute(clock_ids=[clock.pk], note="A holiday", actor=ada, at=NOW + HOUR)


def test_it_is_refused_where_nothing_is_newer_or_the_clock_does_not_run(
    clock: Clock, sam: User, sue: User, sales: Team, lead: Lead
) -> None:
    with pytest.raises(NothingNewer):
        recompute(clock_ids=[clock.pk], note="Please", actor=sue, at=NOW + HOUR)
    seen = new_hours(sales, holidays=["2026-03-03"])
    new_hours(sales, holidays=["2026-03-03", "2026-03-04"])
    with pytest.raises(CalendarMoved):
        recompute(clock_ids=[clock.pk], note="Please", actor=sue, at=NOW + HOUR, seen=seen.pk)
    with pytest.raises(Refusal, match="why"):
        recompute(clock_ids=[clock.pk], note=" ", actor=sue, at=NOW + HOUR)
    with pytest.raises(ClockEnded, match="overdue"):
        recompute(clock_ids=[clock.pk], note="Please", actor=sue, at=clock.due_at + SECOND)
    pause(clock_id=clock.pk, reason="later_date", actor=sam, at=NOW + HOUR)
    with pytest.raises(ClockEnded, match="paused"):
        recompute(clock_ids=[clock.pk], note="Please", actor=sue, at=NOW + 2 * HOUR)
    log_activity(lead_id=lead.pk, kind="call", outcome="no_answer", actor=sam, at=NOW + 2 * HOUR)
    with pytest.raises(ClockEnded, match="kept"):
        recompute(clock_ids=[clock.pk], note="Please", actor=sue, at=NOW + 2 * HOUR)
    assert not ClockRecompute.objects.exists()


def test_all_running_clocks_of_a_calendar_go_in_one_call(
    clock: Clock, agreement: InForce, sam: User, sue: User, mona: User, ada: User, sales: Team
) -> None:
    for _ in range(3):
        lead = make_lead(stage="sal", sal_at=NOW, owner=sam)
        start_clocks(clock_start(agreement, "verdict", user=sam, lead_id=lead.pk))
    calendar_id = clock.calendar_version.calendar_id
    assert not running_by(calendar_id, sue)
    version = new_hours(sales, holidays=["2026-03-03"])
    assert not running_by(calendar_id, mona)
    found = list(running_by(calendar_id, ada).values_list("pk", flat=True))
    assert found == list(running_by(calendar_id, sue).values_list("pk", flat=True))

    changes = recompute(clock_ids=found, note="A holiday", actor=sue, at=NOW + HOUR, seen=version.pk)

    assert len(changes) == 4
    assert all(change.due_after == change.due_before + DAY for change in changes)
    assert not running_by(calendar_id, sue)
