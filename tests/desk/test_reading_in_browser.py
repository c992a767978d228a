"""On a phone every table is read downward: none scrolls sideways, filters fold. What changes keeps the focus, and paper is light."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from campaigns.models import Campaign
from leads.handoffs import accept
from leads.models import CaptureForm, ImportRun
from sla.in_force import InForce
from teams.models import User
from tests.desk.conftest import Offer
from tests.looking import enter

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TABLES = ["/", "/leads/", "/campaigns/", "/campaigns/{campaign}/", "/people/", "/routing/", "/imports/", "/forms/", "/dashboard/",
          "/dashboard/leads?figure=cohort.leads", "/dashboard/leads?figure=offer.waiting", "/dashboard/formulas"]  # fmt: skip
SIDEWAYS = """() => {
  document.querySelectorAll("details").forEach((part) => part.setAttribute("open", ""));
  const wide = [...document.querySelectorAll(".sheet-scroll")].filter((part) => part.scrollWidth > part.clientWidth + 1);
  return [...wide.map((part) => part.getAttribute("aria-label") || part.getAttribute("aria-labelledby")),
          ...(document.documentElement.scrollWidth > window.innerWidth ? ["the page"] : [])];
}"""
FOCUS = "() => document.activeElement.id"
INK = "() => getComputedStyle(document.querySelector('h1')).color"


def test_no_table_scrolls_sideways_on_a_phone(
    page: Page, live_server: LiveServer, offer: Offer, mona: User, sam: User, campaign: Campaign, at: datetime
) -> None:
    offer("Wilhelmina Featherstonehaugh-Montgomery")
    accept(lead_id=offer("Noor Haddad").lead_id, actor=sam, at=at)
    CaptureForm.objects.create(
        slug="a-rather-long-address-of-a-form",
        title="Demo",
        touch_kind="demo_request",
        campaign=campaign,
        created_at=at,
    )
    ImportRun.objects.create(
        user=mona, file_name="export_of_everybody_from_the_former_tool_2026.csv", state="done", created_at=at
    )
    enter(page, live_server, mona, 390)

    faults: dict[str, list[str]] = {}
    for path in TABLES:
        page.goto(live_server.url + path.format(campaign=campaign.pk))
        page.locator("main table, main .queue-list, main .blank").first.wait_for(state="attached")
        faults[path] = page.evaluate(SIDEWAYS)

    assert not [fault for fault in faults.values() if fault], faults


@pytest.mark.parametrize(("path", "is_open"), [("/leads/", False), ("/leads/?stage=sal", True), ("/dashboard/", False),
                                               ("/dashboard/?from=nonsense", True)])  # fmt: skip
def test_filters_fold_on_a_phone_unless_they_say_something(
    page: Page, live_server: LiveServer, offer: Offer, sam: User, path: str, is_open: bool
) -> None:
    offer()
    enter(page, live_server, sam, 390)
    page.goto(live_server.url + path)
    form = page.locator("main form.filters")

    assert form.is_visible() is is_open
    if not is_open:
        page.locator(".fold > summary").click()
        assert form.is_visible()
    page.set_viewport_size({"width": 1440, "height": 900})
    assert form.is_visible()
    assert not page.locator(".fold > summary").is_visible()


@pytest.mark.parametrize("width", [1440, 390])
def test_the_way_home_and_what_opens_a_notice_are_large_enough_to_hit(
    page: Page, live_server: LiveServer, offer: Offer, sam: User, width: int
) -> None:
    offer()
    enter(page, live_server, sam, width)
    page.goto(f"{live_server.url}/notifications/")

    boxes = [part.bounding_box() for part in page.locator(".brand:visible, .notice-row button").all()]

    assert len(boxes) > 1
    assert [box for box in boxes if not box or min(box["width"], box["height"]) < 24] == []


def test_choosing_a_part_of_the_timeline_keeps_the_focus_on_it(
    page: Page, live_server: LiveServer, offer: Offer, sam: User
) -> None:
    enter(page, live_server, sam, 1440)
    page.goto(f"{live_server.url}/leads/{offer().lead_id}/")

    page.locator("#timeline nav a").nth(2).focus()
    page.keyboard.press("Enter")
    page.locator("#timeline nav a").nth(2).and_(page.locator("[aria-current]")).wait_for()

    assert page.evaluate(FOCUS).startswith("part-")


def test_a_closed_form_gives_the_focus_back_to_what_opened_it(
    page: Page, live_server: LiveServer, offer: Offer, sam: User
) -> None:
    lead = offer().lead
    enter(page, live_server, sam, 1440)
    page.goto(live_server.url)

    page.locator(f"#step-{lead.pk}-reject").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-slot] form :focus")
    page.keyboard.press("Escape")

    assert page.locator("[data-slot] form").count() == 0
    assert page.evaluate(FOCUS) == f"step-{lead.pk}-reject"


def test_a_refreshed_queue_keeps_the_focus_on_the_same_button(
    page: Page, live_server: LiveServer, offer: Offer, sam: User
) -> None:
    lead = offer().lead
    enter(page, live_server, sam, 1440)
    page.goto(live_server.url)
    page.locator(f"#step-{lead.pk}-call").focus()

    page.evaluate("() => { document.querySelector('.queue-live, .tiles').remove(); }")
    page.evaluate("() => htmx.ajax('GET', '/desk/queue/', { target: '#queue', swap: 'outerHTML' })")
    page.locator("#queue .tiles").wait_for()

    assert page.evaluate(FOCUS) == f"step-{lead.pk}-call"


def test_paper_is_light_and_bears_no_buttons(page: Page, live_server: LiveServer, offer: Offer, sam: User) -> None:
    lead_id = offer().lead_id
    enter(page, live_server, sam, 1440)
    page.emulate_media(color_scheme="dark")
    page.goto(f"{live_server.url}/leads/{lead_id}/")
    on_screen = page.evaluate(INK)

    page.emulate_media(color_scheme="dark", media="print")

    assert (on_screen, page.evaluate(INK)) == ("rgb(231, 235, 243)", "rgb(23, 32, 51)")
    assert page.locator(".btn:visible").count() == 0
    assert page.locator("h1:visible").count() == 1


@pytest.mark.parametrize("path", ["/campaigns/new/", "/dashboard/?from=nonsense"])
def test_a_page_with_something_to_mend_begins_there(
    page: Page, live_server: LiveServer, maya: User, agreement: InForce, path: str
) -> None:
    enter(page, live_server, maya, 390)
    page.goto(live_server.url + path)

    if "?" not in path:
        page.locator("main button[type=submit]").click()
    page.wait_for_selector("main [aria-invalid=true]:focus")

    assert page.locator("main [aria-invalid=true]").first.evaluate("field => field === document.activeElement")
