"""Targets by month and quarter, and the leads behind each."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from desk.access import instant, reader, sees
from desk.queries.targets import behind, briefings_kept, current_targets, past_targets, target_for
from inputs.moments import day
from inputs.numbers import MAX_ID, whole


@require_safe
@sees("see_figures")
def target_list(request: HttpRequest) -> HttpResponse:
    """Show the targets of the running periods and those of the past."""
    at = instant(request)
    asked = request.GET.get("before", "")
    past, before = past_targets(at, day(asked, field="before") if asked else None)
    context = {
        "current": [] if asked else current_targets(at),
        "past": past,
        "before": before,
        "is_first": not asked,
        "briefings": briefings_kept(),
        "at": at,
    }
    return render(request, "desk/targets.html", context)


@require_safe
@sees("see_figures")
def target(request: HttpRequest, period_id: int) -> HttpResponse:
    """Show one target of one period with the leads behind it."""
    user, at = reader(request), instant(request)
    asked = request.GET.get("before", "")
    line = target_for(period_id, at)
    before = whole(asked, field="before", low=1, high=MAX_ID) if asked else None
    context = {"line": line, "behind": behind(line, user, at, before), "is_first": before is None, "at": at}
    return render(request, "desk/target.html", context)
