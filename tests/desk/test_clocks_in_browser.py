"""What explains a promise, in a real browser: light and dark, wide and narrow, axe finds nothing, nothing is wider than the screen."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from leads.excusing import excuse
from leads.followup import log_activity
from leads.models import Clock, ClockFault, Lead
from leads.pausing import pause, resume
from sla.calendars import set_calendar
from sla.in_force import InForce
from teams.models import Team, User
from tests.cast import OFFICE, clock_start, make_lead, person, start_clocks
from tests.looking import axe_faults, enter

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SHOTS = os.environ.get("SHOTS", "")
WIDER = "() => document.documentElement.scrollWidth > window.innerWidth"
DAY = timedelta(days=1)


@pytest.fixture
def lead(agreement: InForce, sam: User, mona: User, maya: User, sales: Team, at: datetime) -> Lead:
    """A lead of Sam's on which a promise is paused, one was paused and missed and is excused, and one runs by an older calendar."""
    lead = make_lead(stage="sal", sal_at=at, owner=sam, marketer=maya)
    ago = at - 20 * DAY
    start_clocks(
        clock_start(agreement, "first_attempt", tier="warm", user=sam, lead_id=lead.pk, arrived_at=ago), at=ago
    )
    (missed,) = Clock.objects.filter(lead=lead)
    pause(clock_id=missed.pk, reason="later_date", note="After the fair", actor=sam, at=ago + timedelta(minutes=2))
    resume(clock_id=missed.pk, actor=sam, at=ago + 3 * DAY)
    log_activity(lead_id=lead.pk, kind="call", outcome="no_answer", actor=sam, at=at - 12 * DAY)
    excuse(clock_id=missed.pk, reason="system_down", note="The mail server was down.", actor=mona, at=at)
    start_clocks(
        clock_start(agreement, "cadence", user=sam, lead_id=lead.pk, arrived_at=at - DAY),
        clock_start(agreement, "verdict", user=sam, lead_id=lead.pk, arrived_at=at - DAY),
        at=at - DAY,
    )
    cadence = Clock.objects.get(lead=lead, promise="cadence")
    pause(clock_id=cadence.pk, reason="contact_on_holiday", actor=sam, at=at)
    set_calendar(
        actor=None, name="Sales hours", hours={**OFFICE, "holidays": [str((at + 3 * DAY).date())]}, at=at, team=sales
    )
    verdict = Clock.objects.get(lead=lead, promise="verdict")
    ClockFault.objects.create(clock=verdict, plan_position=verdict.plan_position, attempts=4, first_at=at, last_at=at,
                              logged_at=at, error="ZeroDivisionError")  # fmt: skip
    return lead


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390)])
def test_clock_pages_are_sound(
    page: Page, live_server: LiveServer, lead: Lead, sue: User, scheme: str, width: int
) -> None:
    ada = person("Ada", is_administrator=True)
    clocks = {clock.promise: clock.pk for clock in Clock.objects.filter(lead=lead)}
    calendar_id = Clock.objects.filter(lead=lead)[0].calendar_version.calendar_id
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    wrong: dict[str, object] = {}

    def look(path: str, name: str) -> None:
        page.goto(live_server.url + path)
        judge(name)

    def judge(name: str) -> None:
        page.locator("main h1").wait_for()
        faults = axe_faults(page)
        if faults or page.evaluate(WIDER):
            wrong[name] = faults or "wider than the screen"
        if SHOTS:
            page.screenshot(path=str(Path(SHOTS) / f"{name}-{width}.png"), full_page=True)

    enter(page, live_server, sue, width)
    look(f"/leads/{lead.pk}/", "lead")
    page.locator(".promise-foot a", has_text="Explain").first.click()
    page.locator(".promise-open .ledger").first.wait_for()
    judge("lead-open")
    for promise, key in clocks.items():
        look(f"/clocks/{key}/", promise)
    look(f"/clocks/{clocks['verdict']}/pause/", "pause")
    look(f"/clocks/{clocks['verdict']}/recompute/", "recompute")
    look(f"/clocks/{clocks['cadence']}/go-on/", "go-on")
    look(f"/clocks/{clocks['first_attempt']}/excuse/", "excuse")
    look(f"/calendars/{calendar_id}/recompute/", "recompute-all")
    look("/dashboard/?period=last_90_days", "dashboard")
    look("/dashboard/leads?figure=promise.missed&period=last_90_days", "misses")
    enter(page, live_server, ada, width)
    look("/faults/", "faults")

    assert wrong == {}


def test_a_rep_pauses_a_promise_by_keyboard(page: Page, live_server: LiveServer, lead: Lead, sam: User) -> None:
    enter(page, live_server, sam)
    page.goto(f"{live_server.url}/leads/{lead.pk}/")
    page.get_by_role("link", name="Pause…").first.focus()
    page.keyboard.press("Enter")
    page.get_by_label("Reason").select_option("meeting_booked")
    page.get_by_role("button", name="Pause it").focus()
    page.keyboard.press("Enter")

    page.get_by_text("Paused. It goes on by itself").wait_for()
    assert Clock.objects.filter(lead=lead, state="paused").count() == 2
