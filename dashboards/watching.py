"""The triggers that mark the days a change touches, in the transaction that makes it.

They see every way a figure can change: verbs, imports, a command, SQL by hand. On PostgreSQL a trigger runs once for a statement and marks
each hour once; on SQLite once for a row, and writes a mark only where there is none yet (writers take turns there). Rows that are not
counted, such as running clocks and open handoffs, leave no mark.
"""

from __future__ import annotations

from collections.abc import Sequence

from dashboards.families import BEGAN_ANEW, ENTERED_BY
from dashboards.models import Mark
from leads.models import Clock, Feedback, Handoff, Lead, LeadEvent
from ledger.triggers import watch

LEAD_COUNTED = (
    "origin", "source", "last_campaign_id", "captured_at", "mql_at", "sal_at", "sql_at", "opportunity_at", "customer_at",
    "advocate_at", "persona_id", "tier", "owner_id", "queue_id", "merged_into_id",
)  # fmt: skip
LEAD_GROUPED = ("origin", "source", "last_campaign_id", "persona_id", "merged_into_id")
LEAD_HELD = ("tier", "owner_id", "queue_id")
LEAD_DATED = ("origin", "captured_at", "customer_at")
HANDOFF_COUNTED = (
    "lead_id", "ordinal", "state", "decided_at", "reason", "was_returned", "is_overturned", "is_struck", "tier", "assignee_id",
)  # fmt: skip
FEEDBACK_COUNTED = ("lead_id", "user_id", "quality", "given_at")
CLOCK_COUNTED = (
    "promise", "side", "lead_id", "handoff_id", "question_id", "dispute_id", "tier", "user_id", "team_id", "state", "due_at", "answered_seconds",
    "waited_seconds", "late_seconds", "excused_at",
)  # fmt: skip

BOTH = "FROM old_rows old_row JOIN new_rows new_row ON new_row.id = old_row.id"

Kinds = Mark.Kinds
PUT = 'INSERT INTO dashboards_mark (kind, "at", "row") SELECT'
SQLITE, POSTGRESQL = ("OLD", "NEW"), ("old_row", "new_row")
"""How the row before and after is called; in plpgsql OLD and NEW mean something else."""

ENTERING = ", ".join(f"'{kind}'" for kind in sorted({*ENTERED_BY.values()}))
CONCERNING = ", ".join(f"'{kind}'" for kind in sorted({*ENTERED_BY.values(), *BEGAN_ANEW}))
ENDED = "{row}.state IN ('met', 'missed', 'cancelled')"


def watch_facts() -> None:
    """Declare the triggers on all tables that figures are counted from. The event log itself is append-only."""
    _watch_instants(Lead, Kinds.ARRIVALS, "captured_at", LEAD_COUNTED, also=_rows_of_leads())
    _watch_instants(Handoff, Kinds.HANDOFFS, "decided_at", HANDOFF_COUNTED, where="{row}.decided_at IS NOT NULL")
    _watch_instants(Feedback, Kinds.RATINGS, "given_at", FEEDBACK_COUNTED)
    _watch_instants(Clock, Kinds.PROMISES, "due_at", CLOCK_COUNTED, where=ENDED)
    _watch_events()


def _watch_instants(
    model: type[Lead | Handoff | Feedback | Clock], kind: str, instant: str, counted: Sequence[str], *,
    where: str = "TRUE", also: tuple[str, str] = ("", ""),
) -> None:  # fmt: skip
    """Mark the hour of ``instant`` of rows that are added, deleted, or changed in a ``counted`` column: before and after.

    Only rows ``where`` the condition holds are counted at all. ``also`` is what an update does besides, on SQLite and PostgreSQL.
    """
    for statement, side in (("INSERT", 1), ("DELETE", 0)):
        here, there = SQLITE[side], POSTGRESQL[side]
        watch(
            model, statement, into=Mark, when=where.format(row=here),
            sqlite=_mark_hour_sqlite(kind, f"{here}.{instant}"),
            postgresql=f"{PUT} DISTINCT '{kind}', {_hour(f'{there}.{instant}')}, NULL::bigint "
            f"FROM {there}s {there} WHERE {where.format(row=there)};",
        )  # fmt: skip
    changed_sqlite, changed_postgresql = _differs(counted)
    sides = ", ".join(f"({row}.{instant}, {where.format(row=row)})" for row in POSTGRESQL)
    watch(
        model, "UPDATE", into=Mark, when=changed_sqlite,
        sqlite=" ".join(_mark_hour_sqlite(kind, f"{row}.{instant}", where.format(row=row)) for row in SQLITE) + also[0],
        postgresql=f"{PUT} DISTINCT '{kind}', {_hour('side.instant')}, NULL::bigint {BOTH} "
        f"CROSS JOIN LATERAL (VALUES {sides}) AS side(instant, counts) WHERE {changed_postgresql} AND side.counts;{also[1]}",
    )  # fmt: skip


def _rows_of_leads() -> tuple[str, str]:
    """Mark leads whose events, clocks, handoffs and ratings belong to other groups after it, or whose days to win changed."""
    sqlite, postgresql = "", ""
    for kind, columns in ((Kinds.LEAD, LEAD_GROUPED), (Kinds.HOLDER, LEAD_HELD), (Kinds.WIN, LEAD_DATED)):
        differs_sqlite, differs_postgresql = _differs(columns)
        sqlite += f" {PUT} '{kind}', NULL, NEW.id WHERE {differs_sqlite};"
        postgresql += f" {PUT} '{kind}', NULL::timestamptz, new_row.id {BOTH} WHERE {differs_postgresql};"
    return sqlite, postgresql


def _watch_events() -> None:
    """Mark the hour in which a lead entered a stage, and the event: the lead's arrival counts it, other such entries become repeated."""
    hour_sqlite = _mark_hour_sqlite(Kinds.ENTRIES, "NEW.occurred_at", f"NEW.kind IN ({ENTERING})")
    watch(
        LeadEvent, "INSERT", into=Mark, when=f"NEW.kind IN ({CONCERNING})",
        sqlite=f"{hour_sqlite} {PUT} '{Kinds.EVENT}', NULL, NEW.id;",
        postgresql=f"{PUT} DISTINCT '{Kinds.ENTRIES}', {_hour('occurred_at')}, NULL::bigint "  # noqa: S608 - words of ours
        f"FROM new_rows WHERE kind IN ({ENTERING}) UNION ALL "
        f"SELECT '{Kinds.EVENT}', NULL, id FROM new_rows WHERE kind IN ({CONCERNING});",
    )  # fmt: skip


def _differs(columns: Sequence[str]) -> tuple[str, str]:
    """Say that one of ``columns`` changed, on SQLite and on PostgreSQL."""
    sqlite = " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in columns)
    before, after = (", ".join(f"{row}.{column}" for column in columns) for row in POSTGRESQL)
    return f"({sqlite})", f"({before}) IS DISTINCT FROM ({after})"


def _hour(instant: str) -> str:
    return f"date_trunc('hour', {instant}, 'UTC')"


def _mark_hour_sqlite(kind: str, instant: str, condition: str = "TRUE") -> str:
    """Django writes instants as text in UTC: the first 13 characters are the hour."""
    hour = f"substr({instant}, 1, 13) || ':00:00'"
    return (
        f"{PUT} '{kind}', {hour}, NULL WHERE {condition} "  # noqa: S608 - words of ours
        f"AND NOT EXISTS (SELECT 1 FROM dashboards_mark WHERE kind = '{kind}' AND \"at\" = {hour});"
    )
