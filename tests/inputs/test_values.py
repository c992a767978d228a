"""Numbers, moments, countries and formulas."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from inputs.countries import country_code
from inputs.formulas import defuse, defused
from inputs.moments import BadMoment, day, instant, midnight
from inputs.numbers import MAX_ID, BadNumber, amount, count_as_written, whole

AT = datetime(2026, 3, 2, 10, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(("value", "expected"), [(0, 0), ("12", 12), (" 7 ", 7), (2**31 - 1, 2**31 - 1), ("+5", 5)])
def test_reads_whole_numbers(value, expected):
    assert whole(value) == expected


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("abc", "not_a_number"), ("", "not_a_number"), ("1.5", "not_a_number"), (1.0, "not_a_number"),
        (True, "not_a_number"), (None, "not_a_number"), ("१२", "not_a_number"), ("1_000", "not_a_number"),
        ("9" * 5000, "not_a_number"), (-1, "out_of_range"), (2**31, "out_of_range"), (str(MAX_ID), "out_of_range"),
    ],
)  # fmt: skip
def test_refuses_what_no_column_holds(value, code):
    with pytest.raises(BadNumber) as refusal:
        whole(value, field="fit")

    assert (refusal.value.code, refusal.value.field) == (code, "fit")


@pytest.mark.parametrize(
    ("text", "expected"), [("1,200", 1200), ("1.200.000", 1200000), ("1 200", 1200), ("1'200", 1200), ("250.0", 250)]
)
def test_reads_counts_as_files_write_them(text, expected):
    assert count_as_written(text) == expected


@pytest.mark.parametrize("text", ["1,20", "1,200.300", "many", "10-50", "-5"])
def test_refuses_counts_that_are_none(text):
    with pytest.raises(BadNumber):
        count_as_written(text)


@pytest.mark.parametrize(("value", "expected"), [("0", "0.00"), ("12.5", "12.50"), (7, "7.00"), ("1e3", "1000.00")])
def test_reads_amounts(value, expected):
    assert amount(value) == Decimal(expected)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("NaN", "not_a_number"), ("Infinity", "not_a_number"), ("x", "not_a_number"), (None, "not_a_number"),
        (True, "not_a_number"), ("1" * 41, "not_a_number"), ("-1", "out_of_range"), ("1e12", "out_of_range"),
        ("1.005", "too_precise"),
    ],
)  # fmt: skip
def test_refuses_amounts_that_no_column_holds(value, code):
    with pytest.raises(BadNumber) as refusal:
        amount(value)

    assert refusal.value.code == code


@pytest.mark.parametrize(
    "text", ["2026-03-01T10:00:00+01:00", "2026-03-01T09:00Z", "2026-03-01 09:00:00z", "2026-03-01T09:00:00.000+00:00"]
)
def test_reads_a_time_with_its_offset(text):
    assert instant(text, at=AT) == datetime(2026, 3, 1, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("2026-03-01T10:00:00", "offset_missing"), ("2026-03-01", "offset_missing"), ("yesterday", "not_a_time"),
        ("03/01/2026", "not_a_time"), ("2026-02-30T10:00Z", "not_a_time"), ("2026-03-01T25:00Z", "not_a_time"),
        (1772355600, "not_a_time"), (None, "not_a_time"), ("0001-01-01T00:00+14:00", "not_a_time"),
        ("1989-12-31T23:59:59Z", "too_early"), ("2026-03-03T10:00:01Z", "in_the_future"),
        ("9999-12-31T23:59:59-14:00", "not_a_time"),
    ],
)  # fmt: skip
def test_refuses_times_that_cannot_be_placed(value, code):
    with pytest.raises(BadMoment) as refusal:
        instant(value, at=AT, field="occurred_at")

    assert (refusal.value.code, refusal.value.field) == (code, "occurred_at")


def test_a_senders_clock_may_be_a_day_ahead():
    assert instant("2026-03-03T10:00:00Z", at=AT) == AT + timedelta(days=1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-03-30T02:30", datetime(2025, 3, 30, 1, 30, tzinfo=UTC)),  # in the gap: 03:30 summer time
        ("2025-10-26T02:30", datetime(2025, 10, 26, 0, 30, tzinfo=UTC)),  # twice: the first
        ("2025-06-01", datetime(2025, 5, 31, 22, 0, tzinfo=UTC)),
        ("2025-06-01T12:00Z", datetime(2025, 6, 1, 12, 0, tzinfo=UTC)),
    ],
)
def test_a_file_without_offset_speaks_local_time(text, expected):
    assert instant(text, at=AT, zone=BERLIN) == expected


def test_reads_dates_within_reason():
    assert day("2026-03-01") == date(2026, 3, 1)
    assert midnight(date(2026, 3, 1), BERLIN) == datetime(2026, 2, 28, 23, tzinfo=UTC)
    for value in ("2026-13-01", "1 March", None, "0001-01-01", "9999-12-31"):
        with pytest.raises(BadMoment):
            day(value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Germany", "DE"),
        ("DEU", "DE"),
        ("de", "de"),
        ("United States", "US"),
        ("USA", "US"),
        ("Narnia", "Narnia"),
        ("", ""),
    ],
)
def test_reads_countries_as_exports_write_them(text, expected):
    assert country_code(text) == expected


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1+1", "-2+3", "@SUM(A1)", "\t=1", " =1", "=cmd|' /C calc'!A0", "|x", "%x", "\uff1d1", "\r=1", "-x"],
)
def test_defuses_formulas(text):
    assert defuse(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Ada", "a=b", "+49 30 1234567", "-5", "-1,200.50", "+1 (555) 010-999", "12"])
def test_leaves_harmless_cells_as_they_are(text):
    assert defuse(text) == text


def test_defuses_rows_of_any_values():
    assert defused([None, 3, "=x"]) == ["", "3", "'=x"]
