"""Promises that come and go beside who has a lead: ratings, answers to those who ask again, and what marketing owes.

Each began with an event, unless it ran already, and none began without. Who of marketing owes it cannot be told from events: a lead's marketer
changes without one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from replay.invariants import handing_on, merges
from replay.invariants.facts import ClockLine, EventRow, Facts
from replay.invariants.inforce import Times

ASKING = ("demo_request", "contact_request")
WORKED = ("sal", "sql", "opportunity")
VERDICTS = ("qualified_for_sales", "recycled", "disqualified")
PROMISES = frozenset(
    {"quick_rating", "full_feedback", "respond", "triage", "complete", "returned", "nurture"}
)  # fmt: skip
OF_SALES = ("quick_rating", "full_feedback", "respond")
STAGES = {
    "qualified": "mql", "accepted": "sal", "rejected": "lead", "recalled": "lead", "qualified_for_sales": "sql",
    "opportunity_opened": "opportunity", "won": "customer", "lost": "lost", "recycled": "recycled", "revived": "lead",
    "disqualified": "disqualified", "reopened": "lead", "merged": "merged",
}  # fmt: skip


class Duty(NamedTuple):
    """A promise that had to begin at an instant, unless it ran; owed by a person where events name one."""

    promise: str
    at: datetime
    user_id: int | None


@dataclass(slots=True)
class Life:
    """What matters of a lead while its events are told."""

    stage: str = "lead"
    owner_id: int | None = None
    handoff_id: int | None = None
    version_id: int | None = None
    has_talked: bool = False
    rated: set[int] = field(default_factory=set)
    rated_in_full: set[int] = field(default_factory=set)
    duties: list[Duty] = field(default_factory=list)


def differences(facts: Facts) -> Iterator[str]:
    """Compare the clocks of these promises with the events."""
    times, followers = Times(facts), set(handing_on.pairs().values())
    clocks: dict[int, list[ClockLine]] = defaultdict(list)
    brought: dict[int, list[ClockLine]] = defaultdict(list)
    origins = merges.origins(facts)
    for clock in facts.clocks.values():
        if clock.promise in PROMISES:
            clocks[origins.get(clock.id, clock.lead_id or 0)].append(clock)
            brought[clock.lead_id or 0].append(clock)
    for lead_id, events in facts.events.items():
        own = clocks.pop(lead_id, [])
        found = _of_lead(facts, times, events, own, followers, running=[*own, *brought[lead_id]])
        yield from (f"lead {lead_id}: {words}" for words in found)
    yield from (f"clock {clock.id}: of no lead" for rest in clocks.values() for clock in rest)


def _of_lead(
    facts: Facts, times: Times, events: list[EventRow], clocks: list[ClockLine], followers: set[int], *,
    running: list[ClockLine],
) -> Iterator[str]:  # fmt: skip
    """Compare the ``clocks`` that began on a lead with its events; ``running`` are also those that a merge brought along."""
    duties = _tell(facts, times, events)
    begun = {(clock.promise, _started(clock, facts)): clock for clock in clocks if clock.id not in followers}
    wanted = {(duty.promise, duty.at) for duty in duties}
    for duty in duties:
        clock = begun.get((duty.promise, duty.at))
        if clock is None and not any(_ran(other, duty, facts) for other in running):
            yield f"no clock for {duty.promise}, owed since {duty.at}"
        elif clock is not None and duty.promise in OF_SALES and clock.user_id != duty.user_id:
            yield f"clock {clock.id} ({clock.promise}) is owed by {clock.user_id}, by its events by {duty.user_id}"
    for key, clock in begun.items():
        if key not in wanted:
            yield f"clock {clock.id} ({clock.promise}) began at {key[1]}, when nothing asked for it"


def _started(clock: ClockLine, facts: Facts) -> datetime | None:
    return next((step.recorded_at for step in facts.steps.get(clock.id, ()) if step.kind == "started"), None)


def _ran(clock: ClockLine, duty: Duty, facts: Facts) -> bool:
    """Tell whether a clock of the same promise was running already."""
    if clock.promise != duty.promise:
        return False
    ends = [s.recorded_at for s in facts.steps.get(clock.id, ()) if s.kind in ("met", "missed", "cancelled")]
    began = _started(clock, facts)
    return began is not None and began < duty.at and (not ends or min(ends) >= duty.at)


def _tell(facts: Facts, times: Times, events: Iterable[EventRow]) -> list[Duty]:
    life = Life()
    together: dict[datetime, set[str]] = defaultdict(set)
    listed = list(events)
    for event in listed:
        together[event.recorded_at].add(event.kind)
    for event in listed:
        _sales(life, event, facts, times)
        _marketing(life, event, facts, times, together[event.recorded_at])
        _follow(life, event)
    return life.duties


def _sales(life: Life, event: EventRow, facts: Facts, times: Times) -> None:
    pinned = [life.version_id]
    if event.kind == "touched" and event.code in ASKING and life.stage in WORKED and life.owner_id:
        _owe(life, _duty("respond", event, life.owner_id), facts, times.agreements(event.recorded_at))
    elif event.kind == "conversed" and not life.has_talked and life.owner_id and _is_unrated(life, life.rated):
        _owe(life, _duty("quick_rating", event, life.owner_id), facts, pinned)
    elif event.kind in VERDICTS and life.stage == "sal" and life.owner_id and _is_unrated(life, life.rated_in_full):
        _owe(life, _duty("full_feedback", event, life.owner_id), facts, pinned)


def _is_unrated(life: Life, rated: set[int]) -> bool:
    return life.handoff_id is not None and life.handoff_id not in rated


def _marketing(life: Life, event: EventRow, facts: Facts, times: Times, together: set[str]) -> None:
    now = times.agreements(event.recorded_at)
    if event.kind == "triage_needed":
        _owe(life, _duty("triage", event), facts, now)
    elif event.kind == "handoff_refused" and not event.code:
        _owe(life, _duty("complete", event), facts, now)
    elif event.kind == "rejected":
        _owe(life, _duty("returned", event), facts, [life.version_id])
    elif event.kind in ("unmerged", "gave_back"):
        for promise in event.facts.get("afresh", ()):
            _owe(life, _duty(promise, event), facts, [life.version_id] if promise == "returned" else now)
    elif event.kind == "revived" and not together & {"qualified", "triage_needed"}:
        _owe(life, _duty("nurture", event), facts, now)


def _duty(promise: str, event: EventRow, user_id: int | None = None) -> Duty:
    return Duty(promise, event.recorded_at, user_id)


def _owe(life: Life, duty: Duty, facts: Facts, versions: Iterable[int | None]) -> None:
    """Note a duty, where every version that may count promises it."""
    terms: list[Mapping[str, Any]] = [facts.terms[version] for version in versions if version in facts.terms]
    if terms and all(any(item["code"] == duty.promise for item in known["promises"]) for known in terms):
        life.duties.append(duty)


def _follow(life: Life, event: EventRow) -> None:
    if event.kind == "captured" and event.facts.get("origin") == "sales":
        life.stage, life.owner_id = "sal", event.user_id
    life.stage = event.code if event.kind == "unmerged" else STAGES.get(event.kind, life.stage)
    if event.kind == "handed_off":
        life.handoff_id, life.version_id = event.handoff_id, event.version_id
    elif event.kind in ("accepted", "assigned", "queued"):
        life.owner_id = event.user_id if event.kind == "accepted" or life.stage in WORKED else None
    elif event.kind in ("rejected", "recalled", "revived", "reopened"):
        life.owner_id = None
        life.has_talked = life.has_talked and event.kind in ("rejected", "recalled")
    elif event.kind == "conversed":
        life.has_talked = True
    elif event.kind == "rated":
        (life.rated_in_full if event.code == "full" else life.rated).add(event.handoff_id or 0)
        life.rated.add(event.handoff_id or 0)
