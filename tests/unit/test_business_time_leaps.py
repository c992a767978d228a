"""A due time from memory is the one that is reckoned anew, at every edge of what the memory holds."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sla import leaps
from sla.business_time import ALWAYS_OPEN, BusinessCalendar, add
from sla.open_hours import BLOCK, EPOCH, MICROSECOND, SECOND, from_position, open_hours, position
from tests.unit.business_time_calendars import HOUR, MINUTE, OFFICE, hours, utc, workweek

LUNCH = {day: [["09:00", "12:00"], ["12:45", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
CALENDARS = [
    OFFICE,
    ALWAYS_OPEN,
    hours(LUNCH, holidays=["2026-11-23"], breaks={"2026-11-24": [["10:00", "10:30"]]}),
    hours({"mon": [["22:00", "24:00"]], "tue": [["00:00", "06:00"]], "fri": [["20:00", "06:00"]]}),
    BusinessCalendar.from_terms({"zone": "America/Havana", "week": workweek("22:00", "06:00")}),
]
AROUND = (timedelta(0), MICROSECOND, -MICROSECOND, timedelta(seconds=1), timedelta(minutes=7), -timedelta(minutes=7))


def reckoned(start: datetime, seconds: int, calendar: BusinessCalendar) -> datetime:
    return from_position(open_hours(calendar).advance(position(start), seconds * SECOND))


@settings(max_examples=200)
@given(
    st.sampled_from(CALENDARS),
    st.lists(st.tuples(st.integers(0, 5 * 24 * 60), st.sampled_from(AROUND)), min_size=2, max_size=30),
    st.sampled_from([1, 30 * MINUTE, 3 * HOUR, 8 * HOUR, 8 * HOUR + 1, 24 * HOUR, 60 * HOUR]),
)
def test_starts_in_any_order_are_due_as_if_nothing_were_remembered(
    calendar: BusinessCalendar, moments: list[tuple[int, timedelta]], seconds: int
) -> None:
    for minutes, beside in moments:
        start = utc("2026-11-20T00:00:00") + timedelta(minutes=minutes) + beside
        assert add(start, seconds, calendar) == reckoned(start, seconds, calendar), start


@pytest.mark.parametrize("calendar", CALENDARS)
@pytest.mark.parametrize("seconds", [1, 3 * HOUR, 8 * HOUR, 8 * HOUR + 1])
def test_both_sides_of_every_edge_agree(calendar: BusinessCalendar, seconds: int) -> None:
    """The starts whose own or whose due time's opening changes: one of them learns, its neighbours must not follow it too far."""
    leaps._leaps.clear()
    edges = open_hours(calendar).edges_around(position(utc("2026-11-16T00:00:00"))).instants
    edges = [edge for edge in edges if utc("2026-11-16T00:00:00") <= edge < utc("2026-12-01T00:00:00")]
    middle = [edge + timedelta(hours=1) for edge in edges]
    back = [edge - timedelta(seconds=seconds % (8 * HOUR)) for edge in edges]

    for start in [*middle, *(edge + beside for edge in edges + back for beside in AROUND)]:
        assert add(start, seconds, calendar) == reckoned(start, seconds, calendar), start


def test_a_leap_that_is_kept_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    calendar = hours(workweek("09:00", "17:00"), holidays=["2026-11-23"])
    add(utc("2026-11-20T12:00:00"), 8 * HOUR, calendar)
    unasked: Any = None
    monkeypatch.setattr(leaps, "from_position", unasked)

    assert add(utc("2026-11-20T09:00:00.000001"), 8 * HOUR, calendar) == utc("2026-11-24T09:00:00.000001")
    assert add(utc("2026-11-20T16:59:59"), 8 * HOUR, calendar) == utc("2026-11-24T16:59:59")
    with pytest.raises(TypeError):  # due the same day: another leap
        add(utc("2026-11-20T09:00:00"), 8 * HOUR, calendar)


def test_what_is_remembered_stays_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaps, "LEAPS_KEPT", 10)

    for seconds in range(1, 100):
        add(utc("2026-11-20T12:00:00"), seconds, OFFICE)

    assert len(leaps._leaps) <= 10


@pytest.mark.parametrize("seconds", [1, 8 * HOUR, 400 * HOUR])
def test_answers_across_the_border_of_two_tables(seconds: int) -> None:
    border = EPOCH + 57 * BLOCK * MICROSECOND

    for days in (-3, -2, -1, 0, 1, -1, -3):
        start = border + timedelta(days=days, hours=12)
        assert add(start, seconds, OFFICE) == reckoned(start, seconds, OFFICE)


def test_answers_in_utc_whatever_fold_the_start_has() -> None:
    start = datetime(2026, 11, 20, 12, tzinfo=UTC, fold=1)

    due = add(start, HOUR, OFFICE)

    assert (due, due.fold, due.tzinfo) == (utc("2026-11-20T13:00:00"), 0, UTC)
