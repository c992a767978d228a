"""The checks reckon what people did to clocks by code of their own: nothing differs after it, and each damage is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.db.models import F

from leads import clocks
from leads.excusing import excuse
from leads.followup import log_activity
from leads.models import Clock, ClockExcuse, ClockPause, ClockRecompute, ClockStep
from leads.pausing import pause, resume
from leads.recomputing import recompute
from leads.record import Record
from leads.sweep import sweep
from ledger import triggers
from replay.invariants import marks
from replay.invariants.facts import Facts
from sla.calendars import set_calendar
from sla.in_force import InForce
from teams.models import Team, User
from tests.cast import NOW, OFFICE, clock_start, make_lead, start_clocks
from tests.replay.verifying import verify_clocks_fails

HOUR, DAY, SECOND = timedelta(hours=1), timedelta(days=1), timedelta(seconds=1)
END = NOW + 60 * DAY


def found() -> list[str]:
    return list(marks.differences(Facts.load()))


def owed(agreement: InForce, sam: User, *promises: str, tier: str = "standard", at: datetime = NOW) -> list[Clock]:
    lead = make_lead(stage="sal", sal_at=at, owner=sam)
    start_clocks(*(clock_start(agreement, code, tier=tier, user=sam, lead_id=lead.pk) for code in promises), at=at)
    return [Clock.objects.get(lead=lead, promise=code) for code in promises]


@pytest.fixture
def history(agreement: InForce, sam: User, mona: User, sue: User, sales: Team) -> None:
    """All that people may do to clocks, at times in and outside of hours, with sweeps now and then."""
    kept, running = owed(agreement, sam, "first_attempt", "verdict")
    log_activity(lead_id=kept.lead_id or 0, kind="call", outcome="no_answer", actor=sam, at=NOW + HOUR)
    pause(clock_id=running.pk, reason="later_date", actor=sam, at=NOW + 2 * HOUR)
    resume(clock_id=running.pk, actor=sue, at=NOW + DAY)
    missed, answered = owed(agreement, sam, "first_attempt", "cadence", tier="warm", at=NOW + 3 * HOUR)
    pause(clock_id=missed.pk, reason="meeting_booked", until=date(2026, 3, 4), actor=sam, at=NOW + 5 * HOUR)
    pause(clock_id=answered.pk, reason="contact_on_holiday", actor=sam, at=NOW + 11 * HOUR)
    (cancelled,) = owed(agreement, sam, "respond", tier="hot", at=NOW + 10 * HOUR)
    pause(clock_id=cancelled.pk, reason="later_date", actor=sam, at=NOW + 11 * HOUR)
    record = Record("test", sam.pk, NOW + 12 * HOUR)
    clocks.cancel(record, code="lost", at=NOW + 12 * HOUR, lead_ids=[cancelled.lead_id or 0])
    record.write("lead", [cancelled.lead_id or 0])
    sweep(at=NOW + DAY)
    hours = {**OFFICE, "holidays": ["2026-03-05", "2026-03-12"]}
    set_calendar(actor=None, name="Sales hours", hours=hours, at=NOW + DAY, team=sales)
    (moved,) = owed(agreement, sam, "verdict", tier="hot", at=NOW + 6 * HOUR)
    recompute(clock_ids=[running.pk], note="Holidays", actor=sue, at=NOW + DAY + HOUR)
    pause(clock_id=running.pk, reason="later_date", until=date(2026, 3, 10), actor=sam, at=NOW + 2 * DAY)
    log_activity(lead_id=missed.lead_id or 0, kind="call", outcome="conversation", actor=sam, at=NOW + 4 * DAY)
    for hours_later in (101, 150, 300, 600, 900, 1300):
        sweep(at=NOW + hours_later * HOUR)
    (late,) = owed(agreement, sam, "verdict", tier="standard", at=END - 30 * DAY)
    pause(clock_id=late.pk, reason="later_date", actor=sam, at=END - 28 * DAY)
    excuse(clock_id=moved.pk, reason="force_majeure", actor=mona, at=END)
    for _ in range(3):
        sweep(at=END - 27 * DAY)


def test_nothing_differs_after_all_that_people_did(history: None) -> None:
    states = set(Clock.objects.values_list("state", flat=True))
    kinds = set(ClockStep.objects.values_list("kind", flat=True))

    assert found() == []
    assert {"paused", "met", "missed", "cancelled"} <= states
    assert {"paused", "resumed", "excused", "recomputed", "missed", "cancelled", "answered"} <= kinds


def paused() -> Clock:
    clock = Clock.objects.filter(pauses__ended_at__isnull=False, state="missed").order_by("id").first()
    assert clock is not None
    return clock


def move_a_due_time() -> None:
    Clock.objects.filter(pk=paused().pk).update(due_at=F("due_at") + HOUR)


def move_a_plan() -> None:
    clock = paused()
    clock.plan[-1][2] += 60
    clock.save()


def lengthen_a_pause() -> None:
    row = ClockPause.objects.filter(ended_at__isnull=False).order_by("id")[0]
    ClockPause.objects.filter(pk=row.pk).update(ended_at=F("ended_at") + HOUR)


def begin_a_pause_earlier() -> None:
    row = ClockPause.objects.order_by("id")[0]
    ClockPause.objects.filter(pk=row.pk).update(started_at=F("started_at") - HOUR)


def pause_for_another_reason() -> None:
    ClockPause.objects.filter(pk=ClockPause.objects.order_by("id")[0].pk).update(reason="waiting_for_marketing")


def pause_by_another() -> None:
    ClockPause.objects.update(actor=None)


def end_by_another() -> None:
    row = ClockPause.objects.filter(ended_by__isnull=False).order_by("id")[0]
    ClockPause.objects.filter(pk=row.pk).update(ended_by=None)


def lose_a_pause() -> None:
    ClockPause.objects.filter(pk=ClockPause.objects.order_by("id")[0].pk).delete()


def miscount_pauses() -> None:
    Clock.objects.filter(pk=paused().pk).update(pause_count=F("pause_count") + 1)


def lose_a_resumption() -> None:
    ClockStep.objects.filter(kind="resumed").order_by("id")[0].delete()


def pause_longer_than_agreed() -> None:
    ClockPause.objects.filter(ended_at__isnull=True).update(until=F("until") + 20 * DAY)


def excuse_without_a_word() -> None:
    clock = Clock.objects.filter(state="missed", excused_at__isnull=True).order_by("id")[0]
    Clock.objects.filter(pk=clock.pk).update(excused_at=END)


def lose_an_excuse() -> None:
    ClockExcuse.objects.all().delete()


def excuse_for_another_reason() -> None:
    ClockExcuse.objects.update(reason="other")


def reckon_by_another_calendar() -> None:
    row = ClockRecompute.objects.order_by("id")[0]
    Clock.objects.filter(pk=row.clock_id).update(calendar_version=row.calendar_before)


def say_another_time_before() -> None:
    ClockRecompute.objects.update(due_before=F("due_before") + SECOND)


def say_another_time_after() -> None:
    ClockRecompute.objects.update(due_after=F("due_after") + SECOND)


def lose_a_recompute() -> None:
    ClockRecompute.objects.filter(pk=ClockRecompute.objects.order_by("id")[0].pk).delete()


def count_paused_time_as_taken() -> None:
    clock = Clock.objects.filter(pauses__isnull=False, answered_seconds__isnull=False).order_by("id")[0]
    Clock.objects.filter(pk=clock.pk).update(answered_seconds=F("answered_seconds") + 3600)


def be_late_by_less() -> None:
    clock = Clock.objects.filter(pauses__isnull=False, late_seconds__gt=60).order_by("id")[0]
    Clock.objects.filter(pk=clock.pk).update(late_seconds=F("late_seconds") - 60)


def wait_longer() -> None:
    Clock.objects.update(waited_seconds=F("waited_seconds") + 60)


def warn_before_the_pause_moved_it() -> None:
    clock = paused()
    step = ClockStep.objects.filter(clock=clock, kind="missed").get()
    ClockStep.objects.filter(pk=step.pk).update(occurred_at=step.occurred_at - HOUR)


def pause_what_had_ended() -> None:
    ClockStep.objects.filter(kind="paused", clock__state="cancelled").update(id=10**6)


DAMAGE = [
    move_a_due_time, move_a_plan, lengthen_a_pause, begin_a_pause_earlier, pause_for_another_reason, pause_by_another,
    end_by_another, lose_a_pause, miscount_pauses, lose_a_resumption, pause_longer_than_agreed, excuse_without_a_word,
    lose_an_excuse, excuse_for_another_reason, reckon_by_another_calendar, say_another_time_before,
    say_another_time_after, lose_a_recompute, count_paused_time_as_taken, be_late_by_less, wait_longer,
    warn_before_the_pause_moved_it, pause_what_had_ended,
]  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda damage: damage.__name__)
def test_each_damage_is_told(history: None, damage: Callable[[], None]) -> None:
    with connection.cursor() as cursor:
        for name, table in triggers.installed(connection):
            cursor.execute(triggers.drop_statement(connection, name, table))

    damage()

    told = found()
    assert told != []
    assert set(told) <= set(verify_clocks_fails(at=END))
