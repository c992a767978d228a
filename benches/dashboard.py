"""`./run bench dashboard`: server time of the dashboard and of a page behind a figure, with 100,000 leads, beside a bare list page.

Runs in a database of its own on each engine, as all benches do. The rollups are filled first; a page of all leads that then
still reads a fact fails the bench. The rows are written by set-based statements, in the shape the verbs leave: a year of arrivals, a handoff and two clocks for each MQL, events for every
stage. The control is the barest list that Django can make of the same leads: 25 rows, one query, one template.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

from benches._own_database import run
from benches._printing import note, report

BENCH = "dashboard"
MONTH, YEAR = "/dashboard/?from=2026-05-01&to=2026-06-01", "/dashboard/?from=2026-01-01&to=2027-01-01"
BEHIND = "/dashboard/leads?"
FACTS = ("leads_lead", "leads_leadevent", "leads_clock", "leads_handoff", "leads_feedback")
ONE = ("source=event", "campaign=3", "team=2", "rep=4", "tier=hot", "persona=1")
SEVERAL = (
    "source=event&tier=hot",
    "campaign=3&persona=1",
    "team=2&tier=hot",
    "team=2&tier=hot&basis=activity",
    "persona=none",
)
ROLLED = (
    ("dashboard, a month", MONTH),
    ("dashboard, a year", YEAR),
    ("dashboard, a month, activity", f"{MONTH}&basis=activity"),
    ("dashboard, a year, activity", f"{YEAR}&basis=activity"),
    ("dashboard, 100 days", "/dashboard/?from=2026-05-10&to=2026-08-18"),
    *((f"dashboard, a month, {narrowed}", f"{MONTH}&{narrowed}") for narrowed in ONE),
    *((f"dashboard, a year, {narrowed}", f"{YEAR}&{narrowed}") for narrowed in (*ONE, *SEVERAL)),
)
"""Pages that must not read a single fact."""

FIGURES = (
    *ROLLED,
    ("leads behind a figure, a month", f"{BEHIND}figure=cohort.won&from=2026-05-01&to=2026-06-01"),
    ("leads behind a figure, a year", f"{BEHIND}figure=cohort.mql&from=2026-01-01&to=2027-01-01"),
    ("clocks behind a figure, a month", f"{BEHIND}figure=promise.missed&from=2026-05-01&to=2026-06-01"),
)


def main(arguments: list[str]) -> int:
    """Measure both engines, or here the database of ``DATABASE_URL``: one JSON line per figure."""
    parser = argparse.ArgumentParser(prog="./run bench dashboard")
    parser.add_argument("--engine", choices=("both", "sqlite", "postgresql"), default="both")
    parser.add_argument("--leads", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=4.0, help="for each figure")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.here:
        _prepare()
        _measure(chosen.leads, chosen.seconds)
        return 0
    passed = ["--leads", str(chosen.leads), "--seconds", str(chosen.seconds)]
    engines = ("sqlite", "postgresql") if chosen.engine == "both" else (chosen.engine,)
    return max(run("dashboard", engine, passed) for engine in engines)


def _prepare() -> None:
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0, skip_checks=True)
    call_command("createcachetable", verbosity=0)


def _measure(leads: int, seconds: float) -> None:
    from django.db import connection

    from benches._dashboard_rows import fill
    from dashboards.asked import company_zone
    from dashboards.filling import fill as fill_rollups

    began = time.perf_counter()
    maya = fill(leads)
    note(f"{leads:,} leads written in {time.perf_counter() - began:.0f} s")
    began = time.perf_counter()
    days = fill_rollups(company_zone())
    note(f"{days:,} days of families rolled up in {time.perf_counter() - began:.0f} s")
    _measure_the_filler()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
    control = _bare_list(maya)
    for name, address in FIGURES:
        ours, bare, statements = _interleaved(_page(maya, address), control, seconds)
        for rank, label in ((50, "p50"), (95, "p95")):
            beside = _rank(bare, rank)
            report(BENCH, f"{name}, {label}", _rank(ours, rank), "ms", engine=connection.vendor, control=beside)
        read = {table for table in FACTS if any(f'FROM "{table}"' in sql for sql in statements)}
        if read and (name, address) in ROLLED:
            raise SystemExit(f"{name} is not answered from the rollups alone: it reads {', '.join(sorted(read))}")
        note(f"  {name}: {len(statements)} queries, {len(ours)} runs")


def _measure_the_filler() -> None:
    """Time how long the filler works, and on SQLite holds up others, for the change of a single row."""
    from django.db import connection

    from dashboards.asked import company_zone
    from dashboards.filling import fill as fill_rollups
    from leads.models import Clock, Lead

    changes = (
        ("a lead's tier", Lead.objects.filter(owner__isnull=False), {"tier": "standard"}, {"tier": "hot"}),
        ("a clock's answer", Clock.objects.filter(state="met"), {"answered_seconds": 5}, {"answered_seconds": 6}),
    )
    for name, rows, one, other in changes:
        ids, times = rows.order_by("-id").values_list("id", flat=True)[:4_000:400], []
        for pk in ids:
            rows.filter(pk=pk).update(**one)
            fill_rollups(company_zone())
            rows.filter(pk=pk).update(**other)
            began = time.perf_counter()
            fill_rollups(company_zone())
            times.append((time.perf_counter() - began) * 1000)
        report(BENCH, f"filling after {name} changed, p50", statistics.median(times), "ms", engine=connection.vendor)


def _rank(times: list[float], percent: int) -> float:
    return statistics.quantiles(times, n=100, method="inclusive")[percent - 1]


def _page(user: Any, address: str) -> Callable[[], None]:
    """Ask for a page through the whole of Django: middleware, session, view, template."""
    from django.test import Client

    client = Client()
    client.force_login(user)

    def ask() -> None:
        response = client.get(address)
        assert response.status_code == 200, (address, response.status_code)

    return ask


def _bare_list(user: Any) -> Callable[[], None]:
    """Make the control: a view of one query and a template of one loop, behind the same client but no middleware of ours."""
    from django.http import HttpResponse
    from django.template import engines
    from django.test import RequestFactory

    from leads.models import Lead

    template = engines["django"].from_string(
        "<table>{% for lead in leads %}<tr><td>{{ lead.pk }}</td><td>{{ lead.contact.external_id }}</td>"
        "<td>{{ lead.stage }}</td><td>{{ lead.source }}</td><td>{{ lead.last_touch_at }}</td></tr>{% endfor %}</table>"
    )
    factory = RequestFactory()

    def ask() -> None:
        request = factory.get("/")
        leads = Lead.objects.select_related("contact").order_by("-last_touch_at", "-id")[:25]
        assert HttpResponse(template.render({"leads": leads}, request)).content

    return ask


def _interleaved(
    ours: Callable[[], None], bare: Callable[[], None], seconds: float
) -> tuple[list[float], list[float], list[str]]:
    """Run both in turn until the time is over, after a warm-up; give their times in ms and the statements of one page."""
    from django.db import connection

    for _ in range(3):
        ours()
        bare()
    statements: list[str] = []

    def note(execute: Any, sql: str, *rest: Any) -> Any:
        statements.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        ours()
    times: tuple[list[float], list[float]] = ([], [])
    until = time.perf_counter() + seconds
    while time.perf_counter() < until or len(times[0]) < 10:
        for ask, kept in ((ours, times[0]), (bare, times[1])):
            start = time.perf_counter()
            ask()
            kept.append((time.perf_counter() - start) * 1000)
    return times[0], times[1], statements
