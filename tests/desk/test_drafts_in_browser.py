"""What somebody typed survives a login in between, in a real browser; nobody else finds it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.conf import settings

from leads.models import Lead
from teams.models import User
from tests.desk.conftest import Offer
from tests.desk.test_pages_in_browser import SHOTS
from tests.looking import axe_faults, enter

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PASSWORD = "a long password of a test"
KEPT = "We kept what you typed"


def log_in(page: Page, user: User) -> None:
    """Log in by the form that is shown."""
    user.set_password(PASSWORD)
    user.save()
    page.get_by_label("Email").fill(user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def let_expire(page: Page) -> None:
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)


def type_campaign(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server.url}/campaigns/new/")
    page.get_by_label("Name", exact=True).fill("Autumn webinar")
    page.get_by_label("Talking points").fill("Twenty minutes of typing")


def send_campaign(page: Page) -> None:
    page.get_by_label("Name", exact=True).press("Enter")


def typed(page: Page) -> tuple[str, str]:
    return page.get_by_label("Name", exact=True).input_value(), page.get_by_label("Talking points").input_value()


def faults(page: Page, name: str) -> list[str]:
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"drafts-{name}.png")
    return axe_faults(page)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390)])
def test_a_form_is_filled_again_after_a_login_in_between(
    page: Page, live_server: LiveServer, maya: User, scheme: str, width: int
) -> None:
    enter(page, live_server, maya, width)
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    type_campaign(page, live_server)
    let_expire(page)
    send_campaign(page)
    page.get_by_text("You were logged out").wait_for()
    at_login = faults(page, f"login-{scheme}-{width}")
    log_in(page, maya)
    page.get_by_text(KEPT).wait_for()

    assert at_login + faults(page, f"kept-{scheme}-{width}") == []
    assert typed(page) == ("Autumn webinar", "Twenty minutes of typing")


def test_a_step_sent_in_place_comes_back_on_its_own_page(
    page: Page, live_server: LiveServer, offer: Offer, sam: User
) -> None:
    lead: Lead = offer().lead
    enter(page, live_server, sam)
    page.goto(f"{live_server.url}/leads/{lead.pk}/")
    page.get_by_role("link", name="Reject").or_(page.get_by_role("button", name="Reject")).first.click()
    page.get_by_label("What marketing should know").fill("They asked for another product")
    let_expire(page)
    page.locator(f"#slot-{lead.pk} form button[type=submit]").click()
    page.get_by_text("You were logged out").wait_for()
    log_in(page, sam)
    page.get_by_text(KEPT).wait_for()

    assert page.url == f"{live_server.url}/leads/{lead.pk}/reject/"
    assert page.get_by_label("What marketing should know").input_value() == "They asked for another product"


def test_after_a_login_in_another_tab_the_old_tab_offers_what_was_typed(
    page: Page, live_server: LiveServer, maya: User
) -> None:
    enter(page, live_server, maya)
    type_campaign(page, live_server)
    let_expire(page)
    other = page.context.new_page()
    other.goto(f"{live_server.url}/accounts/login/")
    log_in(other, maya)
    other.wait_for_url(f"{live_server.url}/")
    send_campaign(page)
    page.get_by_role("heading", name="This page is out of date").wait_for()
    at_refusal = faults(page, "refused")
    says_role = page.get_by_text("role").count()
    page.get_by_role("link", name="Open the form again").click()
    page.get_by_text(KEPT).wait_for()
    kept = typed(page)
    page.get_by_label("Starts").fill("2026-11-05")
    page.get_by_label("Type").select_option(index=1)
    send_campaign(page)
    page.get_by_text("is logged.").wait_for()
    page.goto(f"{live_server.url}/campaigns/new/")

    assert (at_refusal, says_role) == ([], 0)
    assert kept == ("Autumn webinar", "Twenty minutes of typing")
    assert typed(page) == ("", "")


def test_what_one_person_typed_is_not_shown_to_another(
    page: Page, live_server: LiveServer, maya: User, mona: User
) -> None:
    enter(page, live_server, maya)
    type_campaign(page, live_server)
    let_expire(page)
    send_campaign(page)
    page.get_by_text("You were logged out").wait_for()
    log_in(page, mona)
    page.get_by_role("heading", name="Log a campaign").wait_for()

    assert typed(page) == ("", "")
    assert page.evaluate("sessionStorage.getItem('draft')") is None


def test_logging_out_forgets_in_every_tab(page: Page, live_server: LiveServer, maya: User) -> None:
    enter(page, live_server, maya)
    type_campaign(page, live_server)
    let_expire(page)
    send_campaign(page)
    page.get_by_text("You were logged out").wait_for()
    other = page.context.new_page()
    other.goto(f"{live_server.url}/accounts/login/")
    log_in(other, maya)
    other.wait_for_url(f"{live_server.url}/")
    before = page.evaluate("sessionStorage.getItem('draft')")
    other.goto(f"{live_server.url}/accounts/logout/")
    other.get_by_role("button", name="Log out").click()
    other.wait_for_url("**/accounts/login/")
    page.wait_for_function("sessionStorage.getItem('draft') === null")

    assert "Autumn webinar" in before
