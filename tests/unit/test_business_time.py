"""Business time: tables, and edges one second apart."""

import pickle
import threading
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from sla.business_time import (
    ALWAYS_OPEN,
    BusinessTimeError,
    NeverOpens,
    add,
    add_business_days,
    between,
    explain,
    is_working_day,
    next_opening,
    open_intervals,
)
from tests.unit.business_time_calendars import HOUR, MINUTE, OFFICE, hours, utc, workweek

EVERY_DAY = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class TestAdding:
    @pytest.mark.parametrize(
        ("start", "seconds", "due"),
        [
            ("2026-11-20T16:59:59", 1, "2026-11-20T17:00:00"),
            ("2026-11-20T16:59:59", 2, "2026-11-23T09:00:01"),
            ("2026-11-20T17:00:00", 1, "2026-11-23T09:00:01"),
            ("2026-11-20T17:00:01", 1, "2026-11-23T09:00:01"),
            ("2026-11-20T08:59:59", 1, "2026-11-20T09:00:01"),
            ("2026-11-20T09:00:00", 8 * HOUR, "2026-11-20T17:00:00"),
            ("2026-11-20T09:00:00", 8 * HOUR + 1, "2026-11-23T09:00:01"),
            ("2026-11-21T12:00:00", 8 * HOUR, "2026-11-23T17:00:00"),
            ("2026-11-20T09:00:00", 0, "2026-11-20T09:00:00"),
            ("2026-11-20T08:59:59", 0, "2026-11-20T09:00:00"),
            ("2026-11-20T16:59:59", 0, "2026-11-20T16:59:59"),
            ("2026-11-20T17:00:00", 0, "2026-11-23T09:00:00"),
            ("2026-12-31T16:00:00", 2 * HOUR, "2027-01-01T10:00:00"),
            ("2026-11-20T16:30:00", 40 * HOUR * 52, "2027-11-19T16:30:00"),
        ],
    )
    def test_lands_to_the_second(self, start: str, seconds: int, due: str) -> None:
        found = add(utc(start), seconds, OFFICE)

        assert found == utc(due)
        assert found.tzinfo is UTC

    def test_keeps_the_fraction_of_a_second(self) -> None:
        start = utc("2026-11-20T16:59:59.250000")

        due = add(start, 1, OFFICE)

        assert due == utc("2026-11-23T09:00:00.250000")
        assert between(start, due, OFFICE) == 1

    def test_takes_an_instant_of_any_zone(self) -> None:
        start = utc("2026-11-20T16:00:00").astimezone(ZoneInfo("Asia/Kathmandu"))

        due = add(start, HOUR, OFFICE)

        assert due == utc("2026-11-20T17:00:00")
        assert due.tzinfo is UTC

    def test_passes_straight_through_when_always_open(self) -> None:
        start = utc("2026-12-31T23:59:59")

        due = add(start, 400 * 24 * HOUR, ALWAYS_OPEN)

        assert due == start + timedelta(days=400)

    @pytest.mark.parametrize(
        ("start", "seconds"),
        [
            (datetime(2026, 11, 20, 9), 60),  # noqa: DTZ001 - the point of the case
            (datetime(2026, 11, 20, 9, tzinfo=UTC), -1),
            (datetime(1, 1, 1, tzinfo=UTC), 60),
            (datetime(9999, 12, 31, 23, tzinfo=UTC), 60),
            (datetime(9998, 12, 31, 16, tzinfo=UTC), 8 * HOUR * 300),
            (datetime(2026, 11, 20, 9, tzinfo=UTC), 10**18),
            (datetime(2026, 11, 20, 9, tzinfo=UTC), 250 * 365 * 24 * HOUR),
        ],
    )
    def test_refuses_what_has_no_answer_by_name(self, start: datetime, seconds: int) -> None:
        with pytest.raises(BusinessTimeError):
            add(start, seconds, OFFICE)

    @pytest.mark.parametrize("year", [3, 1583, 1850, 1969, 2400, 9990])
    def test_answers_in_the_far_past_and_future(self, year: int) -> None:
        start = datetime(year, 6, 6, 12, tzinfo=UTC)

        due = add(start, 8 * HOUR, OFFICE)

        assert between(start, due, OFFICE) == 8 * HOUR

    def test_gives_the_same_to_threads_that_start_together(self) -> None:
        calendar = hours(workweek("08:15", "16:45"))
        start, gate = utc("2031-03-07T15:00:00"), threading.Barrier(8)
        found: list[datetime] = []

        def work() -> None:
            gate.wait()
            found.extend(add(start, days * 8 * HOUR, calendar) for days in range(1, 300))

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(found) == sorted([add(start, days * 8 * HOUR, calendar) for days in range(1, 300)] * 8)


class TestDatesThatDiffer:
    def test_special_days_replace_the_weeks_hours(self) -> None:
        calendar = hours(workweek("09:00", "17:00"), special_days={"2026-12-24": [["10:00", "12:00"]]})

        due = add(utc("2026-12-24T08:00:00"), 3 * HOUR, calendar)

        assert due == utc("2026-12-25T10:00:00")

    def test_a_special_day_may_be_closed(self) -> None:
        calendar = hours(workweek("09:00", "17:00"), special_days={"2026-12-24": []})

        assert not is_working_day(date(2026, 12, 24), calendar)

    def test_a_holiday_closes_a_special_day(self) -> None:
        calendar = hours(
            workweek("09:00", "17:00"), special_days={"2026-12-25": [["10:00", "12:00"]]}, holidays=["2026-12-25"]
        )

        assert next_opening(utc("2026-12-25T10:00:00"), calendar) == utc("2026-12-28T09:00:00")

    def test_breaks_may_overlap_each_other(self) -> None:
        breaks = {"2026-11-20": [["10:00", "11:00"], ["10:30", "11:30"]]}
        calendar = hours(workweek("09:00", "17:00"), breaks=breaks)

        worked = between(utc("2026-11-20T00:00:00"), utc("2026-11-21T00:00:00"), calendar)

        assert worked == 6 * HOUR + 30 * MINUTE

    def test_a_day_swallowed_by_a_break_is_no_working_day(self) -> None:
        calendar = hours(workweek("09:00", "17:00"), breaks={"2026-11-20": [["08:00", "18:00"]]})

        assert not is_working_day(date(2026, 11, 20), calendar)
        assert is_working_day(date(2026, 11, 23), calendar)

    def test_only_special_days_open_until_they_run_out(self) -> None:
        fair = hours({}, special_days={"2026-11-20": [["09:00", "17:00"]]})

        assert add(utc("2026-11-01T00:00:00"), 8 * HOUR, fair) == utc("2026-11-20T17:00:00")
        assert open_intervals(utc("2026-11-21T00:00:00"), fair, until=utc("2027-01-01T00:00:00")) == []
        assert sum(line.seconds for line in explain(utc("2026-11-01T00:00:00"), 8 * HOUR, fair)) == 8 * HOUR
        for question in (add, add_business_days):
            with pytest.raises(NeverOpens):
                question(utc("2026-11-20T18:00:00"), 1, fair)
        with pytest.raises(NeverOpens):
            next_opening(utc("2026-11-20T17:00:00"), fair)


class TestPauses:
    def test_of_zero_length_change_nothing(self) -> None:
        at = utc("2026-11-20T10:00:00")

        assert add(at, HOUR, OFFICE, [(at, at)]) == utc("2026-11-20T11:00:00")

    def test_before_the_start_change_nothing(self) -> None:
        pause = (utc("2026-11-19T10:00:00"), utc("2026-11-20T10:00:00"))

        assert add(utc("2026-11-20T10:00:00"), HOUR, OFFICE, [pause]) == utc("2026-11-20T11:00:00")

    def test_push_a_zero_budget_to_the_first_moment_that_counts(self) -> None:
        pauses = [
            (utc("2026-11-20T10:00:00"), utc("2026-11-20T18:00:00")),
            (utc("2026-11-23T08:00:00"), utc("2026-11-23T09:30:00")),
        ]

        assert add(utc("2026-11-20T10:00:00"), 0, OFFICE, pauses) == utc("2026-11-23T09:30:00")

    def test_that_begin_when_the_budget_is_spent_come_too_late(self) -> None:
        pause = (utc("2026-11-20T11:00:00"), utc("2026-11-20T12:00:00"))

        assert add(utc("2026-11-20T10:00:00"), HOUR, OFFICE, [pause]) == utc("2026-11-20T11:00:00")
        assert add(utc("2026-11-20T10:00:00"), HOUR + 1, OFFICE, [pause]) == utc("2026-11-20T12:00:01")

    def test_are_taken_out_of_time_between(self) -> None:
        pause = (utc("2026-11-20T16:00:00"), utc("2026-11-23T10:00:00"))

        worked = between(utc("2026-11-20T09:00:00"), utc("2026-11-23T17:00:00"), OFFICE, [pause, pause])

        assert worked == 14 * HOUR

    def test_that_end_before_they_start_are_refused(self) -> None:
        pause = (utc("2026-11-23T10:00:00"), utc("2026-11-20T16:00:00"))

        with pytest.raises(BusinessTimeError):
            add(utc("2026-11-20T10:00:00"), HOUR, OFFICE, [pause])


class TestOpenIntervals:
    def test_are_cut_at_both_ends(self) -> None:
        found = open_intervals(utc("2026-11-20T16:00:00"), OFFICE, until=utc("2026-11-23T09:30:00"))

        assert found == [
            (utc("2026-11-20T16:00:00"), utc("2026-11-20T17:00:00")),
            (utc("2026-11-23T09:00:00"), utc("2026-11-23T09:30:00")),
        ]

    def test_stay_whole_where_two_tables_meet(self) -> None:
        start = utc("1970-01-01T00:00:00") + timedelta(days=366 * 57)
        calendar = hours({day: [["22:00", "06:00"]] for day in EVERY_DAY})

        found = open_intervals(start - timedelta(hours=1), calendar, count=2)
        ended = open_intervals(start - timedelta(hours=1), calendar, until=start)

        assert found[0] == (start - timedelta(hours=1), start + timedelta(hours=6))
        assert found[1][0] == start + timedelta(hours=22)
        assert ended == [(start - timedelta(hours=1), start)]

    def test_need_a_limit(self) -> None:
        with pytest.raises(BusinessTimeError):
            open_intervals(utc("2026-11-20T16:00:00"), OFFICE)

    def test_touch_at_midnight_without_becoming_one(self) -> None:
        found = open_intervals(utc("2026-11-20T16:00:00"), ALWAYS_OPEN, count=2)

        assert [closes for _, closes in found] == [utc("2026-11-21T00:00:00"), utc("2026-11-22T00:00:00")]


class TestExplaining:
    def test_lists_what_counted_and_what_did_not(self) -> None:
        calendar = hours(workweek("09:00", "17:00"), holidays=["2026-11-23"], special_days={"2026-11-25": []})
        pause = (utc("2026-11-24T10:00:00"), utc("2026-11-24T11:00:00"))

        lines = explain(utc("2026-11-20T16:30:00"), 8 * HOUR, calendar, [pause])

        assert [(line.label, line.start.isoformat()[5:16], line.seconds) for line in lines] == [
            ("open", "11-20T16:30", 30 * MINUTE),
            ("weekend", "11-20T17:00", 0),
            ("holiday", "11-23T00:00", 0),
            ("closed", "11-24T00:00", 0),
            ("open", "11-24T09:00", HOUR),
            ("pause", "11-24T10:00", 0),
            ("open", "11-24T11:00", 6 * HOUR),
            ("special_day", "11-24T17:00", 0),
            ("open", "11-26T09:00", 30 * MINUTE),
        ]

    def test_shows_the_wait_of_a_zero_budget(self) -> None:
        lines = explain(utc("2026-11-20T17:00:00"), 0, OFFICE)

        assert [(line.kind, line.label, line.end) for line in lines] == [
            ("closed", "weekend", utc("2026-11-23T09:00:00"))
        ]


def test_equal_calendars_survive_pickling_with_their_hash() -> None:
    calendar = hours(workweek("09:00", "17:00"), special_days={"2026-12-24": [["09:00", "12:00"]]})

    copy = pickle.loads(pickle.dumps(calendar))

    assert copy == calendar
    assert hash(copy) == hash(calendar)
