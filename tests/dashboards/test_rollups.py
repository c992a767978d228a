"""Figures from the rollups are those from the facts, whatever happened since the rollups were filled and in whatever order."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from dashboards import freshness
from dashboards.filling import fill, fill_some, is_behind
from dashboards.models import (
    Arrivals,
    Coverage,
    EnteredAgain,
    Entries,
    Grains,
    Handoffs,
    Mark,
    Promises,
    Ratings,
)
from dashboards.periods import Period
from dashboards.proving import NothingToProve, wrong_days
from dashboards.report import report, value_of
from dashboards.scope import BASES, Filters, Scope
from dashboards.tasks import fill_rollups
from dashboards.verifying import differences
from leads.models import Clock, Handoff, Lead, LeadEvent
from tests.dashboards.both_ways import NOW, assert_same
from tests.dashboards.happenings import HAPPENINGS, any_of, change, owe_elsewhere
from tests.dashboards.world import FIRST, UNTIL, World, at, found
from tests.dashboards.world import fill as populate

pytestmark = pytest.mark.django_db
BERLIN, KOLKATA, UTC = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kolkata"), ZoneInfo("UTC")
QUARTER = Period(FIRST, UNTIL, UTC)


@pytest.fixture(scope="module")
def filled(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Make one company for all tests of this module, with rollups that are known to be right; it is rolled back at the end."""
    with django_db_blocker.unblock(), transaction.atomic():
        made = found()
        populate(made, 60)
        fill(UTC)
        assert list(wrong_days(UTC)) == []
        yield made
        transaction.set_rollback(True)


@pytest.fixture
def world(filled: World) -> World:
    """Give that company with dice of the test's own, so that no test depends on those before it."""
    return replace(filled, dice=random.Random(11))


def filters_of(world: World) -> list[dict[str, Any]]:
    """Give each filter that there is, with a value that selects something."""
    return [
        {"source": "event"}, {"campaign": 0}, {"campaign": world.campaigns[0].pk}, {"rep": world.reps[0].pk},
        {"rep": 0, "team": world.teams[0].pk}, {"team": world.teams[0].pk}, {"tier": "hot"}, {"tier": ""}, {"persona": 0},
        {"persona": world.personas[0].persona_id}, {"promise": "accept"}, {"side": "marketing"}, {"reason": "duplicate"},
    ]  # fmt: skip


def scopes(dice: random.Random, world: World, zone: ZoneInfo) -> list[Scope]:
    """Give a period of any length anywhere on both bases, and one with filters."""
    first = date(2025, 11, 20) + timedelta(days=dice.randrange(190))
    periods = [
        Period(first, first + timedelta(days=dice.choice((1, 6, 31, 90, 200))), zone),
        Period(date(2026, dice.randint(1, 3), 1), date(2026, dice.randint(4, 6), 1), zone),
    ]
    narrowed = Filters()
    for _ in range(dice.choice((1, 1, 2, 3))):
        narrowed = replace(narrowed, **dice.choice(filters_of(world)))
    return [
        *(Scope(period, basis=basis) for period in periods for basis in BASES),
        *(Scope(dice.choice(periods), narrowed, basis) for basis in BASES),
    ]


@pytest.mark.parametrize(("seed", "zone"), [(1, UTC), (2, BERLIN), (3, KOLKATA), (4, UTC)])
def test_both_ways_of_counting_agree_at_any_time(world: World, seed: int, zone: ZoneInfo) -> None:
    dice = random.Random(seed)
    fill(zone)
    rolled = 0

    for _ in range(14):
        for _ in range(dice.randrange(1, 4)):
            dice.choice(HAPPENINGS)(dice, world)
        for scope in dice.sample(scopes(dice, world, zone), 2):
            assert_same(scope)
        for _ in range(dice.randrange(3)):
            rolled += fill_some(zone) or 0

    assert rolled > 10
    fill(zone)
    assert list(wrong_days(zone)) == []
    for scope in scopes(dice, world, zone):
        assert_same(scope)


@pytest.mark.parametrize("happening", HAPPENINGS, ids=lambda happening: happening.__name__)
def test_each_change_marks_its_days_before_anything_is_filled(world: World, happening: Callable[..., None]) -> None:
    dice = random.Random(5)
    assert not Mark.objects.exists()

    for _ in range(4):
        happening(dice, world)
    fresh = freshness.freshness(UTC)

    assert fresh is not None
    assert any(fresh.stale.values()) or happening is owe_elsewhere
    for basis in BASES:
        assert_same(Scope(QUARTER, basis=basis))
    fill(UTC)
    assert list(wrong_days(UTC)) == []
    for basis in BASES:
        assert_same(Scope(QUARTER, basis=basis))


def test_what_no_figure_counts_marks_nothing(world: World) -> None:
    dice = random.Random(1)

    change(any_of(dice, Lead), attempt_count=3, last_touch_at=NOW, fit=4, stage_note="x")
    change(any_of(dice, Clock, state="running"), plan_position=1, user=world.reps[1])
    change(any_of(dice, Handoff, decided_at=None), assignee=world.reps[1])
    LeadEvent.objects.create(lead=any_of(dice, Lead), kind="attempted", occurred_at=NOW, recorded_at=NOW)

    assert not Mark.objects.exists()
    assert not is_behind(UTC)


# The page reads the rollups, and few of them ----------------------------------------------------------------------------


def tables_read(scope: Scope) -> tuple[set[str], int]:
    with CaptureQueriesContext(connection) as statements:
        report(scope, at=NOW)
    facts = ("leads_lead", "leads_leadevent", "leads_clock", "leads_handoff", "leads_feedback")
    texts = [query["sql"] for query in statements]
    return {table for table in facts if any(f'FROM "{table}"' in text for text in texts)}, len(texts)


@pytest.mark.parametrize("basis", BASES)
def test_no_fact_is_read_where_every_day_is_clean(world: World, basis: str) -> None:
    # Leads that came back are looked up, whatever the rollups say: take these away to see that nothing else is read.
    EnteredAgain.objects.all().delete()

    read, statements = tables_read(Scope(QUARTER, basis=basis))

    assert read == set()
    assert statements <= 20


def test_the_number_of_statements_does_not_grow_with_what_is_marked(world: World) -> None:
    dice = random.Random(2)
    counts = []
    for _ in range(3):
        for _ in range(6):
            dice.choice(HAPPENINGS)(dice, world)
        counts.append(tables_read(Scope(QUARTER, basis="activity"))[1])

    assert max(counts) <= 48


def test_with_too_many_marks_the_facts_answer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freshness, "MOST_MARKS", 3)
    populate(world, 3)

    assert freshness.freshness(UTC) is None
    assert_same(Scope(QUARTER))
    with pytest.raises(NothingToProve):
        list(wrong_days(UTC))


def test_with_too_many_runs_of_marked_days_the_facts_answer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freshness, "MOST_WINDOWS", 1)
    for days in (3, 30, 60):
        Mark.objects.create(kind="arrivals", at=at(days))
    fresh = freshness.freshness(UTC)

    assert fresh is not None
    assert fresh.split("arrivals", QUARTER, ()) is None
    assert fresh.split("promises", QUARTER, ()) is not None
    assert_same(Scope(QUARTER))


# Filling --------------------------------------------------------------------------------------------------------------


def test_nothing_is_read_from_rollups_of_other_days_and_they_are_filled_anew(world: World) -> None:
    assert freshness.freshness(BERLIN) is None
    assert_same(Scope(Period(FIRST, UNTIL, BERLIN)))
    assert is_behind(BERLIN)
    fill(BERLIN)

    assert not Coverage.objects.exclude(zone=BERLIN.key).exists()
    assert list(wrong_days(BERLIN)) == []
    assert_same(Scope(Period(FIRST, UNTIL, BERLIN), basis="activity"))


def test_the_task_fills_in_the_zone_of_the_company(world: World, settings: Any) -> None:
    settings.TIME_ZONE = "Europe/Berlin"

    fill_rollups()

    assert freshness.freshness(BERLIN) is not None
    assert list(wrong_days(BERLIN)) == []


# Proving --------------------------------------------------------------------------------------------------------------


def lose_a_day() -> None:
    row = Arrivals.objects.filter(grain=Grains.DAY).order_by("first")[5]
    Arrivals.objects.filter(grain=Grains.DAY, first=row.first).delete()


def miscount_a_month() -> None:
    row = Promises.objects.filter(grain=Grains.MONTH, first__gte=FIRST, kept__gt=0).order_by("first", "id")[0]
    change(row, kept=row.kept + 1)


def miscount_a_quarter() -> None:
    for row in Promises.objects.filter(grain=Grains.QUARTER, kept__gt=0):
        change(row, kept=row.kept - 1, missed=row.missed + 1)


def miscount_a_week() -> None:
    row = Promises.objects.filter(grain=Grains.WEEK, missed__gt=0).order_by("first", "id")[0]
    change(row, missed=row.missed + 1)


def change_a_response_time() -> None:
    row = Promises.objects.filter(grain=Grains.DAY, answered_seconds__isnull=False).order_by("id")[0]
    change(row, answered_seconds="1")


def shorten_a_delay_of_a_miss() -> None:
    row = Promises.objects.filter(grain=Grains.DAY, missed_waited_seconds__isnull=False).order_by("id")[0]
    change(row, missed_waited_seconds="1")


def invent_a_cell() -> None:
    Entries.objects.create(book="all", grain=Grains.DAY, first=date(2026, 2, 2), source="partner", mql=1)


def forget_a_second_life() -> None:
    EnteredAgain.objects.order_by("id")[0].delete()


def swap_a_campaign() -> None:
    row = Handoffs.objects.filter(grain=Grains.DAY).order_by("id")[0]
    change(row, campaign=987)


def flatter_a_rating() -> None:
    row = Ratings.objects.filter(grain=Grains.DAY, poor__gt=0).order_by("id")[0]
    change(row, poor=row.poor - 1, good=row.good + 1)


PLANTED = (
    lose_a_day, miscount_a_month, miscount_a_quarter, miscount_a_week, change_a_response_time, shorten_a_delay_of_a_miss, invent_a_cell, forget_a_second_life,
    swap_a_campaign, flatter_a_rating,
)  # fmt: skip


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_a_rollup_that_is_wrong_is_told(world: World, plant: Callable[[], None]) -> None:
    plant()

    with pytest.raises(CommandError) as failure:
        call_command("rollups", "prove", stdout=StringIO())
    assert failure.value.returncode == 1


def test_the_event_log_says_the_same_as_the_rollups_and_tells_where_not(world: World) -> None:
    assert differences(QUARTER, at=NOW)[0] == []

    miscount_a_quarter()

    assert [each.figure for each in differences(QUARTER, at=NOW)[0] if each.figure.startswith("promise.kept")]


def test_the_command_fills_and_proves(world: World) -> None:
    Coverage.objects.all().delete()
    said = StringIO()

    with pytest.raises(CommandError, match="not filled"):
        call_command("rollups", "prove", stdout=said)
    call_command("rollups", "fill", stdout=said)
    call_command("rollups", "prove", stdout=said)

    assert "days counted" in said.getvalue()
    assert "The rollups say what the facts say." in said.getvalue()


def test_one_figure_alone_comes_from_the_rollups_too(world: World) -> None:
    fresh = freshness.freshness(UTC)

    for key in (
        "cohort.won",
        "activity.sal_rate",
        "handoff.acceptance_rate",
        "rating.good_rate",
        "promise.kept_rate",
        "promise.missed_waited",
    ):
        assert value_of(key, Scope(QUARTER), fresh) == value_of(key, Scope(QUARTER))
