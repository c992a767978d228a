"""What a countdown chip says: the one place that turns a clock into what is left of it, for every screen.

The browser gets the open intervals of the pinned calendar from the instant of rendering on, and only counts down through
them (``static/js/countdown.js``): it never reckons business time itself.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from leads.lifecycle import SALES_STAGES, Stage
from leads.models import Clock, ClockPause, Handoff
from leads.models.leads import LeadQuerySet
from leads.owed import OF_RATER
from sla.business_time import BusinessCalendar, NeverOpens, between, open_intervals
from sla.durations import duration
from sla.hours import calendars
from sla.promises import short_of
from teams.roles import Side

WITH_MARKETING = (Stage.LEAD.value, Stage.MQL.value)
INTERVALS_AHEAD = 6
AMBER_FROM = 0.75
FAR = 24 * 3600
"""From so many business seconds on a chip says the day instead of counting down."""


@dataclass(frozen=True, slots=True)
class Chip:
    """A clock as it stands at an instant.

    ``left`` and ``total`` are business seconds, ``left`` negative when late. ``tone`` is the class that colours it; ``words`` say the same.
    ``open_json`` holds ``[[start, end], …]`` in epoch seconds for a clock that ticks, else it is empty: one that is days away says the day.
    ``is_owed`` tells whether the promise is still to be kept, in time or late.
    """

    clock: Clock
    promise: str
    tone: str
    words: str
    exact: str
    left: int
    total: int
    at: int
    open_json: str
    is_owed: bool

    @property
    def elapsed(self) -> int:
        return min(self.total, max(0, self.total - self.left))

    @property
    def due_at(self) -> datetime:
        return self.clock.due_at

    @property
    def is_missed(self) -> bool:
        return self.tone == "is-missed"

    @property
    def ticks(self) -> bool:
        return bool(self.open_json)


def open_clocks(lead_ids: Collection[int]) -> dict[int, Clock]:
    """Give for each lead the promise that matters now: what runs (next due first), else a miss that is still unanswered.

    Two queries, one for each kind of subject. A miss on a handoff that is decided, or on a lead that left sales' hands, matters no more;
    nor does one by somebody who had the lead before.
    """
    of_handoffs = owed_on_handoffs().filter(handoff__lead_id__in=lead_ids).select_related("handoff", "user")
    of_leads = owed_on_leads().filter(lead_id__in=lead_ids)
    found: dict[int, Clock] = {}
    for clock in [*of_handoffs.defer("plan"), *of_leads.defer("plan")]:
        lead_id = clock.lead_id or (clock.handoff.lead_id if clock.handoff else 0)
        if lead_id not in found or _rank(clock) < _rank(found[lead_id]):
            found[lead_id] = clock
    return found


@cache
def owed_on_handoffs() -> QuerySet[Clock]:
    """Give what is owed on open handoffs by whom they are with now. Built once: it is only ever narrowed."""
    by_holder = Q(user=F("handoff__assignee")) | Q(user__isnull=True, handoff__assignee__isnull=True)
    return _owed("handoff", by_holder).filter(handoff__state=Handoff.States.OPEN)


@cache
def owed_on_leads() -> QuerySet[Clock]:
    """Give what is owed on leads by whom they are with now: sales in its stages, marketing before them; and feedback by who owes it."""
    of_others = Q(side=Side.MARKETING) | Q(promise__in=sorted(OF_RATER))
    by_holder = Q(user=F("lead__owner")) | Q(user__isnull=True, lead__owner__isnull=True) | of_others
    with_marketing = Q(side=Side.MARKETING, lead__stage__in=WITH_MARKETING)
    with_sales = Q(side=Side.SALES, lead__stage__in=sorted(SALES_STAGES))
    return _owed("lead", by_holder).filter(with_sales | with_marketing | Q(promise__in=sorted(OF_RATER)))


def _owed(subject: str, by_holder: Q) -> QuerySet[Clock]:
    """Give what runs, and the unanswered misses of the present holder where no newer clock counts the same promise.

    One of marketing that was cancelled counts nothing: a merge may have brought an older one in its place.
    """
    newer = Clock.objects.filter(
        ~Q(state=Clock.States.CANCELLED, side=Side.MARKETING), **{subject: OuterRef(subject)},
        promise=OuterRef("promise"), pk__gt=OuterRef("pk"),
    )  # fmt: skip
    is_open_miss = Q(state=Clock.States.MISSED, answered_at__isnull=True) & by_holder & ~Exists(newer)
    return Clock.objects.filter(Q(state__in=Clock.LIVE) | is_open_miss)


def next_due_first(leads: LeadQuerySet, *, are_offered: bool = True) -> LeadQuerySet:
    """Sort leads by what is due next on each, the missed first, for it was due before; those with nothing due come last.

    Of leads of which none is offered to anybody, nothing is looked for on offers.
    """
    return leads.order_by(_next_due(are_offered).asc(nulls_last=True), "last_touch_at", "id")


@cache
def _next_due(are_offered: bool) -> Coalesce | Subquery:
    on_lead = owed_on_leads().filter(lead=OuterRef("pk")).order_by("due_at").values("due_at")[:1]
    if not are_offered:
        return Subquery(on_lead)
    on_handoff = owed_on_handoffs().filter(handoff__lead=OuterRef("pk")).order_by("due_at").values("due_at")[:1]
    return Coalesce(Subquery(on_lead), Subquery(on_handoff))


def _rank(clock: Clock) -> tuple[bool, float]:
    is_missed = clock.state == Clock.States.MISSED
    due = clock.due_at.timestamp()
    return (is_missed, -due if is_missed else due)


def chips_of_leads(lead_ids: Collection[int], at: datetime) -> dict[int, Chip]:
    """Give the chip that matters now of each lead that has one, with three queries."""
    clocks = open_clocks(lead_ids)
    made = chips(list(clocks.values()), at)
    return {lead_id: made[clock.pk] for lead_id, clock in clocks.items()}


def chips(clocks: Sequence[Clock], at: datetime) -> dict[int, Chip]:
    """Make the chips of these clocks by clock id, with one query for their calendars."""
    hours = calendars(clock.calendar_version_id for clock in clocks) if clocks else {}
    since = _paused_since(clocks)
    ahead = {version_id: _intervals(calendar, at) for version_id, calendar in hours.items()}
    return {
        clock.pk: _chip(
            clock, hours[clock.calendar_version_id], ahead[clock.calendar_version_id], since.get(clock.pk, at)
        )
        for clock in clocks
    }


def _paused_since(clocks: Sequence[Clock]) -> dict[int, datetime]:
    """Give since when the paused ones stand still: what was left then is left now. No query where none is paused."""
    paused = [clock.pk for clock in clocks if clock.state == Clock.States.PAUSED]
    if not paused:
        return {}
    pauses = ClockPause.objects.filter(clock__in=paused, ended_at__isnull=True)
    return dict(pauses.values_list("clock_id", "started_at"))


Intervals = list[list[int]]


def _intervals(calendar: BusinessCalendar, at: datetime) -> Intervals:
    try:
        spans = open_intervals(at, calendar, count=INTERVALS_AHEAD)
    except NeverOpens:
        return []
    return [[int(start.timestamp()), int(end.timestamp())] for start, end in spans]


def _chip(clock: Clock, calendar: BusinessCalendar, ahead: Intervals, at: datetime) -> Chip:
    is_open_miss = clock.state == Clock.States.MISSED and clock.answered_at is None
    is_owed = clock.state in Clock.LIVE or is_open_miss
    total = clock.budget_seconds + clock.grace_seconds
    until = clock.answered_at or clock.cancelled_at or at
    late = until > clock.due_at
    left = -between(clock.due_at, until, calendar) if late else between(until, clock.due_at, calendar)
    is_open = bool(ahead) and ahead[0][0] <= at.timestamp() < ahead[0][1]
    tone = _tone(clock, left, total, late=late, is_open=is_open)
    is_far = is_owed and clock.state != Clock.States.PAUSED and abs(left) >= FAR
    return Chip(
        clock=clock,
        promise=short_of(clock.promise),
        tone=tone,
        words=_far_words(clock, late=late) if is_far else _words(clock, left, tone, ahead, at),
        exact=_exact(clock),
        left=left if not late else min(left, -1),
        total=total,
        at=int(at.timestamp()),
        open_json=json.dumps(ahead, separators=(",", ":")) if is_owed and not is_far and tone != "is-paused" else "",
        is_owed=is_owed,
    )


def _tone(clock: Clock, left: int, total: int, *, late: bool, is_open: bool) -> str:
    ended = {Clock.States.MET: "is-kept", Clock.States.CANCELLED: "is-still", Clock.States.PAUSED: "is-paused"}
    if clock.state in ended:
        return ended[Clock.States(clock.state)]
    if late or clock.state == Clock.States.MISSED:
        return "is-missed"
    if not is_open:
        return "is-still"
    return "is-warn" if total - left >= total * AMBER_FROM else "is-good"


def _words(clock: Clock, left: int, tone: str, ahead: Intervals, at: datetime) -> str:
    if clock.state == Clock.States.MET:
        return "kept"
    if clock.state == Clock.States.CANCELLED:
        return "cancelled"
    if tone == "is-paused":
        return "paused"
    if tone == "is-missed":
        late = f"{duration(-left)} late"
        return f"answered {late}" if clock.answered_at else late
    if tone == "is-still":
        return _resumes(ahead, at)
    return f"{duration(left)} left"


def _far_words(clock: Clock, *, late: bool) -> str:
    """Say the day: who has days left, or is late by days, does not count hours."""
    due = timezone.localtime(clock.due_at)
    return f"{'late since' if late else 'due'} {due:%a} {due.day} {due:%b}"


def _resumes(ahead: Intervals, at: datetime) -> str:
    if not ahead:
        return "closed"
    opens = timezone.localtime(datetime.fromtimestamp(ahead[0][0], tz=timezone.get_current_timezone()))
    is_today = opens.date() == timezone.localtime(at).date()
    return f"resumes {opens:%H:%M}" if is_today else f"resumes {opens:%a %H:%M}"


def _exact(clock: Clock) -> str:
    is_paused = clock.state == Clock.States.PAUSED
    due = timezone.localtime(clock.next_action_at if is_paused and clock.next_action_at else clock.due_at)
    verb = "goes on" if is_paused else "due" if clock.state == Clock.States.RUNNING else "was due"
    return f"{verb} {due:%a} {due.day} {due:%b %Y, %H:%M} ({timezone.get_current_timezone_name()})"
