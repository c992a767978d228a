"""Give hours to a team or a person: the verbs of calendars."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from inputs.refusals import Invalid, NotAllowed
from ledger.writing import write_audit
from sla.business_time import BusinessCalendar, BusinessTimeError
from sla.models import Calendar, CalendarUse, CalendarVersion
from teams.models import Team, User


class BadHours(Invalid):
    """The hours make no sense: unreadable, contradictory, or never open."""

    code = "bad_hours"


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
    if actor is not None and not actor.may("change_settings"):
        raise MayNotChangeCalendars("Only an administrator changes calendars.")
    try:
        terms = BusinessCalendar.from_terms(hours).to_terms()
    except BusinessTimeError as error:
        raise BadHours(str(error), field="hours") from error
    calendar, _ = Calendar.objects.get_or_create(name=name)
    Calendar.objects.select_for_update().get(pk=calendar.pk)
    number = (calendar.versions.aggregate(newest=Max("number"))["newest"] or 0) + 1
    version = CalendarVersion.objects.create(
        calendar=calendar, number=number, terms=terms, created_at=at, created_by=actor
    )
    if team is not None:
        CalendarUse.objects.update_or_create(team=team, defaults={"calendar": calendar})
    if user is not None:
        CalendarUse.objects.update_or_create(user=user, defaults={"calendar": calendar})
    write_audit(
        at=at, actor_id=actor.pk if actor else None, verb="set_calendar", subject_type="calendar_version",
        subject_ids=[version.pk],
    )  # fmt: skip
    return version
