"""All that must hold of what is stored, whatever died, raced or was repeated before."""

from __future__ import annotations

from datetime import datetime, timedelta

from replay.invariants.facts import Facts
from replay.invariants.verdict import broken
from tests.leads import clock_invariants

AN_HOUR = timedelta(hours=1)


def broken_promises(*, at: datetime, slack: timedelta = AN_HOUR) -> list[str]:
    """Give a sentence for each thing that does not hold as of ``at``; ``slack`` is how long the sweep may be behind.

    The checks of the replay tell each lead's story anew from its events and reckon every clock from its terms; the figures of the
    dashboard, which only read, are left to ``tests.replay``.
    """
    return [*broken(Facts.load(), at=at, slack=slack), *clock_invariants.problems()]
