"""Why a lead has its scores: on its page and over the API, now and as of a past instant."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from leads.intake.pipeline import take_in
from leads.models import Lead
from sla.in_force import InForce
from teams.models import User
from tests.desk.conftest import Enter
from tests.leads.intake_world import anna, world  # noqa: F401 - a fixture

DAY = timedelta(days=1)


@pytest.fixture
def lead(world: InForce, at: datetime) -> Lead:  # noqa: F811
    """Anna writes from free mail: 100 of fit less 10; a download ten days ago, a demo yesterday."""
    take_in(
        [anna(email="anna@gmx.de", touch_kind="content_download", source_raw="referral")], actor=None, at=at - 10 * DAY
    )
    take_in([anna(email="anna@gmx.de")], actor=None, at=at - DAY)
    return Lead.objects.get()


def test_what_took_points_off_is_shown_with_its_evidence(enter: Enter, sam: User, lead: Lead) -> None:
    page = enter(sam).get(f"/leads/{lead.pk}/").content.decode()

    for words in ("Writes from free mail", "gmx.de", "<b>-10</b>", "90 of 100", "Paid search", "10 days ago"):
        assert words in page


def test_the_page_tells_the_score_of_a_past_instant(enter: Enter, sam: User, lead: Lead, at: datetime) -> None:
    asked = (at - 5 * DAY).isoformat()

    page = enter(sam).get(f"/leads/{lead.pk}/", {"as_of": asked}).content.decode()

    for words in ("The score on", "11 of 100", "The score now"):
        assert words in page
    assert "What made up the fit is kept with each qualification" in page


def test_the_instant_of_a_link_stands_in_the_field(enter: Enter, sam: User, lead: Lead, at: datetime) -> None:
    asked = (at - 5 * DAY).replace(hour=12, minute=34)

    page = enter(sam).get(f"/leads/{lead.pk}/", {"as_of": asked.isoformat()}).content.decode()

    local = asked.astimezone(ZoneInfo(sam.timezone or "UTC"))
    assert f'value="{local:%Y-%m-%dT%H:%M}"' in page


def test_from_each_qualification_a_link_leads_to_its_score(enter: Enter, sam: User, lead: Lead, at: datetime) -> None:
    kept = lead.qualifications.get()
    browser = enter(sam)
    page = browser.get(f"/leads/{lead.pk}/").content.decode()
    address = page.split('MQL on <a href="')[1].split('"')[0].removesuffix("#score")

    then = browser.get(f"/leads/{lead.pk}/{address}").content.decode()

    for words in (f"{kept.engagement} of 100", "<b>-10</b>", "The score on"):
        assert words in then


@pytest.mark.parametrize(
    "asked", ["", "x", "2999-01-01T00:00", "1970-01-01T00:00", "2026-02-30T10:00", "0001-01-01T00:00", "\x00"]
)
def test_an_instant_that_makes_no_sense_is_said_beside_the_field(
    enter: Enter, sam: User, lead: Lead, asked: str
) -> None:
    response = enter(sam).get(f"/leads/{lead.pk}/", {"as_of": asked})

    page = response.content.decode()
    assert response.status_code == 200
    assert 'class="problem"' in page
    assert "Why this score" in page


def test_before_the_lead_was_known_there_was_no_score(enter: Enter, sam: User, lead: Lead, at: datetime) -> None:
    page = enter(sam).get(f"/leads/{lead.pk}/", {"as_of": (at - 11 * DAY).strftime("%Y-%m-%dT%H:%M")}).content.decode()

    assert "not known yet at that time" in page
    assert "Why this score" in page
