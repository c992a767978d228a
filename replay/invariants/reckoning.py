"""Business time, reckoned the slow way from the stored form of a calendar: day by day, span by span. Pure.

Written for the checks alone, so that a fault in ``sla.business_time`` cannot hide itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LONGEST_SEARCH = 4000
DAY = timedelta(days=1)

Span = tuple[datetime, datetime]


class SlowCalendar:
    """The open hours of one calendar version."""

    def __init__(self, terms: Mapping[str, Any]) -> None:
        self.terms = terms
        self.zone = ZoneInfo(terms["zone"])
        self._days: dict[date, list[Span]] = {}

    def opening(self, at: datetime) -> datetime:
        """Give the first open instant at or after ``at``."""
        return next(max(opens, at) for opens, closes in self._from(at) if closes > at)

    def after(self, start: datetime, seconds: int) -> datetime:
        """Give the instant at which ``seconds`` of open time have passed since ``start``."""
        left = timedelta(seconds=seconds)
        for opens, closes in self._from(start):
            begin = max(opens, start)
            if closes <= begin:
                continue
            if left <= closes - begin:
                return begin + left
            left -= closes - begin
        raise AssertionError("the calendar never opens")

    def seconds(self, start: datetime, end: datetime) -> int:
        """Give the whole seconds of open time from ``start`` to ``end``."""
        total = timedelta()
        for opens, closes in self._from(start):
            if opens >= end:
                break
            total += max(timedelta(), min(closes, end) - max(opens, start))
        return int(total.total_seconds())

    def days_later(self, at: datetime, days: int, until: str) -> datetime:
        """Give the same local time so many working days later, or the close of that day; what lies outside hours moves to their edge."""
        local = at.astimezone(self.zone)
        day = next(
            (d for d in (local.date() - DAY, local.date()) if any(o <= at < c for o, c in self._on(d))), local.date()
        )
        wall = local.replace(tzinfo=None) - datetime.combine(day, time())
        target = day
        for _ in range(LONGEST_SEARCH):
            target += DAY
            days -= bool(self._on(target))
            if not days:
                break
        spans = self._on(target)
        if until == "close":
            return spans[-1][1]
        whole = timedelta(seconds=wall // timedelta(seconds=1))
        wish = self._instant(target, int(whole.total_seconds())) + (wall - whole)
        return next((max(opens, wish) for opens, closes in spans if wish <= closes), spans[-1][1])

    def is_working_day(self, day: date) -> bool:
        """Tell whether it opens on a local date."""
        return bool(self._on(day))

    def closing(self, day: date) -> datetime | None:
        """Give when it closes for good on a local date on which it opens."""
        spans = self._on(day)
        return spans[-1][1] if spans else None

    def _from(self, at: datetime) -> Iterator[Span]:
        day = at.astimezone(self.zone).date() - timedelta(days=1)
        for offset in range(LONGEST_SEARCH):
            yield from self._on(day + timedelta(days=offset))

    def _on(self, day: date) -> list[Span]:
        """Give the spans that open on a local date, in UTC, without the breaks."""
        if day not in self._days:
            spans = [self._instants(day, span) for span in self._hours(day)]
            for other in (day, day + timedelta(days=1)):
                for pause in self.terms.get("breaks", {}).get(other.isoformat(), ()):
                    spans = [part for span in spans for part in _without(span, self._instants(other, pause))]
            self._days[day] = sorted(spans)
        return self._days[day]

    def _hours(self, day: date) -> Sequence[Sequence[str]]:
        text = day.isoformat()
        if text in self.terms.get("holidays", ()):
            return ()
        special = self.terms.get("special_days", {})
        found: Sequence[Sequence[str]] = (
            special[text] if text in special else self.terms["week"].get(NAMES[day.weekday()], ())
        )
        return found

    def _instants(self, day: date, span: Sequence[str]) -> Span:
        opens, closes = _minute(span[0]), _minute(span[1])
        return self._instant(day, opens), self._instant(day, closes if closes > opens else closes + 86_400)

    def _instant(self, day: date, second: int) -> datetime:
        """Turn a local time into an instant: in a gap it moves on by the gap, of two it is the first (``fold`` 0 does both)."""
        day, second = (day + timedelta(days=1), second - 86_400) if second >= 86_400 else (day, second)
        wall = datetime(day.year, day.month, day.day, tzinfo=self.zone) + timedelta(seconds=second)
        return wall.astimezone(UTC)


def _minute(text: str) -> int:
    parts = [int(part) for part in text.split(":")]
    return parts[0] * 3600 + parts[1] * 60 + (parts[2] if len(parts) > 2 else 0)


def _without(span: Span, pause: Span) -> Iterator[Span]:
    before, after = (span[0], min(span[1], pause[0])), (max(span[0], pause[1]), span[1])
    if pause[1] <= span[0] or pause[0] >= span[1]:
        yield span
        return
    yield from (part for part in (before, after) if part[0] < part[1])
