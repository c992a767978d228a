"""What becomes of a lead that ends: recycled, disqualified, and begun anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from leads import outcomes, second_life
from leads.intake.arrival import Arrival
from leads.intake.pipeline import take_in
from leads.lifecycle import STAGE_TIMES, WrongStage
from leads.models import Clock, Lead, LeadEvent
from leads.reasons import BadReason
from leads.second_life import OtherLeadOpen, revive_all_due
from ledger.models import AuditEntry
from sla.in_force import InForce
from teams.models import Team, User
from tests.cast import NOW, make_lead
from tests.leads.follow_up_calls import LATER, VERBS, log
from tests.leads.worlds import bring_to, clock, go_round, make_campaign, ready_lead, told


@pytest.fixture(autouse=True)
def _routed(agreement: InForce, sam: User, sales: Team) -> None:
    """Sam takes all leads; the agreement is in force."""
    go_round(sales)


# Recycle, revive, disqualify, reopen ---------------------------------------------------------------------------------


def test_recycling_resets_engagement_keeps_fit_and_ends_the_promises(maya: User, sam: User) -> None:
    lead = ready_lead(campaign=make_campaign(maya), engagement_fixed=15, engagement_level=500.0)
    bring_to("sal", lead, maya=maya, sam=sam)

    outcomes.recycle(lead_id=lead.pk, reason="no_budget", actor=sam, at=LATER)

    lead.refresh_from_db()
    assert (lead.engagement_fixed, lead.engagement_level, lead.fit, lead.is_hand_raise) == (0, None, 80, False)
    assert lead.returns_on == LATER.date() + timedelta(days=90)
    assert clock("first_attempt", lead).state == "cancelled"
    assert told("lead_recycled") == ["Maya"]


def test_the_managers_are_told_where_the_marketer_has_left(maya: User, mona: User, sam: User) -> None:
    lead = bring_to("sal", ready_lead(campaign=make_campaign(maya), marketer=maya), maya=maya, sam=sam)
    User.objects.filter(pk=maya.pk).update(is_active=False)

    outcomes.recycle(lead_id=lead.pk, reason="no_budget", actor=sam, at=LATER)

    assert told("lead_recycled") == ["Mona"]


@pytest.mark.parametrize(("days", "is_fine"), [(0, False), (1, True), (3 * 365, True), (3 * 365 + 1, False)])
def test_the_return_date_lies_in_the_next_three_years(days: int, is_fine: bool, maya: User, sam: User) -> None:
    lead = bring_to("sal", ready_lead(), maya=maya, sam=sam)
    day = LATER.date() + timedelta(days=days)

    if is_fine:
        outcomes.recycle(lead_id=lead.pk, reason="bad_timing", returns_on=day, actor=sam, at=LATER)
        assert Lead.objects.get(pk=lead.pk).returns_on == day
    else:
        with pytest.raises(BadReason):
            outcomes.recycle(lead_id=lead.pk, reason="bad_timing", returns_on=day, actor=sam, at=LATER)


def test_a_recycled_lead_comes_back_to_marketing_on_its_date_and_once(maya: User, sam: User) -> None:
    lead = bring_to("sal", ready_lead(campaign=make_campaign(maya)), maya=maya, sam=sam)
    log(lead, sam, "conversation")
    outcomes.recycle(lead_id=lead.pk, reason="bad_timing", actor=sam, at=LATER)
    lead.refresh_from_db()
    due = LATER + timedelta(days=60)

    came_back = [second_life.revive_due(at=at) for at in (due - timedelta(days=1), due, due)]

    lead.refresh_from_db()
    assert came_back == [0, 1, 0]
    assert (lead.stage, lead.owner, lead.returns_on, lead.captured_at) == ("lead", None, None, NOW)
    assert [getattr(lead, column) for column in STAGE_TIMES.values() if column != "captured_at"] == [None] * 10
    assert (lead.attempt_count, lead.first_attempt_at, lead.conversed_at) == (0, None, None)
    assert told("lead_revived") == ["Maya"]
    assert AuditEntry.objects.filter(verb="revive").count() == 1


LIVED: dict[str, Any] = {
    **dict.fromkeys(STAGE_TIMES.values(), NOW),
    "first_attempt_at": NOW,
    "conversed_at": NOW,
    "attempt_count": 3,
    "handoff_count": 1,
    "needs_new_reason": True,
    "tier": "hot",
    "is_hand_raise": True,
}


def revive_by_date(lead: Lead, maya: User) -> None:
    second_life.revive_due(at=LATER)


def revive_by_touch(lead: Lead, maya: User) -> None:
    take_in([Arrival(email=lead.contact.email, touch_kind="page_view")], actor=maya, at=LATER)


def reopen_it(lead: Lead, maya: User) -> None:
    second_life.reopen(lead_id=lead.pk, reason="They called", actor=maya, at=LATER)


@pytest.mark.parametrize(
    ("stage", "revive"),
    [
        ("recycled", revive_by_date),
        ("recycled", revive_by_touch),
        ("lost", reopen_it),
        ("disqualified", reopen_it),
    ],
)
def test_a_lead_begins_anew_the_same_whichever_way(
    stage: str, revive: Callable[[Lead, User], None], maya: User, sam: User
) -> None:
    lead = make_lead(stage=stage, owner=sam, **LIVED)
    if stage == "recycled":
        Lead.objects.filter(pk=lead.pk).update(returns_on=LATER.date())

    revive(lead, maya)

    lead.refresh_from_db()
    fresh = {**dict.fromkeys(STAGE_TIMES.values()), "captured_at": NOW, "first_attempt_at": None, "conversed_at": None}
    fresh |= {"attempt_count": 0, "handoff_count": 1, "needs_new_reason": False, "tier": "", "is_hand_raise": False}
    assert {name: getattr(lead, name) for name in fresh} == fresh
    assert (lead.stage, lead.owner, lead.queue, lead.returns_on) == ("lead", None, None, None)


def test_a_touch_that_asks_for_us_raises_the_hand_in_the_new_life(maya: User, sam: User) -> None:
    lead = make_lead(stage="recycled", owner=sam, **LIVED)

    take_in([Arrival(email=lead.contact.email, touch_kind="demo_request")], actor=maya, at=LATER)

    lead.refresh_from_db()
    assert (lead.recycled_at, lead.lost_at, lead.is_hand_raise) == (None, None, True)


def test_of_one_contact_only_one_lead_is_open_when_others_come_back(maya: User, sam: User) -> None:
    first, second = (ready_lead(stage="recycled", returns_on=NOW.date()) for _ in range(2))
    Lead.objects.filter(pk=second.pk).update(contact=first.contact)
    third = ready_lead(stage="recycled", returns_on=NOW.date())
    blocker = make_lead_of(third)
    events = LeadEvent.objects.count()

    assert second_life.revive_due(at=NOW) == 1

    stages = (
        Lead.objects.filter(pk__in=[first.pk, second.pk, third.pk]).order_by("id").values_list("stage", "returns_on")
    )
    assert list(stages) == [("lead", None), ("recycled", NOW.date()), ("recycled", NOW.date())]
    assert LeadEvent.objects.count() == events + 1
    assert second_life.revive_due(at=NOW) == 0

    Lead.objects.filter(pk=blocker.pk).update(stage="disqualified")

    assert revive_all_due(at=NOW) == 1
    assert Lead.objects.get(pk=third.pk).stage == "lead"


def test_those_that_wait_do_not_stand_in_the_way_of_others(maya: User) -> None:
    waiting, free = (ready_lead(stage="recycled", returns_on=NOW.date()) for _ in range(2))
    make_lead_of(waiting)

    assert second_life.revive_due(at=NOW, limit=1) == 1
    assert Lead.objects.get(pk=free.pk).stage == "lead"


def make_lead_of(other: Lead) -> Lead:
    """Make an open lead of the same contact."""
    lead = make_lead()
    Lead.objects.filter(pk=lead.pk).update(contact=other.contact, stage="lead")
    return lead


def test_reviving_takes_the_same_number_of_statements_for_one_and_for_many(sam: User) -> None:
    counts = []
    for number in (1, 40):
        for _ in range(number):
            ready_lead(stage="recycled", returns_on=NOW.date())
        with statements() as seen:
            assert second_life.revive_due(at=NOW) == number
        counts.append(len(seen))

    assert counts[1] <= counts[0] + 2


@contextmanager
def statements() -> Iterator[list[str]]:
    seen: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        seen.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield seen


def test_sales_disqualifies_only_after_a_conversation(maya: User, sam: User) -> None:
    lead = bring_to("sal", ready_lead(campaign=make_campaign(maya)), maya=maya, sam=sam)

    with pytest.raises(WrongStage, match="conversation"):
        VERBS["disqualify"](lead, sam)
    log(lead, sam, "conversation")
    VERBS["disqualify"](lead, sam)

    assert told("lead_disqualified") == ["Maya"]
    assert list(Clock.objects.filter(state="running").values_list("promise", flat=True)) == ["full_feedback"]


def test_disqualifying_an_opportunity_loses_it(maya: User, sam: User) -> None:
    lead = bring_to("opportunity", ready_lead(), maya=maya, sam=sam)

    VERBS["disqualify"](lead, sam)

    deal = lead.opportunities.get()
    said = LeadEvent.objects.get(kind="disqualified").facts
    assert (deal.stage, said["opportunity"], said["deal"]) == ("lost", deal.pk, "lost")


def test_disqualifying_before_there_is_a_deal_says_nothing_of_one(maya: User, sam: User) -> None:
    bring_to("disqualified", ready_lead(), maya=maya, sam=sam)

    assert LeadEvent.objects.get(kind="disqualified").facts == {}


def test_a_reopened_lead_is_marketings_again_with_the_reason_kept(maya: User, sam: User) -> None:
    lead = bring_to("lost", ready_lead(campaign=make_campaign(maya)), maya=maya, sam=sam)

    second_life.reopen(lead_id=lead.pk, reason="They have a new budget", actor=sam, at=LATER)

    lead.refresh_from_db()
    assert (lead.stage, lead.owner, lead.lost_at, lead.stage_note) == ("lead", None, None, "They have a new budget")
    assert LeadEvent.objects.get(kind="reopened").user == sam
    assert told("lead_reopened") == ["Maya"]


def test_a_lead_is_not_reopened_beside_another_or_without_a_reason(maya: User, sam: User) -> None:
    lead = bring_to("lost", ready_lead(), maya=maya, sam=sam)
    with pytest.raises(BadReason):
        second_life.reopen(lead_id=lead.pk, reason="  ", actor=maya, at=LATER)
    make_lead_of(lead)

    with pytest.raises(OtherLeadOpen):
        VERBS["reopen"](lead, maya)
