"""Targets and briefings of five weeks are sound by code of its own; each kind of damage that is planted there is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import F

from campaigns.models import BriefingRead, Campaign
from leads.models import Clock, ClockStep, Handoff, LeadEvent, TargetPeriod
from ledger import triggers
from ledger.models import AuditEntry, Notice
from replay.invariants import briefings, periods
from replay.management.commands.replay import play
from tests.replay.planting import one
from tests.replay.verifying import verify_clocks_fails

pytestmark = [pytest.mark.slow, pytest.mark.django_db, pytest.mark.xdist_group("targets")]

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
SLACK = timedelta(days=2)
OF_PERIODS = Clock.objects.filter(period__isnull=False)
OF_CAMPAIGNS = Clock.objects.filter(campaign__isnull=False)


@pytest.fixture(scope="module")
def sound(django_db_setup: None, django_db_blocker: Any) -> Iterator[datetime]:
    with django_db_blocker.unblock(), transaction.atomic():
        season = play(seed=11, weeks=5, per_week=30)
        with connection.cursor() as cursor:
            for name, table in triggers.installed(connection):
                cursor.execute(triggers.drop_statement(connection, name, table))
        yield season.ends_at
        transaction.set_rollback(True)


@pytest.fixture
def damaged(sound: datetime, db: None) -> datetime:
    return sound


def told(at: datetime) -> list[str]:
    return [*periods.differences(at=at, slack=SLACK), *briefings.differences(at=at, slack=SLACK)]


def test_nothing_differs_and_all_kinds_of_outcomes_are_there(damaged: datetime) -> None:
    assert told(damaged) == []
    assert set(OF_PERIODS.values_list("state", flat=True)) >= {"met", "missed", "running"}
    assert set(OF_CAMPAIGNS.values_list("state", flat=True)) == {"met", "missed", "cancelled"}
    assert BriefingRead.objects.count() > 10


def of(rows: Callable[[], Any], **values: Any) -> Callable[[], object]:
    """Damage the first of these rows."""

    def damage() -> None:
        found = rows()
        found.model._default_manager.filter(pk=one(found).pk).update(**values)

    return damage


def without(rows: Callable[[], Any]) -> Callable[[], object]:
    """Delete the first of these rows."""

    def damage() -> None:
        found = rows()
        found.model._default_manager.filter(pk=one(found).pk)._raw_delete(found.db)

    return damage


JUDGED = lambda: TargetPeriod.objects.filter(judged_at__isnull=False)  # noqa: E731
MET = lambda: OF_PERIODS.filter(state="met")  # noqa: E731
RUNNING = lambda: OF_PERIODS.filter(state="running")  # noqa: E731
STEPS = lambda **which: ClockStep.objects.filter(clock__period__isnull=False, **which)  # noqa: E731
BRIEF_STEPS = lambda **which: ClockStep.objects.filter(clock__campaign__isnull=False, **which)  # noqa: E731
BRIEFED = lambda: OF_CAMPAIGNS.filter(state="met")  # noqa: E731


def _again(rows: Any) -> None:
    notice = one(rows)
    notice.pk = None
    notice.save()


def _strike() -> None:
    """Take a delivery out of the acceptance rate by its events: the rate that was judged no longer follows from the log."""
    period = TargetPeriod.objects.get(code="acceptance_rate", judged_at__isnull=False)
    inside = {"occurred_at__gte": period.starts_at, "occurred_at__lt": period.ends_at}
    event = one(
        LeadEvent.objects.filter(kind="accepted", code="", handoff__ordinal=1, handoff__was_returned=False, **inside)
    )
    LeadEvent.objects.filter(pk=event.pk).delete()
    assert Handoff.objects.filter(pk=event.handoff_id).exists()


DAMAGE: dict[str, Callable[[], object]] = {
    "a figure that is too good": of(JUDGED, reached=F("reached") + 1),
    "a case too many": of(JUDGED, counted=F("counted") + 1),
    "judged at another time": of(JUDGED, judged_at=F("judged_at") + SECOND),
    "a promise made smaller": of(JUDGED, amount=1),
    "a period a day longer": of(JUDGED, ends_at=F("ends_at") + timedelta(days=1)),
    "a period lost": lambda: (
        ClockStep.objects.filter(clock__period=one(JUDGED())).delete(), Clock.objects.filter(period=one(JUDGED())).delete(),
        Notice.objects.filter(subject_type="period", subject_id=one(JUDGED()).pk).delete(), one(JUDGED()).delete(),
    ),
    "a miss turned into a success": lambda: OF_PERIODS.filter(pk=one(OF_PERIODS.filter(state="missed")).pk).update(
        state="met", met_at=F("missed_at"), missed_at=None
    ),
    "no outcome": without(lambda: STEPS(kind="met")),
    "two outcomes": lambda: ClockStep.objects.filter(pk=one(STEPS(kind="started", clock__state="met")).pk).update(
        kind="answered"
    ),
    "a miss that nobody escalated": without(lambda: STEPS(kind="escalated")),
    "a start lost": without(lambda: STEPS(kind="started")),
    "a judgement before the end": of(lambda: STEPS(kind="met"), recorded_at=F("occurred_at") - SECOND),
    "an outcome at another time": of(lambda: STEPS(kind="missed"), occurred_at=F("occurred_at") + SECOND),
    "a due time moved": of(MET, due_at=F("due_at") + HOUR),
    "a clock of the other side": of(MET, side="sales"),
    "another plan": of(RUNNING, plan=[[100, "judge", 1.0]]),
    "a running clock that acts another time": of(RUNNING, next_action_at=F("next_action_at") + SECOND),
    "a clock that skips a look": of(RUNNING, plan_position=F("plan_position") + 1),
    "met at another time": of(MET, met_at=F("met_at") + SECOND),
    "a budget of another period": of(MET, budget_seconds=F("budget_seconds") + 1),
    "no audit entry": lambda: AuditEntry.objects.filter(verb="judge_target").update(verb="gone"),
    "nobody opened it": lambda: AuditEntry.objects.filter(verb="open_periods").update(verb="gone"),
    "a miss that was told to nobody": lambda: Notice.objects.filter(code="target_missed").delete(),
    "a success told twice": lambda: _again(Notice.objects.filter(code="target_kept")),
    "a miss that was not mailed": lambda: Notice.objects.filter(code="target_missed", channel="email").delete(),
    "a delivery that was struck without a dispute": _strike,
    "briefed at another time": of(lambda: Campaign.objects.filter(announced_at__isnull=False), announced_at=F("announced_at") + SECOND),
    "a briefing that nobody heard of": lambda: Notice.objects.filter(code="campaign_announced").delete(),
    "a late briefing made good": lambda: OF_CAMPAIGNS.filter(state="missed").update(
        state="met", met_at=F("answered_at"), missed_at=None
    ),
    "a briefing lost from the log": without(lambda: BRIEF_STEPS(kind="met")),
    "a promise cancelled without a reason": of(lambda: BRIEF_STEPS(kind="cancelled"), code="whatever"),
    "kept by another time": of(BRIEFED, answered_seconds=F("answered_seconds") + 1),
    "late by another time": of(lambda: OF_CAMPAIGNS.filter(state="missed"), late_seconds=F("late_seconds") + 1),
    "a start in closed hours": of(BRIEFED, started_at=F("started_at") - HOUR),
    "briefing is due another day": of(lambda: OF_CAMPAIGNS.filter(state="missed"), due_at=F("due_at") + timedelta(days=1)),
    "informed before it was announced": of(BriefingRead.objects.all, at=F("at") - timedelta(days=90)),
    "nobody announced it": lambda: AuditEntry.objects.filter(verb="brief_sales").update(verb="gone"),
}  # fmt: skip


@pytest.mark.parametrize("what", DAMAGE)
def test_damage_is_told(what: str, damaged: datetime) -> None:
    DAMAGE[what]()

    assert told(damaged) != []
    assert set(told(damaged)) <= set(verify_clocks_fails(at=damaged))
