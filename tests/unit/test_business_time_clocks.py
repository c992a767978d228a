"""Business time past midnight and over clock changes, in the zones that do it strangely."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from sla.business_time import (
    BusinessCalendar,
    add,
    add_business_days,
    between,
    is_open,
    is_working_day,
    open_intervals,
    resolve_local,
)
from tests.unit.business_time_calendars import HOUR, MINUTE, hours, utc, workweek

NIGHTS = BusinessCalendar.from_terms({"zone": "Europe/Berlin", "week": workweek("22:00", "06:00")})
EVERY_DAY = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class TestNightShifts:
    def test_run_past_midnight(self) -> None:
        start = utc("2026-11-20T22:00:00")  # Friday 23:00 in Berlin

        due = add(start, 7 * HOUR, NIGHTS)

        assert due == utc("2026-11-21T05:00:00")

    @pytest.mark.parametrize(
        ("at", "open_now"),
        [
            ("2026-11-23T20:59:59", False),
            ("2026-11-23T21:00:00", True),
            ("2026-11-24T04:59:59", True),
            ("2026-11-24T05:00:00", False),
            ("2026-11-23T00:00:00", False),  # Monday 01:00: Sunday has no shift
            ("2026-11-21T00:00:00", True),  # Saturday 01:00 belongs to Friday
        ],
    )
    def test_belong_to_the_date_they_open_on(self, at: str, open_now: bool) -> None:
        assert is_open(utc(at), NIGHTS) is open_now

    def test_stay_open_after_midnight_into_a_holiday(self) -> None:
        calendar = hours(workweek("22:00", "06:00"), holidays=["2026-11-24"])

        intervals = open_intervals(utc("2026-11-23T12:00:00"), calendar, count=2)

        assert intervals[0] == (utc("2026-11-23T22:00:00"), utc("2026-11-24T06:00:00"))
        assert intervals[1][0] == utc("2026-11-25T22:00:00")

    def test_lose_a_break_of_the_next_date(self) -> None:
        calendar = hours(workweek("22:00", "06:00"), breaks={"2026-11-24": [["02:00", "02:30"]]})

        worked = between(utc("2026-11-23T12:00:00"), utc("2026-11-24T12:00:00"), calendar)

        assert worked == 7 * HOUR + 30 * MINUTE

    def test_join_shifts_that_meet_at_midnight(self) -> None:
        calendar = hours({"mon": [["22:00", "24:00"]], "tue": [["00:00", "06:00"]]})

        due = add(utc("2026-11-23T23:00:00"), 2 * HOUR, calendar)

        assert due == utc("2026-11-24T01:00:00")

    def test_count_days_by_the_date_they_opened(self) -> None:
        start = utc("2026-11-24T02:00:00")  # Tuesday 03:00, in Monday's shift

        due = add_business_days(start, 1, NIGHTS)
        closing = add_business_days(start, 1, NIGHTS, until="close")

        assert due == utc("2026-11-25T02:00:00")
        assert closing == utc("2026-11-25T05:00:00")

    def test_may_run_around_the_clock(self) -> None:
        calendar = hours({day: [["09:00", "09:00"]] for day in EVERY_DAY})

        worked = between(utc("2026-11-23T00:00:00"), utc("2026-11-30T00:00:00"), calendar)

        assert worked == 7 * 24 * HOUR

    def test_give_way_once_to_a_special_day_that_overlaps(self) -> None:
        calendar = hours(workweek("22:00", "06:00"), special_days={"2026-11-24": [["04:00", "08:00"]]})

        worked = between(utc("2026-11-23T12:00:00"), utc("2026-11-24T12:00:00"), calendar)

        assert worked == 10 * HOUR


class TestClockChanges:
    @pytest.mark.parametrize(
        ("zone", "day", "length"),
        [
            ("Europe/Berlin", date(2026, 3, 29), 23 * HOUR),
            ("Europe/Berlin", date(2026, 10, 25), 25 * HOUR),
            ("America/New_York", date(2026, 3, 8), 23 * HOUR),
            ("America/New_York", date(2026, 11, 1), 25 * HOUR),
            ("Australia/Lord_Howe", date(2026, 4, 5), 24 * HOUR + 30 * MINUTE),
            ("Australia/Lord_Howe", date(2026, 10, 4), 23 * HOUR + 30 * MINUTE),
            ("America/Sao_Paulo", date(2017, 10, 15), 23 * HOUR),
            ("America/Sao_Paulo", date(2018, 2, 17), 25 * HOUR),
            ("Asia/Beirut", date(2022, 3, 27), 23 * HOUR),
            ("Africa/Cairo", date(2024, 4, 26), 23 * HOUR),
            ("America/Nuuk", date(2024, 3, 30), 23 * HOUR),
            ("Pacific/Apia", date(2011, 12, 30), 0),
            ("Asia/Kathmandu", date(2026, 3, 29), 24 * HOUR),
        ],
    )
    def test_a_whole_local_day_lasts_as_long_as_it_really_did(self, zone: str, day: date, length: int) -> None:
        calendar = BusinessCalendar(zone, ((),) * 7, special_days={day: ((0, 86_400),)})
        noon = datetime.combine(day, time(12), UTC)

        worked = between(noon - timedelta(days=3), noon + timedelta(days=3), calendar)

        assert worked == length

    @pytest.mark.parametrize(
        ("zone", "day", "local", "instant"),
        [
            ("Europe/Berlin", date(2026, 3, 29), time(1, 59, 59), "2026-03-29T00:59:59"),
            ("Europe/Berlin", date(2026, 3, 29), time(2, 0), "2026-03-29T01:00:00"),
            ("Europe/Berlin", date(2026, 3, 29), time(2, 30), "2026-03-29T01:30:00"),
            ("Europe/Berlin", date(2026, 3, 29), time(3, 0), "2026-03-29T01:00:00"),
            ("Europe/Berlin", date(2026, 10, 25), time(2, 30), "2026-10-25T00:30:00"),
            ("Europe/Berlin", date(2026, 10, 25), time(3, 0), "2026-10-25T02:00:00"),
            ("Europe/Berlin", date(2026, 10, 25), time(2, 30, fold=1), "2026-10-25T00:30:00"),
            ("Australia/Lord_Howe", date(2026, 10, 4), time(2, 15), "2026-10-03T15:45:00"),
            ("America/Sao_Paulo", date(2017, 10, 15), time(0, 0), "2017-10-15T03:00:00"),
            ("America/Sao_Paulo", date(2017, 10, 15), 1, "2017-10-15T03:00:01"),
            ("America/Sao_Paulo", date(2017, 10, 14), 86_400, "2017-10-15T03:00:00"),
            ("Asia/Beirut", date(2022, 3, 27), time(0, 30), "2022-03-26T22:30:00"),
            ("Pacific/Apia", date(2011, 12, 30), time(9, 0), "2011-12-30T19:00:00"),
        ],
    )
    def test_a_local_time_in_a_gap_moves_on_and_an_ambiguous_one_is_the_first(
        self, zone: str, day: date, local: time | int, instant: str
    ) -> None:
        assert resolve_local(day, local, zone) == utc(instant)

    def test_hours_inside_a_gap_vanish_when_they_end_after_it(self) -> None:
        calendar = BusinessCalendar("Europe/Berlin", ((),) * 7, special_days={date(2026, 3, 29): ((9000, 11_700),)})

        worked = between(utc("2026-03-28T00:00:00"), utc("2026-03-30T00:00:00"), calendar)

        assert worked == 0
        assert not is_working_day(date(2026, 3, 29), calendar)

    def test_hours_of_both_passes_count_when_the_clock_goes_back(self) -> None:
        calendar = BusinessCalendar("Europe/Berlin", ((),) * 7, special_days={date(2026, 10, 25): ((3600, 14_400),)})

        due = add(utc("2026-10-24T12:00:00"), 4 * HOUR, calendar)

        assert due == utc("2026-10-25T03:00:00")

    def test_business_days_keep_the_local_time(self) -> None:
        calendar = BusinessCalendar.from_terms({"zone": "Europe/Berlin", "week": workweek("09:00", "17:00")})

        due = add_business_days(utc("2026-03-27T10:15:00"), 1, calendar)

        assert due == utc("2026-03-30T09:15:00")

    def test_a_date_that_its_zone_skipped_is_no_working_day(self) -> None:
        calendar = BusinessCalendar.from_terms(
            {"zone": "Pacific/Apia", "week": {day: [["09:00", "17:00"]] for day in EVERY_DAY}}
        )
        start = utc("2011-12-29T20:00:00")  # Thursday 29 December, 10:00

        assert not is_working_day(date(2011, 12, 30), calendar)
        assert add_business_days(start, 1, calendar) == utc("2011-12-30T20:00:00")  # Saturday 31, 10:00
