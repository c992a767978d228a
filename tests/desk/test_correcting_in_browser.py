"""Maya fills a gap from her desk, in a real browser: the form opens in the row, problems stand beside the fields, axe finds nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from leads.intake.pipeline import take_in
from leads.models import Handoff, Lead
from sla.in_force import InForce
from teams.models import User
from tests.desk.test_pages_in_browser import SHOTS
from tests.leads.intake_world import anna, world  # noqa: F401 - a fixture
from tests.looking import axe_faults, enter

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def lead(world: InForce, at: datetime) -> Lead:  # noqa: F811
    """An MQL that lacks its company and is known by a private address."""
    gaps = {"email": "anna@gmail.com", "phone": "", "company": "", "industry": "", "employee_count": ""}
    (outcome,) = take_in([anna(**gaps)], actor=None, at=at - timedelta(hours=1))
    return Lead.objects.get(pk=outcome.lead_id or 0)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390)])
def test_the_gap_is_filled_from_the_desk(
    page: Page, live_server: LiveServer, lead: Lead, maya: User, sam: User, scheme: str, width: int
) -> None:
    enter(page, live_server, maya, width)
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(live_server.url)
    form = page.locator(f"#slot-{lead.pk} form")

    page.locator(f"#lead-{lead.pk}").get_by_role("link", name="Correct data").click()
    form.wait_for()
    opened = _faults(page, f"opened-{scheme}-{width}")
    first_asked = page.evaluate("document.activeElement.name")
    page.keyboard.type("Acme GmbH")
    page.get_by_label("Employees").fill("many")
    form.get_by_role("button", name="Save").click()
    page.locator("#id_employee_count_error").wait_for()
    refused = _faults(page, f"refused-{scheme}-{width}")
    then_asked = page.evaluate("document.activeElement.name")
    kept = page.get_by_label("Company a handoff needs it").input_value()
    page.get_by_label("Employees").fill("250")
    form.get_by_role("button", name="Save").click()
    page.wait_for_url(f"{live_server.url}/leads/{lead.pk}/")
    done = _faults(page, f"done-{scheme}-{width}")

    assert opened + refused + done == []
    assert (first_asked, then_asked, kept) == ("company", "employee_count", "Acme GmbH")
    assert page.get_by_text("It is offered to Sam.").count() == 1
    assert Handoff.objects.get(lead=lead).assignee == sam


def _faults(page: Page, name: str) -> list[str]:
    """Take a picture of the lead's row or page, and give what axe finds and whether it is too wide."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"correcting-{name}.png", full_page=True)
    faults = [f"{name} {fault}" for fault in axe_faults(page, within="[data-row]")]
    too_wide = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    return [*faults, f"{name} is too wide"] if too_wide else faults
