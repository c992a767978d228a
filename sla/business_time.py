"""Business time: the one arithmetic behind deadline, badge, report and dashboard.

Pure: no Django, no clock, no settings. Instants are aware and come back in UTC; durations are seconds of real time
that pass while the calendar is open, so they stay exact when the clocks change. Rules: design page 3, "Business time".
The calendar lives in ``sla.business_calendar``, its tables in ``sla.open_hours`` and ``sla.leaps``, the itemised proof in
``sla.deadline_ledger``; use them through this module.
"""

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Literal

from sla.business_calendar import (
    ALWAYS_OPEN,
    DAY,
    BadCalendar,
    BusinessCalendar,
    BusinessTimeError,
    NeverOpens,
    known_zone,
)
from sla.deadline_ledger import LedgerLine, explain
from sla.leaps import due as leap_due
from sla.open_hours import (
    SECOND,
    OpenHours,
    Pauses,
    TooFar,
    checked_day,
    from_position,
    joined_pauses,
    open_hours,
    position,
    resolve_seconds,
)

__all__ = [
    "ALWAYS_OPEN",
    "BadCalendar",
    "BusinessCalendar",
    "BusinessTimeError",
    "LedgerLine",
    "NeverOpens",
    "TooFar",
    "add",
    "add_business_days",
    "between",
    "close_before",
    "explain",
    "is_open",
    "is_working_day",
    "next_opening",
    "open_intervals",
    "resolve_local",
]

Until = Literal["same_time", "close"]
LONGEST_SEARCH_DAYS = 3653


def add(start: datetime, seconds: int, calendar: BusinessCalendar, pauses: Pauses = ()) -> datetime:
    """Return when ``seconds`` of open time outside the pauses have passed since ``start``.

    A budget that ends exactly at closing is due at closing. A start outside open hours counts from the next opening; a
    budget of zero is due at the first open moment. Raises BusinessTimeError, among them NeverOpens and TooFar.
    """
    if seconds > 0 and not pauses:
        if start.tzinfo is UTC:
            return leap_due(calendar.tables or open_hours(calendar), start, seconds)
        return from_position(open_hours(calendar).advance(position(start), seconds * SECOND))
    if seconds < 0:
        raise BusinessTimeError("A budget of time cannot be negative.")
    hours, at, spans = open_hours(calendar), position(start), joined_pauses(pauses)
    return from_position(hours.advance_around(at, seconds * SECOND, spans) if seconds else hours.first_open(at, spans))


def between(start: datetime, end: datetime, calendar: BusinessCalendar, pauses: Pauses = ()) -> int:
    """Return the whole seconds of open time from ``start`` to ``end`` outside the pauses; 0 if the end is earlier."""
    hours, first, last = open_hours(calendar), position(start), position(end)
    counted = hours.between(first, last)
    for pause_start, pause_end in joined_pauses(pauses):
        counted -= hours.between(max(pause_start, first), min(pause_end, last))
    return counted // SECOND


def add_business_days(
    start: datetime, days: int, calendar: BusinessCalendar, until: Until = "same_time", pauses: Pauses = ()
) -> datetime:
    """Return the same local time ``days`` working days later, or with ``until="close"`` that day's closing.

    Before opening, or in a break, counts as the next opening of that day, after closing as its closing. From a closed
    day the next working day is day one. A start after midnight in a night shift belongs to the day it opened. Zero days
    end at the first open moment (or that day's closing). Paused open time moves the result by as much.
    """
    if days < 0 or until not in ("same_time", "close"):
        raise BusinessTimeError(f"{days} working days until {until!r} cannot be counted.")
    hours, at = open_hours(calendar), position(start)
    due = max(at, _day_due(hours, at, days, until))
    return from_position(hours.advance_around(due, 0, joined_pauses(pauses), begin=at))


def close_before(day: date, days: int, calendar: BusinessCalendar) -> datetime:
    """Return the closing of the working day that lies ``days`` (1 or more) working days before a local date.

    Raises NeverOpens where there are not so many within the ten years before.
    """
    if days < 1:
        raise BusinessTimeError(f"{days} working days before a date cannot be counted.")
    hours, left, sought = open_hours(calendar), days, checked_day(day)
    for _ in range(LONGEST_SEARCH_DAYS):
        sought = checked_day(sought - timedelta(days=1))
        left -= hours.is_working_day(sought)
        if not left:
            return from_position(hours.day_spans(sought)[-1][1])
    raise NeverOpens("This calendar has not been open on so many days before that date.")


def is_open(at: datetime, calendar: BusinessCalendar) -> bool:
    """Tell whether an instant is in open hours; an opening is, a closing is not."""
    moment = position(at)
    return open_hours(calendar).between(moment, moment + 1) == 1


def is_working_day(day: date, calendar: BusinessCalendar) -> bool:
    """Tell whether a local date has any open time; a night shift counts for the date it opens on."""
    return open_hours(calendar).is_working_day(checked_day(day))


def next_opening(at: datetime, calendar: BusinessCalendar) -> datetime:
    """Return the first open moment at or after an instant: the instant itself while open."""
    return from_position(open_hours(calendar).first_open(position(at)))


def open_intervals(
    start: datetime, calendar: BusinessCalendar, *, count: int | None = None, until: datetime | None = None
) -> list[tuple[datetime, datetime]]:
    """Return the open intervals from ``start`` on: the first ``count``, or those before ``until``, cut at both ends.

    Hours that touch at midnight stay two intervals. Raises NeverOpens when fewer than ``count`` follow within ten
    closed years, BusinessTimeError when neither limit is given.
    """
    if count is None and until is None:
        raise BusinessTimeError("Open intervals need a count or an end.")
    spans = open_hours(calendar).spans_from(position(start), None if until is None else position(until))
    return [(from_position(opens), from_position(closes)) for opens, closes in islice(spans, count)]


def resolve_local(day: date, at: int | time, zone: str) -> datetime:
    """Return the instant of a local time, given as seconds of the day (24:00 and later are the next date) or a time.

    A time in a gap moves forward by the gap, an ambiguous one is the first. Raises BadCalendar for an unknown zone.
    """
    second = at if isinstance(at, int) else at.hour * 3600 + at.minute * 60 + at.second
    if not 0 <= second <= 2 * DAY:
        raise BusinessTimeError(f"{at} is not a local time.")
    return from_position(resolve_seconds(checked_day(day), second, known_zone(zone)))


def _day_due(hours: OpenHours, at: int, days: int, until: Until) -> int:
    """Return where ``days`` working days end, before pauses and before the start is looked at."""
    if days == 0:
        opening = hours.first_open(at)
        return hours.day_spans(hours.business_day(opening)[0])[-1][1] if until == "close" else opening
    day, wall = hours.business_day(at)
    target = hours.working_day_after(day, days)
    spans = hours.day_spans(target)
    if until == "close":
        return spans[-1][1]
    wish = resolve_seconds(target, wall // SECOND, hours.zone) + wall % SECOND
    return next((max(opens, wish) for opens, closes in spans if wish <= closes), spans[-1][1])
