"""What was told and written down with it: notices, audit entries, imports."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime

from replay.invariants.facts import AuditRow, Facts, NoticeRow

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


def differences(facts: Facts) -> Iterator[str]:
    """Look at notices of misses, audit entries and imports."""
    yield from _notices(facts)
    yield from _audit(facts)
    yield from _imports(facts)


# Notices --------------------------------------------------------------------------------------------------------------


def _notices(facts: Facts) -> Iterator[str]:
    """Everybody who had to hear of a miss was told once by each channel; nobody was told anything twice."""
    told: dict[int, list[NoticeRow]] = defaultdict(list)
    for notice in facts.notices:
        told[notice.facts["clock"]].append(notice)
    for clock_id, notices in told.items():
        if clock_id not in facts.clocks:
            yield f"notice {notices[0].id}: no clock {clock_id}"
        lines = Counter((n.code, n.facts.get("percent"), n.recipient_id, n.channel) for n in notices)
        yield from (f"clock {clock_id}: {key} was told {count} times" for key, count in lines.items() if count > 1)
    for clock_id, steps in facts.steps.items():
        for step in steps:
            if step.kind == "escalated" and step.code == "notify_rep":
                missed = [notice for notice in told[clock_id] if notice.code == "clock_missed"]
                yield from _told_of_miss(facts, clock_id, step.actor_id, missed)
        if not any(step.kind == "missed" for step in steps):
            yield from (
                f"clock {clock_id}: a miss was told that never was (notice {notice.id})"
                for notice in told[clock_id]
                if notice.code == "clock_missed"
            )


def _told_of_miss(facts: Facts, clock_id: int, actor_id: int | None, missed: list[NoticeRow]) -> Iterator[str]:
    """The rep, or the managers of the queue, except who found it by answering late themself."""
    clock = facts.clocks[clock_id]
    owers = {clock.user_id} if clock.user_id else facts.managers.get(clock.team_id or 0, set())
    wanted = Counter((user_id, channel) for user_id in owers - {actor_id} for channel in ("in_app", "email"))
    there = Counter((notice.recipient_id, notice.channel) for notice in missed)
    if wanted != there:
        yield f"clock {clock_id}: its miss was told to {sorted(there)}, not to {sorted(wanted)}"


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
