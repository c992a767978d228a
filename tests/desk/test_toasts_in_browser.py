"""What the program says in passing stands where it covers no field and no button, however wide the screen and wherever it is scrolled to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from teams.models import User
from tests.desk.conftest import Offer
from tests.looking import enter

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

COVERED = """() => {
  const line = document.querySelector(".toast-line").getBoundingClientRect();
  const meets = (box) => box.left < line.right && box.right > line.left && box.top < line.bottom && box.bottom > line.top;
  const bar = document.querySelector(".topbar").getBoundingClientRect();
  const shown = [...document.querySelectorAll("a, button, input, select, textarea, summary")].filter((part) => {
    const box = part.getBoundingClientRect();
    const isUnderTheBar = !part.closest(".topbar") && box.bottom <= bar.bottom;
    return box.width && box.height && !isUnderTheBar && !part.matches(".skip-link");
  });
  return shown.filter((part) => meets(part.getBoundingClientRect())).map((part) => part.outerHTML.slice(0, 120));
}"""
FIRST_ROW = "() => document.querySelector('[data-row]').getBoundingClientRect().top"


@pytest.mark.parametrize("width", [1440, 1000, 810, 390])
@pytest.mark.parametrize("scrolled", [0, 300])
def test_a_passing_word_covers_nothing_and_goes_away(
    page: Page, live_server: LiveServer, offer: Offer, sam: User, width: int, scrolled: int
) -> None:
    for number in range(12):
        offer(f"Person {number}")
    enter(page, live_server, sam, width, height=800)
    page.clock.install()
    page.goto(f"{live_server.url}/")
    page.evaluate(f"window.scrollTo(0, {scrolled})")
    before = page.evaluate(FIRST_ROW)

    page.locator("[data-row] [data-key=a]").nth(5).dispatch_event("click")
    page.wait_for_selector(".toast-line")
    page.wait_for_timeout(400)

    assert page.locator(".toast-line").inner_text().endswith("Accepted. The first attempt is next.")
    assert page.evaluate(COVERED) == []
    if width > 1200:
        assert page.evaluate(FIRST_ROW) == pytest.approx(before, abs=1), "where there is room nothing moves"
    page.clock.fast_forward(5000)
    page.wait_for_selector(".toast-line", state="detached", timeout=1000)
