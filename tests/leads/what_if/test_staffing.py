"""More and fewer people: worked examples, the recorded answers when nothing changes, and the two directions in random pasts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

import pytest

from leads.what_if.recorded import Recorded
from leads.what_if.staffing import Staffing, missing_of, moved_answers, staff_of_then
from sla.business_time import add, between
from tests.leads.what_if.past import CALENDAR, MONDAY, clock, minutes, office, replayed


def answers(clocks: Sequence[Recorded], **staffing: dict[int, int]) -> dict[int, datetime]:
    return moved_answers(clocks, Staffing(**staffing), {CALENDAR: office()})


def row(*pairs: tuple[float, float], user: int = 1, code: str = "accept") -> list[Recorded]:
    """Make clocks of one person that begin and are answered so many minutes after Monday morning."""
    return [
        clock(code, user_id=user, began_at=MONDAY + minutes(begin), answered_at=MONDAY + minutes(end))
        for begin, end in pairs
    ]


def after_monday(found: dict[int, datetime], clocks: Sequence[Recorded]) -> list[float]:
    """Say when each clock is answered, in minutes after Monday morning."""
    return [(found.get(one.id, one.answered_at) - MONDAY) / minutes(1) for one in clocks]  # type: ignore[operator]


# Worked examples ------------------------------------------------------------------------------------------------------


def test_one_more_takes_every_second_of_one_who_was_alone() -> None:
    alone = row((0, 10), (0, 20), (0, 30), (0, 40))

    found = answers(alone, change={1: 1})

    # The new one takes the second and the fourth, each for its gap of ten minutes; the other two wait less.
    assert after_monday(found, alone) == [10, 10, 20, 20]
    before, after = replayed(*alone), replayed(*alone, staffing=Staffing({1: 1}))
    assert [one.outcome for one in before] == ["kept", "missed", "missed", "missed"]
    assert [one.outcome for one in after] == ["kept", "kept", "missed", "missed"]


def test_who_is_still_busy_lets_the_turn_wait_for_the_next_lead() -> None:
    long, short = row((0, 5), (0, 65), (1, 66), (2, 67)), row((3, 8), (70, 75), user=2)
    found = answers([*long, *short], change={1: 2})

    assert all(after <= before for after, before in zip(after_monday(found, long), (5, 65, 66, 67), strict=True))
    assert after_monday(found, short)[0] <= 8


def test_one_fewer_leaves_their_leads_to_the_colleague() -> None:
    sam, rita = row((0, 10), (30, 40), user=1), row((0, 12), (30, 41), user=2)

    found = answers([*sam, *rita], change={1: -1})

    # Sam is missing (as many promises as Rita, the smaller id). Rita answers his at 10, then hers after 12 more.
    assert after_monday(found, sam) == [10, 40]
    assert after_monday(found, rita) == [22, 51]


def test_half_a_share_gives_up_every_second_lead() -> None:
    sam, rita = row((0, 10), (0, 20), (0, 30), (0, 40), user=1), row((100, 110), user=2)

    found = answers([*sam, *rita], shares={1: 50})

    # Rita gets the second and the fourth; she is never quicker with them than Sam was.
    assert after_monday(found, sam) == [10, 20, 20, 40]
    assert after_monday(found, rita) == [110]


def test_a_lead_goes_as_a_whole() -> None:
    accept = clock(lead_id=7, answered_at=MONDAY + minutes(10))
    attempt = clock(
        "first_attempt", lead_id=7, began_at=MONDAY + minutes(10), answered_at=MONDAY + minutes(20)
    )  # fmt: skip
    other = row((12, 15), user=2)

    found = answers([accept, attempt, *other], shares={1: 0})

    assert after_monday(found, other) == [15]  # 10, then its three minutes from 12 on; the attempt comes after
    assert after_monday(found, [accept, attempt]) == [10, 25]


def test_the_gap_is_business_time() -> None:
    closing = datetime(2026, 3, 2, 16, 0, tzinfo=MONDAY.tzinfo)  # 17:00 in Berlin
    opening = closing + timedelta(hours=16)
    sam = [clock(tier="standard", began_at=closing - minutes(20), answered_at=closing - minutes(2))]
    rita = [clock(tier="standard", user_id=2, began_at=closing - minutes(9), answered_at=closing - minutes(1))]

    found = answers([*sam, *rita], shares={1: 0})

    # Rita needs eight minutes after Sam's answer of two before closing: six of them in the morning.
    assert found == {rita[0].id: opening + minutes(6)}


def test_an_answer_at_night_stays_there_unless_its_turn_moves() -> None:
    night = datetime(2026, 3, 2, 20, 0, tzinfo=MONDAY.tzinfo)
    sam = [clock(tier="standard", began_at=night, answered_at=night + minutes(30))]
    rita = [clock(tier="standard", user_id=2, began_at=night, answered_at=night + minutes(90))]

    assert answers([*sam, *rita], change={9: 1}) == {}
    assert answers([*sam, *rita], shares={1: 0}) == {}  # no business time passed: nobody was kept from anything


@pytest.mark.parametrize(
    "alone", [row((0, 10), code="respond"), [clock(user_id=None, answered_at=MONDAY + minutes(3))], [clock()]]
)
def test_other_promises_queues_and_what_nobody_answered_stay(alone: list[Recorded]) -> None:
    assert answers(alone, change={1: 3}) == {}
    assert [one.outcome for one in replayed(*alone, staffing=Staffing({1: 3}))] == [one.outcome for one in alone]


def test_another_teams_staff_changes_nothing() -> None:
    assert answers(row((0, 10), (0, 20), (0, 30)), change={2: 3}) == {}


def test_who_is_missing_is_nearest_the_average_and_somebody_stays() -> None:
    assert missing_of({1: 100, 2: 10, 3: 12, 4: 30}, 1) == [4]
    assert missing_of({1: 5}, 3) == []
    assert len(missing_of({1: 5, 2: 5, 3: 5}, 7)) == 2
    assert staff_of_then([*row((0, 1), user=1), *row((0, 1), (2, 3), user=2)]) == {1: {1: 1, 2: 2}}


# Random pasts ---------------------------------------------------------------------------------------------------------


def past(seed: int, count: int = 250, people: int = 4) -> list[Recorded]:
    """Let people answer what comes in, in any order they like, at night too, and some of it never."""
    dice = Random(seed)
    made = []
    for number in range(count):
        began_at = MONDAY + timedelta(microseconds=dice.randrange(10 * 86_400_000_000))
        wait = timedelta(seconds=dice.expovariate(1 / 8_000))
        answered_at = began_at + wait if dice.random() < 0.9 else None
        made.append(
            clock(
                dice.choice(("accept", "accept", "first_attempt", "respond")), tier=dice.choice(("hot", "warm", "standard")),
                began_at=began_at, answered_at=answered_at, user_id=dice.randrange(1, people + 1),
                team_id=dice.choice((1, 1, 2)), lead_id=number // 2,
            )
        )  # fmt: skip
    return made


@pytest.mark.parametrize("seed", range(5))
def test_with_unchanged_people_every_answer_is_the_recorded_one(seed: int) -> None:
    clocks = past(seed)

    assert answers(clocks, change={1: 0, 2: 0}, shares={1: 100}) == {}
    # One more in a team that had nobody walks through the whole model, and moves nothing.
    assert answers(clocks, change={9: 1}) == {}
    assert answers(clocks, shares={99: 0}) == {}


def by_hand(clocks: Sequence[Recorded], gone: int) -> dict[int, datetime]:
    """Take ``gone`` out of a team of two by hand: one queue of everything, in the order of the recorded answers."""
    mine = [one for one in clocks if one.answered_at and one.promise in ("accept", "first_attempt")]
    mine.sort(key=lambda one: (one.answered_at, one.began_at, one.id))
    found: dict[int, datetime] = {}
    last: dict[int | None, datetime] = {}
    free_at = MONDAY
    for one in mine:
        assert one.began_at
        assert one.answered_at
        before, now = max(one.began_at, last.get(one.user_id, MONDAY)), max(one.began_at, free_at)
        gap = between(before, one.answered_at, office())
        moved = now if gap == 0 else add(now, gap, office())
        stays = now == before and one.user_id != gone
        found[one.id] = one.answered_at if stays else max(one.answered_at, moved)
        last[one.user_id], free_at = one.answered_at, found[one.id]
    return found


@pytest.mark.parametrize("seed", range(4))
def test_a_team_of_two_without_one_is_one_queue(seed: int) -> None:
    clocks = [replace(one, team_id=1) for one in past(seed, people=2)]
    recorded = {one.id: one.answered_at for one in clocks}
    expected = {pk: answer for pk, answer in by_hand(clocks, gone=2).items() if answer != recorded[pk]}

    assert answers(clocks, shares={2: 0}) == expected
    assert len(expected) > 20


@pytest.mark.parametrize("seed", range(8))
def test_with_more_nothing_is_answered_later_and_with_fewer_nothing_earlier(seed: int) -> None:
    clocks = past(seed)
    recorded = {one.id: one.answered_at for one in clocks}
    missed = sum(one.outcome == "missed" for one in clocks)

    for count in (1, 2, 5):
        more = answers(clocks, change={1: count, 2: count})
        assert more
        assert all(answer < recorded[pk] for pk, answer in more.items())  # type: ignore[operator]
        assert sum(one.outcome == "missed" for one in replayed(*clocks, staffing=Staffing({1: count}))) <= missed
    for count in (1, 2, 3):
        fewer = answers(clocks, change={1: -count})
        assert fewer
        assert all(answer > recorded[pk] for pk, answer in fewer.items())  # type: ignore[operator]
        assert sum(one.outcome == "missed" for one in replayed(*clocks, staffing=Staffing({1: -count}))) >= missed
    gone = answers(clocks, shares={1: 0})
    assert all(answer > recorded[pk] for pk, answer in gone.items())  # type: ignore[operator]


def test_nobody_answers_before_it_began() -> None:
    clocks = past(3)
    began = {one.id: one.began_at for one in clocks}

    for change, shares in (({1: 2}, {2: 30}), ({1: -1}, {3: 0}), ({1: 4, 2: -2}, {})):
        found = answers(clocks, change=change, shares=shares)
        assert all(answer >= began[pk] for pk, answer in found.items())  # type: ignore[operator]


def test_the_order_in_which_clocks_are_read_changes_nothing() -> None:
    clocks = past(4)
    shuffled = [replace(one) for one in clocks]
    Random(1).shuffle(shuffled)

    assert answers(clocks, change={1: 1}) == answers(shuffled, change={1: 1})
    assert answers(clocks, change={1: -1}, shares={2: 40}) == answers(shuffled, change={1: -1}, shares={2: 40})
