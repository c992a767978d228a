"""A season that was played, asked again: unchanged terms give exactly what was recorded, others what a slow oracle says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.core.management import call_command

from dashboards.asked import company_zone
from dashboards.periods import Period
from dashboards.report import value_of
from dashboards.scope import Scope
from leads.models import Clock, ClockStep
from leads.what_if.phrases import read_week
from leads.what_if.reading import known_at, pinned_by, recorded_clocks
from leads.what_if.replaying import Changes, replay
from leads.what_if.result import Result, what_if
from leads.what_if.scenario import Known, Scenario
from replay.invariants.reckoning import SlowCalendar
from replay.management.commands.replay import play
from sla.models import AgreementVersion, CalendarVersion
from sla.terms import Within
from teams.models import Team
from tests.replay.sizes import PER_WEEK, WEEKS

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

WORDS = {"met": "kept", "missed": "missed", "cancelled": "cancelled", "running": "open", "paused": "open"}
LONG_WEEK = {day: [["07:00", "20:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat")}

Outcomes = dict[int, str]
Budget = Callable[[Clock, Mapping[str, Any]], tuple[int, int]]


@dataclass(frozen=True)
class Past:
    """A season with a slow way to reckon it again, which shares nothing with the program but the rows."""

    at: datetime
    known: Known
    unchanged: Scenario

    def asked(self, **changes: Any) -> Result:
        return what_if(replace(self.unchanged, **changes), self.known, at=self.at)

    def outcomes(self, **changes: Any) -> Outcomes:
        """Give what the program says becomes of each clock."""
        clocks = recorded_clocks(self.unchanged.first, self.unchanged.until)
        found = list(replay(clocks, pinned_by(clocks), Changes(**changes), self.at))
        assert all(one.follows for one in found)
        return {one.clock.id: one.outcome for one in found}

    def agrees(
        self, found: Outcomes, budget: Budget, terms_of: Callable[[dict[str, Any]], dict[str, Any]] = dict
    ) -> bool:
        """Compare with the oracle wherever that can judge: promises in business seconds that were never paused."""
        said = self.oracle(budget, terms_of)
        assert len(said) > 200
        return said == {pk: found[pk] for pk in said}

    def oracle(self, budget: Budget, terms_of: Callable[[dict[str, Any]], dict[str, Any]]) -> Outcomes:
        """Judge clocks by ``budget`` (seconds and grace) in calendars changed by ``terms_of``."""
        documents = dict(AgreementVersion.objects.values_list("id", "terms"))
        slow = {pk: SlowCalendar(terms_of(terms)) for pk, terms in CalendarVersion.objects.values_list("id", "terms")}
        began = dict(ClockStep.objects.filter(kind="started").values_list("clock_id", "recorded_at"))
        found: Outcomes = {}
        for clock in Clock.objects.filter(pause_count=0, period__isnull=True):
            promise = next(item for item in documents[clock.version_id]["promises"] if item["code"] == clock.promise)
            if "seconds" not in promise["within"][clock.tier]:
                continue
            calendar, begins = slow[clock.calendar_version_id], began[clock.pk]
            opening = calendar.opening(begins)
            seconds, grace = budget(clock, promise)
            of_it = seconds * clock.share_percent // 100
            due_at = calendar.after(opening, of_it + (grace if opening > begins else 0))
            found[clock.pk] = self.judged(clock, due_at)
        return found

    def judged(self, clock: Clock, due_at: datetime) -> str:
        if clock.state == "running":
            return "missed" if due_at < min(self.at, clock.due_at) else "open"
        if clock.answered_at:
            return "kept" if clock.answered_at <= due_at else "missed"
        if clock.cancelled_at:
            return "missed" if due_at < clock.cancelled_at else "cancelled"
        return "missed" if due_at < self.at else "open"


def agreed(clock: Clock, promise: Mapping[str, Any]) -> tuple[int, int]:
    return promise["within"][clock.tier]["seconds"], promise["grace_seconds"][clock.tier]


def otherwise(minutes: int, clock: Clock, promise: Mapping[str, Any]) -> tuple[int, int]:
    """Give other times to what is hot or warm, and ten minutes of grace to all."""
    return (agreed(clock, promise)[0] if clock.tier == "standard" else 60 * minutes), 600


def counted(result: Result) -> Counter[tuple[str, str, str]]:
    return Counter(
        {
            (line.code, line.tier, outcome): count
            for promise in result.promises
            for line in promise.tiers
            for outcome, count in line.hypothetical.by_outcome.items()
            if count
        }
    )


def test_a_season_asked_again(capsys: pytest.CaptureFixture[str]) -> None:
    season = play(seed=5, weeks=WEEKS, per_week=PER_WEEK)
    at = season.ends_at
    first, until = season.starts_at.date() - timedelta(days=1), at.date() + timedelta(days=30)
    past = Past(at, known_at(at), Scenario(first, until))

    # Nothing changes: exactly what was recorded.
    same = past.asked()
    clocks = Clock.objects.filter(period=None, campaign=None, due_at__date__gte=first, due_at__date__lt=until)
    assert same.looked_at == clocks.count() > 200
    assert (same.left, same.changed) == (0, [])
    assert counted(same) == Counter(
        (promise, tier, WORDS[state]) for promise, tier, state in clocks.values_list("promise", "tier", "state")
    )
    missed = value_of("promise.missed", Scope(Period(first, until, company_zone())))
    assert same.total.hypothetical.missed == same.total.recorded.missed == missed.part > 20
    assert past.agrees(past.outcomes(), agreed)

    # Other times, shorter and longer, and grace.
    for minutes in (5, 40, 300):
        codes = [code for code, promise in past.known.promises.items() if not promise.kind.before]
        times = {(code, tier): Within(seconds=60 * minutes) for code in codes for tier in ("hot", "warm")}
        grace = dict.fromkeys(past.known.promises, 600)
        assert past.agrees(past.outcomes(times=times, grace=grace), partial(otherwise, minutes)), minutes
        asked = past.asked(times=times, grace=grace)
        assert asked.changed
        assert asked.left == 0

    # Other hours for everybody.
    week = read_week("Mon-Sat 07:00-20:00")
    teams = dict.fromkeys(Team.objects.values_list("id", flat=True), week)
    assert past.agrees(past.outcomes(weeks=teams), agreed, lambda terms: {**terms, "week": LONG_WEEK})

    # Staff: nobody more is nothing more; with more never a miss more, with fewer never one fewer.
    selling = sorted(past.known.selling)
    assert counted(past.asked(change=dict.fromkeys(selling, 0))) == counted(same)
    more = [past.asked(change=dict.fromkeys(selling, count)).total.difference for count in (1, 2)]
    fewer = past.asked(change=dict.fromkeys(selling, -1)).total.difference
    assert max(more) <= 0 <= fewer
    assert min(more) < 0 < fewer

    # The command says the same.
    call_command("what_if", f"from={first}", f"last={until - timedelta(days=1)}")
    printed = capsys.readouterr().out
    assert f"{same.looked_at:,} promises" in printed
    assert "Nothing would have come out otherwise." in printed
