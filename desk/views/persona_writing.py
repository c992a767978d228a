"""Writing personas: a new one, an edit, and taking one out of use or into it again."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from desk.access import instant, reader, sees
from desk.clause_forms.base import CHANGE
from desk.persona_forms import PersonaForm
from desk.queries.personas import written_persona
from inputs.fields import add_problems
from inputs.refusals import Invalid, NotVisible, Refusal
from personas.models import PersonaVersion
from personas.writing import bring_back_persona, create_persona, edit_persona, require_may_write, retire_persona

FORM_METHODS = ["GET", "HEAD", "POST"]
UNPROCESSABLE = 422

Save = Callable[[PersonaForm], PersonaVersion]


@require_http_methods(FORM_METHODS)
@sees("see_personas")
def new(request: HttpRequest) -> HttpResponse:
    """Write a persona that there was not."""
    user, at = reader(request), instant(request)
    require_may_write(user)

    def save(form: PersonaForm) -> PersonaVersion:
        further = {name: form.cleaned_data[name] for name in ("is_negative", "key")}
        return create_persona(actor=user, at=at, portrait=form.portrait, **further)

    return _written(request, None, save)


@require_http_methods(FORM_METHODS)
@sees("see_personas")
def edit(request: HttpRequest, code: str) -> HttpResponse:
    """Edit a persona: what is saved is its next version."""
    user, at, newest = reader(request), instant(request), written_persona(code)
    require_may_write(user)

    def save(form: PersonaForm) -> PersonaVersion:
        return edit_persona(actor=user, at=at, code=code, portrait=form.portrait, seen=form.seen_number)

    return _written(request, newest, save)


@require_POST
@sees("see_personas")
def retire(request: HttpRequest, code: str) -> HttpResponse:
    """Take a persona out of use."""
    name = written_persona(code).name
    retire_persona(actor=reader(request), at=instant(request), code=code)
    messages.success(request, f"{name} is retired: no new agreement scores by this persona.")
    return redirect("desk:persona", code)


@require_POST
@sees("see_personas")
def bring_back(request: HttpRequest, code: str) -> HttpResponse:
    """Take a retired persona into use again."""
    name = written_persona(code).name
    try:
        bring_back_persona(actor=reader(request), at=instant(request), code=code)
    except Invalid as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, f"{name} is in use again.")
    return redirect("desk:persona", code)


def _written(request: HttpRequest, newest: PersonaVersion | None, save: Save) -> HttpResponse:
    """Show the form or save it; buttons that add or take away a criterion only show it again."""
    portrait, number = (newest.portrait, newest.number) if newest else (None, 0)
    if request.method != "POST":
        return _page(request, newest, PersonaForm(None, portrait=portrait, seen=number), 200)
    if request.POST.get(CHANGE):
        again = PersonaForm(None, portrait=portrait, seen=number, again=request.POST)
        return _page(request, newest, again, 200)
    form = PersonaForm(request.POST, portrait=portrait, seen=number)
    if not form.is_valid():
        return _page(request, newest, form, UNPROCESSABLE)
    try:
        version = save(form)
    except NotVisible:
        raise
    except Refusal as refusal:
        add_problems(form, form.problems_of(refusal))
        status = refusal.form_status
        return _page(request, newest, form, status, moved_from=form.seen_number if "seen" in refusal.details else 0)
    is_same = newest is not None and newest.pk == version.pk
    messages.success(request, "Nothing differs from before." if is_same else f"Saved as version {version.number}.")
    return redirect("desk:persona", version.persona.code)


def _page(
    request: HttpRequest, newest: PersonaVersion | None, form: PersonaForm, status: int, moved_from: int = 0
) -> HttpResponse:
    context = {"form": form, "version": newest, "moved_from": moved_from}
    return render(request, "desk/persona_edit.html", context, status=status)
