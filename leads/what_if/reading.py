"""Read what a replay needs: the clocks of a period with their pinned terms and hours, and what a scenario can be about. Writes nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django.db.models import F, FilteredRelation, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.timezone import get_default_timezone

from inputs.moments import midnight
from leads.models import Clock, ClockPause
from leads.what_if.phrases import written_week
from leads.what_if.recorded import Recorded
from leads.what_if.replaying import Pinned
from leads.what_if.scenario import BadScenario, Known, Scenario
from sla.business_time import BusinessCalendar
from sla.hours import Hours, NoCalendar, calendars
from sla.in_force import NoAgreement, agreement_in_force
from sla.models import AgreementVersion, Calendar, CalendarVersion
from sla.terms import Terms
from teams.models import Membership, Team
from teams.roles import Side

ENDS_A_PAUSE = ("cancelled", "met", "paused")


COLUMNS = (
    "id", "promise", "side", "tier", "state", "version_id", "calendar_version_id", "user_id", "team_id", "about",
    "began_at", "due_at", "answered_at", "cancelled_at", "campaign__starts_on", "share_percent",
)  # fmt: skip
"""What is read of a clock, in the order in which ``Recorded`` takes it."""


class TooMany(BadScenario):
    """More promises than can be replayed at once."""

    code = "too_many"


def known_at(at: datetime) -> Known:
    """Give what a scenario can be about, with six small queries."""
    try:
        promises = {
            code: promise for code, promise in agreement_in_force(at).terms.promises.items() if not promise.kind.before
        }
    except NoAgreement:
        promises = {}
    teams = list(Team.objects.filter(is_active=True).order_by("side", "name", "id"))
    selling = Membership.objects.filter(team__side=Side.SALES)
    people = dict(selling.order_by("user__name", "user_id").values_list("user_id", "user__name"))
    return Known(
        promises=promises,
        teams={team.pk: team.name for team in teams},
        selling=frozenset(team.pk for team in teams if team.side == Side.SALES),
        calendars=dict(Calendar.objects.order_by("name").values_list("id", "name")),
        people=people,
        hours=_hours_now([team.pk for team in teams]),
    )


def _hours_now(team_ids: Sequence[int]) -> dict[int, str]:
    hours, found = Hours.load((), team_ids), {}
    for team_id in team_ids:
        with suppress(NoCalendar):
            found[team_id] = written_week(hours.of_team(team_id)[1].week)
    return found


def clocks_of(first: date, until: date) -> QuerySet[Clock]:
    """Give the clocks that fell due from ``first`` up to, not including, ``until``, as the company's days begin.

    Numbers for a period have none; briefings before a campaign run back from its date, which what is asked here does not move.
    """
    zone: Any = get_default_timezone()
    return Clock.objects.filter(
        due_at__gte=midnight(first, zone), due_at__lt=midnight(until, zone), period=None, campaign=None
    )


def owed(first: date, until: date) -> set[str]:
    """Give the codes of what fell due in the period."""
    return set(clocks_of(first, until).order_by().values_list("promise", flat=True).distinct())


def recorded_clocks(first: date, until: date, *, most: int | None = None) -> list[Recorded]:
    """Read these clocks in the order of their due times, with two queries; raises ``TooMany`` when there are more than ``most``."""
    chosen = clocks_of(first, until)
    rows = _rows(chosen, most)
    if most is not None and len(rows) > most:
        raise too_many(most)
    pauses: dict[int, list[tuple[datetime, datetime | None, datetime]]] = defaultdict(list)
    for clock_id, *pause in _pauses(chosen):
        pauses[clock_id].append((pause[0], pause[1], pause[2]))
    return [_recorded(row, pauses.get(row[0], ())) for row in rows]


def too_many(most: int) -> TooMany:
    """Say that more than ``most`` clocks fell due, and what helps."""
    return TooMany(
        f"More than {most:,} promises fell due in this period. Choose a shorter one, or use “manage.py what_if”.",
        field="from",
    )


def _rows(chosen: QuerySet[Clock], most: int | None) -> list[tuple[Any, ...]]:
    found = chosen.annotate(
        start=FilteredRelation("steps", condition=Q(steps__kind="started", steps__ordinal=0)),
        about=Coalesce("lead_id", "handoff__lead_id", "question__lead_id", "dispute__handoff__lead_id"),
        began_at=F("start__recorded_at"),
    ).order_by("due_at", "id")
    rows = found.values_list(*COLUMNS)
    return list(rows if most is None else rows[: most + 1])


def _pauses(chosen: QuerySet[Clock]) -> Iterable[tuple[Any, ...]]:
    pauses = ClockPause.objects.filter(clock__in=chosen.filter(pause_count__gt=0)).order_by("clock_id", "ordinal")
    return pauses.values_list("clock_id", "started_at", "ended_at", "until")


def _recorded(row: Sequence[Any], pauses: Sequence[tuple[datetime, datetime | None, datetime]]) -> Recorded:
    """Make a clock of a row; the pause in which it ended, or still is, tells only from when on it stood."""
    clock = Recorded(*row)
    if not pauses:
        return clock
    stood_at, ended_at = None, clock.answered_at or clock.cancelled_at
    started_at, pause_ended_at, _ = pauses[-1]
    if clock.state in ENDS_A_PAUSE and (pause_ended_at is None or (ended_at and pause_ended_at >= ended_at)):
        stood_at, pauses = started_at, pauses[:-1]
    return replace(clock, pauses=tuple((began, ended or until) for began, ended, until in pauses), stood_at=stood_at)


def pinned_by(clocks: Iterable[Recorded]) -> Pinned:
    """Read the terms and hours that ``clocks`` are pinned to, with two queries."""
    version_ids, calendar_ids = set(), set()
    for clock in clocks:
        version_ids.add(clock.version_id)
        calendar_ids.add(clock.calendar_version_id)
    versions = AgreementVersion.objects.filter(pk__in=version_ids).values_list("id", "terms")
    terms = {pk: Terms.from_document(document) for pk, document in versions}
    return Pinned(terms, calendars(calendar_ids))


def newest_hours(calendar_ids: Iterable[int]) -> dict[int, BusinessCalendar]:
    """Give the hours of calendars in their newest version, with one query."""
    newest = CalendarVersion.objects.filter(calendar=OuterRef("calendar")).order_by().values("calendar")
    latest = newest.annotate(newest=Max("number")).values("newest")
    versions = CalendarVersion.objects.filter(calendar__in=set(calendar_ids), number=Subquery(latest))
    return {version.calendar_id: version.hours for version in versions}


def chosen_hours(scenario: Scenario) -> Iterator[tuple[int, BusinessCalendar]]:
    """Give the hours of the calendars that the scenario chooses, by team."""
    if scenario.calendars:
        hours = newest_hours(scenario.calendars.values())
        yield from (
            (team_id, hours[calendar_id]) for team_id, calendar_id in scenario.calendars.items() if calendar_id in hours
        )
