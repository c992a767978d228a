"""Periods: half-open runs of calendar dates in the company's zone, and how they are cut and compared. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from inputs.moments import day, midnight
from inputs.refusals import Invalid

MOST_DAYS = 3660
"""About ten years: what a page can still show by month."""

ONE_DAY = timedelta(days=1)
LATEST_LAST = date(2099, 12, 31)
"""The last day that can be asked for: the day after it can still be written as ``to``."""
WEEK = timedelta(days=7)


class BadPeriod(Invalid):
    """This period cannot be shown."""

    code = "bad_period"


@dataclass(frozen=True, slots=True)
class Period:
    """The days from ``first`` up to, not including, ``until``, as they begin and end in ``zone``."""

    first: date
    until: date
    zone: ZoneInfo

    @property
    def starts_at(self) -> datetime:
        return midnight(self.first, self.zone)

    @property
    def ends_at(self) -> datetime:
        return midnight(self.until, self.zone)

    @property
    def days(self) -> int:
        return (self.until - self.first).days

    @property
    def last(self) -> date:
        """The last day that belongs to it: what people mean by its end."""
        return self.until - ONE_DAY

    @property
    def is_whole_months(self) -> bool:
        return self.first.day == 1 and self.until.day == 1

    @property
    def is_quarter(self) -> bool:
        """Whether it is a quarter of a calendar year."""
        return self.is_whole_months and self.first.month % 3 == 1 and _months_between(self.first, self.until) == 3

    @property
    def label(self) -> str:
        """Name it: *November 2026*, *4th quarter of 2026*, *2 Mar – 8 Apr 2026*."""
        last = self.last
        months = _months_between(self.first, self.until)
        if self.is_whole_months and months == 1:
            return f"{self.first:%B %Y}"
        if self.is_quarter:
            return f"Q{(self.first.month + 2) // 3} {self.first.year}"
        if last == self.first:
            return f"{last.day} {last:%b %Y}"
        return f"{self.first.day} {self.first:%b %Y} – {last.day} {last:%b %Y}"

    def before(self) -> Period:
        """Give the period to compare with: as many whole months before, else as many days."""
        if self.is_whole_months:
            return Period(months_on(self.first, -_months_between(self.first, self.until)), self.first, self.zone)
        return Period(self.first - timedelta(days=self.days), self.first, self.zone)

    def months(self) -> list[Period]:
        """Cut it at the first of each month."""
        return _cut(self, lambda at: months_on(at.replace(day=1), 1))

    def quarters(self) -> list[Period]:
        """Cut it at the first of January, April, July and October."""
        return _cut(self, lambda at: months_on(at, 3 - (at.month - 1) % 3))

    def weeks(self) -> list[Period]:
        """Cut it at each Monday."""
        return _cut(self, lambda at: at + timedelta(days=7 - at.weekday()))

    def reaching_back(self, weeks: int) -> Period:
        """Give whole weeks that end with this period's last one, at least ``weeks`` of them."""
        last = self.last
        until = last + timedelta(days=7 - last.weekday())
        earliest = min(self.first - timedelta(days=self.first.weekday()), until - weeks * WEEK)
        return Period(max(earliest, until - timedelta(days=MOST_DAYS)), until, self.zone)


NAMED = {
    "this_month": "This month",
    "last_month": "Last month",
    "this_quarter": "This quarter",
    "last_quarter": "Last quarter",
    "last_30_days": "Last 30 days",
    "last_90_days": "Last 90 days",
    "this_year": "This year",
}


def named(name: str, today: date, zone: ZoneInfo) -> Period:
    """Give a period of ``NAMED`` as seen on ``today``; raises ``BadPeriod``. *Last … days* end with today."""
    month = today.replace(day=1)
    quarter = month.replace(month=month.month - (month.month - 1) % 3)
    year = month.replace(month=1)
    tomorrow = today + ONE_DAY
    spans = {
        "this_month": (month, months_on(month, 1)),
        "last_month": (months_on(month, -1), month),
        "this_quarter": (quarter, months_on(quarter, 3)),
        "last_quarter": (months_on(quarter, -3), quarter),
        "last_30_days": (tomorrow - timedelta(days=30), tomorrow),
        "last_90_days": (tomorrow - timedelta(days=90), tomorrow),
        "this_year": (year, months_on(year, 12)),
    }
    if name not in spans:
        raise BadPeriod(f"Choose one of: {', '.join(NAMED)}.", field="period", code="unknown_period")
    return Period(*spans[name], zone)


def read_period(query: Mapping[str, str], today: date, zone: ZoneInfo) -> Period:
    """Read ``from`` with ``to`` (dates, ``to`` not included) or ``last`` (included), else ``period`` by name, else this month.

    Raises ``BadPeriod`` or ``inputs.moments.BadMoment``.
    """
    first, last, until = (query.get(name, "").strip() for name in ("from", "last", "to"))
    if not first and not last and not until:
        return named(query.get("period", "").strip() or "this_month", today, zone)
    if last and until:
        raise BadPeriod("Give either “last” (included) or “to” (not included).", field="last")
    if not first or not (last or until):
        raise BadPeriod("Give both days: the first and the last.", field="last" if first else "from")
    begins = day(first, field="from")
    if not last:
        return span(begins, day(until, field="to"), zone)
    ends = day(last, field="last", high=LATEST_LAST)
    if ends < begins:
        raise BadPeriod("The last day must not lie before the first.", field="last")
    return span(begins, ends + ONE_DAY, zone)


def span(first: date, until: date, zone: ZoneInfo) -> Period:
    """Give the period between two dates; raises ``BadPeriod`` when it is empty, backwards or too long."""
    if until <= first:
        raise BadPeriod("The period must end after it begins: “to” is the day after its last.", field="to")
    if (until - first).days > MOST_DAYS:
        raise BadPeriod("A period may be ten years long at most.", field="to", code="too_long")
    return Period(first, until, zone)


def _cut(period: Period, following: Callable[[date], date]) -> list[Period]:
    parts, at = [], period.first
    while at < period.until:
        end = min(following(at), period.until)
        parts.append(Period(at, end, period.zone))
        at = end
    return parts


def months_on(at: date, months: int) -> date:
    """Give the first of the month that is ``months`` away."""
    count = at.year * 12 + at.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)


def _months_between(first: date, until: date) -> int:
    return (until.year - first.year) * 12 + until.month - first.month
