"""What events, handoffs and clocks are pinned to: the agreement version, the handoff, the tier, and who decided.

What cannot be told from events: which calendar a person or a team had when a clock began, and which team a person was in then. A clock's times
are reckoned from the calendar that it names (``clocks``); its team is compared where a team's queue owes the promise (``stories``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from replay.invariants import merges
from replay.invariants.facts import ClockLine, EventRow, Facts, HandoffRow
from replay.invariants.inforce import Times

JUDGED = ("qualified", "handed_off", "handoff_refused", "triage_needed")
"""What is done under the version in force."""
PINNED = (
    "accepted",
    "assigned",
    "queued",
    "qualified_for_sales",
    "rated",
    "recycled",
    "transfer_offered",
    "transferred",
)
"""What is done under the version of the newest handoff, else the one in force."""
DECIDED = ("rejected", "recalled", "opportunity_opened", "won", "lost", "disqualified")
"""What names the version of the newest handoff, if there was one."""
UNDER_HANDOFF = (*PINNED, *DECIDED, "attempted", "conversed", "rerouted", "transfer_ended")
NOW = ("triage", "complete", "nurture", "respond")
"""What is promised by the version in force when it begins."""
TIERS = {"triage": "hot", "nurture": "standard"}
MOVES = {
    "reassign": "reassign_not_applicable", "auto_accept": "auto_accept_moot", "return_to_queue": "to_queue_not_applicable",
}  # fmt: skip
EXCHANGED = ("asked", "replied", "question_withdrawn", "disputed", "dispute_closed")
MARKED = ("paused", "resumed", "excused", "recomputed")
LOGGED_LATE = "in_time_logged_late"


class Newest(NamedTuple):
    """The newest handoff of a lead so far, and its version."""

    handoff_id: int | None = None
    version_id: int | None = None


def differences(facts: Facts) -> Iterator[str]:
    """Compare versions, handoffs and tiers."""
    times = Times(facts)
    for lead_id, events in facts.events.items():
        yield from (f"lead {lead_id}: {words}" for words in _events(events, facts, times))
        yield from _handoffs(events, facts)
    yield from of_clocks(facts)


def of_clocks(facts: Facts) -> Iterator[str]:
    """Compare the versions, tiers and steps of the clocks."""
    times = Times(facts)
    handoffs: dict[int, list[HandoffRow]] = defaultdict(list)
    for handoff in facts.handoffs.values():
        handoffs[handoff.lead_id].append(handoff)
    origins = merges.origins(facts)
    for clock in facts.clocks.values():
        began_on = clock._replace(lead_id=origins.get(clock.id, clock.lead_id))
        found = [*_clock(began_on, facts, handoffs, times), *_steps(clock, facts)]
        yield from (f"clock {clock.id} ({clock.promise}): {words}" for words in found)


def _events(events: Iterable[EventRow], facts: Facts, times: Times) -> Iterator[str]:
    newest = Newest()
    for event in events:
        if event.kind == "handed_off":
            newest = Newest(event.handoff_id, event.version_id)
        elif event.kind in EXCHANGED:
            continue  # see replay.invariants.exchange
        elif event.handoff_id != _handoff_of(event, newest):
            yield f"{event.kind} {event.id} is under handoff {event.handoff_id}, its newest was {newest.handoff_id}"
        allowed = _versions(event, newest, times)
        if event.version_id not in allowed:
            yield f"{event.kind} {event.id} is under version {event.version_id}, by its time under {sorted(allowed, key=str)}"
        if event.kind == "qualified_for_sales" and event.version_id in facts.terms:
            asked = sorted(line["code"] for line in facts.terms[event.version_id or 0]["sql_checklist"])
            if event.facts.get("checklist") != asked:
                yield f"{event.kind} {event.id} confirms {event.facts.get('checklist')}, its terms ask for {asked}"


def _handoff_of(event: EventRow, newest: Newest) -> int | None:
    """Give the handoff that an event is under."""
    is_of_history = event.kind == "won" and event.handoff_id is None and event.occurred_at < event.recorded_at
    return newest.handoff_id if event.kind in UNDER_HANDOFF and not is_of_history else None


def _versions(event: EventRow, newest: Newest, times: Times) -> Collection[int | None]:
    if (event.kind in JUDGED and event.code != "history") or (event.kind in PINNED and newest.handoff_id is None):
        return times.agreements(event.recorded_at)
    if event.kind in PINNED or (event.kind in DECIDED and event.handoff_id is not None):
        return {newest.version_id}
    return {None}


def _handoffs(events: Iterable[EventRow], facts: Facts) -> Iterator[str]:
    """Each handoff says who offered it under which version, who decided, and why."""
    offered: dict[int, EventRow] = {}
    decided: dict[int, tuple[int | None, str]] = {}
    for event in events:
        handoff_id = event.handoff_id or 0
        if event.kind == "handed_off":
            offered[handoff_id] = event
        elif event.kind == "rejected" and event.facts.get("returned"):
            decided[handoff_id] = (decided.get(handoff_id, (None, ""))[0], event.code)
        elif event.kind in ("accepted", "rejected", "recalled"):
            decided[handoff_id] = (event.actor_id, event.code if event.kind == "rejected" else "")
    for handoff_id, event in offered.items():
        row = facts.handoffs.get(handoff_id)
        if row is None:
            continue
        by, reason = decided.get(handoff_id, (None, ""))
        there = (row.version_id, row.offered_by_id, row.decided_by_id, row.reason)
        wanted = (event.version_id, event.actor_id, by, reason)
        if there != wanted:
            yield f"lead {row.lead_id}: handoff {handoff_id} says version, offered by, decided by, reason {there}, its events {wanted}"


# Clocks ---------------------------------------------------------------------------------------------------------------


def _clock(clock: ClockLine, facts: Facts, handoffs: dict[int, list[HandoffRow]], times: Times) -> Iterator[str]:
    """A clock counts for the tier and under the version of the handoff that its lead is worked under; duties of marketing under that in force.

    When its wait began: as it started, else as it was offered (``endings``, for the clocks of handoffs).
    """
    began = next((step.recorded_at for step in facts.steps.get(clock.id, ()) if step.kind == "started"), None)
    if began is None or clock.question_id or clock.dispute_id:  # which see replay.invariants.exchange
        return
    handoff = facts.handoffs.get(clock.handoff_id or 0) or _newest_at(handoffs.get(clock.lead_id or 0, ()), began)
    tier = TIERS.get(clock.promise, handoff.tier if handoff else "standard")
    if clock.tier != tier and clock.promise != "complete":  # which was judged when it could not be handed off
        yield f"counts for tier {clock.tier}, its lead was {tier}"
    if clock.promise in NOW:
        if clock.version_id not in times.agreements(began):
            yield f"counts under version {clock.version_id}, in force were {sorted(times.agreements(began))}"
    elif handoff is not None and clock.version_id != handoff.version_id:
        yield f"counts under version {clock.version_id}, its handoff is under {handoff.version_id}"
    if clock.lead_id is not None and clock.arrived_at != began:
        yield f"waits since {clock.arrived_at}, by its events since {began}"


def _newest_at(handoffs: Iterable[HandoffRow], at: datetime) -> HandoffRow | None:
    return max((row for row in handoffs if row.offered_at <= at), key=lambda row: row.ordinal, default=None)


def _steps(clock: ClockLine, facts: Facts) -> Iterator[str]:
    """Each step stands at its place of the plan, with the action that the plan says."""
    for step in facts.steps.get(clock.id, ()):
        if step.kind in MARKED:  # compared with the rows of their own
            continue
        is_planned = step.kind in ("warned", "escalated")
        line = clock.plan[step.ordinal] if is_planned and step.ordinal < len(clock.plan) else [None, None]
        if is_planned and line[0] != step.percent:
            yield f"{step.kind} at {step.percent} % stands at place {step.ordinal} of a plan that says {line[:2]}"
        if not is_planned and (step.ordinal, step.percent) != (0, 100 if step.kind == "missed" else None):
            yield f"{step.kind} stands at place {step.ordinal} with {step.percent} %"
        if step.kind in ("started", "cancelled") and step.occurred_at != step.recorded_at:
            yield f"{step.kind} at {step.occurred_at} was recorded at {step.recorded_at}"
        codes = _codes(step.kind, clock, str(line[1]), step.occurred_at)
        if codes is not None and step.code not in codes:
            yield f"{step.kind} says “{step.code}”, which had to be {sorted(codes)}"


def _codes(kind: str, clock: ClockLine, action: str, occurred_at: datetime) -> set[str] | None:
    if kind == "cancelled":  # its code is looked at beside its event
        return None
    if kind == "answered":
        return {LOGGED_LATE if clock.arrived_at <= occurred_at <= clock.due_at else ""}
    if kind == "escalated":
        return {action, MOVES.get(action, action)}
    return {""}
