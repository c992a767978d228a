"""Both days a year on which the clocks change, minute by minute, where they change by an hour, by half of one, and at midnight."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from sla.business_time import BusinessCalendar, add, add_business_days, between, close_before, resolve_local
from tests.unit.business_time_calendars import HOUR, MINUTE, workweek
from tests.unit.business_time_oracle import MinuteByMinute

CHANGES = [
    ("Europe/Berlin", date(2026, 3, 29), 23),
    ("Europe/Berlin", date(2026, 10, 25), 25),
    ("America/New_York", date(2026, 3, 8), 23),
    ("America/New_York", date(2026, 11, 1), 25),
    ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
    ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
    ("America/Havana", date(2026, 3, 8), 23),  # 0:00 becomes 1:00: the day has no midnight
    ("America/Havana", date(2026, 11, 1), 25),  # 1:00 becomes 0:00: it has two
    ("Asia/Beirut", date(2026, 3, 29), 23),  # no midnight either
    ("Asia/Beirut", date(2026, 10, 24), 25),  # 24:00 becomes 23:00
    ("America/Asuncion", date(2023, 10, 1), 23),  # no midnight; the last change but two
    ("America/Asuncion", date(2024, 3, 23), 25),
]
NIGHT = [["20:00", "00:30"], ["00:45", "02:15"], ["03:00", "09:00"]]
WEEKS = {
    "around the clock": {day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")},
    "night shifts": {day: [["22:00", "06:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")},
    "pieces of the night": {day: sorted(NIGHT) for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")},
    "an office": workweek("08:30", "17:15"),
}

each_change = pytest.mark.parametrize(("zone", "day", "length"), CHANGES)
each_week = pytest.mark.parametrize("week", WEEKS.values(), ids=WEEKS.keys())


def calendar_of(zone: str, week: object) -> BusinessCalendar:
    return BusinessCalendar.from_terms({"zone": zone, "week": week})


@each_change
def test_the_day_is_as_long_as_it_was(zone: str, day: date, length: float) -> None:
    begins, ends = (resolve_local(day, second, zone) for second in (0, 86_400))

    assert (ends - begins).total_seconds() == length * HOUR


@each_change
def test_every_local_minute_is_the_instant_that_a_walk_finds(zone: str, day: date, length: float) -> None:
    oracle = MinuteByMinute(calendar_of(zone, WEEKS["around the clock"]))

    for minute in range(0, 30 * 60, 5):
        assert resolve_local(day, minute * 60, zone) == oracle.resolve(day, minute * 60), minute


@each_change
@each_week
def test_deadlines_agree_with_a_count_of_minutes(zone: str, day: date, length: float, week: object) -> None:
    calendar = calendar_of(zone, week)
    oracle = MinuteByMinute(calendar)
    noon = datetime.combine(day, time(12), ZoneInfo(zone)).astimezone(ZoneInfo("UTC"))

    for offset in range(-30, 16, 3):
        start = noon + timedelta(hours=offset, minutes=7 * offset)
        for minutes in (1, 95, 8 * 60):
            due = add(start, minutes * MINUTE, calendar)
            assert due == oracle.add(start, minutes), (start, minutes)
            assert between(start, due, calendar) == oracle.between(start, due) * MINUTE
        assert add_business_days(start, 1, calendar) == oracle.after_days(start, 1, "same_time"), start
        assert add_business_days(start, 2, calendar, "close") == oracle.after_days(start, 2, "close"), start


@each_change
@each_week
def test_closings_before_agree_with_a_walk_back(zone: str, day: date, length: float, week: object) -> None:
    calendar = calendar_of(zone, week)
    oracle = MinuteByMinute(calendar)

    for offset in range(3):
        near = day + timedelta(days=offset)
        assert close_before(near, 1, calendar) == oracle.close_before(near, 1)
