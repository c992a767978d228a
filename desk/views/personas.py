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
    return render(request, "desk/personas.html", {"cards": personas(instant(request))})


@require_safe
@sees("see_personas")
def persona(request: HttpRequest, code: str) -> HttpResponse:
    """Show one persona: the newest version, its criteria, how its leads fared."""
    at = instant(request)
    return render(request, "desk/persona.html", {"card": persona_for(code, at), "at": at, "user": reader(request)})
