"""Promises in working days: the same local time on another day, or that day's closing."""

import pytest

from sla.business_time import (
    BusinessTimeError,
    TooFar,
    add_business_days,
)
from tests.unit.business_time_calendars import OFFICE, hours, utc

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
