"""Alerts to the owner of a campaign: told once, in the transaction of the verb that judged, and again only after they were over."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.alerting import POOR, POOR_RATINGS, SAME_REASON, WINDOW
from campaigns.models import Campaign, CampaignAlert
from leads import alerts
from leads.alerts import ALERT
from leads.followup import rate
from leads.handoffs import accept, reject, reject_many, return_lead
from leads.models import Handoff, Lead
from leads.record import Record
from ledger.models import Notice
from ledger.wording import IN_APP, wording
from sla.in_force import InForce
from teams.models import Availability, Team, User
from tests.cast import NOW
from tests.leads.exchange_world import contested, say
from tests.leads.worlds import go_round, make_campaign, offered, ready_lead
from tests.plans import only_on_sqlite, plan_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign(maya: User, sam: User, agreement: InForce, sales: Team) -> Campaign:
    go_round(sales)
    Availability.objects.update_or_create(user=sam, defaults={"open_lead_capacity": 100})
    return make_campaign(maya)


class Judging:
    """Sam judges leads of one campaign, one a minute."""

    def __init__(self, campaign: Campaign, maya: User, sam: User) -> None:
        self.campaign, self.maya, self.sam, self.at = campaign, maya, sam, NOW

    def offer(self) -> Handoff:
        self.at += timedelta(minutes=1)
        return offered(ready_lead(campaign=self.campaign), self.maya, at=self.at)

    def rejects(self, reason: str = "wrong_role") -> Handoff:
        handoff = self.offer()
        reject(lead_id=handoff.lead_id, reason=reason, actor=self.sam, at=self.at)
        return handoff

    def accepts(self) -> Handoff:
        handoff = self.offer()
        accept(lead_id=handoff.lead_id, actor=self.sam, at=self.at)
        return handoff

    def rates(self, quality: int) -> Handoff:
        handoff = self.accepts()
        rate(lead_id=handoff.lead_id, quality=quality, actor=self.sam, at=self.at)
        return handoff


@pytest.fixture
def judging(campaign: Campaign, maya: User, sam: User) -> Judging:
    return Judging(campaign, maya, sam)


def told() -> list[tuple[int, str, int, int]]:
    rows = Notice.objects.filter(code=ALERT, channel=IN_APP).order_by("pk")
    return [(row.recipient_id, row.facts["reason"], row.facts["count"], row.facts["of"]) for row in rows]


def standing() -> list[tuple[str, int, int]]:
    return list(CampaignAlert.objects.filter(ended_at__isnull=True).order_by("pk").values_list("code", "count", "of"))


def test_the_owner_is_told_once_and_the_figures_follow(judging: Judging, maya: User) -> None:
    for _ in range(SAME_REASON - 1):
        judging.rejects()
    below = (told(), standing())
    judging.rejects()
    at_threshold = (told(), standing())
    judging.rejects()

    assert below == ([], [])
    assert at_threshold == ([(maya.pk, "wrong_role", 5, 5)], [("wrong_role", 5, 5)])
    assert told() == [(maya.pk, "wrong_role", 5, 5)]
    assert standing() == [("wrong_role", 6, 6)]


def test_it_is_told_again_only_after_it_was_over(judging: Judging) -> None:
    for _ in range(SAME_REASON):
        judging.rejects()
    for _ in range(WINDOW - SAME_REASON):
        judging.accepts()
    still = standing()
    judging.accepts()
    over = standing()
    judging.rejects()
    again = (len(told()), standing())
    for _ in range(SAME_REASON - 1):
        judging.rejects()

    assert still == [("wrong_role", 5, 20)]
    assert over == []
    assert again == (1, [])
    assert len(told()) == 2
    assert CampaignAlert.objects.filter(ended_at__isnull=False).count() == 1


def test_an_alert_that_stands_after_an_acceptance_tells_the_figures_of_now(judging: Judging) -> None:
    for _ in range(SAME_REASON):
        judging.rejects()
    judging.accepts()

    assert standing() == [("wrong_role", 5, 6)]


def test_different_reasons_do_not_add_up_and_each_is_told_by_itself(judging: Judging) -> None:
    for _ in range(SAME_REASON - 1):
        judging.rejects("wrong_role")
        judging.rejects("wrong_size")
    below = told()
    judging.rejects("wrong_role")
    judging.rejects("wrong_size")

    assert below == []
    assert [reason for _, reason, *_ in told()] == ["wrong_role", "wrong_size"]


def test_a_returned_lead_counts_as_rejected(judging: Judging, sam: User) -> None:
    for _ in range(SAME_REASON):
        handoff = judging.accepts()
        return_lead(lead_id=handoff.lead_id, reason="wrong_role", actor=sam, at=judging.at)

    assert standing() == [("wrong_role", 5, 5)]


def test_a_return_is_news_however_long_ago_the_lead_was_accepted(judging: Judging, sam: User) -> None:
    accepted = [judging.accepts() for _ in range(WINDOW + SAME_REASON)]
    for handoff in accepted[:SAME_REASON]:
        judging.at += timedelta(minutes=1)
        return_lead(lead_id=handoff.lead_id, reason="wrong_role", actor=sam, at=judging.at)

    assert standing() == [("wrong_role", SAME_REASON, WINDOW)]


def test_what_sales_said_counts_for_the_campaign_of_then(judging: Judging, maya: User, sam: User) -> None:
    other = Judging(make_campaign(maya, "autumn"), maya, sam)
    for _ in range(SAME_REASON - 1):
        judging.rejects()
    Lead.objects.update(last_campaign=other.campaign)
    other.rejects()
    none_inherited = standing()
    judging.rejects()

    assert none_inherited == []
    assert [alert.campaign for alert in CampaignAlert.objects.all()] == [judging.campaign]


@pytest.mark.parametrize(("reason", "stands"), [("other", False), ("do_not_contact", True)])
def test_other_is_no_shared_reason_and_one_of_procedure_is(
    judging: Judging, sam: User, reason: str, stands: bool
) -> None:
    for _ in range(SAME_REASON):
        reject(lead_id=judging.offer().lead_id, reason=reason, note="As said.", actor=sam, at=judging.at)

    assert bool(standing()) is stands


def test_many_rejected_at_once_are_one_alert(judging: Judging, sam: User) -> None:
    lead_ids = [judging.offer().lead_id for _ in range(SAME_REASON)]

    reject_many(lead_ids=lead_ids, reason="wrong_role", actor=sam, at=judging.at)

    assert [(reason, count) for _, reason, count, _ in told()] == [("wrong_role", 5)]


def test_poor_ratings_are_told_and_are_over_when_better_ones_come(judging: Judging, maya: User) -> None:
    for _ in range(POOR_RATINGS - 1):
        judging.rates(2)
    judging.rates(3)
    below = (told(), standing())
    judging.rates(1)
    risen = (told(), standing())
    for _ in range(WINDOW):
        judging.rates(5)

    assert below == ([], [])
    assert risen == ([(maya.pk, POOR, 6, 7)], [(POOR, 6, 7)])
    assert standing() == []
    assert len(told()) == 1


def test_a_lead_that_is_rated_again_counts_by_its_newest_rating(judging: Judging, sam: User) -> None:
    handoff = judging.rates(1)
    for minute in range(1, POOR_RATINGS + 2):
        rate(lead_id=handoff.lead_id, quality=1, actor=sam, at=judging.at + timedelta(minutes=minute))

    assert standing() == []


def test_other_campaigns_do_not_count(judging: Judging, maya: User, sam: User) -> None:
    other = Judging(make_campaign(maya, "autumn"), maya, sam)
    for _ in range(SAME_REASON - 1):
        judging.rejects()
        other.rejects()

    assert standing() == []


def test_an_overturned_rejection_takes_the_alert_back(judging: Judging, mona: User, sue: User) -> None:
    handoffs = [judging.rejects() for _ in range(SAME_REASON)]
    stood = standing()
    Lead.objects.update(last_campaign=make_campaign(mona, "later"))
    dispute = contested(handoffs[0].lead, mona, at=judging.at)
    say(dispute, mona, "overturn", at=judging.at)
    say(dispute, sue, "overturn", at=judging.at)

    assert stood == [("wrong_role", 5, 5)]
    assert standing() == []


def test_where_the_owner_has_left_the_managers_of_marketing_are_told(judging: Judging, maya: User, mona: User) -> None:
    for _ in range(SAME_REASON - 1):
        judging.rejects()
    handoff = judging.offer()
    User.objects.filter(pk=maya.pk).update(is_active=False)

    reject(lead_id=handoff.lead_id, reason="wrong_role", actor=judging.sam, at=judging.at)

    assert [recipient for recipient, *_ in told()] == [mona.pk]


def test_a_rejection_that_fails_leaves_neither_mark_nor_notice(
    judging: Judging, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(SAME_REASON - 1):
        judging.rejects()
    handoff = judging.offer()
    heed = alerts._heed

    def die(*args: Any) -> None:
        heed(*args)
        raise RuntimeError("killed")

    monkeypatch.setattr(alerts, "_heed", die)
    with pytest.raises(RuntimeError):
        reject(lead_id=handoff.lead_id, reason="wrong_role", actor=judging.sam, at=judging.at)
    died = (told(), standing(), Lead.objects.get(pk=handoff.lead_id).stage)
    monkeypatch.undo()
    reject(lead_id=handoff.lead_id, reason="wrong_role", actor=judging.sam, at=judging.at)

    assert died == ([], [], "mql")
    assert (len(told()), len(standing())) == (1, 1)


@pytest.mark.parametrize(
    ("reason", "title"),
    [
        ("wrong_role", "Wrong role or persona: 9 of the last 20"),
        (POOR, "Sales rates a campaign’s leads poor: 9 of the last 20"),
    ],
)
def test_the_notice_says_what_and_how_often(reason: str, title: str) -> None:
    message = wording(ALERT).render(7, {"reason": reason, "count": 9, "of": 20})

    assert (message.title, message.path) == (title, "/campaigns/7/")
    assert "9 of the last 20" in message.title


def test_an_owner_who_rejects_their_own_lead_is_not_told_of_it(campaign: Campaign, sam: User, maya: User) -> None:
    Campaign.objects.update(owner=sam)
    campaign.refresh_from_db()
    judging = Judging(campaign, maya, sam)
    for _ in range(SAME_REASON):
        judging.rejects()

    assert (told(), standing()) == ([], [("wrong_role", 5, 5)])


def test_what_was_said_last_is_read_from_the_end_of_an_index(campaign: Campaign) -> None:
    only_on_sqlite()
    with CaptureQueriesContext(connection) as queries:
        alerts._reasons(Record("test", None, NOW), campaign.pk)

    plans = [plan_of(query["sql"]) for query in queries.captured_queries]
    assert len(plans) == 2
    for steps in plans:
        assert "event_campaign_idx" in steps[0]
        assert not [step for step in steps if "TEMP B-TREE FOR ORDER BY" in step]
