"""What a clock will do and when: reckoned once from its pinned calendar, then read entry by entry. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sla import business_time
from sla.business_time import BusinessCalendar
from sla.terms import Promise, Terms

WARN = "warn"
MISS = "miss"
REASSIGN = "reassign"

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


def schedule(*, promise: Promise, terms: Terms, tier: str, calendar: BusinessCalendar, at: datetime) -> Schedule:
    """Reckon the clock of ``promise`` for a wait that begins at ``at``.

    While the calendar is closed it begins at the next opening, plus the grace of the promise. Shares are of the budget and come after
    the grace; an escalation beyond 100 % runs on in the same hours.
    """
    budget = promise.seconds[tier]
    started_at = business_time.next_opening(at, calendar)
    grace = promise.grace_seconds[tier] if started_at > at else 0
    moments = [(percent, WARN) for percent in promise.warn_percents[tier]] + [(100, MISS)]
    moments += [(step.at_percent, step.action) for step in terms.escalation]
    moments.sort(key=lambda moment: moment[0])  # stable: the miss stands before what follows from it
    plan: list[list[int | str | float]] = [
        [percent, action, epoch(business_time.add(started_at, grace + budget * percent // 100, calendar))]
        for percent, action in moments
    ]
    due_at = business_time.add(started_at, grace + budget, calendar)
    return Schedule(started_at, due_at, budget, grace, plan)


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


def place_of_reassigning(entries: Sequence[Entry]) -> int | None:
    """Give the place among ``entries`` of the first that gives the lead to somebody else, if any does."""
    return next((place for place, entry in enumerate(entries) if entry.action == REASSIGN), None)


class PlanMismatch(Exception):
    """The plan of a clock does not say what the clock needs from it."""


def due_by(plan: Sequence[RawEntry]) -> datetime:
    """Give the due time, which is when the miss stands in the plan; raises ``PlanMismatch``."""
    for _, action, moment in plan:
        if action == MISS:
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
