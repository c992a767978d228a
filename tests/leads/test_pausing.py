"""Pausing a promise and letting it go on: who may, how often and how long, and what it moves."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inputs.refusals import NotAllowed, Refusal
from leads import clocks
from leads.clock_hold import ClockEnded, NotYourPromise
from leads.clock_plans import instant
from leads.followup import log_activity
from leads.models import Clock, ClockPause, ClockStep, Lead
from leads.pausing import BadPause, CannotPause, NotPaused, pause, resume, resume_due
from leads.record import Record
from leads.sweep import sweep
from ledger.models import AuditEntry, Notice
from sla.business_time import between
from sla.hours import calendars
from sla.in_force import InForce
from teams.models import Team, User
from tests.cast import NOW, clock_start, make_lead, person, start_clocks
from tests.leads.worlds import away

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
WEDNESDAY_TEN = NOW + 2 * DAY


@pytest.fixture
def lead(sam: User, maya: User) -> Lead:
    return make_lead(stage="sal", sal_at=NOW, owner=sam, marketer=maya)


def owed(agreement: InForce, sam: User, lead: Lead, promise: str = "first_attempt", **more: Any) -> Clock:
    """Start what Sam owes on the lead, in 8 hours: due on Tuesday at 10:00."""
    start_clocks(clock_start(agreement, promise, tier="standard", user=sam, lead_id=lead.pk, **more))
    return Clock.objects.get(lead=lead, promise=promise)


@pytest.fixture
def clock(agreement: InForce, sam: User, lead: Lead) -> Clock:
    return owed(agreement, sam, lead)


def test_it_stands_still_and_goes_on_with_all_that_was_left(clock: Clock, sam: User) -> None:
    before = clock.plan

    until = pause(clock_id=clock.pk, reason="later_date", actor=sam, at=NOW + HOUR)
    clock.refresh_from_db()

    assert (clock.state, clock.pause_count, clock.next_action_at) == ("paused", 1, until)
    assert until == NOW + HOUR + 10 * DAY

    due_at = resume(clock_id=clock.pk, actor=sam, at=NOW + 3 * HOUR)
    clock.refresh_from_db()

    assert clock.state == "running"
    assert due_at == clock.due_at == datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
    assert [percent for percent, *_ in clock.plan] == [percent for percent, *_ in before]
    hours = calendars([clock.calendar_version_id])[clock.calendar_version_id]
    moved = {between(instant(old[2]), instant(new[2]), hours) for old, new in zip(before, clock.plan, strict=True)}
    assert moved == {2 * 3600}
    assert clock.next_action_at == instant(clock.plan[0][2])
    steps = list(ClockStep.objects.filter(clock=clock).order_by("id").values_list("kind", "code", "actor"))
    assert steps == [("started", "", None), ("paused", "later_date", sam.pk), ("resumed", "", sam.pk)]
    assert list(AuditEntry.objects.order_by("id").values_list("verb", flat=True))[-2:] == ["pause", "resume"]


@pytest.mark.parametrize(
    ("paused_at", "resumed_at"),
    [
        (NOW + 8 * HOUR, NOW + 22 * HOUR),  # after closing, before opening
        (NOW + 7 * HOUR, NOW + 23 * HOUR),  # from closing to opening
    ],
)
def test_paused_time_outside_of_hours_pushes_nothing(
    clock: Clock, sam: User, paused_at: datetime, resumed_at: datetime
) -> None:
    pause(clock_id=clock.pk, reason="later_date", actor=sam, at=paused_at)

    assert resume(clock_id=clock.pk, actor=sam, at=resumed_at) == clock.due_at


def test_a_promise_in_days_moves_by_the_open_time_too(agreement: InForce, sam: User, lead: Lead) -> None:
    clock = owed(agreement, sam, lead, "verdict")

    pause(clock_id=clock.pk, reason="meeting_booked", actor=sam, at=NOW)
    due_at = resume(clock_id=clock.pk, actor=sam, at=NOW + DAY + 2 * HOUR)  # a whole day, and two hours

    assert due_at == clock.due_at + DAY + 2 * HOUR


def test_at_its_time_the_sweep_lets_it_go_on_exactly_once(clock: Clock, sam: User) -> None:
    until = pause(clock_id=clock.pk, reason="later_date", until=date(2026, 3, 4), actor=sam, at=NOW + HOUR)
    assert until == datetime(2026, 3, 4, tzinfo=UTC)

    assert sweep(at=until).resumed == 0
    assert sweep(at=WEDNESDAY_TEN).resumed == 1
    assert sweep(at=WEDNESDAY_TEN).resumed == 0
    assert resume_due([clock.pk], WEDNESDAY_TEN) == 0

    clock.refresh_from_db()
    step = ClockStep.objects.get(clock=clock, kind="resumed")
    assert (step.actor, step.occurred_at, step.recorded_at) == (None, until, WEDNESDAY_TEN)
    assert clock.due_at == datetime(2026, 3, 4, 16, 0, tzinfo=UTC)  # 7 hours were left on Wednesday at 9
    told = Notice.objects.filter(code="clock_resumed").values_list("recipient", "channel")
    assert list(told) == [(sam.pk, "in_app")]


def test_when_the_sweep_is_late_what_was_due_meanwhile_is_missed_at_its_true_time(clock: Clock, sam: User) -> None:
    pause(clock_id=clock.pk, reason="later_date", until=date(2026, 3, 4), actor=sam, at=NOW + HOUR)
    friday = NOW + 4 * DAY

    assert sweep(at=friday).resumed == 1
    assert sweep(at=friday).missed == 1

    clock.refresh_from_db()
    assert (clock.state, clock.missed_at) == ("missed", datetime(2026, 3, 4, 16, 0, tzinfo=UTC))


def test_an_answer_keeps_a_paused_promise_and_ends_the_pause(clock: Clock, sam: User, lead: Lead) -> None:
    pause(clock_id=clock.pk, reason="later_date", actor=sam, at=NOW + HOUR)

    log_activity(lead_id=lead.pk, kind="call", outcome="no_answer", actor=sam, at=NOW + 3 * DAY)

    clock.refresh_from_db()
    assert (clock.state, clock.answered_seconds) == ("met", 3600)
    assert ClockPause.objects.get().ended_at == NOW + 3 * DAY
    assert sweep(at=NOW + 30 * DAY).resumed == 0


def test_an_answer_after_the_pause_was_over_is_judged_as_if_the_sweep_had_been_there(
    clock: Clock, sam: User, lead: Lead
) -> None:
    pause(clock_id=clock.pk, reason="later_date", until=date(2026, 3, 4), actor=sam, at=NOW + HOUR)

    log_activity(lead_id=lead.pk, kind="call", outcome="no_answer", actor=sam, at=NOW + 4 * DAY)

    clock.refresh_from_db()
    assert (clock.state, clock.missed_at) == ("missed", datetime(2026, 3, 4, 16, 0, tzinfo=UTC))
    assert clock.late_seconds == (1 + 8 + 1) * 3600
    assert ClockPause.objects.get().ended_at == datetime(2026, 3, 4, tzinfo=UTC)
    kinds = ClockStep.objects.filter(clock=clock).order_by("id").values_list("kind", flat=True)
    assert list(kinds)[:3] == ["started", "paused", "resumed"]


def test_a_paused_promise_is_cancelled_like_a_running_one(clock: Clock, sam: User, lead: Lead) -> None:
    pause(clock_id=clock.pk, reason="later_date", actor=sam, at=NOW + HOUR)
    record = Record("test", sam.pk, NOW + 2 * HOUR)

    clocks.cancel(record, code="rerouted", at=NOW + 2 * HOUR, lead_ids=[lead.pk])

    clock.refresh_from_db()
    assert clock.state == "cancelled"
    assert ClockPause.objects.get().ended_at == NOW + 2 * HOUR


def test_warnings_that_were_due_are_given_before_it_stands_still(clock: Clock, sam: User) -> None:
    pause(clock_id=clock.pk, reason="later_date", actor=sam, at=NOW + 5 * HOUR)

    assert list(ClockStep.objects.filter(clock=clock, kind="warned").values_list("percent", flat=True)) == [50]
    resume(clock_id=clock.pk, actor=sam, at=NOW + 6 * HOUR)
    clock.refresh_from_db()
    assert (clock.plan_position, clock.plan[0][2]) == (1, (NOW + 4 * HOUR).timestamp())
    assert clock.plan[1][2] == (NOW + 7 * HOUR).timestamp()


# Limits ---------------------------------------------------------------------------------------------------------------


def test_it_is_paused_twice_at_most(clock: Clock, sam: User) -> None:
    for hours in (1, 3):
        pause(clock_id=clock.pk, reason="later_date", actor=sam, at=NOW + hours * HOUR)
        resume(clock_id=clock.pk, actor=sam, at=NOW + (hours + 1) * HOUR)

    with pytest.raises(BadPause, match="2 times") as refused:
        pause(clock_id=clock.pk, reason="later_date", actor=sam, at=NOW + 5 * HOUR)
    assert refused.value.code == "too_often"


def test_ten_days_in_all_are_used_up(agreement: InForce, sam: User, lead: Lead) -> None:
    clock = owed(agreement, sam, lead, "verdict")
    pause(clock_id=clock.pk, reason="later_date", actor=sam, at=NOW)
    resume(clock_id=clock.pk, actor=sam, at=NOW + 7 * DAY)

    until = pause(clock_id=clock.pk, reason="later_date", until=date(2026, 4, 30), actor=sam, at=NOW + 8 * DAY)

    assert until == NOW + 11 * DAY


def test_with_all_days_used_there_is_no_second_pause(agreement: InForce, sam: User, lead: Lead) -> None:
    clock = owed(agreement, sam, lead, "verdict")
    until = pause(clock_id=clock.pk, reason="later_date", actor=sam, at=NOW)
    sweep(at=until + SECOND)

    with pytest.raises(BadPause, match="used up") as refused:
        pause(clock_id=clock.pk, reason="later_date", actor=sam, at=until + HOUR)
    assert refused.value.field == "until"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"until": date(2026, 3, 2)}, "until"),
        ({"until": NOW}, "until"),
        ({"reason": "tired"}, "reason"),
        ({"note": "x" * 3000}, "note"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(clock: Clock, sam: User, wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(Refusal) as refused:
        pause(**{"clock_id": clock.pk, "reason": "later_date", "actor": sam, "at": NOW + HOUR, **wrong})
    assert [problem.field for problem in refused.value.problems] == [field]
    assert not ClockPause.objects.exists()


def test_what_is_overdue_or_has_ended_is_not_paused(clock: Clock, sam: User, lead: Lead) -> None:
    with pytest.raises(ClockEnded, match="overdue"):
        pause(clock_id=clock.pk, reason="later_date", actor=sam, at=clock.due_at + SECOND)
    with pytest.raises(NotPaused):
        resume(clock_id=clock.pk, actor=sam, at=NOW + HOUR)
    pause(clock_id=clock.pk, reason="later_date", actor=sam, at=NOW + HOUR)
    with pytest.raises(ClockEnded, match="paused already"):
        pause(clock_id=clock.pk, reason="later_date", actor=sam, at=NOW + HOUR)
    log_activity(lead_id=lead.pk, kind="call", outcome="no_answer", actor=sam, at=NOW + 2 * HOUR)
    for verb in (lambda: resume(clock_id=clock.pk, actor=sam, at=NOW + 3 * HOUR),
                 lambda: pause(clock_id=clock.pk, reason="later_date", actor=sam, at=NOW + 3 * HOUR)):  # fmt: skip
        with pytest.raises(ClockEnded, match="kept"):
            verb()


def test_a_promise_of_another_kind_is_not_paused(agreement: InForce, sam: User, lead: Lead) -> None:
    clock = owed(agreement, sam, lead, "quick_rating")

    with pytest.raises(CannotPause):
        pause(clock_id=clock.pk, reason="later_date", actor=sam, at=NOW + HOUR)


# Who --------------------------------------------------------------------------------------------------------------------


def test_a_cover_and_a_manager_may_and_others_may_not(
    clock: Clock, sam: User, sue: User, maya: User, olive: User, sales: Team
) -> None:
    rita = person("Rita", sales)
    with pytest.raises(NotYourPromise, match="Sam"):
        pause(clock_id=clock.pk, reason="later_date", actor=rita, at=NOW + HOUR)
    with pytest.raises(NotAllowed):
        pause(clock_id=clock.pk, reason="later_date", actor=maya, at=NOW + HOUR)
    with pytest.raises(Refusal) as refused:
        pause(clock_id=clock.pk, reason="later_date", actor=olive, at=NOW + HOUR)
    assert refused.value.status == 404

    pause(clock_id=clock.pk, reason="later_date", actor=sue, at=NOW + HOUR)
    away(sam, rita)
    resume(clock_id=clock.pk, actor=rita, at=NOW + 2 * HOUR)


def test_the_marketer_hears_of_it_quietly(clock: Clock, sam: User, maya: User) -> None:
    pause(clock_id=clock.pk, reason="waiting_for_marketing", actor=sam, at=NOW + HOUR)

    told = Notice.objects.filter(code="clock_paused").values_list("recipient", "channel")
    assert list(told) == [(maya.pk, "in_app")]


def test_the_sweep_takes_as_many_statements_for_many_as_for_few(agreement: InForce, sam: User) -> None:
    counts = []
    for number in (2, 12):
        leads = [make_lead(stage="sal", sal_at=NOW, owner=sam) for _ in range(number)]
        start_clocks(*(clock_start(agreement, "verdict", user=sam, lead_id=lead.pk) for lead in leads))
        ids = list(Clock.objects.filter(lead__in=leads).values_list("pk", flat=True))
        for clock_id in ids:
            pause(clock_id=clock_id, reason="later_date", until=NOW + HOUR, actor=sam, at=NOW)
        with CaptureQueriesContext(connection) as queries:
            assert resume_due(ids, NOW + 2 * HOUR) == number
        counts.append(len(queries))

    assert counts[0] == counts[1] <= 16
