"""Give hours to a team or a person: the verbs of calendars."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max

from inputs.refusals import Conflict, Invalid, NotAllowed, NotVisible
from inputs.seen import digest
from inputs.text import problem_with, tidy
from ledger.writing import write_audit
from sla.business_time import BusinessCalendar, BusinessTimeError
from sla.models import Calendar, CalendarUse, CalendarVersion
from teams.models import Membership, Team, User

LONGEST_NAME = 80


class BadHours(Invalid):
    """The hours make no sense: unreadable, contradictory, or never open."""

    code = "bad_hours"


class BadName(Invalid):
    """A calendar needs a name of one line."""

    code = "bad_name"


class NoHoursLeft(Invalid):
    """A team or a person would be left without any hours, and no promise of theirs could be counted."""

    code = "no_hours_left"


class UnknownKeeper(Invalid):
    """There is no such team or person, or they are not active."""

    code = "unknown_keeper"


class NameTaken(Conflict):
    """Another calendar has this name."""

    code = "name_taken"


class CalendarMoved(Conflict):
    """Somebody else changed the calendar since the page was opened."""

    code = "calendar_moved"


class NoSuchCalendar(NotVisible):
    """There is no such calendar."""


class MayNotChangeCalendars(NotAllowed):
    """Calendars are an administrator's."""

    code = "may_not_change_calendars"


@transaction.atomic
def set_calendar(
    *, actor: User | None, name: str, hours: Mapping[str, Any], at: datetime, team: Team | None = None,
    user: User | None = None,
) -> CalendarVersion:  # fmt: skip
    """Write a new version of the calendar ``name`` and let ``team`` or ``user``, if given, use it.

    ``hours`` has the form of ``BusinessCalendar.from_terms``. Running clocks keep the version they began under. An actor of None is the
    setup of the system itself.
    """
    require_may_change(actor)
    terms = _terms(hours)
    calendar, _ = Calendar.objects.get_or_create(name=name)
    Calendar.objects.select_for_update().get(pk=calendar.pk)
    version = _write_version(calendar, terms, actor, at)
    if team is not None:
        CalendarUse.objects.update_or_create(team=team, defaults={"calendar": calendar})
    if user is not None:
        CalendarUse.objects.update_or_create(user=user, defaults={"calendar": calendar})
    _audit("set_calendar", actor, at, version)
    return version


@transaction.atomic
def change_calendar(
    *, actor: User | None, at: datetime, calendar_id: int | None, name: str, hours: Mapping[str, Any],
    team_ids: Collection[int], user_ids: Collection[int], seen: str | None = None,
) -> CalendarVersion:  # fmt: skip
    """Say all of a calendar anew: its name, hours, and whose it is; without ``calendar_id`` make one. Give its version in force.

    Other hours are a new version; the same ones are not. Teams and people are taken over from whatever calendar they had. A person who is left
    out has the hours of their team again; a team cannot be left out, for it would have none. ``seen`` is the ``standing`` that the page
    showed. Raises ``MayNotChangeCalendars``, ``NoSuchCalendar``, ``CalendarMoved``, ``BadHours``, ``BadName``, ``NameTaken``,
    ``NoHoursLeft``, ``UnknownKeeper``.
    """
    require_may_change(actor)
    terms = _terms(hours)
    calendar = Calendar(name="") if calendar_id is None else _locked(calendar_id)
    before = standing(calendar)
    if calendar_id is not None and seen is not None and seen != before:
        raise CalendarMoved(
            "Somebody else changed this since you opened the page. Look at it again, then save.",
            details={"seen": before},
        )
    _rename(calendar, name)
    newest = newest_version(calendar)
    version = newest if newest and newest.terms == terms else _write_version(calendar, terms, actor, at)
    _hand_to_teams(calendar, set(team_ids))
    _hand_to_people(calendar, set(user_ids))
    if standing(calendar) != before:
        _audit("change_calendar", actor, at, version)
    return version


def require_may_change(actor: User | None) -> None:
    """Refuse everybody but administrators and the system itself."""
    if actor is not None and not actor.may("change_settings"):
        raise MayNotChangeCalendars("Only an administrator changes calendars.")


def standing(calendar: Calendar) -> str:
    """Give a short text that differs as soon as somebody changes a calendar's name, hours, or whose it is."""
    if not calendar.name:
        return digest()
    newest = newest_version(calendar)
    uses = sorted(calendar.uses.values_list("team_id", "user_id"), key=repr)
    return digest(calendar.name, newest.number if newest else 0, uses)


def newest_version(calendar: Calendar) -> CalendarVersion | None:
    """Give the version that counts from now on."""
    return calendar.versions.order_by("-number").first()


# Parts ----------------------------------------------------------------------------------------------------------------


def _terms(hours: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return BusinessCalendar.from_terms(hours).to_terms()
    except BusinessTimeError as error:
        raise BadHours(str(error), field="hours") from error


def _locked(calendar_id: int) -> Calendar:
    calendar = Calendar.objects.select_for_update().filter(pk=calendar_id).first()
    if calendar is None:
        raise NoSuchCalendar("There is no such calendar.")
    return calendar


def _rename(calendar: Calendar, name: str) -> None:
    """Give a calendar its name, or make it under that name."""
    wanted = tidy(name)
    problem = problem_with(wanted, single_line=True)
    if problem or not 1 <= len(wanted) <= LONGEST_NAME:
        words = problem.message if problem else f"Give it a name of at most {LONGEST_NAME} characters."
        raise BadName(words, field="name")
    if calendar.name == wanted:
        return
    calendar.name = wanted
    try:
        with transaction.atomic():
            calendar.save()
    except IntegrityError as error:
        raise NameTaken("Another calendar has this name.", field="name") from error


def _write_version(calendar: Calendar, terms: dict[str, Any], actor: User | None, at: datetime) -> CalendarVersion:
    number = (calendar.versions.aggregate(newest=Max("number"))["newest"] or 0) + 1
    return CalendarVersion.objects.create(
        calendar=calendar, number=number, terms=terms, created_at=at, created_by=actor
    )


def _hand_to_teams(calendar: Calendar, wanted: set[int]) -> None:
    if Team.objects.filter(pk__in=wanted, is_active=True).count() != len(wanted):
        raise UnknownKeeper("Choose among the teams that there are.", field="teams")
    left = Team.objects.filter(is_active=True, calendar_use__calendar=calendar).exclude(pk__in=wanted).order_by("name")
    names = [team.name for team in left]
    if names:
        raise NoHoursLeft(
            f"{' and '.join(names)} would have no hours. Choose them at the calendar that they are to keep instead.",
            field="teams",
        )
    known = set(CalendarUse.objects.filter(team__in=wanted).values_list("team_id", flat=True))
    CalendarUse.objects.filter(team__in=known).exclude(calendar=calendar).update(calendar=calendar)
    CalendarUse.objects.bulk_create(
        [CalendarUse(calendar=calendar, team_id=team_id) for team_id in sorted(wanted - known)]
    )


def _hand_to_people(calendar: Calendar, wanted: set[int]) -> None:
    if User.objects.filter(pk__in=wanted, is_active=True).count() != len(wanted):
        raise UnknownKeeper("Choose among the people that there are.", field="people")
    left = CalendarUse.objects.filter(calendar=calendar, user__is_active=True).exclude(user__in=wanted)
    leaving = dict(left.values_list("user_id", "user__name"))
    kept = Membership.objects.filter(user__in=leaving, team__calendar_use__isnull=False)
    without = sorted(name for _, name in leaving.items() - dict(kept.values_list("user_id", "user__name")).items())
    if without:
        raise NoHoursLeft(f"{' and '.join(without)} would have no hours: no team of theirs has any.", field="people")
    left.delete()
    known = set(CalendarUse.objects.filter(user__in=wanted).values_list("user_id", flat=True))
    CalendarUse.objects.filter(user__in=known).exclude(calendar=calendar).update(calendar=calendar)
    CalendarUse.objects.bulk_create(
        [CalendarUse(calendar=calendar, user_id=user_id) for user_id in sorted(wanted - known)]
    )


def _audit(verb: str, actor: User | None, at: datetime, version: CalendarVersion) -> None:
    write_audit(
        at=at, actor_id=actor.pk if actor else None, verb=verb, subject_type="calendar_version", subject_ids=[version.pk]
    )  # fmt: skip
