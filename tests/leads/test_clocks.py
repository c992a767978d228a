"""Clocks in the verbs' hands: started in business time, answered in time or late, cancelled without hiding a miss."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from leads.clock_plans import epoch, instant
from leads.clocks import LOGGED_LATE, answer, cancel
from leads.models import Clock, ClockStep, Handoff
from leads.record import Record
from leads.sweep import sweep
from ledger.models import Notice
from sla import business_time
from sla.calendars import set_calendar
from sla.hours import Hours
from sla.in_force import InForce
from teams.models import Team, User
from tests.cast import NOW, OFFICE, clock_start, make_lead, offer_to, person, start_clocks

SECOND = timedelta(seconds=1)
DUE = NOW + timedelta(minutes=15)
FRIDAY_EVENING = datetime(2026, 3, 6, 18, 0, tzinfo=UTC)
MONDAY_OPENING = datetime(2026, 3, 9, 9, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def started(
    agreement: InForce, sam: User, *, tier: str = "hot", at: datetime = NOW, promise: str = "accept"
) -> Clock:  # fmt: skip
    """Start a clock of ``promise`` that Sam owes."""
    handoff = offer_to(sam, agreement, tier=tier, at=at)
    start_clocks(clock_start(agreement, promise, tier=tier, arrived_at=at, user=sam, handoff_id=handoff.pk), at=at)
    return Clock.objects.get(handoff=handoff)


def answered(clock: Clock, at: datetime, *, occurred_at: datetime | None = None, actor: User | None = None) -> Clock:
    record = Record("accept", actor.pk if actor else None, at)
    with transaction.atomic():
        answer(record, promise=clock.promise, handoff_ids=[clock.handoff_id or 0], at=at, occurred_at=occurred_at)
        record.write("handoff", [clock.handoff_id or 0])
    clock.refresh_from_db()
    return clock


def cancelled(clock: Clock, at: datetime, promises: list[str] | None = None) -> Clock:
    record = Record("recall", None, at)
    with transaction.atomic():
        cancel(record, handoff_ids=[clock.handoff_id or 0], promises=promises, code="recalled", at=at)
        record.write("handoff", [clock.handoff_id or 0])
    clock.refresh_from_db()
    return clock


def steps(clock: Clock) -> list[tuple[str, str, datetime]]:
    return list(clock.steps.order_by("id").values_list("kind", "code", "occurred_at"))


# Starting -------------------------------------------------------------------------------------------------------------


def test_it_starts_at_once_while_open_and_plans_everything_to_come(agreement: InForce, sam: User) -> None:
    clock = started(agreement, sam)

    assert (clock.state, clock.started_at, clock.due_at, clock.grace_seconds) == ("running", NOW, DUE, 0)
    assert [(percent, action) for percent, action, _ in clock.plan] == [
        (66, "warn"), (100, "miss"), (100, "notify_rep"), (125, "notify_manager"), (150, "reassign"),
        (200, "notify_both_managers"), (3200, "auto_accept"),
    ]  # fmt: skip
    assert clock.next_action_at == instant(clock.plan[0][2]) == NOW + timedelta(seconds=594)
    assert steps(clock) == [("started", "", NOW)]


def test_it_keeps_the_agreement_and_the_calendar_it_began_under(agreement: InForce, sam: User, sales: Team) -> None:
    clock = started(agreement, sam)

    set_calendar(actor=None, name="Sales hours", hours={**OFFICE, "holidays": ["2026-03-02"]}, at=NOW, team=sales)

    clock.refresh_from_db()
    assert clock.version_id == agreement.version_id
    assert clock.calendar_version_id != Hours.load([sam.pk]).of_person(sam.pk)[0]
    assert clock.due_at == DUE


def test_it_begins_at_the_next_opening_with_grace_when_it_is_short(agreement: InForce, sam: User) -> None:
    clock = started(agreement, sam, at=FRIDAY_EVENING)

    assert (clock.started_at, clock.grace_seconds) == (MONDAY_OPENING, 1800)
    assert clock.due_at == MONDAY_OPENING + timedelta(minutes=45)
    assert clock.next_action_at == MONDAY_OPENING + timedelta(minutes=30, seconds=594)


def test_a_long_promise_has_no_grace(agreement: InForce, sam: User) -> None:
    clock = started(agreement, sam, tier="standard", at=FRIDAY_EVENING)

    assert (clock.started_at, clock.grace_seconds) == (MONDAY_OPENING, 0)
    assert clock.due_at == MONDAY_OPENING + timedelta(hours=8)  # due at closing, not at the next opening


def test_a_long_promise_warns_twice(agreement: InForce, sam: User) -> None:
    clock = started(agreement, sam, tier="warm")

    assert [percent for percent, action, _ in clock.plan if action == "warn"] == [50, 75]


def test_escalation_runs_on_in_the_same_hours(agreement: InForce, sam: User) -> None:
    clock = started(agreement, sam, tier="standard")  # Monday 10:00, due on Tuesday at 10:00

    times = {percent: instant(moment) for percent, _, moment in clock.plan}
    assert times[100] == NOW + timedelta(days=1)
    assert times[150] == NOW + timedelta(days=1, hours=4)
    assert times[200] == NOW + timedelta(days=2)


def test_a_clock_that_starts_between_two_seconds_is_due_to_the_microsecond(agreement: InForce, sam: User) -> None:
    at = NOW + timedelta(microseconds=123457)

    clock = started(agreement, sam, at=at)

    assert clock.due_at == at + timedelta(minutes=15)
    assert instant(clock.plan[1][2]) == clock.due_at
    assert sweep(at=clock.due_at).missed == 0
    assert sweep(at=clock.due_at + timedelta(microseconds=1)).missed == 1


@pytest.mark.parametrize("microseconds", [0, 1, 3, 500000, 654321, 999999])
def test_an_epoch_is_exact(microseconds: int) -> None:
    at = datetime(2037, 12, 31, 23, 59, 58, microseconds, tzinfo=UTC)

    assert instant(epoch(at)) == at


def test_many_clocks_start_with_as_many_statements_as_few(agreement: InForce, sam: User) -> None:
    def statements(count: int) -> int:
        handoffs = [offer_to(sam, agreement) for _ in range(count)]
        starts = [clock_start(agreement, "accept", user=sam, handoff_id=handoff.pk) for handoff in handoffs]
        with CaptureQueriesContext(connection) as queries:
            start_clocks(*starts)
        return len(queries)

    assert statements(50) <= statements(2)


def test_a_promise_has_one_live_clock_per_handoff(agreement: InForce, sam: User) -> None:
    clock = started(agreement, sam)

    with pytest.raises(IntegrityError), transaction.atomic():
        start_clocks(clock_start(agreement, "accept", user=sam, handoff_id=clock.handoff_id))


# Answering ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("early", [900, 1, 0])
def test_an_answer_up_to_the_last_second_keeps_the_promise(agreement: InForce, sam: User, early: int) -> None:
    at = DUE - early * SECOND

    clock = answered(started(agreement, sam), at)

    assert (clock.state, clock.met_at, clock.answered_at, clock.missed_at) == ("met", at, at, None)
    assert clock.next_action_at is None
    assert steps(clock)[1:] == [("met", "", at)]
    assert sweep(at=NOW + timedelta(days=9)).total == 0


def test_an_answer_a_second_late_records_the_miss_that_the_sweep_had_not_seen(agreement: InForce, sam: User) -> None:
    at = DUE + SECOND

    clock = answered(started(agreement, sam), at)

    assert (clock.state, clock.missed_at, clock.detected_at, clock.met_at) == ("missed", DUE, at, None)
    assert (clock.answered_at, clock.late_seconds, clock.next_action_at) == (at, 1, None)
    assert [(kind, code, when) for kind, code, when in steps(clock)[2:]] == [
        ("missed", "", DUE), ("escalated", "notify_rep", DUE), ("answered", "", at),
    ]  # fmt: skip
    assert set(Notice.objects.values_list("code", "channel")) == {("clock_missed", "in_app"), ("clock_missed", "email")}


def test_who_answers_late_is_not_told_of_their_own_miss(agreement: InForce, sam: User) -> None:
    answered(started(agreement, sam), DUE + SECOND, actor=sam)

    assert Notice.objects.count() == 0


def test_who_answers_long_after_the_time_keeps_the_lead_and_the_plan_says_why(agreement: InForce, sam: User) -> None:
    clock = answered(started(agreement, sam), NOW + timedelta(seconds=1400), actor=sam)

    escalated = clock.steps.filter(kind="escalated").order_by("ordinal").values_list("percent", "code")
    assert list(escalated) == [(100, "notify_rep"), (125, "notify_manager"), (150, "reassign_not_applicable")]
    assert (clock.state, clock.user, clock.next_action_at) == ("missed", sam, None)


def test_an_answer_after_the_sweep_leaves_the_miss_and_ends_the_escalation(agreement: InForce, sam: User) -> None:
    clock = started(agreement, sam)
    sweep(at=DUE + SECOND)

    clock = answered(clock, DUE + 90 * SECOND)

    assert (clock.state, clock.missed_at, clock.detected_at) == ("missed", DUE, DUE + SECOND)
    assert (clock.late_seconds, clock.next_action_at) == (90, None)
    assert [kind for kind, _, _ in steps(clock)].count("missed") == 1
    assert sweep(at=NOW + timedelta(days=9)).total == 0


def test_lateness_counts_open_time_only(agreement: InForce, sam: User) -> None:
    clock = started(agreement, sam, tier="warm", at=NOW + timedelta(hours=5, minutes=30))  # 15:30, due Tuesday 09:30

    clock = answered(clock, datetime(2026, 3, 4, 9, 30, tzinfo=UTC))

    assert clock.late_seconds == 8 * 3600


def test_what_was_done_in_time_but_logged_late_stays_a_miss_and_says_so(agreement: InForce, sam: User) -> None:
    clock = answered(started(agreement, sam), DUE + 60 * SECOND, occurred_at=DUE - SECOND)

    assert clock.state == "missed"
    assert steps(clock)[-1] == ("answered", LOGGED_LATE, DUE - SECOND)


def test_what_was_done_before_the_lead_arrived_was_not_done_in_time(agreement: InForce, sam: User) -> None:
    clock = answered(started(agreement, sam), DUE + 60 * SECOND, occurred_at=NOW - SECOND)

    assert steps(clock)[-1] == ("answered", "", NOW - SECOND)


def test_an_answer_that_waited_while_the_sweep_recorded_the_miss_comes_after_it(agreement: InForce, sam: User) -> None:
    clock = started(agreement, sam)
    sweep(at=DUE + 2 * SECOND)

    clock = answered(clock, DUE - SECOND)

    assert (clock.state, clock.answered_at, clock.late_seconds) == ("missed", DUE + 2 * SECOND, 2)
    assert steps(clock)[-1] == ("answered", LOGGED_LATE, DUE - SECOND)
    assert list(clock.steps.filter(recorded_at__lt=DUE).values_list("kind", flat=True)) == ["started"]


def test_a_second_answer_changes_nothing(agreement: InForce, sam: User) -> None:
    clock = answered(started(agreement, sam), NOW + 60 * SECOND)

    again = answered(clock, NOW + 120 * SECOND)

    assert again.answered_at == NOW + 60 * SECOND
    assert [kind for kind, _, _ in steps(clock)] == ["started", "met"]


def test_an_answer_belongs_to_the_newest_clock_of_a_promise(agreement: InForce, sam: User, sales: Team) -> None:
    old = started(agreement, sam)
    sweep(at=DUE + SECOND)
    cancelled(old, DUE + SECOND)
    zoe = person("Zoe", sales)
    start_clocks(clock_start(agreement, "accept", user=zoe, handoff_id=old.handoff_id), at=DUE + SECOND)

    answered(old, DUE + 60 * SECOND)

    assert list(Clock.objects.order_by("id").values_list("user", "state", "answered_at")) == [
        (sam.pk, "missed", None), (zoe.pk, "met", DUE + 60 * SECOND),
    ]  # fmt: skip


def test_nothing_promised_is_nothing_to_answer(agreement: InForce, sam: User) -> None:
    clock = started(agreement, sam)
    record = Record("attempt", sam.pk, NOW)

    with CaptureQueriesContext(connection) as queries:
        answer(record, promise="first_attempt", at=NOW)

    assert (len(queries), record.steps) == (0, [])
    clock.refresh_from_db()
    assert clock.state == "running"


def test_a_clock_on_a_lead_is_answered_by_the_lead(agreement: InForce, sam: User) -> None:
    lead = make_lead(stage="sal", sal_at=NOW, owner=sam)
    start_clocks(clock_start(agreement, "first_attempt", user=sam, lead_id=lead.pk))
    record = Record("attempt", sam.pk, NOW)

    with transaction.atomic():
        answer(record, promise="first_attempt", lead_ids=[lead.pk], at=NOW)

    assert Clock.objects.get().state == "met"


# Cancelling -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("early", [60, 0])
def test_a_running_clock_is_cancelled_with_its_reason(agreement: InForce, sam: User, early: int) -> None:
    at = DUE - early * SECOND

    clock = cancelled(started(agreement, sam), at)

    assert (clock.state, clock.cancelled_at, clock.next_action_at) == ("cancelled", at, None)
    assert steps(clock)[1:] == [("cancelled", "recalled", at)]


def test_cancelling_a_second_late_does_not_hide_the_miss(agreement: InForce, sam: User) -> None:
    clock = cancelled(started(agreement, sam), DUE + SECOND)

    assert (clock.state, clock.missed_at, clock.cancelled_at, clock.next_action_at) == ("missed", DUE, None, None)
    assert Notice.objects.filter(code="clock_missed", channel="in_app").count() == 1


def test_cancelling_stops_the_escalation_of_a_miss(agreement: InForce, sam: User) -> None:
    clock = started(agreement, sam)
    sweep(at=DUE + SECOND)

    clock = cancelled(clock, DUE + 2 * SECOND)

    assert (clock.state, clock.next_action_at) == ("missed", None)
    assert [kind for kind, _, _ in steps(clock)].count("cancelled") == 0
    assert sweep(at=NOW + timedelta(days=9)).total == 0


def test_only_the_promises_named_are_cancelled(agreement: InForce, sam: User) -> None:
    clock = started(agreement, sam)

    assert cancelled(clock, NOW, promises=["assign"]).state == "running"
    assert cancelled(clock, NOW, promises=["accept"]).state == "cancelled"


def test_a_paused_clock_is_cancelled_too(agreement: InForce, sam: User) -> None:
    clock = started(agreement, sam)
    Clock.objects.update(state="paused", next_action_at=DUE + timedelta(days=3))

    assert cancelled(clock, DUE + timedelta(days=1)).state == "cancelled"


def test_many_are_cancelled_with_as_many_statements_as_few(agreement: InForce, sam: User) -> None:
    def statements(count: int) -> int:
        handoffs = [offer_to(sam, agreement) for _ in range(count)]
        starts = [clock_start(agreement, "accept", user=sam, handoff_id=handoff.pk) for handoff in handoffs]
        start_clocks(*starts)
        record = Record("recall", None, NOW)
        with CaptureQueriesContext(connection) as queries, transaction.atomic():
            cancel(record, handoff_ids=[handoff.pk for handoff in handoffs], code="recalled", at=NOW)
        return len(queries)

    assert statements(30) == statements(2)


# What the database refuses --------------------------------------------------------------------------------------------


def test_a_clock_has_one_outcome_for_ever(agreement: InForce, sam: User) -> None:
    clock = answered(started(agreement, sam), NOW)

    with pytest.raises(IntegrityError), transaction.atomic():
        ClockStep.objects.create(clock=clock, kind="missed", ordinal=1, occurred_at=NOW, recorded_at=NOW)


def test_a_clock_has_exactly_one_subject(agreement: InForce, sam: User) -> None:
    handoff = Handoff.objects.get(pk=offer_to(sam, agreement).pk)

    with pytest.raises(IntegrityError), transaction.atomic():
        start_clocks(clock_start(agreement, "accept", user=sam, handoff_id=handoff.pk, lead_id=handoff.lead_id))


def test_the_due_time_is_what_the_one_arithmetic_says(agreement: InForce, sam: User) -> None:
    clock = started(agreement, sam, tier="standard", at=NOW + timedelta(hours=3))

    calendar = Hours.load([sam.pk]).of_person(sam.pk)[1]
    assert clock.due_at == business_time.add(clock.started_at, clock.budget_seconds + clock.grace_seconds, calendar)
