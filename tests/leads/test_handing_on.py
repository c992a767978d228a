"""What somebody owes who is away or has left: who takes over, how much time there is, and that nothing is lost or handed on twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.actions import Brief
from leads import briefings, followup, handoffs, questions, staff
from leads.handing_on import HandedOn, hand_on
from leads.models import Assignment, Clock, Lead
from leads.routing.sentences import Names, why
from leads.sweep import sweep
from ledger.models import AuditEntry
from sla.models import CalendarUse
from teams.models import Absence
from teams.people import Place
from tests.cast import NOW, person
from tests.leads.exchange_world import asked, offered_help
from tests.leads.leave_world import AT, DAY, came, given_back, in_work, leave, sam_alone
from tests.leads.worlds import told
from tests.plans import only_on_sqlite, scans
from tests.verbs.company import Company, company, founders
from tests.verbs.invariants import broken_promises

__all__ = ["company", "founders"]

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
NOTHING = HandedOn()


@pytest.fixture(autouse=True)
def _sam_alone(company: Company) -> None:
    sam_alone(company)


def live(**which: object) -> dict[str, Clock]:
    return {clock.promise: clock for clock in Clock.objects.running().filter(**which).order_by("id")}


def ended(code: str) -> set[str]:
    steps = Clock.objects.filter(steps__kind="cancelled", steps__code=code)
    return set(steps.values_list("promise", flat=True))


# Leads of a rep on leave ----------------------------------------------------------------------------------------------


def test_an_offer_that_falls_due_meanwhile_goes_to_the_queue_for_the_time_that_is_left(company: Company) -> None:
    lead = came()
    leave(company.sam)

    assert hand_on(at=AT) == HandedOn(leads=1)

    lead.refresh_from_db()
    assert lead.queue == company.sales
    assert lead.handoffs.get().assignee is None
    assert ended("away") == {"accept"}
    waiting = live()["assign"]
    assert (waiting.team, waiting.user, waiting.share_percent) == (company.sales, None, 67)  # 10 of 15 minutes
    assert waiting.budget_seconds == 15 * 60 * 67 // 100
    assert waiting.due_at == AT + timedelta(seconds=waiting.budget_seconds)
    assert told("lead_queued_meanwhile") == ["Sam"]
    assert "Sue" in told("lead_queued")
    assert AuditEntry.objects.get(verb="hand_on").facts["why"] == "away"
    names = Names(people={company.sam.pk: "Sam"}, queues={company.sales.pk: "Sales"})
    assert why(Assignment.objects.latest("id").trace, names) == (
        "Sam is away and nobody covers, so it waits in the queue of Sales."
    )
    assert broken_promises(at=AT) == []


def test_there_is_at_least_half_of_the_time(company: Company) -> None:
    came()
    leave(company.sam)

    hand_on(at=AT + 9 * MINUTE)

    assert live()["assign"].share_percent == 50
    assert broken_promises(at=AT + 9 * MINUTE) == []


def test_whoever_takes_it_from_the_queue_has_the_whole_time(company: Company) -> None:
    lead = came()
    leave(company.sam)
    hand_on(at=AT)

    handoffs.claim(lead_id=lead.pk, actor=company.rita, at=AT + MINUTE)

    accept = live()["accept"]
    assert (accept.user, accept.share_percent, accept.budget_seconds) == (company.rita, 100, 15 * 60)
    assert broken_promises(at=AT + MINUTE) == []


def test_a_queue_that_comes_to_nothing_misses_by_its_share(company: Company) -> None:
    came()
    leave(company.sam)
    hand_on(at=AT)
    due_at = live()["assign"].due_at

    assert sweep(at=due_at).missed == 0
    assert sweep(at=due_at + timedelta(seconds=1)).missed == 1
    assert broken_promises(at=due_at + timedelta(seconds=1)) == []


def test_a_lead_in_work_goes_with_all_that_its_rep_owed(company: Company) -> None:
    lead = in_work(company)
    offered_help(lead, company.maya, at=NOW)
    leave(company.sam)

    assert hand_on(at=AT) == HandedOn(leads=1)

    lead.refresh_from_db()
    assert (lead.stage, lead.owner, lead.queue) == ("sal", None, company.sales)
    assert ended("away") == {"first_attempt", "cadence", "verdict", "answer_offer"}
    assert live().keys() == {"assign"}
    assert broken_promises(at=AT) == []


def test_what_falls_due_after_the_return_stays(company: Company) -> None:
    lead = in_work(company)
    followup.log_activity(lead_id=lead.pk, kind="call", outcome="no_answer", actor=company.sam, at=NOW)
    leave(company.sam)

    assert hand_on(at=AT) == NOTHING
    assert live().keys() == {"cadence", "verdict"}


def test_who_is_covered_keeps_everything_until_the_cover_is_not_there_either(company: Company) -> None:
    came()
    leave(company.sam, cover=company.rita)

    assert hand_on(at=AT) == NOTHING

    leave(company.rita)
    assert hand_on(at=AT) == HandedOn(leads=1)
    assert broken_promises(at=AT) == []


def test_before_and_after_the_leave_nothing_is_taken(company: Company) -> None:
    came()
    leave(company.sam, days=0.001)

    assert hand_on(at=AT - MINUTE) == NOTHING
    assert hand_on(at=AT + 2 * MINUTE) == NOTHING


def test_what_is_overdue_already_is_missed_by_who_owed_it(company: Company) -> None:
    came()
    leave(company.sam)

    assert hand_on(at=AT + 11 * MINUTE) == NOTHING
    assert sweep(at=AT + 11 * MINUTE).missed == 1


def test_it_is_done_once_and_for_any_number_with_as_many_statements(company: Company) -> None:
    came()
    leave(company.sam)
    with CaptureQueriesContext(connection) as for_one:
        hand_on(at=AT)
    Absence.objects.all().delete()
    for _ in range(5):
        came(AT)
    for user in (company.sam, company.rita):
        leave(user)
    with CaptureQueriesContext(connection) as for_five:
        assert hand_on(at=AT + MINUTE) == HandedOn(leads=5)

    assert len(for_five) <= len(for_one)
    assert hand_on(at=AT + MINUTE) == NOTHING
    assert broken_promises(at=AT + MINUTE) == []


# What marketing owes --------------------------------------------------------------------------------------------------


def test_what_a_marketer_owes_meanwhile_is_owed_by_the_team(company: Company) -> None:
    lead = given_back(company)
    before = live()["returned"]
    assert before.user == company.maya
    leave(company.maya)

    assert hand_on(at=AT) == HandedOn(promises=1)

    lead.refresh_from_db()
    after = live()["returned"]
    assert (after.user, after.team, after.pk != before.pk) == (None, company.marketing, True)
    assert after.share_percent == 99
    assert lead.marketer == company.maya  # who answers for it once she is back
    assert told("promise_handed_on") == ["Mona"]
    assert broken_promises(at=AT) == []


def test_a_question_asked_of_who_is_away_is_answered_by_the_team(company: Company) -> None:
    lead = in_work(company)
    Lead.objects.filter(pk=lead.pk).update(marketer=company.maya)
    question = asked(lead, company.sam, at=NOW)
    leave(company.maya)

    assert hand_on(at=AT) == HandedOn(promises=1)
    questions.answer(lead_id=lead.pk, text="Plant two.", actor=company.mona, at=AT + MINUTE, question_id=question.pk)

    assert list(question.clocks.order_by("id").values_list("state", flat=True)) == ["cancelled", "met"]
    assert broken_promises(at=AT + MINUTE) == []


def test_a_briefing_is_due_when_it_was(company: Company) -> None:
    brief = Brief(name="Fair", code="fair", type="event", starts_on=(NOW + 7 * DAY).date(), offer="A stand")
    briefings.plan_campaign(brief=brief, actor=company.maya, at=NOW)
    before = live()["brief"]
    leave(company.maya, days=9)

    assert hand_on(at=AT) == HandedOn(promises=1)

    after = live()["brief"]
    assert (after.user, after.team, after.due_at) == (None, company.marketing, before.due_at)
    assert broken_promises(at=AT) == []


# Leavers --------------------------------------------------------------------------------------------------------------


def test_a_marketer_who_leaves_hands_on_everything_with_the_whole_time(company: Company) -> None:
    given_back(company)
    staff.deactivate(actor=company.ada, at=AT, user_id=company.maya.pk)

    assert hand_on(at=AT) == HandedOn(promises=1)

    returned = live()["returned"]
    assert (returned.user, returned.team, returned.share_percent) == (None, company.marketing, 100)
    assert ended("left") == {"returned"}
    assert broken_promises(at=AT) == []
    assert hand_on(at=AT) == NOTHING


def test_who_goes_to_the_other_side_owes_nothing_more_on_this_one(company: Company) -> None:
    given_back(company)
    staff.change_places(actor=company.ada, at=AT, user_id=company.maya.pk, places=[Place(company.sales.pk)])

    assert hand_on(at=AT) == HandedOn(promises=1)
    assert live()["returned"].user is None


def test_a_rating_that_only_a_leaver_could_give_is_owed_no_more(company: Company) -> None:
    lead = in_work(company)
    followup.log_activity(lead_id=lead.pk, kind="call", outcome="conversation", actor=company.sam, at=NOW)
    staff.deactivate(actor=company.ada, at=AT, user_id=company.sam.pk)

    assert hand_on(at=AT) == HandedOn(promises=1)

    assert "quick_rating" in ended("left")
    assert "quick_rating" not in live()
    assert broken_promises(at=AT) == []


def test_a_rating_waits_for_who_is_only_away(company: Company) -> None:
    lead = in_work(company)
    followup.log_activity(lead_id=lead.pk, kind="call", outcome="conversation", actor=company.sam, at=NOW)
    leave(company.sam)

    hand_on(at=AT)

    assert live()["quick_rating"].user == company.sam


def test_a_team_without_hours_leaves_a_promise_where_it_is(company: Company) -> None:
    given_back(company)
    CalendarUse.objects.filter(team=company.marketing).delete()
    leave(company.maya)

    assert hand_on(at=AT) == NOTHING
    assert live()["returned"].user == company.maya


def test_the_desk_of_a_colleague_shows_what_is_handed_on(company: Company) -> None:
    from desk.queries.lead_sets import returned_to

    lead = given_back(company)
    colleague = person("Ben", company.marketing)
    assert not Lead.objects.filter(returned_to(colleague, AT)).exists()
    leave(company.maya)

    assert list(Lead.objects.filter(returned_to(colleague, AT))) == [lead]


def test_a_briefing_that_is_handed_on_stands_on_the_desks_of_the_team(company: Company) -> None:
    from desk.queries.marketer import to_brief

    colleague = person("Ben", company.marketing)
    brief = Brief(name="Fair", code="fair", type="event", starts_on=(NOW + 7 * DAY).date(), offer="A stand")
    campaign = briefings.plan_campaign(brief=brief, actor=company.maya, at=NOW)
    assert to_brief(colleague, AT) == []
    leave(company.maya, days=9)
    hand_on(at=AT)

    assert [item.campaign for item in to_brief(colleague, AT)] == [campaign]
    assert [item.campaign for item in to_brief(company.maya, AT)] == [campaign]


def test_looking_costs_what_is_found_and_not_what_is_open(company: Company) -> None:
    only_on_sqlite()
    came()
    leave(company.sam)
    with CaptureQueriesContext(connection) as queries:
        hand_on(at=AT)

    looked, scanned = scans(queries, 'SELECT "leads_clock"')
    assert looked >= 4
    assert scanned == []
