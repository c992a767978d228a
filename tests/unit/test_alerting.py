"""When an alert about a campaign rises, stands and is over."""

from __future__ import annotations

import pytest

from campaigns.alerting import (
    POOR,
    POOR_RATINGS,
    SAME_REASON,
    WINDOW,
    Tally,
    change,
    tallies_of_ratings,
    tallies_of_reasons,
)
from leads.codes import REJECTIONS


@pytest.mark.parametrize("count", [SAME_REASON - 1, SAME_REASON, SAME_REASON + 1])
def test_an_alert_rises_at_the_threshold(count: int) -> None:
    now = tallies_of_reasons(["wrong_role"] * count + [""] * (WINDOW - count))

    assert set(change({}, now).rise) == ({"wrong_role"} if count >= SAME_REASON else set())


def test_different_reasons_do_not_add_up() -> None:
    assert not change({}, tallies_of_reasons(["wrong_role", "wrong_size"] * (SAME_REASON - 1))).rise


def test_only_the_newest_are_looked_at() -> None:
    old = ["wrong_role"] * SAME_REASON

    assert change({}, tallies_of_reasons([""] * (WINDOW - SAME_REASON) + old)).rise == {
        "wrong_role": Tally(SAME_REASON, WINDOW)
    }
    assert not change({}, tallies_of_reasons([""] * (WINDOW - SAME_REASON + 1) + old)).rise


def test_fewer_than_the_window_are_as_many_as_there_are() -> None:
    assert change({}, tallies_of_reasons(["wrong_role"] * SAME_REASON)).rise == {"wrong_role": Tally(5, 5)}


@pytest.mark.parametrize("count", [POOR_RATINGS - 1, POOR_RATINGS])
def test_poor_ratings_are_two_and_less(count: int) -> None:
    now = tallies_of_ratings([1, 2] * (count // 2) + [2] * (count % 2) + [3] * 10)

    assert now == {POOR: Tally(count, count + 10)}
    assert bool(change({}, now).rise) == (count >= POOR_RATINGS)


def test_what_stands_is_told_once_follows_the_figures_and_is_over_below() -> None:
    before = {"wrong_role": Tally(5, 20)}

    assert change(before, before) == change({}, {})
    assert change(before, {"wrong_role": Tally(9, 20)}).stand == {"wrong_role": Tally(9, 20)}
    assert change(before, {"wrong_role": Tally(4, 20)}).over == {"wrong_role"}
    assert change(before, {}).over == {"wrong_role"}


def test_no_reason_is_called_like_the_alert_about_ratings() -> None:
    assert POOR not in REJECTIONS
