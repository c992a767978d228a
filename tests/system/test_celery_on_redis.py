"""A deadline is missed and told by real Celery workers and a scheduler, without any help: on Redis, and on the broker of files."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from smarketing.management.commands.serve import children

ROOT = Path(__file__).resolve().parents[2]
REDIS = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/11")
PATIENCE_SECONDS = 60
NOTICED_WITHIN_SECONDS = 30
"""Promise P3."""

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("system")]

# A hot lead that came in a quarter of an hour ago, but for some seconds: its rep has until then to accept it. Before that,
# some email waits for everybody in the company.
ASK = """
import django; django.setup()
import sys
from datetime import timedelta
from dataclasses import replace
from django.conf import settings
from ledger.instants import edge_now
from leads.intake.pipeline import take_in
from leads.models import Clock
from ledger.writing import Told, write_notices
from replay.company import hours_open_at, set_up
from replay.world import Firm, dice, person
from smarketing.management.commands.serve import empty_broker
if not settings.REDIS_URL:
    empty_broker()
now = edge_now()
seconds, letters_each = int(sys.argv[1]), int(sys.argv[2])
company = set_up(at=now - timedelta(days=1), hours=hours_open_at(now))
waiting = [Told(one.pk, "lead_offered", "lead", n) for one in company.people.values() for n in range(1, letters_each + 1)]
write_notices(waiting, at=now)
somebody = person(dice("celery"), 1, Firm("Oak Freight", "oak.example", "logistics", 200, "DE"), [])
asked = replace(somebody, touch_kind="demo_request", role="operations", seniority="head", source_raw="direct")
take_in([asked], actor=company.people["maya"], at=edge_now() - timedelta(minutes=15) + timedelta(seconds=seconds))
clock = Clock.objects.get(promise="accept")
assert clock.state == "running" and clock.due_at > edge_now(), (clock.state, clock.due_at)
"""

# Look until all of it is there, or patience ends; nothing here writes.
WATCH = """
import django; django.setup()
import json, sys, time
from pathlib import Path
from django.conf import settings
from leads.models import Clock, ClockStep
from ledger.models import Notice
give_up_at = time.monotonic() + float(sys.argv[1])
while True:
    clock = Clock.objects.get(promise="accept")
    missed = ClockStep.objects.filter(clock=clock, kind="missed")
    told = Notice.objects.filter(code="clock_missed", facts__clock=clock.pk)
    letters = [path.read_text() for path in Path(settings.VAR_DIR, "mail").glob("*")]
    seen = {
        "state": clock.state,
        "missed": missed.count(),
        "at_its_true_time": clock.missed_at == clock.due_at,
        "late": [(at - clock.due_at).total_seconds() for at in missed.values_list("recorded_at", flat=True)],
        "in_app": [list(row) for row in told.filter(channel="in_app").values_list("recipient_id", "state")],
        "email": [list(row) for row in told.filter(channel="email").values_list("recipient_id", "state")],
        "letters": sum(clock.user.email in letter for letter in letters),
        "rep": clock.user_id,
    }
    is_told = seen["email"] and seen["email"][0][1] == "sent" and seen["letters"]
    if (seen["missed"] if sys.argv[2] == "missed" else is_told) or time.monotonic() > give_up_at:
        break
    time.sleep(0.2)
print(json.dumps(seen))
"""


@pytest.fixture(params=[pytest.param("redis", marks=pytest.mark.service), "files"])
def installed(request: pytest.FixtureRequest, migrated: dict[str, str]) -> Iterator[dict[str, str]]:
    """Return the environment of a machine with this broker; leave no key behind."""
    migrated.pop("EMAIL_URL", None)
    migrated.pop("REDIS_URL", None)
    if request.param == "files":
        yield migrated
        return
    import redis

    server = redis.Redis.from_url(REDIS)
    try:
        server.ping()
    except redis.ConnectionError:
        pytest.skip(f"no Redis at {REDIS}")
    yield {**migrated, "REDIS_URL": REDIS}
    for key in server.scan_iter(f"{migrated['REDIS_PREFIX']}*"):
        server.delete(key)


@pytest.fixture
def silent_mail_server() -> Iterator[str]:
    """Yield the ``EMAIL_URL`` of a server that takes every connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield f"smtp://127.0.0.1:{server.getsockname()[1]}"


def test_a_missed_deadline_is_recorded_and_told_without_any_help(installed: dict[str, str]) -> None:
    _python(ASK, installed, "3", "0")

    with _celery(installed):
        seen = _watch("told", installed)

    assert (seen["state"], seen["missed"], seen["at_its_true_time"]) == ("missed", 1, True), seen
    assert seen["in_app"] == [[seen["rep"], "sent"]]
    assert seen["email"] == [[seen["rep"], "sent"]]
    assert seen["letters"] >= 1


def test_a_mail_server_that_hangs_delays_no_sweep(installed: dict[str, str], silent_mail_server: str) -> None:
    """The deadline comes when whoever sends email has long begun to wait."""
    machine = installed | {"EMAIL_URL": silent_mail_server}
    _python(ASK, machine, "20", "3")

    with _celery(machine):
        seen = _watch("missed", machine)

    assert seen["missed"] == 1, seen
    assert seen["late"][0] <= NOTICED_WITHIN_SECONDS


@contextmanager
def _celery(environment: dict[str, str]) -> Iterator[None]:
    """Let the workers and the scheduler run that `manage.py serve` would start."""
    running = [
        subprocess.Popen(child.command, cwd=ROOT, env=environment | child.environment, start_new_session=True)
        for child in children(demo=False)
        if child.name != "web"
    ]
    try:
        yield
    finally:
        for process in running:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(timeout=3)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _watch(until: str, environment: dict[str, str]) -> dict[str, Any]:
    """Wait until the deadline was ``missed``, or also ``told``, and return what was seen of it."""
    found: dict[str, Any] = json.loads(_python(WATCH, environment, str(PATIENCE_SECONDS), until).splitlines()[-1])
    return found


def _python(script: str, environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
        timeout=PATIENCE_SECONDS + 60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout
