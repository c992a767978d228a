"""What all tests share: no silent skips under CI, a real browser, and machines of their own for system tests."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import hypothesis
import pytest
from django.conf import settings

from tests.cast import agreement, marketing, maya, mona, olive, sales, sam, sue  # noqa: F401 - fixtures for all tests
from tests.flushing import flushing_passes_the_triggers  # noqa: F401 - a fixture for all tests

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip
NOT_INHERITED = ("PYTEST", "COV", "DJANGO_ALLOW_ASYNC_UNSAFE")
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


# Machines of their own ------------------------------------------------------------------------------------------------


@pytest.fixture
def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def own_database(tmp_path: Path) -> Iterator[str]:
    """Create an empty database on the engine under test, for other processes; yield its ``DATABASE_URL``."""
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        yield f"sqlite:///{tmp_path / 'own.sqlite3'}"
        return
    name = f"own_{os.getpid()}_{uuid4().hex[:8]}"
    on_server(f'CREATE DATABASE "{name}"')
    yield urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))
    on_server(f'DROP DATABASE "{name}" WITH (FORCE)')


def on_server(statement: str) -> None:
    """Run a statement that PostgreSQL refuses inside a transaction, on its maintenance database."""
    import psycopg2

    url = urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path="/postgres"))
    with closing(psycopg2.connect(url)) as server:
        server.autocommit = True
        server.cursor().execute(statement)


@pytest.fixture
def machine(tmp_path: Path, own_database: str, free_port: int) -> dict[str, str]:
    """Return the environment of a fresh machine: own folder, database, port and Redis keys, the project's settings."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(NOT_INHERITED)},
        "DJANGO_SETTINGS_MODULE": "smarketing.settings",
        "SMARKETING_VAR_DIR": str(tmp_path / "var"),
        "DATABASE_URL": own_database,
        "PORT": str(free_port),
        "REDIS_PREFIX": tmp_path.name,
    }


@pytest.fixture
def other_port(free_port: int) -> int:
    """Return a second free port."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
