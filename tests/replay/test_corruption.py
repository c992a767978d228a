"""The checks see what they are for: each kind of damage, planted into a history that is sound, is told.

The database refuses most of it by itself, so the guards are taken away first, as somebody with a shell on the server could.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models import F

from leads.models import (
    Activity,
    Clock,
    ClockStep,
    Feedback,
    Handoff,
    ImportRow,
    ImportRun,
    Lead,
    LeadEvent,
    Opportunity,
    Qualification,
    Touch,
)
from ledger.models import AuditEntry, Notice
from replay.invariants.verdict import differences, one_by_one
from tests.replay.details import DETAILS, lower_a_tier
from tests.replay.planting import one, sound_history
from tests.replay.verifying import verify_clocks_fails

pytestmark = [pytest.mark.slow, pytest.mark.django_db, pytest.mark.xdist_group("corruption")]

SECOND = timedelta(seconds=1)
OF_LEADS = Clock.objects.filter(campaign=None, period=None)
STEPS = ClockStep.objects.filter(clock__campaign=None, clock__period=None)
MISSED = STEPS.filter(kind="missed").order_by("id")


@pytest.fixture(scope="module")
def sound(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[datetime]:
    with sound_history(django_db_blocker) as ends_at:
        yield ends_at


@pytest.fixture
def damaged(sound: datetime, db: None) -> datetime:
    """Give the history to one test; what it plants is undone with the test's own transaction."""
    return sound


def delete_an_outcome() -> None:
    ClockStep.objects.filter(pk=one(STEPS.filter(kind="met")).pk).delete()


def add_a_second_start() -> None:
    step = one(STEPS.filter(kind="started"))
    ClockStep.objects.create(
        clock_id=step.clock_id, kind="started", ordinal=7, occurred_at=step.occurred_at, recorded_at=step.recorded_at
    )


def miss_a_second_early() -> None:
    step = one(MISSED)
    ClockStep.objects.filter(pk=step.pk).update(occurred_at=F("occurred_at") - SECOND)


def detect_before_it_is_due() -> None:
    step = one(MISSED)
    ClockStep.objects.filter(pk=step.pk).update(
        recorded_at=step.occurred_at - SECOND, occurred_at=step.occurred_at - SECOND
    )


def move_a_due_time() -> None:
    clock = one(OF_LEADS.filter(state="met"))
    Clock.objects.filter(pk=clock.pk).update(due_at=clock.due_at + timedelta(hours=1))


def turn_a_miss_into_a_success() -> None:
    clock = one(OF_LEADS.filter(state="missed", answered_at__isnull=False))
    Clock.objects.filter(pk=clock.pk).update(state="met", met_at=clock.answered_at, missed_at=None, next_action_at=None)


def warn_twice() -> None:
    step = one(STEPS.filter(kind="warned"))
    ClockStep.objects.create(
        clock_id=step.clock_id, kind="warned", ordinal=9, percent=step.percent, occurred_at=step.occurred_at,
        recorded_at=step.recorded_at,
    )  # fmt: skip


def leave_a_clock_unswept() -> None:
    clock = one(OF_LEADS.filter(state="missed", excused_at=None))
    ClockStep.objects.filter(clock=clock).exclude(kind="started").delete()
    Clock.objects.filter(pk=clock.pk).update(
        state="running", missed_at=None, detected_at=None, answered_at=None, next_action_at=clock.due_at
    )


def lose_a_clock() -> None:
    clock = one(OF_LEADS.filter(state="met", promise="accept"))
    ClockStep.objects.filter(clock=clock).delete()
    clock.delete()


def lose_an_event() -> None:
    LeadEvent.objects.filter(pk=one(LeadEvent.objects.filter(kind="accepted")).pk).delete()


def move_a_stage_time() -> None:
    lead = one(Lead.objects.filter(sal_at__isnull=False))
    Lead.objects.filter(pk=lead.pk).update(sal_at=lead.sal_at + timedelta(days=1))


def give_a_lead_to_another() -> None:
    lead = one(Lead.objects.filter(stage="sal", owner__isnull=False))
    other = one(Lead.objects.filter(owner__isnull=False).exclude(owner=lead.owner_id))
    Lead.objects.filter(pk=lead.pk).update(owner=other.owner_id)


def leave_an_offer_with_nobody() -> None:
    Handoff.objects.filter(state="open").update(assignee=None)


def decide_without_an_event() -> None:
    handoff = one(Handoff.objects.filter(state="open"))
    Handoff.objects.filter(pk=handoff.pk).update(state="recalled", decided_at=handoff.offered_at)


def tell_a_miss_twice() -> None:
    notice = one(Notice.objects.filter(code="clock_missed", channel="in_app"))
    notice.pk = None
    notice.save(force_insert=True)


def tell_nobody() -> None:
    Notice.objects.filter(pk=one(Notice.objects.filter(code="clock_missed", channel="email")).pk).delete()


def lose_an_audit_entry() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM ledger_auditseal")
    AuditEntry.objects.filter(pk=one(AuditEntry.objects.filter(verb="accept")).pk).delete()


def miscount_an_import() -> None:
    ImportRun.objects.filter(pk=one(ImportRun.objects.all()).pk).update(created_count=F("created_count") + 1)


def forget_a_warning_of_a_promise_kept() -> None:
    ClockStep.objects.filter(pk=one(STEPS.filter(kind="warned", clock__state="met")).pk).delete()


def forget_an_escalation() -> None:
    steps = ClockStep.objects.filter(kind="escalated", code="notify_manager")
    ClockStep.objects.filter(pk=one(steps).pk).delete()


def forget_a_late_answer() -> None:
    ClockStep.objects.filter(pk=one(STEPS.filter(kind="answered")).pk).delete()


def change_a_plan() -> None:
    clock = one(OF_LEADS.filter(state="running", pause_count=0, recomputes=None))
    plan = [[percent, action, moment + 3600] for percent, action, moment in clock.plan]
    Clock.objects.filter(pk=clock.pk).update(plan=plan)


def act_an_hour_later() -> None:
    clock = one(OF_LEADS.filter(state="running"))
    Clock.objects.filter(pk=clock.pk).update(next_action_at=clock.next_action_at + timedelta(hours=1))


def stop_a_miss() -> None:
    clock = one(OF_LEADS.filter(state="missed", next_action_at__isnull=True, answered_at__isnull=False))
    Clock.objects.filter(pk=clock.pk).update(plan_position=F("plan_position") + 1)


def move_when_it_was_kept() -> None:
    clock = one(OF_LEADS.filter(state="met"))
    Clock.objects.filter(pk=clock.pk).update(met_at=clock.met_at - timedelta(minutes=1))


def say_it_was_less_late() -> None:
    clock = one(OF_LEADS.filter(late_seconds__gt=0))
    Clock.objects.filter(pk=clock.pk).update(late_seconds=clock.late_seconds - 1)


def cancel_what_was_kept() -> None:
    clock = one(OF_LEADS.filter(state="met"))
    ClockStep.objects.filter(clock=clock, kind="met").update(kind="cancelled", code="rerouted")
    Clock.objects.filter(pk=clock.pk).update(
        state="cancelled", cancelled_at=clock.met_at, met_at=None, answered_at=None, answered_seconds=None
    )


def cancel_what_was_missed() -> None:
    """Undo a miss with all that says so: steps, notices and the row."""
    clock = one(OF_LEADS.filter(state="missed", excused_at=None))
    began = ClockStep.objects.get(clock=clock, kind="started")
    ClockStep.objects.filter(clock=clock).exclude(kind="started").delete()
    Notice.objects.filter(code__startswith="clock_", facts__clock=clock.pk).delete()
    ClockStep.objects.create(
        clock=clock, kind="cancelled", code="rerouted", actor_id=began.actor_id, occurred_at=began.recorded_at,
        recorded_at=began.recorded_at,
    )  # fmt: skip
    Clock.objects.filter(pk=clock.pk).update(
        state="cancelled", missed_at=None, detected_at=None, answered_at=None, answered_seconds=None, late_seconds=None,
        next_action_at=None, plan_position=0, cancelled_at=began.recorded_at,
    )  # fmt: skip


def keep_it_as_soon_as_it_began() -> None:
    clock = one(OF_LEADS.filter(state="met", answered_seconds__gt=0))
    began = ClockStep.objects.get(clock=clock, kind="started").recorded_at
    ClockStep.objects.filter(clock=clock, kind="met").update(occurred_at=began, recorded_at=began)
    Clock.objects.filter(pk=clock.pk).update(met_at=began, answered_at=began, answered_seconds=0)


def lose_a_conversation() -> None:
    LeadEvent.objects.filter(pk=one(LeadEvent.objects.filter(kind="conversed")).pk).delete()


def lose_a_rating() -> None:
    LeadEvent.objects.filter(pk=one(LeadEvent.objects.filter(kind="rated")).pk).delete()


def move_a_rejection() -> None:
    event = one(LeadEvent.objects.filter(kind="rejected"))
    LeadEvent.objects.filter(pk=event.pk).update(occurred_at=event.occurred_at - timedelta(hours=1))


def move_a_touch() -> None:
    event = one(LeadEvent.objects.filter(kind="touched"))
    LeadEvent.objects.filter(pk=event.pk).update(occurred_at=event.occurred_at - timedelta(hours=1))


def lose_an_activity() -> None:
    Activity.objects.filter(pk=one(Activity.objects.filter(is_outbound=True)).pk).delete()


def better_a_rating() -> None:
    Feedback.objects.filter(pk=one(Feedback.objects.filter(quality__lt=5)).pk).update(quality=5)


def change_an_amount() -> None:
    deal = one(Opportunity.objects.all())
    Opportunity.objects.filter(pk=deal.pk).update(amount=deal.amount + 1)


def lose_a_whole_lead() -> None:
    lead = one(Lead.objects.filter(stage="lead", handoff_count=0, clocks__isnull=True))
    ImportRow.objects.filter(lead=lead).update(lead=None)
    for rows in (LeadEvent, Touch, Qualification, Activity, Feedback):
        rows.objects.filter(lead=lead).delete()
    Lead.objects.filter(pk=lead.pk).delete()


def offer_it_earlier() -> None:
    handoff = one(Handoff.objects.all())
    Handoff.objects.filter(pk=handoff.pk).update(offered_at=handoff.offered_at - timedelta(hours=1))


def credit_another_rep() -> None:
    handoff = one(Handoff.objects.filter(state="accepted"))
    other = one(Handoff.objects.exclude(assignee=None).exclude(assignee=handoff.assignee_id))
    Handoff.objects.filter(pk=handoff.pk).update(assignee=other.assignee_id)


def credit_another_campaign() -> None:
    lead = one(Lead.objects.filter(first_campaign__isnull=False))
    other = one(Lead.objects.filter(first_campaign__isnull=False).exclude(first_campaign=lead.first_campaign_id))
    Lead.objects.filter(pk=lead.pk).update(first_campaign=other.first_campaign_id)


def tell_nobody_of_an_offer() -> None:
    Notice.objects.filter(pk=one(Notice.objects.filter(code="lead_offered", channel="email")).pk).delete()


def tell_nobody_of_a_rejection() -> None:
    notice = one(Notice.objects.filter(code="lead_rejected"))
    Notice.objects.filter(code="lead_rejected", subject_id=notice.subject_id).delete()


def tell_nobody_of_a_warning() -> None:
    Notice.objects.filter(pk=one(Notice.objects.filter(code="clock_warned")).pk).delete()


PLANTED: dict[Callable[[], None], str] = {
    **DETAILS,
    delete_an_outcome: "is met with 0 outcomes",
    add_a_second_start: "has 2 starts",
    miss_a_second_early: "by its terms at",
    detect_before_it_is_due: "missed at",
    move_a_due_time: "is due at",
    turn_a_miss_into_a_success: "is met, its step says missed",
    warn_twice: "warned 2 times",
    leave_a_clock_unswept: "runs, though it was due",
    lose_a_clock: "no clock for a promise",
    lose_an_event: "a clock without a promise",
    move_a_stage_time: "sal_at is",
    give_a_lead_to_another: "is owned by",
    leave_an_offer_with_nobody: "is offered to None",
    decide_without_an_event: "is recalled since",
    tell_a_miss_twice: "was told 2 times",
    tell_nobody: "its miss at 100 % was told to",
    lose_an_audit_entry: "no audit entry",
    miscount_an_import: "do not add up",
    forget_a_warning_of_a_promise_kept: "and was not warned at",
    forget_an_escalation: "and was not escalated at",
    forget_a_late_answer: "answered_at is",
    change_a_plan: "a plan that is not the one of its terms",
    act_an_hour_later: "means to act at",
    stop_a_miss: "of its plan, and was not",
    move_when_it_was_kept: "met_at is",
    say_it_was_less_late: "was late by",
    cancel_what_was_kept: "when nothing ended it",
    cancel_what_was_missed: "when nothing ended it",
    keep_it_as_soon_as_it_began: "when nothing ended it",
    lose_a_conversation: "a row of activity without its event",
    lose_a_rating: "a row of feedback without its event",
    move_a_rejection: "was recorded at",
    move_a_touch: "a row of touch without its event",
    lose_an_activity: "an event of activity without its row",
    better_a_rating: "a row of feedback without its event",
    change_an_amount: "its deal",
    lose_a_whole_lead: "no lead",
    offer_it_earlier: "was offered as",
    credit_another_rep: "went to",
    credit_another_campaign: "came by campaign",
    tell_nobody_of_an_offer: "lead_offered of",
    tell_nobody_of_a_rejection: "lead_rejected was told to []",
    tell_nobody_of_a_warning: "its warning at 66 % was told to",
}

OF_CLOCKS = (
    delete_an_outcome, add_a_second_start, miss_a_second_early, detect_before_it_is_due, move_a_due_time,
    turn_a_miss_into_a_success, warn_twice, leave_a_clock_unswept, lose_a_clock, lose_an_event,
    forget_a_warning_of_a_promise_kept, forget_an_escalation, forget_a_late_answer, change_a_plan, act_an_hour_later,
    stop_a_miss, move_when_it_was_kept, say_it_was_less_late, cancel_what_was_kept, cancel_what_was_missed,
    keep_it_as_soon_as_it_began,
)  # fmt: skip
"""Which of these make a clock say another thing than the events: ``verify_clocks`` tells them in the same words."""

BESIDE_CLOCKS = (
    lower_a_tier, give_a_lead_to_another, leave_an_offer_with_nobody, decide_without_an_event, lose_a_conversation,
    lose_a_rating, offer_it_earlier,
)  # fmt: skip
"""Which change what a clock is reckoned from: it tells them in words of its own."""


def test_a_sound_history_has_no_differences(damaged: datetime) -> None:
    assert differences(at=damaged) == []
    call_command("verify_clocks", at=damaged)


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_planted_damage_is_told(damaged: datetime, plant: Callable[[], None]) -> None:
    plant()

    assert any(PLANTED[plant] in line for line in one_by_one(at=damaged))
    if plant in OF_CLOCKS:
        assert any(PLANTED[plant] in line for line in verify_clocks_fails(at=damaged))
    elif plant in BESIDE_CLOCKS:
        assert any("clock " in line for line in verify_clocks_fails(at=damaged))


def test_the_figures_of_the_dashboard_are_compared_too(damaged: datetime) -> None:
    clock = one(OF_LEADS.filter(state="missed", answered_at__isnull=False))
    Clock.objects.filter(pk=clock.pk).update(state="met", met_at=clock.answered_at, missed_at=None, next_action_at=None)

    assert [line for line in differences(at=damaged) if line.startswith("figure promise.")]


def test_the_command_ends_with_1_where_anything_differs(damaged: datetime, capsys: pytest.CaptureFixture[str]) -> None:
    delete_an_outcome()

    with pytest.raises(SystemExit) as ended:
        call_command("verify_invariants")

    assert ended.value.code == 1
    assert "with 0 outcomes" in capsys.readouterr().out
