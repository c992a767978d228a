"""Proving the rollups: cells that stand twice or nowhere, the first week of all, and rollups of another edition."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from dashboards.filling import fill, is_behind
from dashboards.freshness import freshness
from dashboards.models import Arrivals, Coverage, Grains
from dashboards.periods import Period
from dashboards.proving import wrong_days
from dashboards.report import report
from dashboards.scope import Scope
from leads.models import Lead
from tests.dashboards.world import FIRST, UNTIL, World, at, found
from tests.dashboards.world import fill as populate

pytestmark = pytest.mark.django_db
UTC = ZoneInfo("UTC")
FIRST_WEEK = date(2025, 12, 29)


@pytest.fixture
def world() -> World:
    made = found()
    populate(made, 40)
    return made


def leads_counted(period: Period, *, from_rollups: bool = True) -> int:
    return report(Scope(period), at=at(200), from_rollups=from_rollups).funnel.total.leads.part


@pytest.mark.parametrize("grain", [Grains.DAY, Grains.WEEK, Grains.MONTH, Grains.QUARTER])
def test_a_cell_that_stands_twice_is_told(world: World, grain: Grains) -> None:
    fill(UTC)
    cell = Arrivals.objects.filter(grain=grain).order_by("id")[0]
    cell.pk = None
    cell.save()

    assert [told for told in wrong_days(UTC) if f"the {grain.name.lower()} {cell.first} holds a cell twice" in told]


def test_a_span_of_days_of_which_nothing_is_known_is_told(world: World) -> None:
    fill(UTC)
    alien = date(2024, 2, 1)
    Arrivals.objects.create(book="origin", grain=Grains.MONTH, first=alien, source="event", leads=5)

    assert leads_counted(Period(alien, date(2024, 3, 1), UTC)) == 5
    assert [told for told in wrong_days(UTC) if f"the month {alien} has no day" in told]


def test_the_week_in_which_everything_began_is_proved_though_it_began_a_quarter_earlier(world: World) -> None:
    first = at(0.5)
    Lead.objects.filter(captured_at__lt=first).update(captured_at=first)
    fill(UTC)
    assert list(wrong_days(UTC)) == []

    assert Arrivals.objects.filter(book="origin", grain=Grains.WEEK, first=FIRST_WEEK).update(leads=77)

    assert any(f"the week {FIRST_WEEK} does not hold" in told for told in wrong_days(UTC))


def test_rollups_of_another_edition_are_not_believed_but_filled_anew(world: World) -> None:
    quarter = Period(FIRST, UNTIL, UTC)
    fill(UTC)
    right = leads_counted(quarter, from_rollups=False)
    Coverage.objects.update(edition="earlier")
    Arrivals.objects.update(leads=1_000)

    assert freshness(UTC) is None
    assert leads_counted(quarter) == right
    assert is_behind(UTC)
    fill(UTC)

    assert freshness(UTC) is not None
    assert list(wrong_days(UTC)) == []
    assert leads_counted(quarter) == right
