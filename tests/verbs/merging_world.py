"""Pairs of leads of two contacts who are one person, for the tests of merging."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from leads.intake.arrival import Arrival
from leads.intake.pipeline import take_in
from leads.models import Lead, LikelyDuplicate
from leads.owed import Duty, Owed, begin_duties
from leads.record import Record
from sla.in_force import agreement_in_force
from tests.cast import NOW

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
