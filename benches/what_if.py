"""`./run bench what_if`: how long the past takes to be asked again, with 100,000 promises: reading, replaying, and the whole page.

Runs in a database of its own on each engine. The rows are those of the dashboard's bench, with due times and outcomes as their terms and hours
give them. The control is the same without anything changed.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from datetime import time as time_of_day
from typing import Any

from benches._own_database import run
from benches._printing import note, report

BENCH = "what_if"
FIRST, UNTIL = date(2025, 12, 1), date(2027, 2, 1)
CLOCKS_PER_LEAD = 18 / 17
"""How many the dashboard's bench makes."""

SCENARIOS = (
    ("unchanged", ""),
    ("a time", "time-accept-hot=30+min"),
    ("all times", "&".join(f"time-{code}-{tier}=45+min" for code in ("accept", "first_attempt") for tier in ("hot", "warm", "standard"))),
    ("hours", "hours-{team}=Mon-Sat+08:00-20:00"),
    ("staff, one more", "staff-{team}=%2B1"),
    ("staff, one fewer", "staff-{team}=-1"),
    ("all of it", "time-accept-hot=30+min&hours-{team}=Mon-Sat+08:00-20:00&staff-{team}=%2B1"),
)  # fmt: skip


def main(arguments: list[str]) -> int:
    """Measure both engines, or here the database of ``DATABASE_URL``: one JSON line per figure."""
    parser = argparse.ArgumentParser(prog="./run bench what_if")
    parser.add_argument("--engine", choices=("both", "sqlite", "postgresql"), default="both")
    parser.add_argument("--clocks", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3, help="of which the median counts")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.here:
        _measure(chosen.clocks, chosen.runs)
        return 0
    passed = ["--clocks", str(chosen.clocks), "--runs", str(chosen.runs)]
    engines = ("sqlite", "postgresql") if chosen.engine == "both" else (chosen.engine,)
    return max(run(BENCH, engine, passed) for engine in engines)


def _measure(clocks: int, runs: int) -> None:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0, skip_checks=True)
    call_command("createcachetable", verbosity=0)
    from leads.models import Clock
    from leads.what_if.reading import recorded_clocks

    team_id, mona = _fill(int(clocks / CLOCKS_PER_LEAD))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
    count = Clock.objects.count()
    note(f"{count:,} clocks")
    _told(f"reading {count} clocks", _median(lambda: recorded_clocks(FIRST, UNTIL), runs))
    unchanged = None
    for name, query in SCENARIOS:
        times = _median(_asking(query.format(team=team_id)), runs)
        _told(f"{name}, {count} clocks", times, unchanged)
        unchanged = unchanged or times
    for name, query in (SCENARIOS[0], SCENARIOS[-1]):  # five months: what a page still answers
        address = f"/what-if/?from=2026-02-01&last=2026-06-30&{query.format(team=team_id)}"
        _told(f"page, {name}", _median(_page(mona, address), runs))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    report(BENCH, "most memory", peak, "MB", engine=connection.vendor)


def _told(figure: str, times: tuple[float, float], control: tuple[float, float] | None = None) -> None:
    from django.db import connection

    for place, label in enumerate(("", ", processor")):
        beside = control[place] if control else None
        report(BENCH, f"{figure}{label}", times[place], "s", engine=connection.vendor, control=beside)


def _fill(leads: int) -> tuple[int, Any]:
    """Write the leads, then give their clocks the due times and outcomes that follow from their terms."""
    from benches._dashboard_rows import fill
    from leads.models import Clock
    from leads.what_if.reading import pinned_by, recorded_clocks
    from ledger.rows import update_rows
    from teams.models import Membership, User

    began = time.perf_counter()
    fill(leads)
    clocks = recorded_clocks(FIRST, UNTIL)
    pinned = pinned_by(clocks)
    places = dict(Membership.objects.filter(team__side="sales").values_list("user_id", "team_id"))
    columns = ("team_id", "state", "due_at", "met_at", "missed_at", "detected_at")
    for start in range(0, len(clocks), 5_000):
        rows = [_row(clock, pinned, places) for clock in clocks[start : start + 5_000]]
        update_rows(Clock, columns, rows, returning=())
    note(f"written in {time.perf_counter() - began:.0f} s")
    mona = User.objects.filter(memberships__is_manager=True).first()
    return min(places.values()), mona


def _row(clock: Any, pinned: Any, places: dict[int, int]) -> tuple[Any, ...]:
    from leads.clock_plans import schedule

    terms = pinned.terms[clock.version_id]
    due_at = schedule(
        promise=terms.promises[clock.promise], terms=terms, tier=clock.tier,
        calendar=pinned.calendars[clock.calendar_version_id], at=clock.began_at,
    ).due_at  # fmt: skip
    answered_at: datetime = clock.answered_at
    team_id = places[clock.user_id]
    if answered_at <= due_at:
        return (clock.id, team_id, "met", due_at, answered_at, None, None)
    return (clock.id, team_id, "missed", due_at, None, due_at, due_at)


def _asking(query: str) -> Callable[[], Any]:
    from urllib.parse import parse_qsl

    from leads.what_if.reading import known_at
    from leads.what_if.result import what_if
    from leads.what_if.scenario import read_scenario

    at = datetime.combine(UNTIL, time_of_day.min, UTC)  # all that was answered lies in the past then
    given = {"from": FIRST.isoformat(), "last": UNTIL.isoformat(), **dict(parse_qsl(query))}

    def ask() -> None:
        known = known_at(at)
        result = what_if(read_scenario(given, known, at.date()), known, at=at)
        assert result.left == 0, result.left
        assert bool(result.changed) == bool(query)

    return ask


def _page(user: Any, address: str) -> Callable[[], None]:
    from django.test import Client

    client = Client()
    client.force_login(user)

    def ask() -> None:
        response = client.get(address)
        assert response.status_code == 200, (address, response.status_code)

    return ask


def _median(call: Callable[[], Any], runs: int) -> tuple[float, float]:
    """Give how long a call takes, and for how long of that it has a processor: on a busy machine the former says little."""
    times = []
    for _ in range(runs):
        began, busy = time.perf_counter(), time.process_time()
        call()
        times.append((time.perf_counter() - began, time.process_time() - busy))
    return sorted(times)[len(times) // 2]
