"""Write audit entries and notices inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ledger.models import AuditEntry, Notice
from ledger.rows import insert_rows
from ledger.wording import IN_APP, wording

GATHERING = timedelta(minutes=1)
"""How long what comes after an outage is gathered: longer than the sweep takes to record all of it."""


@dataclass(frozen=True, slots=True)
class Told:
    """A notice to be: whom, what code, about which subject. ``not_before`` null means at once.

    One that ``is_late`` tells of what happened a while ago; its email waits ``GATHERING`` for others of its kind, to go out with them.
    """

    user_id: int
    code: str
    subject_type: str
    subject_id: int
    facts: Mapping[str, Any] = field(default_factory=dict)
    not_before: datetime | None = None
    is_late: bool = False


AUDIT_COLUMNS = ("at", "actor_id", "verb", "subject_type", "subject_id", "count", "facts")
NOTICE_COLUMNS = (
    "channel", "code", "recipient_id", "subject_type", "subject_id", "facts", "created_at", "not_before", "state",
    "next_attempt_at", "attempt_count", "sent_at", "read_at", "last_error",
)  # fmt: skip


def write_audit(
    *,
    at: datetime,
    actor_id: int | None,
    verb: str,
    subject_type: str,
    subject_ids: Sequence[int],
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Write the one audit entry of a verb call or sweep batch; ``facts`` holds ids and codes only."""
    single = subject_ids[0] if len(subject_ids) == 1 else None
    told = dict(facts or {}) if single is not None else {"ids": list(subject_ids), **(facts or {})}
    insert_rows(AuditEntry, AUDIT_COLUMNS, [(at, actor_id, verb, subject_type, single, len(subject_ids), told)])


def write_notices(notices: Sequence[Told], *, at: datetime) -> None:
    """Put ``notices`` into the outbox, a row for each channel of their code."""
    insert_rows(Notice, NOTICE_COLUMNS, [row for told in notices for row in _rows(told, at)])


def _rows(told: Told, at: datetime) -> list[tuple[Any, ...]]:
    start = told.not_before or at
    send_at = start + GATHERING if told.is_late else start
    head = (told.code, told.user_id, told.subject_type, told.subject_id, dict(told.facts), at, start)
    return [
        (channel, *head, *(("sent", None, 0, start) if channel == IN_APP else ("pending", send_at, 0, None)), None, "")
        for channel in wording(told.code).channels
    ]
