"""`./run bench pages`: server time and number of queries of every page of the desk with 100,000 leads, beside a bare list page.

Each engine gets a database of its own with a company of 60 reps (``benches._pages_rows``). A page is asked for through the whole of
Django, logged in and warm: middleware, session, view, template. The control is the barest list that Django can make of the same leads
(25 rows, one query, one template), asked in turn with each page: only the ratio is comparable from one run to the next.
"""

from __future__ import annotations

import argparse
import html
import statistics
import time
from collections import Counter
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
SEARCHES = (
    ("a first name", "Anna"), ("a surname", "Berber"), ("a company", "Linmer"), ("an email", "anna.ber"),
    ("one letter", "a"), ("no match", "qqqqqq"),
)  # fmt: skip
FILTERS = (
    "stage=mql", "stage=lead", "stage=customer", "source=event", "tier=hot", "campaign={big}", "owner={rep}", "owner=me",
    "owner=none", "owner=marketing", "stage=opportunity&source=event&tier=hot", "stage=lost&campaign={big}",
)  # fmt: skip


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

    from benches._pages_rows import fill
    from leads.models import ClockStep, LeadEvent
    from ledger.instants import edge_now

    call_command("migrate", verbosity=0, skip_checks=True)
    call_command("createcachetable", verbosity=0)
    began = time.perf_counter()
    world = fill(chosen.leads, edge_now())
    events, steps = LeadEvent.objects.count(), ClockStep.objects.count()
    note(f"{chosen.leads:,} leads, {events:,} events, {steps:,} steps in {time.perf_counter() - began:.0f} s")
    measure(world, connection.vendor, chosen)


def measure(world: World, engine: str, chosen: argparse.Namespace) -> None:
    """Print the figures of each page that was chosen by ``only``."""
    control = bare_list()
    for name, ask in pages(world):
        if chosen.only not in name:
            continue
        ours, bare = interleaved(ask, control, chosen.seconds)
        statements = statements_of(ask)
        for percent in (50, 95):
            value, beside = _rank(ours, percent), _rank(bare, percent)
            report(BENCH, f"{name}, p{percent}", value, "ms", engine=engine, control=beside)
        report(BENCH, f"{name}, queries", len(statements), "queries", engine=engine, control=1)
        is_over = " OVER THE BAR" if _rank(ours, 95) > BAR_MS else ""
        note(f"  {name}: p95 {_rank(ours, 95):.0f} ms, {len(statements)} queries, {len(ours)} runs{is_over}")
        if chosen.slow:
            for taken, sql in sorted(statements, reverse=True)[:3]:
                note(f"    {taken:6.1f} ms  {sql[:1500]}")


def _rank(times: list[float], percent: int) -> float:
    return statistics.quantiles(times, n=100, method="inclusive")[percent - 1]


# What is asked for ----------------------------------------------------------------------------------------------------


def pages(world: World) -> list[tuple[str, Ask]]:
    """Give every page with whoever looks at it."""
    from leads.models import Lead

    rep, maya, mona, sue = world.reps[0], world.marketers[0], world.marketing_manager, world.sales_manager
    big = world.campaigns[0]
    worked = Lead.objects.filter(stage="opportunity", owner=rep).values_list("pk", flat=True).first()
    names = {"rep": rep.pk, "big": big}
    found = [
        ("rep desk", page(rep, "/")),
        ("queue fragment, 200", page(rep, "/desk/queue/")),
        ("queue fragment, 304", _unchanged(rep, "/desk/queue/")),
        ("bell, 304", _unchanged(rep, "/notifications/bell/")),
        ("marketer desk", page(maya, "/")),
        ("marketing manager desk", page(mona, "/")),
        ("sales manager desk", page(sue, "/")),
        ("leads, first page", page(rep, "/leads/")),
        ("leads, deep page", page(rep, f"/leads/?after={_deep({})}")),
        ("leads, deep page of a stage", page(rep, f"/leads/?stage=lead&after={_deep({'stage': 'lead'})}")),
    ]
    found += [(f"leads, {query}", page(rep, f"/leads/?{query.format(**names)}")) for query in FILTERS]
    found += [(f"leads, search {what}", page(rep, f"/leads/?q={text}")) for what, text in SEARCHES]
    found += [("leads, search and stage", page(rep, "/leads/?q=Anna&stage=opportunity"))]
    found += [
        ("lead", page(rep, f"/leads/{worked}/")),
        ("campaigns", page(maya, "/campaigns/")),
        ("my campaigns", page(maya, "/campaigns/?mine=1")),
        ("campaign with a fifth of all leads", page(maya, f"/campaigns/{big}/")),
        ("agreement", page(rep, "/agreement/")),
        ("glossary", page(rep, "/glossary/")),
        ("personas", page(maya, "/personas/")),
        ("persona", page(maya, "/personas/operations-olivia/")),
        ("routing", page(sue, "/routing/")),
        ("notifications", page(maya, "/notifications/")),
        ("new lead", page(maya, "/leads/new/")),
        ("capture forms", page(maya, "/forms/")),
        ("public form", page(None, "/f/campaign-0/")),
        ("imports", page(maya, "/imports/")),
        ("API, leads", page(rep, "/api/v1/leads", token=True)),
        ("API, leads by stage", page(rep, "/api/v1/leads?stage=opportunity", token=True)),
        ("API, leads searched", page(rep, "/api/v1/leads?q=Anna", token=True)),
        ("API, lead", page(rep, f"/api/v1/leads/{worked}", token=True)),
    ]
    return found


def page(user: Any, address: str, *, token: bool = False, status: int = 200, **headers: str) -> Ask:
    """Ask for a page as ``user`` (nobody: without login), by a session or by a token."""
    from django.test import Client
    from knox.models import AuthToken

    client = Client()
    if token:
        headers["authorization"] = f"Token {AuthToken.objects.create(user=user)[1]}"
    elif user is not None:
        client.force_login(user)

    def ask() -> None:
        response = client.get(address, headers=headers)
        assert response.status_code == status, (address, response.status_code)

    return ask


def _unchanged(user: Any, address: str) -> Ask:
    """Ask again for what the browser has already, as its polling does."""
    from django.test import Client

    client = Client()
    client.force_login(user)
    seen: Counter[int] = Counter()
    etag = ""

    def ask() -> None:
        nonlocal etag
        response = client.get(address, headers={"if-none-match": etag})
        seen[response.status_code] += 1
        if response.status_code == 200:
            etag = html.unescape(response.content.decode().partition('data-etag="')[2].partition('"')[0])
        assert response.status_code in (200, 304), (address, response.status_code)
        assert seen[200] <= 2 + seen[304], f"{address} is never the same twice: {seen}"

    return ask


def _deep(wanted: dict[str, str]) -> str:
    """Give the cursor of a page in the middle of the list."""
    from urllib.parse import quote

    from leads.models import Lead

    leads = Lead.objects.filter(**wanted).order_by("-last_touch_at", "-id")
    lead = leads[leads.count() // 2]
    return quote(f"{lead.last_touch_at.isoformat()}_{lead.pk}")


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


def interleaved(ours: Ask, bare: Ask, seconds: float) -> tuple[list[float], list[float]]:
    """Run both in turn until the time is over, after a warm-up; give their times in ms."""
    for _ in range(3):
        ours()
        bare()
    times: tuple[list[float], list[float]] = ([], [])
    until = time.perf_counter() + seconds
    while time.perf_counter() < until or len(times[0]) < FEWEST_RUNS:
        for ask, kept in ((ours, times[0]), (bare, times[1])):
            start = time.perf_counter()
            ask()
            kept.append((time.perf_counter() - start) * 1000)
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
