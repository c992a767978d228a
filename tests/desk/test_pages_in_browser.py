"""The pages in a real browser: light and dark, wide and narrow, axe finds nothing, nothing is wider than the screen; keys work."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.conf import settings

from leads.handoffs import accept
from leads.models import Lead, TargetPeriod
from leads.periods import open_periods
from leads.sweep import sweep
from sla.models import Calendar
from teams.models import Team, User
from tests.cast import person
from tests.desk.conftest import Offer
from tests.looking import axe_faults, enter

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGES = {
    "sam": ["/", "/leads/", "/leads/{lead}/", "/leads/{lead}/call/", "/campaigns/", "/campaigns/{campaign}/", "/personas/",
            "/agreement/", "/targets/", "/targets/{target}/", "/glossary/", "/routing/", "/notifications/", "/accounts/password/change/"],
    "maya": ["/", "/campaigns/{campaign}/", "/campaigns/{campaign}/members/", "/campaigns/{campaign}/?address=x", "/campaigns/new/", "/leads/{lead}/", "/leads/{lead}/correct/"],
    "sue": ["/", "/people/", "/people/new/", "/people/{rep}/", "/people/{rep}/work/", "/people/{rep}/places/",
            "/people/{rep}/absence/", "/people/{rep}/leave/", "/calendars/", "/calendars/{hours}/"],
    "ada": ["/calendars/", "/calendars/new/", "/calendars/{hours}/", "/calendars/{hours}/change/"],
    "mona": ["/agreement/", "/what-if/", "/what-if/?time-accept-hot=1+min&staff-{team}=%2B1",
             "/what-if/?time-accept-hot=soon&from=x", "/agreement/1/backtest/", "/agreement/1/backtest/?from=x"],
}  # fmt: skip
SHOTS = Path(settings.BASE_DIR) / "artefacts" / "desk"


@pytest.fixture
def ada(db: None) -> User:
    return person("Ada", is_administrator=True)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390)])
@pytest.mark.parametrize("who", PAGES)
def test_axe_finds_nothing_and_nothing_is_too_wide(
    page: Page, live_server: LiveServer, offer: Offer, request: pytest.FixtureRequest, sam: User, sales: Team,
    at: datetime, who: str, scheme: str, width: int,
) -> None:  # fmt: skip
    lead, hours = offer().lead, Calendar.objects.get(name="Sales hours")
    accept(lead_id=offer("Noor Haddad").lead_id, actor=sam, at=at)
    open_periods(at=at)
    sweep(at=at)
    target = TargetPeriod.objects.latest("pk")
    enter(page, live_server, request.getfixturevalue(who), width)
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    SHOTS.mkdir(parents=True, exist_ok=True)

    named = {
        "lead": lead.pk,
        "campaign": lead.last_campaign_id,
        "rep": sam.pk,
        "team": sales.pk,
        "hours": hours.pk,
        "target": target.pk,
    }
    faults = []
    for path in PAGES[who]:
        page.goto(live_server.url + path.format(**named))
        page.screenshot(path=SHOTS / f"{who}{path.replace('/', '_')}-{scheme}-{width}.png", full_page=True)
        faults += [f"{path} {fault}" for fault in axe_faults(page)]
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            faults.append(f"{path} is wider than {width} pixels")

    assert faults == []


def test_a_rep_works_the_queue_by_keyboard(page: Page, live_server: LiveServer, offer: Offer, sam: User) -> None:
    first = offer("Ines Carvalho").lead
    offer("Noor Haddad")
    enter(page, live_server, sam)
    page.goto(live_server.url)

    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("a")
    page.wait_for_selector("#toasts >> text=Accepted")
    page.keyboard.press("c")
    page.wait_for_selector("[data-slot] form")
    page.keyboard.press("Escape")

    assert Lead.objects.get(pk=first.pk).stage == "sal"
    assert page.locator("[data-slot] form").count() == 0


def test_the_theme_is_kept(page: Page, live_server: LiveServer, sam: User) -> None:
    page.emulate_media(color_scheme="light")
    enter(page, live_server, sam)
    page.goto(live_server.url)

    page.click("[data-theme-toggle]")
    page.reload()

    assert page.get_attribute("html", "data-bs-theme") == "dark"


def test_a_chip_counts_down_in_the_browser(page: Page, live_server: LiveServer, sam: User) -> None:
    page.goto(f"{live_server.url}/accounts/login/")
    page.evaluate(
        """() => {
            const now = Math.floor(Date.now() / 1000);
            document.querySelector("main").insertAdjacentHTML("beforeend", `
              <div><span class="chip" id="running" data-at="${now}" data-left="61" data-total="900" data-open="[[${now - 9},${now + 900}]]">
                <span class="chip-left"></span><progress max="900"></progress></span>
              <span class="chip" id="closed" data-at="${now}" data-left="61" data-total="900" data-open="[[${now + 86400},${now + 90000}]]">
                <span class="chip-left"></span><progress max="900"></progress></span></div>`);
            document.dispatchEvent(new CustomEvent("htmx:load", { bubbles: true }));
            document.querySelector("#running").dispatchEvent(new CustomEvent("htmx:load", { bubbles: true }));
        }"""
    )

    page.locator("#running .chip-left", has_text=re.compile(r"^\d+ s left$")).wait_for()

    assert "is-warn" in (page.get_attribute("#running", "class") or "")
    assert (page.text_content("#closed .chip-left") or "").startswith("resumes ")
