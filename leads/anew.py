"""Reckon running clocks anew: after a pause, or by another version of their calendar. Nothing is written here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from campaigns.models import Campaign
from leads.clock_acts import ClockRow
from leads.clock_plans import Pauses, RawEntry, carried_on, due_by, instant, schedule
from leads.models import ClockStep
from sla.business_time import BusinessCalendar, between
from sla.in_force import version_terms
from sla.terms import Terms

ANEW_COLUMNS = (
    "plan", "next_action_at", "due_at", "started_at", "budget_seconds", "grace_seconds", "waited_seconds",
    "calendar_version_id",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Anew:
    """What becomes of a clock: what is done of its plan stands, the rest has new times."""

    plan: Sequence[RawEntry]
    next_action_at: datetime
    due_at: datetime
    started_at: datetime
    budget_seconds: int
    grace_seconds: int
    waited_seconds: int
    calendar_version_id: int

    @property
    def values(self) -> tuple[Any, ...]:
        """Give the values of ``ANEW_COLUMNS``."""
        return tuple(getattr(self, name) for name in ANEW_COLUMNS)


Hours = Mapping[int, tuple[int, BusinessCalendar]]
"""By clock, the calendar version to count by, and its hours."""


def reckon_anew(clocks: Sequence[ClockRow], hours: Hours, pauses: Mapping[int, Pauses]) -> dict[int, Anew]:
    """Reckon these clocks, whose terms know their promises, from when they began: two queries, and one for each agreement version."""
    began = _began([clock.id for clock in clocks])
    days = days_before(clocks)
    terms = {version_id: version_terms(version_id) for version_id in sorted({clock.version_id for clock in clocks})}
    return {
        clock.id: _anew(
            clock,
            terms[clock.version_id],
            began[clock.id],
            hours[clock.id],
            pauses=pauses.get(clock.id, ()),
            before=days.get(clock.campaign_id),
        )
        for clock in clocks
    }


def _anew(
    clock: ClockRow, terms: Terms, began_at: datetime, counted: tuple[int, BusinessCalendar], *, pauses: Pauses, before: date | None
) -> Anew:  # fmt: skip
    version_id, calendar = counted
    promise = terms.promises[clock.promise]
    reckoned = schedule(
        promise=promise, terms=terms, tier=clock.tier, calendar=calendar, at=began_at, pauses=pauses,
        before=before if promise.kind.before else None, share_percent=clock.share_percent,
    )  # fmt: skip
    plan = carried_on(clock.plan, clock.plan_position, reckoned.plan)
    return Anew(
        plan=plan,
        next_action_at=instant(plan[clock.plan_position][2]),
        due_at=due_by(plan),
        started_at=reckoned.started_at,
        budget_seconds=reckoned.budget_seconds,
        grace_seconds=reckoned.grace_seconds,
        waited_seconds=between(clock.arrived_at, reckoned.started_at, calendar),
        calendar_version_id=version_id,
    )


def _began(clock_ids: Sequence[int]) -> dict[int, datetime]:
    steps = ClockStep.objects.filter(clock__in=clock_ids, kind="started")
    return dict(steps.values_list("clock_id", "recorded_at"))


def days_before(clocks: Sequence[ClockRow]) -> dict[int | None, date]:
    """Give the days that promises about campaigns run back from."""
    wanted = {clock.campaign_id for clock in clocks if clock.campaign_id}
    return dict(Campaign.objects.filter(pk__in=wanted).values_list("id", "starts_on")) if wanted else {}
