"""What was written down with it: audit entries and imports.

An entry that was written twice is known by what it tells of: as many deeds had to be done. Entries of what leaves no events (campaigns,
people, agreements) are only compared with each other. That none was changed or taken out is for their seals to prove (``verify_audit``).
"""

from __future__ import annotations

import itertools
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from replay.invariants.endings import ANSWERS, MOVED
from replay.invariants.facts import AuditRow, ClockLine, EventRow, Facts, StepRow

VERBS = {
    "captured": {"take_in"},
    "touched": {"take_in"},
    "completed": {"take_in", "complete"},
    "qualified": {"take_in", "qualify", "complete"},
    "handoff_refused": {"take_in", "hand_off", "complete"},
    "handed_off": {"take_in", "hand_off", "complete"},
    "assigned": {
        "take_in",
        "hand_off",
        "complete",
        "reroute",
        "claim",
        "assign",
        "reassign",
        "hand_in",
        "accept_transfer",
    },
    "queued": {"take_in", "hand_off", "complete", "reroute", "reassign", "hand_in", "hand_on"},
    "accepted": {"accept", "log_activity", "reassign"},
    "rejected": {"reject", "return"},
    "rerouted": {"reroute"},
    "recalled": {"recall"},
    "transfer_offered": {"transfer"},
    "transferred": {"accept_transfer", "reassign"},
    "transfer_ended": {
        "decline_transfer",
        "withdraw_transfer",
        "reassign",
        "reroute",
        "assign",
        "return",
        "recycle",
        "disqualify",
        "qualify_for_sales",
        "open_opportunity",
        "hand_in",
        "hand_on",
    },
    "attempted": {"log_activity"},
    "conversed": {"log_activity"},
    "rated": {"rate"},
    "nurtured": {"nurture"},
    "triage_needed": {"take_in"},
    "qualified_for_sales": {"qualify_for_sales"},
    "opportunity_opened": {"open_opportunity"},
    "won": {"win", "record_history"},
    "lost": {"lose"},
    "recycled": {"recycle"},
    "revived": {"revive", "take_in"},
    "disqualified": {"disqualify"},
    "reopened": {"reopen"},
    "merged": {"merge"},
    "took_in": {"merge"},
    "unmerged": {"undo_merge"},
    "gave_back": {"undo_merge"},
    "asked": {"ask", "offer_help"},
    "replied": {"answer"},
    "question_withdrawn": {
        "withdraw_question",
        "win",
        "lose",
        "recycle",
        "disqualify",
        "reroute",
        "claim",
        "assign",
        "reassign",
        "hand_in",
        "hand_on",
        "reject",
        "return",
        "recall",
        "accept",
        "accept_transfer",
        "log_activity",
    },
    "disputed": {"dispute"},
    "dispute_closed": {"decide_dispute", "withdraw_dispute", "close_dispute"},
}
"""Which verb's audit entry stands beside an event of each kind."""

REASONED = ("reject", "return", "lose", "recycle", "disqualify")
"""Which verbs name the reason in their entry too."""

MANAGER_FROM = 3
"""From this handoff of a lead on a person hands it off, by that verb (design, domain page, *qualify*)."""

SWEPT = ("warned", "missed", "escalated", "reassigned")
"""What an entry of the sweep counts."""

NAMED = ("activity", "feedback")
"""What a verb makes one of: no two entries name the same."""

DEEDS = {
    "accept": {"accepted"},
    "assign": {"assigned"},
    "claim": {"assigned"},
    "complete": {"completed"},
    "disqualify": {"disqualified"},
    "hand_in": {"assigned", "queued", "transfer_ended"},
    "hand_off": {"handed_off", "handoff_refused"},
    "log_activity": {"attempted", "conversed"},
    "lose": {"lost"},
    "nurture": {"nurtured"},
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
    "take_in": {"captured", "touched"},
    "win": {"won"},
    "transfer": {"transfer_offered"},
    "accept_transfer": {"transferred"},
    "decline_transfer": {"transfer_ended"},
    "withdraw_transfer": {"transfer_ended"},
    "ask": {"asked"},
    "offer_help": {"asked"},
    "answer": {"replied"},
    "withdraw_question": {"question_withdrawn"},
    "dispute": {"disputed"},
    "withdraw_dispute": {"dispute_closed"},
    "merge": {"merged", "took_in"},
    "undo_merge": {"unmerged", "gave_back"},
    "close_dispute": {"dispute_closed"},
}
"""Which event of each of its leads a verb leaves; one kind of them is enough."""


def differences(facts: Facts) -> Iterator[str]:
    """Look at audit entries and imports."""
    yield from _audit(facts)
    yield from _deeds(facts)
    yield from _repeats(facts)
    yield from _imports(facts)


# Audit ----------------------------------------------------------------------------------------------------------------


def _audit(facts: Facts) -> Iterator[str]:
    """Beside every event and every clock step stands an audit entry of its verb, with the same actor and instant."""
    entries = _by_deed(facts)
    for events in facts.events.values():
        for event in events:
            beside = entries.get((event.recorded_at, event.actor_id), ())
            verbs = _verbs(event, facts)
            if not any(entry.verb in verbs and _covers(entry, event.lead_id) for entry in beside):
                yield f"event {event.id} ({event.kind} of lead {event.lead_id}): no audit entry"
    yield from of_clocks(facts)
    for entry in facts.audit:
        ids = entry.facts.get("ids") if entry.subject_id is None else [entry.subject_id]
        if ids is None or len(ids) != entry.size:
            yield f"audit entry {entry.id}: it counts {entry.size} subjects and names {ids}"


def of_clocks(facts: Facts) -> Iterator[str]:
    """Look only whether whoever did a step of a clock is whom an audit entry of that instant names."""
    entries = _by_deed(facts)
    for clock_id, steps in facts.steps.items():
        for step in steps:
            if not any((at, step.actor_id) in entries for at in _written_at(step, facts.clocks.get(clock_id), facts)):
                yield f"clock step {step.id} ({step.kind} of clock {step.clock_id}): no audit entry"


def _by_deed(facts: Facts) -> Mapping[tuple[datetime, int | None], list[AuditRow]]:
    entries: dict[tuple[datetime, int | None], list[AuditRow]] = defaultdict(list)
    for entry in facts.audit:
        entries[entry.at, entry.actor_id].append(entry)
    return entries


def _written_at(step: StepRow, clock: ClockLine | None, facts: Facts) -> Iterator[datetime]:
    """Give when the entry of a step may have been written: with it, or, where an answer waited for the sweep, when the answer was given."""
    yield step.recorded_at
    if clock is not None and step.kind == "answered" and step.recorded_at == clock.detected_at:
        handoff = facts.handoffs.get(clock.handoff_id or 0)
        events = facts.events.get(handoff.lead_id if handoff else clock.lead_id or 0, ())
        for event in events:
            is_answer = event.kind in ANSWERS.get(clock.promise, ()) and event.actor_id == step.actor_id
            if is_answer and clock.started_at <= event.recorded_at <= step.recorded_at:
                yield event.recorded_at


def _verbs(event: EventRow, facts: Facts) -> set[str]:
    handoff = facts.handoffs.get(event.handoff_id or 0) if event.kind == "handed_off" else None
    return {"hand_off"} if handoff is not None and handoff.ordinal >= MANAGER_FROM else VERBS.get(event.kind, set())


Deed = tuple[str, int, datetime, int | None]
"""A verb, a lead, when, by whom."""


def _deeds(facts: Facts) -> Iterator[str]:
    """Beside every audit entry of a verb stand its events, of leads that are there, with the reason that it names: one entry to a deed."""
    done: dict[tuple[int, datetime, int | None], list[EventRow]] = defaultdict(list)
    for lead_id, events in facts.events.items():
        for event in events:
            done[lead_id, event.recorded_at, event.actor_id].append(event)
    told: Counter[Deed] = Counter()
    for entry in facts.audit:
        for lead_id in _subjects(entry) if entry.subject_type == "lead" else ():
            of_lead = f"audit entry {entry.id} ({entry.verb} of lead {lead_id})"
            if lead_id not in facts.leads:
                yield f"{of_lead}: no lead {lead_id}"
            elif entry.verb in DEEDS:
                told[entry.verb, lead_id, entry.at, entry.actor_id] += 1
                there = done[lead_id, entry.at, entry.actor_id]
                codes = [event.code for event in there if event.kind in DEEDS[entry.verb]]
                count = told[entry.verb, lead_id, entry.at, entry.actor_id]
                yield from (f"{of_lead}: {words}" for words in _beside(entry, codes, count))


def _beside(entry: AuditRow, codes: Sequence[str], count: int) -> Iterator[str]:
    """Compare an entry, the ``count``-th of its deed, with the ``codes`` of the events that were left."""
    if not codes:
        yield "no event"
    elif count > len(codes):
        yield f"told again, it was done {len(codes)} times"
    elif entry.verb in REASONED and entry.facts.get("reason") not in codes:
        yield f"for {entry.facts.get('reason')}, by its events for {', '.join(codes)}"


def _repeats(facts: Facts) -> Iterator[str]:
    """Nothing is written down twice: what a verb made, what a sweep did, and what leaves no events."""
    seen: dict[tuple[str, Any], int] = {}
    swept: dict[datetime, Counter[str]] = defaultdict(Counter)
    for entry in facts.audit:
        keys = [(name, entry.facts[name]) for name in NAMED if name in entry.facts]
        if entry.subject_type not in ("lead", "clock"):
            keys.append(("", (*entry[1:7], json.dumps(entry.facts, sort_keys=True))))
        for key in keys:
            if seen.setdefault(key, entry.id) != entry.id:
                yield f"audit entry {entry.id} ({entry.verb}): told again, as entry {seen[key]}"
        if entry.verb in ("sweep", "reassign"):
            swept[entry.at].update({word: entry.facts.get(word, 0) for word in SWEPT})
    steps: dict[datetime, Counter[str]] = defaultdict(Counter)
    for step in itertools.chain(facts.steps_of_campaigns, *facts.steps.values()):
        if step.actor_id is None:
            steps[step.recorded_at][step.kind] += 1
            steps[step.recorded_at]["reassigned"] += step.kind == "escalated" and step.code in MOVED
    for at, told in swept.items():
        yield from (
            f"audit entries of {at}: told again, {told[word]} were {word}, by the steps {steps[at][word]}"
            for word in SWEPT
            if told[word] > steps[at][word]
        )


def _subjects(entry: AuditRow) -> Sequence[int]:
    return [entry.subject_id] if entry.subject_id is not None else entry.facts.get("ids", [])


def _covers(entry: AuditRow, lead_id: int) -> bool:
    if entry.subject_type == "clock":
        return True
    return entry.subject_type == "lead" and lead_id in _subjects(entry)


# Imports --------------------------------------------------------------------------------------------------------------


def _imports(facts: Facts) -> Iterator[str]:
    """created + updated + skipped + rejected = rows read (promise P7)."""
    finished = {entry.subject_id: entry for entry in facts.audit if entry.verb == "finish_import"}
    for run_id in finished.keys() - {row[0] for row in facts.imports}:
        yield f"import {run_id}: it was finished, and is not done"
    for run_id, user_id, finished_at, read, *counts in facts.imports:
        entry = finished.get(run_id)
        told = (
            [entry.facts.get(word) for word in ("read", "created", "updated", "skipped", "rejected")] if entry else None
        )
        if entry is None or (entry.actor_id, entry.at, told) != (user_id, finished_at, [read, *counts]):
            yield f"import {run_id}: by {user_id} at {finished_at} with {[read, *counts]}, by its audit entry {entry}"
        if sum(counts) != read:
            yield f"import {run_id}: {counts} do not add up to {read} rows"
        stored = facts.import_rows.get(run_id, {})
        states = [stored.get(state, 0) for state in ("created", "updated", "skipped", "rejected")]
        if states != counts:
            yield f"import {run_id}: it counts {counts}, its rows say {states}"
