"""What two people do in the same instant is counted in the order in which it was written."""

from __future__ import annotations

from datetime import timedelta

import pytest

from leads import handoffs
from leads.followup import log_activity
from leads.intake.pipeline import take_in
from leads.models import Clock, Lead
from replay.invariants import attempts
from replay.invariants.facts import Facts
from sla.in_force import InForce
from teams.models import User
from tests.cast import NOW
from tests.leads.intake_world import anna, world

__all__ = ["world"]

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def lead(world: InForce, sam: User) -> Lead:
    (outcome,) = take_in([anna()], actor=None, at=NOW)
    handoffs.accept(lead_id=outcome.lead_id or 0, actor=sam, at=NOW)
    return Lead.objects.get(pk=outcome.lead_id or 0)


def log(lead: Lead, sam: User, outcome: str, minutes: int) -> None:
    log_activity(lead_id=lead.pk, kind="call", outcome=outcome, actor=sam, at=NOW + minutes * MINUTE)


def differences() -> list[str]:
    return list(attempts.differences(Facts.load()))


def test_an_attempt_in_the_instant_of_the_conversation_and_after_it(lead: Lead, sam: User) -> None:
    for outcome, minutes in (("no_answer", 1), ("conversation", 2), ("no_answer", 2)):
        log(lead, sam, outcome, minutes)

    cadence = Clock.objects.get(promise="cadence")
    assert (cadence.state, cadence.counted) == ("met", 2)
    assert differences() == []


def test_an_attempt_in_the_instant_of_the_last_that_was_owed(lead: Lead, sam: User) -> None:
    needed = Clock.objects.get(promise="cadence").needed or 0
    for minutes in (*range(1, needed + 1), needed):
        log(lead, sam, "no_answer", minutes)

    cadence = Clock.objects.get(promise="cadence")
    assert (cadence.state, cadence.counted) == ("met", needed)
    assert differences() == []


def test_one_too_many_is_told(lead: Lead, sam: User) -> None:
    for outcome, minutes in (("no_answer", 1), ("conversation", 2), ("no_answer", 2)):
        log(lead, sam, outcome, minutes)
    cadence = Clock.objects.get(promise="cadence")
    Clock.objects.filter(pk=cadence.pk).update(counted=3)

    assert differences() == [f"clock {cadence.pk} (cadence): counts 3 attempts, by its events 2"]
