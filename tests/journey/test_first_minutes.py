"""What a rep does in the first minutes: takes leads by keyboard alone, meets a colleague who was faster, comes back after a logout."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from leads.intake.arrival import Arrival
from leads.intake.pipeline import take_in
from leads.models import Lead
from replay.company import DOMAIN, Company
from tests.journey.conftest import Clock
from tests.journey.seats import House, Seat

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("journey")]

FIRST, SECOND = "Ines Carvalho", "Hugo Lindgren"


@pytest.fixture
def sam(house: House, company: Company, clock: Clock) -> Seat:
    """Sam at his desk, where two leads wait."""
    for number, name in enumerate((FIRST, SECOND)):
        asked = Arrival(
            name=name, email=f"asked{number}@firm{number}.example", company=f"Firm {number}", role="operations",
            seniority="head", country="DE", touch_kind="demo_request", source_raw="referral",
        )  # fmt: skip
        take_in([asked], actor=None, at=clock.now())
    return house.seat(f"sam@{DOMAIN}")


def test_a_rep_takes_leads_by_keyboard_alone(sam: Seat) -> None:
    expect(sam.row(FIRST)).to_have_class(re.compile("is-chosen"))

    sam.press("j")
    expect(sam.row(SECOND)).to_have_class(re.compile("is-chosen"))
    sam.press("k")
    expect(sam.row(FIRST)).to_have_class(re.compile("is-chosen"))
    sam.press("a")

    sam.told(f"{FIRST}: Accepted.")
    assert Lead.objects.get(contact__name=FIRST).stage == "sal"
    assert Lead.objects.get(contact__name=SECOND).stage == "mql"


def test_who_is_second_reads_who_was_first(house: House, sam: Seat) -> None:
    """His manager accepts for Sam while he still sees the lead as waiting."""
    sue = house.seat(f"sue@{DOMAIN}")
    sue.go(f"/leads/{Lead.objects.get(contact__name=FIRST).pk}/")
    sam.row(FIRST).get_by_role("link", name="Reject…").click()
    sam.choose("Reason", "Duplicate")
    sue.click("Accept")
    sue.told(f"{FIRST}: Accepted.")

    sam.click("Reject the lead")

    alert = sam.page.locator("[data-slot]").get_by_role("alert")
    expect(alert).to_have_text("Sue Tran has accepted this lead already.")
    expect(sam.field("Reason")).to_have_value("duplicate")
    assert str(Lead.objects.get(contact__name=FIRST).owner) == "Sam Brandt"


def test_a_part_of_a_page_never_becomes_the_login_page(sam: Seat) -> None:
    sam.click(FIRST, "link")
    sam.page.context.clear_cookies()

    sam.click("Promises", "link")

    expect(sam.page.get_by_role("heading", name="Log in")).to_be_visible()
    expect(sam.page.get_by_role("heading", name="Timeline")).to_have_count(0)


def test_a_step_opened_in_a_tab_of_its_own_works_too(sam: Seat) -> None:
    address = sam.row(FIRST).get_by_role("link", name="Reject…").get_attribute("href")
    assert address is not None
    sam.go(address)

    sam.click("Reject the lead")
    expect(sam.page.locator(".problem")).to_be_visible()
    sam.look("step-alone")
    sam.choose("Reason", "Duplicate")
    sam.click("Reject the lead")

    sam.told(f"{FIRST}: Rejected; marketing is told why.")
    expect(sam.row(SECOND)).to_be_visible()
