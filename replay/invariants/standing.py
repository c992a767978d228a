"""A plan, reckoned the slow way from the terms, with pauses that do not count. Pure.

Written for the checks alone, as ``reckoning`` is: it shares nothing with ``leads.clock_plans`` and ``sla.business_time``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple, Protocol

from replay.invariants.reckoning import SlowCalendar, Span

MOVE_ON = ("assign", "accept", "first_attempt", "cadence", "respond")
"""The promises whose lead may go to somebody else."""
MOVES = ("reassign", "return_to_queue", "auto_accept")
MOST_PERCENT = 30_000
WHOLE = 100


class PausedTime(SlowCalendar):
    """The open hours of a calendar without some pauses."""

    def __init__(self, terms: Mapping[str, Any], pauses: Sequence[Span]) -> None:
        super().__init__(terms)
        self.pauses = sorted(pauses)

    def _from(self, at: datetime) -> Iterator[Span]:
        for span in super()._from(at):
            pieces = [span]
            for pause in self.pauses:
                pieces = [part for piece in pieces for part in _around(piece, pause)]
            yield from pieces


class Counted(Protocol):
    """What of a clock the reckoning asks for."""

    @property
    def promise(self) -> str: ...
    @property
    def tier(self) -> str: ...
    @property
    def share_percent(self) -> int: ...


class Reckoned(NamedTuple):
    """When a clock begins to count and is due, and its plan: lines of percent, action and instant."""

    started_at: datetime
    due_at: datetime
    budget_seconds: int
    grace_seconds: int
    lines: list[list[Any]]

    def without(self, done: Sequence[Sequence[Any]]) -> list[list[Any]]:
        """Give the lines that are not done; the end of the accept window comes at whichever percent its days make."""
        known = {_mark(line) for line in done}
        return [line for line in self.lines if _mark(line) not in known]


def reckoned(
    clock: Counted, terms: Mapping[str, Any], calendar: SlowCalendar, began: datetime, pauses: Sequence[Span]
) -> Reckoned:
    """Reckon a clock that began to wait at ``began``, in these hours, without these pauses."""
    promise = next(item for item in terms["promises"] if item["code"] == clock.promise)
    open_time = PausedTime(calendar.terms, pauses)
    opening = calendar.opening(began)
    grace = promise["grace_seconds"][clock.tier] if opening > began else 0
    budget, due_at = _time(clock, promise, calendar, open_time, began)

    def after(percent: int) -> datetime:
        return open_time.after(opening, grace + budget * percent // 100)

    lines: list[list[Any]] = [[percent, "warn", after(percent)] for percent in promise["warn_percents"][clock.tier]]
    lines.append([100, "miss", due_at])
    if clock.promise == "decide_dispute":
        lines.append([100, "close_dispute", due_at])
    for step in terms["escalation"]:
        if step["action"] not in MOVES or clock.promise in MOVE_ON:
            percent = step["at_percent"]
            lines.append([percent, step["action"], due_at if percent == 100 else after(percent)])
    if clock.promise == "accept" and (window := terms.get("accept_window")):
        end = max(due_at, _days_later(calendar, began, window["days"], "same_time"))
        share = 100 * calendar.seconds(opening, end) // (grace + budget)
        lines.append([min(max(100, share), MOST_PERCENT), window["then"], end])
    return Reckoned(opening, due_at, budget, grace, sorted(lines, key=lambda line: (line[2], line[0])))


def _time(
    clock: Counted, promise: Mapping[str, Any], calendar: SlowCalendar, open_time: PausedTime, began: datetime
) -> tuple[int, datetime]:
    """Give the seconds that there are, without the grace, and when they end."""
    within = promise["within"][clock.tier] if "within" in promise else {"seconds": promise["seconds"][clock.tier]}
    opening = calendar.opening(began)
    grace = promise["grace_seconds"][clock.tier] if opening > began else 0
    if within.get("days"):
        plain = _days_later(calendar, began, within["days"], within.get("until", "same_time"))
        plain = max(plain, calendar.after(opening, 1))
        budget = max(1, calendar.seconds(opening, plain))
        if clock.share_percent == WHOLE:
            return budget, max(_pushed(calendar, open_time, began, plain), open_time.after(opening, 1))
    else:
        budget = within["seconds"]
    budget = max(1, budget * clock.share_percent // WHOLE)
    return budget, open_time.after(opening, grace + budget)


def _mark(line: Sequence[Any]) -> tuple[Any, ...]:
    return (line[1], None if line[1] in ("auto_accept", "return_to_queue") else line[0])


def _pushed(calendar: SlowCalendar, open_time: PausedTime, began: datetime, due_at: datetime) -> datetime:
    """Move a due time in days behind as much open time as was paused before it."""
    missing = _exactly(calendar, began, due_at) - _exactly(open_time, began, due_at)
    return _walk(open_time, due_at, missing) if missing else due_at


def _exactly(calendar: SlowCalendar, start: datetime, end: datetime) -> timedelta:
    total = timedelta()
    for opens, closes in calendar._from(start):
        if opens >= end:
            break
        total += max(timedelta(), min(closes, end) - max(opens, start))
    return total


def _walk(calendar: SlowCalendar, start: datetime, left: timedelta) -> datetime:
    for opens, closes in calendar._from(start):
        begin = max(opens, start)
        if closes <= begin:
            continue
        if left <= closes - begin:
            return begin + left
        left -= closes - begin
    raise AssertionError("the calendar never opens")


def _days_later(calendar: SlowCalendar, at: datetime, days: int, until: str) -> datetime:
    """Give the same local time so many working days later, or the close of that day."""
    day, second = _place(calendar, at)
    target = day
    left = days
    while left:
        target += timedelta(days=1)
        left -= bool(calendar._on(target))
    spans = calendar._on(target)
    if until == "close":
        return max(at, spans[-1][1])
    wish = calendar._instant(target, int(second.total_seconds())) + (
        second - timedelta(seconds=int(second.total_seconds()))
    )
    fitting = [max(opens, wish) for opens, closes in spans if wish <= closes]
    return max(at, fitting[0] if fitting else spans[-1][1])


def _place(calendar: SlowCalendar, at: datetime) -> tuple[date, timedelta]:
    """Give the day that an instant belongs to, and the time since its midnight by the wall: a night shift is of the day it opened on."""
    wall = at.astimezone(calendar.zone).replace(tzinfo=None)
    day = wall.date()
    before = day - timedelta(days=1)
    if any(opens <= at < closes for opens, closes in calendar._on(before)):
        day = before
    return day, wall - datetime.combine(day, time())


def _around(span: Span, pause: Span) -> Iterator[Span]:
    if pause[1] <= span[0] or pause[0] >= span[1]:
        yield span
        return
    if span[0] < pause[0]:
        yield span[0], pause[0]
    if pause[1] < span[1]:
        yield pause[1], span[1]
