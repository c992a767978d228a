"""The pages that both teams read: agreement, glossary, personas, routing, notifications, and the frame around them."""

from __future__ import annotations

import re
from datetime import datetime
from html import unescape
from urllib.parse import urljoin

import pytest

from ledger.instants import edge_now
from ledger.models import Notice
from ledger.writing import Told, write_notices
from personas.defaults import create_default_personas
from sla.in_force import InForce
from sla.models import AgreementVersion
from teams.models import User
from tests.cast import SIGNED_AT, sign
from tests.desk.conftest import Enter, Offer

PAGES = ["/", "/leads/", "/campaigns/", "/personas/", "/agreement/", "/glossary/", "/routing/", "/notifications/"]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_there_before_anything_is_set_up(enter: Enter, sam: User, path: str) -> None:
    assert enter(sam).get(path).status_code == 200


@pytest.mark.parametrize("path", PAGES[1:-1])
def test_an_outsider_finds_nothing(enter: Enter, olive: User, path: str) -> None:
    assert enter(olive).get(path).status_code == 404


@pytest.mark.parametrize("path", PAGES)
def test_pages_obey_the_content_security_policy(enter: Enter, sam: User, agreement: InForce, path: str) -> None:
    page = enter(sam).get(path).content.decode()

    assert "<style" not in page
    assert " style=" not in page
    assert "<script>" not in page
    assert "onclick" not in page
    assert "https://" not in page


def test_the_agreement_reads_as_a_document(enter: Enter, sam: User, mona: User, sue: User) -> None:
    create_default_personas(at=SIGNED_AT)
    sign(mona, sue)

    page = enter(sam).get("/agreement/").content.decode()

    for words in (
        "What marketing promises", "What sales promises", "Accept or reject an offered lead", "15 min", "8 h",
        "Fit is at least 50 and engagement is at least 40", "The contact asked for a demo or to be contacted",
        "At 150 % of the time, the lead goes to somebody else.", "at least 90 %", "Mona", "Sue", "Operations Olivia",
        "All marketing teams", "6 in 10 days", "warned at 66 % (hot), 50 and 75 % (warm, standard); grace 30 min (hot)", "Marketing: Share of handed-off leads that sales accepts, at least 80 % each month",
        "counts as accepted, and as not answered", "is paused at most 2 times, for 10 days in all", "contested within 3 working days",
        "A lead in sales’ hands is off limits for bulk campaigns.", "Bad timing", "91 days after it came into force",
        "scoring version 1, with a half-life of 30 days", AgreementVersion.objects.get().terms_hash,
    ):  # fmt: skip
        assert words in page, words


def test_an_unknown_version_does_not_exist(enter: Enter, sam: User, agreement: InForce) -> None:
    browser = enter(sam)

    assert browser.get("/agreement/1/").status_code == 200
    assert browser.get("/agreement/2/").status_code == 404
    assert browser.get("/agreement/9223372036854775807/").status_code == 404


def test_the_glossary_begins_with_what_was_signed(enter: Enter, sam: User, agreement: InForce) -> None:
    page = enter(sam).get("/glossary/").content.decode()

    assert page.index("What both teams signed") < page.index("How the program uses words")
    assert agreement.terms.definitions["mql"] in page


def test_a_persona_shows_its_criteria_with_points(enter: Enter, sam: User) -> None:
    create_default_personas(at=SIGNED_AT)

    cards = enter(sam).get("/personas/").content.decode()
    page = enter(sam).get("/personas/operations-olivia/").content.decode()

    assert "Operations Olivia" in cards
    assert "Whom we do not want" in cards
    assert "employee count is between 50 and 1000" in page


def test_routing_is_told_in_sentences(enter: Enter, sam: User, offer: Offer) -> None:
    page = enter(sam).get("/routing/").content.decode()

    assert "Always: to the queue of Sales." in page
    assert "Sam" in page


def test_notifications_are_counted_read_and_lead_on(enter: Enter, sam: User, offer: Offer) -> None:
    handoff = offer()
    browser = enter(sam)
    notice = Notice.objects.get(recipient=sam, channel="in_app")

    before = browser.get("/notifications/").content.decode()
    opened = browser.post(f"/notifications/{notice.pk}/")
    after = browser.get("/notifications/").content.decode()

    assert "Notifications, 1 unread" in before
    assert opened["Location"] == f"/leads/{handoff.lead_id}/"
    assert "Notifications, 0 unread" in after


@pytest.mark.parametrize("path", ["/leads/?stage=mql", "/notifications/", "/dashboard/leads?figure=offer.handed_off"])
def test_every_list_is_paged_in_the_same_words(
    enter: Enter, sam: User, offer: Offer, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr("desk.queries.lead_list.PAGE", 2)
    monkeypatch.setattr("dashboards.behind.PAGE", 2)
    leads = [offer(f"Person {number}").lead_id for number in range(4)]
    offered = Notice.objects.filter(recipient=sam, channel="in_app")[0].code
    write_notices([Told(sam.pk, offered, "lead", pk) for pk in leads * 6], at=edge_now())
    browser = enter(sam)

    first = browser.get(path).content.decode()
    (following,) = re.findall(r'rel="next" href="([^"]+)">Next page</a>', first)
    last = browser.get(urljoin(path, unescape(following))).content.decode()

    assert "First page" not in first
    assert ">First page</a>" in last
    assert "Next page" not in last


def test_nobody_reads_the_notices_of_others(enter: Enter, sam: User, sue: User, offer: Offer) -> None:
    offer()
    notice = Notice.objects.get(recipient=sam, channel="in_app")

    assert enter(sue).post(f"/notifications/{notice.pk}/").status_code == 404
    notice.refresh_from_db()
    assert notice.read_at is None


def test_the_bell_is_left_alone_while_nothing_changes(enter: Enter, sam: User, offer: Offer, at: datetime) -> None:
    offer()
    browser = enter(sam)

    assert browser.get("/notifications/bell/", headers={"If-None-Match": '"1"'}).status_code == 304
    browser.post("/notifications/read/")
    fresh = browser.get("/notifications/bell/", headers={"If-None-Match": '"1"'})
    assert fresh.status_code == 200
    assert "0 unread" in fresh.content.decode()


def test_the_menu_holds_no_entry_that_answers_403_or_404(
    enter: Enter, sam: User, maya: User, mona: User, sue: User, olive: User
) -> None:
    for user in (sam, maya, mona, sue, olive):
        browser = enter(user)
        frame = browser.get("/").context["frame"]
        for entry in [*frame.menu, *frame.more]:
            assert browser.get(entry.path).status_code == 200, (user, entry.path)


def test_without_login_every_page_asks_for_it(client: object, db: None) -> None:
    for path in PAGES:
        assert client.get(path)["Location"].startswith("/accounts/login/")  # type: ignore[attr-defined]
