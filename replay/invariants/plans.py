"""What a clock means to do is what its terms say, and it stands where its steps have brought it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from replay.invariants.facts import ClockLine, StepRow
from replay.invariants.reckoning import SlowCalendar

PLANNED = ("warned", "missed", "escalated")
MOVES = ("reassign", "return_to_queue")
MAY_MOVE = ("assign", "accept", "first_attempt", "cadence", "respond")
"""What is moved on to somebody else by escalation."""
MOOT = {
    "reassign_not_applicable": "reassign",
    "auto_accept_moot": "auto_accept",
    "to_queue_not_applicable": "return_to_queue",
}
CLOSE = "close_dispute"
"""After which nobody is told any more that the time is over: it is the end of what had to be decided."""
MOST_PERCENT = 30_000
WHOLE = 100


class Line(NamedTuple):
    """A line of a plan: the kind of its step, its share of the time, the action, and when it is due."""

    kind: str
    percent: int
    action: str
    at: datetime

    @property
    def key(self) -> tuple[str, int, str]:
        return self.kind, self.percent, self.action


class Reckoned(NamedTuple):
    """What the terms say of a clock that began at an instant."""

    started_at: datetime
    due_at: datetime
    budget: int
    grace: int
    lines: tuple[Line, ...]


def key_of(step: StepRow) -> tuple[str, int, str]:
    """Give which line of a plan a step has done."""
    action = {"warned": "warn", "missed": "miss"}.get(step.kind) or MOOT.get(step.code, step.code)
    return step.kind, step.percent or 0, action


def is_known(clock: ClockLine, terms: Mapping[str, Any]) -> bool:
    """Tell whether the pinned terms know the promise that ``clock`` counts, for its tier."""
    return any(item["code"] == clock.promise and clock.tier in item["warn_percents"] for item in terms["promises"])


def promise_of(clock: ClockLine, terms: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give what the pinned terms say of the promise that ``clock`` counts."""
    found: Mapping[str, Any] = next(item for item in terms["promises"] if item["code"] == clock.promise)
    return found


def reckon(clock: ClockLine, terms: Mapping[str, Any], calendar: SlowCalendar, at: datetime) -> Reckoned:
    """Reckon a clock that began to wait at ``at`` from its terms and calendar."""
    promise = promise_of(clock, terms)
    started_at = calendar.opening(at)
    grace = promise["grace_seconds"][clock.tier] if started_at > at else 0
    budget, due_at = _time(clock, promise, calendar, at)
    lines = [
        Line("warned", percent, "warn", calendar.after(started_at, grace + budget * percent // 100))
        for percent in promise["warn_percents"][clock.tier]
    ]
    lines += [Line("missed", 100, "miss", due_at), *_end_of_dispute(clock, due_at)]
    for step in terms["escalation"]:
        percent = step["at_percent"]
        if step["action"] in MOVES and clock.promise not in MAY_MOVE:
            continue
        moment = due_at if percent == 100 else calendar.after(started_at, grace + budget * percent // 100)
        lines.append(Line("escalated", percent, step["action"], moment))
    window = terms.get("accept_window")
    if clock.promise == "accept" and window:
        end = max(due_at, calendar.days_later(at, window["days"], "same_time"))
        share = 100 * calendar.seconds(started_at, end) // (grace + budget)
        lines.append(Line("escalated", min(max(100, share), MOST_PERCENT), window["then"], end))
    return Reckoned(started_at, due_at, budget, grace, tuple(sorted(lines, key=lambda line: (line.at, line.percent))))


def _time(clock: ClockLine, promise: Mapping[str, Any], calendar: SlowCalendar, at: datetime) -> tuple[int, datetime]:
    """Give the seconds that there are, without the grace, and when they end."""
    within = promise["within"][clock.tier] if "within" in promise else {"seconds": promise["seconds"][clock.tier]}
    started_at = calendar.opening(at)
    grace = promise["grace_seconds"][clock.tier] if started_at > at else 0
    if not within.get("days"):
        budget = within["seconds"]
    else:
        due_at = calendar.days_later(at, within["days"], within.get("until", "same_time"))
        due_at = max(due_at, calendar.after(started_at, 1))
        budget = max(1, calendar.seconds(started_at, due_at))
        if clock.share_percent == WHOLE:
            return budget, due_at
    budget = max(1, budget * clock.share_percent // WHOLE)
    return budget, calendar.after(started_at, grace + budget)


def _end_of_dispute(clock: ClockLine, due_at: datetime) -> list[Line]:
    return [Line("escalated", 100, CLOSE, due_at)] if clock.promise == "decide_dispute" else []


def differences(
    clock: ClockLine, steps: Sequence[StepRow], terms: Mapping[str, Any], reckoned: Reckoned
) -> Iterator[str]:
    """Compare the budget, the plan and the place in it with what was reckoned from the terms, and with the steps."""
    promise = promise_of(clock, terms)
    needed = promise["attempts"][clock.tier] if "attempts" in promise else None
    if promise["side"] not in (clock.side, "both") or (clock.budget_seconds, clock.needed) != (reckoned.budget, needed):
        yield (
            f"is {clock.side}’s with {clock.budget_seconds} seconds and {clock.needed} attempts, by its terms "
            f"{promise['side']}’s with {reckoned.budget} and {needed}"
        )
    if clock.grace_seconds != reckoned.grace:
        yield f"has {clock.grace_seconds} seconds of grace, by its terms {reckoned.grace}"
    planned = [(percent, action, datetime.fromtimestamp(at, UTC)) for percent, action, at in clock.plan]
    if planned != [(line.percent, line.action, line.at) for line in reckoned.lines]:
        yield "has a plan that is not the one of its terms"
    done = {key_of(step) for step in steps if step.kind in PLANNED}
    for place, line in enumerate(reckoned.lines):
        if (place < clock.plan_position) != (line.key in done):
            was = "" if line.key in done else "not "
            yield f"is at place {clock.plan_position} of its plan, and was {was}{line.kind} at {line.percent} %"
    if clock.next_action_at is not None:
        following = [line.at for line in reckoned.lines][clock.plan_position :]
        if following[:1] != [clock.next_action_at]:
            yield f"means to act at {clock.next_action_at}, by its terms at {following[0] if following else None}"
