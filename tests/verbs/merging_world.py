"""Pairs of leads of two contacts who are one person, for the tests of merging."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dashboards.filling import fill
from dashboards.periods import Period
from dashboards.proving import wrong_days
from dashboards.verifying import differences as wrong_figures
from leads.intake.arrival import Arrival
from leads.intake.pipeline import take_in
from leads.merging import merge
from leads.models import Lead, LikelyDuplicate
from leads.owed import Duty, Owed, begin_duties
from leads.record import Record
from replay.invariants.facts import Facts
from replay.invariants.verdict import of_clocks
from sla.in_force import agreement_in_force
from teams.models import User
from tests.cast import NOW
from tests.verbs.invariants import broken_promises

LATER = NOW + timedelta(minutes=5)
AFTER = NOW + timedelta(minutes=9)
UTC_ZONE = ZoneInfo("UTC")
FIRST, SECOND = "ana.silva@acme.example", "a.silva@acme.example"


def paired(one: Lead, other: Lead) -> LikelyDuplicate:
    """Have two leads looked at."""
    low, high = sorted((one.contact_id, other.contact_id))
    return LikelyDuplicate.objects.create(first_id=low, second_id=high, likeness=90, found_at=NOW)


def arrive(email: str, *, at: datetime = NOW, **fields: Any) -> Lead:
    """Take somebody of Acme in who asks for a demo, of whom too little is known to judge the fit."""
    said = Arrival(**{"name": "Ana Silva", "email": email, "company": "Acme", "touch_kind": "demo_request", **fields})
    (outcome,) = take_in([said], actor=None, at=at)
    return Lead.objects.get(pk=outcome.lead_id or 0)


def owe(lead: Lead, *promises: str, at: datetime) -> None:
    """Have marketing owe these on ``lead`` from ``at`` on."""
    agreement = agreement_in_force(at)
    owed = Owed(lead.pk, "standard", agreement.version_id, agreement.terms)
    record = Record("test", None, at)
    begin_duties(record, [Duty(promise, owed, lead.marketer_id) for promise in promises], at)
    record.write("test", [])


def two(*, at: datetime = NOW) -> tuple[Lead, Lead]:
    """Take in two who are one: both asked for a demo, the second a minute later."""
    return arrive(FIRST, at=at), arrive(SECOND, at=at + timedelta(minutes=1))


def merged(kept: Lead, gone: Lead, actor: User, *, at: datetime = LATER) -> int:
    found = merge(pair_id=paired(kept, gone).pk, kept_id=kept.pk, gone_id=gone.pk, actor=actor, at=at)
    for lead in (kept, gone):
        lead.refresh_from_db()
    return found


def wrong(at: datetime) -> list[str]:
    """Say what does not hold: the stories, clocks and scores, the figures against the log, the rollups against the facts."""
    period = Period(NOW.date(), NOW.date() + timedelta(days=1), UTC_ZONE)
    fill(UTC_ZONE)
    return [
        *broken_promises(at=at),
        *(line for line in of_clocks(Facts.load(), at=at) if not line.startswith("target ")),  # whose months no tick began
        *(str(line) for line in wrong_figures(period, at=at)[0]), *wrong_days(UTC_ZONE),
    ]  # fmt: skip
