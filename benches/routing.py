"""`./run bench routing`: how many leads a second are decided, and whether everybody gets their share.

*Pure*: rules, people and turns in memory, by the time that it has a processor; the control asks the conditions of the same rules alone. *With the database*: batches
are loaded with everything that a decision needs, decided, and their turns and assignments stored; the control stores the same assignments
the usual way. *Whole offers* also write events, notices and clocks, without a bar. *Fairness*: 10,000 leads go through the database while
people of random weights come and go; each must get what their weight gave them while they were there.

The bench fails where a bar of the design is missed: 20,000 decisions a second, 2,000 with the database, shares within 1 %.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from statistics import median
from time import perf_counter, process_time
from typing import Any

from benches import _own_database
from benches._printing import note, report

BENCH = "routing"
ROUNDS = 3
BATCH = {"sqlite": 200, "postgresql": 1_000}
"""How many leads stand in one transaction: on SQLite it holds the only write lock."""
PURE_LEADS = 100_000
LEAST_PURE, LEAST_STORED = 20_000, 2_000
MOST_UNFAIR_PERCENT = 1.0


def main(arguments: Sequence[str]) -> int:
    """Run the bench on the engines named, each in a process of its own; returns 1 where a bar is missed."""
    parser = argparse.ArgumentParser(prog="./run bench routing")
    parser.add_argument("--leads", type=int, default=10_000, help="that go through the database")
    parser.add_argument("--engine", choices=["postgresql", "sqlite"], help="only this one")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.here:
        return measure(options.leads)
    engines = [options.engine] if options.engine else ["postgresql", "sqlite"]
    return max(_own_database.run(BENCH, engine, ["--leads", str(options.leads)]) for engine in engines)


def measure(count: int) -> int:
    """Measure in the database of ``DATABASE_URL``, which is empty; returns 1 where a bar is missed."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    from benches._routing_world import build, vacuum

    world = build(count)
    vacuum()
    batch = BATCH[connection.vendor]
    reached = [_pure(world, in_pool) for in_pool in world.pools]
    reached.append(_stored(world, batch))
    _whole(world, batch)
    reached.append(_fairness(world))
    return 0 if all(reached) else 1


def _pure(world: Any, pool_id: int) -> bool:
    """Decide in memory, beside the conditions alone; in time of the processor, which is all that it takes."""
    from leads.routing.choice import decide

    people = world.pools[pool_id]
    ours: list[float] = []
    control: list[float] = []
    for number in range(ROUNDS):
        rules, state, cases = world.in_memory(pool_id, PURE_LEADS)

        def decided(rules: Any = rules, state: Any = state, cases: Any = cases) -> None:
            for case in cases:
                decide(case, rules, state)

        def asked(rules: Any = rules, cases: Any = cases) -> None:
            for case in cases:
                next(rule for rule in rules if rule.holds(case.facts))

        for work in (decided, asked) if number % 2 else (asked, decided):
            begun = process_time()
            work()
            (ours if work is decided else control).append(PURE_LEADS / (process_time() - begun))
    figure = f"pure decisions, {people} people in the pool"
    report(BENCH, figure, median(ours), "leads/s", control=median(control))
    return is_enough(figure, median(ours), LEAST_PURE) if people == min(world.pools.values()) else True


def _stored(world: Any, batch: int) -> bool:
    """Load, decide and store batch by batch, beside storing the same assignments the usual way."""
    from django.db import connection, transaction

    from leads.models import Assignment

    ours, control = [], []
    for number in range(ROUNDS):
        rows: list[Any] = []

        def decided(rows: list[Any] = rows) -> None:
            for offers in world.batches(batch):
                rows += world.decide(offers)

        def stored(rows: list[Any] = rows) -> None:
            for start in range(0, len(rows), batch):
                with transaction.atomic():
                    Assignment.objects.bulk_create(Assignment(**row) for row in rows[start : start + batch])

        ours.append(len(world.offers) / timed(decided))
        control.append(len(rows) / timed(stored))
        note(f"round {number + 1}: {ours[-1]:,.0f} leads/s, control {control[-1]:,.0f}")
    figure = f"decisions with the database, batches of {batch}"
    report(BENCH, figure, median(ours), "leads/s", engine=connection.vendor, control=median(control))
    return is_enough(figure, median(ours), LEAST_STORED)


def _whole(world: Any, batch: int) -> None:
    """Carry it out too: whom they are with, events, notices, clocks."""
    from django.db import connection

    def offered() -> None:
        for offers in world.batches(batch):
            world.offer(offers)

    seconds = timed(offered)
    report(BENCH, f"whole offers, batches of {batch}", len(world.offers) / seconds, "leads/s", engine=connection.vendor)


def _fairness(world: Any) -> bool:
    """Give away leads while people come and go, and compare what each got with what their weight gave them."""
    from django.db import connection

    got, fair = world.give_away_fairly()
    worst = max(100 * abs(got[one] - share) / share for one, share in fair.items())
    report(BENCH, f"fairness, worst share of {len(fair)} people", worst, "% off", engine=connection.vendor)
    if worst > MOST_UNFAIR_PERCENT:
        note(f"fairness: MISSED, at most {MOST_UNFAIR_PERCENT} % are wanted")
    return bool(worst <= MOST_UNFAIR_PERCENT)


def is_enough(figure: str, found: float, least: float) -> bool:
    """Tell whether a rate reaches its bar, and say where it does not."""
    if found < least:
        note(f"{figure}: MISSED, at least {least:,} a second are wanted")
    return found >= least


def timed(work: Callable[[], object]) -> float:
    begun = perf_counter()
    work()
    return perf_counter() - begun
