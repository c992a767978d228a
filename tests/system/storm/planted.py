"""Faults that the checks of a storm must find: each is planted by itself in what the storm left, looked for, and undone."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.db import connection, transaction

from ledger import triggers
from tests.system.storm.checks import quick

INDEXES = ("one_outcome_per_clock", "one_live_clock_per_promise_and_handoff", "one_live_clock_per_promise_and_lead")
A_MISS = """(
    SELECT min((facts ->> 'clock')::bigint) FROM ledger_notice WHERE code = 'clock_missed' AND channel = 'in_app')"""
ITS_STEP = f"kind = 'missed' AND clock_id = {A_MISS}"


class Plant(NamedTuple):
    """A fault: the statement that makes it, and the word that what is found of it begins with."""

    name: str
    statement: str
    word: str


PLANTS = [
    Plant(
        "a doubled miss",
        f"""
        INSERT INTO leads_clockstep (clock_id, kind, ordinal, percent, code, occurred_at, recorded_at)
        SELECT clock_id, kind, ordinal + 1, percent, code, occurred_at, recorded_at FROM leads_clockstep WHERE {ITS_STEP}
        """,
        "doubled",
    ),
    Plant(
        "a miss told twice",
        f"""
        INSERT INTO ledger_notice (channel, code, recipient_id, subject_type, subject_id, facts, created_at, not_before,
            state, attempt_count, last_error)
        SELECT channel, code, recipient_id, subject_type, subject_id, facts, created_at, not_before, state, 0, ''
        FROM ledger_notice WHERE code = 'clock_missed' AND channel = 'in_app' AND (facts ->> 'clock')::bigint = {A_MISS}
        """,
        "doubled",
    ),
    Plant("a lost miss", f"DELETE FROM leads_clockstep WHERE {ITS_STEP}", "lost"),
    Plant(
        "a clock that nobody looked at",
        f"""
        UPDATE leads_clock SET state = 'running', missed_at = NULL, detected_at = NULL, next_action_at = due_at
        WHERE id = {A_MISS}
        """,
        "lost",
    ),
    Plant(
        "a pause that is over, and nobody noticed",
        f"""
        WITH stopped AS (
            UPDATE leads_clock SET state = 'paused', missed_at = NULL, detected_at = NULL, next_action_at = due_at
            WHERE id = {A_MISS} RETURNING id, due_at)
        INSERT INTO leads_clockpause (clock_id, ordinal, reason, note, started_at, until)
        SELECT id, 9, 'later_date', '', due_at - interval '1 second', due_at FROM stopped
        """,
        "lost",
    ),
    Plant(
        "a miss before its time",
        f"""
        UPDATE storm_witness SET seen_at = (SELECT due_at FROM leads_clock WHERE id = {A_MISS})
        WHERE step_id = (SELECT id FROM leads_clockstep WHERE {ITS_STEP})
        """,
        "early",
    ),
    Plant(
        "a miss that says it was before its time",
        f"UPDATE leads_clockstep SET recorded_at = occurred_at WHERE {ITS_STEP}",
        "early",
    ),
    Plant(
        "a miss by a clock that is ahead",
        f"UPDATE leads_clockstep SET recorded_at = recorded_at + interval '15 minutes' WHERE {ITS_STEP}",
        "untrue",
    ),
    Plant(
        "a miss with the time of its detection",
        f"UPDATE leads_clockstep SET occurred_at = recorded_at WHERE {ITS_STEP}",
        "untrue",
    ),
]


class _Undone(Exception):
    """Ends the transaction of a planted fault."""


def overlooked(at: datetime) -> list[str]:
    """Plant each fault, and name those that the checks do not find."""
    return [plant.name for plant in PLANTS if not any(line.startswith(plant.word) for line in _found(plant, at))]


def _found(plant: Plant, at: datetime) -> list[str]:
    found: list[str] = []
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            for name, table in triggers.installed(connection):
                cursor.execute(triggers.drop_statement(connection, name, table))
            cursor.execute(f"DROP INDEX {', '.join(INDEXES)}")
            cursor.execute(plant.statement)
            assert cursor.rowcount > 0, f"nothing was planted: {plant.name}"
            found += quick(at)
            raise _Undone
    except _Undone:
        return found
