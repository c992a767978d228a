"""Our buyers, as both teams know them."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from desk.access import instant, reader, sees
from desk.queries.personas import persona_for, personas, written_persona
from desk.queries.voices import count_open, voices_of
from inputs.numbers import whole
from inputs.refusals import Conflict, Invalid
from leads.holding import permit
from personas.validating import validate_persona
from teams.roles import Side


@require_safe
@sees("see_personas")
def persona_list(request: HttpRequest) -> HttpResponse:
    """Show all personas as cards."""
    user = reader(request)
    context = {
        "shelf": personas(instant(request)), "may_write": user.may("write_personas"), "open_count": count_open(user),
    }  # fmt: skip
    return render(request, "desk/personas.html", context)


@require_safe
@sees("see_personas")
def persona(request: HttpRequest, code: str) -> HttpResponse:
    """Show one persona: the newest version, its criteria, how its leads fared."""
    at, user = instant(request), reader(request)
    card = persona_for(code, at)
    context = {
        "card": card, "at": at, "may_write": user.may("write_personas"), "own_sides": card.sides_for(user),
        "voices": voices_of(user, card.persona.pk), "may_answer": user.may("answer_persona_proposal"),
    }  # fmt: skip
    return render(request, "desk/persona.html", context)


@require_POST
@sees("see_personas")
def validate(request: HttpRequest, code: str) -> HttpResponse:
    """Say for one side that a version holds."""
    user, version = reader(request), written_persona(code)
    permit(user, "validate_persona")
    try:
        number, side = whole(request.POST.get("number", ""), field="number"), _side(request.POST.get("side", ""))
        validate_persona(actor=user, at=instant(request), code=code, number=number, side=side)
    except (Conflict, Invalid) as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, f"You stand by version {number} of {version.name}.")
    return redirect("desk:persona", code)


def _side(said: str) -> Side | None:
    """Read the side of a button; without one it is the actor's own."""
    if said and said not in list(Side):
        raise Invalid("Choose one of the two sides.", field="side")
    return Side(said) if said else None
