"""Somebody to whom a lead is offered, by marketing or by a colleague, is away when the time to answer is over."""

from __future__ import annotations

from datetime import timedelta

import pytest

from leads.assigning import IsAway
from leads.intake.pipeline import take_in
from leads.models import Clock, Lead, Transfer
from leads.sweep import sweep
from leads.transfers import accept_transfer, transfer
from ledger.models import Notice
from replay.invariants import presence
from replay.invariants.facts import Facts
from teams.models import Absence
from tests.cast import NOW, person
from tests.leads.intake_world import anna
from tests.leads.leave_world import came, sam_alone
from tests.targets.world import promise
from tests.verbs.company import Company
from tests.verbs.invariants import broken_promises
from tests.verbs.test_clock_table import DAY, TO_REP
from tests.verbs.test_transfers import LATER, SECOND, accepting, step_at

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("covers", ["zoe", "sam", ""])
def test_at_the_end_of_the_window_it_is_the_covers_or_stays_while_the_colleague_is_away(
    covers: str, company: Company
) -> None:
    zoe = person("Zoe", company.sales)
    (outcome,) = take_in([anna(origin="sales")], actor=company.sam, at=NOW)
    lead = Lead.objects.get(pk=outcome.lead_id or 0)
    transfer(lead_id=lead.pk, user_id=company.rita.pk, actor=company.sam, at=LATER)
    at = step_at(accepting(lead), "auto_accept") + SECOND
    Clock.objects.exclude(pk=accepting(lead).pk).update(next_action_at=None)
    cover = {"zoe": zoe, "sam": company.sam, "": None}[covers]
    Absence.objects.create(user=company.rita, cover=cover, starts_at=LATER, ends_at=at + timedelta(days=1))

    with pytest.raises(IsAway, match="Rita is away"):
        accept_transfer(lead_id=lead.pk, actor=company.sue, at=at - SECOND)
    sweep(at=at)

    lead.refresh_from_db()
    ended = {"zoe": (zoe, "auto_accepted")}.get(covers, (company.sam, "ended"))
    assert (lead.owner, Transfer.objects.get().state) == ended
    assert list(presence.differences(Facts.load())) == []


@pytest.mark.parametrize("covers", [True, False])
def test_at_the_end_of_the_window_an_offer_is_accepted_for_who_covers_or_goes_to_the_queue(
    covers: bool, company: Company
) -> None:
    promise(company.mona, company.sue, escalation=[TO_REP], accept_window={"days": 1, "then": "auto_accept"})
    sam_alone(company)
    lead = came()
    at = NOW + timedelta(minutes=DAY + 1)
    cover = company.rita if covers else None
    Absence.objects.create(user=company.sam, cover=cover, starts_at=NOW, ends_at=at + timedelta(days=1))

    sweep(at=at)

    lead.refresh_from_db()
    queue = None if covers else company.sales
    assert (lead.owner, lead.queue, lead.stage) == (cover, queue, "sal" if covers else "mql")
    assert set(Notice.objects.filter(code="clock_taken").values_list("recipient__name", flat=True)) == {"Sam"}
    assert broken_promises(at=at) == []
