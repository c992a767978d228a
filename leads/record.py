"""What a verb leaves behind: events, clock steps, notices and one audit entry, written together.

A verb makes one ``Record``, its parts add lines to it, and ``write`` stores them in the verb's own transaction (promise P2).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from leads.models import ClockStep, LeadEvent
from ledger.rows import insert_rows
from ledger.writing import Told, write_audit, write_notices

EVENT_COLUMNS = (
    "lead_id", "kind", "handoff_id", "campaign_id", "user_id", "actor_id", "version_id", "code", "facts", "occurred_at",
    "recorded_at",
)  # fmt: skip
STEP_COLUMNS = ("clock_id", "kind", "ordinal", "percent", "code", "actor_id", "occurred_at", "recorded_at")


@dataclass(slots=True)
class Record:
    """The lines of one verb call. ``actor_id`` is null when the system acts; ``at`` is when it is recorded.

    What one that ``is_late`` tells is gathered before it goes out by email (``ledger.writing.GATHERING``).
    """

    verb: str
    actor_id: int | None
    at: datetime
    is_late: bool = False
    events: list[tuple[Any, ...]] = field(default_factory=list)
    steps: list[tuple[Any, ...]] = field(default_factory=list)
    notices: list[Told] = field(default_factory=list)

    def event(
        self,
        lead_id: int,
        kind: str,
        *,
        occurred_at: datetime | None = None,
        handoff_id: int | None = None,
        campaign_id: int | None = None,
        user_id: int | None = None,
        version_id: int | None = None,
        code: str = "",
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        """Add an event; ``occurred_at`` is the present unless given."""
        self.events.append(
            (lead_id, kind, handoff_id, campaign_id, user_id, self.actor_id, version_id, code, dict(facts or {}),
             occurred_at or self.at, self.at)
        )  # fmt: skip

    def note_fits(self, fits: Mapping[int, int | None]) -> None:
        """Put into the last event so far of each of these leads which fit it was given by what the event brought (null: unknown).

        What is known of people is corrected in place; the number is what stays, so that a past score can be told (decision 23).
        """
        last = {event[0]: event[EVENT_COLUMNS.index("facts")] for event in self.events}
        for lead_id in last.keys() & fits.keys():
            last[lead_id]["fit"] = fits[lead_id]

    def step(
        self,
        clock_id: int,
        kind: str,
        *,
        ordinal: int = 0,
        percent: int | None = None,
        code: str = "",
        occurred_at: datetime | None = None,
        recorded_at: datetime | None = None,
    ) -> None:
        """Add a clock step; ``occurred_at`` is the present unless given (the due time for a miss), and so is ``recorded_at``."""
        self.steps.append(
            (clock_id, kind, ordinal, percent, code, self.actor_id, occurred_at or self.at, recorded_at or self.at)
        )

    def tell(self, user_id: int | None, code: str, subject_type: str, subject_id: int, **facts: Any) -> None:
        """Add a notice, unless there is nobody to tell or it would tell the actor of their own deed."""
        self._tell(user_id, Told(user_id or 0, code, subject_type, subject_id, facts, is_late=self.is_late))

    def tell_late(self, user_id: int | None, code: str, subject_type: str, subject_id: int, **facts: Any) -> None:
        """The same of something that happened a while ago, whatever else this record tells."""
        self._tell(user_id, Told(user_id or 0, code, subject_type, subject_id, facts, is_late=True))

    def _tell(self, user_id: int | None, told: Told) -> None:
        if user_id is not None and user_id != self.actor_id:
            self.notices.append(told)

    def keep_clocks(self, clock_ids: Collection[int]) -> None:
        """Drop the steps and notices of all other clocks: somebody was first with these."""
        self.steps = [step for step in self.steps if step[0] in clock_ids]
        self.notices = [notice for notice in self.notices if notice.facts["clock"] in clock_ids]

    def write(self, subject_type: str, subject_ids: Sequence[int], **facts: Any) -> None:
        """Store all lines and the audit entry of this call."""
        insert_rows(LeadEvent, EVENT_COLUMNS, self.events)
        insert_rows(ClockStep, STEP_COLUMNS, self.steps)
        write_notices(self.notices, at=self.at)
        write_audit(
            at=self.at, actor_id=self.actor_id, verb=self.verb, subject_type=subject_type, subject_ids=subject_ids,
            facts=facts,
        )  # fmt: skip
