"""A view of one moment: what others commit meanwhile is not seen, also in views inside it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from ledger.one_view import one_view
from teams.models import Team
from tests.cast import office


def add_team() -> None:
    """Commit a team from another connection."""
    try:
        office("Another team", "sales")
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_what_is_committed_meanwhile_is_seen_only_afterwards() -> None:
    seen = []
    with one_view(), ThreadPoolExecutor(1) as others:
        seen.append(Team.objects.count())
        others.submit(add_team).result()
        with one_view():
            seen.append(Team.objects.count())
        seen.append(Team.objects.count())

    assert seen == [0, 0, 0]
    assert Team.objects.count() == 1
