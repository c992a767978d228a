"""Our buyers, as both teams know them."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from desk.access import instant, reader, sees
from desk.queries.personas import persona_for, personas


@require_safe
@sees("see_personas")
def persona_list(request: HttpRequest) -> HttpResponse:
    """Show all personas as cards."""
    context = {"shelf": personas(instant(request)), "may_write": reader(request).may("write_personas")}
    return render(request, "desk/personas.html", context)


@require_safe
@sees("see_personas")
def persona(request: HttpRequest, code: str) -> HttpResponse:
    """Show one persona: the newest version, its criteria, how its leads fared."""
    at, user = instant(request), reader(request)
    context = {"card": persona_for(code, at), "at": at, "user": user, "may_write": user.may("write_personas")}
    return render(request, "desk/persona.html", context)
