"""What was written down with it: audit entries and imports."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from replay.invariants.facts import AuditRow, Facts

VERBS = {
    "captured": {"take_in"},
    "touched": {"take_in"},
    "completed": {"take_in", "complete"},
    "qualified": {"take_in", "qualify", "complete"},
    "handoff_refused": {"take_in", "hand_off", "complete"},
    "handed_off": {"take_in", "hand_off", "complete"},
    "assigned": {"take_in", "hand_off", "complete", "reroute", "claim", "assign", "reassign", "hand_in"},
    "queued": {"take_in", "hand_off", "complete", "reroute", "reassign", "hand_in"},
    "accepted": {"accept", "log_activity"},
    "rejected": {"reject", "return"},
    "rerouted": {"reroute"},
    "recalled": {"recall"},
    "attempted": {"log_activity"},
    "conversed": {"log_activity"},
    "rated": {"rate"},
    "qualified_for_sales": {"qualify_for_sales"},
    "opportunity_opened": {"open_opportunity"},
    "won": {"win", "record_history"},
    "lost": {"lose"},
    "recycled": {"recycle"},
    "revived": {"revive", "take_in"},
    "disqualified": {"disqualify"},
    "reopened": {"reopen"},
}
"""Which verb's audit entry stands beside an event of each kind."""

DEEDS = {
    "accept": {"accepted"},
    "assign": {"assigned"},
    "claim": {"assigned"},
    "complete": {"completed"},
    "disqualify": {"disqualified"},
    "hand_off": {"handed_off", "handoff_refused"},
    "lose": {"lost"},
    "open_opportunity": {"opportunity_opened"},
    "qualify": {"qualified"},
    "qualify_for_sales": {"qualified_for_sales"},
    "rate": {"rated"},
    "recall": {"recalled"},
    "record_history": {"won"},
    "recycle": {"recycled"},
    "reject": {"rejected"},
    "reopen": {"reopened"},
    "reroute": {"rerouted"},
    "return": {"rejected"},
    "revive": {"revived"},
    "win": {"won"},
}
"""Which event of each of its leads a verb leaves; one kind of them is enough."""


def differences(facts: Facts) -> Iterator[str]:
    """Look at audit entries and imports."""
    yield from _audit(facts)
    yield from _deeds(facts)
    yield from _imports(facts)


# Audit ----------------------------------------------------------------------------------------------------------------


def _audit(facts: Facts) -> Iterator[str]:
    """Beside every event and every clock step stands an audit entry of its verb, with the same actor and instant."""
    entries: dict[tuple[datetime, int | None], list[AuditRow]] = defaultdict(list)
    for entry in facts.audit:
        entries[entry.at, entry.actor_id].append(entry)
    for events in facts.events.values():
        for event in events:
            beside = entries.get((event.recorded_at, event.actor_id), ())
            if not any(entry.verb in VERBS[event.kind] and _covers(entry, event.lead_id) for entry in beside):
                yield f"event {event.id} ({event.kind} of lead {event.lead_id}): no audit entry"
    for steps in facts.steps.values():
        for step in steps:
            if (step.recorded_at, step.actor_id) not in entries:
                yield f"clock step {step.id} ({step.kind} of clock {step.clock_id}): no audit entry"
    for entry in facts.audit:
        ids = entry.facts.get("ids")
        if entry.subject_id is None and (ids is None or len(ids) != entry.size):
            yield f"audit entry {entry.id}: it counts {entry.size} subjects and names {ids}"


def _deeds(facts: Facts) -> Iterator[str]:
    """Beside every audit entry of a verb stand its events, of leads that are there."""
    kinds: dict[tuple[int, datetime, int | None], set[str]] = defaultdict(set)
    for lead_id, events in facts.events.items():
        for event in events:
            kinds[lead_id, event.recorded_at, event.actor_id].add(event.kind)
    for entry in facts.audit:
        if entry.subject_type != "lead":
            continue
        for lead_id in [entry.subject_id] if entry.subject_id is not None else entry.facts.get("ids", ()):
            if lead_id not in facts.leads:
                yield f"audit entry {entry.id} ({entry.verb}): no lead {lead_id}"
            elif entry.verb in DEEDS and not DEEDS[entry.verb] & kinds[lead_id, entry.at, entry.actor_id]:
                yield f"audit entry {entry.id} ({entry.verb} of lead {lead_id}): no event"


def _covers(entry: AuditRow, lead_id: int) -> bool:
    if entry.subject_type == "clock":
        return True
    return entry.subject_id == lead_id or lead_id in entry.facts.get("ids", ())


# Imports --------------------------------------------------------------------------------------------------------------


def _imports(facts: Facts) -> Iterator[str]:
    """created + updated + skipped + rejected = rows read (promise P7)."""
    for run_id, read, *counts in facts.imports:
        if sum(counts) != read:
            yield f"import {run_id}: {counts} do not add up to {read} rows"
        stored = facts.import_rows.get(run_id, {})
        states = [stored.get(state, 0) for state in ("created", "updated", "skipped", "rejected")]
        if states != counts:
            yield f"import {run_id}: it counts {counts}, its rows say {states}"
