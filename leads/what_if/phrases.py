"""Times and weekly hours as people write them: *1 h 30 min*, *2 days*, *Mon-Fri 08:00-18:00, Sat 09:00-13:00*. Pure.

Each can be read back from how it is written.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

from leads.what_if.replaying import Week
from sla.business_calendar import BusinessCalendar, BusinessTimeError
from sla.spans import Spans
from sla.terms import Within

SECOND, MINUTE, HOUR = 1, 60, 3600
UNITS = (("h", HOUR), ("min", MINUTE), ("s", SECOND))
MOST_SECONDS, MOST_DAYS, MOST_WARNINGS = 1000 * HOUR, 250, 5
LONGEST = 200
"""Characters: nobody writes more, and no text is searched that is longer."""

NONE_WORDS = ("none", "no", "0")
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
CLOSE = "to close"

_PART = re.compile(r"(\d{1,7}) ?(hours|hour|h|minutes|minute|mins|min|m|seconds|second|secs|sec|s)(?![a-z])", re.ASCII)
_DAYS = re.compile(r"(\d{1,3}) ?(?:working |business )?(?:days|day|d)(?:,? (to close|same time))?", re.ASCII)
_SPAN = re.compile(r"(\d{1,2})(?::(\d{2}))?-(\d{1,2})(?::(\d{2}))?", re.ASCII)


class BadPhrase(ValueError):
    """This cannot be read; the message says what is understood."""


def read_within(text: str) -> Within:
    """Read how long a promise may take; raises ``BadPhrase``."""
    said = _plain(text)
    days = _DAYS.fullmatch(said)
    if days:
        count = int(days[1])
        if not 1 <= count <= MOST_DAYS:
            raise BadPhrase(f"Give 1 to {MOST_DAYS} working days.")
        return Within(days=count, until="close" if days[2] == CLOSE else "same_time")
    seconds = read_seconds(text)
    if not seconds:
        raise BadPhrase("Give a time above zero.")
    return Within(seconds=seconds)


def read_seconds(text: str) -> int:
    """Read a duration of business time, or *none*; raises ``BadPhrase``."""
    said = _plain(text)
    if said in NONE_WORDS:
        return 0
    parts = _PART.findall(said)
    if not parts or re.sub(_PART, "", said).strip(" ,"):
        raise BadPhrase("Write a time such as “15 min”, “1 h 30 min” or “2 days”.")
    seconds = sum(int(count) * _unit(unit) for count, unit in parts)
    if seconds > MOST_SECONDS:
        raise BadPhrase(f"Give {MOST_SECONDS // HOUR:,} h at most.")
    return seconds


def _unit(word: str) -> int:
    return {"h": HOUR, "m": MINUTE, "s": SECOND}[word[0]]


def written_within(within: Within) -> str:
    """Write how long a promise may take, so that ``read_within`` reads it."""
    if within.days:
        close = f", {CLOSE}" if within.until == "close" else ""
        return f"{within.days} day{'' if within.days == 1 else 's'}{close}"
    return written_seconds(within.seconds)


def written_seconds(seconds: int) -> str:
    """Write a duration so that ``read_seconds`` reads it."""
    parts = []
    for word, size in UNITS:
        count, seconds = divmod(seconds, size)
        parts += [f"{count} {word}"] if count else []
    return " ".join(parts) or "none"


def read_percents(text: str) -> tuple[int, ...]:
    """Read the shares of the time at which a warning goes out, or *none*; raises ``BadPhrase``."""
    said = _plain(text)
    if said in NONE_WORDS:
        return ()
    parts = [part for part in re.split(r"[ ,%]+|and", said) if part]
    if not parts or not all(re.fullmatch(r"[0-9]{1,2}", part) for part in parts) or not all(map(int, parts)):
        raise BadPhrase("Write percentages from 1 to 99, such as “50, 75”, or “none”.")
    percents = sorted({int(part) for part in parts})
    if len(percents) > MOST_WARNINGS:
        raise BadPhrase(f"Give {MOST_WARNINGS} warnings at most.")
    return tuple(percents)


def written_percents(percents: Sequence[int]) -> str:
    return ", ".join(map(str, percents)) or "none"


def read_week(text: str) -> Week:
    """Read weekly hours: days, then the hours of each of them; raises ``BadPhrase``."""
    week: dict[str, list[list[str]]] = {}
    for group in _plain(text).split(","):
        days, spans = _group(group)
        for day in days:
            if DAYS[day].lower() in week:
                raise BadPhrase(f"{DAYS[day]} is named twice.")
            week[DAYS[day].lower()] = spans
    try:
        return BusinessCalendar.from_terms({"zone": "UTC", "week": week}).week
    except BusinessTimeError as error:
        raise BadPhrase(str(error)) from error


def _group(text: str) -> tuple[list[int], list[list[str]]]:
    words = text.split()
    spans = [word for word in words if word[0].isdigit()]
    if not spans or len(spans) == len(words) or words[-len(spans) :] != spans:
        raise BadPhrase("Write hours such as “Mon-Fri 08:00-18:00, Sat 09:00-13:00”.")
    days = [day for word in words[: -len(spans)] for day in _days(word)]
    return days, [_span(span) for span in spans]


def _days(word: str) -> list[int]:
    names = [name[:3] for name in word.split("-")]
    known = [name.lower() for name in DAYS]
    if len(names) > 2 or not all(name in known for name in names):
        raise BadPhrase(f"“{word}” is no day: write Mon, Tue, Wed, Thu, Fri, Sat or Sun.")
    first, last = known.index(names[0]), known.index(names[-1])
    return [(first + offset) % 7 for offset in range((last - first) % 7 + 1)]


def _span(word: str) -> list[str]:
    found = _SPAN.fullmatch(word)
    if found is None:
        raise BadPhrase(f"“{word}” are no hours: write 09:00-17:00.")
    return [f"{int(found[hour]):02d}:{found[hour + 1] or '00'}" for hour in (1, 3)]


def written_week(week: Week) -> str:
    """Write weekly hours so that ``read_week`` reads them."""
    groups = []
    for spans, days in groupby(range(7), key=lambda day: week[day]):
        names = [DAYS[day] for day in days]
        if spans:
            named = names[0] if len(names) == 1 else f"{names[0]}-{names[-1]}"
            groups.append(f"{named} {_written_spans(spans)}")
    return ", ".join(groups)


def _written_spans(spans: Spans) -> str:
    return " ".join("-".join(f"{second // HOUR % 24 if second > 86_400 else second // HOUR:02d}:{second % HOUR // MINUTE:02d}"
                             for second in span) for span in spans)  # fmt: skip


def _plain(text: str) -> str:
    """Give the text in lower case, with plain dashes and single spaces."""
    if len(text) > LONGEST:
        raise BadPhrase(f"Write {LONGEST} characters at most.")
    said = " ".join(re.sub("[–—−]", "-", text).lower().split())
    return re.sub(r" ?- ?", "-", said)
