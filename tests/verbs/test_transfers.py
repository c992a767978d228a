"""Transferring a lead in work to a colleague: offer, accept, decline, take back, and what else may end the offer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest

from inputs.refusals import NotAllowed
from leads import followup, handoffs, moves, outcomes, staff
from leads.clock_plans import instant
from leads.handing_on import hand_on
from leads.handoffs import return_lead
from leads.holding import NotYours
from leads.intake.pipeline import take_in
from leads.lifecycle import WrongStage
from leads.models import Assignment, Clock, Handoff, Lead, LeadEvent, Opportunity, Transfer
from leads.reasons import BadReason
from leads.sweep import sweep
from leads.transfers import (
    CannotReceive,
    NotOffered,
    OfferedAlready,
    accept_transfer,
    decline_transfer,
    transfer,
    withdraw_transfer,
)
from ledger.models import Notice
from replay.invariants import figures, handing_on
from teams.models import Absence, User
from tests.cast import NOW, person
from tests.leads.intake_world import anna
from tests.leads.worlds import CHECKLIST
from tests.verbs.company import Company
from tests.verbs.invariants import broken_promises

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(minutes=5)
AFTER = LATER + timedelta(minutes=5)
SECOND = timedelta(seconds=1)


_numbers = count(1)


def with_sam(company: Company, stage: str = "sal") -> Lead:
    """Somebody of a firm of their own asks for a demo, and Sam accepts it."""
    number = next(_numbers)
    arrival = anna(email=f"anna@firm{number}.example", company=f"Firm {number}", phone="", key=f"asks {number}")
    (outcome,) = take_in([arrival], actor=None, at=NOW)
    lead = Lead.objects.get(pk=outcome.lead_id or 0)
    if lead.handoffs.get().assignee != company.sam:
        moves.assign(lead_id=lead.pk, user_id=company.sam.pk, actor=company.sue, at=NOW)
    handoffs.accept(lead_id=lead.pk, actor=company.sam, at=NOW)
    if stage == "sql":
        followup.log_activity(lead_id=lead.pk, kind="call", outcome="conversation", actor=company.sam, at=NOW)
        outcomes.qualify_for_sales(lead_id=lead.pk, confirmed=CHECKLIST, actor=company.sam, at=NOW)
    return lead


def offered(company: Company, stage: str = "sal") -> Lead:
    """Give a lead that Sam offers to Rita."""
    lead = with_sam(company, stage)
    transfer(lead_id=lead.pk, user_id=company.rita.pk, actor=company.sam, at=LATER, note="Knows SAP.")
    return lead


def states(lead: Lead, user: User) -> dict[str, str]:
    return dict(Clock.objects.filter(lead=lead, user=user).order_by("id").values_list("promise", "state"))


def told(code: str) -> set[str]:
    return set(Notice.objects.filter(code=code).values_list("recipient__name", flat=True))


def holds(at: Any) -> None:
    """Nothing that the independent checks look at is wrong, the figures of the dashboard among it."""
    assert [*broken_promises(at=at), *handing_on.differences(), *figures.differences(at=at)] == []


# Offer ----------------------------------------------------------------------------------------------------------------


def test_offering_leaves_the_lead_with_its_rep_and_starts_an_accept_clock_for_the_colleague(company: Company) -> None:
    lead = offered(company)

    lead.refresh_from_db()
    assert (lead.stage, lead.owner, lead.handoff_count) == ("sal", company.sam, 1)
    assert states(lead, company.rita) == {"accept": "running"}
    assert states(lead, company.sam) == {"first_attempt": "running", "cadence": "running", "verdict": "running"}
    assert (Handoff.objects.count(), told("transfer_offered")) == (1, {"Rita"})
    assert Transfer.objects.get().note == "Knows SAP."
    holds(LATER)


@pytest.mark.parametrize("stage", ["lead", "mql", "opportunity", "recycled"])
def test_only_what_is_accepted_and_no_deal_yet_is_transferred(stage: str, company: Company) -> None:
    lead = company.lead(stage)

    with pytest.raises(WrongStage):
        transfer(lead_id=lead.pk, user_id=company.rita.pk, actor=company.sam, at=LATER)


def test_only_who_has_it_or_their_manager_offers_it(company: Company) -> None:
    lead = with_sam(company)

    with pytest.raises(NotYours):
        transfer(lead_id=lead.pk, user_id=company.rita.pk, actor=company.rita, at=LATER)
    with pytest.raises(NotAllowed):
        transfer(lead_id=lead.pk, user_id=company.rita.pk, actor=company.maya, at=LATER)
    transfer(lead_id=lead.pk, user_id=company.rita.pk, actor=company.sue, at=LATER)
    assert Transfer.objects.get().giver == company.sam
    holds(LATER)


def test_it_is_offered_to_somebody_who_can_take_it(company: Company) -> None:
    lead = company.lead("sal")
    away = person("Zoe", company.sales)
    Absence.objects.create(user=away, starts_at=NOW, ends_at=NOW + timedelta(days=2))
    gone = person("Ron", company.sales, is_active=False)

    for user in (company.sam, company.maya, away, gone):
        with pytest.raises(CannotReceive) as refused:
            transfer(lead_id=lead.pk, user_id=user.pk, actor=company.sam, at=LATER)
        assert [problem.field for problem in refused.value.problems] == ["user_id"]
    with pytest.raises(BadReason):
        transfer(lead_id=lead.pk, user_id=company.rita.pk, actor=company.sam, at=LATER, note="x" * 2001)
    assert not Transfer.objects.exists()


def test_it_is_offered_to_one_at_a_time(company: Company) -> None:
    lead = offered(company)

    with pytest.raises(OfferedAlready, match="Rita"):
        transfer(lead_id=lead.pk, user_id=company.sue.pk, actor=company.sam, at=AFTER)


# Answer ---------------------------------------------------------------------------------------------------------------


def test_accepting_gives_it_to_the_colleague_who_begins_afresh(company: Company) -> None:
    lead = offered(company)

    accept_transfer(lead_id=lead.pk, actor=company.rita, at=AFTER)

    lead.refresh_from_db()
    assert (lead.stage, lead.owner) == ("sal", company.rita)
    running = {"first_attempt": "running", "cadence": "running", "verdict": "running"}
    assert states(lead, company.rita) == {"accept": "met", **running}
    assert states(lead, company.sam) == dict.fromkeys(running, "cancelled")
    assert Assignment.objects.latest("id").cause == "transfer"
    assert (told("transfer_accepted"), Transfer.objects.get().state) == ({"Sam"}, "accepted")
    holds(AFTER)


def test_an_sql_is_transferred_without_anything_to_attempt(company: Company) -> None:
    lead = offered(company, "sql")

    accept_transfer(lead_id=lead.pk, actor=company.rita, at=AFTER)
    outcomes.open_opportunity(
        lead_id=lead.pk, amount=Decimal(500), expected_close_on=AFTER.date(), actor=company.rita, at=AFTER
    )

    assert states(lead, company.rita) == {"accept": "met"}
    assert Opportunity.objects.get().owner == company.rita
    holds(AFTER)


def test_it_is_no_delivery_of_marketing_and_no_acceptance_of_one(company: Company) -> None:
    lead = offered(company)
    before = list(Handoff.objects.values())

    accept_transfer(lead_id=lead.pk, actor=company.rita, at=AFTER)

    assert list(Handoff.objects.values()) == before
    kinds = LeadEvent.objects.filter(lead=lead, recorded_at__gte=LATER).values_list("kind", flat=True)
    assert set(kinds) == {"transfer_offered", "transferred", "assigned"}


def test_a_cover_accepts_for_themselves_and_a_manager_for_the_colleague(company: Company) -> None:
    first, second = offered(company), offered(company)
    Absence.objects.create(user=company.rita, cover=company.sue, starts_at=AFTER, ends_at=AFTER + timedelta(days=1))

    with pytest.raises(NotYours, match="Rita"):
        accept_transfer(lead_id=first.pk, actor=company.sam, at=AFTER)
    accept_transfer(lead_id=first.pk, actor=company.sue, at=AFTER)
    Absence.objects.all().delete()
    accept_transfer(lead_id=second.pk, actor=company.sue, at=AFTER)

    assert [Lead.objects.get(pk=lead.pk).owner for lead in (first, second)] == [company.sue, company.rita]
    holds(AFTER)


def test_declining_keeps_the_promise_and_changes_nothing_else(company: Company) -> None:
    lead = offered(company)

    decline_transfer(lead_id=lead.pk, actor=company.rita, at=AFTER, note="I am full.")

    lead.refresh_from_db()
    assert lead.owner == company.sam
    assert states(lead, company.rita) == {"accept": "met"}
    assert set(states(lead, company.sam).values()) == {"running"}
    assert (told("transfer_ended"), Transfer.objects.get().answer) == ({"Sam"}, "I am full.")
    with pytest.raises(NotOffered):
        accept_transfer(lead_id=lead.pk, actor=company.rita, at=AFTER)
    holds(AFTER)


def test_who_offered_it_takes_it_back(company: Company) -> None:
    lead = offered(company)

    with pytest.raises(NotYours):
        withdraw_transfer(lead_id=lead.pk, actor=company.rita, at=AFTER)
    withdraw_transfer(lead_id=lead.pk, actor=company.sam, at=AFTER)
    transfer(lead_id=lead.pk, user_id=company.sue.pk, actor=company.sam, at=AFTER)

    assert states(lead, company.rita) == {"accept": "cancelled"}
    assert (told("transfer_ended"), Transfer.objects.filter(state="open").count()) == ({"Rita"}, 1)
    holds(AFTER)


# What else ends it ----------------------------------------------------------------------------------------------------


def _return(lead: Lead, c: Company) -> None:
    return_lead(lead_id=lead.pk, reason="wrong_role", actor=c.sam, at=AFTER)


def _reroute(lead: Lead, c: Company) -> None:
    moves.reroute(lead_id=lead.pk, actor=c.sam, at=AFTER)


def _assign(lead: Lead, c: Company) -> None:
    moves.assign(lead_id=lead.pk, user_id=c.sue.pk, actor=c.sue, at=AFTER)


def _recycle(lead: Lead, c: Company) -> None:
    outcomes.recycle(lead_id=lead.pk, reason="no_budget", actor=c.sam, at=AFTER)


def _become_an_sql(lead: Lead, c: Company) -> None:
    followup.log_activity(lead_id=lead.pk, kind="call", outcome="conversation", actor=c.sam, at=AFTER)
    outcomes.qualify_for_sales(lead_id=lead.pk, confirmed=CHECKLIST, actor=c.sam, at=AFTER)


def _disqualify(lead: Lead, c: Company) -> None:
    followup.log_activity(lead_id=lead.pk, kind="call", outcome="conversation", actor=c.sam, at=AFTER)
    outcomes.disqualify(lead_id=lead.pk, reason="vendor", actor=c.sam, at=AFTER)


def _giver_leaves(lead: Lead, c: Company) -> None:
    staff.deactivate(actor=c.sue, at=AFTER, user_id=c.sam.pk)


def _receiver_leaves(lead: Lead, c: Company) -> None:
    staff.deactivate(actor=c.sue, at=AFTER, user_id=c.rita.pk)


def _giver_goes_on_leave(lead: Lead, c: Company) -> None:
    Absence.objects.create(user=c.sam, starts_at=AFTER, ends_at=AFTER + timedelta(days=60))
    hand_on(at=AFTER)


def _receiver_goes_on_leave(lead: Lead, c: Company) -> None:
    Absence.objects.create(user=c.rita, starts_at=AFTER, ends_at=AFTER + timedelta(days=60))
    hand_on(at=AFTER)


ENDS: dict[str, Callable[[Lead, Company], None]] = {
    "returned": _return,
    "rerouted": _reroute,
    "reassigned": _assign,
    "recycled": _recycle,
    "qualified_for_sales": _become_an_sql,
    "disqualified": _disqualify,
    "left": _giver_leaves,
    "left ": _receiver_leaves,
    "away": _giver_goes_on_leave,
    "away ": _receiver_goes_on_leave,
}


@pytest.mark.parametrize("code", ENDS)
def test_it_ends_where_the_lead_or_one_of_the_two_goes(code: str, company: Company) -> None:
    lead = offered(company)

    ENDS[code](lead, company)

    assert Transfer.objects.get().state == "ended"
    assert LeadEvent.objects.get(kind="transfer_ended").code == code.strip()
    assert Clock.objects.get(lead=lead, promise="accept", user=company.rita).state == "cancelled"
    holds(AFTER)


@pytest.mark.parametrize("end", [_receiver_leaves, _receiver_goes_on_leave])
def test_where_the_colleague_goes_the_lead_stays_as_it_was(end: Callable[..., None], company: Company) -> None:
    lead = offered(company)

    end(lead, company)

    lead.refresh_from_db()
    assert (lead.owner, lead.queue) == (company.sam, None)
    assert set(states(lead, company.sam).values()) == {"running"}
    assert "Sam" in told("transfer_ended")


# Nobody answers -------------------------------------------------------------------------------------------------------


def accepting(lead: Lead) -> Clock:
    return Clock.objects.get(lead=lead, promise="accept")


def step_at(clock: Clock, action: str) -> Any:
    return instant(next(moment for _, name, moment in clock.plan if name == action))


def test_at_the_step_that_would_reassign_it_the_offer_lapses_and_the_giver_keeps_it(company: Company) -> None:
    lead = offered(company, "sql")
    at = step_at(accepting(lead), "reassign") + SECOND

    sweep(at=at)

    lead.refresh_from_db()
    assert (lead.owner, Transfer.objects.get().state) == (company.sam, "ended")
    assert LeadEvent.objects.get(kind="transfer_ended").code == "lapsed"
    assert (accepting(lead).state, accepting(lead).next_action_at) == ("missed", None)
    assert (told("transfer_ended"), told("clock_taken")) == ({"Sam"}, {"Rita"})
    assert sweep(at=at).total == 0
    holds(at)


def test_at_the_end_of_the_window_it_is_theirs_where_the_version_says_so(company: Company) -> None:
    (outcome,) = take_in([anna(origin="sales")], actor=company.sam, at=NOW)  # which is standard: its window ends first
    lead = Lead.objects.get(pk=outcome.lead_id or 0)
    followup.log_activity(lead_id=lead.pk, kind="call", outcome="conversation", actor=company.sam, at=NOW)
    outcomes.qualify_for_sales(lead_id=lead.pk, confirmed=CHECKLIST, actor=company.sam, at=NOW)
    transfer(lead_id=lead.pk, user_id=company.rita.pk, actor=company.sam, at=LATER)
    at = step_at(accepting(lead), "auto_accept") + SECOND

    sweep(at=at)

    lead.refresh_from_db()
    assert (lead.owner, Transfer.objects.get().state) == (company.rita, "auto_accepted")
    assert (accepting(lead).state, accepting(lead).answered_at) == ("missed", None)
    assert (told("transfer_accepted"), told("lead_assigned")) == ({"Sam"}, {"Rita"})
    assert sweep(at=at).total == 0
    holds(at)


def test_an_answer_after_the_miss_still_counts(company: Company) -> None:
    lead = offered(company, "sql")
    late = accepting(lead).due_at + timedelta(minutes=1)
    sweep(at=late - SECOND)

    accept_transfer(lead_id=lead.pk, actor=company.rita, at=late)

    assert (accepting(lead).state, accepting(lead).answered_at) == ("missed", late)
    assert Lead.objects.get(pk=lead.pk).owner == company.rita
    holds(late)


def test_a_lead_that_its_rep_neglects_goes_on_though_it_is_offered(company: Company) -> None:
    lead = offered(company)
    first = Clock.objects.get(lead=lead, promise="first_attempt")
    accept = accepting(lead)
    at = max(step_at(first, "reassign"), step_at(accept, "reassign")) + SECOND

    sweep(at=at)

    lead.refresh_from_db()
    assert lead.owner != company.sam
    assert LeadEvent.objects.get(kind="transfer_ended").code == "escalated"
    holds(at)


def test_an_activity_of_the_giver_counts_while_it_is_offered(company: Company) -> None:
    lead = offered(company)

    followup.log_activity(lead_id=lead.pk, kind="call", outcome="no_answer", actor=company.sam, at=AFTER)

    assert Clock.objects.get(lead=lead, promise="first_attempt").state == "met"
    with pytest.raises(NotYours):
        followup.log_activity(lead_id=lead.pk, kind="call", outcome="no_answer", actor=company.rita, at=AFTER)


def test_what_was_accepted_twice_is_refused(company: Company) -> None:
    lead = offered(company)
    accept_transfer(lead_id=lead.pk, actor=company.rita, at=AFTER)

    with pytest.raises(NotOffered):
        accept_transfer(lead_id=lead.pk, actor=company.rita, at=AFTER)
    with pytest.raises(handoffs.AlreadyTaken):
        handoffs.accept(lead_id=lead.pk, actor=company.rita, at=AFTER)
