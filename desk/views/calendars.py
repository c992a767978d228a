"""Calendars: the list, one with its versions, and the form in which an administrator changes it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from desk.access import instant, reader, sees
from desk.calendar_forms import CalendarForm
from desk.queries.calendars import calendar_for, calendar_list, calendar_page
from inputs.fields import add_problems
from inputs.refusals import NotVisible, Refusal
from sla.calendars import change_calendar, newest_version, require_may_change
from sla.models import Calendar

UNPROCESSABLE = 422


@require_safe
@sees("see_people")
def calendars(request: HttpRequest) -> HttpResponse:
    """Show whose hours are which, and when they open next."""
    context = {"rows": calendar_list(instant(request)), "may_change": reader(request).may("change_settings")}
    return render(request, "desk/calendars.html", context)


@require_safe
@sees("see_people")
def calendar(request: HttpRequest, calendar_id: int) -> HttpResponse:
    """Show one calendar: its hours, the dates that differ, its versions."""
    at, found = instant(request), calendar_for(calendar_id)
    context = {"page": calendar_page(found, at), "may_change": reader(request).may("change_settings"), "at": at}
    return render(request, "desk/calendar.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, calendar_id: int | None = None) -> HttpResponse:
    """Change a calendar, or make one."""
    require_may_change(reader(request))
    found = None if calendar_id is None else calendar_for(calendar_id)
    form = CalendarForm(request.POST if request.method == "POST" else None, calendar=found, at=instant(request))
    if not form.is_bound:
        return _page(request, form, found, 200)
    is_valid = form.is_valid()
    if "fill" in request.POST:
        return _fill(request, form, found)
    return _save(request, form, found) if is_valid else _page(request, form, found, UNPROCESSABLE)


def _fill(request: HttpRequest, form: CalendarForm, found: Calendar | None) -> HttpResponse:
    """Show the form with public holidays among its lines; nothing is saved yet."""
    count, country = form.filled()
    if form.errors:
        return _page(request, form, found, UNPROCESSABLE)
    days = "1 day is" if count == 1 else f"{count} days are"
    words = f"{days} new among the closed days: public holidays of {country}. They count once you save."
    return _page(request, form, found, 200, words if count else f"All public holidays of {country} are there already.")


def _save(request: HttpRequest, form: CalendarForm, found: Calendar | None) -> HttpResponse:
    given = form.cleaned_data
    before = newest_version(found) if found else None
    try:
        version = change_calendar(
            actor=reader(request), at=instant(request), calendar_id=found.pk if found else None, name=given["name"],
            hours=form.hours, team_ids=given["teams"], user_ids=given["people"], seen=given["seen"] or None,
        )  # fmt: skip
    except NotVisible:
        raise
    except Refusal as refusal:
        add_problems(form, form.problems_of(refusal))
        return _page(request, form, found, refusal.form_status)
    is_same = before is not None and before.pk == version.pk
    words = "Saved. The hours are the same as before." if is_same else f"Saved as version {version.number}."
    messages.success(request, words if is_same else f"{words} Promises that run keep the version they began under.")
    return redirect("desk:calendar", version.calendar_id)


def _page(
    request: HttpRequest, form: CalendarForm, found: Calendar | None, status: int, filled: str = ""
) -> HttpResponse:
    context = {"form": form, "calendar": found, "filled": filled}
    return render(request, "desk/calendar_change.html", context, status=status)
