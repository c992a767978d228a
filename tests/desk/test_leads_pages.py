"""The list of leads and the page of one."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import connection

from campaigns.models import Campaign
from desk.queries.lead_list import PAGE
from leads.handoffs import accept
from leads.models import Company, Lead, LeadEvent
from teams.models import User
from tests.cast import make_lead
from tests.desk.conftest import Enter, Offer


def named(name: str, *, company: str = "", email: str = "", **fields: object) -> Lead:
    lead = make_lead(**fields)
    lead.contact.name = name
    if email:
        lead.contact.email = lead.contact.email_key = email
    if company:
        lead.contact.company = Company.objects.create(
            name=company, name_key=company.lower(), created_at=lead.captured_at
        )
    lead.contact.save()
    return lead


@pytest.mark.parametrize(
    "typed", ["ines", "Ines C", "carv", "lumenor", "ines@lum", "INES@LUMENOR.EXAMPLE", "ines+fair@lum", "  ines  "]
)
def test_search_finds_the_beginning_of_name_surname_company_and_email(enter: Enter, sam: User, typed: str) -> None:
    named("Ines Carvalho", company="Lumenor Logistics", email="ines@lumenor.example")
    named("Noor Haddad", company="Alder & Finch", email="noor@alder.example")

    page = enter(sam).get("/leads/", {"q": typed}).content.decode()

    assert "Ines Carvalho" in page
    assert "Noor Haddad" not in page


@pytest.mark.parametrize("typed", ["100%", "_", "\\", "'", "%", "<b>"])
def test_search_takes_signs_as_they_are(enter: Enter, sam: User, typed: str) -> None:
    named("Ines Carvalho")

    response = enter(sam).get("/leads/", {"q": typed})

    assert response.status_code == 200
    assert "No lead fits this." in response.content.decode()


@pytest.mark.parametrize(
    "query",
    [
        "?stage=zzz", "?source=%00", "?tier=1", "?campaign=abc", "?campaign=99999999999999999999", "?owner=-1",
        "?after=x", "?after=2026-01-01_1", "?after=9999-12-31T23:59:59%2B00:00_1", "?q=%00", "?q=%ED%A0%80",
        "?q=" + "a" * 5000, "?owner=%F0%9F%98%80", "?campaign=²",
    ],
)  # fmt: skip
def test_what_makes_no_sense_in_the_address_is_left_out_and_said(enter: Enter, sam: User, query: str) -> None:
    named("Ines Carvalho")

    response = enter(sam).get(f"/leads/{query}")

    assert response.status_code == 200
    assert "Ines Carvalho" in response.content.decode() or "�" in response.content.decode()


@pytest.mark.parametrize(
    ("query", "says"),
    [("?page=999", "“page” in the address"), ("?a+b=1", "Something in the address"), ("?stage=lead", "")],
)
def test_what_the_list_does_not_know_is_said(enter: Enter, sam: User, query: str, says: str) -> None:
    page = enter(sam).get(f"/leads/{query}").content.decode()

    assert ("means nothing to this list" in page) is bool(says)
    assert says in page


def test_filters_narrow_the_list(enter: Enter, sam: User, campaign: Campaign) -> None:
    named("Ines Carvalho", stage="sal", owner=sam, source="event", last_campaign=campaign)
    named("Noor Haddad", stage="lead", source="direct")
    browser = enter(sam)

    for query in ({"stage": "sal"}, {"source": "event"}, {"owner": "me"}, {"campaign": str(campaign.pk)}):
        page = browser.get("/leads/", query).content.decode()
        assert "Ines Carvalho" in page, query
        assert "Noor Haddad" not in page, query


def test_paging_shows_every_lead_once_even_where_times_are_equal(enter: Enter, sam: User, at: datetime) -> None:
    for number in range(PAGE * 2 + 3):
        named(f"Person {number:03}", last_touch_at=at - timedelta(minutes=number // 20))
    browser = enter(sam)

    seen: list[int] = []
    after = ""
    while True:
        page = browser.get("/leads/", {"after": after} if after else {})
        seen += [row.lead.pk for row in page.context["rows"]]
        after = page.context["page"].older
        if not after:
            break

    assert sorted(seen) == sorted(Lead.objects.values_list("pk", flat=True))
    assert len(seen) == len(set(seen)) == PAGE * 2 + 3


def test_the_surname_search_uses_its_index_on_postgresql(db: None) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("the plan is PostgreSQL's")
    from desk.queries.search import _surname

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        plan = _surname("carv").explain()

    assert "contact_surname_start_idx" in plan


def test_an_outsider_sees_no_list_and_no_lead(enter: Enter, olive: User, sam: User) -> None:
    lead = named("Ines Carvalho")
    browser = enter(olive)

    assert browser.get("/leads/").status_code == 404
    hidden, missing = browser.get(f"/leads/{lead.pk}/"), browser.get("/leads/999999/")
    assert hidden.status_code == missing.status_code == 404
    assert hidden.content == missing.content


def test_a_lead_tells_its_whole_story(enter: Enter, offer: Offer, sam: User, at: datetime) -> None:
    handoff = offer()
    accept(lead_id=handoff.lead_id, actor=sam, at=at)

    page = enter(sam).get(f"/leads/{handoff.lead_id}/").content.decode()

    for words in (
        "Ines Carvalho",
        "Handed off",
        "Accepted",
        "Promise kept: accept",
        "Why it went there",
        "Why this score",
    ):
        assert words in page


@pytest.mark.parametrize(("count", "is_said"), [(1, False), (12, True)])
def test_that_engagement_ends_at_100_is_said_where_it_does(
    enter: Enter, offer: Offer, sam: User, at: datetime, count: int, is_said: bool
) -> None:
    lead = offer().lead
    for _ in range(count):
        LeadEvent.objects.create(
            lead=lead, kind="touched", code="demo_request", facts={"source": "email"}, occurred_at=at, recorded_at=at
        )

    page = enter(sam).get(f"/leads/{lead.pk}/").content.decode()

    assert ("Engagement counts up to 100" in page) is is_said


def test_the_steps_follow_role_and_stage(enter: Enter, offer: Offer, sam: User, maya: User, sue: User) -> None:
    handoff = offer()
    path = f"/leads/{handoff.lead_id}/"

    def codes(user: User) -> set[str]:
        return {step.code for step in enter(user).get(path).context["steps"]}

    assert codes(sam) == {
        "accept", "reject", "reroute", "call", "email", "meeting", "message", "correct", "ask", "dispute",
    }  # fmt: skip
    assert codes(maya) == {"recall", "correct", "offer-help"}
    assert codes(sue) == codes(sam) | {"assign"}


def test_every_offered_step_shows_its_form_or_can_be_pressed(
    enter: Enter, offer: Offer, sam: User, at: datetime
) -> None:
    handoff = offer()
    accept(lead_id=handoff.lead_id, actor=sam, at=at)
    browser = enter(sam)
    path = f"/leads/{handoff.lead_id}/"

    steps = browser.get(path).context["steps"]

    assert len(steps) >= 8
    for step in steps:
        response = browser.get(f"{path}{step.code}/", headers={"HX-Request": "true"})
        assert response.status_code == 200, step.code
        assert b"<html" not in response.content


def test_the_timeline_alone_by_its_filter(enter: Enter, offer: Offer, sam: User) -> None:
    handoff = offer()
    browser = enter(sam)

    decisions = browser.get(f"/leads/{handoff.lead_id}/timeline/?show=decisions").content.decode()
    contact = browser.get(f"/leads/{handoff.lead_id}/timeline/?show=contact").content.decode()

    assert "Handed off" in decisions
    assert "Handed off" not in contact
    assert "Webinar, attended" in contact


def test_what_a_contact_wrote_is_shown_as_text(enter: Enter, sam: User) -> None:
    lead = named("<script>alert(1)</script>")

    page = enter(sam).get(f"/leads/{lead.pk}/").content.decode()

    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_an_unknown_step_does_not_exist(enter: Enter, offer: Offer, sam: User) -> None:
    assert enter(sam).get(f"/leads/{offer().lead_id}/fly/").status_code == 404
