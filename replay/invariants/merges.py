"""Merges: which rows say so, what each event tells of, and which clocks went along."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from leads.models import Merge
from replay.invariants.facts import EventRow, Facts

MOVING = ("merged", "gave_back")
"""Events of leads from which clocks went to the other one; what is given back began on the kept one where it names it."""


def origins(facts: Facts) -> dict[int, int]:
    """Give, by clock that a merge brought to another lead, the lead on which it began."""
    moves = sorted((event.id, event) for events in facts.events.values() for event in events if event.kind in MOVING)
    found: dict[int, int] = {}
    for _, event in moves:
        for clock_id in event.facts.get("moved", ()):
            found.setdefault(clock_id, event.lead_id)
    return found


def differences(facts: Facts) -> Iterator[str]:
    """Compare the rows of merges with the events of both leads, and each clock that a merge ended with what it ended for."""
    told: dict[int, dict[str, EventRow]] = {}
    for events in facts.events.values():
        for event in events:
            if event.kind in ("merged", "took_in", "unmerged", "gave_back"):
                told.setdefault(event.facts.get("merge", 0), {})[event.kind] = event
    rows = {row.pk: row for row in Merge.objects.order_by("pk")}
    for merge_id in told.keys() - rows.keys():
        yield f"merge {merge_id}: it has events, and no row"
    for row in rows.values():
        yield from (f"merge {row.pk}: {words}" for words in _of_row(row, told.get(row.pk, {}), facts))


def _of_row(row: Merge, told: dict[str, EventRow], facts: Facts) -> Iterator[str]:
    wanted: dict[str, tuple[int, int | None, datetime | None]] = {
        "merged": (row.gone_id, row.merged_by_id, row.merged_at),
        "took_in": (row.kept_id, row.merged_by_id, row.merged_at),
    }
    if row.undone_at is not None:
        wanted |= {
            "unmerged": (row.gone_id, row.undone_by_id, row.undone_at), "gave_back": (row.kept_id, row.undone_by_id, row.undone_at)
        }  # fmt: skip
    there = {kind: (event.lead_id, event.actor_id, event.recorded_at) for kind, event in told.items()}
    if there != wanted:
        yield f"its events are {there}, by its row {wanted}"
        return
    if told["merged"].facts.get("into") != row.kept_id or told["took_in"].facts.get("lead") != row.gone_id:
        yield "its events name other leads than its row"
    for clock_id in told["merged"].facts.get("moved", ()):
        clock = facts.clocks.get(clock_id)
        if row.undone_at is not None and clock is not None and clock.lead_id != row.gone_id:
            yield f"clock {clock_id} is on lead {clock.lead_id}, though the merge was undone"
    for clock_id, survivor_id in told["merged"].facts.get("ended", ()):
        clock, survivor = facts.clocks.get(clock_id), facts.clocks.get(survivor_id or 0)
        if clock is None or clock.state not in ("cancelled", "missed"):
            yield f"clock {clock_id} had to end"
        was_missed = survivor is not None and survivor.detected_at is not None and survivor.detected_at <= row.merged_at
        if survivor is not None and clock is not None and survivor.due_at > clock.due_at and not was_missed:
            yield f"clock {survivor_id} went on, though clock {clock_id} was due before"
