"""A result as plain data, for programs."""

from __future__ import annotations

from typing import Any

from leads.what_if.recorded import OUTCOMES
from leads.what_if.replaying import Replayed
from leads.what_if.result import Counts, Line, Result


def as_data(result: Result) -> dict[str, Any]:
    """Give everything that the page says; instants in ISO 8601, in UTC."""
    scenario = result.scenario
    return {
        "from": scenario.first.isoformat(),
        "last": scenario.last.isoformat(),
        "as_of": result.at.isoformat(),
        "changes": scenario.changes(),
        "query": scenario.query(),
        "looked_at": result.looked_at,
        "left_as_recorded": result.left,
        "total": _line(result.total),
        "promises": [
            {**_line(promise.total), "tiers": [_line(line) for line in promise.tiers]} for promise in result.promises
        ],
        "changed": [_changed(one) for one in result.changed],
        "assumptions": list(result.assumptions),
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "promise": line.code,
        "tier": line.tier,
        "words": line.words,
        "recorded": _counts(line.recorded),
        "hypothetical": _counts(line.hypothetical),
        "missed_difference": line.difference,
        "never_answered_with_more_time": line.uncertain,
        "changed": line.changed,
    }


def _counts(counts: Counts) -> dict[str, int]:
    return {**{outcome: counts.by_outcome[outcome] for outcome in OUTCOMES}, "warnings": counts.warned}


def _changed(one: Replayed) -> dict[str, Any]:
    clock = one.clock
    answered = clock.answered_at, one.answered_at
    return {
        "clock": clock.id,
        "lead": clock.lead_id,
        "promise": clock.promise,
        "tier": clock.tier,
        "recorded": clock.outcome,
        "hypothetical": one.outcome,
        "recorded_due_at": clock.due_at.isoformat(),
        "hypothetical_due_at": one.due_at.isoformat(),
        "recorded_answer_at": answered[0].isoformat() if answered[0] else None,
        "hypothetical_answer_at": answered[1].isoformat() if answered[1] else None,
    }
