"""Which days the rollups still show rightly, and how a period is put together from them and from the facts.

A figure of a period is what the rollups say of its clean days and what the facts say of the others, so that it is exact whether or not the
filler has run. Read it, the rollups and the facts in one view of the database (``ledger.one_view``).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import chain
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Q

from dashboards.books import EDITION
from dashboards.families import ENTERED_BY
from dashboards.models import Coverage, Grains, Mark
from dashboards.periods import ONE_DAY, WEEK, Period
from leads.models import Clock, Feedback, Handoff, Lead, LeadEvent

MOST_MARKS = 3_000
"""With more of them, as after a large import, looking them up costs more than the rollups save."""

MOST_WINDOWS = 30
"""So many runs of days are read from the facts beside the rollups; with more the whole period is."""

LAST_INSTANT_OF_AN_HOUR = timedelta(hours=1) - timedelta(microseconds=1)

CUTS: dict[Grains, Callable[[Period], list[Period]]] = {
    Grains.QUARTER: Period.quarters,
    Grains.MONTH: Period.months,
    Grains.WEEK: Period.weeks,
}
"""How a period is cut into spans, longest first."""

Kinds = Mark.Kinds
Hours = set[tuple[str, datetime]]
ENDED = Q(state__in=(Clock.States.MET, Clock.States.MISSED, Clock.States.CANCELLED))


@dataclass(frozen=True, slots=True)
class Split:
    """A period in parts: ``rolled`` runs of whole quarters, months, weeks and days from the rollups, ``live`` runs from the facts.

    ``stale`` are the days of the period that only look rolled up.
    """

    rolled: Mapping[Grains, tuple[Period, ...]]
    live: tuple[Period, ...]
    stale: tuple[date, ...]

    @property
    def uses_rollups(self) -> bool:
        return any(self.rolled.values())


@dataclass(frozen=True, slots=True)
class Freshness:
    """How far each family is rolled up, and on which of those days it is not to be trusted."""

    zone: str
    until: Mapping[str, date]
    stale: Mapping[str, frozenset[date]]

    def split(self, family: str, period: Period, grains: Collection[Grains]) -> Split | None:
        """Put ``period`` together of the longest clean spans of ``grains``, then of days; nothing where the facts alone must answer."""
        until = self.until.get(family)
        if until is None or period.zone.key != self.zone:
            return None
        stale = sorted(day for day in self.stale.get(family, ()) if period.first <= day < min(until, period.until))
        rest, rolled = [period], {}
        for grain in CUTS:
            if grain in grains:
                rolled[grain], rest = _taken(rest, grain, until, stale)
        days: list[Period] = []
        live: list[Period] = []
        for part in rest:
            _cut(part, until, stale, days, live)
        live = _merged(live)
        if len(live) > MOST_WINDOWS:
            return None
        rolled[Grains.DAY] = _merged(days)
        return Split({grain: tuple(runs) for grain, runs in rolled.items()}, tuple(live), tuple(stale))


def _taken(
    parts: Iterable[Period], grain: Grains, until: date, stale: Sequence[date]
) -> tuple[list[Period], list[Period]]:
    """Take runs of whole clean spans of ``grain`` out of ``parts``; the second list is what is left of these."""
    taken: list[Period] = []
    left: list[Period] = []
    for span in chain.from_iterable(CUTS[grain](part) for part in parts):
        is_clean = span.until <= until and not _within(span, stale)
        (taken if is_clean and _is_whole(span, grain) else left).append(span)
    return _merged(taken), _merged(left)


def _is_whole(span: Period, grain: Grains) -> bool:
    if grain is Grains.WEEK:
        return span.days == WEEK.days
    return span.is_whole_months and (grain is Grains.MONTH or span.is_quarter)


def _within(part: Period, ordered: Sequence[date]) -> Sequence[date]:
    return ordered[bisect_left(ordered, part.first) : bisect_left(ordered, part.until)]


def _cut(part: Period, until: date, stale: Sequence[date], days: list[Period], live: list[Period]) -> None:
    """Sort the days of ``part`` into runs of clean and of other ones."""
    at = part.first
    for day in [*_within(part, stale), max(min(until, part.until), part.first)]:
        if day > at:
            days.append(Period(at, day, part.zone))
        if day < min(until, part.until):
            live.append(Period(day, day + ONE_DAY, part.zone))
            at = day + ONE_DAY
    if until < part.until:
        live.append(Period(max(until, part.first), part.until, part.zone))


def _merged(parts: Iterable[Period]) -> list[Period]:
    merged: list[Period] = []
    for part in parts:
        if merged and merged[-1].until == part.first:
            merged[-1] = Period(merged[-1].first, part.until, part.zone)
        else:
            merged.append(part)
    return merged


# Reading the marks ----------------------------------------------------------------------------------------------------


def freshness(zone: ZoneInfo) -> Freshness | None:
    """Read how fresh the rollups are, with two to ten statements; nothing where nothing is filled or too much is marked."""
    covered = {row.family: row.until for row in Coverage.objects.filter(zone=zone.key, edition=EDITION)}
    if not covered:
        return None
    found = Mark.objects.order_by().values_list("kind", "at", "row").distinct()[: MOST_MARKS + 1]
    marks = list(found)
    if len(marks) > MOST_MARKS:
        return None
    hours: Hours = {(kind, at) for kind, at, _ in marks if at is not None}
    hours |= looked_up((kind, row) for kind, _, row in marks if row is not None)
    stale: defaultdict[str, set[date]] = defaultdict(set)
    for kind, at in hours:
        stale[kind].update(days_of(at, zone))
    return Freshness(zone.key, covered, {kind: frozenset(days) for kind, days in stale.items()})


def days_of(hour: datetime, zone: ZoneInfo) -> set[date]:
    """Give the days in ``zone`` that an hour touches: two where midnight falls into it."""
    return {hour.astimezone(zone).date(), (hour + LAST_INSTANT_OF_AN_HOUR).astimezone(zone).date()}


def looked_up(rows: Iterable[tuple[str, int]]) -> Hours:
    """Give the hours that depend on marked rows, as the database stands now, with at most ten statements."""
    ids: defaultdict[str, list[int]] = defaultdict(list)
    for kind, row in rows:
        ids[kind].append(row)
    entered = LeadEvent.objects.filter(kind__in=[*ENTERED_BY.values()])
    instants: list[tuple[str, Iterable[datetime | None]]] = []
    if leads := ids[Kinds.LEAD]:
        handoffs, ended = Handoff.objects.filter(lead_id__in=leads), Clock.objects.filter(ENDED)
        instants += [
            (Kinds.HANDOFFS, handoffs.filter(decided_at__isnull=False).values_list("decided_at", flat=True)),
            (Kinds.PROMISES, ended.filter(lead_id__in=leads).values_list("due_at", flat=True)),
            (Kinds.PROMISES, ended.filter(handoff__in=handoffs).values_list("due_at", flat=True)),
            (Kinds.PROMISES, ended.filter(question__lead__in=leads).values_list("due_at", flat=True)),
            (Kinds.PROMISES, ended.filter(dispute__handoff__in=handoffs).values_list("due_at", flat=True)),
        ]
    if leads := ids[Kinds.LEAD] + ids[Kinds.HOLDER]:
        instants += [
            (Kinds.ENTRIES, entered.filter(lead_id__in=leads).values_list("occurred_at", flat=True)),
            (Kinds.RATINGS, Feedback.objects.filter(lead_id__in=leads).values_list("given_at", flat=True)),
        ]
    if leads := ids[Kinds.WIN]:
        won = entered.filter(lead_id__in=leads, kind=ENTERED_BY["won"])
        instants.append((Kinds.ENTRIES, won.values_list("occurred_at", flat=True)))
    if events := ids[Kinds.EVENT]:
        marked = LeadEvent.objects.filter(pk__in=events)
        same = marked.filter(lead_id=OuterRef("lead_id"), kind=OuterRef("kind"))
        beside = entered.filter(Exists(same), lead_id__in=marked.values("lead_id"))
        instants.append((Kinds.ENTRIES, beside.values_list("occurred_at", flat=True)))
        arrived = Lead.objects.filter(pk__in=marked.values("lead_id"))
        instants.append((Kinds.ARRIVALS, arrived.values_list("captured_at", flat=True)))
    return set(chain.from_iterable({(kind, _hour(at)) for at in found if at} for kind, found in instants))


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)
