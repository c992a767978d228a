"""Money keeps its currency: what is of different ones is never added, and each page names the one it shows."""

from __future__ import annotations

from datetime import datetime

import pytest

from campaigns.models import Campaign
from desk.queries.marketer import campaign_figures
from leads.models import Opportunity
from teams.models import User
from tests.cast import make_lead
from tests.desk.conftest import Enter

pytestmark = pytest.mark.django_db


@pytest.fixture
def won(campaign: Campaign, at: datetime) -> list[Opportunity]:
    """Three deals won from one campaign whose money is euros: two in euros, one in reais."""
    Campaign.objects.update(currency="EUR")
    campaign.refresh_from_db()
    return [
        Opportunity.objects.create(
            lead=make_lead(stage="customer", customer_at=at, last_campaign=campaign), stage="won", amount=amount,
            currency=currency, opened_at=at, closed_at=at,
        )
        for amount, currency in ((100, "EUR"), (20, "EUR"), (5000, "BRL"))
    ]  # fmt: skip


def test_deals_in_another_currency_are_not_added_to_those_of_the_campaign(
    won: list[Opportunity], campaign: Campaign
) -> None:
    (figures,) = campaign_figures([campaign])

    assert figures.won_value == 120
    assert figures.won == 3


def test_a_campaign_with_no_deal_in_its_currency_has_no_value_rather_than_none_of_it(
    won: list[Opportunity], campaign: Campaign
) -> None:
    Campaign.objects.update(currency="USD")

    (figures,) = campaign_figures(list(Campaign.objects.all()))

    assert figures.won_value is None


@pytest.mark.parametrize(("place", "shown", "other"), [(0, "€100", "BRL"), (2, "BRL\N{NO-BREAK SPACE}5,000", "€5,000")])
def test_the_page_of_a_lead_names_the_currency_of_its_own_deal(
    won: list[Opportunity], enter: Enter, maya: User, place: int, shown: str, other: str
) -> None:
    page = enter(maya).get(f"/leads/{won[place].lead_id}/").content.decode()

    assert shown in page
    assert other not in page
