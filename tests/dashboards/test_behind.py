"""The pages behind a figure: every row once, newest first by the date that is shown, and a count that is that of the rows."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from dashboards import behind
from dashboards.behind import DATED, count_behind, page_of, rows_behind
from dashboards.filling import fill, fill_some
from dashboards.periods import Period
from dashboards.registry import REGISTRY, TO_DATE, find
from dashboards.scope import BASES, Filters, Scope
from leads.models import Clock, Handoff
from tests.dashboards.happenings import HAPPENINGS
from tests.dashboards.test_rollups import filters_of
from tests.dashboards.world import World, found
from tests.dashboards.world import fill as populate

pytestmark = pytest.mark.django_db
UTC = ZoneInfo("UTC")
WIDE = Scope(Period(date(2025, 10, 1), date(2026, 7, 1), UTC))
JANUARY = Scope(Period(date(2026, 1, 1), date(2026, 2, 1), UTC))
QUARTER = "from=2026-01-01&to=2026-04-01"


@pytest.fixture
def world() -> World:
    made = found()
    populate(made, 80)
    return made


def walked(world: World, key: str, scope: Scope) -> list[Any]:
    """Go through all pages behind a figure and give what they show."""
    rows, shown, before = rows_behind(key, scope), [], None
    while True:
        page, before = page_of(rows, find(key), world.maya, before=before)
        shown += [row.fact or row.lead for row in page]
        if before is None:
            return shown


def share_few_dates() -> None:
    """Let the rows of a day bear one of three instants."""
    for model, dated in DATED.items():
        for number, row in enumerate(model._default_manager.exclude(**{dated: None}).order_by("pk")):
            day = getattr(row, dated).replace(hour=23, minute=59, second=0, microsecond=number % 3)
            # A deadline lies after its clock's start.
            moved = day + timedelta(days=1) if model is Clock else day
            model._default_manager.filter(pk=row.pk).update(**{dated: moved})


@pytest.mark.parametrize("scope", [WIDE, JANUARY], ids=["wide", "January"])
def test_pages_lose_and_double_no_row_though_many_share_a_date(
    world: World, monkeypatch: pytest.MonkeyPatch, scope: Scope
) -> None:
    monkeypatch.setattr(behind, "PAGE", 7)
    share_few_dates()

    for key in (*REGISTRY, *TO_DATE):
        shown = [row.pk for row in walked(world, key, scope)]

        assert sorted(shown) == sorted(rows_behind(key, scope).values_list("pk", flat=True)), key


@pytest.mark.parametrize("key", ["cohort.leads", "promise.judged", "handoff.judged", "rating.given"])
def test_rows_come_newest_first_by_the_date_that_is_shown(
    world: World, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setattr(behind, "PAGE", 7)

    shown = walked(world, key, WIDE)

    dates = [getattr(row, DATED[type(row)]) for row in shown]
    assert dates == sorted(dates, reverse=True)
    assert [row.pk for row in shown] != sorted((row.pk for row in shown), reverse=True), "their keys would say nothing"
    assert len(shown) > 14


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu"])
def test_the_count_is_that_of_the_rows_however_much_is_filled(world: World, zone: str) -> None:
    dice, there = random.Random(zone), ZoneInfo(zone)
    fill(there)
    wrong, counted = [], 0

    for _ in range(8):
        for _ in range(dice.randrange(4)):
            dice.choice(HAPPENINGS)(dice, world)
        for key in dice.sample(sorted(REGISTRY), 10):
            for scope in any_scopes(dice, world, there):
                wholes = (False, True) if find(key).whole else (False,)
                pairs = [
                    (count_behind(key, scope, of_whole=of_whole), rows_behind(key, scope, of_whole=of_whole).count())
                    for of_whole in wholes
                ]
                counted += sum(count for count, _ in pairs)
                wrong += [(key, scope, *pair) for pair in pairs if pair[0] != pair[1]]
        fill_some(there)

    assert wrong == []
    assert counted > 200


def any_scopes(dice: random.Random, world: World, zone: ZoneInfo) -> Iterable[Scope]:
    """Give two periods, one of them narrowed, on any basis."""
    for most in (0, 3):
        filters = Filters()
        for _ in range(dice.randint(0, most)):
            filters = replace(filters, **dice.choice(filters_of(world)))
        first = date(2025, 12, 20) + timedelta(days=dice.randrange(60))
        period = Period(first, first + timedelta(days=dice.choice((6, 31, 120))), zone)
        yield Scope(period, filters, dice.choice(BASES))


# As a reader sees it --------------------------------------------------------------------------------------------------


def asked(world: World, query: str) -> Any:
    client = Client()
    client.force_login(world.maya)
    return client.get(f"/dashboard/leads?{QUARTER}&{query}")


def test_a_page_after_a_row_that_is_gone_says_so(world: World) -> None:
    undecided = Handoff.objects.filter(decided_at=None)[0]

    for query in ("figure=cohort.leads&before=987654321", f"figure=handoff.judged&before={undecided.pk}"):
        answer = asked(world, query)

        assert answer.status_code == 422
        assert "The row after which this page begins is gone." in answer.content.decode()


def test_after_the_last_row_there_is_a_way_back(world: World) -> None:
    oldest = walked(world, "cohort.leads", Scope(Period(date(2026, 1, 1), date(2026, 4, 1), UTC)))[-1]

    page = asked(world, f"figure=cohort.leads&before={oldest.pk}").content.decode()

    assert "counts nothing" not in page
    assert "First page" in page
