"""Each row of the first table of docs/clocks.md is done: what begins a promise, who owes it then, and what keeps it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, NamedTuple

import pytest

from campaigns.actions import Brief
from leads import disputes, followup, handoffs, outcomes, questions, second_life
from leads.briefings import brief_sales, plan_campaign
from leads.completing import complete
from leads.intake.arrival import Arrival
from leads.intake.pipeline import take_in
from leads.models import Clock, ClockStep, Lead
from leads.nurturing import nurture
from sla.promises import KINDS
from teams.models import Team, User
from tests.cast import NOW, person
from tests.leads.intake_world import anna
from tests.leads.worlds import CHECKLIST, make_campaign, ready_lead
from tests.verbs.clock_doc import as_code, rows
from tests.verbs.company import Company

pytestmark = pytest.mark.django_db

BEGUN, KEPT = NOW + timedelta(minutes=2), NOW + timedelta(minutes=5)
UNKNOWN = dict.fromkeys(("role", "seniority", "industry", "employee_count", "country"), "")

Owers = Callable[[Company], list[User | Team]]


class Row(NamedTuple):
    """Who owes it, where things stand before, what begins it, and what keeps it; each is given what the one before left."""

    owed_by: Owers
    before: Callable[[Company], Any]
    begins: Callable[[Company, Any], Any]
    keeps: Callable[[Company, Any], object]


def of(name: str) -> Owers:
    return lambda c: [getattr(c, name)]


def nothing(c: Company) -> None:
    return None


def offered(c: Company) -> Lead:
    return c.lead("mql")


def in_work(c: Company) -> Lead:
    return c.lead("sal")


def talked(c: Company) -> Lead:
    lead = c.lead("sal")
    _talk(c, lead)
    return lead


def recycled(c: Company) -> Lead:
    lead = c.lead("recycled")
    Lead.objects.filter(pk=lead.pk).update(returns_on=NOW.date(), marketer=c.maya)
    return lead


def not_offered(c: Company) -> Lead:
    return ready_lead(campaign=make_campaign(c.maya))


def nearly_queued(c: Company) -> Lead:
    lead = c.lead("mql")
    handoffs.reroute(lead_id=lead.pk, actor=c.sam, at=NOW)
    return lead


def given_back(c: Company) -> Lead:
    lead = c.lead("mql")
    _reject(c, lead)
    return lead


def _talk(c: Company, lead: Lead) -> Lead:
    followup.log_activity(lead_id=lead.pk, kind="call", outcome="conversation", actor=c.sam, at=BEGUN)
    return lead


def _reject(c: Company, lead: Lead) -> Lead:
    handoffs.reject(lead_id=lead.pk, reason="wrong_role", actor=c.sam, at=BEGUN)
    return lead


def _accept(c: Company, lead: Lead) -> Lead:
    handoffs.accept(lead_id=lead.pk, actor=c.sam, at=BEGUN)
    return lead


def _hand_off(c: Company, lead: Lead) -> Lead:
    handoffs.hand_off(lead_id=lead.pk, actor=c.maya, at=BEGUN)
    return lead


def _into_queue(c: Company, lead: Lead) -> Lead:
    handoffs.reroute(lead_id=lead.pk, actor=c.rita, at=BEGUN)
    return lead


def _ask_again(c: Company, lead: Lead) -> Lead:
    take_in([Arrival(email=lead.contact.email, touch_kind="demo_request")], actor=None, at=BEGUN)
    return lead


def _decide(c: Company, lead: Lead) -> Lead:
    outcomes.qualify_for_sales(lead_id=lead.pk, confirmed=CHECKLIST, actor=c.sam, at=BEGUN)
    return lead


def _arrives(**gaps: Any) -> Callable[[Company, Any], Lead]:
    def arrive(c: Company, _: object) -> Lead:
        make_campaign(c.maya)
        (outcome,) = take_in([anna(campaign_code="spring", **gaps)], actor=None, at=BEGUN)
        return Lead.objects.get(pk=outcome.lead_id or 0)

    return arrive


def _come_back(c: Company, lead: Lead) -> Lead:
    assert second_life.revive_due(at=BEGUN) == 1
    return lead


def _ask(c: Company, lead: Lead) -> Lead:
    questions.ask(lead_id=lead.pk, text="Which plant?", actor=c.sam, at=BEGUN)
    return lead


def _offer_help(c: Company, lead: Lead) -> Lead:
    questions.offer_help(lead_id=lead.pk, text="A case study?", actor=c.maya, at=BEGUN)
    return lead


def _plan(c: Company, _: object) -> int:
    brief = Brief(name="Fair", code="fair", type="event", starts_on=date(2026, 3, 16), offer="A talk")
    return plan_campaign(brief=brief, actor=c.maya, at=BEGUN).pk


def _contest(c: Company, lead: Lead) -> Lead:
    disputes.raise_dispute(lead_id=lead.pk, reason="They do decide.", actor=c.mona, at=BEGUN)
    return lead


def _both_speak(c: Company, lead: Lead) -> None:
    for actor in (c.mona, c.sue):
        disputes.word(lead_id=lead.pk, word="stand", actor=actor, at=KEPT)


def _log(outcome: str) -> Callable[[Company, Lead], object]:
    return lambda c, lead: followup.log_activity(lead_id=lead.pk, kind="call", outcome=outcome, actor=c.sam, at=KEPT)


def _rate(c: Company, lead: Lead) -> None:
    followup.rate(lead_id=lead.pk, quality=4, actor=c.sam, at=KEPT)


def _recycle(c: Company, lead: Lead) -> None:
    outcomes.recycle(lead_id=lead.pk, reason="no_budget", actor=c.sam, at=KEPT)


def _nurture(c: Company, lead: Lead) -> None:
    nurture(lead_id=lead.pk, kind="email", actor=c.maya, at=KEPT)


def _answer(name: str) -> Callable[[Company, Lead], object]:
    return lambda c, lead: questions.answer(lead_id=lead.pk, text="Hof.", actor=getattr(c, name), at=KEPT)


def _claim(c: Company, lead: Lead) -> None:
    handoffs.claim(lead_id=lead.pk, actor=person("Zoe", c.sales), at=KEPT)


def _accept_later(c: Company, lead: Lead) -> None:
    handoffs.accept(lead_id=lead.pk, actor=c.sam, at=KEPT)


def _let_go(c: Company, lead: Lead) -> None:
    outcomes.disqualify(lead_id=lead.pk, reason="spam", actor=c.maya, at=KEPT)


def _complete(c: Company, lead: Lead) -> None:
    complete(lead_id=lead.pk, changes={"company": "Acme GmbH"}, actor=c.maya, at=KEPT)


def _brief(c: Company, campaign_id: int) -> None:
    brief_sales(campaign_id=campaign_id, actor=c.maya, at=KEPT)


NO_COMPANY = {"email": "anna@gmail.com", "company": "", "phone": "+49 30 1234567"}

PROMISES: dict[str, Row] = {
    "assign": Row(of("sales"), nearly_queued, _into_queue, _claim),
    "accept": Row(of("sam"), not_offered, _hand_off, _accept_later),
    "first_attempt": Row(of("sam"), offered, _accept, _log("no_answer")),
    "cadence": Row(of("sam"), offered, _accept, _log("conversation")),
    "verdict": Row(of("sam"), offered, _accept, _recycle),
    "respond": Row(of("sam"), in_work, _ask_again, _log("no_answer")),
    "quick_rating": Row(of("sam"), in_work, _talk, _rate),
    "full_feedback": Row(of("sam"), talked, _decide, _rate),
    "triage": Row(of("maya"), nothing, _arrives(**UNKNOWN), _let_go),
    "complete": Row(of("maya"), nothing, _arrives(**NO_COMPANY), _complete),
    "returned": Row(of("maya"), offered, _reject, _nurture),
    "nurture": Row(of("maya"), recycled, _come_back, _nurture),
    "answer_question": Row(of("maya"), in_work, _ask, _answer("maya")),
    "answer_offer": Row(of("sam"), in_work, _offer_help, _answer("sam")),
    "decide_dispute": Row(lambda c: [c.marketing, c.sales], given_back, _contest, _both_speak),
    "brief": Row(of("maya"), nothing, _plan, _brief),
}


def test_every_promise_that_there_can_be_has_its_row_and_is_done() -> None:
    assert [as_code(promise) for promise, _ in rows("promise")] == list(PROMISES)
    assert PROMISES.keys() == KINDS.keys()


def test_a_row_says_all_three_things() -> None:
    assert {tuple(cells) for _, cells in rows("promise")} == {("owed_by", "begins", "is_kept_by")}


@pytest.mark.parametrize("promise", PROMISES)
def test_it_begins_and_is_kept_as_the_table_says(promise: str, company: Company) -> None:
    row = PROMISES[promise]
    thing = row.before(company)
    of_promise = Clock.objects.filter(promise=promise).order_by("side", "id")
    assert not of_promise.exists()

    begun = row.begins(company, thing)

    there = list(of_promise)
    assert [(clock.user or clock.team, clock.state) for clock in there] == [
        (who, "running") for who in row.owed_by(company)
    ]
    began = ClockStep.objects.filter(clock__in=there, kind="started")
    assert set(began.values_list("recorded_at", flat=True)) == {BEGUN}

    row.keeps(company, begun)

    ended = list(of_promise.filter(pk__in=[clock.pk for clock in there]))
    assert {(clock.state, clock.met_at) for clock in ended} == {("met", KEPT)}
