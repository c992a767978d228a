"""What must hold of business time for any calendar, and a second opinion that counts every minute."""

from datetime import datetime, timedelta

from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from sla.business_time import (
    BusinessCalendar,
    BusinessTimeError,
    add,
    add_business_days,
    between,
    close_before,
    explain,
    is_open,
    next_opening,
    open_intervals,
)
from tests.unit.business_time_calendars import HOUR, MINUTE, OFFICE, utc
from tests.unit.business_time_oracle import MinuteByMinute

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Asia/Kathmandu")
CHANGES = (
    utc("2026-03-07T00:00:00"),
    utc("2026-03-28T00:00:00"),
    utc("2026-04-04T00:00:00"),
    utc("2026-09-05T00:00:00"),
)
MORE_CHANGES = (utc("2026-10-03T00:00:00"), utc("2026-10-24T00:00:00"), utc("2026-10-31T00:00:00"))
SECONDS = st.integers(0, 6 * 24 * HOUR)


@st.composite
def day_hours(draw: st.DrawFn) -> tuple[tuple[int, int], ...]:
    """Draw up to two spans of whole minutes that may pass midnight and do not overlap."""
    ends = sorted(draw(st.sets(st.integers(0, 30 * 60 - 1), min_size=0, max_size=4)))
    spans = [(opens * MINUTE, closes * MINUTE) for opens, closes in zip(ends[::2], ends[1::2], strict=False)]
    return tuple((opens, closes) for opens, closes in spans if opens < 86_400 and closes - opens <= 86_400)


@st.composite
def calendars(draw: st.DrawFn) -> BusinessCalendar:
    """Draw a calendar with exceptions around the clock changes of 2026; contradictory ones are thrown away."""
    near = st.sampled_from(CHANGES + MORE_CHANGES).flatmap(
        lambda at: st.integers(-1, 4).map(lambda offset: (at + timedelta(days=offset)).date())
    )
    plain = st.just(((9 * HOUR, 17 * HOUR),))
    days = st.one_of(
        plain, plain, day_hours(), st.just(()), st.just(((22 * HOUR, 30 * HOUR),)), st.just(((0, 86_400),))
    )
    try:
        return BusinessCalendar(
            zone=draw(st.sampled_from(ZONES)),
            week=tuple(draw(st.lists(days, min_size=7, max_size=7))),
            holidays=frozenset(draw(st.sets(near, max_size=3))),
            special_days=draw(st.dictionaries(near, day_hours(), max_size=2)),
            breaks=draw(st.dictionaries(near, day_hours(), max_size=2)),
        )
    except BusinessTimeError:
        assume(False)
        raise


def starts() -> st.SearchStrategy[datetime]:
    return st.builds(
        lambda at, seconds, microseconds: at + timedelta(seconds=seconds, microseconds=microseconds),
        st.sampled_from(CHANGES + MORE_CHANGES),
        SECONDS,
        st.sampled_from((0, 0, 0, 1, 999_999)),
    )


def pause_lists() -> st.SearchStrategy[list[tuple[datetime, datetime]]]:
    lengths = st.integers(0, 3 * 24 * HOUR)
    one = st.builds(lambda start, length: (start, start + timedelta(seconds=length)), starts(), lengths)
    return st.lists(one, max_size=3)


def weekly(calendar: BusinessCalendar) -> BusinessCalendar:
    """Skip calendars that stop for good: they open on special days only."""
    assume(any(calendar.week))
    return calendar


OPENING_CALENDARS = calendars().map(weekly)
UNHURRIED = [HealthCheck.filter_too_much, HealthCheck.too_slow]
thorough = settings(max_examples=100, suppress_health_check=UNHURRIED)
slow = settings(max_examples=25, suppress_health_check=UNHURRIED)


@thorough
@given(OPENING_CALENDARS, starts(), SECONDS, pause_lists())
@example(OFFICE, utc("2026-11-20T17:00:00"), 8 * HOUR, [])
def test_adding_and_measuring_back_gives_the_budget(
    calendar: BusinessCalendar, start: datetime, seconds: int, pauses: list[tuple[datetime, datetime]]
) -> None:
    due = add(start, seconds, calendar, pauses)

    assert due >= start
    assert between(start, due, calendar, pauses) == seconds


@thorough
@given(OPENING_CALENDARS, starts(), SECONDS, st.integers(0, 2 * 24 * HOUR), pause_lists())
def test_a_later_start_or_a_larger_budget_is_never_due_earlier(
    calendar: BusinessCalendar, start: datetime, seconds: int, more: int, pauses: list[tuple[datetime, datetime]]
) -> None:
    due = add(start, seconds, calendar, pauses)

    assert add(start, seconds + more, calendar, pauses) >= (due if seconds else start)
    assert add(start + timedelta(seconds=more), seconds, calendar, pauses) >= due


@thorough
@given(OPENING_CALENDARS, starts(), st.lists(st.integers(1, 24 * HOUR), min_size=2, max_size=4), pause_lists())
def test_a_budget_in_parts_is_due_when_the_whole_is(
    calendar: BusinessCalendar, start: datetime, parts: list[int], pauses: list[tuple[datetime, datetime]]
) -> None:
    at = start
    for part in parts:
        at = add(at, part, calendar, pauses)

    assert at == add(start, sum(parts), calendar, pauses)


@thorough
@given(OPENING_CALENDARS, starts(), SECONDS, st.integers(0, 20), st.sampled_from(["same_time", "close"]), pause_lists())
def test_pauses_only_push_later(
    calendar: BusinessCalendar,
    start: datetime,
    seconds: int,
    days: int,
    until: str,
    pauses: list[tuple[datetime, datetime]],
) -> None:
    in_days = add_business_days(start, days, calendar, until)  # type: ignore[arg-type]

    assert add(start, seconds, calendar, pauses) >= add(start, seconds, calendar)
    assert in_days >= start
    assert add_business_days(start, days, calendar, until, pauses) >= in_days  # type: ignore[arg-type]


@thorough
@given(OPENING_CALENDARS, starts(), SECONDS, pause_lists())
def test_an_explanation_leaves_no_hole_and_adds_up(
    calendar: BusinessCalendar, start: datetime, seconds: int, pauses: list[tuple[datetime, datetime]]
) -> None:
    lines = explain(start, seconds, calendar, pauses)

    edges = [start, *(line.end for line in lines)]
    assert [line.start for line in lines] == edges[:-1]
    assert edges[-1] == add(start, seconds, calendar, pauses)
    assert sum(line.seconds for line in lines) == seconds
    assert all(line.seconds == 0 or line.kind == "open" for line in lines)


@thorough
@given(OPENING_CALENDARS, starts(), st.integers(1, 12))
def test_open_intervals_agree_with_is_open(calendar: BusinessCalendar, start: datetime, count: int) -> None:
    second = timedelta(seconds=1)
    start = start.replace(microsecond=0)

    found = open_intervals(start, calendar, count=count)

    assert found[0][0] == next_opening(start, calendar)
    assert sum((closes - opens).total_seconds() for opens, closes in found) == between(start, found[-1][1], calendar)
    assert all(is_open(opens, calendar) and is_open(closes - second, calendar) for opens, closes in found)


@thorough
@given(calendars())
def test_a_calendar_reads_back_from_its_terms(calendar: BusinessCalendar) -> None:
    terms = calendar.to_terms()

    again = BusinessCalendar.from_terms(terms)

    assert again == calendar
    assert hash(again) == hash(calendar)
    assert again.to_terms() == terms


@slow
@given(OPENING_CALENDARS, starts(), st.integers(0, 40 * 60), pause_lists())
def test_every_minute_counted_by_hand_gives_the_same(
    calendar: BusinessCalendar, start: datetime, minutes: int, pauses: list[tuple[datetime, datetime]]
) -> None:
    start = start.replace(second=0, microsecond=0)
    pauses = [
        (opens.replace(second=0, microsecond=0), closes.replace(second=0, microsecond=0)) for opens, closes in pauses
    ]
    oracle = MinuteByMinute(calendar)

    due = add(start, minutes * MINUTE, calendar, pauses)

    assume(due - start < timedelta(days=30))
    assert due == oracle.add(start, minutes, pauses)
    assert between(start, due, calendar, pauses) == oracle.between(start, due, pauses) * MINUTE


@slow
@given(OPENING_CALENDARS, starts(), st.integers(1, 12), st.sampled_from(["same_time", "close"]))
def test_working_days_walked_by_hand_give_the_same(
    calendar: BusinessCalendar, start: datetime, days: int, until: str
) -> None:
    start = start.replace(second=0, microsecond=0)

    due = add_business_days(start, days, calendar, until)  # type: ignore[arg-type]

    assert due == MinuteByMinute(calendar).after_days(start, days, until)


@slow
@given(OPENING_CALENDARS, starts(), st.integers(1, 12))
def test_closings_walked_back_by_hand_give_the_same(calendar: BusinessCalendar, near: datetime, days: int) -> None:
    day = near.date()

    closing = close_before(day, days, calendar)

    assert closing == MinuteByMinute(calendar).close_before(day, days)
    assert close_before(day, days + 1, calendar) <= closing
    assert close_before(day + timedelta(days=1), days, calendar) >= closing


@thorough
@given(OPENING_CALENDARS, starts(), SECONDS, pause_lists())
def test_a_pause_between_others_never_pulls_earlier(
    calendar: BusinessCalendar, start: datetime, seconds: int, pauses: list[tuple[datetime, datetime]]
) -> None:
    dues = [add(start, seconds, calendar, pauses[:count]) for count in range(len(pauses) + 1)]

    assert dues == sorted(dues)
