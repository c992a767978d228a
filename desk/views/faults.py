"""For administrators: the clocks that the sweep could not do."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from desk.access import instant, reader, sees
from desk.queries.faults import SHOWN, standing_faults
from leads.faults import try_again
from sla.promises import short_of


@require_safe
@sees("change_settings")
def faults(request: HttpRequest) -> HttpResponse:
    """List what stands still, and why."""
    found = standing_faults()
    rows = [(fault, short_of(fault.clock.promise)) for fault in found[:SHOWN]]
    context = {"rows": rows, "count": len(rows) if len(rows) < SHOWN else found.count(), "at": instant(request)}
    return render(request, "desk/faults.html", context)


@require_POST
@sees("change_settings")
def again(request: HttpRequest, clock_id: int) -> HttpResponse:
    """Let the next sweep try a clock again."""
    try_again(clock_id=clock_id, actor=reader(request), at=instant(request))
    messages.success(request, "The next sweep tries it again, within seconds.")
    return redirect("desk:faults")
