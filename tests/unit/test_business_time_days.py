"""Promises in working days: the same local time on another day, or that day's closing."""

from datetime import date

import pytest

from sla.business_time import (
    BusinessCalendar,
    BusinessTimeError,
    NeverOpens,
    TooFar,
    add_business_days,
    close_before,
)
from tests.unit.business_time_calendars import OFFICE, hours, utc, workweek

LUNCH = hours({"mon": [["09:00", "12:00"], ["13:00", "17:00"]], "tue": [["09:00", "12:00"], ["13:00", "17:00"]]})


class TestBusinessDays:
    @pytest.mark.parametrize(
        ("start", "days", "until", "due"),
        [
            ("2026-11-20T10:00:00", 1, "same_time", "2026-11-23T10:00:00"),
            ("2026-11-20T08:59:59", 1, "same_time", "2026-11-23T09:00:00"),
            ("2026-11-20T09:00:01", 1, "same_time", "2026-11-23T09:00:01"),
            ("2026-11-20T17:00:00", 1, "same_time", "2026-11-23T17:00:00"),
            ("2026-11-20T17:00:01", 1, "same_time", "2026-11-23T17:00:00"),
            ("2026-11-20T10:00:00", 1, "close", "2026-11-23T17:00:00"),
            ("2026-11-21T10:00:00", 1, "same_time", "2026-11-23T10:00:00"),
            ("2026-11-21T23:00:00", 1, "same_time", "2026-11-23T17:00:00"),
            ("2026-11-21T10:00:00", 2, "close", "2026-11-24T17:00:00"),
            ("2026-11-20T10:00:00", 0, "same_time", "2026-11-20T10:00:00"),
            ("2026-11-20T08:00:00", 0, "same_time", "2026-11-20T09:00:00"),
            ("2026-11-20T18:00:00", 0, "same_time", "2026-11-23T09:00:00"),
            ("2026-11-20T10:00:00", 0, "close", "2026-11-20T17:00:00"),
            ("2026-11-20T17:00:00", 0, "close", "2026-11-23T17:00:00"),
            ("2026-11-20T10:00:00", 261, "same_time", "2027-11-22T10:00:00"),
        ],
    )
    def test_count_working_days(self, start: str, days: int, until: str, due: str) -> None:
        assert add_business_days(utc(start), days, OFFICE, until) == utc(due)  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        ("start", "due"),
        [
            ("2026-11-23T11:59:59", "2026-11-24T11:59:59"),
            ("2026-11-23T12:00:00", "2026-11-24T12:00:00"),
            ("2026-11-23T12:00:01", "2026-11-24T13:00:00"),
            ("2026-11-23T13:00:01", "2026-11-24T13:00:01"),
        ],
    )
    def test_a_time_inside_lunch_is_due_after_lunch(self, start: str, due: str) -> None:
        assert add_business_days(utc(start), 1, LUNCH) == utc(due)

    def test_pauses_move_the_due_time_by_their_open_part(self) -> None:
        weekend_and_more = (utc("2026-11-20T16:00:00"), utc("2026-11-23T10:00:00"))

        due = add_business_days(utc("2026-11-20T12:00:00"), 2, OFFICE, pauses=[weekend_and_more])

        assert due == utc("2026-11-24T14:00:00")

    def test_a_pause_that_starts_at_the_due_time_is_too_late(self) -> None:
        pause = (utc("2026-11-23T12:00:00"), utc("2026-11-23T15:00:00"))

        due = add_business_days(utc("2026-11-20T12:00:00"), 1, OFFICE, pauses=[pause])

        assert due == utc("2026-11-23T12:00:00")

    def test_a_due_time_at_closing_moves_to_the_next_day(self) -> None:
        pause = (utc("2026-11-23T12:00:00"), utc("2026-11-23T12:00:01"))

        due = add_business_days(utc("2026-11-20T12:00:00"), 1, OFFICE, until="close", pauses=[pause])

        assert due == utc("2026-11-24T09:00:01")

    @pytest.mark.parametrize(("days", "until"), [(-1, "same_time"), (1, "noon")])
    def test_refuse_nonsense(self, days: int, until: str) -> None:
        with pytest.raises(BusinessTimeError):
            add_business_days(utc("2026-11-20T12:00:00"), days, OFFICE, until)  # type: ignore[arg-type]

    def test_refuse_to_count_for_centuries(self) -> None:
        with pytest.raises(TooFar):
            add_business_days(utc("2026-11-20T12:00:00"), 1_000_000, OFFICE)


class TestClosingBefore:
    @pytest.mark.parametrize(
        ("day", "days", "closing"),
        [
            ("2026-11-24", 1, "2026-11-23T17:00:00"),
            ("2026-11-23", 1, "2026-11-20T17:00:00"),
            ("2026-11-22", 1, "2026-11-20T17:00:00"),
            ("2026-11-21", 1, "2026-11-20T17:00:00"),
            ("2026-11-20", 1, "2026-11-19T17:00:00"),
            ("2026-11-24", 3, "2026-11-19T17:00:00"),
            ("2027-11-22", 261, "2026-11-20T17:00:00"),
        ],
    )
    def test_counts_working_days_back(self, day: str, days: int, closing: str) -> None:
        assert close_before(date.fromisoformat(day), days, OFFICE) == utc(closing)

    def test_passes_holidays_and_ends_with_the_last_of_a_day_s_hours(self) -> None:
        lunch = {"fri": [["09:00", "12:00"], ["13:00", "16:30"]], "mon": [["09:00", "17:00"]]}
        calendar = hours(lunch, holidays=["2026-11-23"], special_days={"2026-11-21": []})

        assert close_before(date(2026, 11, 24), 1, calendar) == utc("2026-11-20T16:30:00")

    def test_of_a_night_shift_is_the_morning_after_even_on_the_date_itself(self) -> None:
        nights = hours(workweek("22:00", "06:00"))

        assert close_before(date(2026, 11, 24), 1, nights) == utc("2026-11-24T06:00:00")

    def test_is_local_time_of_the_calendar(self) -> None:
        calendar = BusinessCalendar.from_terms({"zone": "Europe/Berlin", "week": workweek("09:00", "17:00")})

        assert close_before(date(2026, 3, 30), 1, calendar) == utc("2026-03-27T16:00:00")
        assert close_before(date(2026, 3, 31), 1, calendar) == utc("2026-03-30T15:00:00")

    def test_is_refused_where_the_calendar_was_not_open_so_often(self) -> None:
        fair = hours({}, special_days={"2026-11-20": [["09:00", "17:00"]]})

        assert close_before(date(2026, 12, 1), 1, fair) == utc("2026-11-20T17:00:00")
        with pytest.raises(NeverOpens):
            close_before(date(2026, 12, 1), 2, fair)
        with pytest.raises(NeverOpens):
            close_before(date(2026, 11, 20), 1, fair)

    @pytest.mark.parametrize("days", [0, -1])
    def test_refuses_to_count_no_days(self, days: int) -> None:
        with pytest.raises(BusinessTimeError):
            close_before(date(2026, 11, 24), days, OFFICE)

    @pytest.mark.parametrize("day", [date(1, 1, 1), date(2, 1, 5), date(9999, 12, 31)])
    def test_is_refused_by_name_at_the_ends_of_time(self, day: date) -> None:
        with pytest.raises(BusinessTimeError):
            close_before(day, 1000, OFFICE)
