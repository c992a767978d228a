"""The list of leads in the order of a score: exact at any instant, by an index, page by page."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.db.models.functions import Coalesce

from desk.queries.lead_list import PAGE
from leads.by_score import Place, below_fit, by_engagement, by_fit, in_group
from leads.models import Lead
from leads.scoring import Engagement, engagement_now, half_lives, points_left
from teams.models import User
from tests.cast import NOW, make_lead
from tests.desk.conftest import Enter
from tests.plans import plan_of

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
MOMENTS = [NOW, NOW + 20 * DAY, NOW + 200 * DAY, NOW - 30 * DAY]


def scored(number: int, *, with_decay: bool) -> None:
    """Make leads of few half-lives and few sums of points that stay, many of them equal in all."""
    chance = random.Random(3)
    for _ in range(number):
        days = chance.choice([30, 30, 30, 7])
        points = chance.choice([0, 2, 12, 12, 60, 72.5]) if with_decay else 0
        level = math.log2(points) + half_lives(NOW - chance.choice([0, 0, 5, 40]) * DAY, days) if points else None
        make_lead(
            half_life_days=days, engagement_fixed=chance.choice([0, 0, 15, 30, 120]), engagement_level=level,
            fit=chance.choice([None, 0, 50, 50, 100]),
        )  # fmt: skip


def points(lead: Lead, at: datetime) -> float:
    return points_left(Engagement(lead.engagement_fixed, lead.engagement_level, lead.half_life_days), at)


def pages(at: datetime, most: int = 7) -> Iterator[list[Place]]:
    after = None
    while places := by_engagement(Lead.objects.all(), at=at, after=after, most=most):
        after = places[-1]
        yield places


@pytest.mark.parametrize("with_decay", [True, False])
def test_every_lead_stands_once_and_in_the_order_of_its_points_at_any_instant(with_decay: bool) -> None:
    scored(60, with_decay=with_decay)

    for at in MOMENTS:
        found = [place.lead_id for page in pages(at) for place in page]
        leads = Lead.objects.in_bulk(found)
        told = [points(leads[lead_id], at) for lead_id in found]
        assert len(found) == len(set(found)) == 60
        assert told == sorted(told, reverse=True)


def test_a_filter_leaves_the_order_and_nothing_out() -> None:
    scored(60, with_decay=True)
    wanted = Lead.objects.filter(fit=50)

    found = [place.lead_id for place in by_engagement(wanted, at=NOW, after=None, most=100)]

    assert sorted(found) == sorted(wanted.values_list("pk", flat=True))
    assert by_engagement(Lead.objects.none(), at=NOW, after=None, most=5) == []
    told = [points(lead, NOW) for lead in map(Lead.objects.in_bulk(found).__getitem__, found)]
    assert told == sorted(told, reverse=True)


def test_what_lies_within_the_slack_of_a_bound_is_not_lost() -> None:
    for _ in range(10):
        make_lead(engagement_level=math.log2(15 + 1e-7) + half_lives(NOW, 30))
        make_lead(engagement_fixed=15)
        make_lead(engagement_level=math.log2(15 - 1e-7) + half_lives(NOW, 30))

    found = [place.lead_id for page in pages(NOW) for place in page]

    assert sorted(found) == sorted(Lead.objects.values_list("pk", flat=True))


def test_the_best_fit_comes_first_and_the_unknown_last() -> None:
    scored(40, with_decay=False)
    found: list[tuple[int, int]] = []

    while page := by_fit(Lead.objects.all(), after=found[-1] if found else None, most=7):
        found += page

    rows = Lead.objects.values_list(Coalesce("fit", -1), "pk")
    assert found == sorted(rows, reverse=True)


@pytest.mark.parametrize("order", ["engagement", "fit"])
def test_the_list_is_read_page_by_page(enter: Enter, sam: User, order: str) -> None:
    scored(PAGE * 2 + 3, with_decay=True)
    browser, after = enter(sam), ""
    seen: list[Lead] = []
    while not seen or after:
        page = browser.get("/leads/", {"order": order, "after": after} if after else {"order": order})
        seen += [row.lead for row in page.context["rows"]]
        after = page.context["page"].older

    at = page.context["at"]
    told = [
        engagement_now(lead, at) if order == "engagement" else -1 if lead.fit is None else lead.fit for lead in seen
    ]
    assert len({lead.pk for lead in seen}) == len(seen) == PAGE * 2 + 3
    assert told == sorted(told, reverse=True)
    assert "order=" in page.content.decode()


@pytest.mark.parametrize(
    ("order", "after"),
    [
        ("zzz", ""), ("fit", "x"), ("fit", "101_1"), ("fit", "-2_1"), ("engagement", "1_2"), ("", "50_1"),
        ("engagement", "2026-01-01T00:00:00+00:00_30_nan_1.0_1"), ("engagement", "2026-01-01T00:00:00+00:00_30_0.0_1e99_1"),
        ("engagement", "2026-01-01T00:00:00_30_0.0_1.0_1"), ("engagement", "2026-01-01T00:00:00+00:00_9999_0.0_1.0_1"),
    ],
)  # fmt: skip
def test_an_order_or_a_page_that_makes_no_sense_is_said(enter: Enter, sam: User, order: str, after: str) -> None:
    make_lead()

    page = enter(sam).get("/leads/", {"order": order, "after": after}).content.decode()

    assert "makes no sense" in page


def test_a_page_far_off_the_scale_is_empty(enter: Enter, sam: User) -> None:
    make_lead()
    for place in ("30_-5.0_-999999.0", "1_0.0_999999.0", "3650_9e8_0.0"):
        after = f"2026-01-01T00:00:00+00:00_{place}_1"
        assert enter(sam).get("/leads/", {"order": "engagement", "after": after}).status_code == 200


def test_both_orders_are_read_from_an_index_whole_and_further_on() -> None:
    scored(30, with_decay=True)
    place = by_engagement(Lead.objects.all(), at=NOW, after=None, most=9)[-1]

    for after in (None, place):
        assert_in_order(in_group(Lead.objects.going_on(), place.group, NOW, after)[:26], "lead_engagement_idx")
        assert_in_order(in_group(Lead.objects.going_on(), (30, 0.0), NOW, after)[:26], "lead_engagement_idx")
    for fit_after in (None, (50, place.lead_id)):
        assert_in_order(below_fit(Lead.objects.going_on(), fit_after)[:26], "lead_fit_idx")


def assert_in_order(rows: QuerySet[Any], index: str) -> None:
    """The engine reads ``index`` and sorts nothing."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off"
            )
        plan = rows.explain()
        assert index in plan
        assert "Sort" not in plan
    else:
        plan = " ".join(plan_of(*rows.query.sql_with_params()))
        assert index in plan
        assert "TEMP B-TREE" not in plan
