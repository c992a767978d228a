"""Links of a campaign on its page: made by asking, copied, and counted as the page says."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import parse_qsl, urlsplit

import pytest

from campaigns.models import Campaign
from leads.intake.arrival import Arrival
from leads.intake.pipeline import take_in
from leads.models import Touch
from sla.in_force import InForce
from teams.models import User
from tests.desk.conftest import Enter

PAGE = "https://firm.example/demo?a=1#part"


def test_a_link_is_made_on_the_campaigns_page_and_can_be_copied(enter: Enter, sam: User, campaign: Campaign) -> None:
    asked = {"address": PAGE, "source": "linkedin", "medium": "cpc", "content": "blue & bold", "term": ""}

    response = enter(sam).get(f"/campaigns/{campaign.pk}/", asked)

    page = response.content.decode()
    link = (
        "https://firm.example/demo?a=1&amp;utm_source=linkedin&amp;utm_medium=cpc&amp;utm_campaign=spring-webinar"
        "&amp;utm_content=blue%20%26%20bold#part"
    )
    assert response.status_code == 200
    assert f'data-copy="{link}"' in page
    assert "It will be counted as <b>Paid social</b>" in page


def test_where_the_words_do_not_decide_the_page_says_so(enter: Enter, sam: User, campaign: Campaign) -> None:
    page = enter(sam).get(f"/campaigns/{campaign.pk}/", {"address": PAGE}).content.decode()

    assert "Where it is clicked decides" in page
    assert "counted as <b>Direct</b>" in page


@pytest.mark.parametrize(
    ("asked", "field", "says"),
    [
        ({"address": ""}, "address", "Say which page the link leads to."),
        ({"address": "https://sam:x@firm.example/"}, "address", "leave them out"),
        ({"address": "javascript:alert(1)"}, "address", "begins with https://"),
        ({"address": PAGE, "term": "x" * 81}, "term", "at most 80"),
        ({"address": "\x00"}, "address", "Null characters"),
    ],
)
def test_what_makes_no_link_is_said_beside_the_field_and_kept(
    enter: Enter, sam: User, campaign: Campaign, asked: dict[str, str], field: str, says: str
) -> None:
    response = enter(sam).get(f"/campaigns/{campaign.pk}/", asked | {"content": "my words"})

    page = response.content.decode()
    assert response.status_code == 422
    assert says in page
    assert list(response.context["link_form"].errors) == [field]
    assert 'value="my words"' in page
    assert "data-copy" not in page


@pytest.mark.parametrize(
    "asked",
    [
        {"source": "linkedin", "medium": "cpc"},
        {"source": "newsletter"},
        {"medium": "webinar"},
        {"source": "gazette"},
        {},
    ],
)
def test_a_touch_by_the_link_is_counted_as_the_page_says(
    enter: Enter, sam: User, campaign: Campaign, agreement: InForce, at: datetime, asked: dict[str, str]
) -> None:
    form = enter(sam).get(f"/campaigns/{campaign.pk}/", {"address": PAGE} | asked).context["link_form"]
    said = {name.removeprefix("utm_"): value for name, value in parse_qsl(urlsplit(form.link).query) if "utm" in name}

    take_in([Arrival(email="ana@firm.example", utm=said, landing_page=form.link)], actor=None, at=at)

    touch = Touch.objects.get()
    assert (touch.source, touch.campaign) == (form.counting.source, campaign)
