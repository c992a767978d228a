"""The dashboard of a company with a past, in a real browser: axe finds nothing, so what can be hit is large enough (WCAG 2.2, 2.5.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.dashboards.world import fill, found
from tests.looking import axe_faults, enter

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

QUARTER = "?from=2026-01-01&to=2026-04-01"
# Only what unfolds in its place: an open menu of the frame lies over the page.
UNFOLD = "document.querySelectorAll('main details').forEach((part) => part.setAttribute('open', ''))"
SMALL = """() => [...document.querySelectorAll("main .sub-row .num > a, main summary")]
  .filter((part) => part.getClientRects().length && part.getBoundingClientRect().height < 24)
  .map((part) => part.textContent.trim())"""


@pytest.mark.parametrize(
    ("width", "scheme", "is_open"), [(1440, "light", False), (1440, "dark", True), (390, "light", True), (390, "dark", False)]
)  # fmt: skip
def test_what_stands_close_together_is_large_enough_to_hit(
    page: Page, live_server: LiveServer, width: int, scheme: str, is_open: bool
) -> None:
    world = found()
    fill(world, 120)
    enter(page, live_server, world.maya, width)
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(f"{live_server.url}/dashboard/{QUARTER}")
    page.locator(".chart svg").first.wait_for(state="attached")
    if is_open:
        page.evaluate(UNFOLD)

    assert page.locator(".sub-row").count() > 2
    assert page.evaluate(SMALL) == []
    assert axe_faults(page) == []


@pytest.mark.parametrize("width", [1440, 390])
def test_what_an_open_menu_offers_is_large_enough_to_hit(page: Page, live_server: LiveServer, width: int) -> None:
    enter(page, live_server, found().maya, width)
    page.goto(f"{live_server.url}/dashboard/{QUARTER}")

    for menu in page.locator(".menu > summary:visible").all():
        menu.click()

        assert page.locator(".menu[open] .menu-panel :is(a, button)").count() > 2
        assert axe_faults(page, within=".menu[open]") == []
