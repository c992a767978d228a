"""Each clock ended exactly once or legitimately runs, and nothing happened before its time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from replay.invariants import marks, plans
from replay.invariants.facts import ClockLine, Facts, StepRow
from replay.invariants.plans import Reckoned
from replay.invariants.reckoning import SlowCalendar

OUTCOMES = ("met", "missed", "cancelled")
ENDED = {"met": "met_at", "missed": "detected_at", "cancelled": "cancelled_at", "answered": "answered_at"}
"""The column of a clock that holds when a step of a kind was recorded."""


def differences(facts: Facts, *, at: datetime, slack: timedelta) -> Iterator[str]:
    """Look at every clock; ``slack`` is how long after its time something may still be undone (the sweep's tick)."""
    calendars = {version_id: SlowCalendar(terms) for version_id, terms in facts.calendars.items()}
    for clock_id, steps in facts.steps.items():
        if clock_id not in facts.clocks:
            yield f"steps {[step.id for step in steps]}: no clock {clock_id}"
    for clock in facts.clocks.values():
        steps = facts.steps.get(clock.id, [])
        if not plans.is_known(clock, facts.terms[clock.version_id]):
            yield f"clock {clock.id} ({clock.promise}): its terms know no such promise for tier {clock.tier}"
            continue
        found = [*_outcome(clock, steps), *_repeats(steps), *_unfinished(clock, at - slack)]
        calendar = calendars[clock.calendar_version_id]
        found += _recorded(clock, steps)
        if not marks.are_on(clock, facts):  # else its time is reckoned there
            found += _times(clock, steps, facts.terms[clock.version_id], calendar)
        yield from (f"clock {clock.id} ({clock.promise}): {words}" for words in found)


def _outcome(clock: ClockLine, steps: Sequence[StepRow]) -> Iterator[str]:
    """One start, and one outcome exactly where the clock has ended; the row says what the steps say."""
    kinds = Counter(step.kind for step in steps)
    if clock.state not in ("running", "paused", *OUTCOMES):
        yield f"is {clock.state}, and no step says so"
    if kinds["started"] != 1:
        yield f"has {kinds['started']} starts"
    ends = [step for step in steps if step.kind in OUTCOMES]
    if len(ends) != (clock.state in OUTCOMES):
        yield f"is {clock.state} with {len(ends)} outcomes"
    elif ends and ends[0].kind != clock.state:
        yield f"is {clock.state}, its step says {ends[0].kind}"
    ended = {"met": clock.met_at, "missed": clock.missed_at, "cancelled": clock.cancelled_at}
    for kind, instant in ended.items():
        if (instant is not None) != (kind == clock.state):
            yield f"is {clock.state}, but its {kind} time is {instant}"
    if kinds["answered"] > 1 or (kinds["answered"] and clock.state != "missed"):
        yield f"is {clock.state} and was answered late {kinds['answered']} times"
    if kinds["escalated"] and clock.state != "missed":
        yield f"is {clock.state}, but was escalated"


def _recorded(clock: ClockLine, steps: Sequence[StepRow]) -> Iterator[str]:
    """The row knows its endings at the instants of its steps, and no other."""
    told = {ENDED[step.kind]: step.recorded_at for step in steps if step.kind in ENDED}
    if "met_at" in told:
        told["answered_at"] = told["met_at"]
    for column in ENDED.values():
        if getattr(clock, column) != told.get(column):
            yield f"{column} is {getattr(clock, column)}, by its steps {told.get(column)}"


def _repeats(steps: Sequence[StepRow]) -> Iterator[str]:
    """Warnings and escalations come once each."""
    seen = Counter((step.kind, step.percent, step.code if step.kind == "escalated" else "") for step in steps)
    yield from (f"{kind} {count} times at {percent} %" for (kind, percent, _), count in seen.items() if count > 1)


def _unfinished(clock: ClockLine, limit: datetime) -> Iterator[str]:
    if clock.state == "running" and clock.due_at < limit:
        yield f"runs, though it was due at {clock.due_at}"
    if clock.next_action_at is not None and clock.next_action_at < limit:
        yield f"has something to do since {clock.next_action_at}"
    if clock.next_action_at is not None and clock.state in ("met", "cancelled"):
        yield f"is {clock.state}, but means to act at {clock.next_action_at}"


def _times(clock: ClockLine, steps: Sequence[StepRow], terms: dict[str, Any], calendar: SlowCalendar) -> Iterator[str]:
    """Reckon every instant anew from the pinned terms and calendar, and compare."""
    start = next((step for step in steps if step.kind == "started"), None)
    if start is None:
        return
    reckoned = plans.reckon(clock, terms, calendar, start.recorded_at)
    if reckoned.started_at != clock.started_at:
        yield f"started at {clock.started_at}, its hours open at {reckoned.started_at}"
    yield from plans.differences(clock, steps, terms, reckoned)
    if reckoned.due_at != clock.due_at:
        yield f"is due at {clock.due_at}, by its terms at {reckoned.due_at}"
    for step in steps:
        yield from _step(step, clock, reckoned)
    yield from _missing(clock, steps, reckoned)
    yield from _answer(clock, calendar)


def _step(step: StepRow, clock: ClockLine, reckoned: Reckoned) -> Iterator[str]:
    if step.occurred_at > step.recorded_at:
        yield f"{step.kind} at {step.occurred_at} was recorded before, at {step.recorded_at}"
    if step.kind in plans.PLANNED:
        wanted = next((line.at for line in reckoned.lines if line.key == plans.key_of(step)), None)
        if wanted is None:
            yield f"{step.kind} {step.code} at {step.percent} %, which its terms do not know"
        elif step.occurred_at != wanted:
            yield f"{step.kind} at {step.occurred_at}, by its terms at {wanted}"
        elif step.recorded_at <= wanted:
            yield f"{step.kind} before its time, at {step.recorded_at}"
        if step.kind == "missed" and clock.missed_at != step.occurred_at:
            yield f"missed at {clock.missed_at}, its step says {step.occurred_at}"
    elif step.kind in ("met", "cancelled") and step.recorded_at > reckoned.due_at:
        yield f"{step.kind} at {step.recorded_at}, after it was due at {reckoned.due_at}"
    elif step.kind == "answered" and step.recorded_at <= reckoned.due_at:
        yield f"answered late at {step.recorded_at}, before it was due"


def _missing(clock: ClockLine, steps: Sequence[StepRow], reckoned: Reckoned) -> Iterator[str]:
    """A miss has all its warnings, and the first step of escalation."""
    if clock.state != "missed":
        return
    there = {plans.key_of(step) for step in steps}
    for line in reckoned.lines:
        is_due = line.kind == "warned" or line.action == "miss" or line.percent == 100
        if clock.dispute_id and line.kind == "escalated":
            is_due = line.action == plans.CLOSE and clock.answered_at is None
        if is_due and line.key not in there and line.action not in plans.MOOT.values():
            yield f"missed, but not {line.kind} at {line.percent} %"
    if clock.missed_at != reckoned.due_at:
        yield f"missed at {clock.missed_at}, by its terms at {reckoned.due_at}"


def _answer(clock: ClockLine, calendar: SlowCalendar) -> Iterator[str]:
    if clock.answered_at is not None:
        taken = calendar.seconds(clock.started_at, clock.answered_at)
        if taken != clock.answered_seconds:
            yield f"took {clock.answered_seconds} business seconds, by its calendar {taken}"
    is_late = clock.answered_at is not None and clock.missed_at is not None
    late = calendar.seconds(clock.due_at, clock.answered_at) if is_late else None  # type: ignore[arg-type]
    if late != clock.late_seconds:
        yield f"was late by {clock.late_seconds} business seconds, by its calendar {late}"
