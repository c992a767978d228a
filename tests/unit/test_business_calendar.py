"""A calendar refuses to exist when it makes no sense, and writes itself in one form only."""

from datetime import date, datetime
from typing import Any

import pytest

from sla.business_time import ALWAYS_OPEN, BadCalendar, BusinessCalendar, BusinessTimeError, NeverOpens, resolve_local
from tests.unit.business_time_calendars import OFFICE, hours, workweek

MONDAY = {"mon": [["09:00", "17:00"]]}


@pytest.mark.parametrize(
    "terms",
    [
        {"zone": "Europe/Atlantis", "week": MONDAY},
        {"zone": "../etc/passwd", "week": MONDAY},
        {"zone": "America", "week": MONDAY},
        {"zone": "localtime", "week": MONDAY},
        {"zone": "Europe/Berlin\x00", "week": MONDAY},
        {"zone": "", "week": MONDAY},
        {"zone": None, "week": MONDAY},
        {"week": MONDAY},
        {"zone": "UTC", "week": {"monday": [["09:00", "17:00"]]}},
        {"zone": "UTC", "week": {"mon": [["09:00", "12:00"], ["11:59", "17:00"]]}},
        {"zone": "UTC", "week": {"mon": [["22:00", "06:00"], ["23:00", "24:00"]]}},
        {"zone": "UTC", "week": {"sun": [["22:00", "06:00"]], "mon": [["05:59", "12:00"]]}},
        {"zone": "UTC", "week": {"mon": [["24:00", "06:00"]]}},
        {"zone": "UTC", "week": {"mon": [["09:00", "24:01"]]}},
        {"zone": "UTC", "week": {"mon": [["09:60", "17:00"]]}},
        {"zone": "UTC", "week": {"mon": [["9:00", "17:00"]]}},
        {"zone": "UTC", "week": {"mon": [["09:00", "-1:00"]]}},
        {"zone": "UTC", "week": {"mon": [["٠٩:٠٠", "17:00"]]}},
        {"zone": "UTC", "week": {"mon": [["09:00"]]}},
        {"zone": "UTC", "week": {"mon": ["09:00", "17:00"]}},
        {"zone": "UTC", "week": {"mon": "09:00-17:00"}},
        {"zone": "UTC", "week": {"mon": [[9, 17]]}},
        {"zone": "UTC", "week": [MONDAY]},
        {"zone": "UTC", "week": MONDAY, "holidays": ["2026-02-30"]},
        {"zone": "UTC", "week": MONDAY, "holidays": ["20261225"]},
        {"zone": "UTC", "week": MONDAY, "holidays": "2026-12-25"},
        {"zone": "UTC", "week": MONDAY, "holidays": [20261225]},
        {"zone": "UTC", "week": MONDAY, "special_days": {"2026-12-24": [["09:00", "12:00"], ["10:00", "11:00"]]}},
        {"zone": "UTC", "week": MONDAY, "breaks": ["2026-12-24"]},
        {"zone": "UTC", "week": MONDAY, "closed": True},
        ["zone", "UTC"],
        None,
    ],
)
def test_unreadable_or_contradictory_terms_are_refused(terms: Any) -> None:
    with pytest.raises(BadCalendar):
        BusinessCalendar.from_terms(terms)


@pytest.mark.parametrize(
    "week",
    [
        (((0, 86_400),),) * 6,
        (((-1, 60),),) + ((),) * 6,
        (((60, 60),),) + ((),) * 6,
        (((61, 60),),) + ((),) * 6,
        (((0, 86_401),),) + ((),) * 6,
        (((86_400, 86_401),),) + ((),) * 6,
    ],
)
def test_impossible_seconds_are_refused(week: Any) -> None:
    with pytest.raises(BadCalendar):
        BusinessCalendar("UTC", week)


def test_an_instant_in_place_of_a_date_is_refused() -> None:
    noon: Any = frozenset({datetime(2026, 12, 25, 12)})  # noqa: DTZ001 - the point of the case

    with pytest.raises(BadCalendar):
        BusinessCalendar("UTC", OFFICE.week, holidays=noon)


@pytest.mark.parametrize(
    "exceptions",
    [
        {},
        {"special_days": {"2026-12-24": []}},
        {"special_days": {"2026-12-24": [["09:00", "12:00"]]}, "holidays": ["2026-12-24"]},
        {"special_days": {"2026-12-24": [["09:00", "12:00"]]}, "breaks": {"2026-12-24": [["08:00", "13:00"]]}},
    ],
)
def test_a_calendar_that_never_opens_is_refused(exceptions: dict[str, Any]) -> None:
    with pytest.raises(NeverOpens):
        hours({}, **exceptions)


def test_every_refusal_is_a_business_time_error() -> None:
    assert issubclass(BadCalendar, BusinessTimeError)
    assert issubclass(NeverOpens, BusinessTimeError)
    assert issubclass(BusinessTimeError, ValueError)


def test_terms_are_written_in_one_form() -> None:
    written = {
        "zone": "Europe/Berlin",
        "week": {"tue": [["22:00:30", "00:00"]], "mon": [["13:00", "17:00"], ["09:00", "12:00:00"]], "wed": []},
        "holidays": ["2026-12-26", "2026-12-25", "2026-12-25"],
        "special_days": {"2026-12-31": [["22:00", "02:00"]], "2026-12-24": []},
    }

    terms = BusinessCalendar.from_terms(written).to_terms()

    assert terms == {
        "zone": "Europe/Berlin",
        "week": {"mon": [["09:00", "12:00"], ["13:00", "17:00"]], "tue": [["22:00:30", "24:00"]]},
        "holidays": ["2026-12-25", "2026-12-26"],
        "special_days": {"2026-12-24": [], "2026-12-31": [["22:00", "02:00"]]},
        "breaks": {},
    }
    assert list(terms["special_days"]) == ["2026-12-24", "2026-12-31"]


def test_a_calendar_cannot_be_changed_through_what_it_was_made_from() -> None:
    special = {date(2026, 12, 24): ((0, 3600),)}
    calendar = BusinessCalendar("UTC", OFFICE.week, special_days=special)

    special.clear()

    assert calendar.special_days == {date(2026, 12, 24): ((0, 3600),)}
    with pytest.raises(TypeError):
        calendar.special_days[date(2026, 12, 25)] = ()  # type: ignore[index]


def test_always_open_is_written_like_any_other() -> None:
    assert BusinessCalendar.from_terms(ALWAYS_OPEN.to_terms()) == ALWAYS_OPEN


def test_calendars_differ_by_each_of_their_parts() -> None:
    week = workweek("09:00", "17:00")
    variants: list[dict[str, Any]] = [
        {},
        {"zone": "Europe/Berlin"},
        {"holidays": ["2026-12-25"]},
        {"special_days": {"2026-12-25": []}},
        {"breaks": {"2026-12-25": [["09:00", "10:00"]]}},
    ]

    distinct = {BusinessCalendar.from_terms({"zone": "UTC", "week": week, **variant}) for variant in variants}

    assert len(distinct) == len(variants)


@pytest.mark.parametrize("second", [-1, 2 * 86_400 + 1])
def test_a_second_that_no_local_day_has_is_refused(second: int) -> None:
    with pytest.raises(BusinessTimeError):
        resolve_local(date(2026, 11, 20), second, "UTC")
