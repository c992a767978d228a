"""What a clock will do and when: reckoned once from its pinned calendar, then read entry by entry. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import count

from sla import business_time
from sla.business_time import BusinessCalendar, BusinessTimeError
from sla.terms import Promise, Terms, Within

WARN = "warn"
MISS = "miss"
REASSIGN = "reassign"
AUTO_ACCEPT = "auto_accept"
RETURN_TO_QUEUE = "return_to_queue"
MOVING = frozenset({REASSIGN, AUTO_ACCEPT, RETURN_TO_QUEUE})
"""What changes who has the lead: done with the lead locked."""
JUDGE = "judge"
"""What a promise for a period has instead of a miss: at its end it is seen whether it was kept."""
CLOSE = "close_dispute"
APART = MOVING | {JUDGE, CLOSE}
"""What needs more than the clock: done apart from the bulk of a sweep."""

WHOLE = 100
"""The share of its time that a promise has, in percent, unless it was handed on while its owner was away."""

LEAST_SECONDS = 3600
"""What is left at least to keep a promise *before* a date that is announced too late (decision 13)."""

MOST_PERCENT = 30_000
"""What the share of a step is told as at most: a short promise has passed many times over when a window of days ends."""

Pauses = Sequence[tuple[datetime, datetime]]

RawEntry = Sequence[int | str | float]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a plan: at which share of the budget, what, and when."""

    ordinal: int
    percent: int
    action: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a promise begins to count, by when it is due, and everything that will happen, the first of it first."""

    started_at: datetime
    due_at: datetime
    budget_seconds: int
    grace_seconds: int
    plan: list[list[int | str | float]]

    @property
    def first_at(self) -> datetime:
        return instant(self.plan[0][2])


def schedule(
    *, promise: Promise, terms: Terms, tier: str, calendar: BusinessCalendar, at: datetime, pauses: Pauses = (),
    before: date | None = None, share_percent: int = WHOLE,
) -> Schedule:  # fmt: skip
    """Reckon the clock of ``promise`` for a wait that begins at ``at``.

    While the calendar is closed it begins at the next opening, plus the grace of the promise. Shares are of the budget and come after
    the grace; an escalation beyond 100 % runs on in the same hours. ``pauses`` do not count. ``before`` is the local date that a promise
    of that kind has to be kept before, and by then it is due whatever ``share_percent`` of its time a promise has.
    """
    within = promise.within[tier]
    started_at = business_time.next_opening(at, calendar)
    grace = promise.grace_seconds[tier] if started_at > at else 0
    plain_due = _due(within, started_at, grace, calendar, at, before=before)
    budget = within.seconds or max(1, business_time.between(started_at, plain_due, calendar))
    is_whole = share_percent == WHOLE or before is not None
    if not is_whole:
        budget = max(1, budget * share_percent // WHOLE)

    def after(percent: int) -> datetime:
        return business_time.add(started_at, grace + budget * percent // 100, calendar, pauses)

    due_at = _due(within, started_at, grace, calendar, at, pauses=pauses, before=before) if is_whole else after(WHOLE)
    moments = [(after(percent), percent, WARN) for percent in promise.warn_percents[tier]] + [(due_at, 100, MISS)]
    if promise.code == "decide_dispute":
        moments.append((due_at, 100, CLOSE))
    steps = [step for step in terms.escalation if promise.kind.may_move or step.action not in MOVING]
    moments += [(due_at if s.at_percent == 100 else after(s.at_percent), s.at_percent, s.action) for s in steps]
    if promise.code == "accept" and terms.accept_window is not None:
        end = max(due_at, business_time.add_business_days(at, terms.accept_window.days, calendar))
        share = 100 * business_time.between(started_at, end, calendar) // (grace + budget)
        moments.append((end, min(max(100, share), MOST_PERCENT), terms.accept_window.then))
    order = count()
    moments.sort(key=lambda moment: (moment[0], moment[1], next(order)))
    plan: list[list[int | str | float]] = [[percent, action, epoch(moment)] for moment, percent, action in moments]
    return Schedule(started_at, due_at, budget, grace, plan)


def _due(
    within: Within, started_at: datetime, grace: int, calendar: BusinessCalendar, at: datetime, *, pauses: Pauses = (),
    before: date | None = None,
) -> datetime:  # fmt: skip
    """Say when it is due: never before it started, and for a date that is too near after the least time."""
    if before is not None:
        least = business_time.add(started_at, LEAST_SECONDS, calendar)
        try:
            return max(least, business_time.close_before(before, within.days, calendar))
        except BusinessTimeError:
            return least
    if within.days:
        due = business_time.add_business_days(at, within.days, calendar, within.until, pauses)
        return max(due, business_time.add(started_at, 1, calendar, pauses))
    return business_time.add(started_at, grace + within.seconds, calendar, pauses)


def carried_on(plan: Sequence[RawEntry], position: int, anew: Sequence[RawEntry]) -> list[RawEntry]:
    """Give the plan of a clock that was reckoned ``anew``: what is done stands as it was, the rest comes at its new time."""
    done = list(plan[:position])
    known = {_mark(entry) for entry in done}
    rest = [entry for entry in anew if _mark(entry) not in known]
    if len(done) + len(rest) != len(plan):
        raise PlanMismatch("The plan does not hold what the terms say.")
    return [*done, *rest]


def _mark(entry: RawEntry) -> tuple[str, int | str | float]:
    """Tell entries apart: the end of the accept window comes once, at whichever share of the time the days of a calendar make it."""
    percent, action, _ = entry
    return (str(action), 0 if action in (AUTO_ACCEPT, RETURN_TO_QUEUE) else percent)


def entries_before(plan: Sequence[RawEntry], position: int, at: datetime) -> list[Entry]:
    """Give what is due strictly before ``at``, from ``position`` on: a promise kept in its last second is kept."""
    limit = at.timestamp()
    due = []
    for ordinal in range(position, len(plan)):
        percent, action, moment = plan[ordinal]
        if float(moment) >= limit:
            break
        due.append(Entry(ordinal, int(percent), str(action), instant(moment)))
    return due


def place_of(entries: Sequence[Entry], actions: frozenset[str]) -> int | None:
    """Give the place among ``entries`` of the first that is one of ``actions``, if any is."""
    return next((place for place, entry in enumerate(entries) if entry.action in actions), None)


class PlanMismatch(Exception):
    """The plan of a clock does not say what the clock needs from it."""


def due_by(plan: Sequence[RawEntry]) -> datetime:
    """Give the due time, which is when the miss or the judgement stands in the plan; raises ``PlanMismatch``."""
    for _, action, moment in plan:
        if action in (MISS, JUDGE):
            return instant(moment)
    raise PlanMismatch("The plan has no miss in it.")


def moment_at(plan: Sequence[RawEntry], position: int) -> datetime | None:
    """Give the instant of the entry at ``position``, or nothing after the last."""
    return instant(plan[position][2]) if position < len(plan) else None


def epoch(at: datetime) -> int | float:
    """Give ``at`` as seconds since the epoch: whole where it can be, else with microseconds, exactly."""
    seconds = at.timestamp()
    return int(seconds) if seconds.is_integer() else seconds


def instant(seconds: int | str | float) -> datetime:
    """Give the instant of an ``epoch``, exactly."""
    return datetime.fromtimestamp(float(seconds), UTC)
