"""Measure the sweep over many open clocks, on each engine that is there, in a database of its own.

*Idle*: nothing is due. *A thousand due*: the same work with 10,000, 100,000 and 1,000,000 clocks open, so that it shows what it grows with.
*Due at once*: 40,000 of 1,000,000 clocks warn, are missed, escalate to managers, or do all of it. Each beside a control of raw SQL that writes the
same rows (``benches._sweep_control``). *Leads moved on*: see ``benches._sweep_moves``. Ours and the control take turns, also in who is first; medians are
compared (design page 8).

On PostgreSQL a thousand or more due have to reach a share of the control, and on both engines an idle sweep has to be short, else the bench fails. Fewer due (with fewer
``--clocks``) are over too soon to be compared; what SQLite reaches, and leads that are routed anew, are measured without a bar.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from datetime import timedelta
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

from benches import _own_database
from benches._printing import note, report

if TYPE_CHECKING:
    from benches._sweep_rows import Set

BENCH = "sweep"
ROUNDS = 3
SHARE_DUE = 25
"""One in so many of the open clocks comes due at once."""
FEW_DUE = 1_000
LEVELS = (10_000, 100_000, 1_000_000)
IDLE_CALLS = 200
LEAST_RATIO = 0.3
"""Of the raw statement on PostgreSQL (design page 8, first bar)."""
MOST_IDLE_MS = 20
"""For a sweep with nothing due, also with a million clocks open (design page 8, first bar)."""


def main(arguments: Sequence[str]) -> int:
    """Run the bench on the engines named, each in a process of its own; returns 1 where a bar is missed."""
    parser = argparse.ArgumentParser(prog="sweep")
    parser.add_argument("--clocks", type=int, default=LEVELS[-1])
    parser.add_argument("--engine", choices=["postgresql", "sqlite"], help="only this one")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.here:
        return measure(options.clocks)
    engines = [options.engine] if options.engine else ["postgresql", "sqlite"]
    return max(_own_database.run(BENCH, engine, ["--clocks", str(options.clocks)]) for engine in engines)


def measure(clocks: int) -> int:
    """Measure leads that move on, then with more and more clocks open, then with many of them due at once.

    Returns 1 where a bar is missed.
    """
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from benches import _sweep_moves
    from benches._sweep_rows import KINDS, Filling, build, vacuum

    world = build()
    _sweep_moves.let_route(world)
    _sweep_moves.measure(world, _sweep_moves.BEFORE_ALL_ELSE, "no others open")
    reached = []
    filling = Filling(world, due=clocks // SHARE_DUE, few=FEW_DUE, rounds=2 * ROUNDS)
    for level in sorted({*(level for level in LEVELS if level < clocks), clocks}):
        seconds = timed(lambda: filling.fill_up_to(level))  # noqa: B023
        note(f"{level:,} open clocks after {seconds:.0f} s more")
        vacuum()
        reached.append(measure_idle(f"idle, {level:,} open"))
        reached.append(measure_due(f"{FEW_DUE:,} due, {level:,} open", filling.few_due(level), FEW_DUE))
    filling.finish()
    vacuum()
    reached += [
        measure_due(f"{kind}, {filling.due:,} due at once", filling.many_due(kind), filling.due) for kind in KINDS
    ]
    reached.append(measure_idle(f"idle after all that, {clocks:,} open"))
    _sweep_moves.measure(world, _sweep_moves.AFTER_ALL_ELSE, f"{clocks:,} open")
    return 0 if all(reached) else 1


def is_quick(figure: str, milliseconds: float) -> bool:
    """Tell whether an idle sweep is as short as it has to be, and say where it is not."""
    if milliseconds > MOST_IDLE_MS:
        note(f"{figure}: MISSED, at most {MOST_IDLE_MS} ms are wanted")
    return milliseconds <= MOST_IDLE_MS


def is_enough(figure: str, engine: str, due: int, found: float, control: float) -> bool:
    """Tell whether a rate reaches its share of the control, where one is wanted, and say where it does not."""
    reached = engine != "postgresql" or due < FEW_DUE or found >= LEAST_RATIO * control
    if not reached:
        note(f"{figure}: MISSED, at least {LEAST_RATIO:.0%} of the control are wanted")
    return reached


def measure_idle(figure: str) -> bool:
    """Sweep where nothing is due, beside the bare query for what is due; tells whether the bar is reached."""
    from django.db import connection

    from benches._sweep_rows import FIRST_DUE, instant
    from leads.sweep import sweep

    at = FIRST_DUE - timedelta(days=1)
    raw = "SELECT id FROM leads_clock WHERE next_action_at < %s ORDER BY next_action_at, id LIMIT 1"
    ours, control = [], []
    for _ in range(IDLE_CALLS):
        ours.append(timed(lambda: sweep(at=at)))
        with connection.cursor() as cursor:
            control.append(timed(lambda: (cursor.execute(raw, [instant(at)]), cursor.fetchall())))
    beside = median(control) * 1000
    report(BENCH, figure, median(ours) * 1000, "ms", engine=connection.vendor, control=beside)
    return is_quick(figure, median(ours) * 1000)


def measure_due(figure: str, sets: Sequence[Set], due: int) -> bool:
    """Sweep one set after the other, every second one by the control, and see that both wrote the same; tells whether the bar is reached."""
    from django.db import connection

    from benches._sweep_control import by_hand, check_same
    from benches._sweep_rows import vacuum

    ours, control = [], []
    for number, pair in enumerate(zip(sets[::2], sets[1::2], strict=True)):
        mine, other = pair if number % 2 == 0 else pair[::-1]
        for one in pair:
            if one is mine:
                ours.append(due / timed(lambda: _swept(mine, due)))  # noqa: B023
            else:
                control.append(due / timed(lambda: by_hand(other.swept_at)))  # noqa: B023
            vacuum()
        note(f"{figure}, round {number + 1}: {ours[-1]:,.0f} clocks/s, control {control[-1]:,.0f}")
        check_same(mine, other, due)
    report(BENCH, figure, median(ours), "clocks/s", engine=connection.vendor, control=median(control))
    return is_enough(figure, connection.vendor, due, median(ours), median(control))


def _swept(one: Set, due: int) -> None:
    from leads.sweep import sweep

    result = sweep(at=one.swept_at)
    if result.set_aside or result.total < due:
        raise AssertionError(f"{due} clocks were due, the sweep did {result}")


def timed(work: Callable[[], object]) -> float:
    begun = perf_counter()
    work()
    return perf_counter() - begun


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
