"""Pages of routing ask the database as often for many rules and people as for few."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from leads.models import Pool, PoolMember, RoutingVersion
from leads.routing.drafts import add_rule
from teams.models import Availability, Team, User
from tests.cast import person
from tests.desk.test_routing_pages import browser, draft, rita

__all__ = ["browser", "draft", "rita"]


def grow(found: RoutingVersion, sue: User, sales: Team, at: datetime, count: int) -> None:
    """Add rules that name people and queues, and people with loads of their own to the pool."""
    for number in range(count):
        user = person(f"Rep{PoolMember.objects.count()}", sales)
        Availability.objects.create(user=user, new_leads_per_day=9)
        PoolMember.objects.create(pool=Pool.objects.get(), user=user)
        when = [{"field": "industry", "op": "is", "value": f"Industry {number}"}]
        for to in ({"person": user.pk}, {"pool": Pool.objects.get().pk, "by": "least_loaded"}):
            add_rule(actor=sue, at=at, draft_id=found.pk, line={"words": f"Rule {number}", "when": when, "to": to})


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/routing/drafts/{draft}/", 22), ("/routing/drafts/{draft}/rules/rule-0/", 10), ("/routing/drafts/{draft}/activate/", 19),
        ("/routing/pools/{pool}/", 14), ("/routing/try/", 9), ("/routing/try/?rules={draft}&industry=Steel", 16),
    ],
)  # fmt: skip
def test_a_page_of_routing_does_not_grow_with_rules_and_people(
    path: str, most: int, browser: Client, draft: RoutingVersion, sue: User, sales: Team, at: datetime
) -> None:
    address = path.format(draft=draft.pk, pool=Pool.objects.get().pk)
    grow(draft, sue, sales, at, 1)
    assert browser.get(address).status_code == 200

    with CaptureQueriesContext(connection) as few:
        browser.get(address)
    grow(draft, sue, sales, at, 6)
    with CaptureQueriesContext(connection) as many:
        browser.get(address)

    told = "\n".join(query["sql"].strip()[:200] for query in many.captured_queries)
    assert len(many) == len(few) <= most, f"{len(many)}\n{told}"
