"""A company on a Monday morning, its people at their browsers, and the clock of the edge, which the test moves on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from time import monotonic
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from leads.api.base import ApiView
from ledger import instants
from replay.company import Company, set_up
from tests.journey.seats import House, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from pytest_django.live_server_helper import LiveServer

MONDAY_MORNING = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SIGNED_AT = MONDAY_MORNING - timedelta(days=30)


class Clock:
    """The clock at the edge: it begins on a Monday at half past ten in Berlin and runs on by itself."""

    def __init__(self) -> None:
        self.skipped = timedelta()
        self.began = monotonic()

    def now(self) -> datetime:
        return MONDAY_MORNING + self.skipped + timedelta(seconds=monotonic() - self.began)

    def skip(self, minutes: int) -> None:
        self.skipped += timedelta(minutes=minutes)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Put the edge at an hour at which the company works, whenever the test runs; nothing below the edge reads a clock."""
    moved = Clock()
    monkeypatch.setattr(instants, "timezone", moved)
    monkeypatch.setattr(instants, "connection", SimpleNamespace(vendor="sqlite"))  # else PostgreSQL's clock is asked
    monkeypatch.setattr(ApiView, "at", lambda *_: moved.now())  # which otherwise comes along with the token
    return moved


@pytest.fixture
def company(transactional_db: None, clock: Clock) -> Company:
    """The company of the demo before its first lead, with one rep in each team: Sam is the one in Europe."""
    return set_up(at=SIGNED_AT, reps_per_team=1, with_passwords=True)


@pytest.fixture
def house(browser: Browser, live_server: LiveServer, company: Company) -> Iterator[House]:
    with opened(browser, live_server.url) as house:
        yield house
