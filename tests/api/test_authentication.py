"""The lookup of a token: one statement, and what it gives is what the ORM would give."""

from __future__ import annotations

from datetime import timedelta

import pytest
from knox.models import AuthToken

from leads.api.authentication import LeanTokenAuthentication
from ledger.instants import edge_now
from teams.models import Membership, User
from tests.cast import office, person

pytestmark = pytest.mark.django_db


def test_a_person_of_two_teams_is_found_by_one_statement(maya, django_assert_num_queries):
    Membership.objects.create(user=maya, team=office("Field", "sales"), is_manager=True)
    _, text = AuthToken.objects.create(maya)

    with django_assert_num_queries(1):
        user, token = LeanTokenAuthentication().authenticate_credentials(text.encode())
        roles, managed = user.roles, user.managed_team_ids
        names = sorted(membership.team.name for membership in user.memberships.all())

    assert roles == User.objects.get(pk=maya.pk).roles == {"marketer", "sales_manager"}
    assert managed == User.objects.get(pk=maya.pk).managed_team_ids
    assert names == ["Field", "Marketing"]
    assert token == AuthToken.objects.get()
    assert (token.expiry, token.user) == (AuthToken.objects.get().expiry, maya)
    assert abs(token.read_at - edge_now()) < timedelta(minutes=1)


def test_the_person_is_as_the_orm_gives_them(maya):
    _, text = AuthToken.objects.create(maya)

    user, _ = LeanTokenAuthentication().authenticate_credentials(text.encode())

    stored = User.objects.get(pk=maya.pk)
    fields = [field.attname for field in User._meta.concrete_fields]
    assert {name: getattr(user, name) for name in fields} == {name: getattr(stored, name) for name in fields}
    assert user.is_active is True


def test_somebody_without_a_team_has_no_role():
    olive = person("Olive")
    _, text = AuthToken.objects.create(olive)

    user, _ = LeanTokenAuthentication().authenticate_credentials(text.encode())

    assert user.roles == frozenset()
    assert list(user.memberships.all()) == []
