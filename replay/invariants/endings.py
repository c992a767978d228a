"""What ended a promise happened to its lead, at that instant; and a promise that still runs is still to be kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from replay.invariants.facts import ClockLine, Facts, StepRow
from replay.invariants.handing_on import OF_HOLDER
from replay.invariants.transfers import waiting

ANSWERS = {
    "assign": {"assigned"},
    "accept": {"accepted", "rejected", "transferred", "transfer_ended"},
    "first_attempt": {"attempted", "conversed"},
    "cadence": {"attempted", "conversed"},
    "respond": {"attempted", "conversed"},
    "verdict": {"qualified_for_sales", "recycled", "disqualified"},
    "quick_rating": {"rated"},
    "full_feedback": {"rated"},
    "triage": {"completed", "qualified", "handed_off", "disqualified"},
    "complete": {"handed_off", "disqualified"},
    "returned": {"nurtured", "qualified", "handed_off", "disqualified"},
    "nurture": {"nurtured", "qualified", "handed_off", "disqualified"},
}
"""By which events each promise is kept."""

CANCELS = {
    "disqualified": {"disqualified"},
    "away": {"queued", "transfer_ended"},
    "escalated": {"assigned", "queued"},
    "left": {"assigned", "queued", "transfer_ended"},
    "lost": {"lost"},
    "opportunity_opened": {"opportunity_opened"},
    "qualified_for_sales": {"qualified_for_sales"},
    "reassigned": {"assigned"},
    "recalled": {"recalled"},
    "recycled": {"recycled"},
    "rejected": {"rejected"},
    "rerouted": {"rerouted"},
    "returned": {"rejected"},
    "transferred": {"transferred"},
    "withdrawn": {"transfer_ended"},
    "merged": {"merged", "took_in"},
    "won": {"won"},
}
"""Which event stands beside a cancelled clock, by its code."""

MOVED = ("reassign", "return_to_queue", "auto_accept")
"""After which step a clock stops, for its lead is with somebody else, or with who did not answer."""

AT_STAGES = {
    "quick_rating": ("sal",),
    "full_feedback": (
        "sql",
        "opportunity",
        "customer",
        "advocate",
        "lost",
        "recycled",
        "disqualified",
        "lead",
        "mql",
        "sal",
        "merged",
    ),
    "triage": ("lead",),
    "complete": ("mql",),
    "returned": ("lead",),
    "nurture": ("lead",),
}
"""At which stages a promise that is not of who has the lead may still run."""

WORKED = {"respond": ("sal", "sql", "opportunity")}
"""At which stages a promise of who has the lead may run, where that is not SAL alone."""

Happened = dict[int, dict[datetime, set[str]]]
"""By lead, what was recorded at an instant."""

Done = dict[int, set[tuple[str, datetime]]]
"""By lead, what was done, and when it was true."""


def differences(facts: Facts) -> Iterator[str]:
    """Look at what ended each clock, and at those that still run."""
    happened: Happened = defaultdict(lambda: defaultdict(set))
    done: Done = defaultdict(set)
    for lead_id, events in facts.events.items():
        for event in events:
            happened[lead_id][event.recorded_at].add(event.kind)
            done[lead_id].add((event.kind, event.occurred_at))
    by_age = sorted(facts.clocks.values(), key=lambda clock: (clock.state in ("running", "paused"), clock.id))
    newest = {(clock.promise, _lead_id(clock, facts)): clock.id for clock in by_age}
    for clock in facts.clocks.values():
        if not clock.lead_id and not clock.handoff_id:
            continue
        handoff = facts.handoffs.get(clock.handoff_id or 0)
        lead_id = _lead_id(clock, facts)
        if handoff and clock.arrived_at != handoff.offered_at:
            yield f"clock {clock.id} ({clock.promise}): waits since {clock.arrived_at}, was offered at {handoff.offered_at}"
        for step in facts.steps.get(clock.id, ()):
            yield from _of_step(clock, step, happened[lead_id], done[lead_id])
        # A lead that came back is owed under the promise of this time, whatever became of an earlier one.
        is_owed = newest[clock.promise, lead_id] == clock.id and _is_owed(clock, facts, lead_id)
        if clock.state == "running" and not is_owed:
            yield f"clock {clock.id} ({clock.promise}): is {clock.state}, but its lead {lead_id} no longer waits for it"
        if _was_stopped(clock, facts) and is_owed:
            yield f"clock {clock.id} ({clock.promise}): does nothing more, though its lead {lead_id} still waits"


def _of_step(
    clock: ClockLine, step: StepRow, happened: dict[datetime, set[str]], done: set[tuple[str, datetime]]
) -> Iterator[str]:
    wanted = _wanted(clock, step)
    if wanted is not None and not wanted & _beside(happened, clock, step):
        yield f"clock {clock.id} ({clock.promise}): {step.kind} {step.code} at {step.recorded_at}, when nothing ended it"
    elif step.kind in ("met", "answered") and not _was_done(clock, step, done):
        yield f"clock {clock.id} ({clock.promise}): {step.kind} at {step.occurred_at}, when nothing was done"


def _lead_id(clock: ClockLine, facts: Facts) -> int:
    handoff = facts.handoffs.get(clock.handoff_id or 0)
    return handoff.lead_id if handoff else clock.lead_id or 0


def _wanted(clock: ClockLine, step: StepRow) -> set[str] | None:
    if step.kind in ("met", "answered"):
        return ANSWERS.get(clock.promise, set())
    if step.code in ("away", "left") and clock.promise not in OF_HOLDER:  # handed on without its lead
        return None
    return CANCELS.get(step.code, set()) if step.kind == "cancelled" else None


def _was_done(clock: ClockLine, step: StepRow, done: set[tuple[str, datetime]]) -> bool:
    return any((kind, step.occurred_at) in done for kind in ANSWERS.get(clock.promise, set()))


def _beside(happened: dict[datetime, set[str]], clock: ClockLine, step: StepRow) -> set[str]:
    """Give what happened at the instant of a step; an answer that the sweep was faster than is recorded with the miss, right after it."""
    found = set(happened.get(step.recorded_at, ()))
    if step.kind == "answered" and step.recorded_at == clock.detected_at:
        found.update(*(kinds for at, kinds in happened.items() if clock.started_at <= at <= step.recorded_at))
    return found


def _was_stopped(clock: ClockLine, facts: Facts) -> bool:
    """Tell whether a miss stopped before the end of its plan, neither answered nor by its lead being given to another."""
    is_open = clock.state == "missed" and clock.next_action_at is None and clock.answered_at is None
    if not is_open or clock.plan_position >= len(clock.plan):
        return False
    return not any(step.code in MOVED for step in facts.steps.get(clock.id, ()))


def _is_owed(clock: ClockLine, facts: Facts, lead_id: int) -> bool:
    """Tell whether whoever made the promise still has the lead, where it was."""
    lead = facts.leads[lead_id]
    if clock.promise == "assign":
        return lead.queue_id == clock.team_id
    if clock.handoff_id is not None:
        handoff = facts.handoffs[clock.handoff_id]
        return handoff.state == "open" and handoff.assignee_id == clock.user_id
    if clock.promise == "accept":  # of a lead that a colleague offers
        return clock.user_id is not None and waiting(facts.events.get(lead_id, ())) == clock.user_id
    if clock.promise in AT_STAGES:
        return lead.stage in AT_STAGES[clock.promise]
    return lead.stage in WORKED.get(clock.promise, ("sal",)) and lead.owner_id == clock.user_id
