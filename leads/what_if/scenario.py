"""A scenario: what is asked, read from the parameters of an address (or the words of a command) and written back. Pure.

The names of the parameters are those of ``docs/what-if.md``. What says the same as the agreement in force, or nothing, is no change and is left
out of the written form: that is the link by which a scenario is shared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TypeVar
from urllib.parse import urlencode

from inputs.moments import day
from inputs.numbers import whole
from inputs.refusals import Invalid, Problem
from inputs.text import problem_with
from leads.what_if.phrases import (
    BadPhrase,
    read_percents,
    read_seconds,
    read_week,
    read_within,
    written_percents,
    written_seconds,
    written_week,
    written_within,
)
from leads.what_if.replaying import Week
from sla.terms import TIERS, Promise, Within

USUAL_DAYS = 90
MOST_PERIOD_DAYS = 1100
MOST_CHANGE = 20
LATEST_LAST = date(2099, 12, 31)
ONE_DAY = timedelta(days=1)

PLAIN = ("from", "last")
Value = TypeVar("Value")


class BadScenario(Invalid):
    """A scenario that makes no sense; ``problems`` names each parameter."""

    code = "bad_scenario"


@dataclass(frozen=True, slots=True)
class Known:
    """What a scenario can be about: the promises in force, teams (those of sales apart), calendars and people, by id with their names.

    ``hours`` are the weekly hours that teams keep now, as written.
    """

    promises: Mapping[str, Promise]
    teams: Mapping[int, str]
    selling: frozenset[int]
    calendars: Mapping[int, str]
    people: Mapping[int, str]
    hours: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scenario:
    """What would be different, for the promises that fell due from the day ``first`` up to, not including, ``until``.

    ``calendars`` are ids of calendars by team. The rest as in ``replaying.Changes`` and ``staffing.Staffing``.
    """

    first: date
    until: date
    times: Mapping[tuple[str, str], Within] = field(default_factory=dict)
    grace: Mapping[str, int] = field(default_factory=dict)
    warn: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    calendars: Mapping[int, int] = field(default_factory=dict)
    weeks: Mapping[int, Week] = field(default_factory=dict)
    own_weeks: Mapping[int, Week] = field(default_factory=dict)
    change: Mapping[int, int] = field(default_factory=dict)
    shares: Mapping[int, int] = field(default_factory=dict)

    @property
    def last(self) -> date:
        return self.until - ONE_DAY

    @property
    def is_changed(self) -> bool:
        return bool(self.changes())

    def changes(self) -> dict[str, str]:
        """Write what would be different, by parameter."""
        return {
            **{f"time-{code}-{tier}": written_within(value) for (code, tier), value in self.times.items()},
            **{f"grace-{code}": written_seconds(value) for code, value in self.grace.items()},
            **{f"warn-{code}": written_percents(value) for code, value in self.warn.items()},
            **{f"calendar-{team_id}": str(value) for team_id, value in self.calendars.items()},
            **{f"hours-{team_id}": written_week(value) for team_id, value in self.weeks.items()},
            **{f"person-hours-{user_id}": written_week(value) for user_id, value in self.own_weeks.items()},
            **{f"staff-{team_id}": f"{value:+d}" for team_id, value in self.change.items()},
            **{f"share-{user_id}": str(value) for user_id, value in self.shares.items()},
        }

    def query(self, **more: str) -> str:
        """Write it as the query of an address."""
        days = {"from": self.first.isoformat(), "last": self.last.isoformat()}
        return urlencode({**days, **self.changes(), **more})


def read_scenario(query: Mapping[str, str], known: Known, today: date) -> Scenario:
    """Read a scenario; raises ``BadScenario`` with everything that is wrong. Without days it is about the 90 that end with ``today``."""
    reading = _Reading(query, known)
    first, until = reading.period(today)
    found = Scenario(
        first, until,
        times=dict(reading.times()), grace=dict(reading.grace()), warn=dict(reading.warn()),
        calendars=dict(reading.each("calendar", known.teams, reading.calendar)),
        weeks=dict(reading.each("hours", known.teams, read_week)),
        own_weeks=dict(reading.each("person-hours", known.people, read_week)),
        change={team_id: count for team_id, count in reading.each("staff", known.selling, _change) if count},
        shares={user_id: share for user_id, share in reading.each("share", known.people, _share) if share != 100},
    )  # fmt: skip
    reading.refuse_both(found)
    reading.refuse_unknown()
    if reading.problems:
        raise BadScenario.of(reading.problems)
    return found


class _Reading:
    """The parameters as they come, and what is wrong with them."""

    def __init__(self, query: Mapping[str, str], known: Known) -> None:
        self.given = {name: value.strip() for name, value in query.items()}
        self.known = known
        self.problems: list[Problem] = []
        self.asked: set[str] = set()

    def period(self, today: date) -> tuple[date, date]:
        last = self._day("last", today, high=LATEST_LAST)
        first = self._day("from", last - (USUAL_DAYS - 1) * ONE_DAY, high=LATEST_LAST)
        if not self.problems and first > last:
            self._wrong("last", "bad_period", "The last day must not lie before the first.")
        elif not self.problems and (last - first).days >= MOST_PERIOD_DAYS:
            self._wrong("from", "too_long", "Choose three years at most.")
        return first, last + ONE_DAY

    def times(self) -> Iterator[tuple[tuple[str, str], Within]]:
        for code, promise in self.known.promises.items():
            for tier in TIERS:
                name = f"time-{code}-{tier}"
                value = self._read(name, read_within)
                if value is not None and promise.kind.before and not value.days:
                    self._wrong(name, "not_days", "This promise counts back from a date: give working days.")
                elif value is not None and value != promise.within[tier]:
                    yield (code, tier), value

    def grace(self) -> Iterator[tuple[str, int]]:
        for code, promise in self.known.promises.items():
            value = self._read(f"grace-{code}", read_seconds)
            if value is not None and any(promise.grace_seconds[tier] != value for tier in TIERS):
                yield code, value

    def warn(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        for code, promise in self.known.promises.items():
            value = self._read(f"warn-{code}", read_percents)
            if value is not None and any(promise.warn_percents[tier] != value for tier in TIERS):
                yield code, value

    def each(
        self, name: str, ids: Mapping[int, str] | frozenset[int], read: Callable[[str], Value]
    ) -> Iterator[tuple[int, Value]]:  # fmt: skip
        """Read a parameter that there is for each of ``ids``."""
        for pk in ids:
            value = self._read(f"{name}-{pk}", read)
            if value is not None:
                yield pk, value

    def calendar(self, text: str) -> int:
        pk = whole(text)
        if pk not in self.known.calendars:
            raise BadPhrase("There is no such calendar.")
        return pk

    def refuse_both(self, found: Scenario) -> None:
        for team_id in found.weeks:
            if team_id in found.calendars:
                self._wrong(f"hours-{team_id}", "both", "Choose a calendar or write hours, not both.")

    def refuse_unknown(self) -> None:
        """Refuse a parameter that looks like one of a scenario, but names no promise, team or person."""
        names = ("time-", "grace-", "warn-", "calendar-", "hours-", "person-hours-", "staff-", "share-")
        for name, value in self.given.items():
            if value and name.startswith(names) and name not in self.asked:
                self._wrong(name[:60], "unknown", "There is no such promise, team or person.")

    def _read(self, name: str, read: Callable[[str], Value]) -> Value | None:
        self.asked.add(name)
        text = self.given.get(name, "")
        if not text:
            return None
        problem = problem_with(text, field=name, single_line=True)
        if problem:
            self.problems.append(problem)
            return None
        try:
            return read(text)
        except BadPhrase as error:
            self._wrong(name, "unreadable", str(error))
        except Invalid as error:
            self._wrong(name, error.code, error.message)
        return None

    def _day(self, name: str, usual: date, high: date) -> date:
        return self._read(name, lambda text: day(text, field=name, high=high)) or usual

    def _wrong(self, name: str, code: str, message: str) -> None:
        self.problems.append(Problem(name, code, message))


def _change(text: str) -> int:
    return whole(text.replace("−", "-"), low=-MOST_CHANGE, high=MOST_CHANGE)


def _share(text: str) -> int:
    return whole(text.removesuffix("%").strip(), low=0, high=100)
