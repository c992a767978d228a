"""Briefings: the promise of each campaign was counted from its dates, and ended by what happened to the campaign.

The due time is reckoned anew from the pinned calendar: the closing of the working day that lies so many working days before the start, and
an hour at least. What cannot be told: a start date that has moved since (the campaign holds the newest), so only the newest clock’s due time is
compared; and whether a campaign that ended unannounced was said to be over by then.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from campaigns.models import BriefingRead, Campaign
from leads.models import Clock, ClockStep
from ledger.models import AuditEntry, Notice
from replay.invariants.reckoning import SlowCalendar
from sla.models import AgreementVersion, CalendarVersion

DAY, HOUR = timedelta(days=1), 3600
FURTHEST = 3650
CANCELS = {
    "date_changed": "replan_briefing", "campaign_ended": "replan_briefing", "away": "hand_on", "left": "hand_on",
}  # fmt: skip
BEGINS = ("promise_briefing", "replan_briefing", "hand_on")


class ClockRow(NamedTuple):
    id: int
    campaign_id: int
    promise: str
    side: str
    tier: str
    version_id: int
    calendar_version_id: int
    state: str
    grace_seconds: int
    arrived_at: datetime
    started_at: datetime
    due_at: datetime
    next_action_at: datetime | None
    answered_at: datetime | None
    answered_seconds: int | None
    met_at: datetime | None
    missed_at: datetime | None
    detected_at: datetime | None
    cancelled_at: datetime | None
    late_seconds: int | None


Steps = Sequence[tuple[str, str, datetime, datetime]]
"""Kind, code, when it was true, when it was recorded."""


def differences(*, at: datetime, slack: timedelta) -> Iterator[str]:
    """Look at all campaigns and their clocks."""
    rows = Clock.objects.filter(campaign__isnull=False).order_by("id").values_list(*ClockRow._fields)
    clocks: dict[int, list[ClockRow]] = defaultdict(list)
    for row in rows:
        clocks[row[1]].append(ClockRow(*row))
    steps: dict[int, list[tuple[str, str, datetime, datetime]]] = defaultdict(list)
    found = ClockStep.objects.filter(clock__campaign__isnull=False).order_by("id")
    for clock_id, *step in found.values_list("clock_id", "kind", "code", "occurred_at", "recorded_at"):
        steps[clock_id].append(tuple(step))  # type: ignore[arg-type]
    audit: set[tuple[str, int | None, datetime]] = set(
        AuditEntry.objects.filter(subject_type="campaign").values_list("verb", "subject_id", "at")
    )
    terms = dict(AgreementVersion.objects.values_list("id", "terms"))
    calendars = {pk: SlowCalendar(hours) for pk, hours in CalendarVersion.objects.values_list("id", "terms")}
    told = set(Notice.objects.filter(subject_type="campaign").values_list("code", "subject_id", "created_at"))
    for campaign in Campaign.objects.order_by("id").values():
        of_it = clocks[campaign["id"]]
        lines = [*_announced(campaign, audit, told), *_live(of_it)]
        for clock in of_it:
            is_newest = clock is of_it[-1]
            calendar = calendars[clock.calendar_version_id]
            lines += _clock(clock, campaign, terms[clock.version_id], calendar, is_newest=is_newest)
            lines += _ending(clock, steps[clock.id], campaign, audit, calendar)
            if clock.state == "running" and clock.due_at < at - slack:
                lines.append(f"clock {clock.id} runs, though it was due at {clock.due_at}")
        yield from (f"campaign {campaign['id']}: {words}" for words in lines)
    yield from _reads(audit)


def _announced(campaign: Mapping[str, Any], audit: set[Any], told: set[Any]) -> Iterator[str]:
    """Who announced it wrote it down then, and told somebody."""
    entries = sorted(at for verb, pk, at in audit if verb == "brief_sales" and pk == campaign["id"])
    wanted = [campaign["announced_at"]] if campaign["announced_at"] else []
    if entries != wanted:
        yield f"was announced at {wanted}, by the audit entries at {entries}"
    for at in wanted:
        if ("campaign_announced", campaign["id"], at) not in told:
            yield f"was announced at {at}, to nobody"


def _live(clocks: Sequence[ClockRow]) -> Iterator[str]:
    """At most the newest runs."""
    for clock in clocks[:-1]:
        if clock.state in ("running", "paused") or (clock.state == "missed" and clock.next_action_at):
            yield f"clock {clock.id} is {clock.state}, though a newer one counts"


def _clock(
    clock: ClockRow, campaign: Mapping[str, Any], terms: Mapping[str, Any], calendar: SlowCalendar, *, is_newest: bool
) -> Iterator[str]:
    """It counts the promise that the terms make, from when the campaign was logged or moved."""
    said = (clock.promise, clock.side, clock.tier, clock.grace_seconds)
    if said != ("brief", "marketing", "standard", 0):
        yield f"clock {clock.id} says {said}"
    opening = calendar.opening(clock.arrived_at)
    if clock.started_at != opening:
        yield f"clock {clock.id} started at {clock.started_at}, its hours open at {opening}"
    promise = next((item for item in terms["promises"] if item["code"] == "brief"), None)
    if promise is None:
        yield f"clock {clock.id} counts what its terms do not promise"
    elif is_newest and campaign["announced_at"] is None and clock.state != "cancelled":
        due = max(calendar.after(opening, HOUR), _closing(calendar, campaign["starts_on"], promise["within"]["standard"]["days"]))  # fmt: skip
        if due != clock.due_at:
            yield f"clock {clock.id} is due at {clock.due_at}, by its terms at {due}"


def _closing(calendar: SlowCalendar, before: date, days: int) -> datetime:
    """Give the closing of the working day so many working days before a date; the earliest instant where there is none."""
    for back in range(1, FURTHEST):
        spans = calendar._on(before - back * DAY)
        days -= bool(spans)
        if not days:
            return spans[-1][1]
    return datetime.min.replace(tzinfo=calendar.zone)


def _ending(
    clock: ClockRow, steps: Steps, campaign: Mapping[str, Any], audit: set[Any], calendar: SlowCalendar
) -> Iterator[str]:
    """It ended by the announcement, its due time, or another plan, at that instant; and its row says so."""
    name, announced_at = f"clock {clock.id}", campaign["announced_at"]
    by_kind = {kind: (code, occurred_at, recorded_at) for kind, code, occurred_at, recorded_at in steps}
    begun = by_kind.get("started")
    if begun is None or begun[2] != clock.arrived_at:
        yield f"{name} waits since {clock.arrived_at}, its step says {begun}"
    elif not any((verb, campaign["id"], clock.arrived_at) in audit for verb in BEGINS):
        yield f"{name} began at {clock.arrived_at}, when nothing was logged"
    ends = [kind for kind in ("met", "missed", "cancelled") if kind in by_kind]
    if ends != ([] if clock.state == "running" else [clock.state]):
        yield f"{name} is {clock.state}, its steps say {ends}"
    answered = by_kind.get("met") or by_kind.get("answered")
    answered_at = answered[2] if answered else None
    yield from _row(clock, by_kind, answered_at, calendar)
    if answered_at is not None and answered_at != announced_at:
        yield f"{name} was answered at {answered_at}, the campaign was announced at {announced_at}"
    if "met" in by_kind and answered_at is not None and answered_at > clock.due_at:
        yield f"{name} was kept at {answered_at}, after it was due at {clock.due_at}"
    if "missed" in by_kind and (by_kind["missed"][1] != clock.due_at or by_kind["missed"][2] <= clock.due_at):
        yield f"{name} was missed at {by_kind['missed'][1:]}, due at {clock.due_at}"
    verb = CANCELS.get(by_kind["cancelled"][0], "") if "cancelled" in by_kind else ""
    if "cancelled" in by_kind and (verb, campaign["id"], by_kind["cancelled"][2]) not in audit:
        yield f"{name} was cancelled ({by_kind['cancelled'][0]}), when nothing was changed"
    if clock.state == "running" and announced_at is not None:
        yield f"{name} runs, though the campaign was announced"


def _row(
    clock: ClockRow, by_kind: Mapping[str, tuple[str, datetime, datetime]], answered_at: datetime | None,
    calendar: SlowCalendar,
) -> Iterator[str]:  # fmt: skip
    """The row knows its endings at the instants of its steps, and no other."""
    wanted = {
        "met_at": answered_at if "met" in by_kind else None,
        "missed_at": clock.due_at if "missed" in by_kind else None,
        "detected_at": by_kind["missed"][2] if "missed" in by_kind else None,
        "cancelled_at": by_kind["cancelled"][2] if "cancelled" in by_kind else None,
        "answered_at": answered_at,
        "answered_seconds": calendar.seconds(clock.started_at, answered_at) if answered_at else None,
        "late_seconds": calendar.seconds(clock.due_at, answered_at) if answered_at and "missed" in by_kind else None,
    }
    yield from (
        f"clock {clock.id}: {column} is {getattr(clock, column)}, by its steps {value}"
        for column, value in wanted.items()
        if getattr(clock, column) != value
    )


def _reads(audit: set[Any]) -> Iterator[str]:
    """Who is informed said so, after the announcement."""
    for campaign_id, user_id, at, announced_at in BriefingRead.objects.order_by("id").values_list(
        "campaign_id", "user_id", "at", "campaign__announced_at"
    ):
        if announced_at is None or at < announced_at or ("confirm_briefing", campaign_id, at) not in audit:
            yield f"campaign {campaign_id}: {user_id} is said to be informed since {at}"
