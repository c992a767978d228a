"""The filler may die at any call, come twice, or meet verbs that commit in the middle of it: no page and no rollup is wrong after."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from io import StringIO
from itertools import count, cycle
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from dashboards import filling
from dashboards.filling import fill, fill_some, is_behind
from dashboards.freshness import freshness
from dashboards.models import Arrivals, Coverage, Mark
from dashboards.periods import Period
from dashboards.proving import wrong_days
from dashboards.report import report
from dashboards.scope import BASES, Scope
from leads.models import Feedback, Lead, LeadEvent
from ledger.one_view import one_view
from tests.cast import make_lead
from tests.crashing import crash_points
from tests.dashboards.world import FIRST, UNTIL, World, add_lead, at, found
from tests.dashboards.world import fill as populate

pytestmark = pytest.mark.django_db(transaction=True)
UTC = ZoneInfo("UTC")
QUARTER = Period(FIRST, UNTIL, UTC)
only_postgresql = pytest.mark.skipif(
    "connection.vendor != 'postgresql'", reason="on SQLite a writer waits until the other has committed"
)


def problems() -> list[str]:
    """Say where pages counted both ways differ, and which rollups are wrong."""
    return [*(wrong_days(UTC) if freshness(UTC) else []), *wrong_pages()]


def wrong_pages() -> list[str]:
    """Say on which basis the page shows other figures than the facts."""
    told = []
    for basis in BASES:
        rolled, live = (report(Scope(QUARTER, basis=basis), at=at(200), from_rollups=way) for way in (True, False))
        if rolled != live:
            told.append(f"{basis}: the page differs")
    return told


def in_another_connection(work: Callable[[], object]) -> None:
    """Do ``work`` in a thread, whose connection is another, and wait for it."""
    failed: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - told to the test
            failed.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(30)
    assert not thread.is_alive()
    assert failed == []


def enter(lead: Lead, kind: str, column: str, when: datetime) -> None:
    with transaction.atomic():
        Lead.objects.filter(pk=lead.pk).update(**{column: when})
        LeadEvent.objects.create(lead=lead, kind=kind, occurred_at=when, recorded_at=when)


def rate(lead: Lead, user: Any, when: datetime) -> None:
    Feedback.objects.create(lead=lead, user=user, kind="quick", quality=5, given_at=when)


@pytest.fixture
def world() -> World:
    made = found()
    populate(made, 25)
    return made


@pytest.mark.minutes
@pytest.mark.parametrize("moment", ["before", "after"])
def test_the_filler_may_die_at_any_call(capsys: pytest.CaptureFixture[str], moment: str) -> None:
    found()

    def prepare() -> Callable[[], object]:
        """Leave two days to be filled, of the first of which something has been counted already.

        Each lead enters once, for those that came back are looked up, whatever the rollups say.
        """
        first, *others = (make_lead() for _ in range(3))
        enter(first, "accepted", "sal_at", at(10))
        fill(UTC)
        for lead, day in zip(others, (10, 11), strict=True):
            enter(lead, "accepted", "sal_at", at(day))
        return lambda: fill(UTC)

    def recover() -> list[str]:
        before = wrong_pages()
        fill(UTC)
        return [*before, *wrong_days(UTC), *(["something is left marked"] if Mark.objects.exists() else [])]

    points, wrong = crash_points(prepare, recover, moments=[moment])

    with capsys.disabled():
        print(f"\nfilling: {points} crash points {moment} a call on {connection.vendor}")
    assert points > 20
    assert wrong == {}

    # The same run catches a filler that has its marks in memory only while it counts.
    wrong = crash_points(lambda: holding_the_marks(prepare()), recover, until_wrong=True, moments=[moment])[1]
    assert wrong != {}


def holding_the_marks(work: Callable[[], object]) -> Callable[[], object]:
    def run() -> None:
        marks = list(Mark.objects.all())
        Mark.objects.all().delete()
        Mark.objects.bulk_create(marks)
        work()

    return run


def test_a_filler_that_forgets_its_marks_apart_from_its_counts_would_be_caught(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Show that ``problems`` sees what the test above would miss if it were blind."""
    fill(UTC)
    add_lead(world)
    monkeypatch.setattr(filling, "rebuild", lambda *_: None)

    fill(UTC)

    assert problems()


@pytest.mark.parametrize("moment", ["before", "after"])
@only_postgresql
def test_what_is_committed_while_days_are_counted_stays_marked(
    world: World, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    fill(UTC)
    lead, rebuild, times = Lead.objects.order_by("id")[5], filling.rebuild, 0

    def met(kind: str, days: Any, zone: ZoneInfo) -> None:
        nonlocal times
        times += 1
        if moment == "after":
            rebuild(kind, days, zone)
        if times <= 4:
            in_another_connection(lambda: enter(lead, "accepted", "sal_at", at(10 + times)))
            in_another_connection(lambda: rate(lead, world.reps[0], at(11)))
        if moment == "before":
            rebuild(kind, days, zone)

    monkeypatch.setattr(filling, "rebuild", met)
    enter(lead, "qualified", "mql_at", at(11))

    assert fill_some(UTC)
    assert Mark.objects.exists()
    assert problems() == []
    while is_behind(UTC):
        fill(UTC)
    assert times > 4
    assert problems() == []
    assert not Mark.objects.exists()


@pytest.mark.parametrize("much", [True, False])
def test_one_call_ends_with_what_was_marked_at_its_beginning_though_the_company_never_rests(
    world: World, monkeypatch: pytest.MonkeyPatch, *, much: bool
) -> None:
    """With little to do nothing is left marked after each piece of work, and SQLite begins the marks' ids again."""
    fill(UTC)
    early, busy = Lead.objects.filter(origin="marketing").order_by("id")[4:6]
    hours, looks = cycle((at(10), at(11), at(70))), count()

    def never_rests(*asked: Any) -> bool:
        assert next(looks) < 20, "it goes on for ever"
        if much:
            enter(busy, "accepted", "sal_at", next(hours))
        rate(busy, world.reps[0], at(10))
        return is_behind(*asked)

    enter(early, "accepted", "sal_at", at(50))
    Lead.objects.filter(pk=early.pk).update(source="partner")
    rate(early, world.reps[0], at(40))
    monkeypatch.setattr(filling, "is_behind", never_rests)

    call_command("rollups", "fill", stdout=StringIO())

    fresh = freshness(UTC)
    assert fresh is not None
    stale = {day for days in fresh.stale.values() for day in days}
    assert at(10).date() in stale
    assert not stale & {at(40).date(), at(50).date()}
    assert problems() == []
    monkeypatch.undo()
    fill(UTC)
    assert not Mark.objects.exists()
    assert problems() == []


@only_postgresql
def test_a_change_that_commits_late_is_looked_up_when_it_is_read(world: World) -> None:
    """A lead changes its source; before that commits, a rating of it is given, committed and counted, under the old source."""
    fill(UTC)
    lead = Lead.objects.filter(origin="marketing").order_by("id")[2]

    with transaction.atomic():
        Lead.objects.filter(pk=lead.pk).update(source="partner")
        in_another_connection(lambda: rate(lead, world.reps[0], at(33)))
        in_another_connection(lambda: fill(UTC))

    assert problems() == []
    fill(UTC)
    assert problems() == []


@only_postgresql
def test_only_one_fills_at_a_time(world: World) -> None:
    seen: list[int | None] = []

    with transaction.atomic():
        assert fill_some(UTC)
        in_another_connection(lambda: seen.append(fill_some(UTC)))
        in_another_connection(lambda: seen.append(fill(UTC)))

    assert seen == [None, 0]
    fill(UTC)
    assert problems() == []


def test_two_fillers_at_once_and_verbs_between_them_leave_everything_right(world: World) -> None:
    leads = list(Lead.objects.order_by("id")[:8])

    def work() -> None:
        for number, lead in enumerate(leads):
            enter(lead, "accepted", "sal_at", at(5 + number))

    with at_once(lambda: fill(UTC), lambda: fill(UTC), work):
        pass
    assert problems() == []
    fill(UTC)

    assert problems() == []
    assert not Mark.objects.exists()
    assert Coverage.objects.count() == len(filling.DATED)


@contextmanager
def at_once(*works: Callable[[], object]) -> Iterator[None]:
    threads = [threading.Thread(target=in_another_connection, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    yield
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()


# One view ---------------------------------------------------------------------------------------------------------------


def test_a_page_sees_the_database_of_one_moment(world: World) -> None:
    fill(UTC)

    with one_view():
        before = Arrivals.objects.count(), Lead.objects.count(), Mark.objects.count()
        in_another_connection(lambda: add_lead(world))
        in_another_connection(lambda: fill(UTC))
        assert (Arrivals.objects.count(), Lead.objects.count(), Mark.objects.count()) == before

    assert Lead.objects.count() == before[1] + 1
    assert problems() == []


def test_after_an_error_in_a_view_the_connection_works_as_before() -> None:
    def fail() -> None:
        with one_view():
            Lead.objects.count()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    with transaction.atomic():
        Mark.objects.create(kind="lead", row=1)
    assert Mark.objects.count() == 1
