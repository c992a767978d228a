"""The core of a what-if: single cases at their boundaries, and random pasts against an oracle that shares nothing with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import pytest

from leads.what_if.phrases import read_week
from leads.what_if.recorded import Recorded
from leads.what_if.replaying import Changes, Pinned, replay
from replay.invariants.reckoning import SlowCalendar
from sla.business_time import ALWAYS_OPEN, BusinessCalendar
from sla.terms import Within
from tests.leads.what_if.past import (
    AT,
    MONDAY,
    OFFICE_TERMS,
    clock,
    minutes,
    office,
    one,
    pinned,
    promise,
    replayed,
    terms,
)

SECOND = timedelta(seconds=1)
TO_30 = {("accept", "hot"): Within(seconds=1800)}
TO_5 = {("accept", "hot"): Within(seconds=300)}


# Single cases: accept, hot, is promised within 15 minutes ------------------------------------------------------------


@pytest.mark.parametrize(
    ("recorded", "times", "becomes"),
    [
        (clock(answered_at=MONDAY + minutes(20)), TO_30, "kept"),
        (clock(answered_at=MONDAY + minutes(30)), TO_30, "kept"),
        (clock(answered_at=MONDAY + minutes(30) + SECOND), TO_30, "missed"),
        (clock(answered_at=MONDAY + minutes(5)), TO_5, "kept"),
        (clock(answered_at=MONDAY + minutes(5) + SECOND), TO_5, "missed"),
        (clock(cancelled_at=MONDAY + minutes(5)), TO_5, "cancelled"),
        (clock(cancelled_at=MONDAY + minutes(5) + SECOND), TO_5, "missed"),
        (clock(cancelled_at=MONDAY + minutes(10)), TO_30, "cancelled"),
        (clock(), TO_30, "missed"),
        (clock(), {("accept", "hot"): Within(days=90)}, "open"),
        (clock(began_at=AT), TO_5, "open"),
        (clock(began_at=AT - minutes(5)), TO_5, "open"),
        (clock(began_at=AT - minutes(6)), TO_5, "missed"),
        (clock(began_at=AT - minutes(6)), TO_30, "open"),
        (clock(answered_at=MONDAY + minutes(20)), {("accept", "warm"): Within(seconds=1800)}, "missed"),
    ],
)
def test_what_becomes_of_a_promise_with_another_time(
    recorded: Recorded, times: dict[tuple[str, str], Within], becomes: str
) -> None:
    found = one(recorded, times=times)

    assert found.follows
    assert found.outcome == becomes


def test_a_promise_that_runs_overdue_and_undetected_is_open_as_recorded() -> None:
    running = replace(clock(began_at=AT - minutes(20)), state="running")

    assert one(running).outcome == "open"
    assert one(running, times=TO_30).outcome == "open"
    assert one(running, times=TO_5).outcome == "missed"


def test_a_miss_never_answered_with_more_time_is_said_to_be_uncertain() -> None:
    assert one(clock(), times=TO_30).could_have_been_kept
    assert not one(clock(), times=TO_5).could_have_been_kept
    assert not one(clock(answered_at=MONDAY + minutes(40)), times=TO_30).could_have_been_kept


def test_grace_counts_only_for_what_begins_while_closed() -> None:
    at_night = datetime(2026, 3, 3, 3, 0, tzinfo=MONDAY.tzinfo)
    opening = datetime(2026, 3, 3, 8, 0, tzinfo=MONDAY.tzinfo)  # 09:00 in Berlin
    late = clock(began_at=at_night, answered_at=opening + minutes(60))

    assert late.outcome == "missed"  # 30 minutes of grace, 15 of the promise
    assert one(late, grace={"accept": 2700}).outcome == "kept"
    assert one(late, grace={"accept": 2699}).outcome == "missed"
    by_day = clock(answered_at=MONDAY + minutes(20))
    assert one(by_day, grace={"accept": 2700}).outcome == "missed"


def test_working_days_are_counted_as_the_clocks_count_them() -> None:
    friday = datetime(2026, 3, 6, 14, 0, tzinfo=MONDAY.tzinfo)
    monday_same_time = friday + timedelta(days=3)
    rated = clock("quick_rating", began_at=friday, answered_at=monday_same_time + minutes(60))
    to_close = {("quick_rating", "hot"): Within(days=1, until="close")}
    two_days = {("quick_rating", "hot"): Within(days=2)}

    assert rated.outcome == "missed"
    assert rated.due_at == monday_same_time
    assert one(rated, times=to_close).outcome == "kept"
    assert one(rated, times=two_days).due_at == friday + timedelta(days=4)
    with_saturday = one(rated, weeks={1: read_week("Mon-Sat 09:00-17:00")})
    assert with_saturday.due_at == friday + timedelta(days=1)


def test_a_brief_counts_back_from_its_date() -> None:
    brief = clock("brief", before=date(2026, 3, 16), answered_at=datetime(2026, 3, 11, 12, 0, tzinfo=MONDAY.tzinfo))

    assert brief.outcome == "kept"
    assert one(brief).follows
    assert one(brief, times={("brief", "hot"): Within(days=4)}).outcome == "missed"


def test_pauses_are_taken_out_under_other_times_too() -> None:
    pause = (MONDAY + minutes(10), MONDAY + minutes(70))
    paused = clock("first_attempt", pauses=(pause,), answered_at=MONDAY + minutes(85))

    assert (paused.outcome, paused.due_at) == ("missed", MONDAY + minutes(75))
    assert one(paused, times={("first_attempt", "hot"): Within(seconds=1500)}).outcome == "kept"
    assert one(paused, times={("first_attempt", "hot"): Within(seconds=300)}).due_at == MONDAY + minutes(5)


def test_what_stood_still_to_its_end_is_judged_by_when_it_was_paused() -> None:
    stood = clock("first_attempt", stood_at=MONDAY + minutes(10), cancelled_at=MONDAY + minutes(90))
    shorter = {("first_attempt", "hot"): Within(seconds=300)}

    assert one(stood).outcome == "cancelled"
    assert one(stood, times=shorter).outcome == "missed"
    still = replace(stood, state="paused", cancelled_at=None)
    assert one(still).outcome == "open"
    assert one(still, times=shorter).outcome == "missed"


def test_other_hours_move_the_deadline_and_not_the_answer() -> None:
    evening = datetime(2026, 3, 2, 15, 50, tzinfo=MONDAY.tzinfo)  # 16:50 in Berlin, ten minutes before closing
    late = clock(began_at=evening, answered_at=evening + minutes(12))

    assert late.outcome == "kept"
    assert one(late, weeks={1: read_week("Mon-Fri 09:00-20:00")}).due_at == evening + minutes(15)
    assert one(late, weeks={1: read_week("Mon-Fri 09:00-20:00")}, times=TO_5).outcome == "missed"
    assert one(late, weeks={2: read_week("Mon-Fri 09:00-20:00")}).due_at == late.due_at
    assert one(late, calendars={1: ALWAYS_OPEN}).due_at == evening + minutes(15)
    mine = one(
        late, own_weeks={1: read_week("Mon-Fri 09:00-18:00")}, calendars={1: BusinessCalendar.from_terms(OFFICE_TERMS)}
    )
    assert mine.due_at == evening + minutes(15)


def test_written_hours_leave_holidays_as_they_are() -> None:
    good_friday = datetime(2026, 4, 3, 9, 0, tzinfo=MONDAY.tzinfo)
    found = one(clock(began_at=good_friday), weeks={1: read_week("Mon-Sun 00:00-24:00")})

    assert found.due_at == datetime(2026, 4, 3, 22, 45, tzinfo=MONDAY.tzinfo)  # midnight in Berlin, grace, promise


@pytest.mark.parametrize(
    "changed",
    [
        {"due_at": MONDAY + minutes(16)},
        {"began_at": None},
        {"version_id": 9},
        {"calendar_version_id": 9},
        {"promise": "of_old"},
        {"state": "missed"},
    ],
)
def test_what_does_not_follow_from_its_terms_is_left_as_it_was(changed: dict[str, Any]) -> None:
    odd = replace(clock(answered_at=MONDAY + minutes(10)), **changed)
    found = one(odd, times=TO_5)

    assert not found.follows
    assert (found.outcome, found.due_at) == (odd.outcome, odd.due_at)


def test_warnings_are_those_of_the_plan_before_the_end() -> None:
    answered = clock(answered_at=MONDAY + minutes(10))  # warned at 66 % of 15 min: 9 min 54 s

    assert (one(answered).was_warned, one(answered).warned) == (1, 1)
    assert one(answered, times=TO_30).warned == 0
    assert one(answered, warn={"accept": (10, 20, 90)}).warned == 2
    assert one(clock(), warn={"accept": ()}).warned == 0


# Random pasts ---------------------------------------------------------------------------------------------------------

WEEKS = ("Mon-Fri 09:00-17:00", "Mon-Sat 07:00-20:00", "Tue-Thu 10:00-12:00 13:00-16:30", "Sun-Thu 22:00-06:00")


def past(dice: Random, count: int) -> list[Recorded]:
    """Make clocks that end around their due times, or not at all."""
    made = []
    for _ in range(count):
        began_at = MONDAY + timedelta(seconds=dice.randrange(50 * 86_400))
        code = dice.choice(("assign", "accept", "first_attempt", "respond", "triage"))
        tier = dice.choice(("hot", "warm", "standard"))
        unanswered = clock(code, tier=tier, began_at=began_at)
        ended_at = max(began_at, unanswered.due_at + timedelta(seconds=dice.randrange(-20_000, 20_000)))
        ending = dice.choice(("answered_at", "answered_at", "cancelled_at", ""))
        ends = {ending: ended_at} if ending and ended_at < AT else {}
        made.append(clock(code, tier=tier, began_at=began_at, **ends))
    return made


def by_oracle(recorded: Recorded, seconds: int, grace: int, calendar: SlowCalendar) -> str:
    """Walk through the open time second by second's worth of spans, and compare; no function of the program is used."""
    assert recorded.began_at
    opening = calendar.opening(recorded.began_at)
    due_at = calendar.after(opening, seconds + (grace if opening > recorded.began_at else 0))
    if recorded.state == "running":
        return "missed" if due_at < AT and due_at < recorded.due_at else "open"
    if recorded.answered_at:
        return "missed" if recorded.answered_at > due_at else "kept"
    if recorded.cancelled_at:
        return "missed" if due_at < recorded.cancelled_at else "cancelled"
    return "missed" if due_at < AT else "open"


@pytest.mark.parametrize("seed", range(6))
def test_random_pasts_come_out_as_an_oracle_says(seed: int) -> None:
    dice = Random(seed)
    clocks = past(dice, 120)
    week = dice.choice(WEEKS)
    times = {
        (code, tier): Within(seconds=dice.randrange(60, 40_000))
        for code in ("accept", "first_attempt", "triage")
        for tier in ("hot", "warm")
    }
    grace = {"accept": dice.randrange(4000)}
    slow = SlowCalendar(replace(office(), week=read_week(week)).to_terms())

    found = replayed(*clocks, times=times, grace=grace, weeks={1: read_week(week)})

    assert all(one.follows for one in found)
    for result in found:
        recorded = result.clock
        said = promise(recorded.promise)
        seconds = times.get((recorded.promise, recorded.tier), said.within[recorded.tier]).seconds
        extra = grace.get(recorded.promise, said.grace_seconds[recorded.tier])
        assert result.outcome == by_oracle(recorded, seconds, extra, slow), recorded
    assert 10 < sum(result.is_changed for result in found) < len(found)


@pytest.mark.parametrize("seed", range(4))
def test_unchanged_terms_give_what_was_recorded(seed: int) -> None:
    clocks = past(Random(seed), 200)
    same = {("accept", tier): within for tier, within in promise("accept").within.items()}

    for changes in (Changes(), Changes(times=same, grace={}, weeks={1: office().week})):
        found = list(replay(clocks, pinned(), changes, AT))
        assert [one.outcome for one in found] == [recorded.outcome for recorded in clocks]
        assert [one.due_at for one in found] == [recorded.due_at for recorded in clocks]
        assert all(one.follows for one in found)


def test_longer_times_never_miss_more_and_shorter_never_less() -> None:
    clocks = past(Random(9), 300)
    missed = []
    for seconds in (60, 900, 3600, 40_000):
        times = {
            (code, tier): Within(seconds=seconds) for code in terms().promises for tier in ("hot", "warm", "standard")
        }
        missed.append(sum(one.outcome == "missed" for one in replayed(*clocks, times=times)))

    assert missed == sorted(missed, reverse=True)
    assert missed[0] > missed[-1]


def test_hours_without_an_answer_leave_a_promise_as_it_was() -> None:
    once = BusinessCalendar.from_terms({"zone": "UTC", "special_days": {"2026-03-01": [["09:00", "10:00"]]}})
    found = list(replay([clock()], Pinned({1: terms()}, {1: office()}), Changes(calendars={1: once}), AT))

    assert [(one.outcome, one.follows) for one in found] == [("missed", False)]
