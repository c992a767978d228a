"""Hours and dates as people type them: *09:00–12:30, 13:15–17:00*, and a date at the head of each line. Pure.

What is read has the form of a calendar's terms (``sla.business_calendar``), and is written back in the same way.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from sla.business_calendar import WEEKDAYS, BadCalendar, BusinessCalendar, NeverOpens

Hours = list[list[str]]

CLOSED = "closed"
MOST_LINES = 2000
SHOWN = 40
_TIME = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?(?::(\d{2}))?", re.ASCII)
_BETWEEN = re.compile(r"\s*(?:-|–|—|\bto\b)\s*")


def read_hours(text: str) -> Hours:
    """Read any number of openings, with commas between them; empty or *closed* is none. Raises ``BadCalendar``."""
    wanted = text.strip()
    if wanted.casefold() in ("", CLOSED, "-", "–"):
        return []
    return [_read_span(part) for part in re.split(r"[,;]", wanted) if part.strip()]


def written_hours(hours: Iterable[Sequence[str]]) -> str:
    """Write openings in one line; closed is nothing."""
    return ", ".join(f"{opens}–{closes}" for opens, closes in hours)


def read_dates(text: str) -> list[str]:
    """Read a date from the head of each line; what follows it is a note. Raises ``BadCalendar``."""
    return sorted({day for day, _ in _lines(text)})


def read_dated_hours(text: str) -> dict[str, Hours]:
    """Read a date and its hours from each line. Raises ``BadCalendar``."""
    found: dict[str, Hours] = {}
    for day, rest in _lines(text):
        if day in found:
            raise BadCalendar(f"{day} stands there twice.")
        if not rest:
            raise BadCalendar(f"Say the hours of {day}, or that it is closed.")
        found[day] = read_hours(rest)
    return found


def written_dated_hours(by_date: Mapping[str, Iterable[Sequence[str]]]) -> str:
    """Write a line for each date."""
    return "\n".join(f"{day} {written_hours(hours) or CLOSED}" for day, hours in sorted(by_date.items()))


def problems_of_week(week: Mapping[str, Hours]) -> dict[str, str]:
    """Give what is wrong with the hours of single weekdays, by weekday; a night shift that is too long is told where it begins."""
    single = {name: _refused({"week": {name: week.get(name, [])}}) for name in WEEKDAYS}
    problems = {name: words for name, words in single.items() if words}
    for name, following in zip(WEEKDAYS, (*WEEKDAYS[1:], WEEKDAYS[0]), strict=True):
        if name not in problems and following not in problems:
            words = _refused({"week": {day: week.get(day, []) for day in (name, following)}})
            problems.update({name: words} if words else {})
    return problems


def problem_of_dates(key: str, by_date: Mapping[str, Hours]) -> str:
    """Say what is wrong with ``special_days`` or ``breaks``, or nothing."""
    return _refused({key: by_date})


def _refused(terms: Mapping[str, object]) -> str:
    """Say why such terms make no calendar, apart from that they may never open."""
    try:
        BusinessCalendar.from_terms({"zone": "UTC", **terms})
    except NeverOpens:
        return ""
    except BadCalendar as error:
        return str(error)
    return ""


def _read_span(text: str) -> list[str]:
    ends = _BETWEEN.split(text.strip())
    if len(ends) != 2:
        raise BadCalendar(f"“{text.strip()[:SHOWN]}” is not an opening like 09:00–17:30.")
    return [_read_time(end) for end in ends]


def _read_time(text: str) -> str:
    found = _TIME.fullmatch(text)
    if found is None:
        raise BadCalendar(f"“{text[:SHOWN]}” is not a time like 09:00.")
    hour, minute, second = found.groups()
    return f"{int(hour):02d}:{minute or '00'}" + (f":{second}" if second else "")


def _lines(text: str) -> list[tuple[str, str]]:
    """Give the date and the rest of each line that is not empty."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > MOST_LINES:
        raise BadCalendar(f"At most {MOST_LINES:,} dates can be kept.")
    return [_line(line) for line in lines]


def _line(line: str) -> tuple[str, str]:
    head, _, rest = line.partition(" ")
    try:
        day = date.fromisoformat(head).isoformat()
    except ValueError:
        day = ""
    if day != head:
        raise BadCalendar(f"“{head[:SHOWN]}” is not a date like 2026-12-25.")
    return day, rest.strip()
