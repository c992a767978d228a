"""Periods and ranks: pure, so shown by tables."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from dashboards.periods import BadPeriod, Period, named, read_period
from dashboards.ranks import nearest_rank, percent_of
from inputs.refusals import Invalid

BERLIN = ZoneInfo("Europe/Berlin")
TODAY = date(2026, 11, 21)


def period(first: str, until: str) -> Period:
    return Period(date.fromisoformat(first), date.fromisoformat(until), BERLIN)


@pytest.mark.parametrize(
    ("name", "first", "until"),
    [
        ("this_month", "2026-11-01", "2026-12-01"),
        ("last_month", "2026-10-01", "2026-11-01"),
        ("this_quarter", "2026-10-01", "2027-01-01"),
        ("last_quarter", "2026-07-01", "2026-10-01"),
        ("last_30_days", "2026-10-23", "2026-11-22"),
        ("last_90_days", "2026-08-24", "2026-11-22"),
        ("this_year", "2026-01-01", "2027-01-01"),
    ],
)
def test_a_named_period_is_seen_from_today(name: str, first: str, until: str) -> None:
    assert named(name, TODAY, BERLIN) == period(first, until)


@pytest.mark.parametrize(
    ("shown", "before"),
    [
        (("2026-11-01", "2026-12-01"), ("2026-10-01", "2026-11-01")),
        (("2026-01-01", "2026-02-01"), ("2025-12-01", "2026-01-01")),
        (("2026-01-01", "2026-04-01"), ("2025-10-01", "2026-01-01")),
        (("2017-06-01", "2018-06-01"), ("2016-06-01", "2017-06-01")),
        (("2026-03-10", "2026-03-17"), ("2026-03-03", "2026-03-10")),
    ],
)
def test_a_period_is_compared_with_the_one_before(shown: tuple[str, str], before: tuple[str, str]) -> None:
    assert period(*shown).before() == period(*before)


def test_a_day_begins_at_midnight_of_the_company_also_when_the_clocks_change() -> None:
    spring = period("2026-03-29", "2026-03-30")

    assert spring.starts_at == datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert spring.ends_at - spring.starts_at == timedelta(hours=23)


def test_months_and_weeks_cut_a_period_without_gaps() -> None:
    shown = period("2026-01-15", "2026-04-02")

    for parts in (shown.months(), shown.weeks()):
        assert parts[0].first == shown.first
        assert parts[-1].until == shown.until
        assert all(one.until == next_.first for one, next_ in pairwise(parts))
    assert [part.first.isoformat() for part in shown.months()] == [
        "2026-01-15",
        "2026-02-01",
        "2026-03-01",
        "2026-04-01",
    ]
    assert {part.first.weekday() for part in shown.weeks()[1:]} == {0}


def test_a_short_period_reaches_back_over_ten_whole_weeks() -> None:
    reach = period("2026-11-01", "2026-12-01").reaching_back(10)

    assert (reach.first.weekday(), reach.until.weekday()) == (0, 0)
    assert reach.days == 70
    assert reach.until >= date(2026, 12, 1)


@pytest.mark.parametrize(
    "query",
    [
        {"from": "2026-02-01"}, {"to": "2026-02-01"}, {"from": "2026-02-01", "to": "2026-02-01"},
        {"from": "2026-02-02", "to": "2026-02-01"}, {"from": "2000-01-01", "to": "2026-01-01"}, {"period": "soon"},
        {"from": "x", "to": "2026-01-01"}, {"last": "2026-02-01"}, {"from": "2026-02-02", "last": "2026-02-01"},
        {"from": "2026-02-01", "last": "2026-02-02", "to": "2026-02-03"}, {"from": "2099-12-01", "last": "2100-01-01"},
    ],
)  # fmt: skip
def test_a_period_that_makes_no_sense_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        read_period(query, TODAY, BERLIN)


@pytest.mark.parametrize(("last", "to"), [("2026-02-01", "2026-02-02"), ("2026-02-28", "2026-03-01"),
                                          ("2026-12-31", "2027-01-01"), ("2032-02-29", "2032-03-01")])  # fmt: skip
def test_the_last_day_says_the_same_as_the_day_after_it(last: str, to: str) -> None:
    found = read_period({"from": "2026-02-01", "last": last}, TODAY, BERLIN)

    assert found == read_period({"from": "2026-02-01", "to": to}, TODAY, BERLIN) == period("2026-02-01", to)
    assert found.last.isoformat() == last


def test_days_win_over_a_name_and_this_month_is_the_default() -> None:
    both = {"from": "2026-01-01", "to": "2026-01-02", "period": "this_year"}

    assert read_period(both, TODAY, BERLIN) == period("2026-01-01", "2026-01-02")
    assert read_period({}, TODAY, BERLIN).label == "November 2026"
    with pytest.raises(BadPeriod, match="Choose one of"):
        named("", TODAY, BERLIN)


@pytest.mark.parametrize(
    ("part", "whole", "percent"),
    [
        (0, 0, None),
        (0, 5, "0.0"),
        (842, 8000, "10.5"),
        (1, 3, "33.3"),
        (2, 3, "66.7"),
        (1, 2000, "0.1"),
        (5, 4, "125.0"),
    ],
)
def test_a_share_is_rounded_half_up_and_no_data_is_no_share(part: int, whole: int, percent: str | None) -> None:
    assert percent_of(part, whole) == (Decimal(percent) if percent else None)


@pytest.mark.parametrize(
    ("counted", "percent", "value"),
    [
        ([], 50, None), ([(7, 1)], 50, 7), ([(7, 1)], 90, 7), ([(1, 1), (2, 1)], 50, 1), ([(1, 1), (2, 1)], 51, 2),
        ([(n, 1) for n in range(1, 11)], 90, 9), ([(n, 1) for n in range(1, 12)], 90, 10), ([(5, 9), (100, 1)], 90, 5),
        ([(5, 9), (100, 1)], 91, 100), ([(-3, 1), (4, 2)], 50, 4),
    ],
)  # fmt: skip
def test_a_percentile_is_a_value_that_occurred(counted: list[tuple[int, int]], percent: int, value: int | None) -> None:
    ordered = sorted(value for value, often in counted for _ in range(often))

    assert nearest_rank(ordered, percent) == value


@given(some.lists(some.tuples(some.integers(-50, 50), some.integers(1, 5)), min_size=1), some.sampled_from([50, 90]))
def test_at_least_so_many_values_do_not_exceed_the_percentile(counted: list[tuple[int, int]], percent: int) -> None:
    values = sorted(value for value, often in counted for _ in range(often))

    found = nearest_rank(values, percent)

    assert found is not None
    assert sum(value <= found for value in values) * 100 >= percent * len(values)
    assert sum(value < found for value in values) * 100 < percent * len(values)
