"""Replay recorded promises under other terms, other hours or with other people: what would have become of each. Pure.

Each due time is reckoned by the function of the clocks themselves (``leads.clock_plans.schedule``), first by the terms and hours that the clock
is pinned to. Where that does not give the due time and the outcome that were recorded, the clock was changed by something that this does not
know; it is left as it was, and counted apart. So unchanged terms give exactly what was recorded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache

from leads.clock_plans import WARN, Schedule, schedule
from leads.what_if.recorded import MISSED, OPEN, Recorded, outcome
from leads.what_if.staffing import Staffing, moved_answers
from sla.business_time import BusinessCalendar, BusinessTimeError
from sla.spans import Spans
from sla.terms import Promise, Terms, Within

Week = tuple[Spans, ...]
"""The open spans of seven days, Monday first."""


@dataclass(frozen=True, slots=True)
class Pinned:
    """The terms and hours that clocks are pinned to, by the ids of their versions."""

    terms: Mapping[int, Terms]
    calendars: Mapping[int, BusinessCalendar]


@dataclass(frozen=True, slots=True)
class Changes:
    """What would be different.

    ``times`` are by promise and tier, ``grace`` (seconds) and ``warn`` (percents) by promise. ``calendars`` and ``weeks`` are by team: another
    calendar altogether, or only other weekly hours in the calendar of then; ``own_weeks`` are by person and go before.
    """

    times: Mapping[tuple[str, str], Within] = field(default_factory=dict)
    grace: Mapping[str, int] = field(default_factory=dict)
    warn: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    calendars: Mapping[int, BusinessCalendar] = field(default_factory=dict)
    weeks: Mapping[int, Week] = field(default_factory=dict)
    own_weeks: Mapping[int, Week] = field(default_factory=dict)
    staffing: Staffing = field(default_factory=Staffing)

    def promise(self, pinned: Promise) -> Promise:
        """Give the promise as it would read; the very same object where nothing about it changes."""
        code = pinned.code
        within = {tier: self.times.get((code, tier), said) for tier, said in pinned.within.items()}
        grace, warn = dict(pinned.grace_seconds), dict(pinned.warn_percents)
        if code in self.grace:
            grace = dict.fromkeys(grace, self.grace[code])
        if code in self.warn:
            warn = dict.fromkeys(warn, self.warn[code])
        changed = replace(pinned, within=within, grace_seconds=grace, warn_percents=warn)
        return pinned if changed == pinned else changed

    def calendar(self, clock: Recorded, pinned: BusinessCalendar) -> BusinessCalendar:
        """Give the hours in which ``clock`` would be counted."""
        user_id, team_id = clock.user_id or 0, clock.team_id or 0
        week = self.own_weeks.get(user_id)
        if week is None and team_id in self.calendars:
            return self.calendars[team_id]
        week = week or self.weeks.get(team_id)
        return with_week(pinned, week) if week else pinned


@dataclass(frozen=True, slots=True)
class Replayed:
    """A clock with what would have become of it.

    ``was_warned`` and ``warned`` count the warnings that its plan of then, and the other one, have before its end. ``follows`` tells whether its
    recorded due time and outcome follow from its own terms; where not, it is left as it was.
    """

    clock: Recorded
    due_at: datetime
    answered_at: datetime | None
    outcome: str
    was_warned: int = 0
    warned: int = 0
    follows: bool = True

    @property
    def is_changed(self) -> bool:
        return self.outcome != self.clock.outcome

    @property
    def could_have_been_kept(self) -> bool:
        """Whether it is missed only because nobody ever answered it, though there would have been more time."""
        return self.outcome == MISSED and self.answered_at is None and self.due_at > self.clock.due_at


def replay(clocks: Iterable[Recorded], pinned: Pinned, changes: Changes, at: datetime) -> Iterator[Replayed]:
    """Replay each of ``clocks``, in their order, as seen at ``at``."""
    known = list(clocks)
    answers = moved_answers(known, changes.staffing, pinned.calendars)
    reckoner = _Reckoner(pinned, changes)
    for clock in known:
        try:
            yield _replayed(clock, reckoner, answers.get(clock.id, clock.answered_at), at)
        except BusinessTimeError:  # these hours give no answer
            yield _left(clock)


def _replayed(clock: Recorded, reckoner: _Reckoner, answered_at: datetime | None, at: datetime) -> Replayed:
    began_at = clock.began_at
    promise = reckoner.promise_of(clock)
    calendar = reckoner.pinned.calendars.get(clock.calendar_version_id)
    if began_at is None or promise is None or calendar is None or clock.tier not in promise.within:
        return _left(clock)
    own = reckoner.schedule(clock, began_at, promise, calendar)
    if own.due_at != clock.due_at or outcome(clock, own.due_at, clock.answered_at, at) != clock.outcome:
        return _left(clock)
    other_promise, other_calendar = reckoner.changed(promise), reckoner.changes.calendar(clock, calendar)
    is_same = other_promise is promise and other_calendar is calendar
    other = own if is_same else reckoner.schedule(clock, began_at, other_promise, other_calendar)
    return Replayed(
        clock, other.due_at, answered_at, outcome(clock, other.due_at, answered_at, at),
        _warnings(own, clock, clock.answered_at, at), _warnings(other, clock, answered_at, at),
    )  # fmt: skip


def _left(clock: Recorded) -> Replayed:
    return Replayed(clock, clock.due_at, clock.answered_at, clock.outcome, follows=False)


def _warnings(planned: Schedule, clock: Recorded, answered_at: datetime | None, at: datetime) -> int:
    """Count the warnings that come before the wait ends: whichever is first of the answer, the cancelling and the present."""
    ended_at = clock.stood_at or answered_at or clock.cancelled_at or at
    limit = min(ended_at, at).timestamp()
    return sum(1 for _, action, moment in planned.plan if action == WARN and float(moment) < limit)


class _Reckoner:
    """Due times by the function of the clocks; what an escalation would do is of the past, and left out."""

    def __init__(self, pinned: Pinned, changes: Changes) -> None:
        self.pinned = pinned
        self.changes = changes
        self._bare = {pk: replace(terms, escalation=(), accept_window=None) for pk, terms in pinned.terms.items()}
        self._changed: dict[int, Promise] = {}

    def promise_of(self, clock: Recorded) -> Promise | None:
        terms = self._bare.get(clock.version_id)
        return terms.promises.get(clock.promise) if terms else None

    def changed(self, promise: Promise) -> Promise:
        """Give ``promise`` as it would read. Pinned promises live as long as this does, so that their identity is a key."""
        if id(promise) not in self._changed:
            self._changed[id(promise)] = self.changes.promise(promise)
        return self._changed[id(promise)]

    def schedule(self, clock: Recorded, at: datetime, promise: Promise, calendar: BusinessCalendar) -> Schedule:
        return schedule(
            promise=promise, terms=self._bare[clock.version_id], tier=clock.tier, calendar=calendar, at=at,
            pauses=clock.pauses, before=clock.before, share_percent=clock.share_percent,
        )  # fmt: skip


@lru_cache(maxsize=256)
def with_week(calendar: BusinessCalendar, week: Week) -> BusinessCalendar:
    """Give ``calendar`` with other weekly hours; its zone, holidays, special days and breaks stay."""
    return replace(calendar, week=week)


__all__ = ["MISSED", "OPEN", "Changes", "Pinned", "Replayed", "Week", "replay", "with_week"]
