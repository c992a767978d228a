"""A slow second opinion on business time: it looks at every minute and knows no table, no fold and no search.

Only the calendar's plain fields are read. Minutes are whole, so calendars and instants given to it must be too.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sla.business_time import BusinessCalendar

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
Pauses = Sequence[tuple[datetime, datetime]]


class MinuteByMinute:
    def __init__(self, calendar: BusinessCalendar) -> None:
        self.calendar = calendar
        self.zone = ZoneInfo(calendar.zone)
        self._open: dict[date, list[tuple[datetime, datetime]]] = {}
        self._broken: dict[date, list[tuple[datetime, datetime]]] = {}

    def add(self, start: datetime, minutes: int, pauses: Pauses = ()) -> datetime:
        for minute in self._minutes(start):
            if not self.counts(minute, pauses):
                continue
            if minutes == 0:
                return minute
            minutes -= 1
            if minutes == 0:
                return minute + MINUTE
        raise AssertionError("the walk ended")

    def between(self, start: datetime, end: datetime, pauses: Pauses = ()) -> int:
        counted = 0
        for minute in self._minutes(start):
            if minute >= end:
                break
            counted += self.counts(minute, pauses)
        return counted

    def closing(self, day: date) -> datetime | None:
        """Give the end of the last open minute that belongs to a date, or nothing on a closed one."""
        minutes = self._minutes_of(day)
        return minutes[-1] + MINUTE if minutes else None

    def close_before(self, day: date, days: int) -> datetime:
        while days:
            day -= DAY
            days -= self.closing(day) is not None
        closing = self.closing(day)
        assert closing is not None
        return closing

    def after_days(self, start: datetime, days: int, until: str) -> datetime:
        """Give the due time of a promise in days: one or more, from a whole minute."""
        shown = self._wall(start)
        night = any(opens <= start < closes for opens, closes in self._hours(shown.date() - DAY))
        day = shown.date() - DAY if night and start in self._minutes_of(shown.date() - DAY) else shown.date()
        second = (shown - datetime.combine(day, time.min)) // timedelta(seconds=1)
        while days:
            day += DAY
            days -= self.closing(day) is not None
        closing, wish = self.closing(day), self.resolve(day, second)
        assert closing is not None
        if until == "close" or wish >= closing:
            return max(start, closing)
        minutes = self._minutes_of(day)
        at_or_after = (minute for minute in minutes if minute >= wish or minute + MINUTE == wish)
        return max(start, wish, next(at_or_after))

    def counts(self, minute: datetime, pauses: Pauses) -> bool:
        return self.is_open(minute) and not any(start <= minute < end for start, end in pauses)

    def is_open(self, minute: datetime) -> bool:
        today = minute.astimezone(self.zone).date()
        around = [today + DAY * offset for offset in (-2, -1, 0, 1)]
        opened = any(opens <= minute < closes for day in around for opens, closes in self._hours(day))
        broken = any(opens <= minute < closes for day in around for opens, closes in self._breaks(day))
        return opened and not broken

    def resolve(self, day: date, second: int) -> datetime:
        """Walk until the wall clock shows the time; if it jumps over it, go on from the last minute before."""
        wanted = datetime.combine(day, time.min) + timedelta(seconds=second)
        minute = (wanted - timedelta(hours=27)).replace(tzinfo=UTC)
        while (shown := self._wall(minute)) < wanted:
            last_minute, last_shown = minute, shown
            minute += MINUTE
        return minute if shown == wanted else last_minute + (wanted - last_shown)

    def _minutes_of(self, day: date) -> list[datetime]:
        """Give the open minutes that belong to a date, in order."""
        found = {opens + MINUTE * n for opens, closes in self._hours(day) for n in range((closes - opens) // MINUTE)}
        holes = [hole for offset in (-1, 0, 1) for hole in self._breaks(day + DAY * offset)]
        return sorted(at for at in found if not any(start <= at < end for start, end in holes))

    def _hours(self, day: date) -> list[tuple[datetime, datetime]]:
        if day not in self._open:
            spans = self.calendar.special_days.get(day, self.calendar.week[day.weekday()])
            spans = () if day in self.calendar.holidays else spans
            self._open[day] = [(self.resolve(day, opens), self.resolve(day, closes)) for opens, closes in spans]
        return self._open[day]

    def _breaks(self, day: date) -> list[tuple[datetime, datetime]]:
        if day not in self._broken:
            spans = self.calendar.breaks.get(day, ())
            self._broken[day] = [(self.resolve(day, opens), self.resolve(day, closes)) for opens, closes in spans]
        return self._broken[day]

    def _wall(self, minute: datetime) -> datetime:
        return minute.astimezone(self.zone).replace(tzinfo=None)

    def _minutes(self, start: datetime) -> Iterator[datetime]:
        for offset in range(60 * 24 * 40):
            yield start + MINUTE * offset
