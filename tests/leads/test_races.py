"""Many at once: one owner, one queue place, one turn each (promise P6)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.db import connection

from inputs.refusals import Conflict, Refusal
from leads import handoffs
from leads.models import Assignment, Clock, Handoff, Lead, LeadEvent, Transfer
from leads.outcomes import open_opportunity
from leads.transfers import OfferedAlready, accept_transfer, decline_transfer, transfer, withdraw_transfer
from ledger.models import AuditEntry, Notice
from sla.in_force import InForce
from teams.models import Availability, Team, User
from tests.cast import NOW
from tests.leads.worlds import away, bring_to, clock, crowd, go_round, offered, ready_lead
from tests.racing import refusals_of

pytestmark = pytest.mark.django_db(transaction=True)

LATER = NOW + timedelta(minutes=5)


def many() -> int:
    """How many at once: SQLite has one writer, so that few show as much there."""
    return 32 if connection.vendor == "postgresql" else 8


def at_once(calls: Sequence[Callable[[], object]]) -> list[Refusal | None]:
    """Make all calls at the same moment; give what each was refused with."""
    return refusals_of(calls, Refusal)


def loaded(users: Sequence[User]) -> list[User]:
    """Load users with what their roles need, as a request does, in the given order."""
    found = User.objects.with_teams().in_bulk([user.pk for user in users])
    return [found[user.pk] for user in users]


@pytest.fixture
def lead(agreement: InForce, maya: User, sam: User, sales: Team) -> Lead:
    """A lead that is offered to Sam."""
    go_round(sales)
    lead = ready_lead()
    offered(lead, maya)
    return lead


def test_of_many_who_accept_at_once_one_wins_and_the_others_learn_who(lead: Lead, sam: User, sales: Team) -> None:
    actors = loaded([sam, *crowd(many() - 1, sales, is_manager=True)])

    refusals = at_once([partial(handoffs.accept, lead_id=lead.pk, actor=actor, at=LATER) for actor in actors])

    (winner,) = [actor for actor, refusal in zip(actors, refusals, strict=True) if refusal is None]
    others = [refusal for refusal in refusals if refusal is not None]
    assert len(others) == many() - 1
    assert {type(refusal) for refusal in others} == {handoffs.AlreadyTaken}
    assert {refusal.details["winner"] for refusal in others} == {winner.pk}
    assert all(winner.name in refusal.message and refusal.status == 409 for refusal in others)
    assert Handoff.objects.get(lead=lead).decided_by == winner
    assert LeadEvent.objects.filter(kind="accepted").count() == 1
    assert AuditEntry.objects.filter(verb="accept").count() == 1
    assert Clock.objects.filter(promise="first_attempt").count() == 1


def test_a_double_click_accepts_once(lead: Lead, sam: User) -> None:
    (actor,) = loaded([sam])

    refusals = at_once([lambda: handoffs.accept(lead_id=lead.pk, actor=actor, at=LATER)] * 4)

    assert Counter(type(refusal) for refusal in refusals) == {type(None): 1, handoffs.AlreadyTaken: 3}
    assert LeadEvent.objects.filter(kind="accepted").count() == 1


def test_accepting_rejecting_and_recalling_at_once_leave_one_outcome(
    lead: Lead, maya: User, sam: User, sue: User
) -> None:
    maya, sam, sue = loaded([maya, sam, sue])
    calls: list[Callable[[], object]] = [
        lambda: handoffs.accept(lead_id=lead.pk, actor=sam, at=LATER),
        lambda: handoffs.reject(lead_id=lead.pk, reason="duplicate", actor=sue, at=LATER),
        lambda: handoffs.recall(lead_id=lead.pk, actor=maya, at=LATER),
    ]

    refusals = at_once(calls)

    assert [refusal for refusal in refusals if refusal is None] == [None]
    assert all(isinstance(refusal, Conflict) for refusal in refusals if refusal)
    lead.refresh_from_db()
    handoff = lead.handoffs.get()
    assert (handoff.state, lead.stage) in {("accepted", "sal"), ("rejected", "lead"), ("recalled", "lead")}
    assert clock("accept", lead).state == ("cancelled" if handoff.state == "recalled" else "met")
    assert AuditEntry.objects.filter(at=LATER).count() == 1


def test_whatever_meets_a_transfer_it_ends_once(
    agreement: InForce, maya: User, sam: User, sue: User, sales: Team
) -> None:
    go_round(sales)
    lead = bring_to("sql", ready_lead(), maya=maya, sam=sam)
    sam, rita, sue = loaded([sam, *crowd(1, sales), sue])
    offers = at_once([partial(transfer, lead_id=lead.pk, user_id=rita.pk, actor=sam, at=NOW)] * 3)
    closes = LATER.date() + timedelta(days=9)

    refusals = at_once(
        [
            partial(accept_transfer, lead_id=lead.pk, actor=rita, at=LATER),
            partial(accept_transfer, lead_id=lead.pk, actor=sue, at=LATER),
            partial(decline_transfer, lead_id=lead.pk, actor=rita, at=LATER),
            partial(withdraw_transfer, lead_id=lead.pk, actor=sam, at=LATER),
            partial(
                open_opportunity, lead_id=lead.pk, amount=Decimal(9), expected_close_on=closes, actor=sam, at=LATER
            ),
        ]
    )

    assert Counter(type(refusal) for refusal in offers) == {type(None): 1, OfferedAlready: 2}
    assert {refusal.status for refusal in refusals if refusal} <= {403, 409}
    lead.refresh_from_db()
    (offered_once,) = Transfer.objects.all()
    assert offered_once.state in ("accepted", "declined", "withdrawn", "ended")
    assert lead.owner_id == (rita.pk if offered_once.state == "accepted" else sam.pk)
    assert (lead.stage == "opportunity") == (refusals[-1] is None)
    assert LeadEvent.objects.filter(kind__in=["transferred", "transfer_ended"]).count() == 1
    accepting = Clock.objects.get(lead=lead, promise="accept")
    assert accepting.state == ("met" if offered_once.state in ("accepted", "declined") else "cancelled")


def test_of_many_who_claim_one_lead_one_gets_it(agreement: InForce, maya: User, sam: User, sales: Team) -> None:
    go_round(sales)
    away(sam)
    lead = ready_lead()
    offered(lead, maya)
    actors = loaded(crowd(many(), sales))

    refusals = at_once([partial(handoffs.claim, lead_id=lead.pk, actor=actor, at=LATER) for actor in actors])

    (winner,) = [actor for actor, refusal in zip(actors, refusals, strict=True) if refusal is None]
    assert {refusal.details["winner"] for refusal in refusals if refusal} == {winner.pk}
    assert Handoff.objects.get(lead=lead).assignee == winner
    assert Assignment.objects.filter(lead=lead, cause="claimed").count() == 1


def test_leads_handed_off_at_once_take_a_turn_each_and_respect_what_is_full(
    agreement: InForce, maya: User, sue: User, sales: Team
) -> None:
    reps = crowd(4, sales)
    for rep in reps:
        Availability.objects.create(user=rep, open_lead_capacity=many() // 4)
    go_round(sales)
    leads = [ready_lead() for _ in range(many() + 2)]
    (actor,) = loaded([maya])

    refusals = at_once([partial(handoffs.hand_off, lead_id=lead.pk, actor=actor, at=NOW) for lead in leads])

    assert refusals == [None] * len(leads)
    got: Counter[int | None] = Counter(Handoff.objects.values_list("assignee", flat=True))
    assert got.pop(None) == 2
    assert got == {rep.pk: many() // 4 for rep in reps}
    offers = Notice.objects.filter(code="lead_offered", channel="in_app").values_list("subject_id", flat=True)
    assert len(set(offers)) == len(offers) == many()
