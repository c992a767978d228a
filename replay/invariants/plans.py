"""What a clock means to do is what its terms say, and it stands where its steps have brought it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from replay.invariants.facts import ClockLine, StepRow

Moments = dict[tuple[str, int], datetime]
"""When a warning, the miss or an escalation is due, by kind and percent."""

Line = tuple[str, int, str]
"""A line of a plan: the kind of its step, its share of the time, the action."""

PLANNED = ("warned", "missed", "escalated")


def is_known(clock: ClockLine, terms: Mapping[str, Any]) -> bool:
    """Tell whether the pinned terms know the promise that ``clock`` counts, for its tier."""
    return any(item["code"] == clock.promise and clock.tier in item["seconds"] for item in terms["promises"])


def promise_of(clock: ClockLine, terms: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give what the pinned terms say of the promise that ``clock`` counts."""
    found: Mapping[str, Any] = next(item for item in terms["promises"] if item["code"] == clock.promise)
    return found


def differences(
    clock: ClockLine, steps: Sequence[StepRow], terms: Mapping[str, Any], moments: Moments
) -> Iterator[str]:
    """Compare the budget, the plan and the place in it with the terms, with ``moments`` reckoned from them, and with the steps."""
    promise = promise_of(clock, terms)
    said = (promise["side"], promise["seconds"][clock.tier])
    if (clock.side, clock.budget_seconds) != said:
        yield f"is {clock.side}’s with {clock.budget_seconds} seconds, by its terms {said[0]}’s with {said[1]}"
    if clock.grace_seconds not in (0, promise["grace_seconds"][clock.tier]):
        yield f"has {clock.grace_seconds} seconds of grace, which its terms do not know"
    lines = _lines(promise, terms, clock.tier)
    wanted = [[percent, action, moments[kind, percent]] for kind, percent, action in lines]
    if [[percent, action, datetime.fromtimestamp(at, UTC)] for percent, action, at in clock.plan] != wanted:
        yield "has a plan that is not the one of its terms"
    done = {(step.kind, step.percent) for step in steps if step.kind in PLANNED}
    for place, (kind, percent, action) in enumerate(lines):
        is_moot = action == "reassign" and clock.user_id is not None and clock.next_action_at is None
        if (place < clock.plan_position) != ((kind, percent) in done) and not is_moot:
            yield f"is at place {clock.plan_position} of its plan, and was {'' if (kind, percent) in done else 'not '}{kind} at {percent} %"
    if clock.next_action_at is not None:
        planned = [moments[kind, percent] for kind, percent, _ in lines][clock.plan_position :]
        if planned[:1] != [clock.next_action_at]:
            yield f"means to act at {clock.next_action_at}, by its terms at {planned[0] if planned else None}"


def _lines(promise: Mapping[str, Any], terms: Mapping[str, Any], tier: str) -> list[Line]:
    lines: list[Line] = [("warned", percent, "warn") for percent in promise["warn_percents"][tier]]
    lines.append(("missed", 100, "miss"))
    lines += [("escalated", step["at_percent"], step["action"]) for step in terms["escalation"]]
    return sorted(lines, key=lambda line: line[1])
