"""Measure the intake: batches of 1,000 through the whole pipeline, and single calls, each beside its controls.

*Batches*: new hand-raises that qualify, are handed off, routed, and get their clock: the same rows are then written again under other ids
by ``bulk_create`` and by raw ``COPY`` (texts prepared beforehand) into the same tables, in turns. *Single*: a POST over the whole
stack in this process (middleware, token, audit, outbox), beside a bare DRF view that creates one row from a serializer, with the
same middleware and token. *At a million leads*: the same POST in a database filled by SQL, in turns with one that has a thousand.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from functools import partial
from itertools import count
from statistics import median
from time import perf_counter
from typing import Any

from benches import _own_database
from benches._printing import note, report

BENCH = "intake"
BATCH = 1000
ROUNDS = 5
SINGLE_SECONDS = 3.0
FEW = 1_000
SERIAL = count(1)


def main(arguments: Sequence[str]) -> int:
    """Run the bench on the engines named, each in a process of its own."""
    parser = argparse.ArgumentParser(prog="intake")
    parser.add_argument("--engine", choices=["postgresql", "sqlite"], help="only this one")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--batch", type=int, default=BATCH)
    parser.add_argument("--many", type=int, default=1_000_000, help="leads in the large database; 0 leaves it out")
    parser.add_argument("--only", choices=["batches", "single", "many"])
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.here:
        return measure(options)
    engines = [options.engine] if options.engine else ["postgresql", "sqlite"]
    return max(_own_database.run(BENCH, engine, _rest(arguments), databases=3) for engine in engines)


def _rest(arguments: Sequence[str]) -> list[str]:
    """Give the arguments without the engine, which the child is told by itself."""
    rest = list(arguments)
    if "--engine" in rest:
        place = rest.index("--engine")
        del rest[place : place + 2]
    return rest


# In the child ---------------------------------------------------------------------------------------------------------


def measure(options: Any) -> int:
    """Measure what was asked for, in this process."""
    import django

    django.setup()
    from django.core.management import call_command

    from benches import _bare  # noqa: F401 - all code is read now, whatever happens to its files while this runs
    from benches import _intake_world as world

    call_command("migrate", verbosity=0)
    maya = world.build()
    asked = (options.only,) if options.only else ("single", "batches", "many")
    if "single" in asked:
        measure_single(options, maya)
    if "batches" in asked:
        measure_batches(options, maya)
    if "many" in asked and options.many:
        measure_at_scale(options)
    return 0


def measure_single(options: Any, maya: Any) -> None:
    """Post leads and bare rows in turns."""
    from benches._intake_single import Caller, in_turns

    caller = Caller(maya)
    calls = (caller.lead, caller.bare)
    in_turns(calls, SINGLE_SECONDS)
    rounds = []
    for number in range(1, options.rounds + 1):
        rounds.append(in_turns(calls, SINGLE_SECONDS))
        ours, bare = rounds[-1]
        note(f"single round {number} of {options.rounds}: {1 / ours:,.0f} POSTs/s, bare DRF {1 / bare:,.0f}")
    ours, bare = (1 / median(times) for times in zip(*rounds, strict=True))
    report(BENCH, "single POST beside bare DRF create", ours, "POSTs/s", engine=options.engine, control=bare)


def measure_batches(options: Any, maya: Any) -> None:
    """Take batches in, and write their rows again by the controls, in turns."""
    from benches import _intake_world as world
    from leads.intake.pipeline import take_in

    ours, bulk, copied = [], [], []
    per_lead = 0.0
    for number in range(options.rounds + 1):
        arrivals, before = world.arrivals(options.batch, next(SERIAL)), world.last_ids()
        seconds = timed(lambda: take_in(arrivals, actor=maya, at=world.AT))  # noqa: B023
        rows = world.rows_after(before)
        per_lead = sum(map(len, rows.values())) / options.batch
        again = world.copies(rows, 2 * number + 1)
        bulk_seconds = timed(lambda: world.bulk_create(again))  # noqa: B023
        if number == 0:
            continue  # the first round warms caches, on both sides
        ours.append(options.batch / seconds)
        bulk.append(options.batch / bulk_seconds)
        if options.engine == "postgresql":
            texts = world.copy_texts(world.copies(rows, 2 * number + 2))
            copied.append(options.batch / timed(lambda: world.send(texts)))  # noqa: B023
        controls = f"bulk_create {bulk[-1]:,.0f}" + (f", COPY {copied[-1]:,.0f}" if copied else "")
        note(f"batch round {number} of {options.rounds}: {ours[-1]:,.0f} leads/s, {controls}")
    note(f"{per_lead:.1f} rows per lead")
    figure = partial(report, BENCH, value=median(ours), unit="leads/s", engine=options.engine)
    figure("batches beside bulk_create of the same rows", control=median(bulk))
    if copied:
        figure("batches beside raw COPY of the same rows", control=median(copied))


def measure_at_scale(options: Any) -> None:
    """Post among a million leads and among a thousand, in turns."""
    from benches import _intake_at_scale

    many, few = _intake_at_scale.measure(
        few=FEW, many=options.many, rounds=options.rounds, seconds=SINGLE_SECONDS, note=note
    )  # fmt: skip
    figure = f"single POST at {options.many:,} leads beside {FEW:,}"
    report(BENCH, figure, many, "POSTs/s", engine=options.engine, control=few)


def timed(work: Callable[[], object]) -> float:
    """Give the seconds that ``work`` takes."""
    begun = perf_counter()
    work()
    return perf_counter() - begun


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
