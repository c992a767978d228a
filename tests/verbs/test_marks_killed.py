"""Pausing, going on, excusing and reckoning anew may die at any database call: all of it is there or nothing, and doing it again finishes it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.db import connection

from inputs.refusals import Conflict
from leads.excusing import excuse
from leads.models import Clock, ClockStep
from leads.pausing import pause, resume, resume_due
from leads.recomputing import recompute
from leads.record import Record
from leads.sweep import sweep
from ledger.models import AuditEntry
from replay.invariants import marks
from replay.invariants.facts import Facts
from sla.calendars import set_calendar
from sla.in_force import agreement_in_force
from tests.cast import NOW, OFFICE, clock_start, make_lead, start_clocks
from tests.crashing import crash_points, torn
from tests.leads import clock_invariants
from tests.verbs.cases import LATER, Act
from tests.verbs.company import Company

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

UNTIL = NOW + timedelta(minutes=1)
AGO = NOW - timedelta(days=60)


@dataclass
class Deed:
    """Something done to a fresh clock of Sam's, and what it leaves once."""

    company: Company
    verb: str
    step: str
    clock: Clock | None = None

    def prepare(self) -> Act:
        lead = make_lead(stage="sal", sal_at=NOW, owner=self.company.sam)
        began = AGO + timedelta(days=10) if self.verb == "excuse" else NOW
        agreement = agreement_in_force(NOW)
        start_clocks(
            clock_start(agreement, "verdict", user=self.company.sam, lead_id=lead.pk, arrived_at=began), at=began
        )
        self.clock = Clock.objects.get(lead=lead)
        if self.verb in ("resume", "sweep"):
            until = UNTIL if self.verb == "sweep" else None
            pause(clock_id=self.clock.pk, reason="later_date", until=until, actor=self.company.sam, at=NOW)
        if self.verb == "excuse":
            sweep(at=NOW)
        if self.verb == "recompute":
            hours = {**OFFICE, "holidays": ["2026-03-03"]}
            set_calendar(actor=None, name="Sales hours", hours=hours, at=NOW, team=self.company.sales)
        return self.do

    def do(self) -> None:
        assert self.clock
        key, sam = self.clock.pk, self.company.sam
        if self.verb == "pause":
            pause(clock_id=key, reason="later_date", actor=sam, at=LATER)
        elif self.verb == "resume":
            resume(clock_id=key, actor=sam, at=LATER)
        elif self.verb == "sweep":
            resume_due([key], LATER)
        elif self.verb == "excuse":
            excuse(clock_id=key, reason="system_down", actor=self.company.mona, at=LATER)
        else:
            recompute(clock_ids=[key], note="A holiday", actor=self.company.sue, at=LATER)

    def recover(self) -> list[str]:
        assert self.clock
        wrong = [*marks.differences(Facts.load()), *clock_invariants.problems()]
        with suppress(Conflict):  # it was done before the process died
            self.do()
        wrong += marks.differences(Facts.load())
        steps = ClockStep.objects.filter(clock=self.clock, kind=self.step).count()
        verb = "resume" if self.verb == "sweep" else self.verb
        audit = AuditEntry.objects.filter(verb=verb, subject_id=self.clock.pk).count()
        if (steps, audit) != (1, 1):
            wrong.append(f"{self.verb} left {steps} steps and {audit} audit entries")
        return wrong


@pytest.mark.parametrize(
    ("verb", "step"),
    [
        ("pause", "paused"),
        ("resume", "resumed"),
        ("sweep", "resumed"),
        ("excuse", "excused"),
        ("recompute", "recomputed"),
    ],
)
def test_it_may_die_at_any_call(verb: str, step: str, company: Company, capsys: pytest.CaptureFixture[str]) -> None:
    deed = Deed(company, verb, step)

    points, wrong = crash_points(deed.prepare, deed.recover)

    with capsys.disabled():
        print(f"\n{verb}: {points} crash points on {connection.vendor}")
    assert points > 0
    assert wrong == {}
    caught = crash_points(lambda: torn(deed.prepare(), Record, "write"), deed.recover, until_wrong=True)[1]
    assert caught != {}
