"""What all tests share: no silent skips under CI, a real browser, and the fixtures of its neighbours."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import hypothesis
import pytest

from tests.cast import agreement, marketing, maya, mona, olive, sales, sam, sue  # noqa: F401 - fixtures for all tests
from tests.flushing import flushing_passes_the_triggers  # noqa: F401 - a fixture for all tests
from tests.machines import free_port, machine, migrated, other_port, own_database, tables  # noqa: F401

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip
NEVER_SKIPPED = {"browser", "service"}

# Playwright's sync API keeps an event loop in this thread; Django then suspects every query of blocking it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

# A property is no less true on a machine that is busy.
hypothesis.settings.register_profile(
    "unhurried", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("unhurried")


# No silent skips ------------------------------------------------------------------------------------------------------


def is_ci() -> bool:
    return os.environ.get("CI", "").lower() not in {"", "0", "false"}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: Any) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Under CI, fail a browser or service test that would be skipped: a skip there is a hole nobody sees."""
    report = yield
    needed = NEVER_SKIPPED & {marker.name for marker in item.iter_markers()}
    if report.skipped and needed and is_ci() and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped under CI, which counts as failed ({', '.join(needed)}): {report.longrepr}"
    return report


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes minutes: begun last, it would be waited for alone."""
    items.sort(key=lambda item: item.get_closest_marker("minutes") is None)


def pytest_collection_finish() -> None:
    """Spare the garbage collector what lives as long as the run: it would look at half a million objects again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


# Browser --------------------------------------------------------------------------------------------------------------


def chromium() -> str | None:
    """Find the system's Chromium."""
    names = (os.environ.get("CHROMIUM", "chromium"), "chromium-browser", "google-chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Run one headless Chromium for the session."""
    from playwright.sync_api import sync_playwright

    path = chromium()
    if path is None:
        pytest.skip("no Chromium: install it or name it with CHROMIUM=/path")
    with sync_playwright() as playwright:
        chrome = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield chrome
        chrome.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Open a page of a fresh context. It fails the test on a request to another host or a script error."""
    with watched_page(browser, viewport={"width": 1440, "height": 900}) as page:
        yield page


@contextmanager
def watched_page(browser: Browser, **context: Any) -> Iterator[Page]:
    """Open a page of a fresh context that fails, when it is closed, if it asked another host or had a script error."""
    opened = browser.new_context(**{"locale": "en-GB", "timezone_id": "UTC", **context})
    page = opened.new_page()
    strangers: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: strangers.extend(stranger(request.url)))
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    opened.close()
    assert strangers == [], "requests to other hosts"
    assert errors == [], "script errors"


def stranger(url: str) -> list[str]:
    """Return the address if it leads to another machine."""
    parts = urlsplit(url)
    is_local = parts.scheme in {"data", "blob", "about"} or parts.hostname in {"localhost", "127.0.0.1"}
    return [] if is_local else [url]
