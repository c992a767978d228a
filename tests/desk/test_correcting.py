"""The page that completes and corrects the data of a lead, and the ways that lead to it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from leads.intake.pipeline import take_in
from leads.models import Company, Contact, Handoff, Lead
from sla.in_force import InForce
from teams.models import User
from tests.desk.conftest import Enter
from tests.leads.intake_world import anna, world  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.fixture
def lead(world: InForce, maya: User, at: datetime) -> Lead:  # noqa: F811
    """An MQL of Maya's that nobody could be offered: its company is not known, nor its phone."""
    (outcome,) = take_in(
        [anna(email="anna@gmail.com", phone="", company="", industry="", employee_count="")], actor=None,
        at=at - timedelta(hours=1),
    )  # fmt: skip
    return Lead.objects.get(pk=outcome.lead_id or 0)


def typed(browser: Client, lead: Lead, **changes: str) -> dict[str, str]:
    """Give what the form holds as it is opened, with ``changes`` typed over it."""
    form = browser.get(f"/leads/{lead.pk}/correct/").context["form"]
    return {name: str(form.initial.get(name, "")) for name in form.fields if name != "is_elsewhere"} | changes


def problems(response: Any) -> dict[str, list[str]]:
    return dict(response.context["form"].errors)


def test_the_form_shows_what_is_known_and_marks_what_a_handoff_needs(enter: Enter, lead: Lead, maya: User) -> None:
    page = enter(maya).get(f"/leads/{lead.pk}/correct/")

    form = page.context["form"]
    needed = [name for name, field in form.fields.items() if getattr(field, "mark", {}).get("tone") == "warn"]
    counts = [name for name, field in form.fields.items() if getattr(field, "mark", {}).get("tone") == "calm"]
    assert form.initial["name"] == "Anna Arnold"
    assert (needed, counts) == (["company"], ["industry", "employee_count"])
    assert '<option value="manufacturing">' in page.content.decode()


def test_filling_the_gap_hands_the_lead_off_and_says_to_whom(enter: Enter, lead: Lead, maya: User, sam: User) -> None:
    browser = enter(maya)

    response = browser.post(f"/leads/{lead.pk}/correct/", typed(browser, lead, company="Acme GmbH"), follow=True)

    page = response.content.decode()
    assert response.redirect_chain == [(f"/leads/{lead.pk}/", 302)]
    assert "Anna Arnold: Corrected. It is offered to Sam." in page
    assert Handoff.objects.get().assignee == sam
    assert "Before a handoff this is missing" not in page


def test_what_is_missing_still_is_said(enter: Enter, lead: Lead, maya: User) -> None:
    browser = enter(maya)

    response = browser.post(f"/leads/{lead.pk}/correct/", typed(browser, lead, job_title="Plant manager"), follow=True)

    assert "Still missing for a handoff: the company." in response.content.decode()


def test_the_refused_handoff_leads_to_the_form(enter: Enter, lead: Lead, maya: User) -> None:
    refused = enter(maya).post(f"/leads/{lead.pk}/hand-off/", headers=HTMX)

    page = refused.content.decode()
    assert refused.status_code == 422
    assert "What is missing: the company." in page
    assert f'href="/leads/{lead.pk}/correct/"' in page


def test_the_marketers_desk_and_the_leads_page_lead_to_the_form(enter: Enter, lead: Lead, maya: User) -> None:
    browser = enter(maya)
    Lead.objects.filter(pk=lead.pk).update(marketer=maya)

    pages = [browser.get(path).content.decode() for path in ("/", f"/leads/{lead.pk}/")]

    assert all(f'href="/leads/{lead.pk}/correct/' in page for page in pages)


def test_bad_values_stand_beside_their_fields_and_nothing_typed_is_lost(enter: Enter, lead: Lead, maya: User) -> None:
    browser = enter(maya)
    values = typed(browser, lead, email="nobody", company_country="Atlantis", employee_count="many", name="Anna Typed")

    answers = [browser.post(f"/leads/{lead.pk}/correct/", values, headers=headers) for headers in ({}, HTMX)]

    for answer in answers:
        assert answer.status_code == 422
        assert set(problems(answer)) == {"email", "company_country", "employee_count"}
        assert 'value="Anna Typed"' in answer.content.decode()
    assert not Contact.objects.filter(name="Anna Typed").exists()


def test_nobody_to_recognise_is_said_at_the_head(enter: Enter, lead: Lead, maya: User) -> None:
    browser = enter(maya)

    answer = browser.post(f"/leads/{lead.pk}/correct/", typed(browser, lead, email="", phone=""))

    assert answer.status_code == 422
    assert problems(answer) == {"__all__": ["Give an email, a phone number or an external id."]}


def test_anothers_address_is_refused_with_a_way_to_their_lead(
    enter: Enter, lead: Lead, maya: User, at: datetime
) -> None:
    (other,) = take_in([anna(name="<b>Ben</b>", email="ben@acme.example", phone="")], actor=None, at=at)
    browser = enter(maya)

    answer = browser.post(f"/leads/{lead.pk}/correct/", typed(browser, lead, email="ben@acme.example"))

    page = answer.content.decode()
    assert answer.status_code == 422
    assert f'&lt;b&gt;Ben&lt;/b&gt;, who is another contact. <a href="/leads/{other.lead_id}/">' in page


def test_a_page_of_before_keeps_what_was_typed_and_can_be_saved_on_top(
    enter: Enter, lead: Lead, maya: User, mona: User
) -> None:
    browser, manager, path = enter(maya), enter(mona), f"/leads/{lead.pk}/correct/"
    mine = typed(browser, lead, region="Saxony")
    manager.post(path, typed(manager, lead, region="Bavaria"))

    stale = browser.post(path, mine)
    form = stale.context["form"]
    again = browser.post(path, {**mine, "seen": form["seen"].value()})

    assert (stale.status_code, again.status_code) == (409, 302)
    assert "It says “Bavaria” now." in problems(stale)["region"]
    assert 'value="Saxony"' in stale.content.decode()
    assert Contact.objects.get(pk=lead.contact_id).region == "Saxony"


def test_the_second_click_on_save_changes_nothing_and_is_no_quarrel(enter: Enter, lead: Lead, maya: User) -> None:
    browser, path = enter(maya), f"/leads/{lead.pk}/correct/"
    values = typed(browser, lead, company="Acme GmbH")
    browser.post(path, values)

    again = browser.post(path, values, follow=True)

    assert "Anna Arnold: Nothing was changed." in again.content.decode()
    assert Handoff.objects.count() == 1


def test_the_source_is_asked_where_it_is_not_known(enter: Enter, lead: Lead, maya: User) -> None:
    browser, path = enter(maya), f"/leads/{lead.pk}/correct/"
    Lead.objects.filter(pk=lead.pk).update(source="unknown")

    browser.post(path, typed(browser, lead, source="referral"))

    assert Lead.objects.get(pk=lead.pk).source == "referral"
    assert "source" not in browser.get(path).context["form"].fields


def test_another_company_is_a_choice_of_its_own(enter: Enter, lead: Lead, maya: User) -> None:
    browser, path = enter(maya), f"/leads/{lead.pk}/correct/"
    assert "is_elsewhere" not in browser.get(path).context["form"].fields
    browser.post(path, typed(browser, lead, company="Acme GmbH"))

    browser.post(path, {**typed(browser, lead, company="Newly Ltd"), "is_elsewhere": "on"})

    assert Company.objects.get(contacts=lead.contact_id).name == "Newly Ltd"
    assert Company.objects.filter(name="Acme GmbH").exists()


def test_whoever_else_has_the_company_is_said(enter: Enter, lead: Lead, maya: User, at: datetime) -> None:
    browser = enter(maya)
    browser.post(f"/leads/{lead.pk}/correct/", typed(browser, lead, company="Acme GmbH"))
    take_in([anna(name="Ben", email="", phone="+49 30 901821", company="Acme")], actor=None, at=at)

    page = browser.get(f"/leads/{lead.pk}/correct/").content.decode()

    assert "Shared with one other person" in page


def test_the_form_takes_a_bounded_number_of_queries(enter: Enter, lead: Lead, maya: User) -> None:
    browser, path = enter(maya), f"/leads/{lead.pk}/correct/"
    browser.get(path)

    with CaptureQueriesContext(connection) as queries:
        browser.get(path)

    assert len(queries) <= 14, "\n".join(query["sql"][:150] for query in queries)


def test_the_timeline_names_the_fields_and_not_what_stands_in_them(enter: Enter, lead: Lead, maya: User) -> None:
    browser = enter(maya)
    browser.post(f"/leads/{lead.pk}/correct/", typed(browser, lead, company="Acme GmbH", job_title="Plant manager"))

    lines = browser.get(f"/leads/{lead.pk}/").context["lines"]

    (line,) = [line for line in lines if line.title == "Data completed"]
    (refused,) = [line for line in lines if line.title == "Could not be handed off"]
    assert (line.detail, line.who) == ("company, job title", "Maya")
    assert refused.detail == "missing: the company"
