"""Nobody was given a lead while they were away, or would be when their hours opened; for who was away it went to who covers, or into the queue.

An absence counts from when it was noted, a minute later at the latest: who routes may have looked before (see ``staff``). It is looked
at as it ended; one that was taken back before it began is not there any more. Whoever accepts in person is there, whatever was noted.

What cannot be told from events: since when an absence was known that no audit entry tells of. It only explains why somebody was not given
what they did not answer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from replay.invariants.facts import ClockLine, EventRow, Facts, StepRow
from replay.invariants.reckoning import SlowCalendar
from replay.invariants.staff import BESIDE
from teams.models import Absence


class Leave(NamedTuple):
    """An absence, with the instant from which everybody knew of it, where that is known."""

    known_at: datetime | None
    starts_at: datetime
    ends_at: datetime


Leaves = Mapping[int, Sequence[Leave]]
Openings = Mapping[tuple[int, int, datetime], datetime]
"""By lead, person and instant, when the hours opened of what they owed from then on."""


def differences(facts: Facts) -> Iterator[str]:
    """Look at whom every lead was given to, and at what became of offers that nobody answered."""
    leaves, openings = _leaves(facts), _openings(facts)
    for row in facts.assignments:
        if row.user_id is not None and _away(row.lead_id, row.user_id, row.assigned_at, leaves, openings):
            yield f"assignment {row.id}: lead {row.lead_id} was given to {row.user_id}, who was away"
    for lead_id, events in facts.events.items():
        for event in events:
            if event.kind == "accepted" and event.user_id not in (None, event.actor_id):
                yield from _accepted(event, lead_id, leaves, openings)
    for clock_id, steps in facts.steps.items():
        for step in steps:
            if step.kind == "escalated" and step.code == "auto_accept":
                yield from _unanswered(facts.clocks[clock_id], step, facts, leaves)


def _accepted(event: EventRow, lead_id: int, leaves: Leaves, openings: Openings) -> Iterator[str]:
    if _away(lead_id, event.user_id or 0, event.recorded_at, leaves, openings):
        yield f"event {event.id}: lead {lead_id} was accepted for {event.user_id}, who was away"


def _unanswered(clock: ClockLine, step: StepRow, facts: Facts, leaves: Leaves) -> Iterator[str]:
    """What was accepted for somebody is theirs; only of who was away it is another’s, in the queue, or stays with who offered it."""
    handoff = facts.handoffs.get(clock.handoff_id or 0)
    lead_id = handoff.lead_id if handoff else clock.lead_id or 0
    beside = [event for event in facts.events.get(lead_id, ()) if event.recorded_at == step.recorded_at]
    taken = [event.user_id for event in beside if event.kind in ("accepted", "transferred") and event.code == "auto"]
    opening = SlowCalendar(facts.calendars[clock.calendar_version_id]).opening(step.recorded_at)
    absences = leaves.get(clock.user_id or 0, ())
    was_away = any(leave.starts_at <= opening and leave.ends_at >= step.recorded_at for leave in absences)
    if taken != [clock.user_id] and not was_away:
        yield f"clock {clock.id}: it was not accepted for {clock.user_id}, who was there, but for {taken}"


def _away(lead_id: int, user_id: int, at: datetime, leaves: Leaves, openings: Openings) -> bool:
    instants = (at, openings.get((lead_id, user_id, at), at))
    return any(
        leave.known_at is not None
        and leave.known_at < at
        and any(leave.starts_at <= instant < leave.ends_at for instant in instants)
        for leave in leaves.get(user_id, ())
    )


def _leaves(facts: Facts) -> Leaves:
    noted = {entry.facts["absence_id"]: entry.at for entry in facts.audit if entry.verb == "set_absence"}
    found: dict[int, list[Leave]] = defaultdict(list)
    for pk, user_id, starts_at, ends_at in Absence.objects.values_list("id", "user_id", "starts_at", "ends_at"):
        found[user_id].append(Leave(noted[pk] + BESIDE if pk in noted else None, starts_at, ends_at))
    return found


def _openings(facts: Facts) -> Openings:
    found = {}
    for clock in facts.clocks.values():
        handoff = facts.handoffs.get(clock.handoff_id or 0)
        lead_id = handoff.lead_id if handoff else clock.lead_id or 0
        for step in facts.steps.get(clock.id, ()):
            if step.kind == "started" and clock.user_id is not None:
                found[lead_id, clock.user_id, step.recorded_at] = max(clock.started_at, step.recorded_at)
    return found
