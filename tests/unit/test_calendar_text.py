"""Hours and dates as people type them."""

import pytest

from sla.business_calendar import BadCalendar
from sla.calendar_text import (
    problem_of_dates,
    problems_of_week,
    read_dated_hours,
    read_dates,
    read_hours,
    written_dated_hours,
    written_hours,
)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("", []),
        (" Closed ", []),
        ("–", []),
        ("09:00–17:00", [["09:00", "17:00"]]),
        ("9-17", [["09:00", "17:00"]]),
        ("9.30 to 17", [["09:30", "17:00"]]),
        ("9:00 - 12:30, 13:15—17:00;18-24", [["09:00", "12:30"], ["13:15", "17:00"], ["18:00", "24:00"]]),
        ("22:00–06:00,", [["22:00", "06:00"]]),
        ("09:00:30–17:00", [["09:00:30", "17:00"]]),
    ],
)
def test_hours_are_read_as_they_are_typed(text: str, hours: list[list[str]]) -> None:
    assert read_hours(text) == hours
    assert read_hours(written_hours(hours)) == hours


@pytest.mark.parametrize("text", ["nine to five", "09:00", "09:00–12:00–13:00", "٩-17", "9:5-10", "x" * 5000, "9 17"])
def test_what_is_no_hours_is_refused(text: str) -> None:
    with pytest.raises(BadCalendar):
        read_hours(text)


def test_dates_are_read_from_the_head_of_each_line() -> None:
    text = "2026-12-26 Second Christmas Day\n\n 2026-12-25\r\n2026-12-25 again"

    assert read_dates(text) == ["2026-12-25", "2026-12-26"]


@pytest.mark.parametrize("text", ["25.12.2026", "2026-02-30", "20261225", "Christmas", "2026-12-25\nx", "2026-1-1"])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(BadCalendar):
        read_dates(text)


def test_too_many_dates_are_refused() -> None:
    with pytest.raises(BadCalendar):
        read_dates("2026-12-25\n" * 2001)


def test_special_days_have_hours_or_are_closed() -> None:
    by_date = read_dated_hours("2026-12-24 9-12, 13-14\n2026-12-31 closed")

    assert by_date == {"2026-12-24": [["09:00", "12:00"], ["13:00", "14:00"]], "2026-12-31": []}
    assert read_dated_hours(written_dated_hours(by_date)) == by_date


@pytest.mark.parametrize("text", ["2026-12-24", "2026-12-24 closed\n2026-12-24 9-12", "2026-12-24 noon"])
def test_a_special_day_without_hours_or_twice_is_refused(text: str) -> None:
    with pytest.raises(BadCalendar):
        read_dated_hours(text)


def test_a_mistake_is_told_at_its_weekday() -> None:
    week = {
        "mon": [["09:00", "12:00"], ["11:00", "17:00"]], "tue": [["22:00", "06:00"]], "wed": [["05:00", "09:00"]],
        "thu": [["09:00", "25:00"]], "fri": [["22:00", "06:00"]], "sun": [["22:00", "06:00"]],
    }  # fmt: skip

    problems = problems_of_week(week)

    assert set(problems) == {"mon", "tue", "thu"}
    assert "Monday overlap at 11:00" in problems["mon"]
    assert "night shift of Tuesday" in problems["tue"]
    assert problems_of_week({"sun": [["22:00", "06:00"]], "mon": [["05:00", "06:00"]]}).keys() == {"sun"}
    assert problems_of_week({}) == {}


def test_a_mistake_on_a_date_is_told() -> None:
    assert "overlap" in problem_of_dates("special_days", {"2026-12-24": [["09:00", "12:00"], ["11:00", "13:00"]]})
    assert problem_of_dates("breaks", {"2026-12-24": [["09:00", "12:00"]]}) == ""
