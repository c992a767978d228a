"""The months and quarters of a target, what its clock will do, and whether its side keeps pace. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import ceil
from zoneinfo import ZoneInfo

from inputs.moments import midnight
from inputs.money import money
from leads.clock_plans import JUDGE, WARN, epoch
from sla import business_time
from sla.business_time import BusinessCalendar
from sla.promises import MONEY, PERCENT, QUARTER

WARN_PERCENTS = (50, 75)
AT_THE_END = "notify_both_managers"
"""What a missed target has in its plan right after its judgement: there is nothing left to do for whoever owed it but to explain."""
NO_CASES = "no_cases"
"""Why a share without any case is neither kept nor missed."""

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Span:
    """The days of a month or quarter, ``first`` to ``last``, as they begin and end in ``zone``."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def starts_at(self) -> datetime:
        return midnight(self.first, self.zone)

    @property
    def ends_at(self) -> datetime:
        return midnight(self.last + timedelta(days=1), self.zone)

    @property
    def label(self) -> str:
        """Name it: *March 2026*, *Q1 2026*."""
        if (self.first.year, self.first.month) == (self.last.year, self.last.month):
            return f"{self.first:%B %Y}"
        return f"Q{(self.first.month + 2) // 3} {self.first.year}"


def span_of(kind: str, day: date, zone: ZoneInfo) -> Span:
    """Give the month or quarter (``sla.promises.MONTH`` or ``QUARTER``) in which ``day`` lies."""
    months = 3 if kind == QUARTER else 1
    index = day.year * 12 + (day.month - 1) // months * months
    return Span(_first_of(index), _first_of(index + months) - timedelta(days=1), zone)


def spans_begun(kind: str, since: datetime, at: datetime, zone: ZoneInfo) -> Iterator[Span]:
    """Give the months or quarters that began from ``since`` on and up to ``at``, both included, in order."""
    span = span_of(kind, since.astimezone(zone).date(), zone)
    while span.starts_at <= at:
        if span.starts_at >= since:
            yield span
        span = span_of(kind, span.last + timedelta(days=1), zone)


def next_span(kind: str, at: datetime, zone: ZoneInfo) -> Span:
    """Give the first month or quarter that begins at ``at`` or later."""
    span = span_of(kind, at.astimezone(zone).date(), zone)
    return span if span.starts_at >= at else span_of(kind, span.last + timedelta(days=1), zone)


def _first_of(months: int) -> date:
    return date(months // 12, months % 12 + 1, 1)


# The clock ------------------------------------------------------------------------------------------------------------


def budget_of(span: Span, calendar: BusinessCalendar) -> int:
    """Give the business seconds of a period, at least one."""
    return max(1, business_time.between(span.starts_at, span.ends_at, calendar))


def plan_of(span: Span, calendar: BusinessCalendar) -> list[list[int | str | float]]:
    """Reckon what the clock of a target does: look at half and three quarters of the working time, judge at the end, tell a miss at once."""
    budget, ends_at = budget_of(span, calendar), span.ends_at
    looks = [
        (percent, WARN, min(ends_at, business_time.add(span.starts_at, budget * percent // 100, calendar)))
        for percent in WARN_PERCENTS
    ]
    moments = [*looks, (100, JUDGE, ends_at), (100, AT_THE_END, ends_at)]
    return [[percent, action, epoch(moment)] for percent, action, moment in moments]


# What it comes to -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reached:
    """What a target has come to: ``part`` of ``whole`` where it is a share, else ``part`` alone, with ``counted`` cases behind it.

    ``elsewhere`` are amounts in other currencies: named, not converted. ``currency`` is that of the amounts a share of money is of.
    """

    part: Decimal = ZERO
    whole: Decimal | None = None
    counted: int = 0
    currency: str = ""
    elsewhere: tuple[tuple[str, Decimal], ...] = ()

    @property
    def value(self) -> Decimal | None:
        """The number that was promised: a count, an amount, or percent (rounded down to hundredths; none where there is no case)."""
        if self.whole is None:
            return self.part
        return (self.part * 10_000 / self.whole).to_integral_value("ROUND_FLOOR") / 100 if self.whole else None


def is_kept(unit: str, amount: int, reached: Reached) -> bool | None:
    """Tell whether a target is reached; nothing for a share without any case. Exact: 79.99 % of a promised 80 % is a miss."""
    if unit != PERCENT:
        return reached.part >= amount
    return reached.part * 100 >= amount * reached.whole if reached.whole else None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a period has gone: ``days_passed`` of its ``days`` working days."""

    days_passed: int
    days: int


def progress(first: date, last: date, today: date, calendar: BusinessCalendar) -> Progress:
    """Count the working days of a period and those that were over before ``today``."""
    days = [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
    working = [day for day in days if business_time.is_working_day(day, calendar)]
    return Progress(sum(day < today for day in working), len(working))


@dataclass(frozen=True, slots=True)
class Pace:
    """Where a side stands: in words, and by how much it is behind (0 where it is not)."""

    words: str
    behind: int = 0

    @property
    def is_behind(self) -> bool:
        return self.behind > 0


def pace(unit: str, amount: int, currency: str, reached: Reached, gone: Progress, *, judged_from: int) -> Pace:
    """Compare what was reached with what had to be by now: ``amount × working days gone / working days``, rounded down.

    A share has no part of a month: it is behind while it is below what was promised, once there are ``judged_from`` cases.
    """
    if unit == PERCENT:
        said = f"{share_words(reached, currency)}, promised {amount} %"
        below = is_kept(unit, amount, reached) is False
        is_behind = below and reached.counted >= judged_from
        return Pace(said, ceil(amount - (reached.value or ZERO)) if is_behind else 0)
    plan = amount * gone.days_passed // gone.days if gone.days else 0
    behind = max(0, plan - int(reached.part))
    said = f"{write(unit, int(reached.part), currency)} of {write(unit, amount, currency)}"
    if reached.part >= amount:
        return Pace(f"{said}, reached")
    return Pace(f"{said}, {write(unit, behind, currency)} behind pace" if behind else f"{said}, on pace", behind)


def share_words(reached: Reached, currency: str = "") -> str:
    """Say a share: *84 % of 50*, *40 % of €12,000*, *no case yet*."""
    if not reached.whole:
        return "no case yet"
    percent = int(reached.value or ZERO)
    return f"{percent} % of {money(reached.whole, reached.currency) if reached.currency else f'{reached.counted:,}'}"


def write(unit: str, amount: int | Decimal, currency: str = "") -> str:
    """Write an amount in its unit: *120*, *€18,500*, *80 %*."""
    if unit == MONEY:
        return money(amount, currency)
    return f"{int(amount)} %" if unit == PERCENT else f"{int(amount):,}"


def outcome_words(unit: str, amount: int, currency: str, value: Decimal | None, counted: int) -> str:
    """Say what a judged period came to: *118 of 120*, *84 % of 50, promised 80 %*."""
    if unit == PERCENT:
        return "no case" if value is None else f"{int(value)} % of {counted:,}, promised {amount} %"
    return f"{write(unit, value or ZERO, currency)} of {write(unit, amount, currency)}"


def worth_of(worth: Mapping[str, int], persona: str) -> int:
    """Give what an MQL of ``persona`` is agreed to be worth."""
    return worth.get(persona, worth.get("default", 0))
