"""Who may call, and what the API says of itself."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from knox.models import AuthToken

from leads.models import Lead
from ledger.instants import edge_now
from ledger.models import AuditEntry
from teams.tokens import make_token
from tests.api.program import Program, problems

pytestmark = pytest.mark.django_db

ADA = {"name": "Ada Byron", "email": "ada@acme.example", "company": "Acme"}


# tokens ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    ["", "Token", "Token ", "Token wrong", "Token a b", "Token " + "f" * 64, "Token " + "x" * 10_000, "Bearer x", "Token é",
     "Basic eDp5"],
)  # fmt: skip
def test_without_a_valid_token_the_answer_is_401(header):
    program = Program(None)
    program.headers = {"Authorization": header} if header else {}

    assert program.get("/api/v1/me").status_code == 401
    response = program.post("/api/v1/leads", ADA)
    assert problems(response, 401)
    assert response["WWW-Authenticate"].startswith("Token")


def test_bytes_that_are_no_text_are_no_token(client):
    assert client.get("/api/v1/me", HTTP_AUTHORIZATION=b"Token \xff\xfe".decode("latin-1")).status_code == 401


def test_an_expired_token_is_refused(maya):
    program = Program(maya, expiry=timedelta(seconds=-1))

    assert program.get("/api/v1/me").status_code == 401


def test_a_token_of_somebody_who_left_is_refused(maya, program):
    maya.is_active = False
    maya.save()

    assert program.get("/api/v1/me").status_code == 401


def test_me_says_who_calls(maya, program):
    body = program.get("/api/v1/me").json()

    assert (body["email"], body["roles"]) == ("maya@smarketing.example", ["marketer"])
    assert body["teams"][0]["side"] == "marketing"
    assert body["token_expires_at"] is not None


def test_a_call_writes_nothing_to_its_token(program, maya):
    before = AuthToken.objects.values().get()

    program.get("/api/v1/me")

    assert AuthToken.objects.values().get() == before


def test_a_token_is_made_by_a_command_shown_once_and_kept_as_a_hash(maya):
    out = StringIO()
    call_command("create_token", "Maya@smarketing.example", days=7, stdout=out)
    text = out.getvalue().strip()

    program = Program(None)
    program.headers = {"Authorization": f"Token {text}"}
    assert program.get("/api/v1/me").json()["name"] == "Maya"
    kept = AuthToken.objects.get()
    assert text not in (kept.digest, kept.token_key)
    assert timedelta(days=7, seconds=-5) < kept.expiry - kept.created < timedelta(days=7, seconds=5)
    entry = AuditEntry.objects.get(verb="make_token")
    assert (entry.actor, entry.subject_id, entry.facts) == (None, maya.pk, {"days": 7})


def test_a_new_token_takes_the_place_of_expired_ones(maya):
    at = edge_now()
    AuthToken.objects.create(maya, expiry=timedelta(days=-1))
    AuthToken.objects.create(maya, expiry=timedelta(days=1))

    make_token(actor=None, at=at, email=maya.email, days=366)

    assert AuthToken.objects.filter(user=maya, expiry__gt=at).count() == AuthToken.objects.count() == 2


@pytest.mark.parametrize(("email", "days"), [("nobody@smarketing.example", 7), ("maya@smarketing.example", 0)])
def test_no_token_is_made_for_nobody_or_for_ever(maya, email, days):
    with pytest.raises(CommandError):
        call_command("create_token", email, days=days)

    assert AuthToken.objects.count() == 0
    assert not AuditEntry.objects.filter(verb="make_token").exists()


def test_our_own_pages_may_call_with_their_session_and_its_guard(maya):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(maya)

    assert browser.get("/api/v1/me").status_code == 200
    assert browser.post("/api/v1/leads", json.dumps(ADA), content_type="application/json").status_code == 403
    assert Lead.objects.count() == 0


# description ----------------------------------------------------------------------------------------------------------


def test_the_schema_names_every_address(program, client):
    schema = program.get("/api/schema/", {"format": "json"}).json()

    assert {"/api/v1/leads", "/api/v1/leads/{lead_id}", "/api/v1/leads/{lead_id}/{act}", "/api/v1/me"} <= set(
        schema["paths"]
    )
    assert client.get("/api/schema/").status_code == 401


@pytest.mark.parametrize("version", ["\0", "1\n", "é", "2", ""])
def test_the_schema_writes_nothing_of_what_was_asked_into_a_header(version, program):
    response = program.get("/api/schema/", {"format": "json", "version": version})

    assert response.status_code == 200
    assert response["Content-Disposition"] == 'inline; filename="Smarketing.json"'


def test_the_documentation_runs_no_script_of_the_page(maya, client):
    assert client.get("/api/docs/").status_code == 401
    client.force_login(maya)

    body = client.get("/api/docs/").content.decode()

    assert "swagger" in body.lower()
    assert "<script>" not in body
    assert "<style" not in body
    assert client.get("/api/docs/?script=").status_code == 200


def test_the_schema_is_made_without_a_complaint(program, capsys):
    schema = program.get("/api/schema/", {"format": "json"}).json()

    assert capsys.readouterr().err == ""
    assert schema["components"]["securitySchemes"]["token"]["name"] == "Authorization"
