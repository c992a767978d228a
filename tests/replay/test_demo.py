"""The demo company: every role has something to see, every promise held, and it goes on living until it is told to stop."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.test import RequestFactory

from leads.duplicates import find_all_duplicates
from leads.models import Clock, Dispute, Handoff, Lead, LeadEvent, LikelyDuplicate, Question
from leads.sweep import sweep
from ledger.instants import edge_now
from replay import living
from replay.company import hours_open_at
from replay.demo import ROLES, seed
from replay.invariants.verdict import differences
from replay.world import dice
from sla.business_time import BusinessCalendar, is_open
from teams.models import User
from teams.roles import Role

ROOT = Path(__file__).resolve().parents[2]
THURSDAY_MORNING = datetime(2026, 5, 7, 9, 30, tzinfo=UTC)
SATURDAY_NIGHT = datetime(2026, 11, 21, 23, 40, tzinfo=UTC)

slow = pytest.mark.slow


@slow
@pytest.mark.django_db
@pytest.mark.parametrize("now", [THURSDAY_MORNING, SATURDAY_NIGHT], ids=["in the office", "on a Saturday night"])
def test_every_role_has_something_to_see_and_every_promise_held(now: datetime) -> None:
    company = seed(now).company

    assert differences(at=now, slack=timedelta(seconds=2)) == []
    assert 150 <= Lead.objects.count() <= 260
    assert Lead.objects.order_by("-captured_at")[0].captured_at > now - timedelta(hours=3)
    sam, maya = company.people["sam"], company.people["maya"]
    assert Question.objects.filter(state="open", to_side="marketing", addressee=maya).count() >= 2
    assert Question.objects.filter(state="open", to_side="sales").exists()
    assert set(Question.objects.values_list("state", flat=True)) >= {"open", "answered"}
    undecided = Dispute.objects.filter(state="open")
    assert {(one.kind, one.marketing_word, one.sales_word) for one in undecided} >= {
        ("rejection", "overturn", ""), ("delivery", "", ""), ("delivery", "", "overturn"),
    }  # fmt: skip
    assert Clock.objects.filter(state="paused").exists()
    assert Clock.objects.filter(excused_at__isnull=False).exists()
    offers = Clock.objects.filter(user=sam, promise="accept", handoff__state=Handoff.States.OPEN)
    shares = [
        (now - clock.started_at) / (clock.due_at - clock.started_at)
        for clock in offers.filter(state="running", tier="hot")
    ]
    assert min(shares) < 0.66 < max(shares)
    assert {clock.tier for clock in offers.filter(state="missed")} >= {"hot", "warm"}
    first = Clock.objects.filter(user=sam, promise="first_attempt", lead__owner=sam, answered_at=None)
    assert {clock.state for clock in first} == {"running", "missed"}
    assert Lead.objects.filter(queue=company.teams["americas"]).count() >= 3
    maya_s = LeadEvent.objects.filter(campaign__owner=maya)
    assert maya_s.filter(kind="rejected", occurred_at__gt=now - timedelta(days=6)).exists()
    assert maya_s.filter(kind="won").exists()
    assert maya_s.filter(kind="rated").exists()
    assert sam.notices.filter(channel="in_app", read_at=None).count() >= 5
    assert maya.notices.filter(channel="in_app", read_at=None).exists()
    find_all_duplicates(at=now)
    assert LikelyDuplicate.objects.filter(state="open").count() == 2
    assert not sam.notices.filter(state="pending").exists()


@slow
@pytest.mark.django_db
def test_the_printed_logins_open_the_door_for_each_role() -> None:
    printed = StringIO()
    call_command("seed_demo", stdout=printed)

    roles: set[Role] = set()
    for line in printed.getvalue().splitlines()[1:]:
        email, password = re.split(r"\s{2,}", line)[-2:]
        user = authenticate(RequestFactory().post("/"), username=email, password=password)
        assert isinstance(user, User), line
        roles |= user.roles
    assert roles == set(Role)
    assert len(ROLES) == len(printed.getvalue().splitlines()) - 1
    with pytest.raises(CommandError, match="empty database"):
        call_command("seed_demo")

    _lives_on(edge_now())


HOUR_OF_MINUTES = range(1, 61)


def _lives_on(now: datetime) -> None:
    """New leads arrive; colleagues work, each when something is due to them; Sam's leads stay as they are."""
    sam = User.objects.get(email__startswith="sam@")
    colleagues = User.objects.filter(memberships__team__side="sales").exclude(pk=sam.pk)
    before = Lead.objects.count()
    since = LeadEvent.objects.filter(recorded_at__gt=now)

    for minute in HOUR_OF_MINUTES:
        at = now + timedelta(minutes=minute)
        sweep(at=at)
        living.live(at)
        if Lead.objects.count() > before + 5 and since.filter(actor__in=colleagues).exists():
            break

    assert Lead.objects.count() > before + 5
    assert since.filter(actor__in=colleagues).exists()
    assert not since.filter(actor=sam).exists()
    assert differences(at=at) == []


@pytest.mark.parametrize("hour", range(0, 168, 5))
def test_the_demo_s_hours_are_open_whenever_it_starts(hour: int) -> None:
    at = datetime(2026, 3, 23, 0, 20, tzinfo=UTC) + timedelta(hours=hour)

    calendar = BusinessCalendar.from_terms(hours_open_at(at))

    assert all(is_open(at + timedelta(minutes=minutes), calendar) for minutes in (-45, 0, 45, 135))


def test_dice_are_the_same_for_the_same_question() -> None:
    assert dice(1, "offer", 7).random() == dice(1, "offer", 7).random() != dice(1, "offer", 8).random()


@slow
@pytest.mark.xdist_group("system")
def test_arrivals_go_on_until_sigterm(migrated: dict[str, str]) -> None:
    migrated.pop("REDIS_URL", None)
    seed = [sys.executable, "manage.py", "seed_demo"]
    seeded = subprocess.run(seed, cwd=ROOT, env=migrated, check=False, capture_output=True, text=True)
    assert seeded.returncode == 0, seeded.stderr

    loop = subprocess.Popen(
        [sys.executable, "-u", "manage.py", "demo_arrivals", "--loop", "--pause", "0", "0.1"],
        cwd=ROOT, env=migrated, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert loop.stdout is not None
    try:
        assert "somebody asked" in loop.stdout.readline()
        loop.send_signal(signal.SIGTERM)
        assert loop.wait(timeout=10) == 0
    finally:
        loop.kill()
        loop.wait()
