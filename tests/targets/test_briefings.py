"""Sales is briefed before a campaign starts: the promise, what keeps it, what ends it, and who is informed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from campaigns.actions import Brief, CodeTaken, MayNotLog, NoSuchCampaign
from campaigns.models import BriefingRead, Campaign
from leads.briefings import (
    AlreadyBriefed,
    CampaignOver,
    MayNotConfirm,
    NotBriefedYet,
    NothingToSay,
    brief_sales,
    briefing_of,
    confirm_briefing,
    plan_campaign,
    replan_campaign,
)
from leads.models import Clock
from leads.sweep import sweep
from ledger.models import AuditEntry, Notice
from ledger.wording import wording
from sla.in_force import InForce
from teams.models import Team, User
from tests.cast import NOW, person
from tests.racing import at_once, refusals_of

pytestmark = pytest.mark.django_db

BRIEF = Brief(
    name="Fair", code="fair", type="event", starts_on=date(2026, 3, 16), ends_on=date(2026, 3, 20), offer="A talk"
)
DUE = datetime(2026, 3, 11, 17, tzinfo=UTC)
"""Closing time three working days before Monday the 16th."""
DAY = timedelta(days=1)


def planned(maya: User, at: datetime = NOW, **fields: Any) -> Campaign:
    return plan_campaign(brief=replace(BRIEF, **fields), actor=maya, at=at)


def clock(campaign: Campaign) -> Clock:
    return Clock.objects.filter(campaign=campaign).latest("pk")


def names(code: str) -> list[str]:
    rows = Notice.objects.filter(code=code, channel="in_app").order_by("recipient__name")
    return list(rows.values_list("recipient__name", flat=True))


def test_logging_a_campaign_promises_to_brief_sales(agreement: InForce, maya: User) -> None:
    found = clock(planned(maya))

    assert (found.promise, found.side, found.user, found.tier) == ("brief", "marketing", maya, "standard")
    assert (found.arrived_at, found.started_at, found.due_at, found.state) == (NOW, NOW, DUE, "running")
    assert AuditEntry.objects.filter(verb="promise_briefing").count() == 1


def test_one_that_starts_too_soon_leaves_an_hour(agreement: InForce, maya: User) -> None:
    assert clock(planned(maya, starts_on=NOW.date())).due_at == NOW + timedelta(hours=1)


def test_one_that_had_started_before_promises_nothing(agreement: InForce, maya: User) -> None:
    campaign = planned(maya, starts_on=NOW.date() - DAY)

    assert not Clock.objects.filter(campaign=campaign).exists()
    assert not AuditEntry.objects.filter(verb="promise_briefing").exists()


def test_without_an_agreement_nothing_is_promised(maya: User) -> None:
    assert not Clock.objects.filter(campaign=planned(maya)).exists()


def test_a_refused_campaign_promises_nothing(agreement: InForce, maya: User, sam: User) -> None:
    planned(maya)

    with pytest.raises(CodeTaken):
        planned(maya)
    with pytest.raises(MayNotLog):
        planned(sam, code="other")

    assert (Campaign.objects.count(), Clock.objects.count()) == (1, 1)


def test_briefing_keeps_the_promise_and_tells_all_of_sales(
    agreement: InForce, maya: User, mona: User, sam: User, sue: User, sales: Team
) -> None:
    person("Gone", sales, is_active=False)
    campaign = planned(maya)

    brief_sales(campaign_id=campaign.pk, actor=mona, at=DUE)

    campaign.refresh_from_db()
    assert (campaign.announced_at, campaign.announced_by) == (DUE, mona)
    assert (clock(campaign).state, clock(campaign).met_at) == ("met", DUE)
    assert names("campaign_announced") == ["Sam", "Sue"]
    told = wording("campaign_announced").render(campaign.pk, {"starts_on": "2026-03-16"})
    assert told.path == f"/campaigns/{campaign.pk}/"
    assert "Monday 16 March 2026" in told.text


def test_a_late_briefing_stays_a_miss(agreement: InForce, maya: User, mona: User) -> None:
    campaign = planned(maya)
    sweep(at=DUE + timedelta(seconds=1))
    assert clock(campaign).state == "missed"
    told = Notice.objects.filter(code="clock_missed", subject_type="campaign", subject_id=campaign.pk).first()
    assert told is not None
    assert told.recipient == maya
    assert wording("clock_missed").render(campaign.pk, told.facts).path == f"/campaigns/{campaign.pk}/"

    brief_sales(campaign_id=campaign.pk, actor=maya, at=DUE + timedelta(hours=17))

    found = clock(campaign)
    assert (found.state, found.answered_at, found.late_seconds) == ("missed", DUE + timedelta(hours=17), 3600)


def test_what_cannot_be_briefed_is_refused(agreement: InForce, maya: User, sam: User) -> None:
    campaign = planned(maya)
    empty = planned(maya, code="empty", offer=" ", talking_points="")
    over = planned(maya, code="over", starts_on=date(2026, 2, 1), ends_on=date(2026, 3, 1))

    with pytest.raises(MayNotLog):
        brief_sales(campaign_id=campaign.pk, actor=sam, at=NOW)
    with pytest.raises(NoSuchCampaign):
        brief_sales(campaign_id=987_654, actor=maya, at=NOW)
    with pytest.raises(NothingToSay):
        brief_sales(campaign_id=empty.pk, actor=maya, at=NOW)
    with pytest.raises(CampaignOver):
        brief_sales(campaign_id=over.pk, actor=maya, at=NOW)
    brief_sales(campaign_id=campaign.pk, actor=maya, at=NOW)
    with pytest.raises(AlreadyBriefed):
        brief_sales(campaign_id=campaign.pk, actor=maya, at=NOW)

    assert AuditEntry.objects.filter(verb="brief_sales").count() == 1


def test_another_start_date_is_another_promise(agreement: InForce, maya: User) -> None:
    campaign = planned(maya)
    first = clock(campaign)

    moved = replace(BRIEF, starts_on=date(2026, 3, 17))
    replan_campaign(campaign_id=campaign.pk, brief=moved, actor=maya, at=NOW + DAY)

    first.refresh_from_db()
    assert (first.state, first.due_at) == ("cancelled", DUE)
    assert first.steps.get(kind="cancelled").code == "date_changed"
    second = clock(campaign)
    assert (second.state, second.arrived_at, second.due_at) == ("running", NOW + DAY, DUE + DAY)


def test_a_change_of_words_moves_no_promise(agreement: InForce, maya: User) -> None:
    campaign = planned(maya)

    replan_campaign(campaign_id=campaign.pk, brief=replace(BRIEF, name="Big fair"), actor=maya, at=NOW + DAY)

    assert Clock.objects.get().state == "running"
    assert not AuditEntry.objects.filter(verb="replan_briefing").exists()


def test_a_miss_stays_when_the_date_moves(agreement: InForce, maya: User) -> None:
    campaign = planned(maya)
    moved = replace(BRIEF, starts_on=date(2026, 4, 13), ends_on=None)

    replan_campaign(campaign_id=campaign.pk, brief=moved, actor=maya, at=DUE + timedelta(hours=1))

    assert list(Clock.objects.order_by("pk").values_list("state", flat=True)) == ["missed", "running"]


def test_who_was_briefed_hears_of_another_date(agreement: InForce, maya: User, sam: User) -> None:
    campaign = planned(maya)
    brief_sales(campaign_id=campaign.pk, actor=maya, at=NOW)

    moved = replace(BRIEF, starts_on=date(2026, 3, 17))
    replan_campaign(campaign_id=campaign.pk, brief=moved, actor=maya, at=NOW + DAY)

    assert names("campaign_moved") == ["Sam", "Sue"]
    assert Clock.objects.get().state == "met"


def test_a_campaign_that_ended_unannounced_is_owed_no_longer(agreement: InForce, maya: User) -> None:
    campaign = planned(maya)
    ended = replace(BRIEF, starts_on=date(2026, 2, 27), ends_on=date(2026, 3, 1))

    replan_campaign(campaign_id=campaign.pk, brief=ended, actor=maya, at=NOW + DAY)

    found = Clock.objects.get()
    assert (found.state, found.steps.get(kind="cancelled").code) == ("cancelled", "campaign_ended")


def test_sales_says_that_it_is_informed_once(agreement: InForce, maya: User, sam: User, sue: User) -> None:
    campaign = planned(maya)
    with pytest.raises(NotBriefedYet):
        confirm_briefing(campaign_id=campaign.pk, actor=sam, at=NOW)
    campaign = brief_sales(campaign_id=campaign.pk, actor=maya, at=NOW)

    assert [person.name for person in briefing_of(campaign).missing] == ["Sam", "Sue"]
    assert confirm_briefing(campaign_id=campaign.pk, actor=sam, at=NOW + DAY) is True
    assert confirm_briefing(campaign_id=campaign.pk, actor=sam, at=NOW + 2 * DAY) is False
    with pytest.raises(MayNotConfirm):
        confirm_briefing(campaign_id=campaign.pk, actor=maya, at=NOW)
    with pytest.raises(NoSuchCampaign):
        confirm_briefing(campaign_id=987_654, actor=sam, at=NOW)

    found = briefing_of(campaign)
    assert ([(user.name, at) for user, at in found.informed], [user.name for user in found.missing]) == (
        [("Sam", NOW + DAY)], ["Sue"],
    )  # fmt: skip
    assert AuditEntry.objects.filter(verb="confirm_briefing").count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_who_brief_at_once_one_does(agreement: InForce, maya: User, mona: User, sam: User) -> None:
    campaign = planned(maya)

    refused = refusals_of(
        [lambda who=who: brief_sales(campaign_id=campaign.pk, actor=who, at=NOW) for who in (maya, mona)],  # type: ignore[misc]
        AlreadyBriefed,
    )
    said = at_once([lambda: confirm_briefing(campaign_id=campaign.pk, actor=sam, at=NOW)] * 3)

    assert sorted(one is None for one in refused) == [False, True]
    assert (Clock.objects.get().state, names("campaign_announced")) == ("met", ["Sam", "Sue"])
    assert (sorted(said), BriefingRead.objects.count()) == ([False, False, True], 1)


# Pages ----------------------------------------------------------------------------------------------------------------


def test_both_sides_see_who_is_informed(agreement: InForce, maya: User, sam: User, sue: User, client: Client) -> None:
    campaign = planned(maya, starts_on=date(2099, 12, 31), ends_on=None)
    path = f"/campaigns/{campaign.pk}/"
    client.force_login(sam)
    assert "I am informed" not in client.get(path).content.decode()
    client.force_login(maya)
    page = client.get(path).content.decode()
    assert ("Brief sales" in page, "not briefed yet" in page) == (True, True)

    assert client.post(f"{path}brief/").status_code == 302
    assert client.post(f"{path}brief/").status_code == 409
    assert client.post(f"{path}informed/").status_code == 403

    client.force_login(sam)
    assert "I am informed" in client.get(path).content.decode()
    assert client.post(f"{path}informed/").status_code == 302
    assert client.post(f"{path}informed/").status_code == 302
    for reader in (sam, maya):
        client.force_login(reader)
        page = client.get(path).content.decode()
        assert "1 of 2 in sales say so" in page
        assert "<dt>Not yet</dt><dd>Sue</dd>" in page
