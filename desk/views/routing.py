"""How leads find their rep: the rules in force, the pools, and who is available now."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from desk.access import instant, sees
from desk.queries.routing import routing_in_force


@require_safe
@sees("see_routing")
def rules(request: HttpRequest) -> HttpResponse:
    """Show the routing rules in force."""
    at = instant(request)
    return render(request, "desk/routing.html", {"routing": routing_in_force(at), "at": at})
