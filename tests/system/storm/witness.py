"""A witness in the database itself: when each step of a clock was written by its own clock, and by which process.

What the program writes down as the time may be wrong; this cannot be. Delays and early steps are judged by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import connection

from ledger.selecting import select

INSTALL = """
CREATE TABLE storm_witness (
    step_id bigint PRIMARY KEY, seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    process text NOT NULL DEFAULT current_setting('application_name'));
CREATE FUNCTION storm_witness() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO storm_witness (step_id) SELECT id FROM written; RETURN NULL; END $$;
CREATE TRIGGER storm_witness AFTER INSERT ON leads_clockstep
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION storm_witness();
"""

DELAYS = """
SELECT extract(epoch FROM w.seen_at - s.occurred_at)::float
FROM leads_clockstep s JOIN storm_witness w ON w.step_id = s.id
WHERE s.kind = 'missed' AND s.actor_id IS NULL AND s.occurred_at >= %s AND s.occurred_at < %s
"""

BY_PROCESS = """
SELECT w.process, count(*) FROM leads_clockstep s JOIN storm_witness w ON w.step_id = s.id
WHERE s.kind IN ('warned', 'missed', 'escalated') AND s.actor_id IS NULL GROUP BY 1 ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class Delays:
    """How long after their due time misses were recorded by a sweep, in seconds."""

    count: int
    p50: float
    p99: float
    longest: float

    @staticmethod
    def of(ordered: Sequence[float]) -> Delays:
        """Sum up; at least one delay, the shortest first."""
        last = len(ordered) - 1
        return Delays(len(ordered), *(round(ordered[round(last * share)], 2) for share in (0.5, 0.99, 1)))

    @property
    def told(self) -> dict[str, float]:
        return asdict(self)


def install() -> None:
    """Call the witness, before the first clock starts."""
    with connection.cursor() as cursor:
        cursor.execute(INSTALL)


def delays(*spans: tuple[datetime, datetime]) -> Delays | None:
    """Look at the misses that fell due in these spans of time; nothing where there were none."""
    ordered = sorted(row[0] for span in spans for row in select(DELAYS, span))
    return Delays.of(ordered) if ordered else None


def steps_by_process() -> dict[str, int]:
    """Count what each process wrote of warnings, misses and escalations in nobody's name."""
    return dict(select(BY_PROCESS))
