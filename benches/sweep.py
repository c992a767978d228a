"""Measure the sweep over many open clocks, on each engine that is there, in a database of its own.

*Idle*: nothing is due. *Due at once*: a twentieth of the clocks (50,000 of 1,000,000) has come due and is recorded as missed and told to its
rep, in the app and by email: two steps, two outbox rows and an audit entry beside the clock's own row. The control writes the same rows
with one statement on PostgreSQL; SQLite has no data-changing WITH, so there it is one statement per table in one transaction. Rounds take
turns; medians are compared (design page 8).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from statistics import median
from time import perf_counter
from typing import Any

from benches import _own_database
from benches._printing import note, report

BENCH = "sweep"
SETS = 20
ROUNDS = 3
IDLE_CALLS = 200
FIRST_DUE = datetime(2026, 3, 2, 10, 15, tzinfo=UTC)
APART = timedelta(seconds=10)
FAR = timedelta(days=30)


def main(arguments: Sequence[str]) -> int:
    """Run the bench on the engines named, each in a process of its own."""
    parser = argparse.ArgumentParser(prog="sweep")
    parser.add_argument("--clocks", type=int, default=1_000_000)
    parser.add_argument("--engine", choices=["postgresql", "sqlite"], help="only this one")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.here:
        return measure(options.clocks)
    engines = [options.engine] if options.engine else ["postgresql", "sqlite"]
    return max(_own_database.run(BENCH, engine, ["--clocks", str(options.clocks)]) for engine in engines)


def measure(clocks: int) -> int:
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    due = clocks // SETS
    filled = timed(lambda: fill(due))
    note(f"filled {due * SETS:,} open clocks in {filled:.0f} s")
    measure_idle("idle sweep")
    measure_due(due)
    measure_idle("idle sweep after the rounds")
    return 0


def measure_idle(figure: str) -> None:
    """Sweep where nothing is due, beside the bare query for what is due."""
    from django.db import connection

    from leads.sweep import sweep

    at = FIRST_DUE - timedelta(days=1)
    raw = "SELECT id FROM leads_clock WHERE next_action_at < %s ORDER BY next_action_at, id LIMIT 1"
    ours, control = [], []
    for _ in range(IDLE_CALLS):
        ours.append(timed(lambda: sweep(at=at)))
        with connection.cursor() as cursor:
            control.append(timed(lambda: (cursor.execute(raw, [instant(at)]), cursor.fetchall())))
    beside = median(control) * 1000
    report(BENCH, figure, median(ours) * 1000, "ms", engine=connection.vendor, control=beside)


def measure_due(due: int) -> None:
    """Sweep one set after the other, every second one by the control."""
    from django.db import connection

    from leads.sweep import sweep

    ours, control = [], []
    for number in range(ROUNDS):
        at = due_at(2 * number) + APART / 2
        begun = perf_counter()
        result = sweep(at=at)
        ours.append(due / (perf_counter() - begun))
        if (result.missed, result.escalated) != (due, due):
            raise AssertionError(f"{due} clocks were due, the sweep did {result}")
        vacuum()
        control.append(due / timed(lambda: by_hand(due_at(2 * number + 1) + APART / 2)))  # noqa: B023
        note(f"round {number + 1} of {ROUNDS}: {ours[-1]:,.0f} clocks/s, control {control[-1]:,.0f}")
        check_same(due, number)
        vacuum()
    report(BENCH, f"{due:,} due at once", median(ours), "clocks/s", engine=connection.vendor, control=median(control))


def check_same(due: int, number: int) -> None:
    """Refuse to compare unless both wrote the same: steps, notices and clocks that differ in nothing but their set."""
    from django.db.models import Count, Max, Sum

    from leads.models import Clock, ClockStep
    from ledger.models import Notice

    def written(set_number: int) -> dict[str, Any]:
        clocks = Clock.objects.filter(promise=promise(set_number), state="missed")
        at = due_at(set_number) + APART / 2
        return {
            "clocks": clocks.aggregate(n=Count("id"), position=Sum("plan_position"), late=Max("detected_at") - at),
            "steps": list(
                ClockStep.objects.filter(clock__in=clocks).values_list("kind", "ordinal", "code").annotate(n=Count("id"))
                .order_by("kind", "code")
            ),
            "notices": list(
                Notice.objects.filter(created_at=at).values_list("code", "channel", "state").annotate(n=Count("id"))
                .order_by("channel")
            ),
        }  # fmt: skip

    ours, control = written(2 * number), written(2 * number + 1)
    if ours != control or ours["clocks"]["n"] != due:
        raise AssertionError(f"the control wrote other rows: {ours} against {control}")


# Filling --------------------------------------------------------------------------------------------------------------


def promise(set_number: int) -> str:
    return f"set_{set_number:02d}"


def due_at(set_number: int) -> datetime:
    """Give the due time of a set: those that are measured come due one after the other, the rest far later."""
    return FIRST_DUE + set_number * APART + (FAR if set_number >= 2 * ROUNDS else timedelta(0))


def fill(due: int) -> None:
    """Make ``due`` handoffs and, on each of them, a running clock of each set."""
    from django.db import connection, transaction

    from leads.models import Contact, Handoff, Lead
    from ledger.rows import insert_rows
    from sla.models import CalendarVersion
    from tests.cast import SIGNED_AT, office, person, sign

    marketing, sales = office("Marketing", "marketing"), office("Sales", "sales")
    agreement = sign(person("Mona", marketing, is_manager=True), person("Sue", sales, is_manager=True))
    reps = [person(f"Rep{number}", sales).pk for number in range(100)]
    calendar = CalendarVersion.objects.latest("id").pk
    everyone = range(1, due + 1)
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":  # loads without looking up each foreign key
            cursor.execute("SET LOCAL session_replication_role = replica")
        names = [field.attname for field in Contact._meta.concrete_fields if not field.has_db_default()]
        blank = dict.fromkeys(names, "") | dict.fromkeys(("company_id", "email_key", "phone_key"))
        contacts = (
            {**blank, "id": n, "external_id": f"bench-{n}", "created_at": SIGNED_AT, "name": f"Contact {n}"}
            for n in everyone
        )
        insert_rows(Contact, names, [tuple(row[name] for name in names) for row in contacts])
        leads = [
            Lead(id=n, contact_id=n, stage="mql", captured_at=SIGNED_AT, last_touch_at=SIGNED_AT) for n in everyone
        ]
        load(Lead, leads)
        handoffs = [
            Handoff(
                id=n, lead_id=n, ordinal=1, version_id=agreement.version_id, tier="hot", offered_at=SIGNED_AT,
                assignee_id=reps[n % 100],
            )
            for n in everyone
        ]  # fmt: skip
        load(Handoff, handoffs)
        for set_number in range(SETS):
            cursor.execute(FILL, clock_values(set_number, calendar))
    vacuum()


def load(model: Any, objects: Sequence[Any]) -> None:
    from ledger.rows import insert_rows

    names = [field.attname for field in model._meta.concrete_fields if not field.has_db_default()]
    insert_rows(model, names, [tuple(getattr(row, name) for name in names) for row in objects])


FILL = """
INSERT INTO leads_clock (promise, side, tier, handoff_id, user_id, version_id, calendar_version_id, state,
    budget_seconds, grace_seconds, arrived_at, started_at, due_at, plan, plan_position, next_action_at)
SELECT %s, 'sales', 'hot', id, assignee_id, version_id, %s, 'running', 900, 0, %s, %s, %s, %s, 1, %s FROM leads_handoff
"""


def clock_values(set_number: int, calendar: int) -> list[Any]:
    due = due_at(set_number)
    started = due - timedelta(seconds=900)
    actions = [
        (66, "warn"), (100, "miss"), (100, "notify_rep"), (125, "notify_manager"), (150, "reassign"),
        (200, "notify_both_managers"),
    ]  # fmt: skip
    plan = [[percent, action, int(started.timestamp()) + 900 * percent // 100] for percent, action in actions]
    return [
        promise(set_number), calendar, instant(started), instant(started), instant(due), json.dumps(plan), instant(due),
    ]  # fmt: skip


# The control ----------------------------------------------------------------------------------------------------------


def by_hand(at: datetime) -> None:
    """Record the misses that are due with as few statements as the engine can."""
    from django.db import connection, transaction

    statements = [ONE_STATEMENT] if connection.vendor == "postgresql" else PER_TABLE
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement.replace(":at", "%s"), [instant(at)] * statement.count(":at"))


STEPS = "(VALUES ('missed', 0, ''), ('escalated', 2, 'notify_rep'))"
ONE_STATEMENT = f"""
WITH due AS (
    SELECT id FROM leads_clock WHERE next_action_at < :at ORDER BY next_action_at, id FOR UPDATE SKIP LOCKED
), moved AS (
    UPDATE leads_clock c SET state = 'missed', missed_at = c.due_at, detected_at = :at, plan_position = 3,
        next_action_at = to_timestamp((c.plan -> 3 ->> 2)::float)
    FROM due WHERE c.id = due.id AND c.state = 'running' AND c.plan_position = 1
    RETURNING c.id, c.promise, c.user_id, c.due_at, c.handoff_id
), steps AS (
    INSERT INTO leads_clockstep (clock_id, kind, ordinal, percent, code, occurred_at, recorded_at)
    SELECT moved.id, step.kind, step.ordinal, 100, step.code, moved.due_at, :at
    FROM moved CROSS JOIN {STEPS} AS step(kind, ordinal, code)
), told AS (
    INSERT INTO ledger_notice (channel, code, recipient_id, subject_type, subject_id, facts, created_at, not_before,
        state, next_attempt_at, attempt_count, sent_at, last_error)
    SELECT way.channel, 'clock_missed', moved.user_id, 'lead', h.lead_id,
        jsonb_build_object('clock', moved.id, 'promise', moved.promise, 'percent', 100, 'due_at', moved.due_at,
            'owed_by', moved.user_id),
        :at, :at, way.state, CASE WHEN way.state = 'pending' THEN :at::timestamptz END, 0,
        CASE WHEN way.state = 'sent' THEN :at::timestamptz END, ''
    FROM moved JOIN leads_handoff h ON h.id = moved.handoff_id
    CROSS JOIN (VALUES ('in_app', 'sent'), ('email', 'pending')) AS way(channel, state)
)
INSERT INTO ledger_auditentry (at, verb, subject_type, count, facts)
SELECT :at, 'sweep', 'clock', count(*), jsonb_build_object('ids', jsonb_agg(id)) FROM moved
"""
PER_TABLE = [
    f"""
INSERT INTO leads_clockstep (clock_id, kind, ordinal, percent, code, occurred_at, recorded_at)
SELECT c.id, step.column1, step.column2, 100, step.column3, c.due_at, :at
FROM leads_clock c CROSS JOIN {STEPS} AS step WHERE c.next_action_at < :at AND c.state = 'running'
""",
    """
INSERT INTO ledger_notice (channel, code, recipient_id, subject_type, subject_id, facts, created_at, not_before,
    state, next_attempt_at, attempt_count, sent_at, last_error)
SELECT way.column1, 'clock_missed', c.user_id, 'lead', h.lead_id,
    json_object('clock', c.id, 'promise', c.promise, 'percent', 100, 'due_at', c.due_at, 'owed_by', c.user_id),
    :at, :at, way.column2, CASE WHEN way.column2 = 'pending' THEN :at END, 0,
    CASE WHEN way.column2 = 'sent' THEN :at END, ''
FROM leads_clock c JOIN leads_handoff h ON h.id = c.handoff_id
CROSS JOIN (VALUES ('in_app', 'sent'), ('email', 'pending')) AS way
WHERE c.next_action_at < :at AND c.state = 'running'
""",
    """
INSERT INTO ledger_auditentry (at, verb, subject_type, count, facts)
SELECT :at, 'sweep', 'clock', count(*), json_object('ids', json_group_array(id)) FROM leads_clock
WHERE next_action_at < :at AND state = 'running'
""",
    """
UPDATE leads_clock SET state = 'missed', missed_at = due_at, detected_at = :at, plan_position = 3,
    next_action_at = datetime(json_extract(plan, '$[3][2]'), 'unixepoch')
WHERE next_action_at < :at AND state = 'running' AND plan_position = 1
""",
]


# Telling --------------------------------------------------------------------------------------------------------------


def instant(at: datetime) -> Any:
    from django.db import connection

    return connection.ops.adapt_datetimefield_value(at)


def vacuum() -> None:
    """Let the next round find the tables in order, as autovacuum would leave them."""
    from django.db import connection

    with connection.cursor() as cursor:
        tables = ("leads_clock", "leads_clockstep", "ledger_notice", "leads_handoff", "leads_lead")
        for table in tables:
            cursor.execute(f"VACUUM ANALYZE {table}" if connection.vendor == "postgresql" else f"ANALYZE {table}")


def timed(work: Callable[[], object]) -> float:
    begun = perf_counter()
    work()
    return perf_counter() - begun


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
