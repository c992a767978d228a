"""All checks together."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from replay.invariants import (
    arrivals,
    attempts,
    briefings,
    clocks,
    deeds,
    duties,
    endings,
    exchange,
    figures,
    handing_on,
    ledger,
    marks,
    merges,
    notices,
    periods,
    pins,
    presence,
    routes,
    scores,
    stories,
    transfers,
)
from replay.invariants.facts import Facts

SLACK = timedelta(seconds=90)
"""How long after its time the program may still be about to do something: several ticks of the sweep."""


def differences(*, at: datetime, slack: timedelta = SLACK) -> list[str]:
    """Check what is stored as of ``at``; one sentence for each thing that does not hold, none where all does."""
    return list(one_by_one(at=at, slack=slack))


def one_by_one(*, at: datetime, slack: timedelta = SLACK) -> Iterator[str]:
    """The same, a sentence at a time: what is dear comes last."""
    yield from broken(Facts.load(), at=at, slack=slack)
    yield from _of_itself(at=at, slack=slack)
    yield from figures.differences(at=at)


def of_clocks(facts: Facts, *, at: datetime, slack: timedelta = SLACK) -> Iterator[str]:
    """Reckon every clock from events and pinned terms alone: that each promise became one, when it was due, and how it ended.

    The same as ``one_by_one`` for all that a clock and its steps say; who was told of them is left out.
    """
    yield from clocks.differences(facts, at=at, slack=slack)
    for check in (
        marks.differences,
        endings.differences,
        stories.of_clocks,
        duties.differences,
        attempts.differences,
        pins.of_clocks,
        exchange.differences,
        ledger.of_clocks,
    ):
        yield from check(facts)
    yield from _of_itself(at=at, slack=slack)


def _of_itself(*, at: datetime, slack: timedelta) -> Iterator[str]:
    """Look at what stands beside the leads, and reads what it needs itself."""
    for check in (periods, briefings):
        yield from check.differences(at=at, slack=slack)
    yield from handing_on.differences()


def broken(facts: Facts, *, at: datetime, slack: timedelta) -> Iterator[str]:
    """Check ``facts`` as of ``at``: all about leads but the figures of the dashboard, which only read."""
    yield from clocks.differences(facts, at=at, slack=slack)
    for check in (
        marks,
        endings,
        stories,
        duties,
        attempts,
        arrivals,
        scores,
        routes,
        presence,
        pins,
        deeds,
        exchange,
        transfers,
        merges,
        notices,
        ledger,
    ):
        yield from check.differences(facts)
