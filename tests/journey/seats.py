"""People at their browsers: each has a context of their own for the whole journey, and every page they stop at is looked at.

To look at a page is to keep a picture of it, to let axe judge it and to see that it is not wider than the screen. Pictures go to the
folder that ``SMARKETING_ARTEFACTS`` names, else to ``artefacts``, outside git.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from playwright.sync_api import expect

from replay.company import PASSWORD
from tests.conftest import watched_page
from tests.looking import axe_faults

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

SHOTS = Path(os.environ.get("SMARKETING_ARTEFACTS") or Path(settings.BASE_DIR) / "artefacts") / "journey"
WIDE = {"width": 1440, "height": 900}
NARROW = {"width": 390, "height": 844}
PATIENCE = 15_000
TOO_WIDE = "document.documentElement.scrollWidth > window.innerWidth"


@dataclass(slots=True)
class Seat:
    """One person at one browser. ``faults`` is shared by all and is to be empty at the end."""

    page: Page
    address: str
    faults: list[str]

    def go(self, path: str) -> None:
        """Open a page of the program, which must answer well."""
        answer = self.page.goto(self.address + path)
        assert answer is not None
        assert answer.ok, f"{path} answered {answer.status}"

    def log_in(self, email: str) -> None:
        """Fill in the form that everybody who is not logged in is led to."""
        self.go("/")
        self.page.get_by_label("Email").fill(email)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Log in").click()
        expect(self.page.get_by_role("navigation", name="Main", exact=True)).to_be_visible()

    def row(self, name: str) -> Locator:
        """Find the row of a lead on a desk."""
        return self.page.locator("[data-row]").filter(has_text=name)

    def told(self, words: str) -> None:
        """Wait until the page says what was done."""
        expect(self.page.get_by_role("status").filter(has_text=words)).to_be_visible()

    def click(self, name: str, role: Any = "button") -> None:
        self.page.get_by_role(role, name=name, exact=True).click()

    def press(self, key: str) -> None:
        """Press a key once what htmx brought is in place."""
        expect(self.page.locator(".htmx-swapping, .htmx-settling, .htmx-request")).to_have_count(0)
        self.page.keyboard.press(key)

    def field(self, label: str) -> Locator:
        """Find a field by the whole of its label."""
        return self.page.get_by_label(re.compile(rf"^\s*{re.escape(label)}(\s*\(optional\))?\s*$"))

    def fill(self, label: str, text: str) -> None:
        self.field(label).fill(text)

    def choose(self, label: str, option: str) -> None:
        self.field(label).select_option(label=option)

    def look(self, name: str, *, everywhere: bool = False) -> None:
        """Judge the page as it stands, in light and wide; ``everywhere`` also in the dark and on a phone."""
        self._judge(f"{name}-light-1440")
        if everywhere:
            self.page.emulate_media(color_scheme="dark")
            self._judge(f"{name}-dark-1440")
            self.page.emulate_media(color_scheme="light")
            self.page.set_viewport_size(NARROW)  # type: ignore[arg-type]
            self._judge(f"{name}-light-390")
            self.page.set_viewport_size(WIDE)  # type: ignore[arg-type]

    def _judge(self, name: str) -> None:
        self.page.screenshot(path=SHOTS / f"{name}.png", full_page=True)
        self.faults += [f"{name}: {fault}" for fault in axe_faults(self.page)]
        if self.page.evaluate(TOO_WIDE):
            self.faults.append(f"{name} is wider than its screen")


@dataclass(slots=True)
class House:
    """Seats people at browsers, as many as come."""

    browser: Browser
    address: str
    faults: list[str] = field(default_factory=list)
    contexts: ExitStack = field(default_factory=ExitStack)

    def seat(self, email: str = "", *, looks: str = "light") -> Seat:
        """Seat a visitor, or a member who logs in with ``email``."""
        options = {"viewport": WIDE, "color_scheme": looks, "reduced_motion": "reduce"}
        page = self.contexts.enter_context(watched_page(self.browser, **options))
        page.set_default_timeout(PATIENCE)
        page.on("console", lambda message: self._hear(message.type, message.text))
        seat = Seat(page, self.address, self.faults)
        if email:
            seat.log_in(email)
        return seat

    def _hear(self, kind: str, text: str) -> None:
        """Note what the browser complains of; that an answer was a refusal it says too, which is no fault."""
        if kind == "error" and not text.startswith("Failed to load resource"):
            self.faults.append(f"console: {text}")


@contextmanager
def opened(browser: Browser, address: str) -> Iterator[House]:
    """Open the house; once all have left, nobody may have met a fault."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    house = House(browser, address)
    expect.set_options(timeout=PATIENCE)
    with house.contexts:
        yield house
    assert house.faults == [], "\n".join(map(str, house.faults))
