"""How tests look at a page in a real browser: who is logged in there, and what axe objects to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from pytest_django.live_server_helper import LiveServer

    from teams.models import User

OPTIONS = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
"""What axe judges by default, and WCAG 2.2, 2.5.8, which it leaves out: what can be hit is large enough or has room around it."""


def enter(page: Page, live_server: LiveServer, user: User, width: int = 1440, height: int = 900) -> None:
    """Log ``user`` in, in a window of so many pixels."""
    client = Client()
    client.force_login(user)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])
    page.set_viewport_size({"width": width, "height": height})


LAY_BARS = """(position) => {
  for (const bar of document.querySelectorAll(".topbar, .tabbar"))
    if (!bar.querySelector("details[open]")) bar.style.position = position;
}"""
"""Bars that stay with the window cover whatever is scrolled to their edge, now this control and now that one. They are laid into the page
while it is judged. That the last of a page is never beneath them is a test of its own."""


def axe_faults(page: Page, within: str = "") -> list[str]:
    """Give what axe objects to on the page, or only in the parts that the selector ``within`` finds."""
    page.evaluate(LAY_BARS, "static")
    found = Axe().run(page, context=within or None, options=OPTIONS).response["violations"]
    page.evaluate(LAY_BARS, "")
    return [f"{fault['id']}: {_told(node)}" for fault in found for node in fault["nodes"]]


def _told(node: dict[str, Any]) -> str:
    """Say which element it is, what is wrong with it, and what other element makes it so."""
    why = " ".join(node["failureSummary"].split())
    others = {other["html"][:100] for check in node["any"] for other in check["relatedNodes"]}
    return f"{node['html'][:200]}: {why}" + "".join(f" See {html}" for html in sorted(others))
