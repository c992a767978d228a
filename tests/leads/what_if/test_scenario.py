"""A scenario is read from an address and written back; times and hours are read as people write them."""

from __future__ import annotations

from datetime import date
from urllib.parse import parse_qsl

import pytest

from leads.what_if.assumptions import HOURS, STAFF, TIMES, assumptions
from leads.what_if.phrases import (
    BadPhrase,
    read_percents,
    read_seconds,
    read_week,
    read_within,
    written_seconds,
    written_week,
    written_within,
)
from leads.what_if.scenario import BadScenario, Known, Scenario, read_scenario
from sla.business_calendar import ALWAYS_OPEN
from sla.terms import Within
from tests.leads.what_if.past import terms

TODAY = date(2026, 3, 31)
KNOWN = Known(
    promises=terms().promises, teams={1: "Marketing", 2: "Sales"}, selling=frozenset({2}), calendars={5: "Long"},
    people={7: "Sam"},
)  # fmt: skip


def read(**query: str) -> Scenario:
    return read_scenario({name.replace("__", "-"): value for name, value in query.items()}, KNOWN, TODAY)


@pytest.mark.parametrize(
    ("text", "within"),
    [
        ("15 min", Within(seconds=900)),
        ("15m", Within(seconds=900)),
        ("1 h 30 min", Within(seconds=5400)),
        ("1h30m", Within(seconds=5400)),
        ("2 Hours", Within(seconds=7200)),
        ("90 s", Within(seconds=90)),
        ("1 day", Within(days=1)),
        ("10 working days", Within(days=10)),
        ("2 days, to close", Within(days=2, until="close")),
    ],
)
def test_a_time_is_read_and_written_back(text: str, within: Within) -> None:
    assert read_within(text) == within
    assert read_within(written_within(within)) == within


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "none",
        "soon",
        "15",
        "-5 min",
        "1.5 h",
        "15 min x",
        "0 days",
        "251 days",
        "1001 h",
        "９ h",
        "5 months",
        "1 day 2 h",
    ],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(BadPhrase):
        read_within(text)


def test_every_time_of_the_template_is_read_back() -> None:
    for promise in terms().promises.values():
        assert all(read_within(written_within(within)) == within for within in promise.within.values())


def test_grace_and_warnings() -> None:
    assert read_seconds("none") == read_seconds("0") == 0
    assert written_seconds(0) == "none"
    assert read_percents("75, 50 %") == (50, 75)
    assert read_percents("none") == ()
    for text in ("100", "00", "5 x", "1,2,3,4,5,6", "-5"):
        with pytest.raises(BadPhrase):
            read_percents(text)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Mon-Fri 08:00-18:00, Sat 09:00-13:00", "Mon-Fri 08:00-18:00, Sat 09:00-13:00"),
        ("mon – fri 8-18", "Mon-Fri 08:00-18:00"),
        ("monday wed 09:00-12:00 13:00-17:00", "Mon 09:00-12:00 13:00-17:00, Wed 09:00-12:00 13:00-17:00"),
        ("Sat-Mon 10:00-12:00", "Mon 10:00-12:00, Sat-Sun 10:00-12:00"),
        ("Fri 22:00-06:00", "Fri 22:00-06:00"),
        ("Mon-Sun 00:00-24:00", "Mon-Sun 00:00-24:00"),
    ],
)
def test_hours_are_read_and_written_back(text: str, written: str) -> None:
    week = read_week(text)

    assert written_week(week) == written
    assert read_week(written_week(week)) == week


def test_round_the_clock_is_round_the_clock() -> None:
    assert read_week("Mon-Sun 00:00-24:00") == ALWAYS_OPEN.week


@pytest.mark.parametrize(
    "text",
    [
        "Mon",
        "09:00-17:00",
        "Mon 09:00",
        "Mon 09:00-17:00,",
        "Mon 12:00-14:00 13:00-15:00",
        "Moon 9-17",
        "Mon-Tue-Wed 9-17",
        "Mon 9-17 Tue",
        "x" * 201,
    ],
)
def test_what_are_no_hours_is_refused(text: str) -> None:
    with pytest.raises(BadPhrase):
        read_week(text)


def test_a_scenario_is_written_as_it_is_read() -> None:
    query = {
        "from": "2026-01-01", "last": "2026-03-31", "time-accept-hot": "30 min", "time-verdict-warm": "9 days, to close",
        "grace-accept": "none", "warn-accept": "50", "hours-1": "Mon-Sat 08:00-18:00", "calendar-2": "5",
        "person-hours-7": "Mon-Thu 09:00-17:00", "staff-2": "+1", "share-7": "50",
    }  # fmt: skip

    scenario = read_scenario(query, KNOWN, TODAY)

    assert dict(parse_qsl(scenario.query())) == query
    assert read_scenario(dict(parse_qsl(scenario.query())), KNOWN, TODAY) == scenario
    assert scenario.is_changed
    assert {*TIMES, *HOURS, *STAFF} < set(assumptions(scenario))


def test_what_says_what_holds_is_no_change() -> None:
    unchanged = read(
        time__accept__hot="15 min", grace__accept="", staff__2="0", share__7="100", hours__1=" ", calendar__2=""
    )

    assert not unchanged.is_changed
    assert not {*TIMES, *HOURS, *STAFF} & set(assumptions(unchanged))
    assert (unchanged.first, unchanged.until) == (date(2026, 1, 1), date(2026, 4, 1))


def test_everything_wrong_is_said_at_once() -> None:
    with pytest.raises(BadScenario) as refused:
        read(
            **{"from": "x"}, time__accept__hot="soon", staff__1="+1", hours__2="Mon 9-17", calendar__2="5", share__9="5"
        )

    assert {problem.field for problem in refused.value.problems} == {
        "from",
        "time-accept-hot",
        "staff-1",
        "hours-2",
        "share-9",
    }


def test_the_last_day_alone_asks_for_ninety() -> None:
    found = read(last="2026-03-10")

    assert (found.last - found.first).days == 89
