"""Calendars: whose each is, when it opens next, what its hours are and were."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import Count, OuterRef, QuerySet, Subquery

from inputs.refusals import NotVisible
from leads.models import Clock
from sla.business_calendar import WEEKDAY_NAMES, WEEKDAYS
from sla.business_time import BusinessCalendar, NeverOpens, TooFar, is_open, open_intervals
from sla.calendar_text import CLOSED, written_hours
from sla.models import Calendar, CalendarUse, CalendarVersion
from teams.models import User

OPENINGS = 3
OPENINGS_ON_PAGE = 5


@dataclass(frozen=True, slots=True)
class Opening:
    """An open interval in the calendar's own local time: *Mon 30 Nov 2026*, *09:00–12:30*."""

    day: str
    hours: str


@dataclass(frozen=True, slots=True)
class Row:
    """A calendar in the list, at its newest version."""

    calendar: Calendar
    version: CalendarVersion
    zone: str
    teams: list[str]
    people: list[User]
    is_open: bool
    openings: list[Opening]


@dataclass(frozen=True, slots=True)
class Past:
    """A version, with how many promises still run by it."""

    version: CalendarVersion
    running: int
    is_newest: bool


@dataclass(frozen=True, slots=True)
class Page:
    """A calendar's page: its hours by weekday, the dates that differ, and every version it had."""

    row: Row
    week: list[tuple[str, str]]
    coming: list[str]
    past_count: int
    last_holiday: str
    special_days: list[tuple[str, str]]
    breaks: list[tuple[str, str]]
    history: list[Past]
    running: int


def calendar_list(at: datetime) -> list[Row]:
    """Load all calendars with a number of queries that does not grow with them."""
    newest = CalendarVersion.objects.filter(calendar=OuterRef("calendar")).order_by("-number").values("pk")[:1]
    versions = _versions().filter(pk=Subquery(newest)).select_related("calendar").order_by("calendar__name", "id")
    uses: dict[int, list[CalendarUse]] = {}
    for use in _uses():
        uses.setdefault(use.calendar_id, []).append(use)
    return [_row(version.calendar, version, uses.get(version.calendar_id, []), at, OPENINGS) for version in versions]


def calendar_for(calendar_id: int) -> Calendar:
    """Give a calendar; raises ``NotVisible``."""
    calendar = Calendar.objects.filter(pk=calendar_id).first()
    if calendar is None:
        raise NotVisible("There is nothing here.")
    return calendar


def calendar_page(calendar: Calendar, at: datetime) -> Page:
    """Load one calendar for its page."""
    versions = list(_versions().filter(calendar=calendar).order_by("-number"))
    live = Clock.objects.filter(calendar_version__in=versions, state__in=Clock.LIVE)
    running = dict(live.values_list("calendar_version_id").annotate(count=Count("id")))
    newest = versions[0]
    row = _row(calendar, newest, list(_uses().filter(calendar=calendar)), at, OPENINGS_ON_PAGE)
    hours = newest.hours
    today = at.astimezone(ZoneInfo(hours.zone)).date()
    terms = hours.to_terms()
    coming = [_day(day) for day in sorted(hours.holidays) if day >= today]
    return Page(
        row=row,
        week=[
            (words, written_hours(terms["week"].get(name, [])) or CLOSED)
            for name, words in zip(WEEKDAYS, WEEKDAY_NAMES, strict=True)
        ],
        coming=coming,
        past_count=len(hours.holidays) - len(coming),
        last_holiday=coming[-1] if coming else "",
        special_days=_dated(terms["special_days"]),
        breaks=_dated(terms["breaks"]),
        history=[Past(version, running.get(version.pk, 0), version is newest) for version in versions],
        running=sum(running.values()) - running.get(newest.pk, 0),
    )


def people_words() -> list[tuple[int, str]]:
    """Give whom hours of their own may be given to: id and name."""
    return [(user.pk, str(user)) for user in User.objects.filter(is_active=True).order_by("name", "id")]


# Parts ----------------------------------------------------------------------------------------------------------------


def _versions() -> QuerySet[CalendarVersion]:
    return CalendarVersion.objects.select_related("created_by")


def _uses() -> QuerySet[CalendarUse]:
    return CalendarUse.objects.select_related("team", "user").order_by("team__name", "user__name", "id")


def _row(calendar: Calendar, version: CalendarVersion, uses: Iterable[CalendarUse], at: datetime, count: int) -> Row:
    hours = version.hours
    taken = list(uses)
    return Row(
        calendar=calendar,
        version=version,
        zone=hours.zone,
        teams=[use.team.name for use in taken if use.team and use.team.is_active],
        people=[use.user for use in taken if use.user and use.user.is_active],
        is_open=is_open(at, hours),
        openings=_openings(hours, at, count),
    )


def _openings(hours: BusinessCalendar, at: datetime, count: int) -> list[Opening]:
    """Give the next openings; the one that is open now begins now. Fewer where the calendar runs out."""
    zone = ZoneInfo(hours.zone)
    for wanted in range(count, 0, -1):
        try:
            found = open_intervals(at, hours, count=wanted)
        except (NeverOpens, TooFar):
            continue
        return [_opening(opens.astimezone(zone), closes.astimezone(zone), now=opens == at) for opens, closes in found]
    return []


def _opening(opens: datetime, closes: datetime, *, now: bool) -> Opening:
    ends = f"{closes:%H:%M}" if closes.date() == opens.date() else _later(opens, closes)
    return Opening(_day(opens.date()), f"now, until {ends}" if now else f"{opens:%H:%M}–{ends}")


def _later(opens: datetime, closes: datetime) -> str:
    """Write a closing after midnight; midnight itself is the end of its day."""
    is_midnight = (closes.date() - opens.date()).days == 1 and f"{closes:%H:%M:%S}" == "00:00:00"
    return "24:00" if is_midnight else f"{closes:%H:%M} the next day"


def _day(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b %Y}"


def _dated(by_date: dict[str, list[list[str]]]) -> list[tuple[str, str]]:
    return [(_day(date.fromisoformat(day)), written_hours(hours) or CLOSED) for day, hours in by_date.items()]
