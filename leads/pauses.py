"""Read what does not count for a clock."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from leads.clock_acts import ClockRow
from leads.models import ClockPause

Spans = tuple[tuple[datetime, datetime], ...]


def pauses_of(clocks: Iterable[ClockRow], at: datetime) -> dict[int, Spans]:
    """Give the pauses of those clocks that had any, an open one up to ``at``, or to when it ends by itself: one query where there are any."""
    return spans_of([clock.id for clock in clocks if clock.pause_count], at)


def spans_of(clock_ids: Iterable[int], at: datetime) -> dict[int, Spans]:
    """Give the pauses of these clocks, which were paused."""
    paused = list(clock_ids)
    if not paused:
        return {}
    found: dict[int, Spans] = {}
    rows = ClockPause.objects.filter(clock__in=paused).order_by("started_at")
    for clock_id, started_at, ended_at, until in rows.values_list("clock_id", "started_at", "ended_at", "until"):
        found[clock_id] = (*found.get(clock_id, ()), (started_at, ended_at or max(started_at, min(at, until))))
    return found
