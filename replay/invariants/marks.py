"""What people did to clocks: paused them, excused a miss, let them count by a newer calendar.

The rows of each are compared with the clock's steps and columns. A clock that was paused or reckoned anew is reckoned here step by step, in the
order in which its steps were written: with the calendar that it counted by *then*, and the pauses that had ended by then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from replay.invariants.facts import ClockLine, Facts, PauseRow, RecomputeRow, StepRow
from replay.invariants.reckoning import SlowCalendar
from replay.invariants.standing import PausedTime, Reckoned, reckoned

PAUSABLE = ("first_attempt", "cadence", "respond", "verdict")
"""What waits for the contact, and may therefore be paused (design, domain page)."""

OUTCOMES = ("met", "missed", "cancelled")


def are_on(clock: ClockLine, facts: Facts) -> bool:
    """Tell whether a clock was paused or reckoned anew: then its times are reckoned by ``differences``."""
    return clock.id in facts.pauses or clock.id in facts.recomputes


def differences(facts: Facts) -> Iterator[str]:
    """Look at all that was done to clocks, and at the times of those that it moved."""
    calendars = {version_id: SlowCalendar(terms) for version_id, terms in facts.calendars.items()}
    for kind, rows in (("pause", facts.pauses), ("excuse", facts.excuses), ("recompute", facts.recomputes)):
        for clock_id in set(rows) - set(facts.clocks):
            yield f"{kind} of a clock {clock_id} that is not there"
    for clock in facts.clocks.values():
        found = [*_pauses(clock, facts), *_excuse(clock, facts), *_recomputes(clock, facts)]
        waited = calendars[clock.calendar_version_id].seconds(clock.arrived_at, clock.started_at)
        if clock.waited_seconds not in (None, waited):
            found.append(f"waited {clock.waited_seconds} business seconds, by its calendar {waited}")
        if are_on(clock, facts):
            found += _times(clock, facts, calendars)
        yield from (f"clock {clock.id} ({clock.promise}): {words}" for words in found)


def _steps(clock: ClockLine, facts: Facts, kind: str) -> list[StepRow]:
    return [step for step in facts.steps.get(clock.id, ()) if step.kind == kind]


# Rows against steps ---------------------------------------------------------------------------------------------------


def _pauses(clock: ClockLine, facts: Facts) -> Iterator[str]:
    rows = sorted(facts.pauses.get(clock.id, ()), key=lambda row: row.ordinal)
    begun, gone = _steps(clock, facts, "paused"), _steps(clock, facts, "resumed")
    there = [(row.ordinal, row.reason, row.actor_id, row.started_at, row.started_at) for row in rows]
    told = [(step.ordinal, step.code, step.actor_id, step.recorded_at, step.occurred_at) for step in begun]
    if there != told or [row.ordinal for row in rows] != list(range(len(rows))):
        yield f"was paused as {there}, by its steps {told}"
    if clock.pause_count != len(rows):
        yield f"counts {clock.pause_count} pauses, there are {len(rows)}"
    if rows and clock.promise not in PAUSABLE:
        yield "was paused, though such a promise never is"
    is_open = [row.ordinal for row in rows if row.ended_at is None]
    if is_open != ([len(rows) - 1] if clock.state == "paused" else []):
        yield f"is {clock.state} with open pauses {is_open}"
    if clock.state == "paused" and rows and clock.next_action_at != rows[-1].until:
        yield f"means to go on at {clock.next_action_at}, its pause ends at {rows[-1].until}"
    yield from _allowed(rows, facts.terms[clock.version_id])
    outcome = next((step for step in facts.steps.get(clock.id, ()) if step.kind in OUTCOMES), None)
    by_ordinal, paused_by = {step.ordinal: step for step in gone}, {step.ordinal: step.id for step in begun}
    if len(by_ordinal) != len(gone) or not set(by_ordinal) <= {row.ordinal for row in rows}:
        yield "went on without having been paused"
    for row in rows:
        if row.ended_at is not None:
            is_later = outcome is not None and outcome.id > paused_by.get(row.ordinal, 0)
            yield from _end(row, by_ordinal.get(row.ordinal), outcome if is_later else None)
        elif row.ordinal in by_ordinal:
            yield f"went on, though pause {row.ordinal} has not ended"


def _allowed(rows: Sequence[PauseRow], terms: Mapping[str, Any]) -> Iterator[str]:
    """The agreement says how often and for how long in all; pauses do not overlap."""
    rules = terms.get("pauses", {})
    longest = sum((row.until - row.started_at for row in rows[-1:]), timedelta())
    longest += sum(((row.ended_at or row.until) - row.started_at for row in rows[:-1]), timedelta())
    if len(rows) > rules.get("most", 0) or longest > timedelta(days=rules.get("most_days", 0)):
        yield f"was paused {len(rows)} times for {longest}, its terms say {rules}"
    for earlier, later in pairwise(rows):
        if earlier.ended_at is None or later.started_at < earlier.ended_at:
            yield f"pause {later.ordinal} began in the one before"
    for row in rows:
        if row.until <= row.started_at or (
            row.ended_at is not None and not row.started_at <= row.ended_at <= row.until
        ):
            yield f"pause {row.ordinal} runs from {row.started_at} to {row.ended_at}, {row.until} at the latest"


def _end(row: PauseRow, step: StepRow | None, outcome: StepRow | None) -> Iterator[str]:
    """A pause ended when the clock went on: by somebody, or by itself at its time; or with the clock, by an ``outcome`` that came after it."""
    if step is None:
        if outcome is None or (row.ended_at, row.ended_by_id) != (
            max(row.started_at, outcome.recorded_at),
            outcome.actor_id,
        ):
            yield f"pause {row.ordinal} ended at {row.ended_at} by {row.ended_by_id}, when nothing ended it"
        return
    if (row.ended_at, row.ended_by_id) != (step.occurred_at, step.actor_id):
        yield f"pause {row.ordinal} ended at {row.ended_at} by {row.ended_by_id}, its step says {step.occurred_at} by {step.actor_id}"
    if row.ended_at != min(row.until, step.recorded_at) or (step.actor_id is None and row.ended_at != row.until):
        yield f"pause {row.ordinal} ended at {row.ended_at}, it was to end at {row.until}"


def _excuse(clock: ClockLine, facts: Facts) -> Iterator[str]:
    rows = [(row.reason, row.actor_id, row.excused_at) for row in facts.excuses.get(clock.id, ())]
    steps = _steps(clock, facts, "excused")
    told = [(step.code, step.actor_id, step.recorded_at) for step in steps]
    if rows != told or len(rows) > 1:
        yield f"was excused as {rows}, by its steps {told}"
    if clock.excused_at != (rows[0][2] if rows else None):
        yield f"is excused since {clock.excused_at}, by its excuse {rows}"
    missed = _steps(clock, facts, "missed")
    if steps and (clock.state != "missed" or not missed or steps[0].id < missed[0].id):
        yield f"is {clock.state}, and was excused"
    if any(step.occurred_at != step.recorded_at for step in steps):
        yield "was excused at another time than it was recorded"


def _recomputes(clock: ClockLine, facts: Facts) -> Iterator[str]:
    rows = sorted(facts.recomputes.get(clock.id, ()), key=lambda row: row.ordinal)
    there = [(row.ordinal, row.actor_id, row.at, row.at) for row in rows]
    told = [(s.ordinal, s.actor_id, s.recorded_at, s.occurred_at) for s in _steps(clock, facts, "recomputed")]
    if there != told or [row.ordinal for row in rows] != list(range(len(rows))):
        yield f"was reckoned anew as {there}, by its steps {told}"
    chain = [row.calendar_before_id for row in rows[1:]] + [clock.calendar_version_id]
    if rows and [row.calendar_after_id for row in rows] != chain:
        yield f"counts by calendar version {clock.calendar_version_id}, it was reckoned by {[row.calendar_after_id for row in rows]}"
    if any(row.calendar_before_id == row.calendar_after_id for row in rows):
        yield "was reckoned anew by the same calendar"


# Times ----------------------------------------------------------------------------------------------------------------


def _times(clock: ClockLine, facts: Facts, calendars: Mapping[int, SlowCalendar]) -> Iterator[str]:
    """Go through the steps, and compare each with the plan as it was reckoned by then; at the end the clock itself."""
    steps = facts.steps.get(clock.id, [])
    began = next((step.recorded_at for step in steps if step.kind == "started"), None)
    terms = facts.terms[clock.version_id]
    if began is None or clock.promise == "brief":  # it runs back from the day of its campaign, which is a setting
        return
    pauses = {row.ordinal: row for row in facts.pauses.get(clock.id, ())}
    recomputes = {row.ordinal: row for row in facts.recomputes.get(clock.id, ())}
    version_id = recomputes[0].calendar_before_id if 0 in recomputes else clock.calendar_version_id
    spans: list[tuple[datetime, datetime]] = []
    plan = reckoned(clock, terms, calendars[version_id], began, spans)
    done: list[list[Any]] = []
    paused = 0
    for step in steps:
        if step.kind == "resumed" and step.ordinal in pauses and (ended := pauses[step.ordinal].ended_at):
            spans.append((pauses[step.ordinal].started_at, ended))
            plan = reckoned(clock, terms, calendars[version_id], began, spans)
        elif step.kind == "recomputed" and step.ordinal in recomputes:
            row, earlier = recomputes[step.ordinal], plan
            version_id = row.calendar_after_id
            plan = reckoned(clock, terms, calendars[version_id], began, spans)
            yield from _moved(row, earlier, plan)
        else:
            yield from _step(step, plan, done, is_paused=paused > len(spans))
            paused += step.kind == "paused"
    yield from _row(clock, plan, done)
    yield from _answer(clock, calendars[clock.calendar_version_id], facts.pauses.get(clock.id, ()))


def _moved(row: RecomputeRow, before: Reckoned, after: Reckoned) -> Iterator[str]:
    if (row.due_before, row.due_after) != (before.due_at, after.due_at):
        yield (
            f"recompute {row.ordinal} moved it from {row.due_before} to {row.due_after}, "
            f"by its calendars from {before.due_at} to {after.due_at}"
        )
    if before.due_at < row.at:
        yield f"was reckoned anew at {row.at}, when it was overdue since {before.due_at}"


def _step(step: StepRow, plan: Reckoned, done: list[list[Any]], *, is_paused: bool) -> Iterator[str]:
    if step.occurred_at > step.recorded_at:
        yield f"{step.kind} at {step.occurred_at} was recorded before, at {step.recorded_at}"
    if step.kind in ("warned", "missed", "escalated"):
        left = plan.without(done)
        wanted = left[0] if left else [None, None, None]
        done.append(wanted)
        kind = {"warn": "warned", "miss": "missed"}.get(str(wanted[1]), "escalated")
        if (step.kind, step.percent, step.occurred_at) != (kind, *wanted[::2]):
            yield f"{step.kind} at {step.percent} % at {step.occurred_at}, by its terms {wanted} came next"
        elif step.recorded_at <= step.occurred_at:
            yield f"{step.kind} before its time, at {step.recorded_at}"
    elif step.kind in ("met", "cancelled", "paused") and step.recorded_at > plan.due_at and not is_paused:
        yield f"{step.kind} at {step.recorded_at}, after it was due at {plan.due_at}"
    elif step.kind == "answered" and step.recorded_at <= plan.due_at:
        yield f"answered late at {step.recorded_at}, before it was due"


def _row(clock: ClockLine, plan: Reckoned, done: list[list[Any]]) -> Iterator[str]:
    there = (clock.started_at, clock.due_at, clock.budget_seconds, clock.grace_seconds)
    wanted = (plan.started_at, plan.due_at, plan.budget_seconds, plan.grace_seconds)
    if there != wanted:
        yield f"is reckoned as {[*map(str, there)]}, by its terms as {[*map(str, wanted)]}"
    lines = [[percent, action, datetime.fromtimestamp(at, plan.due_at.tzinfo)] for percent, action, at in clock.plan]
    expected = [*done, *plan.without(done)]
    if lines != expected:
        yield f"plans {lines}, by its terms {expected}"
    if clock.plan_position != len(done):
        yield f"is at place {clock.plan_position} of its plan, {len(done)} of it were done"
    if clock.state == "missed" and clock.missed_at != plan.due_at:
        yield f"missed at {clock.missed_at}, by its terms at {plan.due_at}"
    if clock.state == "running" and clock.next_action_at != expected[len(done)][2]:
        yield f"means to act at {clock.next_action_at}, by its terms at {expected[len(done)][2]}"


def _answer(clock: ClockLine, calendar: SlowCalendar, pauses: Sequence[PauseRow]) -> Iterator[str]:
    if clock.answered_at is None:
        return
    counted = PausedTime(calendar.terms, [(row.started_at, row.ended_at or clock.answered_at) for row in pauses])
    taken = counted.seconds(clock.started_at, clock.answered_at)
    if taken != clock.answered_seconds:
        yield f"took {clock.answered_seconds} business seconds, by its calendar {taken}"
    late = counted.seconds(clock.due_at, clock.answered_at) if clock.missed_at is not None else None
    if late != clock.late_seconds:
        yield f"was late by {clock.late_seconds} business seconds, by its calendar {late}"
