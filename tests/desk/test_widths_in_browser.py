"""Tables and queues fit at every width: between a phone and a desk they fold, none scrolls sideways, no page is wider than its window."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from campaigns.models import Campaign
from leads.handoffs import accept
from leads.importing import map_columns, stage_file
from leads.models import CaptureForm
from ledger.instants import edge_now
from sla.in_force import InForce
from teams.models import Team, User
from tests.dashboards.world import fill, found
from tests.desk.conftest import Offer
from tests.leads.worlds import away, spend
from tests.looking import enter

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WIDTHS = [700, 801, 1000, 1101, 1200, 1290]
PAGES = ["/", "/?desk=marketer", "/leads/", "/campaigns/", "/campaigns/{campaign}/", "/people/", "/routing/", "/forms/", "/agreement/",
         "/dashboard/formulas", "/what-if/", "/what-if/?time-accept-hot=1+min",
         "/agreement/1/backtest/"]  # fmt: skip
FIGURES = ["/dashboard/?{quarter}", "/dashboard/leads?{quarter}&figure=promise.missed", "/dashboard/leads?{quarter}&figure=cohort.won",
           "/dashboard/leads?{quarter}&figure=handoff.all_rejections"]  # fmt: skip
QUARTER = "from=2026-01-01&to=2026-04-01"
FILE = (
    "First name,Last name,Company and its legal form,Electronic mail address,Job title,Telephone number\n"
    "Wilhelmina,Featherstonehaugh-Montgomery,International Widgets & Sons Holding,"
    "wilhelmina.featherstonehaugh@widgets.example,Vice President of Operations,+44 20 7946 0000\n"
    "No,Address,Somewhere,nothing,,\n"
)
SIDEWAYS = """() => {
  document.querySelectorAll("main details").forEach((part) => part.setAttribute("open", ""));
  const wide = [...document.querySelectorAll(".sheet-scroll")].filter((part) => part.scrollWidth > part.clientWidth + 1);
  return [...wide.map((part) => part.getAttribute("aria-label") || part.getAttribute("aria-labelledby")),
          ...(document.documentElement.scrollWidth > window.innerWidth ? ["the page"] : [])];
}"""

CHARTS = (
    """() => Math.max(...[...document.querySelectorAll("[data-chart] svg")].map((drawing) => drawing.clientWidth))"""
)


def faults_on(page: Page, address: str) -> list[str]:
    """Say what is too wide on the page at ``address``, at each width."""
    faults = []
    page.goto(address)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        faults += [f"{width}: {fault}" for fault in page.evaluate(SIDEWAYS)]
    return faults


def test_nothing_is_too_wide_between_a_phone_and_a_desk(
    page: Page,
    live_server: LiveServer,
    offer: Offer,
    mona: User,
    sam: User,
    sales: Team,
    campaign: Campaign,
    at: datetime,
) -> None:
    Team.objects.filter(pk=sales.pk).update(name="Sales of the Americas")
    offer("Wilhelmina Featherstonehaugh-Montgomery")
    accept(lead_id=offer("Noor Haddad").lead_id, actor=sam, at=at)
    away(sam, at=at)
    offer("Maximiliane Oberhauser-Lindqvist")
    Campaign.objects.update(budget=1234567)
    spend(campaign, 1234567)
    CaptureForm.objects.create(
        slug="a-long-address-of-a-form", title="Demo", touch_kind="demo_request", campaign=campaign, created_at=at
    )
    enter(page, live_server, mona)

    faults = {path: faults_on(page, live_server.url + path.format(campaign=campaign.pk)) for path in PAGES}

    assert {path: fault for path, fault in faults.items() if fault} == {}
    page.goto(live_server.url)
    assert page.locator("#m-queue").count() == page.locator("section[aria-labelledby=m-queue] .queue-row").count() == 1


def test_no_figure_is_too_wide_between_a_phone_and_a_desk(page: Page, live_server: LiveServer) -> None:
    world = found()
    fill(world, 120)
    enter(page, live_server, world.maya)

    faults = {path: faults_on(page, live_server.url + path.format(quarter=QUARTER)) for path in FIGURES}

    assert {path: fault for path, fault in faults.items() if fault} == {}


def test_a_chart_that_was_drawn_wider_makes_no_page_wider(page: Page, live_server: LiveServer) -> None:
    """As it is for a moment after each change of the window, and on paper."""
    world = found()
    fill(world, 120)
    enter(page, live_server, world.maya)
    page.add_init_script("window.ResizeObserver = class { observe() {} };")

    page.goto(f"{live_server.url}/dashboard/?{QUARTER}")
    before = page.evaluate(CHARTS)
    page.set_viewport_size({"width": 801, "height": 900})

    assert page.evaluate(SIDEWAYS) == []
    assert page.evaluate(CHARTS) == before > 1000


BARS_AT_THE_END = """() => {
  window.scrollTo({ top: document.documentElement.scrollHeight, behavior: "instant" });
  const box = (selector) => document.querySelector(selector).getBoundingClientRect();
  const links = [...document.querySelectorAll("main a, main button")].filter((link) => link.getClientRects().length);
  const last = links.at(-1).getBoundingClientRect();
  const end = box(".tabbar").height ? box(".tabbar").top : window.innerHeight;
  return { screens: window.scrollY / window.innerHeight, top: Math.round(box(".topbar").top), rail: Math.round(box(".rail").top), isFree: last.bottom <= end };
}"""


@pytest.mark.parametrize("width", [1440, 801, 390])
def test_the_bars_stay_at_the_end_of_a_long_page_and_cover_nothing_there(
    page: Page, live_server: LiveServer, width: int
) -> None:
    world = found()
    fill(world, 60)
    enter(page, live_server, world.maya, width)

    for path in ("/leads/", f"/dashboard/?{QUARTER}", f"/dashboard/leads?{QUARTER}&figure=cohort.leads"):
        page.goto(live_server.url + path)
        seen = page.evaluate(BARS_AT_THE_END)

        assert seen["screens"] > 0.5, path
        assert (abs(seen["top"]), abs(seen["rail"]), seen["isFree"]) == (0, 0, True), path


@pytest.mark.parametrize("width", [390, *WIDTHS])
def test_the_rows_of_a_file_are_read_downward_where_they_do_not_fit(
    page: Page, live_server: LiveServer, agreement: InForce, maya: User, width: int
) -> None:
    run = stage_file(actor=maya, name="people.csv", raw=FILE.encode(), at=edge_now())
    map_columns(
        actor=maya, run_id=run.pk, mapping={"email": "Electronic mail address", "first_name": "First name", "last_name": "Last name"},
        touch_kind="list_import", campaign_id=None, lawful_basis="consent", at=edge_now(),
    )  # fmt: skip
    enter(page, live_server, maya, width)
    page.goto(f"{live_server.url}/imports/{run.pk}/preview/")

    assert page.locator(".file-rows tbody tr").count() == 2
    assert page.evaluate(SIDEWAYS) == []
    assert "nothing" in page.locator(".file-rows").inner_text()
