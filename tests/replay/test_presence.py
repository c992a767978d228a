"""Whoever is away is given nothing: a sound history is told sound, and each kind of damage is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from leads import handoffs
from leads.models import Assignment, LeadEvent
from leads.sweep import sweep
from replay.invariants import presence
from replay.invariants.facts import Facts
from teams.absences import set_absence
from teams.models import Absence
from tests.cast import NOW, SIGNED_AT
from tests.leads.leave_world import DAY, came, sam_alone
from tests.verbs.company import Company, company, founders
from tests.verbs.test_clock_table import TO_REP, offered_under

__all__ = ["company", "founders"]

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
NIGHT = NOW + 12 * HOUR
"""Everybody's hours open again eleven hours later."""


@pytest.fixture
def history(company: Company) -> None:
    """Sam, who is away in a month, is given a lead by day, which Sue accepts for him, and one by night; a third is accepted by the end of its window."""
    set_absence(
        actor=company.sue, at=SIGNED_AT, user_id=company.sam.pk, starts_at=NOW + 30 * DAY, ends_at=NOW + 40 * DAY
    )  # fmt: skip
    sam_alone(company)
    handoffs.accept(lead_id=came().pk, actor=company.sue, at=NOW)
    came(NIGHT)
    offered_under(TO_REP, then="auto_accept")(company)
    sweep(at=NOW + 2 * DAY)


def found(facts: Facts | None = None) -> list[str]:
    return list(presence.differences(facts or Facts.load()))


def test_a_sound_history_is_told_sound(history: None) -> None:
    assert found() == []
    assert LeadEvent.objects.filter(code="auto").exists()


def away(starts_at: timedelta, ends_at: timedelta) -> None:
    Absence.objects.update(starts_at=NOW + starts_at, ends_at=NOW + ends_at)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda: away(-HOUR, HOUR), "was given to"),
        (lambda: away(-HOUR, HOUR), "was accepted for"),
        (lambda: away(20 * HOUR, 40 * HOUR), "was given to"),
        (lambda: away(2 * DAY - HOUR, 3 * DAY), "was accepted for"),
    ],
    ids=["given", "accepted by a manager", "given before the hours open", "accepted at the end of the window"],
)
def test_what_somebody_got_while_away_is_told(damage: Callable[[], None], told: str, history: None) -> None:
    damage()

    assert any(told in line for line in found())


def test_an_absence_that_was_noted_later_is_no_fault(history: None, company: Company) -> None:
    Absence.objects.all().delete()
    set_absence(actor=company.sue, at=NOW + HOUR, user_id=company.sam.pk, starts_at=NOW - HOUR, ends_at=NOW + 2 * HOUR)

    assert found() == []
    assert Assignment.objects.filter(user=company.sam, assigned_at=NOW).exists()


def test_what_was_accepted_for_another_is_told_where_nobody_was_away(history: None, company: Company) -> None:
    facts = Facts.load()
    for lead_id, events in facts.events.items():
        facts.events[lead_id] = [
            event._replace(user_id=company.rita.pk) if event.code == "auto" else event for event in events
        ]

    assert any("who was there" in line for line in found(facts))
