"""The verbs of the handoff and of who has a lead: what they change, start, stop, tell and refuse."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from inputs.refusals import Conflict, NotAllowed, NotVisible
from leads import handoffs
from leads.codes import PROCEDURAL_REJECTIONS, REJECTIONS
from leads.holding import Moved, NotYours
from leads.lifecycle import STEPS, Stage, WrongStage
from leads.models import Handoff, Lead, LeadEvent
from leads.reasons import BadReason
from ledger.models import AuditEntry
from sla.in_force import InForce
from teams.models import Team, User
from tests.cast import NOW, office, person
from tests.leads.worlds import (
    away,
    bring_to,
    clock,
    everything,
    go_round,
    make_campaign,
    offered,
    ready_lead,
    told,
)  # fmt: skip

LATER = NOW + timedelta(minutes=5)


@pytest.fixture(autouse=True)
def _routed(agreement: InForce, sam: User, sales: Team) -> None:
    """Sam takes all leads; the agreement is in force."""
    go_round(sales)


def reject(lead: Lead, actor: User, **more: Any) -> None:
    handoffs.reject(lead_id=lead.pk, actor=actor, at=LATER, **{"reason": "wrong_size", **more})


VERBS: dict[str, Callable[[Lead, User, User], Any]] = {
    "hand_off": lambda lead, actor, _: handoffs.hand_off(lead_id=lead.pk, actor=actor, at=LATER),
    "accept": lambda lead, actor, _: handoffs.accept(lead_id=lead.pk, actor=actor, at=LATER),
    "reject": lambda lead, actor, _: reject(lead, actor),
    "return": lambda lead, actor, _: handoffs.return_lead(lead_id=lead.pk, reason="wrong_role", actor=actor, at=LATER),
    "reroute": lambda lead, actor, _: handoffs.reroute(lead_id=lead.pk, actor=actor, at=LATER),
    "recall": lambda lead, actor, _: handoffs.recall(lead_id=lead.pk, actor=actor, at=LATER),
    "assign": lambda lead, actor, rita: handoffs.assign(lead_id=lead.pk, user_id=rita.pk, actor=actor, at=LATER),
}
BY_MARKETING = {"hand_off", "recall"}
BY_MANAGER = {"assign"}


def sources(verb: str) -> frozenset[Stage]:
    """Give the stages a verb may start from; ``assign`` is two steps of the table, and needs sales to have the lead."""
    return STEPS["assign"].sources | STEPS["reassign"].sources if verb == "assign" else STEPS[verb].sources


# Transitions ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", list(Stage))
@pytest.mark.parametrize("verb", sorted(VERBS))
def test_a_verb_is_possible_from_the_stages_of_the_table_and_from_no_other(
    verb: str, stage: Stage, maya: User, sam: User, sue: User, sales: Team
) -> None:
    lead = ready_lead()
    if (verb, stage) != ("hand_off", Stage.MQL):
        bring_to(stage, lead, maya=maya, sam=sam)
    actor = maya if verb in BY_MARKETING else sue if verb in BY_MANAGER else sam
    rita = person("Rita", sales)
    before = everything()

    if stage in sources(verb):
        VERBS[verb](lead, actor, rita)

        target = None if verb == "assign" else STEPS[verb].target
        lead.refresh_from_db()
        assert lead.stage == (target or stage)
        assert AuditEntry.objects.filter(at=LATER).count() == 1
    else:
        with pytest.raises(Conflict):
            VERBS[verb](lead, actor, rita)
        assert everything() == before


# Permissions ---------------------------------------------------------------------------------------------------------

ALLOWED = {
    "hand_off": {"maya", "mona"},
    "accept": {"sam", "sue"},
    "reject": {"sam", "sue"},
    "return": {"sam", "sue"},
    "reroute": {"sam", "sue"},
    "recall": {"maya", "mona"},
    "assign": {"sue"},
}


@pytest.mark.parametrize("who", ["maya", "mona", "sam", "sue", "rita", "olive", "boss"])
@pytest.mark.parametrize("verb", sorted(VERBS))
def test_only_the_roles_of_the_table_may(
    verb: str, who: str, maya: User, mona: User, sam: User, sue: User, olive: User, sales: Team
) -> None:
    """Rita is another rep of the team, the boss a sales manager of another team; neither has the lead."""
    rita, boss = person("Rita", sales), person("Boss", office("Abroad", "sales"), is_manager=True)
    people = {"maya": maya, "mona": mona, "sam": sam, "sue": sue, "rita": rita, "olive": olive, "boss": boss}
    lead = ready_lead()
    if verb != "hand_off":
        bring_to("sal" if verb == "return" else "mql", lead, maya=maya, sam=sam)
    before = everything()

    if who in ALLOWED[verb]:
        VERBS[verb](lead, people[who], rita)
        assert everything() != before
    else:
        with pytest.raises(NotVisible if who == "olive" else NotAllowed):
            VERBS[verb](lead, people[who], rita)
        assert everything() == before


def test_a_lead_that_does_not_exist_looks_like_one_that_may_not_be_seen(sam: User, olive: User, maya: User) -> None:
    lead = bring_to("mql", ready_lead(), maya=maya, sam=sam)

    with pytest.raises(NotVisible) as hidden:
        handoffs.accept(lead_id=lead.pk, actor=olive, at=LATER)
    with pytest.raises(NotVisible) as missing:
        handoffs.accept(lead_id=lead.pk + 999, actor=sam, at=LATER)

    assert (hidden.value.message, hidden.value.code) == (missing.value.message, missing.value.code)


def test_a_rep_who_left_may_not_accept_any_more(sam: User, maya: User) -> None:
    lead = bring_to("mql", ready_lead(), maya=maya, sam=sam)
    sam.memberships.all().delete()

    with pytest.raises(NotVisible):
        handoffs.accept(lead_id=lead.pk, actor=User.objects.get(pk=sam.pk), at=LATER)


# Hand off ------------------------------------------------------------------------------------------------------------


def test_handing_off_offers_the_lead_under_the_agreement_in_force(maya: User, sam: User, agreement: InForce) -> None:
    campaign = make_campaign(maya)
    lead = ready_lead(campaign=campaign)

    handoff = offered(lead, maya)

    lead.refresh_from_db()
    assert (handoff.assignee, handoff.state, handoff.ordinal, handoff.tier) == (sam, "open", 1, "hot")
    assert (handoff.version_id, handoff.offered_by, handoff.assigned_at) == (agreement.version_id, maya, NOW)
    assert (lead.stage, lead.owner, lead.queue, lead.tier, lead.handoff_count) == ("mql", None, None, "hot", 1)
    assert told("lead_offered") == ["Sam"]
    kinds = LeadEvent.objects.filter(lead=lead).order_by("id").values_list("kind", "user", "campaign")
    assert list(kinds) == [("handed_off", None, campaign.pk), ("assigned", sam.pk, None)]
    accepting = clock("accept", lead)
    assert (accepting.user, accepting.state, accepting.due_at) == (sam, "running", NOW + timedelta(minutes=15))


def test_handing_off_twice_is_a_clear_conflict(maya: User) -> None:
    lead = ready_lead()
    first = offered(lead, maya)

    with pytest.raises(handoffs.AlreadyTaken) as refused:
        handoffs.hand_off(lead_id=lead.pk, actor=maya, at=LATER)

    assert refused.value.details == {"handoff": first.pk}


def test_the_third_handoff_is_a_marketing_managers(maya: User, mona: User, sam: User) -> None:
    lead = ready_lead(handoff_count=2)

    with pytest.raises(handoffs.NeedsManager, match="handed off twice"):
        handoffs.hand_off(lead_id=lead.pk, actor=maya, at=NOW)
    handoffs.hand_off(lead_id=lead.pk, actor=mona, at=NOW)

    assert Handoff.objects.get(lead=lead).ordinal == 3


# Accept --------------------------------------------------------------------------------------------------------------


def test_accepting_keeps_one_promise_and_begins_the_next(maya: User, sam: User, agreement: InForce) -> None:
    lead = bring_to("mql", ready_lead(), maya=maya, sam=sam)

    handoffs.accept(lead_id=lead.pk, actor=sam, at=LATER)

    lead.refresh_from_db()
    handoff = lead.handoffs.get()
    assert (lead.stage, lead.owner, lead.sal_at) == ("sal", sam, LATER)
    assert (handoff.state, handoff.decided_by, handoff.decided_at) == ("accepted", sam, LATER)
    assert clock("accept", lead).state == "met"
    attempt = clock("first_attempt", lead)
    assert (attempt.state, attempt.user, attempt.started_at, attempt.lead) == ("running", sam, LATER, lead)
    assert LeadEvent.objects.get(kind="accepted").user == sam
    entry = AuditEntry.objects.get(verb="accept")
    assert (entry.actor, entry.subject_id) == (sam, lead.pk)


def test_accepting_again_is_a_conflict_that_names_the_winner(maya: User, sam: User, sue: User) -> None:
    lead = bring_to("sal", ready_lead(), maya=maya, sam=sam)
    before = everything()

    for actor in (sam, sue):
        with pytest.raises(handoffs.AlreadyTaken) as refused:
            handoffs.accept(lead_id=lead.pk, actor=actor, at=LATER)
        assert "Sam" in refused.value.message
        assert refused.value.details["winner"] == sam.pk

    assert everything() == before


def test_the_cover_of_an_absent_rep_accepts_and_owns_it(maya: User, sam: User, sales: Team) -> None:
    rita = person("Rita", sales)
    lead = bring_to("mql", ready_lead(), maya=maya, sam=sam)

    with pytest.raises(NotYours, match="Sam"):
        handoffs.accept(lead_id=lead.pk, actor=rita, at=LATER)
    away(sam, rita)
    handoffs.accept(lead_id=lead.pk, actor=rita, at=LATER)

    lead.refresh_from_db()
    assert (lead.owner, lead.handoffs.get().assignee) == (rita, rita)
    assert clock("first_attempt", lead).user == rita


def test_a_manager_accepts_for_the_rep(maya: User, sam: User, sue: User) -> None:
    lead = bring_to("mql", ready_lead(), maya=maya, sam=sam)

    handoffs.accept(lead_id=lead.pk, actor=sue, at=LATER)

    lead.refresh_from_db()
    assert (lead.owner, lead.handoffs.get().decided_by) == (sam, sue)


def test_a_page_that_shows_an_earlier_handoff_is_stale(maya: User, sam: User) -> None:
    lead = ready_lead()
    old = offered(lead, maya)
    handoffs.recall(lead_id=lead.pk, actor=maya, at=LATER)
    Lead.objects.filter(pk=lead.pk).update(stage="mql")
    offered(lead, maya)

    with pytest.raises(Moved):
        handoffs.accept(lead_id=lead.pk, actor=sam, at=LATER, handoff_id=old.pk)
    with pytest.raises(Moved):
        reject(lead, sam, handoff_id=old.pk)


def test_several_are_accepted_together_or_none(maya: User, sam: User) -> None:
    leads = [bring_to("mql", ready_lead(), maya=maya, sam=sam) for _ in range(3)]
    handoffs.recall(lead_id=leads[2].pk, actor=maya, at=NOW)

    with pytest.raises(WrongStage):
        handoffs.accept_many(lead_ids=[lead.pk for lead in leads], actor=sam, at=LATER)
    assert set(Lead.objects.values_list("stage", flat=True)) == {"mql", "lead"}
    handoffs.accept_many(lead_ids=[lead.pk for lead in leads[:2]], actor=sam, at=LATER)

    assert Lead.objects.filter(stage="sal", owner=sam).count() == 2
    assert AuditEntry.objects.get(verb="accept").count == 2


# Reject, return ------------------------------------------------------------------------------------------------------


def test_a_rejected_lead_is_back_with_the_marketer_of_its_last_campaign(maya: User, sam: User) -> None:
    lead = bring_to("mql", ready_lead(campaign=make_campaign(maya)), maya=maya, sam=sam)

    reject(lead, sam, reason="other", note="Knows us already")

    lead.refresh_from_db()
    handoff = lead.handoffs.get()
    assert (lead.stage, lead.marketer, lead.owner, lead.needs_new_reason) == ("lead", maya, None, True)
    assert (handoff.state, handoff.reason, handoff.note) == ("rejected", "other", "Knows us already")
    assert clock("accept", lead).state == "met"
    assert told("lead_rejected") == ["Maya"]
    event = LeadEvent.objects.get(kind="rejected")
    assert (event.code, event.user, event.facts) == ("other", sam, {"returned": False})


def test_a_campaign_of_somebody_who_left_leads_back_to_the_marketing_queue(maya: User, mona: User, sam: User) -> None:
    former = person("Former", is_active=False)
    lead = bring_to("mql", ready_lead(campaign=make_campaign(former)), maya=maya, sam=sam)

    reject(lead, sam)

    lead.refresh_from_db()
    assert lead.marketer is None
    assert told("lead_rejected") == ["Mona"]


def test_the_marketer_and_another_campaign_owner_are_both_told_once(maya: User, mona: User, sam: User) -> None:
    lead = bring_to("mql", ready_lead(campaign=make_campaign(maya)), maya=maya, sam=sam)
    Lead.objects.filter(pk=lead.pk).update(last_campaign=make_campaign(mona, "autumn"))

    reject(lead, sam)

    assert told("lead_rejected") == ["Maya", "Mona"]


@pytest.mark.parametrize(
    ("reason", "note", "field"),
    [
        ("", "", "reason"),
        ("too_lazy", "", "reason"),
        ("other", "  ", "note"),
        ("wrong_size", "x" * 2001, "note"),
        ("wrong_size", "a\x00b", "note"),
    ],
)
def test_a_rejection_needs_a_known_reason_and_a_fit_note(
    reason: str, note: str, field: str, maya: User, sam: User
) -> None:
    lead = bring_to("mql", ready_lead(), maya=maya, sam=sam)

    with pytest.raises(BadReason) as refused:
        reject(lead, sam, reason=reason, note=note)

    assert refused.value.field == field
    assert lead.handoffs.get().state == "open"


def test_procedural_rejections_are_told_apart_by_their_code() -> None:
    assert {"open_opportunity", "competitor"} < PROCEDURAL_REJECTIONS < set(REJECTIONS)


def test_returning_an_accepted_lead_counts_as_a_rejection(maya: User, sam: User) -> None:
    lead = bring_to("sal", ready_lead(campaign=make_campaign(maya)), maya=maya, sam=sam)

    handoffs.return_lead(lead_id=lead.pk, reason="wrong_role", actor=sam, at=LATER)

    lead.refresh_from_db()
    handoff = lead.handoffs.get()
    assert (lead.stage, lead.owner, lead.marketer, lead.needs_new_reason) == ("lead", None, maya, True)
    assert (handoff.was_returned, handoff.reason, handoff.state) == (True, "wrong_role", "accepted")
    assert clock("first_attempt", lead).state == "cancelled"
    assert LeadEvent.objects.get(kind="rejected").facts == {"returned": True}
    assert told("lead_rejected") == ["Maya"]


def test_after_a_conversation_a_lead_is_not_returned(maya: User, sam: User) -> None:
    lead = bring_to("sal", ready_lead(), maya=maya, sam=sam)
    Lead.objects.filter(pk=lead.pk).update(conversed_at=NOW)

    with pytest.raises(WrongStage, match="conversation"):
        handoffs.return_lead(lead_id=lead.pk, reason="wrong_role", actor=sam, at=LATER)


def test_a_lead_that_sales_found_is_not_returned(sam: User) -> None:
    lead = ready_lead(stage="sal", origin="sales", owner=sam)

    with pytest.raises(WrongStage, match="found"):
        handoffs.return_lead(lead_id=lead.pk, reason="wrong_role", actor=sam, at=LATER)
