"""A promise that is kept by a number of attempts counts those that were made while it was open, and no others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from replay.invariants.facts import ClockLine, EventRow, Facts

NEVER = datetime.max.replace(tzinfo=UTC)


def differences(facts: Facts) -> Iterator[str]:
    """Count the attempts of each such clock in the events.

    They are taken in the order in which they were written: of two verbs at once, the one that looked at the clock first may come second.
    """
    clocks: dict[tuple[int | None, str], list[ClockLine]] = defaultdict(list)
    for clock in facts.clocks.values():
        if clock.needed is not None:
            clocks[clock.lead_id, clock.promise].append(clock)
        elif clock.counted:
            yield f"clock {clock.id} ({clock.promise}): counts {clock.counted} attempts, which its promise does not ask for"
    for (lead_id, _), of_lead in clocks.items():
        events = facts.events.get(lead_id or 0, [])
        made = [place for place, event in enumerate(events) if event.kind == "attempted"]
        begins = [_first(events, _began(clock, facts)) for clock in of_lead]
        for clock, begin, next_begin in zip(of_lead, begins, [*begins[1:], len(events)], strict=True):
            end = min(_answered(events, clock, begin), _after(events, clock.cancelled_at or NEVER), next_begin)
            count = sum(begin <= place < end for place in made)
            if clock.counted != count:
                yield f"clock {clock.id} ({clock.promise}): counts {clock.counted} attempts, by its events {count}"


def _began(clock: ClockLine, facts: Facts) -> datetime:
    return next((step.recorded_at for step in facts.steps.get(clock.id, ()) if step.kind == "started"), NEVER)


def _first(events: Sequence[EventRow], at: datetime) -> int:
    """Give the place of the first event that was recorded at ``at``, with what happened then; else where it would stand."""
    there = (place for place, event in enumerate(events) if event.recorded_at == at)
    return next(there, sum(event.recorded_at < at for event in events))


def _answered(events: Sequence[EventRow], clock: ClockLine, begin: int) -> int:
    """Give the place after what answered the clock; more may have been done in the same instant, after it."""
    made = 0
    for place, event in enumerate(events[begin:], start=begin):
        made += event.kind == "attempted"
        done = event.kind == "conversed" or (event.kind == "attempted" and made >= (clock.needed or 0))
        if done and event.recorded_at == clock.answered_at:
            return place + 1
    return _after(events, clock.answered_at or NEVER)


def _after(events: Sequence[EventRow], at: datetime) -> int:
    """Give the place after the last event that was recorded at ``at``; else where it would stand."""
    there = (place + 1 for place, event in reversed(list(enumerate(events))) if event.recorded_at == at)
    return next(there, sum(event.recorded_at <= at for event in events))
