"""An MQL that cannot be handed off for want of data: marketing owes to complete it, or gives it up."""

from __future__ import annotations

from datetime import timedelta

import pytest

from inputs.refusals import NotAllowed
from leads import handoffs, outcomes
from leads.lifecycle import WrongStage
from leads.models import Clock, Contact, Handoff, LeadEvent
from sla.in_force import InForce
from teams.models import Team, User
from tests.cast import NOW
from tests.leads.worlds import clock, everything, go_round, incomplete_lead, offered, ready_lead, told

LATER = NOW + timedelta(minutes=5)


@pytest.fixture(autouse=True)
def _routed(agreement: InForce, sam: User, sales: Team) -> None:
    """Sam takes all leads; the agreement is in force."""
    go_round(sales)


def test_a_lead_that_lacks_something_is_refused_with_the_whole_list_and_marketing_owes_it(maya: User) -> None:
    lead = incomplete_lead(maya)

    with pytest.raises(handoffs.NotReady) as refused:
        handoffs.hand_off(lead_id=lead.pk, actor=maya, at=NOW)

    assert [problem.field for problem in refused.value.problems] == ["name", "company"]
    assert "the person’s name" in refused.value.message
    assert not Handoff.objects.exists()
    event = LeadEvent.objects.get(lead=lead, kind="handoff_refused")
    assert event.facts == {"missing": ["name", "company"]}
    owed = Clock.objects.get(lead=lead)
    assert (owed.promise, owed.user, owed.state) == ("complete", maya, "running")
    assert owed.due_at == NOW + timedelta(hours=4)


def test_asking_again_while_the_same_is_missing_writes_nothing(maya: User) -> None:
    lead = incomplete_lead(maya)
    with pytest.raises(handoffs.NotReady):
        handoffs.hand_off(lead_id=lead.pk, actor=maya, at=NOW)
    before = everything()

    with pytest.raises(handoffs.NotReady):
        handoffs.hand_off(lead_id=lead.pk, actor=maya, at=LATER)

    assert everything() == before


def test_what_is_missing_is_written_anew_when_it_has_changed(maya: User) -> None:
    lead = incomplete_lead(maya)
    with pytest.raises(handoffs.NotReady):
        handoffs.hand_off(lead_id=lead.pk, actor=maya, at=NOW)
    Contact.objects.filter(pk=lead.contact_id).update(name="Anna Berg")

    with pytest.raises(handoffs.NotReady):
        handoffs.hand_off(lead_id=lead.pk, actor=maya, at=LATER)

    facts = LeadEvent.objects.filter(lead=lead, kind="handoff_refused").order_by("id").values_list("facts", flat=True)
    assert list(facts) == [{"missing": ["name", "company"]}, {"missing": ["company"]}]
    assert Clock.objects.filter(lead=lead, promise="complete").count() == 1


def test_marketing_gives_up_an_mql_that_cannot_be_completed(maya: User, sam: User) -> None:
    lead = incomplete_lead(maya)
    with pytest.raises(handoffs.NotReady):
        handoffs.hand_off(lead_id=lead.pk, actor=maya, at=NOW)
    with pytest.raises(NotAllowed):
        outcomes.disqualify(lead_id=lead.pk, reason="spam", actor=sam, at=LATER)

    outcomes.disqualify(lead_id=lead.pk, reason="spam", actor=maya, at=LATER)

    lead.refresh_from_db()
    assert (lead.stage, lead.disqualified_at) == ("disqualified", LATER)
    assert clock("complete", lead).state == "met"
    assert told("lead_disqualified") == []


def test_an_mql_that_sales_has_before_it_is_not_marketings_to_give_up(maya: User) -> None:
    lead = ready_lead()
    offered(lead, maya)
    before = everything()

    with pytest.raises(WrongStage, match="reject or recall it instead"):
        outcomes.disqualify(lead_id=lead.pk, reason="spam", actor=maya, at=LATER)

    assert everything() == before
