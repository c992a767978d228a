"""Killed at any database call, what was owed by who is away is handed on whole or not at all, and the next pass does it once."""

from __future__ import annotations

import pytest
from django.db import connection

from leads.handing_on import HandedOn, hand_on
from leads.models import Clock, LeadEvent
from leads.record import Record
from ledger.models import AuditEntry
from tests.crashing import crash_points, torn
from tests.leads.leave_world import AT, came, given_back, leave, sam_alone
from tests.verbs.cases import Act
from tests.verbs.company import Company
from tests.verbs.invariants import broken_promises

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


class Leave:
    """Sam and Maya are away, one offer and one returned lead of theirs fall due; and what is left of the pass that died."""

    def __init__(self, company: Company) -> None:
        sam_alone(company)
        self.company = company
        self.lead_ids: list[int] = []

    def prepare(self) -> Act:
        self.company.sam.absences.all().delete()
        self.company.maya.absences.all().delete()
        self.lead_ids = [came().pk, given_back(self.company).pk]
        leave(self.company.sam)
        leave(self.company.maya)
        return lambda: hand_on(at=AT)

    def recover(self) -> list[str]:
        wrong = broken_promises(at=AT)
        hand_on(at=AT)
        wrong += broken_promises(at=AT)
        if hand_on(at=AT) != HandedOn():
            wrong.append("a second pass found something to hand on")
        offered, returned = self.lead_ids
        queued = LeadEvent.objects.filter(lead=offered, kind="queued").count()
        owed = Clock.objects.running().filter(lead=returned, promise="returned", user=None, team=self.company.marketing)
        audit = AuditEntry.objects.filter(verb="hand_on", subject_type="lead").latest("id")
        told = audit.facts.get("ids") or [audit.subject_id]
        if (queued, owed.count(), told) != (1, 1, self.lead_ids):
            wrong.append(f"queued {queued} times, owed by the team {owed.count()} times, told of {told}")
        return wrong


def test_handing_on_may_die_at_any_call(company: Company, capsys: pytest.CaptureFixture[str]) -> None:
    deed = Leave(company)

    points, wrong = crash_points(deed.prepare, deed.recover)

    with capsys.disabled():
        print(f"\nhanding on: {points} crash points on {connection.vendor}")
    assert points > 0
    assert wrong == {}
    assert crash_points(lambda: torn(deed.prepare(), Record, "write"), deed.recover, until_wrong=True)[1] != {}
