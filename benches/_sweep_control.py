"""The control of the sweep: raw SQL that writes the same rows, in one statement where the engine can.

PostgreSQL does it all in one; SQLite has no data-changing WITH, so there it is one statement per table in one transaction. What is to be done
stands in tables of values, by the position at which a clock stands in its plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, ExpressionWrapper, F, fields

from benches._sweep_rows import MISS, TO_BOTH, TO_MANAGERS, WARN, Set, instant
from leads.models import Clock, ClockStep
from ledger.models import Notice

Values = Sequence[tuple[Any, ...]]

MOVES: Values = ((WARN, "running", 1), (MISS, "missed", 3), (TO_MANAGERS, "missed", 4), (TO_BOTH, "missed", 6))
"""At which position, the state after it and the position after it."""

STEPS: Values = (
    (WARN, "warned", 0, 66, ""),
    (MISS, "missed", 0, 100, ""),
    (MISS, "escalated", 2, 100, "notify_rep"),
    (TO_MANAGERS, "escalated", 3, 125, "notify_manager"),
    (TO_BOTH, "escalated", 5, 200, "notify_both_managers"),
)

NOTICES: Values = (
    (WARN, "clock_warned", 66, "owner", "in_app", "sent"),
    *((MISS, "clock_missed", 100, "owner", channel, state) for channel, state in (("in_app", "sent"), ("email", "pending"))),
    *((TO_MANAGERS, "clock_escalated", 125, "managers", channel, state)
      for channel, state in (("in_app", "sent"), ("email", "pending"))),
    *((TO_BOTH, "clock_escalated", 200, whom, channel, state)
      for whom in ("managers", "others") for channel, state in (("in_app", "sent"), ("email", "pending"))),
)  # fmt: skip


def by_hand(at: datetime) -> None:
    """Do what is due before ``at`` with as few statements as the engine can."""
    statements = [ONE_STATEMENT] if connection.vendor == "postgresql" else PER_TABLE
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement.replace(":at", "%s"), [instant(at)] * statement.count(":at"))


def _table(name: str, columns: str, rows: Values) -> str:
    return f"{name}({columns}) AS (VALUES {', '.join(map(str, rows))})"


PEOPLE = """people(whom, user_id, recipient_id) AS (
    SELECT 'owner', id, id FROM teams_user
    UNION SELECT 'managers', m.user_id, b.user_id
    FROM teams_membership m JOIN teams_membership b ON b.team_id = m.team_id AND b.is_manager
    UNION SELECT 'others', m.user_id, b.user_id
    FROM teams_membership m JOIN teams_team mine ON mine.id = m.team_id
    JOIN teams_membership b ON b.is_manager JOIN teams_team theirs ON theirs.id = b.team_id AND theirs.side <> mine.side
)"""
TABLES = ", ".join((
    _table("moves", "position, state, next_position", MOVES),
    _table("steps", "position, kind, ordinal, percent, code", STEPS),
    _table("notices", "position, code, percent, whom, channel, state", NOTICES),
    PEOPLE,
))  # fmt: skip

ONE_STATEMENT = f"""
WITH {TABLES}, due AS (
    SELECT id, plan_position AS position, next_action_at AS moment FROM leads_clock
    WHERE next_action_at < :at ORDER BY next_action_at, id FOR UPDATE SKIP LOCKED
), moved AS (
    UPDATE leads_clock c SET state = moves.state, plan_position = moves.next_position,
        missed_at = CASE WHEN moves.state = 'missed' THEN c.due_at END,
        detected_at = CASE WHEN c.detected_at IS NULL AND moves.state = 'missed' THEN :at ELSE c.detected_at END,
        next_action_at = to_timestamp((c.plan -> moves.next_position ->> 2)::float)
    FROM due JOIN moves ON moves.position = due.position WHERE c.id = due.id AND c.plan_position = due.position
    RETURNING c.id, c.promise, c.user_id, c.due_at, c.handoff_id, due.position, due.moment
), stepped AS (
    INSERT INTO leads_clockstep (clock_id, kind, ordinal, percent, code, occurred_at, recorded_at)
    SELECT moved.id, steps.kind, steps.ordinal, steps.percent, steps.code, moved.moment, :at
    FROM moved JOIN steps ON steps.position = moved.position
), told AS (
    INSERT INTO ledger_notice (channel, code, recipient_id, subject_type, subject_id, facts, created_at, not_before,
        state, next_attempt_at, attempt_count, sent_at, last_error)
    SELECT notices.channel, notices.code, people.recipient_id, 'lead', h.lead_id,
        jsonb_build_object('clock', moved.id, 'promise', moved.promise, 'percent', notices.percent, 'due_at', moved.due_at,
            'owed_by', moved.user_id),
        :at, :at, notices.state, CASE WHEN notices.state = 'pending' THEN :at::timestamptz END, 0,
        CASE WHEN notices.state = 'sent' THEN :at::timestamptz END, ''
    FROM moved JOIN leads_handoff h ON h.id = moved.handoff_id JOIN notices ON notices.position = moved.position
    JOIN people ON people.whom = notices.whom AND people.user_id = moved.user_id
)
INSERT INTO ledger_auditentry (at, verb, subject_type, count, facts)
SELECT :at, 'sweep', 'clock', count(*), jsonb_build_object('ids', jsonb_agg(id)) FROM moved
"""

PER_TABLE = [
    f"""
WITH {TABLES}
INSERT INTO leads_clockstep (clock_id, kind, ordinal, percent, code, occurred_at, recorded_at)
SELECT c.id, steps.kind, steps.ordinal, steps.percent, steps.code, c.next_action_at, :at
FROM leads_clock c JOIN steps ON steps.position = c.plan_position WHERE c.next_action_at < :at
""",
    f"""
WITH {TABLES}
INSERT INTO ledger_notice (channel, code, recipient_id, subject_type, subject_id, facts, created_at, not_before,
    state, next_attempt_at, attempt_count, sent_at, last_error)
SELECT notices.channel, notices.code, people.recipient_id, 'lead', h.lead_id,
    json_object('clock', c.id, 'promise', c.promise, 'percent', notices.percent, 'due_at', c.due_at, 'owed_by', c.user_id),
    :at, :at, notices.state, CASE WHEN notices.state = 'pending' THEN :at END, 0,
    CASE WHEN notices.state = 'sent' THEN :at END, ''
FROM leads_clock c JOIN leads_handoff h ON h.id = c.handoff_id JOIN notices ON notices.position = c.plan_position
JOIN people ON people.whom = notices.whom AND people.user_id = c.user_id
WHERE c.next_action_at < :at
""",
    """
INSERT INTO ledger_auditentry (at, verb, subject_type, count, facts)
SELECT :at, 'sweep', 'clock', count(*), json_object('ids', json_group_array(id)) FROM leads_clock WHERE next_action_at < :at
""",
    f"""
WITH {TABLES}
UPDATE leads_clock SET state = moves.state, plan_position = moves.next_position,
    missed_at = CASE WHEN moves.state = 'missed' THEN due_at END,
    detected_at = CASE WHEN detected_at IS NULL AND moves.state = 'missed' THEN :at ELSE detected_at END,
    next_action_at = datetime(json_extract(plan, '$[' || moves.next_position || '][2]'), 'unixepoch')
FROM moves WHERE moves.position = plan_position AND next_action_at < :at
""",
]


def check_same(ours: Set, control: Set, due: int) -> None:
    """Refuse to compare unless these sets are alike: in clocks, steps and notices that differ in nothing but their set."""
    left, right = written(ours.promise), written(control.promise)
    if left != right or sum(row["n"] for row in left[0]) != due:
        raise AssertionError(f"the control wrote other rows: {left} against {right}")


def written(promise: str) -> list[list[dict[str, Any]]]:
    """Count what there is of a set, its instants as distances from each other."""
    clocks = Clock.objects.filter(promise=promise)
    steps = ClockStep.objects.filter(clock__promise=promise)
    notices = Notice.objects.filter(facts__promise=promise)
    return [
        _counted(clocks, "state", "plan_position", late=_apart("detected_at", "missed_at"), ahead=_apart("next_action_at", "due_at")),
        _counted(steps, "kind", "ordinal", "percent", "code", after=_apart("occurred_at", "clock__due_at"),
                 seen=_apart("recorded_at", "occurred_at")),
        _counted(notices, "code", "channel", "state", "recipient_id", "facts__percent", sent=_apart("sent_at", "created_at"),
                 next=_apart("next_attempt_at", "not_before")),
    ]  # fmt: skip


def _apart(later: str, earlier: str) -> ExpressionWrapper:
    return ExpressionWrapper(F(later) - F(earlier), output_field=fields.DurationField())


def _counted(rows: Any, *names: str, **reckoned: ExpressionWrapper) -> list[dict[str, Any]]:
    keys = (*names, *reckoned)
    return list(rows.annotate(**reckoned).order_by(*keys).values(*keys).annotate(n=Count("id")))
