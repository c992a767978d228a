"""The whole negotiation in a real browser: a draft is written, proposed, contested, agreed, signed by both and in force; axe finds nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.conf import settings

from personas.defaults import create_default_personas
from sla.agreements import draft_from_template, propose
from sla.in_force import InForce, agreement_in_force
from sla.models import AgreementVersion
from sla.negotiating import change_clause, comment
from teams.models import User
from tests.conftest import watched_page
from tests.looking import axe_faults, enter

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SHOTS = Path(settings.BASE_DIR) / "artefacts" / "agreement"
PATHS = [
    "/agreement/1/", "/agreement/2/", "/agreement/3/", "/agreement/versions/", "/agreement/new/", "/agreement/1/compare/2/",
    "/agreement/2/clauses/disputes/", "/agreement/2/sign/", "/agreement/2/withdraw/", "/agreement/3/propose/",
    "/agreement/3/edit/mql-rule/", "/agreement/3/edit/promise-cadence/", "/agreement/3/edit/targets/", "/agreement/3/edit/definitions/",
    "/agreement/3/edit/sql-checklist/", "/agreement/3/edit/escalation/", "/agreement/3/edit/recycle/", "/agreement/3/edit/handoff/",
    "/agreement/3/edit/accept-window/", "/agreement/3/edit/pins/", "/", "/glossary/",
]  # fmt: skip


@pytest.fixture
def seats(browser: Browser, live_server: LiveServer, mona: User, sue: User, sam: User) -> Iterator[dict[str, Page]]:
    """A browser each for Mona, Sue and Sam."""
    with ExitStack() as stack:
        pages = {}
        for user in (mona, sue, sam):
            page = stack.enter_context(watched_page(browser))
            enter(page, live_server, user)
            pages[user.name] = page
        yield pages


def test_two_managers_and_a_rep_negotiate_until_it_is_in_force(
    seats: dict[str, Page], live_server: LiveServer, agreement: InForce, at: datetime
) -> None:
    mona, sue, sam = seats["Mona"], seats["Sue"], seats["Sam"]
    base = live_server.url

    # Mona drafts: another time, one condition more, then she proposes.
    mona.goto(f"{base}/agreement/")
    mona.click("text=begin the next version")
    mona.click("button:has-text('Begin the draft')")
    mona.click("#promise-accept >> text=Edit")
    mona.fill("[name=amount_hot]", "30")
    mona.click("button:has-text('Save in the draft')")
    mona.click("text=Edit “When a lead is an MQL”")
    mona.click("button:has-text('Add a condition')")
    mona.select_option("[name='3-field']", "employee_count")
    mona.fill("[name='3-value']", "10")
    mona.wait_for_selector(".rule-said:has-text('and employee count is at least 10'):has-text('of all leads')")
    mona.press("[name='3-value']", "Enter")  # saves, and takes no line away
    mona.wait_for_selector("text=is saved in the draft")
    mona.click("text=Propose…")
    mona.click("button:has-text('Propose it to both teams')")
    assert "number of employees" not in (mona.text_content("#mql-rule") or "")
    assert "employee count is at least 10" in (mona.text_content("#mql-rule") or "")

    # Sam has been told, compares, and raises a concern.
    sam.goto(f"{base}/notifications/")
    sam.click("text=Version 2 of the agreement is proposed")
    sam.click("text=Compare with version 1")
    assert "Hot: 30 min" in (sam.text_content("#promise-accept ins") or "")
    sam.goto(f"{base}/agreement/2/")
    sam.click("text=Comment on “Accept or reject an offered lead”")
    sam.check("[value=concern]")
    sam.fill("[name=text]", "Somebody who asked for a demo will not wait for half an hour.")
    sam.click("button:has-text('Send')")
    sam.wait_for_selector("text=Your concern is noted")

    # Nobody signs over it; Sue resolves it with a word why.
    sue.goto(f"{base}/agreement/2/sign/")
    assert "Concerns have to be resolved" in (sue.text_content("main") or "")
    sue.check("[name=has_read]")
    sue.click("button:has-text('Sign')")
    sue.wait_for_selector("text=This cannot be done yet")
    sue.click("main >> text=Accept or reject an offered lead")
    sue.fill("[name=words]", "We try it until the review.")
    sue.click("button:has-text('Resolve')")
    sue.wait_for_selector("text=The concern is resolved")

    # Both sign: from the second signature on it is in force.
    for page in (sue, mona):
        page.goto(f"{base}/agreement/2/")
        page.click("text=Sign…")
        page.check("[name=has_read]")
        page.click("button:has-text('Sign')")
    mona.wait_for_selector("text=Both sides have signed")
    for page in (mona, sue, sam):
        page.goto(f"{base}/agreement/")
        assert "Version 2" in (page.text_content(".document-head") or "")
        assert "in force since" in (page.text_content(".document-head") or "")
    found = AgreementVersion.objects.get(number=2)
    in_force = agreement_in_force(found.effective_from or at)
    assert in_force.version_id == found.pk
    assert in_force.terms.promises["accept"].within["hot"].seconds == 1800


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390)])
def test_axe_finds_nothing_and_nothing_is_too_wide(
    page: Page, live_server: LiveServer, agreement: InForce, mona: User, sue: User, sam: User, maya: User, at: datetime,
    scheme: str, width: int,
) -> None:  # fmt: skip
    create_default_personas(at=at)
    proposal = draft_from_template(actor=mona, at=at)
    change_clause(actor=mona, version=proposal, clause="pauses", part={"most": 0, "most_days": 0}, at=at)
    change_clause(actor=mona, version=proposal, clause="disputes", part=9, at=at)
    propose(actor=mona, version=proposal, at=at)
    draft = draft_from_template(actor=mona, at=at)
    change_clause(actor=mona, version=draft, clause="promise-brief", part=None, at=at)
    for user, kind in ((sam, "concern"), (mona, "concern"), (maya, "comment")):
        comment(actor=user, version=proposal, clause="disputes", kind=kind, text="Nine days are many.", at=at)
    enter(page, live_server, mona, width)
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    SHOTS.mkdir(parents=True, exist_ok=True)

    faults = []
    for path in PATHS:
        page.goto(live_server.url + path)
        page.screenshot(
            path=SHOTS / f"{path.strip('/').replace('/', '_') or 'desk'}-{scheme}-{width}.png", full_page=True
        )
        faults += [f"{path} {fault}" for fault in axe_faults(page)]
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            faults.append(f"{path} is wider than {width} pixels")

    assert faults == []


def test_on_paper_there_is_the_whole_text_with_hash_and_signatures_and_nothing_to_press(
    page: Page, live_server: LiveServer, agreement: InForce, sam: User
) -> None:
    enter(page, live_server, sam, 794, 1123)
    page.goto(f"{live_server.url}/agreement/")
    page.emulate_media(media="print")

    text = page.inner_text("main")
    version = AgreementVersion.objects.get()
    for words in ("1. Parties", "21. Review", "Accept or reject an offered lead", version.terms_hash, "Mona", "Sue"):
        assert words in text, words
    for words in ("Comment", "Compare", "Download", "due for review"):
        assert words not in text, words
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
