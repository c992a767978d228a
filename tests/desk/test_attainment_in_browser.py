"""The agreement with its live figures in a real browser: sound on a desk and on a phone, and without them on paper."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from campaigns.models import Campaign
from leads.periods import open_periods
from sla.in_force import InForce
from teams.models import User
from tests.desk.judged import judged
from tests.looking import axe_faults, enter

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("light", 801), ("dark", 390)])
def test_live_figures_are_sound_and_stay_off_paper(
    page: Page, live_server: LiveServer, agreement: InForce, campaign: Campaign, mona: User, at: datetime, scheme: str, width: int
) -> None:  # fmt: skip
    judged(agreement, "accept", kept=180, missed=20, at=at)
    judged(agreement, "verdict", kept=17, missed=3, at=at)
    judged(agreement, "returned", kept=8, missed=1, at=at)
    judged(agreement, "brief", kept=2, missed=0, at=at, campaign=campaign)
    open_periods(at=at)
    enter(page, live_server, mona, width)
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]

    page.goto(f"{live_server.url}/agreement/")

    live = page.locator(".promise-kept, .clause-stands")
    assert axe_faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert live.filter(visible=True).count() == live.count() > 16
    page.emulate_media(media="print")
    assert live.filter(visible=True).count() == 0
    assert page.locator("#promise-accept").is_visible()
    assert page.locator("#targets li").first.is_visible()
