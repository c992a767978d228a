"""A promise that is kept by a number of attempts counts those that were made while it was open, and no others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime

from replay.invariants.facts import ClockLine, Facts

NEVER = datetime.max.replace(tzinfo=UTC)


def differences(facts: Facts) -> Iterator[str]:
    """Count the attempts of each such clock in the events."""
    clocks: dict[tuple[int | None, str], list[ClockLine]] = defaultdict(list)
    for clock in facts.clocks.values():
        if clock.needed is not None:
            clocks[clock.lead_id, clock.promise].append(clock)
        elif clock.counted:
            yield f"clock {clock.id} ({clock.promise}): counts {clock.counted} attempts, which its promise does not ask for"
    for (lead_id, _), of_lead in clocks.items():
        made = [event.recorded_at for event in facts.events.get(lead_id or 0, ()) if event.kind == "attempted"]
        following = [*(_began(clock, facts) for clock in of_lead[1:]), NEVER]
        for clock, next_at in zip(of_lead, following, strict=True):
            until = min(clock.answered_at or NEVER, clock.cancelled_at or NEVER)
            count = sum(_began(clock, facts) <= at <= until and at < next_at for at in made)
            if clock.counted != count:
                yield f"clock {clock.id} ({clock.promise}): counts {clock.counted} attempts, by its events {count}"


def _began(clock: ClockLine, facts: Facts) -> datetime:
    return next((step.recorded_at for step in facts.steps.get(clock.id, ()) if step.kind == "started"), NEVER)
