"""A new company starts with one command, and its first lead finds its way."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from leads.capture import open_form
from leads.intake.arrival import Arrival
from leads.intake.pipeline import take_in
from leads.models import Clock, Company, Lead, RoutingVersion
from ledger.instants import edge_now
from personas.models import Persona
from sla.models import AgreementVersion, CalendarUse
from teams.models import Team, User


@pytest.fixture
def bare_teams(db: None, maya: User, mona: User, sam: User, sue: User) -> None:
    """People in teams that have no hours yet."""
    CalendarUse.objects.all().delete()


def start(mona: User, sue: User, **options: Any) -> None:
    call_command("start_company", marketing_manager=mona.email, sales_manager=sue.email, **options)


def test_the_first_demo_request_of_a_new_company_reaches_a_rep_with_a_clock(
    bare_teams: None, mona: User, sue: User, sam: User, maya: User
) -> None:
    start(mona, sue, zone="Europe/Berlin", country="DE")
    request = Arrival(
        name="Ines Carvalho", email="ines@lumenor.example", company="Lumenor", domain="lumenor.example", role="operations",
        seniority="head", industry="logistics", employee_count="120", country="PT", touch_kind="demo_request",
        lawful_basis="consent",
    )  # fmt: skip

    (outcome,) = take_in([request], actor=None, at=edge_now())

    assert outcome.problems == ()
    lead = Lead.objects.get()
    assert lead.pk == outcome.lead_id
    assert lead.handoffs.get().assignee == sam
    assert Clock.objects.get(promise="accept").user == sam


def test_a_stranger_who_asks_for_a_demo_on_the_web_is_offered_to_a_rep(
    bare_teams: None, mona: User, sue: User, sam: User, client: Client
) -> None:
    start(mona, sue)
    open_form(actor=mona, at=edge_now(), slug="demo", title="Demo", touch_kind="demo_request", campaign_id=None)
    page = client.get("/f/demo/")
    hidden = {field.name: field.value() or "" for field in page.context["form"].hidden_fields()}
    typed = {
        "name": "Ines Carvalho", "email": "ines@lumenor.example", "company": "Lumenor", "job_title": "Head of Operations",
        "employee_count": "120", "consent": "on",
    }  # fmt: skip

    response = client.post("/f/demo/", {**hidden, **typed})

    assert response.status_code == 302
    lead = Lead.objects.get()
    assert (lead.contact.role, lead.contact.seniority) == ("operations", "head")
    assert Company.objects.get().employee_count == 120
    assert (lead.stage, lead.tier, lead.handoffs.get().assignee) == ("mql", "hot", sam)


def test_every_team_gets_office_hours_and_their_holidays(bare_teams: None, mona: User, sue: User) -> None:
    start(mona, sue, zone="Europe/Berlin", country="DE", opens="08:00", closes="16:00")

    for team in Team.objects.all():
        terms = team.calendar_use.calendar.versions.get().terms
        assert terms["zone"] == "Europe/Berlin"
        assert terms["week"]["mon"] == [["08:00", "16:00"]]
        assert any(day.endswith("-12-25") for day in terms["holidays"])


def test_a_company_starts_once(bare_teams: None, mona: User, sue: User) -> None:
    start(mona, sue)

    with pytest.raises(CommandError, match="already"):
        start(mona, sue)

    assert AgreementVersion.objects.count() == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"zone": "Mars/Olympus"}, "Mars/Olympus"),
        ({"country": "XX"}, "XX"),
        ({"opens": "half past"}, "half past"),
        ({"sales_manager": "nobody@nowhere.example"}, "nobody@nowhere.example"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_left_behind(
    options: dict[str, str], message: str, bare_teams: None, mona: User, sue: User
) -> None:
    arguments = {"marketing_manager": mona.email, "sales_manager": sue.email, **options}

    with pytest.raises(CommandError, match=message):
        call_command("start_company", **arguments)

    assert not CalendarUse.objects.exists()
    assert not Persona.objects.exists()
    assert not AgreementVersion.objects.exists()
    assert not RoutingVersion.objects.exists()


def test_a_rep_cannot_sign_for_sales(bare_teams: None, mona: User, sam: User) -> None:
    with pytest.raises(CommandError, match="manager of sales"):
        start(mona, sam)

    assert not AgreementVersion.objects.exists()
