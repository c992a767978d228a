"""Passwords: what may be chosen."""

from __future__ import annotations

import pytest
from django.test import Client

from teams.models import User

pytestmark = pytest.mark.django_db
OLD = "an old password of a test"


@pytest.mark.parametrize(("length", "is_taken"), [(4096, True), (4097, False), (1_000_000, False)])
def test_a_password_has_an_upper_limit_which_is_said_beside_the_field(maya: User, length: int, is_taken: bool) -> None:
    maya.set_password(OLD)
    maya.save()
    client = Client()
    client.force_login(maya)
    chosen = ("a longer one " * length)[: length - 1] + "x"

    answer = client.post(
        "/accounts/password/change/",
        {"oldpassword": OLD, "password1": chosen, "password2": chosen},
        follow=not is_taken,
    )
    maya.refresh_from_db()

    assert maya.check_password(chosen) is is_taken
    if not is_taken:
        form = answer.context["form"]
        assert ["may have 4,096 characters at most" in error for error in form.errors["password1"]] == [True]
