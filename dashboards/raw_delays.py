"""Both delays of each miss once more: from when it arrived, began and was answered, by the hours that it was pinned to.

What clocks say their delays were is not read, only whether they say that anything passed before: of old ones nobody knows.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from leads.models import ClockPause, ClockStep
from sla.business_time import BusinessCalendar, between
from sla.hours import calendars
from sla.models import CalendarVersion

CHUNK = 5_000
Pauses = tuple[tuple[datetime, datetime], ...]


def raw_delays(starts_at: datetime, ends_at: datetime) -> dict[str, int]:
    """Give for each promise how many misses fell due in the period with a system and with a human delay, and the medians, in business seconds."""
    found: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for measure, promise, taken in _delays(starts_at, ends_at):
        found[measure, promise].append(taken)
    figures = {}
    for (measure, promise), delays in found.items():
        figures[f"promise.{measure} promise={promise}"] = len(delays)
        figures[f"promise.{measure}.p50 promise={promise}"] = sorted(delays)[math.ceil(len(delays) / 2) - 1]
    return figures


def _delays(starts_at: datetime, ends_at: datetime) -> Iterator[tuple[str, str, int]]:
    hours, pauses, answers = _hours(), _pauses(), _answers(starts_at, ends_at)
    misses = ClockStep.objects.filter(
        kind="missed", clock__campaign=None, clock__period=None, clock__due_at__gte=starts_at, clock__due_at__lt=ends_at
    )
    rows = misses.values_list(
        "clock_id", "clock__promise", "clock__calendar_version_id", "clock__arrived_at", "clock__started_at",
        "clock__waited_seconds",
    )  # fmt: skip
    for clock_id, promise, version_id, arrived_at, started_at, kept in rows.order_by("id").iterator(CHUNK):
        calendar = hours[version_id]
        if kept is not None:
            yield "missed_waited", promise, between(arrived_at, started_at, calendar)
        if clock_id in answers:
            taken = between(started_at, answers[clock_id], calendar, pauses.get(clock_id, ()))
            yield "missed_answered", promise, taken


def _hours() -> dict[int, BusinessCalendar]:
    return calendars(CalendarVersion.objects.values_list("id", flat=True))


def _pauses() -> dict[int, Pauses]:
    """Give the pauses of all clocks that ever had any, in their order."""
    found: dict[int, Pauses] = {}
    rows = ClockPause.objects.order_by("started_at").values_list("clock_id", "started_at", "ended_at")
    for clock_id, started_at, ended_at in rows:
        if ended_at is not None:
            found[clock_id] = (*found.get(clock_id, ()), (started_at, ended_at))
    return found


def _answers(starts_at: datetime, ends_at: datetime) -> dict[int, datetime]:
    """Give when we learnt of the answer to each miss: what was done in time and logged late was answered when it was logged."""
    steps = ClockStep.objects.filter(kind="answered", clock__due_at__gte=starts_at, clock__due_at__lt=ends_at)
    return dict(steps.values_list("clock_id", "recorded_at"))
