"""`./run bench pages`: server time and number of queries of every page of the desk with 100,000 leads, beside a bare list page.

Each engine gets a database of its own with a company of 60 reps (``benches._pages_rows``). A page is asked for through the whole of
Django, logged in and warm: middleware, session, view, template. The control is the barest list that Django can make of the same leads
(25 rows, one query, one template), asked in turn with each page: only the ratio is comparable from one run to the next.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from benches._own_database import run
from benches._printing import note, report

if TYPE_CHECKING:
    from benches._pages_people import World

BENCH = "pages"
Ask = Callable[[], None]
BAR_MS = 150
"""What the design allows a page at p95 (screens, first lines)."""
FEWEST_RUNS = 20


def main(arguments: list[str]) -> int:
    """Measure both engines, or here the database of ``DATABASE_URL``: three JSON lines per page."""
    parser = argparse.ArgumentParser(prog="./run bench pages")
    parser.add_argument("--engine", choices=("both", "sqlite", "postgresql"), default="both")
    parser.add_argument("--leads", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=2.0, help="for each page")
    parser.add_argument("--only", default="", help="pages whose name has this in it")
    parser.add_argument("--slow", action="store_true", help="show the slowest statements of each page")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.here:
        _measure(chosen)
        return 0
    passed = ["--leads", str(chosen.leads), "--seconds", str(chosen.seconds), "--only", chosen.only]
    passed += ["--slow"] if chosen.slow else []
    engines = ("sqlite", "postgresql") if chosen.engine == "both" else (chosen.engine,)
    return max(run("pages", engine, passed) for engine in engines)


def _measure(chosen: argparse.Namespace) -> None:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from benches._pages_promises import add
    from benches._pages_rows import fill
    from dashboards import filling as rollups
    from dashboards.asked import company_zone
    from leads.models import ClockStep, LeadEvent
    from ledger.instants import edge_now

    call_command("migrate", verbosity=0, skip_checks=True)
    call_command("createcachetable", verbosity=0)
    began = time.perf_counter()
    world = fill(chosen.leads, edge_now())
    add(world)
    rollups.fill(company_zone())
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
    events, steps = LeadEvent.objects.count(), ClockStep.objects.count()
    note(f"{chosen.leads:,} leads, {events:,} events, {steps:,} steps in {time.perf_counter() - began:.0f} s")
    measure(world, connection.vendor, chosen)


def measure(world: World, engine: str, chosen: argparse.Namespace) -> None:
    """Print the figures of each page that was chosen by ``only``."""
    from benches._pages_asked import pages, unasked
    from smarketing.memory import settle

    settle()
    every = pages(world)
    if lacking := unasked(every):
        raise SystemExit(f"these pages are not measured: {', '.join(sorted(lacking))}")
    control = bare_list()
    for page in every:
        if chosen.only not in page.name:
            continue
        name, ask = page.name, page.asking()
        ours, bare, busy, bare_busy = interleaved(ask, control, chosen.seconds)
        statements = statements_of(ask)
        for percent in (50, 95):
            value, beside = _rank(ours, percent), _rank(bare, percent)
            report(BENCH, f"{name}, p{percent}", value, "ms", engine=engine, control=beside)
        report(
            BENCH, f"{name}, processor p95", _rank(busy, 95), "ms", engine=engine, control=_rank(bare_busy, 95)
        )  # fmt: skip
        report(BENCH, f"{name}, queries", len(statements), "queries", engine=engine, control=1)
        is_over = " OVER THE BAR" if _rank(ours, 95) > BAR_MS else ""
        note(
            f"  {name}: p95 {_rank(ours, 95):.0f} ms, processor {_rank(busy, 95):.0f} ms, {len(statements)} queries, {len(ours)} runs{is_over}"
        )
        if chosen.slow:
            for taken, sql in sorted(statements, reverse=True)[:3]:
                note(f"    {taken:6.1f} ms  {sql[:1500]}")


def _rank(times: list[float], percent: int) -> float:
    return statistics.quantiles(times, n=100, method="inclusive")[percent - 1]


# How it is measured ---------------------------------------------------------------------------------------------------


def bare_list() -> Ask:
    """Make the control: a view of one query and a template of one loop, behind no middleware."""
    from django.http import HttpResponse
    from django.template import engines
    from django.test import RequestFactory

    from leads.models import Lead

    template = engines["django"].from_string(
        "<table>{% for lead in leads %}<tr><td>{{ lead.pk }}</td><td>{{ lead.contact.name }}</td>"
        "<td>{{ lead.stage }}</td><td>{{ lead.source }}</td><td>{{ lead.last_touch_at }}</td></tr>{% endfor %}</table>"
    )
    factory = RequestFactory()

    def ask() -> None:
        leads = Lead.objects.select_related("contact").order_by("-last_touch_at", "-id")[:25]
        assert HttpResponse(template.render({"leads": leads}, factory.get("/"))).content

    return ask


def interleaved(ours: Ask, bare: Ask, seconds: float) -> tuple[list[float], list[float], list[float], list[float]]:
    """Run both in turn until the time is over, after a warm-up; give the times of both, then for how long of these they had a processor, in ms.

    On a busy machine the former says little. What PostgreSQL does is not in the latter.
    """
    for _ in range(3):
        ours()
        bare()
    times: tuple[list[float], list[float], list[float], list[float]] = ([], [], [], [])
    until = time.perf_counter() + seconds
    while time.perf_counter() < until or len(times[0]) < FEWEST_RUNS:
        for place, ask in enumerate((ours, bare)):
            start, busy = time.perf_counter(), time.process_time()
            ask()
            times[place + 2].append((time.process_time() - busy) * 1000)
            times[place].append((time.perf_counter() - start) * 1000)
    return times


def statements_of(ask: Ask) -> list[tuple[float, str]]:
    """Give the statements of one run with their times in ms."""
    from django.db import connection

    statements: list[tuple[float, str]] = []

    def note_each(execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        start = time.perf_counter()
        result = execute(sql, parameters, many, context)
        statements.append(((time.perf_counter() - start) * 1000, f"{sql} -- {str(parameters)[:300]}"))
        return result

    with connection.execute_wrapper(note_each):
        ask()
    return statements
