"""One address for each step of a lead: its form on GET, the verb on POST; in place by htmx, or as a plain page."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from desk.access import instant, reader, sees
from desk.queries.lead_page import lead_for
from desk.step_forms import StepForm
from desk.steps import STEPS, Step, permit_on, permit_step
from desk.views.desks import queue_response
from inputs.fields import add_problems
from inputs.refusals import NotAllowed, NotVisible, Problem, Refusal
from leads.handoffs import AlreadyTaken, NotReady
from leads.models import Handoff, Lead
from ledger.instants import edge_now
from teams.models import User

UNPROCESSABLE = 422
DESK, LEAD = "desk", "lead"


@require_http_methods(["GET", "HEAD", "POST"])
@sees("see_leads")
def step(request: HttpRequest, lead_id: int, code: str) -> HttpResponse:
    """Show the form of a step, or take it."""
    wanted = STEPS.get(code)
    if wanted is None:
        raise NotVisible("There is nothing here.")
    user, at = reader(request), instant(request)
    lead = lead_for(user, lead_id)
    if request.method != "POST":
        permit_step(wanted, user)
        form = _form(wanted, None, lead, user, at, which=request.GET.get("which", ""))
        return _page(request, wanted, lead, form, 200)
    form = _form(wanted, request.POST, lead, user, at)
    try:
        permit_step(wanted, user)  # who may not is told so, whatever is missing in the form
        if not form.is_valid():
            permit_on(wanted, user, lead, at)
            return _page(request, wanted, lead, form, UNPROCESSABLE)
        words = wanted.run(lead=lead, form=form, actor=user, at=at, handoff_id=_seen_handoff(request))
    except NotVisible:
        raise
    except Refusal as refusal:  # also of a rep who lost the right while typing
        return _refused(request, wanted, lead, form, refusal)
    return _done(request, lead, words)


def _form(wanted: Step, given: QueryDict | None, lead: Lead, user: User, at: datetime, *, which: str = "") -> StepForm:
    return (wanted.form or StepForm)(given, lead=lead, user=user, at=at, which=which)


def _seen_handoff(request: HttpRequest) -> int | None:
    """Give the handoff that the page showed, so that an old page does not decide a new offer."""
    text = request.POST.get("handoff", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else None


def _page(request: HttpRequest, wanted: Step, lead: Lead, form: Any, status: int) -> HttpResponse:
    origin = request.POST.get("from") or request.GET.get("from")
    context = {
        "step": wanted,
        "lead": lead,
        "form": form,
        "slot": lead.pk,
        "from": DESK if origin == DESK else LEAD,
        "handoff_id": _seen_handoff(request) or _open_handoff_id(lead),
    }
    if not request.htmx:  # type: ignore[attr-defined]
        return render(request, "desk/step.html", context, status=status)
    response = render(request, "desk/_step_form.html", context, status=status)
    response["HX-Retarget"] = f"#slot-{lead.pk}"
    response["HX-Reswap"] = "innerHTML"
    return response


def _open_handoff_id(lead: Lead) -> int | None:
    handoffs = Handoff.objects.filter(lead=lead, state=Handoff.States.OPEN)
    return handoffs.values_list("pk", flat=True).first()


def _refused(request: HttpRequest, wanted: Step, lead: Lead, form: Any, refusal: Refusal) -> HttpResponse:
    """Say no beside the fields, and keep what was typed; a step without fields says it in its place."""
    status = refusal.form_status
    if isinstance(refusal, NotAllowed):
        form.errors.clear()  # what is missing does not matter to somebody who may not send it
    form.is_over = isinstance(refusal, AlreadyTaken)
    problems = _problems(form, refusal, reader(request))
    if {problem.field for problem in problems} & {"", *form.fields}:
        add_problems(form, problems)
    else:
        form.add_error(None, refusal.message)
    form.mends = isinstance(refusal, NotReady)
    return _page(request, wanted, lead, form, status)


def _problems(form: StepForm, refusal: Refusal, user: User) -> tuple[Problem, ...]:
    """Give what a refusal says; of what its reader did themselves it says *you*."""
    if isinstance(refusal, AlreadyTaken) and refusal.details.get("winner") == user.pk:
        return (Problem("", refusal.code, "You have accepted this lead already."),)
    return form.problems_of(refusal)


def _done(request: HttpRequest, lead: Lead, words: str) -> HttpResponse:
    is_desk = request.POST.get("from") == DESK
    if request.htmx and is_desk:  # type: ignore[attr-defined]
        user = reader(request)
        response = queue_response(request, user, edge_now())  # after the verb: the clocks it started have begun
        response["HX-Trigger"] = json.dumps({"announce": f"{lead.contact}: {words}"})
        return response
    messages.success(request, f"{lead.contact}: {words}")
    target = reverse("desk:mine") if is_desk else reverse("desk:lead", args=[lead.pk])
    if request.htmx:  # type: ignore[attr-defined]
        return HttpResponse(status=204, headers={"HX-Redirect": target})
    return redirect(target)
