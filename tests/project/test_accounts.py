"""What of the account pages is there: logging in and out, and passwords. The rest of allauth stays outside."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import Resolver404, get_resolver

from ledger.models import AuditEntry
from teams.models import User

PASSWORD, NEW_PASSWORD = "four quiet horses", "five quiet horses"
NOT_OURS = (
    "", "signup/", "email/", "confirm-email/", "confirm-email/some-key/", "reauthenticate/", "password/set/",
    "login/code/", "login/code/confirm/", "password/reset/confirm/", "password/reset/complete/", "phone/change/",
)  # fmt: skip

pytestmark = pytest.mark.django_db


@pytest.fixture
def logged_in(client: Client, sam: User) -> Client:
    sam.set_password(PASSWORD)
    sam.save(update_fields=["password"])
    assert client.login(email=sam.email, password=PASSWORD)
    return client


@pytest.mark.parametrize("page", NOT_OURS)
@pytest.mark.parametrize("method", ["get", "post"])
def test_nothing_else_of_allauth_is_mounted(logged_in: Client, page: str, method: str) -> None:
    path = f"/accounts/{page}"

    with pytest.raises(Resolver404):
        get_resolver().resolve(path)
    assert getattr(logged_in, method)(path).status_code == 404


@pytest.mark.parametrize("act", ["action_add", "action_primary", "action_remove", "action_send"])
def test_nobody_changes_the_email_they_log_in_with(logged_in: Client, sam: User, maya: User, act: str) -> None:
    entries = AuditEntry.objects.count()

    for address in ("evil@else.example", maya.email):
        assert logged_in.post("/accounts/email/", {act: "", "email": address}).status_code == 404

    sam.refresh_from_db()
    assert sam.email == "sam@smarketing.example"
    assert AuditEntry.objects.count() == entries


def test_who_asks_for_a_new_password_chooses_it_and_logs_in_with_it(
    logged_in: Client, client: Client, sam: User, mailoutbox: Any
) -> None:
    client.logout()

    asked = client.post("/accounts/password/reset/", {"email": sam.email}, follow=True)
    link = next(word for word in str(mailoutbox[0].body).split() if "/accounts/password/reset/key/" in word)
    form = client.get(link, follow=True)
    chosen = client.post(form.request["PATH_INFO"], {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}, follow=True)
    entered = client.post("/accounts/login/", {"login": sam.email, "password": NEW_PASSWORD})

    assert [asked.status_code, form.status_code, chosen.status_code] == [200, 200, 200]
    assert (entered.status_code, entered["Location"]) == (302, "/")


def test_an_address_that_nobody_has_gets_the_same_answer_and_no_email(client: Client, mailoutbox: Any) -> None:
    answer = client.post("/accounts/password/reset/", {"email": "nobody@else.example"})

    assert (answer.status_code, answer["Location"]) == (302, "/accounts/password/reset/done/")
    assert mailoutbox == []


def test_a_password_is_changed_by_who_knows_it(logged_in: Client, sam: User) -> None:
    wrong = {"oldpassword": NEW_PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}

    refused = logged_in.post("/accounts/password/change/", wrong)
    changed = logged_in.post("/accounts/password/change/", {**wrong, "oldpassword": PASSWORD})

    sam.refresh_from_db()
    assert (refused.status_code, changed.status_code) == (200, 302)
    assert sam.check_password(NEW_PASSWORD)


def test_who_has_left_is_told_that_they_cannot_log_in(logged_in: Client, client: Client, sam: User) -> None:
    client.logout()
    User.objects.filter(pk=sam.pk).update(is_active=False)

    answer = client.post("/accounts/login/", {"login": sam.email, "password": PASSWORD}, follow=True)

    assert answer.status_code == 200
    assert "_auth_user_id" not in client.session


def test_a_full_cache_forgets_no_failed_login() -> None:
    """By default a cache in the database throws a third of itself away at 300 entries, counters of failures among them."""
    names = [f"failure:{number}" for number in range(400)]

    for name in names:
        cache.set(name, 1, timeout=300)

    assert len(cache.get_many(names)) == 400


def test_who_has_no_password_yet_is_led_to_the_link_by_email(client: Client, sam: User) -> None:
    client.force_login(sam)

    page = client.get("/accounts/password/change/", follow=True)

    assert not sam.has_usable_password()
    assert page.redirect_chain == [("/accounts/password/reset/", 302)]
    assert page.status_code == 200
