"""The event log, counted by other code, says the same as the dashboard; planted corruption shows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F

from dashboards.periods import Period
from dashboards.verifying import differences
from leads.models import Clock, Handoff, Lead
from tests.dashboards.world import FIRST, UNTIL, at, fill, found

pytestmark = pytest.mark.django_db
PERIOD = Period(FIRST, UNTIL, ZoneInfo("UTC"))
NOW = at(200)


@pytest.fixture
def company() -> None:
    fill(found(), 120)


def in_period() -> dict[str, object]:
    return {"captured_at__gte": at(5), "captured_at__lt": at(80), "origin": "marketing"}


def change_a_stage_date() -> None:
    lead = Lead.objects.filter(sql_at__isnull=False, **in_period()).first()
    assert lead is not None
    Lead.objects.filter(pk=lead.pk).update(sql_at=F("sql_at") + timedelta(seconds=1))


def lose_a_stage_date() -> None:
    lead = Lead.objects.filter(stage="customer", **in_period()).first()
    assert lead is not None
    Lead.objects.filter(pk=lead.pk).update(customer_at=None)


def invent_a_win() -> None:
    lead = Lead.objects.filter(stage="mql", **in_period()).first()
    assert lead is not None
    Lead.objects.filter(pk=lead.pk).update(customer_at=at(60))


def change_a_source() -> None:
    lead = Lead.objects.filter(source="event", **in_period()).first()
    assert lead is not None
    Lead.objects.filter(pk=lead.pk).update(source="direct")


def flip_a_clock() -> None:
    clock = Clock.objects.filter(state="missed", due_at__gte=at(5), due_at__lt=at(80)).first()
    assert clock is not None
    Clock.objects.filter(pk=clock.pk).update(state="met", met_at=clock.due_at, missed_at=None, next_action_at=None)


def lengthen_system_delays() -> None:
    Clock.objects.filter(state="missed", due_at__gte=at(5), due_at__lt=at(80)).update(
        waited_seconds=F("waited_seconds") + 60
    )


def shorten_human_delays() -> None:
    Clock.objects.filter(state="missed", due_at__gte=at(5), due_at__lt=at(80)).update(
        answered_seconds=F("answered_seconds") - 1
    )


def a_rejection() -> Handoff:
    """Give a rejection that counts: neither overturned nor struck."""
    rejected = Handoff.objects.filter(state="rejected", decided_at__gte=at(5), decided_at__lt=at(80))
    return rejected.filter(is_overturned=False, is_struck=False)[:1].get()


def overturn_what_nobody_did() -> None:
    Handoff.objects.filter(pk=a_rejection().pk).update(is_overturned=True)


def strike_what_nobody_did() -> None:
    Handoff.objects.filter(pk=a_rejection().pk).update(is_struck=True)


def let_stand_what_was_overturned() -> None:
    overturned = Handoff.objects.filter(is_overturned=True, decided_at__gte=at(5), decided_at__lt=at(80))
    Handoff.objects.filter(pk=overturned[:1].get().pk).update(is_overturned=False)


def whitewash_a_rejection() -> None:
    handoff = a_rejection()
    Handoff.objects.filter(pk=handoff.pk).update(reason="duplicate" if handoff.reason != "duplicate" else "competitor")


def drop_a_lead_from_the_period() -> None:
    lead = Lead.objects.filter(**in_period()).first()
    assert lead is not None
    Lead.objects.filter(pk=lead.pk).update(captured_at=at(-200))


def test_the_dashboard_shows_what_the_event_log_says(company: None) -> None:
    wrong, compared = differences(PERIOD, at=NOW)

    assert wrong == []
    assert compared > 60


@pytest.mark.parametrize(
    "corrupt",
    [
        change_a_stage_date, lose_a_stage_date, invent_a_win, change_a_source, flip_a_clock, whitewash_a_rejection,
        drop_a_lead_from_the_period, overturn_what_nobody_did, strike_what_nobody_did, lengthen_system_delays, shorten_human_delays, let_stand_what_was_overturned,
    ],
)  # fmt: skip
def test_corruption_is_caught(company: None, corrupt: Callable[[], None]) -> None:
    corrupt()

    wrong, _ = differences(PERIOD, at=NOW)

    assert wrong


def test_the_command_says_what_differs_and_fails(company: None) -> None:
    said = StringIO()
    flip_a_clock()

    with pytest.raises(CommandError) as failure:
        call_command("verify_figures", "--from", "2026-01-01", "--to", "2026-04-01", stdout=said)

    assert failure.value.returncode == 1
    assert "the event log says" in said.getvalue()


def test_the_command_agrees_where_nothing_is_wrong(company: None) -> None:
    said = StringIO()

    call_command("verify_figures", "--from", "2026-01-01", "--to", "2026-04-01", stdout=said)

    assert "agree with the event log" in said.getvalue()
