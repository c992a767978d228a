"""The proof of a deadline, line by line: what counted, what did not, and why."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from sla.business_calendar import DAY, BusinessCalendar, BusinessTimeError
from sla.open_hours import (
    SECOND,
    OpenHours,
    Pauses,
    from_position,
    joined_pauses,
    open_hours,
    position,
    resolve_seconds,
)
from sla.spans import Span, Spans, clipped, joined, subtract

Kind = Literal["open", "closed", "pause", "holiday"]
Label = Literal["open", "closed", "weekend", "special_day", "pause", "holiday"]
Piece = tuple[int, int, Kind, Label]


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """State one stretch of a deadline: ``seconds`` is what it took from the budget, 0 unless it was open.

    The label is a code for the screen: ``weekend`` spans whole days that the week keeps closed, ``special_day`` whole
    days closed by exception, ``closed`` nights and breaks.
    """

    kind: Kind
    label: Label
    start: datetime
    end: datetime
    seconds: int


def explain(start: datetime, seconds: int, calendar: BusinessCalendar, pauses: Pauses = ()) -> list[LedgerLine]:
    """List how a budget is spent, from ``start`` without a hole to the due time that ``add`` gives.

    The seconds of the lines add up to the budget. Raises what ``add`` raises.
    """
    if seconds < 0:
        raise BusinessTimeError("A budget of time cannot be negative.")
    hours, at, holes = open_hours(calendar), position(start), joined_pauses(pauses)
    due = hours.advance_around(at, seconds * SECOND, holes) if seconds else hours.first_open(at, holes)
    lines: list[LedgerLine] = []
    spent = 0
    for begin, end, kind, label in _pieces(hours, at, due, holes):
        counted = end - begin if kind == "open" else 0
        whole = (spent + counted) // SECOND - spent // SECOND
        spent += counted
        lines.append(LedgerLine(kind, label, from_position(begin), from_position(end), whole))
    return lines


def _pieces(hours: OpenHours, at: int, due: int, holes: Spans) -> Iterator[Piece]:
    """Yield the stretches of ``[at, due)`` in order."""
    reached = at
    for opens, closes in hours.spans_from(at, due):
        yield from _closed_pieces(hours, reached, opens)
        yield from _open_pieces((opens, closes), holes)
        reached = closes
    yield from _closed_pieces(hours, reached, due)


def _open_pieces(span: Span, holes: Spans) -> list[Piece]:
    """Split an open span into what counts and what is paused."""
    counted: list[Piece] = [(start, end, "open", "open") for start, end in subtract([span], holes)]
    paused: list[Piece] = [(start, end, "pause", "pause") for start, end in clipped(holes, *span)]
    return sorted(counted + paused)


def _closed_pieces(hours: OpenHours, start: int, end: int) -> list[Piece]:
    """Split a closed stretch into holidays and the rest."""
    if start >= end:
        return []
    days = _days_of(hours, start, end)
    holidays = clipped(joined(span for day, span in days if day in hours.calendar.holidays), start, end)
    rest = subtract([(start, end)], holidays)
    pieces: list[Piece] = [(*span, "holiday", "holiday") for span in holidays]
    return sorted(pieces + [(*span, "closed", _closed_label(hours.calendar, days, span)) for span in rest])


def _closed_label(calendar: BusinessCalendar, days: list[tuple[date, Span]], span: Span) -> Label:
    """Name a closed stretch by the whole local days in it."""
    whole = [day for day, (begins, ends) in days if span[0] <= begins < ends <= span[1]]
    if not whole:
        return "closed"
    return "weekend" if not any(calendar.week[day.weekday()] for day in whole) else "special_day"


def _days_of(hours: OpenHours, start: int, end: int) -> list[tuple[date, Span]]:
    """Return the local dates that a stretch touches, each with its midnights."""
    first, last = (from_position(at).astimezone(hours.zone).date() for at in (start, end))
    days = [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
    return [(day, (resolve_seconds(day, 0, hours.zone), resolve_seconds(day, DAY, hours.zone))) for day in days]
