"""What a backtest asks: two versions of the agreement, and the days on which the leads came in. Pure.

Read from the parameters of an address (or the words of a command) and written back; the names are those of ``docs/backtest.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar
from urllib.parse import urlencode

from inputs.moments import day
from inputs.numbers import whole
from inputs.refusals import Invalid, Problem
from inputs.text import problem_with

USUAL_DAYS = 365
MOST_PERIOD_DAYS = 3653
LATEST_LAST = date(2099, 12, 31)
ONE_DAY = timedelta(days=1)
PARAMETERS = ("from", "last", "against")

Value = TypeVar("Value")


class BadBacktest(Invalid):
    """A question that makes no sense; ``problems`` names each parameter."""

    code = "bad_backtest"


@dataclass(frozen=True, slots=True)
class Scenario:
    """The version ``number`` beside the version ``against``, over leads captured from ``first`` up to, not including, ``until``."""

    number: int
    against: int
    first: date
    until: date

    @property
    def last(self) -> date:
        return self.until - ONE_DAY

    def query(self, **more: str) -> str:
        """Write it as the query of an address; which version is tried stands in its path."""
        return urlencode(
            {"from": self.first.isoformat(), "last": self.last.isoformat(), "against": str(self.against), **more}
        )


def read_scenario(
    query: Mapping[str, str], *, number: int, versions: Mapping[int, str], usual: int | None, today: date
) -> Scenario:
    """Read what is asked about version ``number``; raises ``BadBacktest`` with everything that is wrong.

    ``versions`` are those it can be compared with, by number with their words. Without days it is about the year that ends with
    ``today``, and without ``against`` it is beside ``usual``.
    """
    reading = _Reading(query)
    last = reading.read("last", lambda text: day(text, field="last", high=LATEST_LAST)) or today
    first = (
        reading.read("from", lambda text: day(text, field="from", high=LATEST_LAST))
        or last - (USUAL_DAYS - 1) * ONE_DAY
    )
    against = reading.read("against", lambda text: whole(text, field="against", low=1)) or usual
    if against is None:
        reading.wrong("against", "no_version", "No version is in force. Choose the one to compare with.")
    elif against not in versions:
        reading.wrong("against", "unknown", "There is no such version.")
    if first > last:
        reading.wrong("last", "bad_period", "The last day must not lie before the first.")
    elif (last - first).days >= MOST_PERIOD_DAYS:
        reading.wrong("from", "too_long", "Choose ten years at most.")
    if reading.problems or against is None:
        raise BadBacktest.of(reading.problems)
    return Scenario(number, against, first, last + ONE_DAY)


class _Reading:
    """The parameters as they come, and what is wrong with them."""

    def __init__(self, query: Mapping[str, str]) -> None:
        self.given = {name: value.strip() for name, value in query.items()}
        self.problems: list[Problem] = []

    def read(self, name: str, read: Callable[[str], Value]) -> Value | None:
        text = self.given.get(name, "")
        if not text:
            return None
        problem = problem_with(text, field=name, single_line=True)
        if problem:
            self.problems.append(problem)
            return None
        try:
            return read(text)
        except Invalid as error:
            self.wrong(name, error.code, error.message)
        return None

    def wrong(self, name: str, code: str, message: str) -> None:
        if not any(problem.field == name for problem in self.problems):
            self.problems.append(Problem(name, code, message))
