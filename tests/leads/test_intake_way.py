"""From a touch to the rep: scores, the rule in force, the handoff, and what others are told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from campaigns.models import Campaign
from leads.handoffs import recall, reject
from leads.intake.arrival import CREATED, HISTORY, REJECTED, UPDATED, Arrival
from leads.intake.pipeline import MayNotTakeIn, take_in
from leads.models import (
    Assignment,
    Clock,
    ClockStep,
    Contact,
    Handoff,
    Lead,
    LeadEvent,
    Qualification,
    Touch,
)
from ledger.models import AuditEntry, Notice
from sla.in_force import InForce
from teams.models import User
from tests.cast import NOW
from tests.leads.intake_world import anna, visitor
from tests.leads.worlds import make_campaign

pytestmark = pytest.mark.django_db


def events() -> list[str]:
    return list(LeadEvent.objects.order_by("id").values_list("kind", flat=True))


def test_a_hand_raise_that_fits_is_offered_to_a_rep_at_once(world: InForce, maya: User, sam: User) -> None:
    (outcome,) = take_in([anna()], actor=maya, at=NOW)

    lead = Lead.objects.get()
    assert (outcome.state, outcome.stage, outcome.lead_id) == (CREATED, "mql", lead.pk)
    assert (lead.stage, lead.tier, lead.fit, lead.handoff_count, lead.mql_at) == ("mql", "hot", 100, 1, NOW)
    assert Handoff.objects.get().assignee == sam
    assert Assignment.objects.get().trace["chosen"]["user"] == sam.pk
    assert (Clock.objects.get().promise, Clock.objects.get().user) == ("accept", sam)
    assert ClockStep.objects.get().kind == "started"
    assert events() == ["captured", "qualified", "handed_off", "assigned"]
    assert set(Notice.objects.values_list("recipient", "code")) == {(sam.pk, "lead_offered")}
    assert AuditEntry.objects.get(verb="take_in").subject_id == lead.pk


def test_the_qualification_keeps_version_score_and_items(world: InForce) -> None:
    take_in([anna()], actor=None, at=NOW)

    kept = Qualification.objects.get()
    points = world.scoring["points"]["demo_request"]["points"]
    assert (kept.version_id, kept.fit, kept.engagement, kept.reason) == (world.version_id, 100, points, "")
    assert sum(item["points"] for item in kept.items if item["score"] == "fit") == 100
    assert [item["code"] for item in kept.items if item["score"] == "engagement"] == ["demo_request"]


def test_who_does_not_fit_stays_a_lead(world: InForce) -> None:
    (outcome,) = take_in([visitor(1)], actor=None, at=NOW)

    assert outcome.stage == "lead"
    assert events() == ["captured"]
    assert Handoff.objects.count() == Clock.objects.count() == Notice.objects.count() == 0


@pytest.mark.parametrize("one_batch", [False, True])
def test_a_later_touch_on_the_open_lead_may_qualify_it(world: InForce, one_batch: bool) -> None:
    arrivals = [anna(touch_kind="page_view"), anna(touch_kind="demo_request")]

    if one_batch:
        outcomes = take_in(arrivals, actor=None, at=NOW)
    else:
        outcomes = [take_in([arrival], actor=None, at=NOW)[0] for arrival in arrivals]

    assert [outcome.state for outcome in outcomes] == [CREATED, UPDATED]
    assert outcomes[1].stage == "mql"
    codes = [item["code"] for item in Qualification.objects.get().items if item["score"] == "engagement"]
    assert sorted(codes) == ["demo_request", "page_view"]


def test_engagement_decays_before_it_is_judged(world: InForce) -> None:
    webinars = [anna(touch_kind="webinar_attended") for _ in range(2)]

    take_in(webinars, actor=None, at=NOW)
    (late,) = take_in([anna(email="b@other.example", phone="", touch_kind="webinar_attended", occurred_at=NOW - timedelta(days=90))],
                      actor=None, at=NOW)  # fmt: skip

    assert late.stage == "lead"
    assert sorted(Lead.objects.values_list("stage", flat=True)) == ["lead", "mql"]


def test_a_hand_raise_that_lacks_data_stays_with_marketing_who_are_told_what(
    world: InForce, maya: User, mona: User
) -> None:
    (outcome,) = take_in([anna(name="", source_raw="")], actor=maya, at=NOW)

    assert outcome.stage == "mql"
    assert Handoff.objects.count() == 0
    assert LeadEvent.objects.get(kind="handoff_refused").facts == {"missing": ["name"]}
    assert Notice.objects.get().recipient == mona


def test_the_owner_of_the_last_campaign_is_the_one_who_is_told(world: InForce, maya: User, mona: User) -> None:
    spring = Campaign.objects.create(
        name="Spring", code="spring", type="email", owner=maya, starts_on=NOW, created_at=NOW
    )

    take_in([anna(name="", utm={"campaign": "Spring", "medium": "email"})], actor=None, at=NOW)

    lead = Lead.objects.get()
    assert (lead.marketer, lead.first_campaign, lead.last_campaign) == (maya, spring, spring)
    assert Notice.objects.get().recipient == maya


@pytest.mark.parametrize("one_batch", [False, True])
@pytest.mark.parametrize(
    ("days", "first", "last"),
    [
        ([(0, "new"), (-600, "old")], "old", "new"),
        ([(0, ""), (-600, "old")], "old", "old"),
        ([(-10, "new"), (0, ""), (-5, "old")], "new", "old"),
        ([(-10, "new"), (0, "new"), (-5, "old")], "new", "new"),
        ([(-10, "new"), (-5, "new"), (-10, "old")], "new", "new"),
        ([(-10, "new"), (-10, "old")], "new", "old"),
    ],
)
def test_first_and_last_campaign_go_by_when_the_touches_occurred(
    world: InForce, maya: User, mona: User, days: list[tuple[int, str]], first: str, last: str, one_batch: bool
) -> None:
    for code, owner in (("new", maya), ("old", mona)):
        make_campaign(owner, code)
    arrivals = [visitor(1, campaign_code=code, occurred_at=NOW + timedelta(days=day)) for day, code in days]

    for batch in [arrivals] if one_batch else [[arrival] for arrival in arrivals]:
        take_in(batch, actor=None, at=NOW)

    lead = Lead.objects.select_related("first_campaign", "last_campaign", "marketer").get()
    assert (lead.first_campaign.code, lead.last_campaign.code) == (first, last)  # type: ignore[union-attr]
    assert lead.marketer == {"new": maya, "old": mona}[last]


def test_what_the_campaign_of_a_leaver_brings_in_is_the_whole_teams(world: InForce, maya: User, mona: User) -> None:
    Campaign.objects.create(name="Spring", code="spring", type="email", owner=maya, starts_on=NOW, created_at=NOW)
    User.objects.filter(pk=maya.pk).update(is_active=False)

    take_in([anna(name="", campaign_code="spring")], actor=None, at=NOW)

    lead = Lead.objects.get()
    assert (lead.stage, lead.marketer) == ("mql", None)
    assert Notice.objects.get().recipient == mona


@pytest.mark.parametrize("handoff_count", [0, 2])
def test_of_a_lead_whose_marketer_has_left_the_managers_are_told(
    world: InForce, maya: User, mona: User, handoff_count: int
) -> None:
    take_in([anna(name="" if handoff_count == 0 else "Anna", touch_kind="page_view")], actor=None, at=NOW)
    Lead.objects.update(marketer=maya, handoff_count=handoff_count)
    User.objects.filter(pk=maya.pk).update(is_active=False)

    take_in([anna(name="")], actor=None, at=NOW)

    assert LeadEvent.objects.filter(kind="handoff_refused").count() == 1
    assert Notice.objects.get().recipient == mona


def test_data_that_come_in_later_hand_the_waiting_mql_off(world: InForce, sam: User) -> None:
    take_in([anna(name="")], actor=None, at=NOW)

    (outcome,) = take_in([anna(touch_kind="page_view")], actor=None, at=NOW + timedelta(minutes=5))

    assert outcome.state == UPDATED
    assert Handoff.objects.get().assignee == sam
    assert events().count("qualified") == 1


def test_a_page_view_does_not_say_again_that_data_are_missing(world: InForce) -> None:
    take_in([anna(name="")], actor=None, at=NOW)

    take_in([anna(name="", touch_kind="page_view")], actor=None, at=NOW)

    assert events().count("handoff_refused") == 1


@pytest.mark.parametrize("kind", ["demo_request", "page_view"])
def test_only_a_hand_raise_is_told_to_whoever_has_the_lead(world: InForce, sam: User, kind: str) -> None:
    take_in([anna()], actor=None, at=NOW)
    before = Lead.objects.get()
    Notice.objects.all().delete()

    (outcome,) = take_in([anna(touch_kind=kind)], actor=None, at=NOW + timedelta(hours=1))

    told = set(Notice.objects.values_list("recipient", "code"))
    assert told == ({(sam.pk, "new_hand_raise")} if kind == "demo_request" else set())
    assert (outcome.stage, Handoff.objects.count(), Qualification.objects.count()) == ("mql", 1, 1)
    assert (Lead.objects.get().engagement_level or 0) > (before.engagement_level or 0)


def test_a_lead_that_sales_gave_back_needs_a_new_hand_raise_or_points(world: InForce) -> None:
    take_in([anna()], actor=None, at=NOW)
    Handoff.objects.update(state="rejected", reason="duplicate", decided_at=NOW)
    Lead.objects.update(stage="lead", needs_new_reason=True, engagement_level=None)

    (glance,) = take_in([anna(touch_kind="page_view")], actor=None, at=NOW)
    (request,) = take_in([anna()], actor=None, at=NOW)

    assert (glance.stage, request.stage) == ("lead", "mql")
    assert list(Handoff.objects.order_by("id").values_list("ordinal", flat=True)) == [1, 2]


def test_a_recalled_lead_stays_with_marketing_until_the_contact_asks_again(world: InForce, maya: User) -> None:
    (outcome,) = take_in([anna()], actor=None, at=NOW)
    recall(lead_id=outcome.lead_id or 0, actor=maya, at=NOW)

    (glance,) = take_in([anna(touch_kind="webinar_attended")], actor=None, at=NOW + timedelta(minutes=1))
    (request,) = take_in([anna()], actor=None, at=NOW + timedelta(minutes=2))

    assert (glance.stage, request.stage) == ("lead", "mql")
    assert list(Handoff.objects.order_by("id").values_list("state", flat=True)) == ["recalled", "open"]


def test_a_rejected_lead_qualifies_by_any_new_touch_that_the_rule_holds_for(world: InForce, sam: User) -> None:
    (outcome,) = take_in([anna()], actor=None, at=NOW)
    reject(lead_id=outcome.lead_id or 0, reason="duplicate", actor=sam, at=NOW)

    (again,) = take_in([anna(touch_kind="webinar_attended")], actor=None, at=NOW + timedelta(minutes=1))

    assert again.stage == "mql"
    assert list(Handoff.objects.order_by("id").values_list("state", flat=True)) == ["rejected", "open"]


def test_a_recall_of_a_former_life_holds_nothing_back(world: InForce, maya: User) -> None:
    (outcome,) = take_in([anna()], actor=None, at=NOW)
    recall(lead_id=outcome.lead_id or 0, actor=maya, at=NOW)
    Lead.objects.update(stage="recycled", returns_on="2027-09-01")

    (again,) = take_in([anna(touch_kind="webinar_attended")], actor=None, at=NOW + timedelta(minutes=1))

    assert again.stage == "mql"


def test_the_third_handoff_waits_for_a_manager(world: InForce, mona: User) -> None:
    take_in([anna()], actor=None, at=NOW)
    Handoff.objects.update(state="rejected", reason="duplicate", decided_at=NOW)
    Lead.objects.update(stage="lead", needs_new_reason=True, handoff_count=2)
    Notice.objects.all().delete()

    take_in([anna()], actor=None, at=NOW)

    assert Handoff.objects.filter(state="open").count() == 0
    assert LeadEvent.objects.get(kind="handoff_refused").code == "third_handoff"
    assert Notice.objects.get().recipient == mona


def test_a_rep_brings_in_a_lead_of_their_own_without_handoff_and_clock(world: InForce, sam: User) -> None:
    (outcome,) = take_in([anna(origin="sales")], actor=sam, at=NOW)

    lead = Lead.objects.get()
    assert (outcome.stage, lead.owner, lead.origin, lead.sal_at, lead.mql_at) == ("sal", sam, "sales", NOW, None)
    assert Handoff.objects.count() == Clock.objects.count() == 0


@pytest.mark.parametrize("origin", ["sales", "marketing"])
def test_who_may_not_take_leads_in_is_refused_before_anything_is_stored(
    world: InForce, maya: User, sam: User, olive: User, origin: str
) -> None:
    for actor in (olive, maya if origin == "sales" else sam):
        with pytest.raises(MayNotTakeIn):
            take_in([visitor(1), anna(origin=origin)], actor=actor, at=NOW)

    assert Contact.objects.count() == 0


def test_without_rules_of_routing_the_mql_is_kept_and_marketing_told(unrouted: InForce, mona: User) -> None:
    (outcome,) = take_in([anna()], actor=None, at=NOW)

    assert outcome.stage == "mql"
    assert LeadEvent.objects.get(kind="handoff_refused").code == "no_routing"
    assert Notice.objects.get().recipient == mona


def test_before_the_first_agreement_leads_come_in_all_the_same(maya: User) -> None:
    (outcome,) = take_in([anna()], actor=maya, at=NOW)

    lead = Lead.objects.get()
    assert (outcome.state, outcome.stage, lead.fit) == (CREATED, "lead", None)
    assert lead.engagement_level is not None


def test_history_keeps_its_own_dates_and_makes_no_promises(world: InForce, maya: User) -> None:
    rows = [Arrival(external_id=f"h{number}", source_raw=raw, touch_kind="first_contact", occurred_at="2017-11-05")
            for number, raw in enumerate(["organic search", "unknown", ""])]  # fmt: skip

    outcomes = take_in(rows, actor=maya, at=NOW, mode=HISTORY)

    leads = Lead.objects.order_by("id")
    assert [outcome.stage for outcome in outcomes] == ["mql"] * 3
    assert {(f"{lead.captured_at:%Y-%m-%d}", lead.mql_at == lead.captured_at, lead.is_history) for lead in leads} == {
        ("2017-11-05", True, True)
    }
    assert [lead.source for lead in leads] == ["organic_search", "unknown", "unknown"]
    assert list(Touch.objects.order_by("id").values_list("source_raw", flat=True)) == ["organic search", "unknown", ""]
    assert set(LeadEvent.objects.values_list("kind", "occurred_at__year")) == {("captured", 2017), ("qualified", 2017)}
    assert Handoff.objects.count() == Clock.objects.count() == Notice.objects.count() == 0


def test_history_without_a_date_is_rejected(world: InForce, maya: User) -> None:
    (outcome,) = take_in([Arrival(external_id="h1")], actor=maya, at=NOW, mode=HISTORY)

    assert outcome.state == REJECTED
    assert [(problem.field, problem.code) for problem in outcome.problems] == [("occurred_at", "missing")]


def test_a_live_request_hands_a_lead_of_history_off(world: InForce, maya: User, sam: User) -> None:
    take_in([anna(occurred_at="2025-01-05", touch_kind="first_contact")], actor=maya, at=NOW, mode=HISTORY)

    (outcome,) = take_in([anna()], actor=None, at=NOW)

    assert outcome.state == UPDATED
    assert Handoff.objects.get().assignee == sam
    assert not Lead.objects.get().is_history
