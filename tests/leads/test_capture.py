"""Leads come in by a page: a campaign's public form, or a person who adds one."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError
from django.test import Client

from campaigns.models import Campaign
from leads.capture import SENT_AGAIN, open_form
from leads.models import CaptureForm, Contact, ImportRun, Lead, Touch
from ledger.instants import edge_now
from ledger.models import AuditEntry
from teams.models import User
from tests.cast import NOW

pytestmark = pytest.mark.django_db

TYPED = {"name": "Ada Byron", "email": "ada@acme.example", "company": "Acme", "consent": "on"}
UNPROCESSABLE = 422


@pytest.fixture
def spring(maya: User) -> Campaign:
    return Campaign.objects.create(
        name="Spring", code="spring", type="webinar", owner=maya, starts_on=date(2026, 1, 1), created_at=NOW
    )


@pytest.fixture
def form(spring: Campaign) -> CaptureForm:
    return CaptureForm.objects.create(
        slug="demo", title="Ask for a demo", touch_kind="demo_request", campaign=spring, created_at=NOW
    )


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def carried(response: Any) -> dict[str, str]:
    """Give the hidden values of the form in a page, as a browser would send them back."""
    return {field.name: field.value() or "" for field in response.context["form"].hidden_fields()}


# the public form ------------------------------------------------------------------------------------------------------


def test_a_visitor_becomes_a_lead_of_the_campaign(client, form, spring, maya):
    page = client.get(
        "/f/demo/?utm_source=newsletter&utm_medium=email", headers={"referer": "https://news.example/article"}
    )

    response = client.post("/f/demo/", {**carried(page), **TYPED, "note": "Line one\r\nline two"})

    assert (response.status_code, response["Location"]) == (302, "/f/demo/sent/")
    assert client.get("/f/demo/sent/").status_code == 200
    touch = Touch.objects.get()
    assert (touch.kind, touch.campaign, touch.utm) == (
        "demo_request",
        spring,
        {"source": "newsletter", "medium": "email"},
    )
    assert (touch.source, touch.note) == ("email", "Line one\nline two")
    assert (touch.contact.name, touch.contact.lawful_basis) == ("Ada Byron", "consent")
    assert touch.lead.is_hand_raise


def test_a_double_click_counts_once_and_coming_again_later_counts_twice(client, form, monkeypatch):
    sent = {**carried(client.get("/f/demo/")), **TYPED}
    client.post("/f/demo/", sent)
    client.post("/f/demo/", sent)
    assert Touch.objects.count() == 1

    later = edge_now() + SENT_AGAIN
    monkeypatch.setattr("leads.views.capture.edge_now", lambda: later)
    client.post("/f/demo/", {**carried(client.get("/f/demo/")), **TYPED})

    assert (Touch.objects.count(), Lead.objects.count()) == (2, 1)


def test_going_back_and_sending_the_same_from_a_fresh_form_counts_once(client, form):
    for change in ({}, {}, {"phone": "+49 30 901821"}, {"phone": "+49 30 901821"}, {"nonce": ""}):
        answer = client.post("/f/demo/", {**carried(client.get("/f/demo/")), **TYPED, **change})
        assert answer["Location"] == "/f/demo/sent/"

    assert (Touch.objects.count(), Lead.objects.count()) == (2, 1)


@pytest.mark.parametrize("path", ["/f/demo/", "/f/demo/sent/"])
def test_no_copy_of_the_form_is_kept_to_go_back_to(client, form, path):
    assert "no-store" in client.get(path)["Cache-Control"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"email": "nonsense"}, "email"),
        ({"email": ""}, "email"),
        ({"name": "Ada\x00"}, "name"),
        ({"name": "Ada\u202e"}, "name"),
        ({"name": "Ada\r\nBcc: x"}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"phone": "call me"}, "phone"),
        ({"country": "Narnia"}, "country"),
        ({"consent": ""}, "consent"),
        ({"note": "a\u200bb"}, "note"),
    ],
)
def test_what_cannot_be_used_is_said_beside_its_field_and_kept(client, form, change, field):
    sent = {**carried(client.get("/f/demo/?utm_source=x")), **TYPED, **change}

    response = client.post("/f/demo/", sent)

    assert response.status_code == UNPROCESSABLE
    assert field in response.context["form"].errors
    assert response.context["form"]["company"].value() == "Acme"
    assert response.context["form"]["utm_source"].value() == "x"
    assert Contact.objects.count() == 0


def test_poison_that_the_page_carries_does_not_stop_the_visitor(client, form):
    sent = {
        **carried(client.get("/f/demo/")),
        **TYPED,
        "utm_source": "a\x00",
        "referrer": "\u202e",
        "landing_page": "x" * 9999,
    }

    assert client.post("/f/demo/", sent).status_code == 302
    assert Touch.objects.get().utm == {}


def test_what_was_typed_is_shown_escaped(client, form):
    sent = {**carried(client.get("/f/demo/")), **TYPED, "company": "<script>alert(1)</script>", "email": "x"}

    body = client.post("/f/demo/", sent).content.decode()

    assert "&lt;script&gt;alert(1)" in body
    assert "<script>alert(1)" not in body


def test_a_machine_that_takes_the_bait_is_thanked_and_forgotten(client, form):
    response = client.post("/f/demo/", {**carried(client.get("/f/demo/")), **TYPED, "website": "https://spam.example"})

    assert response["Location"] == "/f/demo/sent/"
    assert Contact.objects.count() == 0


def test_too_many_from_one_address_are_held_back_with_their_words_kept(client, form, monkeypatch):
    monkeypatch.setattr("inputs.pace.WINDOW_SECONDS", 10**10)  # no minute turns while these are sent
    answers = [client.post("/f/demo/", {**TYPED, "email": f"p{n}@acme.example"}) for n in range(12)]

    assert [answer.status_code for answer in answers[:10]] == [302] * 10
    assert answers[-1].status_code == 429
    assert answers[-1].context["form"]["email"].value() == "p11@acme.example"


@pytest.mark.parametrize("slug", ["nothing", "closed"])
def test_a_closed_form_looks_like_one_that_never_was(client, form, slug):
    CaptureForm.objects.create(slug="closed", title="Old", created_at=NOW, is_active=False)

    for response in (client.get(f"/f/{slug}/"), client.post(f"/f/{slug}/", TYPED), client.get(f"/f/{slug}/sent/")):
        assert response.status_code == 404


def test_the_form_is_guarded_against_forgery(form):
    strict = Client(enforce_csrf_checks=True)

    assert strict.post("/f/demo/", TYPED).status_code == 403
    assert Contact.objects.count() == 0


def test_the_form_cannot_be_framed_and_tells_a_visitor_nothing_of_us(client, form):
    response = client.get("/f/demo/")

    assert response["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in response["Content-Security-Policy"]
    assert "Campaigns" not in response.content.decode()


# a person adds a lead -------------------------------------------------------------------------------------------------

BY_HAND = {"name": "Ada Byron", "email": "ada@acme.example", "touch_kind": "inbound_call", "key": "hand 1"}


def test_a_marketer_adds_a_lead(maya, spring):
    response = signed_in(maya).post("/leads/new/", {**BY_HAND, "campaign": spring.pk, "employee_count": "1,200"})

    lead = Lead.objects.get()
    assert (response.status_code, response["Location"]) == (302, f"/leads/{lead.pk}/")
    assert (lead.origin, lead.last_campaign, lead.owner) == ("marketing", spring, None)


def test_a_rep_adds_their_own_lead_without_a_handoff(sam, agreement):
    signed_in(sam).post("/leads/new/", BY_HAND)

    lead = Lead.objects.get()
    assert (lead.origin, lead.stage, lead.owner, lead.handoff_count) == ("sales", "sal", sam, 0)


def test_a_double_click_adds_once(maya):
    browser = signed_in(maya)
    for _ in range(2):
        browser.post("/leads/new/", BY_HAND)

    assert (Lead.objects.count(), Touch.objects.count()) == (1, 1)


def test_a_refused_lead_keeps_what_was_typed(maya):
    response = signed_in(maya).post("/leads/new/", {**BY_HAND, "employee_count": "many", "note": "kept"})

    assert response.status_code == UNPROCESSABLE
    assert "employee_count" in response.context["form"].errors
    assert response.context["form"]["note"].value() == "kept"
    assert Lead.objects.count() == 0


def test_a_lead_needs_something_to_be_recognised_by(maya):
    response = signed_in(maya).post("/leads/new/", {**BY_HAND, "email": ""})

    assert response.status_code == UNPROCESSABLE
    assert response.context["form"].errors == {"email": ["Give an email or a phone number."]}


def test_an_outsider_adds_nothing(olive, client):
    assert signed_in(olive).post("/leads/new/", BY_HAND).status_code == 403
    assert client.get("/leads/new/").status_code == 302
    assert Lead.objects.count() == 0


# marketing opens forms ------------------------------------------------------------------------------------------------


def test_a_marketer_opens_a_form_and_sees_its_address(maya, spring):
    browser = signed_in(maya)

    browser.post("/forms/", {"title": "Ask", "slug": "ask-us", "touch_kind": "contact_request", "campaign": spring.pk})

    opened = CaptureForm.objects.get()
    assert (opened.slug, opened.campaign, opened.touch_kind) == ("ask-us", spring, "contact_request")
    assert AuditEntry.objects.filter(verb="open_form", subject_id=opened.pk, actor=maya).count() == 1
    assert "http://testserver/f/ask-us/" in browser.get("/forms/").content.decode()
    assert browser.get(f"/forms/?campaign={spring.pk}").context["form"]["campaign"].value() == str(spring.pk)


def test_only_a_taken_address_is_called_taken(maya):
    with pytest.raises(IntegrityError):
        open_form(actor=maya, at=NOW, slug=None, title="Demo", touch_kind="form", campaign_id=None)  # type: ignore[arg-type]


@pytest.mark.parametrize("slug", ["demo", "Demo Page", "ümlaut", "-x", "", "x" * 81, "a\n"])
def test_an_address_that_is_taken_or_odd_is_refused_beside_its_field(maya, form, slug):
    response = signed_in(maya).post("/forms/", {"title": "Ask", "slug": slug, "touch_kind": "form"})

    if slug == "a\n":  # a browser trims it
        assert response.status_code == 302
        return
    assert response.status_code == UNPROCESSABLE
    assert "slug" in response.context["form"].errors
    assert CaptureForm.objects.count() == 1


def test_a_form_can_be_closed_and_opened_again(maya, form, client):
    browser = signed_in(maya)

    browser.post(f"/forms/{form.pk}/active/", {"active": "0"})
    assert client.get("/f/demo/").status_code == 404
    browser.post(f"/forms/{form.pk}/active/", {"active": "1"})
    assert client.get("/f/demo/").status_code == 200


def test_only_marketing_opens_forms(sam, form):
    browser = signed_in(sam)

    assert browser.get("/forms/").status_code == 403
    assert browser.post("/forms/", {"title": "x", "slug": "x", "touch_kind": "form"}).status_code == 403
    assert browser.post(f"/forms/{form.pk}/active/", {"active": "0"}).status_code == 403


@pytest.mark.parametrize("number", [0, 2**63, 2**64, 10**30])
def test_ids_beyond_the_column_do_not_exist(maya, number):
    browser = signed_in(maya)

    assert browser.get(f"/imports/{number}/").status_code == 404
    assert browser.post(f"/forms/{number}/active/").status_code == 404
    assert ImportRun.objects.count() == 0
