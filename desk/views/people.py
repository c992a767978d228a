"""People: the list by team, one person, letting somebody in, and what can be done about them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from desk.access import instant, reader, sees
from desk.people_acts import ACTS, Act
from desk.people_forms import NewPersonForm, PersonForm
from desk.queries.people import may_add, people_list, person_for, person_page
from inputs.fields import add_problems
from inputs.refusals import NotVisible, Refusal
from leads.staff import let_in
from teams.managing import MayNotManagePeople
from teams.models import User

UNPROCESSABLE = 422


@require_safe
@sees("see_people")
def people(request: HttpRequest) -> HttpResponse:
    """Show everybody by team."""
    user, at = reader(request), instant(request)
    context = {"people": people_list(at), "may_add": may_add(user), "reader": user, "at": at}
    return render(request, "desk/people.html", context)


@require_safe
@sees("see_people")
def person(request: HttpRequest, user_id: int) -> HttpResponse:
    """Show one person: where they belong, how much they take, when they are away."""
    at, found = instant(request), person_for(user_id)
    context = {"page": person_page(reader(request), found, at), "person": found, "at": at}
    return render(request, "desk/person.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def new_person(request: HttpRequest) -> HttpResponse:
    """Let somebody in."""
    user = reader(request)
    if not may_add(user):
        raise MayNotManagePeople("Administrators and managers let people in.")
    form = NewPersonForm(request.POST if request.method == "POST" else None, actor=user)
    status = 200
    if form.is_bound:
        status = UNPROCESSABLE
        if form.is_valid():
            try:
                made = let_in(actor=user, at=instant(request), **form.wanted)
            except NotVisible:
                raise
            except Refusal as refusal:
                add_problems(form, refusal.problems)
                status = refusal.form_status
            else:
                invited = "" if form.wanted["password"] else f" An invitation is on its way to {made.email}."
                messages.success(request, f"{made} is here.{invited}")
                return redirect("desk:person", made.pk)
    return render(request, "desk/person_new.html", {"form": form}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@sees("see_people")
def act(request: HttpRequest, user_id: int, code: str) -> HttpResponse:
    """Show the form of an act, or do it."""
    wanted = ACTS.get(code)
    if wanted is None:
        raise NotVisible("There is nothing here.")
    user, at, found = reader(request), instant(request), person_for(user_id)
    wanted.permit(user, found)
    if request.method != "POST":
        initial = {name: value for name, value in request.GET.items() if name in wanted.form.base_fields}
        return _page(request, code, found, wanted.form(None, person=found, actor=user, at=at, initial=initial), 200)
    form = wanted.form(request.POST, person=found, actor=user, at=at)
    if not form.is_valid():
        return _page(request, code, found, form, UNPROCESSABLE)
    try:
        words = wanted.run(form, found, user, at)
    except NotVisible:
        raise
    except Refusal as refusal:
        add_problems(form, form.problems_of(refusal))
        return _page(request, code, found, form, refusal.form_status)
    messages.success(request, f"{found}: {words}")
    return redirect("desk:person", found.pk)


def _page(request: HttpRequest, code: str, found: User, form: PersonForm, status: int) -> HttpResponse:
    wanted: Act = ACTS[code]
    context: dict[str, Any] = {
        "act": wanted, "code": code, "person": found, "form": form,
        "warning": wanted.warning(found) if wanted.warning else "",
    }  # fmt: skip
    return render(request, "desk/person_act.html", context, status=status)
