"""`manage.py what_if`: the same as the page, for a terminal and for programs."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from leads.models import Clock
from sla.in_force import InForce
from teams.models import User
from tests.cast import NOW, clock_start, offer_to, start_clocks

pytestmark = pytest.mark.django_db

DAYS = ("from=2026-02-01", "last=2026-03-31")


@pytest.fixture
def late(agreement: InForce, sam: User) -> Clock:
    """A hot lead that Sam accepted five minutes too late."""
    handoff = offer_to(sam, agreement)
    start_clocks(clock_start(agreement, "accept", user=sam, handoff_id=handoff.pk))
    clock = Clock.objects.get()
    Clock.objects.update(
        state="missed", missed_at=clock.due_at, detected_at=clock.due_at, next_action_at=None, answered_at=NOW + timedelta(minutes=20)
    )  # fmt: skip
    return clock


def run(capsys: pytest.CaptureFixture[str], *words: str, **options: Any) -> str:
    call_command("what_if", *words, **options)
    return capsys.readouterr().out


def test_it_prints_the_result_the_changes_and_what_it_assumes(capsys: pytest.CaptureFixture[str], late: Clock) -> None:
    said = run(capsys, *DAYS, "time-accept-hot=30 min")

    assert "1 promises fell due" in said
    assert "time-accept-hot = 30 min" in said
    assert "1 would have come out otherwise" in said
    assert f"lead {late.handoff.lead_id if late.handoff else 0}, accept (hot), clock {late.pk}: missed → kept" in said
    assert "This assumes:" in said
    assert "Nobody works faster because a deadline is nearer." in said


def test_it_takes_the_address_of_a_page_and_gives_json(capsys: pytest.CaptureFixture[str], late: Clock) -> None:
    said = run(
        capsys, "https://x.example/what-if/?from=2026-02-01&last=2026-03-31&time-accept-hot=30+min", as_json=True
    )
    data = json.loads(said)

    assert (data["looked_at"], data["left_as_recorded"]) == (1, 0)
    assert data["changes"] == {"time-accept-hot": "30 min"}
    assert (data["total"]["recorded"]["missed"], data["total"]["hypothetical"]["missed"]) == (1, 0)
    assert [(one["clock"], one["recorded"], one["hypothetical"]) for one in data["changed"]] == [
        (late.pk, "missed", "kept")
    ]
    assert data["assumptions"]


def test_it_names_what_can_be_changed(capsys: pytest.CaptureFixture[str], late: Clock, sam: User) -> None:
    said = run(capsys, names=True)

    assert "time-accept-hot = 15 min" in said
    assert f"share-{sam.pk}, person-hours-{sam.pk}: Sam" in said


@pytest.mark.parametrize(
    ("words", "message"),
    [(("time-accept-hot=soon",), "time-accept-hot: Write a time"), (("hurry",), "is not NAME=VALUE"), (("from=x", "staff-9=1"), "staff-9")],
)  # fmt: skip
def test_it_refuses_what_makes_no_sense(late: Clock, words: tuple[str, ...], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        call_command("what_if", *words)
