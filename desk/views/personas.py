"""Our buyers, as both teams know them."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from desk.access import instant, reader, sees
from desk.queries.personas import persona_for, personas, written_persona
from desk.queries.voices import voices_of
from inputs.refusals import Conflict
from personas.validating import validate_persona
from teams.roles import Side


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
    card = persona_for(code, at)
    context = {
        "card": card, "at": at, "user": user, "may_write": user.may("write_personas"), "own_sides": card.sides_for(user),
        "voices": voices_of(card.persona.pk), "may_answer": user.may("answer_persona_proposal"),
    }  # fmt: skip
    return render(request, "desk/persona.html", context)


@require_POST
@sees("see_personas")
def validate(request: HttpRequest, code: str) -> HttpResponse:
    """Say for one side that a version holds."""
    version, said = written_persona(code), request.POST.get("number", "")
    number = int(said) if said.isascii() and said.isdecimal() and len(said) < 10 else -1
    side = next((side for side in Side if side.value == request.POST.get("side")), None)
    try:
        validate_persona(actor=reader(request), at=instant(request), code=code, number=number, side=side)
    except Conflict as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, f"You stand by version {number} of {version.name}.")
    return redirect("desk:persona", code)
