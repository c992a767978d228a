"""A promise as it was recorded, and what can become of one. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

KEPT, MISSED, CANCELLED, OPEN = "kept", "missed", "cancelled", "open"
OUTCOMES = (KEPT, MISSED, CANCELLED, OPEN)
"""*open* is what is not decided yet."""

OUTCOME_OF_STATE = {"met": KEPT, "missed": MISSED, "cancelled": CANCELLED, "running": OPEN, "paused": OPEN}

Pauses = Sequence[tuple[datetime, datetime]]


@dataclass(frozen=True, slots=True)
class Recorded:
    """A clock of the past.

    ``began_at`` is when it was started (``started_at`` of a clock is the opening after that), nothing where no step says so. ``lead_id`` is the
    lead it is about, if any. ``stood_at`` is when it was paused for the last time, if it ended, or still is, in that pause, which is then not
    among ``pauses``. ``before`` is the date that a promise of that kind has to be kept before; ``share_percent`` is how much of its
    time it had.
    """

    id: int
    promise: str
    side: str
    tier: str
    state: str
    version_id: int
    calendar_version_id: int
    user_id: int | None
    team_id: int | None
    lead_id: int | None
    began_at: datetime | None
    due_at: datetime
    answered_at: datetime | None = None
    cancelled_at: datetime | None = None
    before: date | None = None
    share_percent: int = 100
    pauses: Pauses = ()
    stood_at: datetime | None = None

    @property
    def outcome(self) -> str:
        return OUTCOME_OF_STATE[self.state]


def outcome(clock: Recorded, due_at: datetime, answered_at: datetime | None, at: datetime) -> str:
    """Say what becomes of ``clock`` by ``at`` if it is due at ``due_at`` and answered at ``answered_at``.

    By the rules of ``leads.clocks``: answered at or before its due time is kept, and what is found overdue when it is cancelled is missed. What
    still runs is open unless it is due earlier than it was, and overdue already. What was missed and never answered is missed still, unless
    it is not due yet.
    """
    if clock.outcome == OPEN:
        return MISSED if due_at < min(clock.stood_at or at, clock.due_at) else OPEN
    if answered_at is not None and answered_at <= at:
        return KEPT if (clock.stood_at or answered_at) <= due_at else MISSED
    if clock.cancelled_at is not None:
        return MISSED if due_at < (clock.stood_at or clock.cancelled_at) else CANCELLED
    return MISSED if due_at < at else OPEN
