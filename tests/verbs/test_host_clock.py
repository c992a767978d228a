"""The clock of an application host is off by a quarter of an hour, and no promise is broken (promise P1): the database's clock decides.

PostgreSQL only: SQLite lives in the host and has no clock of its own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone

from leads.models import Clock, Handoff, Lead, LeadEvent
from leads.tasks import sweep_clocks
from ledger import instants
from ledger.models import AuditEntry
from sla.calendars import set_calendar
from tests.cast import SIGNED_AT
from tests.conftest import is_ci
from tests.leads.worlds import bring_to, ready_lead
from tests.verbs.company import Company
from tests.verbs.invariants import broken_promises

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no clock of its own"),
]

ROOT = Path(__file__).parents[2]
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ALWAYS = {"zone": "UTC", "week": {day: [["00:00", "24:00"]] for day in DAYS}}
OFF = [timedelta(minutes=15), timedelta(minutes=-15)]
WAITED = [(timedelta(minutes=10), "running"), (timedelta(minutes=20), "missed")]
"""How long an offer to be accepted within 15 minutes has waited, and what its clock is then."""

Shift = Callable[[timedelta], None]


@pytest.fixture
def company(company: Company) -> Company:
    """Sales works around the clock, for the test runs whenever it runs."""
    set_calendar(actor=None, name="Always", hours=ALWAYS, at=SIGNED_AT, team=company.sales)
    return company


@pytest.fixture
def host_clock(monkeypatch: pytest.MonkeyPatch) -> Shift:
    """Let this process be wrong about the time."""
    now, seconds = timezone.now, time.time

    def shift(off: timedelta) -> None:
        monkeypatch.setattr(timezone, "now", lambda: now() + off)
        monkeypatch.setattr(time, "time", lambda: seconds() + off.total_seconds())

    return shift


def database_now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        instant: datetime = cursor.fetchone()[0]
    return instant.astimezone(UTC)


def offered(company: Company, waited: timedelta) -> Lead:
    """Give a hot lead that was offered to Sam so long ago, by the clock of the database."""
    at = database_now() - waited
    lead = ready_lead(captured_at=at, mql_at=at, last_touch_at=at)
    return bring_to("mql", lead, maya=company.maya, sam=company.sam, at=at)


def accept_clock(lead: Lead) -> Clock:
    return Clock.objects.filter(handoff__lead=lead, promise="accept").earliest(
        "id"
    )  # a late one goes to the next rep, with another


def accepted_by_page(lead: Lead, company: Company) -> list[datetime]:
    """Accept the lead as Sam's browser would; give all instants that this was written down with."""
    browser = Client()
    browser.force_login(company.sam)
    response = browser.post(f"/leads/{lead.pk}/accept/", {"handoff": Handoff.objects.get(lead=lead).pk})
    assert response.status_code < 400
    event = LeadEvent.objects.get(lead=lead, kind="accepted")
    attempt = Clock.objects.get(lead=lead, promise="first_attempt")
    handoff = Handoff.objects.get(lead=lead)
    assert handoff.decided_at
    entry = AuditEntry.objects.get(verb="accept", subject_id=lead.pk)
    return [event.recorded_at, event.occurred_at, handoff.decided_at, attempt.started_at, entry.at]


@pytest.mark.parametrize("off", OFF, ids=["ahead", "behind"])
def test_what_a_request_writes_down_has_the_time_of_the_database(
    off: timedelta, company: Company, host_clock: Shift
) -> None:
    lead = offered(company, timedelta(minutes=10))
    host_clock(off)
    before = database_now()

    written = accepted_by_page(lead, company)

    assert all(before <= instant <= database_now() for instant in written)
    attempt = Clock.objects.get(lead=lead, promise="first_attempt")
    assert accept_clock(lead).state == "met"
    assert attempt.due_at - attempt.started_at == timedelta(seconds=attempt_seconds(attempt))
    assert [wrong for wrong in broken_promises(at=database_now()) if wrong.startswith("clock")] == []


def attempt_seconds(clock: Clock) -> int:
    """Give within how many seconds the agreement wants a first attempt."""
    promises = clock.version.terms["promises"]
    seconds: int = next(item for item in promises if item["code"] == clock.promise)["within"][clock.tier]["seconds"]
    return seconds


@pytest.mark.parametrize("off", OFF, ids=["ahead", "behind"])
@pytest.mark.parametrize(("waited", "state"), WAITED)
def test_a_sweep_misses_what_is_due_by_the_database_and_nothing_else(
    waited: timedelta, state: str, off: timedelta, company: Company, host_clock: Shift
) -> None:
    lead = offered(company, waited)
    host_clock(off)

    sweep_clocks()

    clock = accept_clock(lead)
    assert (clock.state, clock.missed_at) == (state, clock.due_at if state == "missed" else None)


@pytest.mark.parametrize("off", ["+15m", "-15m"])
@pytest.mark.parametrize(("waited", "state"), WAITED)
def test_a_worker_on_a_host_that_is_wrong_throughout_does_no_harm(
    waited: timedelta, state: str, off: str, company: Company
) -> None:
    if shutil.which("faketime") is None:
        (pytest.fail if is_ci() else pytest.skip)("no faketime here, which shifts a whole process")
    lead = offered(company, waited)
    at = settings.DATABASES["default"]
    url = f"postgres://{at['USER']}:{at['PASSWORD']}@{at['HOST']}:{at['PORT']}/{connection.settings_dict['NAME']}"
    environment = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "smarketing.settings"}

    subprocess.run(
        ["faketime", "-f", off, sys.executable, "manage.py", "sweep"], cwd=ROOT, env=environment, check=True, timeout=60
    )

    assert accept_clock(lead).state == state


def test_a_program_that_asks_its_host_is_caught(
    company: Company, host_clock: Shift, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead = offered(company, timedelta(minutes=10))
    host_clock(timedelta(minutes=15))
    assert instants.edge_now() < timezone.now() - timedelta(minutes=14)
    monkeypatch.setattr("leads.tasks.edge_now", timezone.now)

    sweep_clocks()

    assert accept_clock(lead).state == "missed"  # before its time
