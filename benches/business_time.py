"""Measure how many deadlines a second business time computes, beside ``businesstimedelta`` in the same run.

The question: eight business hours from a Friday afternoon over a weekend and a Monday that is a holiday. It is asked of
the calendar that a German team has (zone and public holidays as in that package's own manual), which is the figure to
quote, and of the one that is cheapest for the peer: UTC, and holidays close to each other, because it reckons local time
on each step and looks for the next holiday day by day. A third asks it of starts all over a year. Each has to reach
both bars, else the bench fails.

Rounds of both take turns and medians are compared, since rates drift by a fifth between sessions (design page 8). A
second is one of this process's own processor time: what else the machine does is not measured.
"""

import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from statistics import median
from time import process_time

import businesstimedelta
import holidays
import pytz  # type: ignore[import-untyped]

from benches._printing import note, report
from sla.business_time import BusinessCalendar, add, add_business_days, between, explain, next_opening, open_intervals

Question = Callable[[datetime], object]

BENCH = "business_time"
ROUNDS = 7
ROUND_SECONDS = 0.4
LEAST_RATE, LEAST_RATIO = 200_000, 50
BUDGET = 8 * 3600
WEEK = (((9 * 3600, 17 * 3600),),) * 5 + ((), ())
GERMAN_DAYS = frozenset(holidays.country_holidays("DE", subdiv="BE", years=range(2025, 2029)))
GERMAN = BusinessCalendar("Europe/Berlin", WEEK, GERMAN_DAYS)
PLAIN = BusinessCalendar("UTC", WEEK, frozenset({date(2026, 11, 23), date(2026, 12, 1)}))
STEP = timedelta(minutes=3, seconds=31)
BEFORE_WHIT_MONDAY = [datetime(2026, 5, 22, 12, tzinfo=UTC) + number * STEP for number in range(50)]
BEFORE_HOLIDAY = [datetime(2026, 11, 20, 14, tzinfo=UTC) + number * STEP for number in range(50)]
ALL_YEAR = [datetime(2026, 1, 5, tzinfo=UTC) + number * timedelta(days=7, hours=5, seconds=7) for number in range(50)]
SERIAL = count()
PAUSES = [(datetime(2026, 5, 22, 14, tzinfo=UTC), datetime(2026, 5, 26, 10, tzinfo=UTC))]


def main(_arguments: Sequence[str]) -> int:
    """Print one JSON line per figure to standard output, progress to standard error; takes about 20 seconds.

    Returns 1 where a comparison misses a bar.
    """
    german = peer_add(GERMAN, holidays.country_holidays("DE", subdiv="BE"))
    reached = [
        compare("add over a weekend with a holiday, German team", GERMAN, german, BEFORE_WHIT_MONDAY),
        compare("add over a weekend with a holiday, UTC", PLAIN, peer_add(PLAIN, PLAIN.holidays), BEFORE_HOLIDAY),
        compare("add all over a year, German team", GERMAN, german, ALL_YEAR),
    ]
    for name, question in further_questions().items():
        report(BENCH, name, median(rate(question, BEFORE_WHIT_MONDAY, ROUND_SECONDS / 2) for _ in range(3)), "calls/s")
    report(BENCH, "first answer of a new calendar", 1000 / rate(cold_add, BEFORE_WHIT_MONDAY, ROUND_SECONDS), "ms")
    return 0 if all(reached) else 1


def compare(figure: str, calendar: BusinessCalendar, peer: Question, starts: list[datetime]) -> bool:
    """Check that both give the same instants, measure them in turns, and tell whether both bars are reached."""

    def ours(start: datetime) -> datetime:
        return add(start, BUDGET, calendar)

    for start in starts:
        if peer(start) != ours(start):
            raise AssertionError(f"businesstimedelta gives {peer(start)} for {start}, we give {ours(start)}")
    rates, peer_rates = [], []
    for number in range(1, ROUNDS + 1):
        rates.append(rate(ours, starts, ROUND_SECONDS))
        peer_rates.append(rate(peer, starts, ROUND_SECONDS))
        note(f"{figure}, round {number} of {ROUNDS}: {rates[-1]:,.0f} adds/s, control {peer_rates[-1]:,.0f}")
    ours_median, peer_median = median(rates), median(peer_rates)
    report(BENCH, figure, ours_median, "adds/s", control=peer_median)
    return is_enough(figure, ours_median, peer_median)


def is_enough(figure: str, found: float, control: float) -> bool:
    """Tell whether a rate reaches the bars, and say where it does not."""
    reached = found >= LEAST_RATE and found >= LEAST_RATIO * control
    if not reached:
        note(f"{figure}: MISSED, at least {LEAST_RATE:,} adds/s and {LEAST_RATIO} times the control are wanted")
    return reached


def peer_add(calendar: BusinessCalendar, days_off: Iterable[date]) -> Question:
    """Return the control: the hours and holidays of a calendar as businesstimedelta rules."""
    zone = pytz.timezone(calendar.zone)
    day = businesstimedelta.WorkDayRule(start_time=time(9), end_time=time(17), working_days=[0, 1, 2, 3, 4], tz=zone)
    rules = businesstimedelta.Rules([day, businesstimedelta.HolidayRule(days_off, tz=zone)])
    budget = businesstimedelta.BusinessTimeDelta(rules, hours=8)
    return lambda start: start + budget


def further_questions() -> dict[str, Question]:
    end = datetime(2026, 6, 24, 12, tzinfo=UTC)
    return {
        "add a budget never asked before": lambda start: add(start, BUDGET + next(SERIAL) % 100_000, GERMAN),
        "add with a pause": lambda start: add(start, BUDGET, GERMAN, PAUSES),
        "between": lambda start: between(start, end, GERMAN),
        "three business days": lambda start: add_business_days(start, 3, GERMAN),
        "next opening": lambda start: next_opening(start, GERMAN),
        "next five open intervals": lambda start: open_intervals(start, GERMAN, count=5),
        "explain": lambda start: explain(start, BUDGET, GERMAN),
    }


def cold_add(start: datetime) -> object:
    """Answer for a calendar that was never seen: validation and tables included."""
    unseen = date(3000, 1, 1) + timedelta(days=next(SERIAL))
    return add(start, BUDGET, BusinessCalendar(GERMAN.zone, WEEK, GERMAN_DAYS | {unseen}))


def rate(question: Question, starts: list[datetime], seconds: float) -> float:
    """Ask until the time is over; return the answers per second."""
    asked = 0
    begun = process_time()
    while (passed := process_time() - begun) < seconds:
        for start in starts:
            question(start)
        asked += len(starts)
    return asked / passed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
