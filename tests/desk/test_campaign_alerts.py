"""An alert that stands is shown on the campaign's page and on the desk of its owner, and nowhere once it is over."""

from __future__ import annotations

from datetime import datetime

from campaigns.models import Campaign, CampaignAlert
from teams.models import Team, User
from tests.cast import person
from tests.desk.conftest import Enter
from tests.leads.worlds import make_campaign


def test_a_standing_alert_is_shown_to_its_owner_and_on_the_page(
    enter: Enter, campaign: Campaign, maya: User, sam: User, marketing: Team, at: datetime
) -> None:
    milo = person("Milo", marketing)
    facts = {"count": 9, "of": 20, "raised_at": at}
    CampaignAlert.objects.create(campaign=campaign, code="wrong_role", **facts)
    CampaignAlert.objects.create(campaign=campaign, code="poor_rating", ended_at=at, **facts)
    CampaignAlert.objects.create(campaign=make_campaign(milo, "other"), code="duplicate", **facts)

    page = enter(sam).get(f"/campaigns/{campaign.pk}/").content.decode()
    desk = enter(maya).get("/").content.decode()

    for shown in (page, desk):
        assert "Wrong role or persona: 9 of the last 20" in shown
        assert "Rated poor" not in shown
        assert "Duplicate: 9" not in shown
