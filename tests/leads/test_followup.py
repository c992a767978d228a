"""Following up and what becomes of a lead: activities, ratings, SQL, opportunity, won, lost, recycled, disqualified, reopened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from inputs.refusals import Conflict, NotAllowed, NotVisible
from leads import handoffs, outcomes
from leads.codes import CONVERSATIONS, OUTCOMES
from leads.followup import BadActivity
from leads.lifecycle import STEPS, Stage
from leads.models import Activity, Lead, LeadEvent, Opportunity
from leads.outcomes import BadDeal, ChecklistIncomplete
from leads.reasons import BadReason
from ledger.models import AuditEntry, Notice
from sla.in_force import InForce
from teams.models import Team, User
from tests.cast import NOW, person
from tests.leads.follow_up_calls import CLOSE, LATER, VERBS, log
from tests.leads.worlds import CHECKLIST, bring_to, clock, everything, go_round, make_campaign, ready_lead, told


@pytest.fixture(autouse=True)
def _routed(agreement: InForce, sam: User, sales: Team) -> None:
    """Sam takes all leads; the agreement is in force."""
    go_round(sales)


PLACES = {
    "log_activity": "sal", "qualify_for_sales": "sal", "open_opportunity": "sql", "win": "opportunity",
    "lose": "opportunity", "recycle": "sal", "disqualify": "sql", "reopen": "lost",
}  # fmt: skip


# Transitions ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", list(Stage))
@pytest.mark.parametrize("verb", sorted(VERBS))
def test_a_verb_is_possible_from_the_stages_of_the_table_and_from_no_other(
    verb: str, stage: Stage, maya: User, sam: User
) -> None:
    lead = bring_to(stage, ready_lead(), maya=maya, sam=sam)
    Lead.objects.filter(pk=lead.pk).update(conversed_at=NOW)
    actor = maya if (verb, stage) == ("disqualify", Stage.LEAD) else sam
    before = everything()

    if stage in STEPS[verb].sources and (verb, stage) != ("disqualify", Stage.MQL):  # which is offered to sales
        VERBS[verb](lead, actor)

        lead.refresh_from_db()
        accepted = Stage.SAL if (verb, stage) == ("log_activity", Stage.MQL) else stage
        assert lead.stage == (STEPS[verb].target or accepted)
        assert AuditEntry.objects.filter(at=LATER).count() == 1
    else:
        with pytest.raises(Conflict if (verb, stage) != ("disqualify", Stage.LEAD) else NotAllowed):
            VERBS[verb](lead, actor)
        assert everything() == before


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_the_same_call_twice_is_a_conflict_or_a_second_activity(verb: str, maya: User, sam: User) -> None:
    lead = bring_to(PLACES[verb], ready_lead(), maya=maya, sam=sam)
    Lead.objects.filter(pk=lead.pk).update(conversed_at=NOW)
    VERBS[verb](lead, sam)
    before = everything()

    if verb == "log_activity":
        VERBS[verb](lead, sam)
        assert Activity.objects.filter(lead=lead).count() == 2
    else:
        with pytest.raises(Conflict):
            VERBS[verb](lead, sam)
        assert everything() == before


@pytest.mark.parametrize("who", ["maya", "mona", "sam", "sue", "rita", "olive"])
@pytest.mark.parametrize("verb", sorted(set(VERBS) - {"reopen"}))
def test_only_its_rep_and_their_manager_may_work_on_a_lead(
    verb: str, who: str, maya: User, mona: User, sam: User, sue: User, olive: User, sales: Team
) -> None:
    people = {"maya": maya, "mona": mona, "sam": sam, "sue": sue, "olive": olive, "rita": person("Rita", sales)}
    lead = bring_to(PLACES[verb], ready_lead(), maya=maya, sam=sam)
    Lead.objects.filter(pk=lead.pk).update(conversed_at=NOW)
    before = everything()

    if who in {"sam", "sue"}:
        VERBS[verb](lead, people[who])
        assert everything() != before
    else:
        with pytest.raises(NotVisible if who == "olive" else NotAllowed):
            VERBS[verb](lead, people[who])
        assert everything() == before


# Activities ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_outbound", [True, False])
@pytest.mark.parametrize("outcome", sorted(OUTCOMES))
def test_attempts_and_conversations_are_never_counted_as_each_other(
    outcome: str, is_outbound: bool, maya: User, sam: User
) -> None:
    lead = bring_to("sal", ready_lead(), maya=maya, sam=sam)
    two_way = outcome in CONVERSATIONS
    if not is_outbound and not two_way:
        with pytest.raises(BadActivity):
            log(lead, sam, outcome, is_outbound=False)
        return

    log(lead, sam, outcome, is_outbound=is_outbound)

    lead.refresh_from_db()
    kinds = set(LeadEvent.objects.filter(lead=lead, kind__in=["attempted", "conversed"]).values_list("kind", flat=True))
    assert kinds == ({"attempted"} if is_outbound else set()) | ({"conversed"} if two_way else set())
    assert lead.attempt_count == int(is_outbound)
    assert (lead.first_attempt_at is not None, lead.conversed_at is not None) == (is_outbound, two_way)
    assert clock("first_attempt", lead).state == "met"


def test_an_activity_on_an_offered_lead_accepts_it_first(maya: User, sam: User) -> None:
    lead = bring_to("mql", ready_lead(), maya=maya, sam=sam)

    log(lead, sam)

    lead.refresh_from_db()
    assert (lead.stage, lead.owner, lead.handoffs.get().state) == ("sal", sam, "accepted")
    assert (clock("accept", lead).state, clock("first_attempt", lead).state) == ("met", "met")
    kinds = LeadEvent.objects.filter(recorded_at=LATER).order_by("id").values_list("kind", flat=True)
    assert list(kinds) == ["accepted", "attempted"]
    assert AuditEntry.objects.filter(at=LATER).count() == 1


def test_an_activity_logged_late_stays_a_miss_and_keeps_when_it_was_done(maya: User, sam: User) -> None:
    lead = bring_to("sal", ready_lead(), maya=maya, sam=sam)
    in_time, overdue = NOW + timedelta(minutes=10), NOW + timedelta(hours=2)

    log(lead, sam, at=overdue, occurred_at=in_time)

    missed = clock("first_attempt", lead)
    assert (missed.state, missed.missed_at, missed.answered_at) == ("missed", missed.due_at, overdue)
    event = LeadEvent.objects.get(kind="attempted")
    assert (event.occurred_at, event.recorded_at) == (in_time, overdue)
    lead.refresh_from_db()
    assert lead.first_attempt_at == in_time


@pytest.mark.parametrize(
    ("field", "more"),
    [
        ("kind", {"kind": "fax"}),
        ("outcome", {"outcome": "splendid"}),
        ("occurred_at", {"occurred_at": LATER + timedelta(seconds=1)}),
        ("occurred_at", {"occurred_at": NOW - timedelta(minutes=1)}),
        ("note", {"note": "x" * 2001}),
        ("note", {"note": "half \ud800"}),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(field: str, more: dict[str, Any], maya: User, sam: User) -> None:
    lead = bring_to("sal", ready_lead(), maya=maya, sam=sam)
    before = everything()

    with pytest.raises((BadActivity, BadReason)) as refused:
        log(lead, sam, **more)

    assert refused.value.field == field
    assert everything() == before


def test_what_was_done_in_a_former_life_keeps_no_promise_of_this_one(maya: User, sam: User) -> None:
    lead = bring_to("sal", ready_lead(captured_at=NOW - timedelta(days=200)), maya=maya, sam=sam)

    with pytest.raises(BadActivity) as refused:
        log(lead, sam, occurred_at=NOW - timedelta(days=199))

    assert (refused.value.field, refused.value.code) == ("occurred_at", "before_ready")
    assert clock("first_attempt", lead).state == "running"


# SQL -----------------------------------------------------------------------------------------------------------------


def test_every_item_of_the_checklist_has_to_be_confirmed(maya: User, sam: User) -> None:
    lead = bring_to("sal", ready_lead(), maya=maya, sam=sam)
    log(lead, sam, "conversation")

    with pytest.raises(ChecklistIncomplete) as refused:
        outcomes.qualify_for_sales(lead_id=lead.pk, confirmed=["need", "budget", "charm"], actor=sam, at=LATER)

    found = {(problem.field, problem.code) for problem in refused.value.problems}
    assert found == {
        ("conversation", "not_confirmed"), ("authority", "not_confirmed"), ("timing", "not_confirmed"),
        ("charm", "unknown_item"),
    }  # fmt: skip


def test_a_conversation_that_nobody_logged_cannot_be_confirmed(maya: User, sam: User) -> None:
    lead = bring_to("sal", ready_lead(), maya=maya, sam=sam)
    log(lead, sam, "left_message")

    with pytest.raises(ChecklistIncomplete) as refused:
        VERBS["qualify_for_sales"](lead, sam)

    assert [problem.code for problem in refused.value.problems] == ["not_logged"]


def test_an_sql_keeps_the_agreement_of_its_handoff(maya: User, sam: User, agreement: InForce) -> None:
    lead = bring_to("sql", ready_lead(), maya=maya, sam=sam)

    event = LeadEvent.objects.get(kind="qualified_for_sales")
    assert (event.version_id, event.facts) == (agreement.version_id, {"checklist": sorted(CHECKLIST)})
    assert lead.sql_at == NOW


# Opportunity ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "deal"),
    [
        ("amount", {"amount": Decimal(-1)}),
        ("amount", {"amount": Decimal("NaN")}),
        ("amount", {"amount": Decimal("Infinity")}),
        ("amount", {"amount": Decimal("1e12")}),
        ("amount", {"amount": Decimal("1.005")}),
        ("currency", {"currency": "euro"}),
        ("currency", {"currency": "eur"}),
        ("expected_close_on", {"expected_close_on": date(2026, 3, 1)}),
    ],
)
def test_a_deal_that_cannot_be_is_refused(field: str, deal: dict[str, Any], maya: User, sam: User) -> None:
    lead = bring_to("sql", ready_lead(), maya=maya, sam=sam)
    usual = {"amount": Decimal(1), "expected_close_on": CLOSE, "currency": "EUR"}

    with pytest.raises(BadDeal) as refused:
        outcomes.open_opportunity(lead_id=lead.pk, actor=sam, at=LATER, **{**usual, **deal})

    assert refused.value.field == field
    assert not Opportunity.objects.exists()


def test_winning_makes_a_customer_with_an_account_owner(maya: User, sam: User) -> None:
    lead = bring_to("opportunity", ready_lead(campaign=make_campaign(maya)), maya=maya, sam=sam)

    outcomes.win(lead_id=lead.pk, actor=sam, at=LATER, amount=Decimal("1500.00"))

    lead.refresh_from_db()
    deal, company = lead.opportunities.get(), lead.contact.company
    assert company is not None
    company.refresh_from_db()
    assert (lead.stage, lead.customer_at, deal.stage, deal.amount) == ("customer", LATER, "won", Decimal("1500.00"))
    assert (company.is_customer, company.owner) == (True, sam)
    won = LeadEvent.objects.get(kind="won")
    assert won.facts == {"opportunity": deal.pk, "amount": "1500.00", "currency": "EUR", "kind": "new"}
    assert told("lead_won") == ["Maya"]


def test_winning_leaves_an_account_owner_who_is_there(maya: User, sam: User, sue: User) -> None:
    lead = bring_to("opportunity", ready_lead(), maya=maya, sam=sam)
    company = lead.contact.company
    assert company is not None
    company.owner = sue
    company.save()

    VERBS["win"](lead, sam)

    company.refresh_from_db()
    assert company.owner == sue


def test_losing_closes_the_deal_with_its_reason(maya: User, sam: User) -> None:
    lead = bring_to("opportunity", ready_lead(campaign=make_campaign(maya)), maya=maya, sam=sam)

    outcomes.lose(lead_id=lead.pk, reason="other", note="Merged", actor=sam, at=LATER)

    deal = lead.opportunities.get()
    assert (deal.stage, deal.reason, deal.note, deal.closed_at) == ("lost", "other", "Merged", LATER)
    assert LeadEvent.objects.get(kind="lost").code == "other"
    assert told("lead_lost") == ["Maya"]


@pytest.mark.parametrize(
    ("verb", "place"), [(outcomes.lose, "opportunity"), (outcomes.recycle, "sal"), (outcomes.disqualify, "sql")]
)
def test_an_end_needs_a_reason_of_its_own_list(verb: Callable[..., Any], place: str, maya: User, sam: User) -> None:
    lead = bring_to(place, ready_lead(), maya=maya, sam=sam)

    with pytest.raises(BadReason) as refused:
        verb(lead_id=lead.pk, reason="wrong_size", actor=sam, at=LATER)

    assert refused.value.field == "reason"


# Together or not at all ----------------------------------------------------------------------------------------------


class Broken(Exception):
    """The database went away."""


@pytest.mark.parametrize("verb", ["accept", "reject", "reroute", "recall", "log_activity", "win", "recycle"])
def test_a_verb_that_breaks_at_any_statement_leaves_nothing_behind(verb: str, maya: User, sam: User, sue: User) -> None:
    calls: dict[str, Callable[[Lead], Any]] = {
        "accept": lambda lead: handoffs.accept(lead_id=lead.pk, actor=sam, at=LATER),
        "reject": lambda lead: handoffs.reject(lead_id=lead.pk, reason="duplicate", actor=sam, at=LATER),
        "reroute": lambda lead: handoffs.reroute(lead_id=lead.pk, actor=sam, at=LATER),
        "recall": lambda lead: handoffs.recall(lead_id=lead.pk, actor=maya, at=LATER),
        "log_activity": lambda lead: log(lead, sam),
        "win": lambda lead: VERBS["win"](lead, sam),
        "recycle": lambda lead: VERBS["recycle"](lead, sam),
    }
    lead = bring_to({"win": "opportunity", "recycle": "sal"}.get(verb, "mql"), ready_lead(), maya=maya, sam=sam)
    before, point = everything(), 0

    while True:
        point += 1
        try:
            with breaking_at(point):
                calls[verb](lead)
        except Broken:
            assert everything() == before, f"statement {point}"
        else:
            break

    assert point > 5
    assert everything() != before
    assert AuditEntry.objects.filter(at=LATER).count() == 1
    rows = Notice.objects.filter(created_at=LATER).values_list("code", "recipient", "channel")
    assert len(rows) == len(set(rows))


@contextmanager
def breaking_at(point: int) -> Iterator[None]:
    """Let the given statement fail; savepoints are not counted and work."""
    count = 0

    def breaks(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal count
        if "SAVEPOINT" not in sql:
            count += 1
            if count == point:
                raise Broken
        return execute(sql, params, many, context)

    with connection.execute_wrapper(breaks):
        yield
