"""The checks see what they are for: each kind of damage, planted into a history that is sound, is told.

The database refuses most of it by itself, so the guards are taken away first, as somebody with a shell on the server could.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import F, QuerySet

from leads.models import Clock, ClockStep, Handoff, ImportRun, Lead, LeadEvent
from ledger import triggers
from ledger.models import AuditEntry, Notice
from replay.invariants.verdict import differences
from replay.management.commands.replay import play

pytestmark = [pytest.mark.slow, pytest.mark.django_db, pytest.mark.xdist_group("corruption")]

SECOND = timedelta(seconds=1)
MISSED = ClockStep.objects.filter(kind="missed").order_by("id")


@pytest.fixture(scope="module")
def sound(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[datetime]:
    """Play two weeks once, without guards, inside a transaction that is undone at the end."""
    with django_db_blocker.unblock(), transaction.atomic():  # type: ignore[attr-defined]
        season = play(seed=4, weeks=2, per_week=45)
        with connection.cursor() as cursor:
            for name, table in triggers.installed(connection):
                cursor.execute(triggers.drop_statement(connection, name, table))
        yield season.ends_at
        transaction.set_rollback(True)


@pytest.fixture
def damaged(sound: datetime, db: None) -> datetime:
    """Give the history to one test; what it plants is undone with the test's own transaction."""
    return sound


def one(rows: QuerySet[Any]) -> Any:
    """Give the first of these rows, which there must be."""
    return rows.order_by("id")[:1].get()


def delete_an_outcome() -> None:
    ClockStep.objects.filter(pk=one(ClockStep.objects.filter(kind="met")).pk).delete()


def add_a_second_start() -> None:
    step = one(ClockStep.objects.filter(kind="started"))
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
    clock = one(Clock.objects.filter(state="met"))
    Clock.objects.filter(pk=clock.pk).update(due_at=clock.due_at + timedelta(hours=1))


def turn_a_miss_into_a_success() -> None:
    clock = one(Clock.objects.filter(state="missed", answered_at__isnull=False))
    Clock.objects.filter(pk=clock.pk).update(state="met", met_at=clock.answered_at, missed_at=None, next_action_at=None)


def warn_twice() -> None:
    step = one(ClockStep.objects.filter(kind="warned"))
    ClockStep.objects.create(
        clock_id=step.clock_id, kind="warned", ordinal=9, percent=step.percent, occurred_at=step.occurred_at,
        recorded_at=step.recorded_at,
    )  # fmt: skip


def leave_a_clock_unswept() -> None:
    clock = one(Clock.objects.filter(state="missed"))
    ClockStep.objects.filter(clock=clock).exclude(kind="started").delete()
    Clock.objects.filter(pk=clock.pk).update(
        state="running", missed_at=None, detected_at=None, answered_at=None, next_action_at=clock.due_at
    )


def lose_a_clock() -> None:
    clock = one(Clock.objects.filter(state="met", promise="accept"))
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


PLANTED: dict[Callable[[], None], str] = {
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
    tell_nobody: "its miss was told to",
    lose_an_audit_entry: "no audit entry",
    miscount_an_import: "do not add up",
}


def test_a_sound_history_has_no_differences(damaged: datetime) -> None:
    assert differences(at=damaged) == []


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_planted_damage_is_told(damaged: datetime, plant: Callable[[], None]) -> None:
    plant()

    assert [line for line in differences(at=damaged) if PLANTED[plant] in line]


def test_the_figures_of_the_dashboard_are_compared_too(damaged: datetime) -> None:
    clock = one(Clock.objects.filter(state="missed", answered_at__isnull=False))
    Clock.objects.filter(pk=clock.pk).update(state="met", met_at=clock.answered_at, missed_at=None, next_action_at=None)

    assert [line for line in differences(at=damaged) if line.startswith("figure promise.")]


def test_the_command_ends_with_1_where_anything_differs(damaged: datetime, capsys: pytest.CaptureFixture[str]) -> None:
    delete_an_outcome()

    with pytest.raises(SystemExit) as ended:
        call_command("verify_invariants")

    assert ended.value.code == 1
    assert "with 0 outcomes" in capsys.readouterr().out
