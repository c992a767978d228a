"""Months and quarters, the plan of a target's clock, and the pace in words."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from leads.period_rules import (
    Pace,
    Progress,
    Reached,
    is_kept,
    next_span,
    outcome_words,
    pace,
    plan_of,
    progress,
    span_of,
    spans_begun,
)
from sla.business_time import BusinessCalendar, between

BERLIN = ZoneInfo("Europe/Berlin")
HOURS = BusinessCalendar.from_terms(
    {"zone": "Europe/Berlin", "week": {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}}
)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("kind", "day", "first", "last", "label"),
    [
        ("month", date(2026, 2, 28), date(2026, 2, 1), date(2026, 2, 28), "February 2026"),
        ("month", date(2024, 2, 1), date(2024, 2, 1), date(2024, 2, 29), "February 2024"),
        ("month", date(2026, 12, 31), date(2026, 12, 1), date(2026, 12, 31), "December 2026"),
        ("quarter", date(2026, 3, 31), date(2026, 1, 1), date(2026, 3, 31), "Q1 2026"),
        ("quarter", date(2026, 11, 5), date(2026, 10, 1), date(2026, 12, 31), "Q4 2026"),
    ],
)
def test_a_day_lies_in_one_period(kind: str, day: date, first: date, last: date, label: str) -> None:
    span = span_of(kind, day, BERLIN)

    assert (span.first, span.last, span.label) == (first, last, label)


def test_a_period_ends_where_the_next_begins_at_the_midnights_of_its_zone() -> None:
    march = span_of("month", date(2026, 3, 5), BERLIN)

    assert march.starts_at == datetime(2026, 2, 28, 23, tzinfo=UTC)
    assert march.ends_at == datetime(2026, 3, 31, 22, tzinfo=UTC)  # summer time began
    assert next_span("month", march.starts_at + SECOND, BERLIN).starts_at == march.ends_at


def test_periods_begin_with_the_first_whole_one() -> None:
    since = datetime(2026, 1, 31, 23, tzinfo=UTC)  # midnight in Berlin
    at = datetime(2026, 3, 31, 22, tzinfo=UTC)

    assert [span.first.month for span in spans_begun("month", since, at, BERLIN)] == [2, 3, 4]
    assert [span.first.month for span in spans_begun("month", since + SECOND, at - SECOND, BERLIN)] == [3]
    assert [span.first.month for span in spans_begun("quarter", since, at, BERLIN)] == [4]


def test_the_plan_divides_the_working_time_and_ends_with_the_period() -> None:
    span = span_of("month", date(2026, 3, 5), BERLIN)

    plan = plan_of(span, HOURS)

    assert [line[:2] for line in plan] == [
        [50, "warn"], [75, "warn"], [100, "judge"], [100, "notify_both_managers"],
    ]  # fmt: skip
    halfway = datetime.fromtimestamp(float(plan[0][2]), UTC)
    in_all = between(span.starts_at, span.ends_at, HOURS)
    assert between(span.starts_at, halfway, HOURS) == in_all // 2
    assert datetime.fromtimestamp(float(plan[2][2]), UTC) == span.ends_at


def test_a_side_that_never_works_has_a_plan_all_the_same() -> None:
    closed = BusinessCalendar.from_terms({"zone": "UTC", "week": {"mon": [["09:00", "17:00"]]}, "holidays": []})
    span = span_of("month", date(2026, 3, 5), BERLIN)

    assert all(float(line[2]) <= span.ends_at.timestamp() for line in plan_of(span, closed))


def test_working_days_are_counted_before_today() -> None:
    first, last = date(2026, 3, 1), date(2026, 3, 31)  # the 2nd is a Monday

    assert progress(first, last, date(2026, 3, 2), HOURS) == Progress(0, 22)
    assert progress(first, last, date(2026, 3, 9), HOURS) == Progress(5, 22)
    assert progress(first, last, date(2026, 4, 1), HOURS) == Progress(22, 22)


@pytest.mark.parametrize(
    ("unit", "amount", "found", "gone", "expected"),
    [
        ("count", 120, Reached(Decimal(62), counted=62), Progress(12, 20), Pace("62 of 120, 10 behind pace", 10)),
        ("count", 120, Reached(Decimal(72), counted=72), Progress(12, 20), Pace("72 of 120, on pace")),
        ("count", 120, Reached(Decimal(121), counted=121), Progress(12, 20), Pace("121 of 120, reached")),
        ("count", 7, Reached(Decimal(2), counted=2), Progress(3, 7), Pace("2 of 7, 1 behind pace", 1)),
        ("count", 10, Reached(Decimal(0)), Progress(1, 22), Pace("0 of 10, on pace")),  # not for a fraction
        ("count", 10, Reached(Decimal(0)), Progress(0, 0), Pace("0 of 10, on pace")),
        ("money", 9000, Reached(Decimal("4000.50"), counted=2), Progress(1, 2),
         Pace("€4,000 of €9,000, €500 behind pace", 500)),
        ("percent", 80, Reached(Decimal(42), Decimal(50), 50), Progress(1, 2), Pace("84 % of 50, promised 80 %")),
        ("percent", 80, Reached(Decimal(39), Decimal(50), 50), Progress(1, 2), Pace("78 % of 50, promised 80 %", 2)),
        ("percent", 80, Reached(Decimal(1), Decimal(9), 9), Progress(1, 2),
         Pace("11 % of 9, promised 80 %")),
        ("percent", 80, Reached(whole=Decimal(0)), Progress(1, 2), Pace("no case yet, promised 80 %")),
        ("percent", 80, Reached(Decimal(3999), Decimal(5000), 5000), Progress(1, 2),
         Pace("79 % of 5,000, promised 80 %", 1)),
        ("percent", 40, Reached(Decimal(300), Decimal(1000), 12, "EUR"), Progress(1, 2),
         Pace("30 % of €1,000, promised 40 %", 10)),
    ],
)  # fmt: skip
def test_the_pace_is_said_in_words(unit: str, amount: int, found: Reached, gone: Progress, expected: Pace) -> None:
    assert pace(unit, amount, "EUR" if unit == "money" else "", found, gone, judged_from=10) == expected


@pytest.mark.parametrize(
    ("unit", "amount", "found", "kept"),
    [
        ("count", 10, Reached(Decimal(10), counted=10), True),
        ("count", 10, Reached(Decimal(9), counted=9), False),
        ("money", 10, Reached(Decimal("9.99")), False),
        ("percent", 80, Reached(Decimal(4), Decimal(5), 5), True),
        ("percent", 80, Reached(Decimal(799999), Decimal(1_000_000), 1_000_000), False),
        ("percent", 80, Reached(whole=Decimal(0)), None),
    ],
)
def test_a_target_is_kept_exactly(unit: str, amount: int, found: Reached, kept: bool | None) -> None:
    assert is_kept(unit, amount, found) is kept


def test_an_outcome_is_said_in_words() -> None:
    assert outcome_words("count", 120, "", Decimal(118), 118) == "118 of 120"
    assert outcome_words("percent", 80, "", Decimal("79.99"), 50) == "79 % of 50, promised 80 %"
    assert outcome_words("percent", 80, "", None, 0) == "no case"
    assert outcome_words("money", 9000, "EUR", Decimal(4000), 2) == "€4,000 of €9,000"
