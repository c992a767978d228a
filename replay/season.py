"""A season: a company, the arrivals of some weeks, what comes round by itself, played to the end."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Any

from leads.periods import open_periods
from leads.second_life import revive_due
from ledger.inbox import mark_read
from ledger.outbox import deliver_due
from ledger.sealing import seal_committed
from replay.briefing import plan_briefings
from replay.company import Company
from replay.marketing import Marketing
from replay.play import Play, outages
from replay.world import Planned
from teams.models import User

DAY = timedelta(days=1)
NIGHT_HOUR = 4
FILE_DAY, FILE_HOUR = 1, 10
LOOK_BACK_DAY, LOOK_BACK_HOUR = 0, 9
LETTERS_AT_ONCE = 200


@dataclass(slots=True)
class Season:
    """``weeks`` weeks from ``starts_at``, with the company and both sides at work."""

    company: Company
    play: Play
    marketing: Marketing
    starts_at: datetime
    weeks: int
    all_there_from: datetime
    sends_letters: bool = True
    seconds: float = 0.0

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(weeks=self.weeks)

    def run(self, until: datetime) -> None:
        """Play up to ``until``."""
        began = time.monotonic()
        self.play.run(until)
        self.seconds += time.monotonic() - began


def prepare(
    *, seed: int, company: Company, starts_at: datetime, weeks: int, arrivals: Iterable[Planned], sends_letters: bool = True,
    all_there_from: datetime | None = None,
) -> Season:  # fmt: skip
    """Plan a season: its arrivals, absences, a list each week, the nights, and Mondays on which managers look back.

    Without ``sends_letters`` the outbox waits for ``settle``; no absence that is planned here lasts beyond ``all_there_from``.
    """
    play = Play(seed, outages(seed, starts_at, weeks))
    ends_at = all_there_from or starts_at + timedelta(weeks=weeks + 2)
    season = Season(company, play, Marketing(play, company), starts_at, weeks, ends_at, sends_letters)
    for planned in sorted(arrivals, key=lambda one: (one.at, one.number, one.arrival.key or "")):
        if planned.at >= starts_at:
            play.plan(planned.at, partial(season.marketing.arrive, planned))
    for offset in range(weeks * 7 + 1):
        day = (starts_at + offset * DAY).replace(minute=0, second=0, microsecond=0)
        play.plan(day.replace(hour=NIGHT_HOUR), partial(_night, season))
        if day.weekday() == FILE_DAY:
            play.plan(day.replace(hour=FILE_HOUR), season.marketing.import_file)
        if day.weekday() == LOOK_BACK_DAY:
            play.plan(day.replace(hour=LOOK_BACK_HOUR), season.marketing.exchange.look_back)
    plan_briefings(play, company, starts_at, weeks)
    _plan_absences(season)
    return season


def _night(season: Season, at: datetime) -> None:
    """Do what comes round: periods of targets are opened, recycled leads return; on Mondays letters go out. What people were told they have read by then."""
    season.play.done["open_periods"] += open_periods(at=at)
    while revive_due(at=at):
        season.play.done["revive_due"] += 1
    season.marketing.revived(at)
    if at.weekday() == 0 or at + 2 * DAY > season.all_there_from:
        for user in season.company.people.values():
            mark_read(actor=user, at=at)
    if season.sends_letters and at.weekday() == 0:
        settle(at)


def settle(at: datetime) -> None:
    """Deliver what waits in the outbox, to nobody outside, and seal the audit entries."""
    while deliver_due(at=at, limit=LETTERS_AT_ONCE, send=_to_nobody, jitter=lambda: 0.5).sent:
        pass
    seal_committed()


def _to_nobody(_letter: Any) -> None:
    """Stand for the mail server: the people of a replay have no mailbox."""


def _plan_absences(season: Season) -> None:
    """Let each rep be away some days every four weeks, and sometimes a day without notice."""
    for reps in season.company.reps.values():
        for rep, colleague in pairwise([*reps, reps[0]]):
            for block in range(max(1, season.weeks // 4)):
                _plan_absence(season, rep, colleague, block)


def _plan_absence(season: Season, rep: User, colleague: User, block: int) -> None:
    chance = season.play.chance("absence", rep.email, block)
    midnight = season.starts_at.replace(hour=0, minute=0, second=0, microsecond=0)
    starts_at = midnight + (28 * block + chance.randrange(6, 24)) * DAY
    ends_at = starts_at + chance.randint(2, 5) * DAY
    cover = colleague if chance.random() < 0.6 and colleague.pk != rep.pk else None
    away = season.marketing.sales.be_away
    if ends_at < season.all_there_from:
        season.play.plan(starts_at - 4 * DAY, lambda at: away(rep, starts_at, ends_at, cover, at))
    sick_at = midnight + (28 * block + chance.randrange(1, 27)) * DAY + timedelta(hours=6)
    if chance.random() < 0.5 and sick_at + DAY < season.all_there_from:
        season.play.plan(sick_at, lambda at: away(rep, at, at + timedelta(hours=20), None, at))
