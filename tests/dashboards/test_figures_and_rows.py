"""Every registered figure is the number of the rows behind it: alone, with every filter, and in every group."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dashboards.behind import rows_behind
from dashboards.figures import Figure
from dashboards.periods import Period
from dashboards.registry import REGISTRY
from dashboards.report import report, value_of
from dashboards.scope import Filters, Scope
from leads.models import Clock
from teams.roles import Side
from tests.dashboards.world import FIRST, UNTIL, World, at, fill, found

BERLIN = ZoneInfo("Europe/Berlin")
NOW = at(200)

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Fill one company for all tests of this module; it is rolled back at the end."""
    from django.db import transaction

    with django_db_blocker.unblock(), transaction.atomic():
        made = found()
        fill(made, 220)
        yield made
        transaction.set_rollback(True)


def scope(filters: Filters = Filters(), *, basis: str = "cohort", first: date = FIRST, until: date = UNTIL) -> Scope:  # noqa: B008
    return Scope(Period(first, until, BERLIN), filters, basis)


def some_filters(world: World) -> list[Filters]:
    """Every filter alone, those that have none, and some together."""
    rep, team, campaign = world.reps[0].pk, world.teams[0].pk, world.campaigns[0].pk
    persona = world.personas[0].persona_id
    return [
        Filters(), Filters(team=team), Filters(team=world.teams[1].pk), Filters(rep=rep), Filters(rep=0),
        Filters(campaign=campaign), Filters(campaign=0), Filters(source="event"), Filters(source_raw="cpc"),
        Filters(source_raw=""), Filters(persona=persona), Filters(persona=0), Filters(tier="hot"), Filters(tier=""),
        Filters(promise="accept"), Filters(side="marketing"), Filters(promise="decide_dispute", side="sales"), Filters(reason="duplicate"), Filters(team=team, source="event", tier="hot"),
        Filters(campaign=campaign, persona=persona, rep=rep), Filters(rep=0, team=team),
    ]  # fmt: skip


@pytest.mark.parametrize("key", sorted(REGISTRY))
def test_each_figure_counts_the_rows_behind_it_with_every_filter(world: World, key: str) -> None:
    seen = 0
    for filters in some_filters(world):
        figure = value_of(key, scope(filters))

        ids = list(rows_behind(key, scope(filters)).values_list("pk", flat=True))

        assert len(ids) == len(set(ids)) == figure.part, filters
        if figure.whole is not None:
            wholes = list(rows_behind(key, scope(filters), of_whole=True).values_list("pk", flat=True))
            assert len(wholes) == len(set(wholes)) == figure.whole, filters
        seen += figure.part
    assert seen > 0, "the generated company shows nothing of this figure"


@pytest.mark.parametrize("basis", ["cohort", "activity"])
def test_each_number_of_the_dashboard_and_of_each_group_is_the_number_of_rows_behind_it(
    world: World, basis: str
) -> None:
    found = report(scope(basis=basis), at=NOW, in_detail=True)
    figures = list(figures_in(found))

    wrong = [
        (figure.key, figure.scope.filters, figure.part)
        for figure in figures
        if rows_behind(figure.key, figure.scope).count() != figure.part
    ]

    assert wrong == []
    assert len(figures) > 500
    assert {figure.key for figure in figures} > {"promise.missed", f"{basis}.won", "handoff.all_rejections"}


@pytest.mark.parametrize("filters", range(5))
def test_filtered_groups_too_are_the_numbers_of_their_rows(world: World, filters: int) -> None:
    chosen = some_filters(world)[1::4][filters]
    found = report(scope(chosen, basis="activity" if filters % 2 else "cohort"), at=NOW)

    wrong = [
        (figure.key, figure.scope.filters, figure.part)
        for figure in figures_in(found)
        if rows_behind(figure.key, figure.scope).count() != figure.part
    ]

    assert wrong == []


@pytest.mark.parametrize("basis", ["cohort", "activity"])
def test_groups_add_up_to_the_whole(world: World, basis: str) -> None:
    funnel = report(scope(basis=basis), at=NOW, in_detail=True).funnel

    for name in ("leads", "mql", "sal", "won", "won_early", "sales_sourced"):
        whole = funnel.total.figures[name].part
        for lines in (funnel.by_source, funnel.by_campaign, funnel.by_source_raw):
            assert sum(line.figures[name].part for line in lines) == whole
    if basis == "cohort":
        assert sum(line.leads.part for line in funnel.by_month) == funnel.total.leads.part


def test_the_funnel_never_widens_and_counts_former_lives(world: World) -> None:
    total = report(scope(), at=NOW).funnel.total

    counts = [total.figures[name].part for name in ("leads", "mql", "sal", "sql", "opportunity", "won")]

    assert counts == sorted(counts, reverse=True)
    assert all(counts)


def figures_in(value: Any) -> Iterator[Figure]:
    """Walk through a report and give every figure in it."""
    if isinstance(value, Figure):
        yield value
    elif isinstance(value, Scope):
        return
    elif is_dataclass(value):
        for part in fields(value):
            yield from figures_in(getattr(value, part.name))
    elif isinstance(value, dict):
        for part in value.values():
            yield from figures_in(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from figures_in(part)


def test_what_both_sides_owe_is_counted_for_each_by_its_own_clocks(world: World) -> None:
    found = report(scope(), at=NOW).compliance
    (whole,) = (line for line in found.promises if line.code == "decide_dispute")

    halves = [line for side in Side for line in found.of(side) if line.code == "decide_dispute"]

    assert [(line.side, line.total.missed.scope.filters.side) for line in halves] == [
        ("marketing", "marketing"),
        ("sales", "sales"),
    ]
    period = scope().period
    clocks = Clock.objects.filter(promise="decide_dispute", due_at__gte=period.starts_at, due_at__lt=period.ends_at)
    for line in halves:
        assert line.total.missed.part == clocks.filter(side=line.side, state="missed").count()
        assert line.total.kept.part == clocks.filter(side=line.side, state="met").count() > 0
        assert rows_behind("promise.missed", line.total.missed.scope).count() == line.total.missed.part
    assert sum(line.total.kept.whole or 0 for line in halves) == whole.total.kept.whole
    assert len({line.total.kept.whole for line in halves} | {whole.total.kept.whole}) > 1


def test_where_one_side_is_asked_for_the_other_owes_nothing(world: World) -> None:
    found = report(scope(Filters(side="sales")), at=NOW).compliance

    assert [line.side for line in found.halves] == ["sales"]
    assert "decide_dispute" not in {line.code for line in found.of(Side.MARKETING)}
