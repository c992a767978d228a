"""``manage.py create_person``: how the first administrator comes to be."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from teams.models import Team, User
from teams.roles import Role

PASSWORD = "four quiet horses"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMARKETING_PASSWORD", PASSWORD)


def create(email: str, role: str, *more: str) -> str:
    out = StringIO()
    call_command("create_person", email, "--name", "Somebody", "--role", role, *more, stdout=out)
    return out.getvalue()


@pytest.mark.parametrize("role", [role.value for role in Role])
def test_it_makes_a_person_of_each_role_who_can_log_in(role: str) -> None:
    told = create("some@smarketing.example", role)

    user = User.objects.get(email="some@smarketing.example")
    client = Client()
    client.post("/accounts/login/", {"login": "some@smarketing.example", "password": PASSWORD})
    assert user.roles == {Role(role)}
    assert client.session["_auth_user_id"] == str(user.pk)
    assert told == f"some@smarketing.example is {role}.\n"


def test_a_team_is_made_once_and_found_again() -> None:
    create("one@smarketing.example", "rep", "--team", "East")
    create("two@smarketing.example", "sales_manager", "--team", "East", "--timezone", "Europe/Berlin")

    assert Team.objects.get().memberships.count() == 2
    assert User.objects.get(email="two@smarketing.example").timezone == "Europe/Berlin"


def test_a_marketer_does_not_belong_to_a_sales_team() -> None:
    create("one@smarketing.example", "rep", "--team", "East")

    with pytest.raises(CommandError, match="East belongs to sales"):
        create("two@smarketing.example", "marketer", "--team", "East")


def test_a_weak_password_is_refused_and_nothing_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMARKETING_PASSWORD", "short")

    with pytest.raises(CommandError, match="password: This password is too short"):
        create("one@smarketing.example", "rep", "--team", "East")

    assert (User.objects.count(), Team.objects.count()) == (0, 0)


def test_an_email_that_is_taken_is_refused() -> None:
    create("one@smarketing.example", "rep")

    with pytest.raises(CommandError, match="email: This email is taken"):
        create("ONE@smarketing.example", "rep")


def test_without_a_terminal_and_a_variable_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SMARKETING_PASSWORD")

    with pytest.raises(CommandError, match="set SMARKETING_PASSWORD"):
        create("one@smarketing.example", "rep")
