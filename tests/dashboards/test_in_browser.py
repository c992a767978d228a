"""The dashboard of a company with a past, in a real browser: what can be clicked is large enough (WCAG 2.2, 2.5.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.test import Client

from tests.dashboards.world import fill, found

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

QUARTER = "?from=2026-01-01&to=2026-04-01"
OPEN_ALL = "document.querySelectorAll('details').forEach((part) => part.setAttribute('open', ''))"
SMALL = """() => [...document.querySelectorAll("main .sub-row .num > a, main summary")]
  .filter((part) => part.getClientRects().length && part.getBoundingClientRect().height < 24)
  .map((part) => part.textContent.trim())"""


@pytest.mark.parametrize(
    ("width", "scheme", "is_open"), [(1440, "light", False), (1440, "dark", True), (390, "light", True)]
)
def test_what_stands_close_together_is_large_enough_to_hit(
    page: Page, live_server: LiveServer, width: int, scheme: str, is_open: bool
) -> None:
    world = found()
    fill(world, 120)
    client = Client()
    client.force_login(world.maya)
    page.context.add_cookies([
        {"name": settings.SESSION_COOKIE_NAME, "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
         "url": live_server.url}
    ])  # fmt: skip
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(f"{live_server.url}/dashboard/{QUARTER}")
    page.locator(".chart svg").first.wait_for(state="attached")
    if is_open:
        page.evaluate(OPEN_ALL)

    assert page.locator(".sub-row").count() > 2
    assert page.evaluate(SMALL) == []
