"""The pages of routing in a real browser: axe finds nothing, nothing is wider than the screen, a rule is written by hand."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from leads.models import Pool, RoutingVersion
from leads.routing.drafts import add_rule, begin_draft
from teams.models import User
from tests.desk.conftest import Offer
from tests.looking import axe_faults, enter

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGES = (
    "/routing/", "/routing/versions/", "/routing/versions/1/", "/routing/drafts/{draft}/", "/routing/drafts/{draft}/rules/new/",
    "/routing/drafts/{draft}/rules/finance/", "/routing/drafts/{draft}/activate/", "/routing/drafts/{draft}/discard/",
    "/routing/pools/new/", "/routing/pools/{pool}/", "/routing/try/", "/routing/try/?rules={draft}&industry=Finance&fit=101",
    "/routing/try/?rules={draft}&industry=Finance&lead={lead}",
)  # fmt: skip


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390)])
def test_axe_finds_nothing_and_nothing_is_too_wide(
    page: Page, live_server: LiveServer, offer: Offer, sam: User, sue: User, at: datetime, scheme: str, width: int
) -> None:
    lead = offer().lead
    draft = begin_draft(actor=sue, at=at)
    when = [{"field": "industry", "op": "is", "value": "Finance"}]
    add_rule(actor=sue, at=at, draft_id=draft.pk, line={"words": "Finance", "when": when, "to": {"person": sam.pk}})
    enter(page, live_server, sue, width)
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]

    faults = []
    for path in PAGES:
        page.goto(live_server.url + path.format(draft=draft.pk, pool=Pool.objects.get().pk, lead=lead.pk))
        faults += [f"{path} {fault}" for fault in axe_faults(page)]
        if page.evaluate("document.documentElement.scrollWidth") > width:
            faults.append(f"{path} is wider than {width} pixels")

    assert faults == []


def test_a_rule_is_written_by_hand_and_activated(
    page: Page, live_server: LiveServer, offer: Offer, sam: User, sue: User
) -> None:
    offer()
    enter(page, live_server, sue, 1280)
    page.goto(f"{live_server.url}/routing/")
    page.click("text=Begin a draft")
    page.click("text=Add a rule")
    page.fill("[name=words]", "Finance")
    page.click("text=Add a condition")
    page.select_option("[name='0-field']", "industry")
    page.select_option("[name='0-op']", "is")
    page.fill("[name='0-value']", "Finance")
    page.select_option("[name=to]", f"person:{sam.pk}")

    page.press("[name='0-value']", "Enter")
    page.wait_for_selector("text=“Finance” is saved in the draft.")
    assert page.is_visible("text=Before it can be activated:")
    page.click("button:has-text('Up'):has-text('Finance')")
    page.wait_for_selector("text=Before it can be activated:", state="hidden")
    page.click("text=Activate…")
    page.click("text=Activate it now")

    page.wait_for_selector("text=Version 2 is in force")
    assert RoutingVersion.objects.get(number=2).rules[1]["code"] == "finance"
