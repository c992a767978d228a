"""Figures from the rollups are those from the facts while a company is at work, and when it has only just begun."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dashboards.filling import fill, fill_some, is_behind
from dashboards.models import Promises
from dashboards.periods import Period
from dashboards.proving import wrong_days
from dashboards.scope import BASES, Scope
from dashboards.verifying import differences
from replay.management.commands.replay import play
from replay.play import Play
from tests.dashboards.both_ways import assert_same
from tests.dashboards.world import FIRST, UNTIL, found
from tests.dashboards.world import fill as populate

pytestmark = pytest.mark.django_db
UTC = ZoneInfo("UTC")
QUARTER = Period(FIRST, UNTIL, UTC)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [3, 8])
def test_both_ways_agree_while_the_program_itself_is_at_work(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """Play two weeks through intake, verbs and sweep; fill and compare now and then, in the middle of it."""
    dice, do, seen = random.Random(seed), Play.do, {"compared": 0, "filled": 0}

    def done(self: Play, verb: Callable[..., object], *, at: Any, **arguments: Any) -> bool:
        was_done = do(self, verb, at=at, **arguments)
        if dice.random() < 0.06:
            month = Period(
                at.date() - timedelta(days=dice.randrange(20)), at.date() + timedelta(days=dice.randrange(1, 20)), UTC
            )
            assert_same(Scope(month, basis=dice.choice(BASES)))
            seen["compared"] += 1
        if dice.random() < 0.1:
            seen["filled"] += fill_some(UTC) or 0
        return was_done

    monkeypatch.setattr(Play, "do", done)
    season = play(seed=seed, weeks=2, per_week=40)
    fill(UTC)

    assert seen["compared"] > 5
    assert seen["filled"] > 5
    assert list(wrong_days(UTC)) == []
    whole = Period(season.starts_at.date(), season.ends_at.date() + timedelta(days=1), UTC)
    assert Promises.objects.exists()
    assert differences(whole, at=season.ends_at)[0] == []


def test_an_empty_company_is_filled_at_once_and_its_first_lead_shows() -> None:
    made = found()
    fill(UTC)
    assert not is_behind(UTC)

    populate(made, 3)

    assert_same(Scope(QUARTER))
    fill(UTC)
    assert_same(Scope(QUARTER))
    assert list(wrong_days(UTC)) == []
