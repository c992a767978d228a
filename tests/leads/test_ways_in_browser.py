"""The ways in, in a real browser: nothing blocked by the policy, nothing that axe objects to, works to the end."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from campaigns.models import Campaign
from leads.importing import finish_imports
from leads.models import CaptureForm, ImportRun, Lead
from tests.cast import NOW
from tests.looking import axe_faults, enter

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_marketer_imports_a_file(page, live_server, maya, tmp_path: Path):
    file = tmp_path / "people.csv"
    file.write_text("First Name,Last Name,Email\nAda,Byron,ada@acme.example\nBob,Stone,nothing\n")
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
    enter(page, live_server, maya)

    page.goto(f"{live_server.url}/imports/")
    assert axe_faults(page) == []
    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    assert page.get_by_label("Last name").input_value() == "Last Name"
    assert axe_faults(page) == []
    page.get_by_role("button", name="Show what will happen").click()
    page.get_by_text("This is not an email address").wait_for()
    assert axe_faults(page) == []
    page.get_by_role("button", name="Import 2 rows").click()
    page.get_by_text("Running").first.wait_for()
    finish_imports(now=lambda: NOW, seconds=60)
    page.get_by_role("link", name="Refused rows").wait_for()  # htmx asks again by itself

    assert axe_faults(page) == []
    assert ImportRun.objects.get().state == "done"
    assert Lead.objects.count() == 1
    assert refused == []


def test_a_visitor_sends_a_form_on_a_small_screen(page, live_server, maya):
    campaign = Campaign.objects.create(
        name="Spring", code="spring", type="webinar", owner=maya, starts_on=date(2026, 1, 1), created_at=NOW
    )
    CaptureForm.objects.create(
        slug="demo", title="Ask for a demo", touch_kind="demo_request", campaign=campaign, created_at=NOW
    )
    page.set_viewport_size({"width": 390, "height": 844})

    page.goto(f"{live_server.url}/f/demo/?utm_source=newsletter")
    assert axe_faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_label("Name", exact=True).fill("Ada Byron")
    page.get_by_label("Work email").fill("ada@acme.example")
    page.get_by_label("Phone").fill("call me")
    page.get_by_label("I agree").check()
    page.get_by_role("button", name="Send").click()
    page.get_by_text("This is not a phone number").wait_for()
    assert axe_faults(page) == []
    assert page.get_by_label("Name", exact=True).input_value() == "Ada Byron"
    page.get_by_label("Phone").fill("+49 30 901820")
    page.get_by_role("button", name="Send").click()
    page.get_by_text("Thank you").wait_for()

    lead = Lead.objects.get()
    assert (lead.source, lead.last_campaign) == ("email", campaign)


@pytest.mark.parametrize("path", ["/leads/new/", "/forms/"])
def test_forms_of_the_house_are_in_order(page, live_server, maya, path):
    enter(page, live_server, maya)

    page.goto(f"{live_server.url}{path}")

    assert axe_faults(page) == []


def test_the_description_of_the_api_works_under_the_policy(page, live_server, maya):
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
    enter(page, live_server, maya)

    page.goto(f"{live_server.url}/api/docs/")
    page.get_by_text("/api/v1/leads", exact=True).first.wait_for()

    assert refused == []
