"""All checks together."""

from __future__ import annotations

from datetime import datetime, timedelta

from replay.invariants import clocks, deeds, endings, figures, ledger, notices, stories
from replay.invariants.facts import Facts

SLACK = timedelta(seconds=90)
"""How long after its time the program may still be about to do something: several ticks of the sweep."""


def differences(*, at: datetime, slack: timedelta = SLACK) -> list[str]:
    """Check what is stored as of ``at``; one sentence for each thing that does not hold, none where all does."""
    facts = Facts.load()
    return [
        *clocks.differences(facts, at=at, slack=slack),
        *endings.differences(facts),
        *stories.differences(facts),
        *deeds.differences(facts),
        *notices.differences(facts),
        *ledger.differences(facts),
        *figures.differences(at=at),
    ]
