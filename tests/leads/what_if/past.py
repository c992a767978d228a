"""Pasts for the tests of the pure core: clocks as ``leads.clock_plans`` would have made them, and terms and hours for them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from typing import Any

from leads.clock_plans import schedule
from leads.what_if.recorded import Recorded
from leads.what_if.replaying import Changes, Pinned, Replayed, replay
from sla.business_time import BusinessCalendar
from sla.default_terms import default_document
from sla.terms import Promise, Terms

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
AT = MONDAY + timedelta(days=60)
VERSION, CALENDAR = 1, 1
OFFICE_TERMS = {
    "zone": "Europe/Berlin",
    "week": {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
    "holidays": ["2026-04-03", "2026-04-06"],
}
_ids = count(1)


@cache
def terms() -> Terms:
    return Terms.from_document(default_document())


@cache
def office() -> BusinessCalendar:
    return BusinessCalendar.from_terms(OFFICE_TERMS)


def pinned() -> Pinned:
    return Pinned({VERSION: terms()}, {CALENDAR: office()})


def promise(code: str) -> Promise:
    return terms().promises[code]


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def clock(
    code: str = "accept", *, tier: str = "hot", began_at: datetime = MONDAY, answered_at: datetime | None = None,
    cancelled_at: datetime | None = None, at: datetime = AT, **fields: Any,
) -> Recorded:  # fmt: skip
    """Make a clock that began, and was answered or cancelled, at these instants, in the state that the program would have left it in."""
    due_at = schedule(
        promise=promise(code), terms=terms(), tier=tier, calendar=office(), at=began_at,
        pauses=fields.get("pauses", ()), before=fields.get("before"),
    ).due_at  # fmt: skip
    pk = next(_ids)
    made = Recorded(
        id=pk, promise=code, side="sales", tier=tier, state="running", version_id=VERSION, calendar_version_id=CALENDAR,
        user_id=1, team_id=1, lead_id=pk, began_at=began_at, due_at=due_at, answered_at=answered_at,
        cancelled_at=cancelled_at,
    )  # fmt: skip
    made = replace(made, **fields)
    if "state" in fields:
        return made
    ended_at = made.stood_at or answered_at or cancelled_at
    if ended_at is None or ended_at > due_at:
        state = "missed" if due_at < at else "running"
        return replace(made, state=state, cancelled_at=None)
    return replace(made, state="met" if answered_at else "cancelled")


def replayed(*clocks: Recorded, at: datetime = AT, **changes: Any) -> list[Replayed]:
    return list(replay(clocks, pinned(), Changes(**changes), at))


def one(recorded: Recorded, *, at: datetime = AT, **changes: Any) -> Replayed:
    return replayed(recorded, at=at, **changes)[0]
