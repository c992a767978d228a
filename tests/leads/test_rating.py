"""Rating: who may say how good a lead is, when, and what may be said."""

from __future__ import annotations

from typing import Any

import pytest

from leads import followup, handoffs
from leads.followup import BadRating
from leads.holding import NotYours
from leads.lifecycle import WrongStage
from leads.models import Feedback, LeadEvent
from sla.in_force import InForce
from teams.models import Team, User
from tests.cast import person
from tests.leads.follow_up_calls import LATER, VERBS, log
from tests.leads.worlds import away, bring_to, go_round, make_campaign, ready_lead, told


@pytest.fixture(autouse=True)
def _routed(agreement: InForce, sam: User, sales: Team) -> None:
    """Sam takes all leads; the agreement is in force."""
    go_round(sales)


def test_a_rating_is_quick_before_the_verdict_and_full_after_it(maya: User, sam: User) -> None:
    lead = bring_to("sal", ready_lead(campaign=make_campaign(maya)), maya=maya, sam=sam)

    followup.rate(lead_id=lead.pk, quality=2, aspects={"data": False}, comment="Old number", actor=sam, at=LATER)
    log(lead, sam, "conversation")
    VERBS["qualify_for_sales"](lead, sam)
    followup.rate(lead_id=lead.pk, quality=5, actor=sam, at=LATER)

    given = Feedback.objects.order_by("id").values_list("kind", "quality", "aspects", "comment")
    assert list(given) == [("quick", 2, {"data": False}, "Old number"), ("full", 5, {}, "")]
    assert told("lead_rated") == ["Maya", "Maya"]
    assert list(LeadEvent.objects.filter(kind="rated").values_list("code", flat=True)) == ["quick", "full"]


def test_a_rep_may_say_how_good_a_lead_was_after_rejecting_it(maya: User, sam: User, sales: Team) -> None:
    lead = bring_to("mql", ready_lead(), maya=maya, sam=sam)
    handoffs.reject(lead_id=lead.pk, reason="duplicate", actor=sam, at=LATER)

    followup.rate(lead_id=lead.pk, quality=1, actor=sam, at=LATER)

    assert Feedback.objects.get().kind == "full"
    with pytest.raises(NotYours):
        followup.rate(lead_id=lead.pk, quality=1, actor=person("Rita", sales), at=LATER)


def test_whoever_returns_a_lead_may_rate_it_however_they_came_by_it(
    maya: User, sam: User, sue: User, sales: Team
) -> None:
    rita, kim = person("Rita", sales), person("Kim", sales)
    lead = bring_to("sal", ready_lead(), maya=maya, sam=sam)
    handoffs.assign(lead_id=lead.pk, user_id=rita.pk, actor=sue, at=LATER)
    away(rita, kim, at=LATER)
    handoffs.return_lead(lead_id=lead.pk, reason="no_contact_data", actor=kim, at=LATER)

    for actor in (rita, kim):
        followup.rate(lead_id=lead.pk, quality=1, actor=actor, at=LATER)

    assert list(Feedback.objects.values_list("kind", "user__name").order_by("id")) == [
        ("full", "Rita"),
        ("full", "Kim"),
    ]
    with pytest.raises(NotYours):
        followup.rate(lead_id=lead.pk, quality=1, actor=person("Zoe", sales), at=LATER)


def test_a_lead_that_is_only_offered_cannot_be_rated(maya: User, sam: User) -> None:
    lead = bring_to("mql", ready_lead(), maya=maya, sam=sam)

    with pytest.raises(WrongStage):
        followup.rate(lead_id=lead.pk, quality=3, actor=sam, at=LATER)


@pytest.mark.parametrize("quality", [0, 6, -1, True, 2.5, "4", None])
def test_quality_is_one_to_five(quality: Any, maya: User, sam: User) -> None:
    lead = bring_to("sal", ready_lead(), maya=maya, sam=sam)

    with pytest.raises(BadRating) as refused:
        followup.rate(lead_id=lead.pk, quality=quality, actor=sam, at=LATER)

    assert refused.value.field == "quality"


@pytest.mark.parametrize("aspects", [{"beauty": True}, {"fit": "yes"}])
def test_aspects_are_known_and_good_or_poor(aspects: Any, maya: User, sam: User) -> None:
    lead = bring_to("sal", ready_lead(), maya=maya, sam=sam)

    with pytest.raises(BadRating):
        followup.rate(lead_id=lead.pk, quality=3, aspects=aspects, actor=sam, at=LATER)
