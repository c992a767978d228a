"""`./run bench backtest`: how long 100,000 leads take to be judged by two versions of the agreement, and how much of that is reading them.

Runs in a database of its own on each engine, with the year of leads of the bench of the pages: two touches each. The version tried is a draft
whose MQL rule asks for less. The control is reading the same leads without judging them.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from benches._own_database import run
from benches._printing import note, report

BENCH = "backtest"
BAR_SECONDS = 20.0
"""What 100,000 leads may take."""
EASIER = {
    "any": [{"field": "is_hand_raise", "op": "is", "value": True}, {"field": "engagement", "op": "gte", "value": 20}]
}


def main(arguments: list[str]) -> int:
    """Measure both engines, or here the database of ``DATABASE_URL``: one JSON line per figure."""
    parser = argparse.ArgumentParser(prog="./run bench backtest")
    parser.add_argument("--engine", choices=("both", "sqlite", "postgresql"), default="both")
    parser.add_argument("--leads", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3, help="of which the median counts")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.here:
        _measure(chosen.leads, chosen.runs)
        return 0
    passed = ["--leads", str(chosen.leads), "--runs", str(chosen.runs)]
    engines = ("sqlite", "postgresql") if chosen.engine == "both" else (chosen.engine,)
    return max(run(BENCH, engine, passed) for engine in engines)


def _measure(leads: int, runs: int) -> None:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0, skip_checks=True)
    call_command("createcachetable", verbosity=0)
    read, judge = _prepare(leads)
    reading, judging = _median(read, runs), _median(judge, runs)
    for place, label in enumerate(("", ", processor")):
        report(BENCH, f"{leads} leads{label}", judging[place], "s", engine=connection.vendor, control=reading[place])
    report(BENCH, "leads each second", leads / judging[0], "leads/s", engine=connection.vendor)
    is_over = judging[0] > BAR_SECONDS * leads / 100_000
    note(
        f"{leads:,} leads in {judging[0]:.1f} s, of which reading {reading[0]:.1f} s{' OVER THE BAR' if is_over else ''}"
    )


def _prepare(leads: int) -> tuple[Callable[[], None], Callable[[], None]]:
    """Write the leads and a draft, and give what reads them and what judges them."""
    from django.db import connection

    from benches._pages_rows import fill
    from leads.backtest.reading import pasts
    from leads.backtest.result import backtest, courts
    from leads.backtest.scenario import Scenario
    from ledger.instants import company_day, edge_now
    from sla.agreements import draft_from_template

    at = edge_now()
    draft = draft_from_template(actor=fill(leads, at).marketing_manager, at=at)
    draft.terms = {**draft.terms, "mql_rule": EASIER}
    draft.save(update_fields=["terms"])
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
    today = company_day(at)
    scenario = Scenario(draft.number, 1, today - timedelta(days=400), today + timedelta(days=1))

    def judge() -> None:
        tally = backtest(scenario, *courts(scenario), at=at, most_listed=1_000).tally
        assert tally.looked_at == leads, tally.looked_at
        assert 0 < tally.after.mqls < leads, tally.after.mqls

    def read() -> None:
        assert sum(1 for _ in pasts(scenario.first, scenario.until)) == leads

    return read, judge


def _median(call: Callable[[], Any], runs: int) -> tuple[float, float]:
    """Give how long a call takes, and for how long of that it has a processor: on a busy machine the former says little."""
    times = []
    for _ in range(runs):
        began, busy = time.perf_counter(), time.process_time()
        call()
        times.append((time.perf_counter() - began, time.process_time() - busy))
    return sorted(times)[len(times) // 2]
