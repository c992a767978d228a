"""All checks together."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from replay.invariants import (
    arrivals,
    clocks,
    deeds,
    endings,
    figures,
    ledger,
    notices,
    pins,
    routes,
    scores,
    stories,
)
from replay.invariants.facts import Facts

SLACK = timedelta(seconds=90)
"""How long after its time the program may still be about to do something: several ticks of the sweep."""


def differences(*, at: datetime, slack: timedelta = SLACK) -> list[str]:
    """Check what is stored as of ``at``; one sentence for each thing that does not hold, none where all does."""
    return [*broken(Facts.load(), at=at, slack=slack), *figures.differences(at=at)]


def broken(facts: Facts, *, at: datetime, slack: timedelta) -> Iterator[str]:
    """Check ``facts`` as of ``at``: everything but the figures of the dashboard, which only read."""
    yield from clocks.differences(facts, at=at, slack=slack)
    for check in (endings, stories, arrivals, scores, routes, pins, deeds, notices, ledger):
        yield from check.differences(facts)
