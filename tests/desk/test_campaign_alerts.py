"""An alert that stands is shown on the campaign's page and on the desk of who answers for it, and nowhere once it is over."""

from __future__ import annotations

from datetime import datetime, timedelta

from campaigns.models import Campaign, CampaignAlert
from desk.queries.campaign_alerts import LATELY, standing_alerts
from ledger.instants import company_day
from teams.models import Team, User
from tests.cast import person
from tests.desk.conftest import Enter
from tests.leads.worlds import make_campaign

FIGURES = {"count": 9, "of": 20}


def test_a_standing_alert_is_shown_to_its_owner_and_on_the_page(
    enter: Enter, campaign: Campaign, maya: User, sam: User, marketing: Team, at: datetime
) -> None:
    milo = person("Milo", marketing)
    facts = {**FIGURES, "raised_at": at}
    CampaignAlert.objects.create(campaign=campaign, code="wrong_role", **facts)
    CampaignAlert.objects.create(campaign=campaign, code="poor_rating", ended_at=at, **facts)
    CampaignAlert.objects.create(campaign=make_campaign(milo, "other"), code="duplicate", **facts)

    page = enter(sam).get(f"/campaigns/{campaign.pk}/").content.decode()
    desk = enter(maya).get("/").content.decode()

    assert "Maya answers for it" in page
    for shown in (page, desk):
        assert "Wrong role or persona: 9 of the last 20" in shown
        assert "Rated poor" not in shown
        assert "Duplicate: 9" not in shown


def test_where_the_owner_has_left_it_stands_on_the_desk_of_managers_of_marketing(
    enter: Enter, campaign: Campaign, maya: User, mona: User, marketing: Team, at: datetime
) -> None:
    CampaignAlert.objects.create(campaign=campaign, code="wrong_role", raised_at=at, **FIGURES)
    before = standing_alerts(mona, at)
    User.objects.filter(pk=maya.pk).update(is_active=False)

    assert before == []
    assert "Wrong role or persona: 9 of the last 20" in enter(mona).get("/?desk=marketer").content.decode()
    assert standing_alerts(person("Milo", marketing), at) == []
    assert "managers of marketing answer for it" in enter(mona).get(f"/campaigns/{campaign.pk}/").content.decode()


def test_a_desk_shows_alerts_of_campaigns_that_run_or_ended_lately(
    campaign: Campaign, maya: User, at: datetime
) -> None:
    alert = CampaignAlert.objects.create(campaign=campaign, code="wrong_role", raised_at=at - 2 * LATELY, **FIGURES)
    shown = []
    for ends_on in (None, company_day(at - LATELY), company_day(at - LATELY) - timedelta(days=1)):
        Campaign.objects.update(ends_on=ends_on)
        shown.append(standing_alerts(maya, at))
    CampaignAlert.objects.update(raised_at=at)

    assert shown == [[alert], [alert], []]
    assert standing_alerts(maya, at) == [alert]
