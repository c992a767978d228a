"""A deadline is missed and told by a real Celery worker and scheduler, without any help: on Redis, and on the broker of files."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
REDIS = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/11")
PATIENCE_SECONDS = 60

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("system")]

# A hot lead that came in a quarter of an hour ago, but for three seconds: its rep has until then to accept it.
ASK = """
import django; django.setup()
from datetime import timedelta
from dataclasses import replace
from django.conf import settings
from django.core.management import call_command
from ledger.instants import edge_now
from leads.intake.pipeline import take_in
from leads.models import Clock
from replay.company import hours_open_at, set_up
from replay.world import Firm, dice, person
from smarketing.management.commands.serve import empty_broker
call_command("migrate", interactive=False, verbosity=0)
call_command("createcachetable", verbosity=0)
if not settings.REDIS_URL:
    empty_broker()
now = edge_now()
company = set_up(at=now - timedelta(days=1), hours=hours_open_at(now))
somebody = person(dice("celery"), 1, Firm("Oak Freight", "oak.example", "logistics", 200, "DE"), [])
asked = replace(somebody, touch_kind="demo_request", role="operations", seniority="head", source_raw="direct")
take_in([asked], actor=company.people["maya"], at=edge_now() - timedelta(minutes=15) + timedelta(seconds=3))
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
    told = Notice.objects.filter(code="clock_missed", facts__clock=clock.pk)
    letters = [path.read_text() for path in Path(settings.VAR_DIR, "mail").glob("*")]
    seen = {
        "state": clock.state,
        "missed": ClockStep.objects.filter(clock=clock, kind="missed").count(),
        "at_its_true_time": clock.missed_at == clock.due_at,
        "in_app": [list(row) for row in told.filter(channel="in_app").values_list("recipient_id", "state")],
        "email": [list(row) for row in told.filter(channel="email").values_list("recipient_id", "state")],
        "letters": sum(clock.user.email in letter for letter in letters),
        "rep": clock.user_id,
    }
    if seen["email"] and seen["email"][0][1] == "sent" and seen["letters"] or time.monotonic() > give_up_at:
        break
    time.sleep(0.2)
print(json.dumps(seen))
"""


@pytest.fixture(params=[pytest.param("redis", marks=pytest.mark.service), "files"])
def installed(request: pytest.FixtureRequest, machine: dict[str, str]) -> Iterator[dict[str, str]]:
    """Return the environment of a machine with this broker; leave no key behind."""
    machine.pop("EMAIL_URL", None)
    machine.pop("REDIS_URL", None)
    if request.param == "files":
        yield machine
        return
    import redis

    server = redis.Redis.from_url(REDIS)
    try:
        server.ping()
    except redis.ConnectionError:
        pytest.skip(f"no Redis at {REDIS}")
    yield {**machine, "REDIS_URL": REDIS}
    for key in server.scan_iter(f"{machine['REDIS_PREFIX']}*"):
        server.delete(key)


@pytest.fixture
def working(installed: dict[str, str]) -> Iterator[dict[str, str]]:
    """Let a worker and a scheduler run beside a company with an offer that nobody will answer."""
    _python(ASK, installed)
    running = [_celery("worker", installed), _celery("beat", installed)]
    yield installed
    for process in running:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
    for process in running:
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def test_a_missed_deadline_is_recorded_and_told_without_any_help(working: dict[str, str]) -> None:
    seen = json.loads(_python(WATCH, working, str(PATIENCE_SECONDS)).splitlines()[-1])

    assert (seen["state"], seen["missed"], seen["at_its_true_time"]) == ("missed", 1, True), seen
    assert seen["in_app"] == [[seen["rep"], "sent"]]
    assert seen["email"] == [[seen["rep"], "sent"]]
    assert seen["letters"] >= 1


def _celery(part: str, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    options = {"worker": ["--without-gossip", "--without-mingle"], "beat": ["--pidfile="]}[part]
    return subprocess.Popen(
        [sys.executable, "-m", "celery", "--app", "smarketing", "--quiet", part, "--loglevel=WARNING", *options],
        cwd=ROOT, env=environment, start_new_session=True,
    )  # fmt: skip


def _python(script: str, environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
        timeout=PATIENCE_SECONDS + 60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout
