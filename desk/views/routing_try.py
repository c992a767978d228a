"""Try a lead on the routing rules, in force or drafted: who would get it, and why. Nothing is written."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from desk.access import instant, reader, sees
from desk.queries.routing import drafts_of
from desk.routing_try_form import TryForm
from leads.routing.trying import try_lead
from leads.routing.versions import in_force

UNPROCESSABLE = 422


@require_safe
@sees("see_what_if")
def trial(request: HttpRequest) -> HttpResponse:
    """Show what the rules would do now with the lead that is asked for."""
    user, at = reader(request), instant(request)
    current = in_force(at)
    drafts = drafts_of() if user.may("change_routing") else []
    versions = [*([current] if current else []), *drafts]
    first = next((version.pk for version in versions), "")
    is_asked = "rules" in request.GET and "again" not in request.GET
    shown = {name: value for name, value in request.GET.items() if name in ("rules", "lead")}
    form = TryForm(
        request.GET if is_asked else None, user=user, versions=versions,
        initial={"rules": first, "tier": "standard", **shown},
    )  # fmt: skip
    tried, status = None, 200
    if form.is_bound:
        if form.is_valid():
            tried = try_lead(form.trial(at), form.version, at=at)
        else:
            status = UNPROCESSABLE
    context = {"form": form, "tried": tried, "versions": versions, "at": at}
    return render(request, "desk/routing_try.html", context, status=status)
