"""Leads that a step of their clock moves on: to somebody else, into the queue, or to the rep who did not answer.

Each is routed, told and given new clocks under locks of its own (``leads.escalation``), so it is counted in leads. The control copies what that
wrote to as many other leads, with one raw statement per table in one transaction: the same rows without a single decision.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from statistics import median
from time import perf_counter
from typing import Any

from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.models import Max

from benches._printing import note, report
from benches._sweep_rows import APART, FIRST_DUE, MOVE, Set, World, add_clocks, add_handoffs, vacuum
from leads.models import Assignment, Clock, ClockStep, Handoff, Lead, LeadEvent
from leads.routing.defaults import activate_default_routing
from leads.sweep import sweep
from ledger.models import AuditEntry, Notice
from teams.models import Availability
from tests.cast import SIGNED_AT

LEADS, ROUNDS, CAPACITY = 300, 3, 30_000
BEFORE_ALL_ELSE, AFTER_ALL_ELSE = FIRST_DUE + timedelta(days=56), FIRST_DUE + timedelta(minutes=10)
"""When they move, before and after the rest is measured: so that the clocks that begin in the former stay out of the latter."""
ACTIONS = {
    "to another rep": "reassign",
    "into the queue": "return_to_queue",
    "to who did not answer": "auto_accept",
}
WRITTEN: Sequence[Any] = (Clock, ClockStep, LeadEvent, Assignment, Notice, AuditEntry)
CHANGED: Mapping[Any, Sequence[str]] = {
    Clock: ("state", "missed_at", "detected_at", "plan_position", "next_action_at"),
    Handoff: ("state", "assignee_id", "assigned_at", "decided_at"),
    Lead: ("stage", "owner_id", "queue_id", "sal_at"),
}


def let_route(world: World) -> None:
    """Put the default rules into force, with reps who take as many leads as there are."""
    activate_default_routing(at=SIGNED_AT)
    Availability.objects.bulk_create(Availability(user_id=rep, open_lead_capacity=CAPACITY) for rep in world.reps)


def measure(world: World, at: datetime, words: str) -> None:
    """Print the leads per second of each of the ways, from ``at`` on."""
    for way, action in ACTIONS.items():
        ours, control = [], []
        for number in range(ROUNDS):
            at += APART
            took = _round(world, action, at)
            ours.append(LEADS / took[0])
            control.append(LEADS / took[1])
            note(f"leads moved on {way}, round {number + 1}: {ours[-1]:,.0f}/s, control {control[-1]:,.0f}")
        report(
            "sweep", f"leads moved on {way}, {LEADS} due, {words}", median(ours), "leads/s", engine=connection.vendor,
            control=median(control),
        )  # fmt: skip


def _round(world: World, action: str, at: datetime) -> tuple[float, float]:
    """Let the leads of one set move on, copy that to another, and give the seconds of both."""
    first = Handoff.objects.count() + 1
    add_handoffs(world, first, 2 * LEADS)
    add_clocks(world, Set("accept", at - APART / 2, (MOVE,)), first=first, count=LEADS, move=action)
    clocks = Clock.objects.aggregate(last=Max("id"))["last"]
    later = Set("accept", at + timedelta(days=1), (MOVE,))
    add_clocks(world, later, first=first + LEADS, count=LEADS, move=action)
    vacuum()
    marks = {model: model.objects.aggregate(last=Max("id"))["last"] or 0 for model in WRITTEN}
    begun = perf_counter()
    result = sweep(at=at)
    ours = perf_counter() - begun
    if result.reassigned != LEADS:
        raise AssertionError(f"{LEADS} leads were to move on, the sweep did {result}")
    vacuum()
    firsts = {Clock: clocks - LEADS + 1, Handoff: first, Lead: first}
    added = {model: model.objects.filter(id__gt=mark).count() for model, mark in marks.items()}
    statements = [_copying(model, marks, added) for model in WRITTEN] + [_changing(model, firsts) for model in CHANGED]
    begun = perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    control = perf_counter() - begun
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), [Clock]):
            cursor.execute(statement)
    return ours, control


def _copying(model: Any, marks: Mapping[Any, int], added: Mapping[Any, int]) -> str:
    """Copy the rows that are new since ``marks``, for the leads behind those that they are about."""
    mark, count = marks[Clock], added[Clock]
    shifted = {name: f"{name} + {LEADS}" for name in ("lead_id", "handoff_id", "subject_id")}
    shifted["clock_id"] = f"clock_id + CASE WHEN clock_id > {mark} THEN {count} ELSE {LEADS} END"
    if model is Clock:
        shifted["id"] = f"id + {count}"
    names = [field.column for field in model._meta.concrete_fields if field.column != "id" or model is Clock]
    values = ", ".join(shifted.get(name, name) for name in names)
    table = model._meta.db_table
    return f"INSERT INTO {table} ({', '.join(names)}) SELECT {values} FROM {table} WHERE id > {marks[model]}"


def _changing(model: Any, firsts: Mapping[Any, int]) -> str:
    """Change the rows of the leads behind as those of the leads that moved were changed."""
    table, first = model._meta.db_table, firsts[model]
    values = ", ".join(f"{name} = a.{name}" for name in CHANGED[model])
    return (
        f"UPDATE {table} SET {values} FROM {table} AS a "
        f"WHERE {table}.id = a.id + {LEADS} AND a.id BETWEEN {first} AND {first + LEADS - 1}"
    )
