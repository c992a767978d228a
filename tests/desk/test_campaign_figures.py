"""The figures of campaigns: reckoned from what was not accepted, and the same as counting every handoff."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from campaigns.models import Campaign
from dashboards.behind import rows_behind
from dashboards.families import STAGES
from dashboards.funnel import funnel
from dashboards.periods import Period
from dashboards.report import value_of
from dashboards.scope import Filters, Scope
from desk.queries import lead_sets
from desk.queries.campaign_page import page_of
from desk.queries.marketer import campaign_figures
from leads import outcomes, second_life
from leads.followup import log_activity
from leads.handoffs import accept, recall, reject, return_lead
from leads.models import Handoff, Lead
from sla.in_force import InForce
from teams.models import Team, User
from tests.cast import NOW
from tests.desk.conftest import Offer
from tests.leads.exchange_world import contested, say
from tests.leads.follow_up_calls import LATER
from tests.leads.worlds import bring_to, go_round, ready_lead


def _counted_one_by_one(campaign: Campaign) -> Counter[str]:
    counts: Counter[str] = Counter()
    for handoff in Handoff.objects.filter(lead__last_campaign=campaign):
        if handoff.is_struck:
            continue
        counts["delivered"] += 1
        if handoff.is_overturned:
            counts["accepted"] += 1
            continue
        returned = handoff.was_returned or handoff.state == "rejected"
        counts[
            "rejected" if returned else {"open": "waiting", "recalled": "recalled"}.get(handoff.state, "accepted")
        ] += 1
    return counts


def test_the_figures_are_those_of_every_single_handoff(
    offer: Offer, campaign: Campaign, maya: User, sam: User, at: datetime
) -> None:
    handoffs = [offer(f"Person {number}") for number in range(6)]
    for handoff in handoffs[:4]:
        accept(lead_id=handoff.lead_id, actor=sam, at=at)
    return_lead(lead_id=handoffs[3].lead_id, reason="wrong_size", actor=sam, at=at)
    reject(lead_id=handoffs[4].lead_id, reason="wrong_role", actor=sam, at=at)
    recall(lead_id=offer("Person 6").lead_id, actor=maya, at=at)
    log_activity(lead_id=handoffs[0].lead_id, kind="call", outcome="no_answer", actor=sam, at=at)

    figures = campaign_figures([campaign])[0]

    assert Handoff.objects.get(pk=handoffs[3].pk).was_returned
    told = {name: getattr(figures, name) for name in ("delivered", "accepted", "rejected", "waiting", "recalled")}
    assert told == dict(_counted_one_by_one(campaign))
    assert told == {"delivered": 7, "accepted": 3, "rejected": 2, "waiting": 1, "recalled": 1}
    assert figures.captured == Lead.objects.count() == 7
    assert sorted(figures.reasons) == [("wrong_role", 1), ("wrong_size", 1)]


def test_what_both_sides_overturned_counts_as_on_the_dashboard(
    offer: Offer, campaign: Campaign, maya: User, mona: User, sam: User, sue: User, at: datetime
) -> None:
    handoffs = [offer(f"Person {number}") for number in range(6)]
    for handoff in handoffs[:4]:
        accept(lead_id=handoff.lead_id, actor=sam, at=at)
    return_lead(lead_id=handoffs[3].lead_id, reason="wrong_size", actor=sam, at=at)
    reject(lead_id=handoffs[4].lead_id, reason="wrong_role", actor=sam, at=at)
    for number, raiser in ((0, sam), (3, mona), (4, mona), (5, sam)):
        dispute = contested(handoffs[number].lead, raiser, at=at)
        say(dispute, mona, "overturn", at=at)
        say(dispute, sue, "overturn", at=at)

    figures = campaign_figures([campaign])[0]

    told = {name: getattr(figures, name) for name in ("delivered", "accepted", "rejected", "waiting")}
    assert told == {"delivered": 4, "accepted": 4, "rejected": 0, "waiting": 0}
    assert told == {**_counted_one_by_one(campaign), "rejected": 0, "waiting": 0}
    assert figures.reasons == []
    scope = Scope(Period(at.date(), at.date() + timedelta(days=1), ZoneInfo("UTC")), Filters(campaign=campaign.pk))
    shown = {
        name: rows_behind(f"offer.{name}", scope).count() for name in ("handed_off", "accepted", "rejected", "waiting")
    }
    assert shown == {"handed_off": 4, "accepted": 4, "rejected": 0, "waiting": 0}
    rate = value_of("handoff.acceptance_rate", scope)
    assert (rate.part, rate.whole) == (4, 4)


def test_a_former_life_counts_as_on_the_dashboard(
    campaign: Campaign, maya: User, mona: User, sam: User, agreement: InForce, sales: Team
) -> None:
    go_round(sales)
    lead = bring_to("opportunity", ready_lead(campaign=campaign), maya=maya, sam=sam)
    outcomes.lose(lead_id=lead.pk, reason="no_budget", actor=sam, at=LATER)
    second_life.reopen(lead_id=lead.pk, reason="A new budget.", actor=mona, at=LATER)
    scope = Scope(Period(NOW.date(), NOW.date() + timedelta(days=1), ZoneInfo("UTC")), Filters(campaign=campaign.pk))

    shown = funnel(scope).total.figures
    figures, steps = campaign_figures([campaign])[0], page_of(campaign, maya).funnel

    assert Lead.objects.get().sql_at is None
    assert [step.count for step in steps] == [shown[stage].part for stage in STAGES] == [1, 1, 1, 1, 1, 0]
    assert (figures.sqls, figures.won) == (1, 0)
    for step in steps[1:]:
        assert Lead.objects.filter(lead_sets.reached(step.reached)).count() == step.count


def test_every_handoff_is_counted_on_its_lead(offer: Offer, maya: User, sam: User, at: datetime) -> None:
    handoff = offer()
    recall(lead_id=handoff.lead_id, actor=maya, at=at)
    offer("Another")

    counts = dict(Lead.objects.values_list("id", "handoff_count"))

    assert counts == Counter(Handoff.objects.values_list("lead_id", flat=True))
