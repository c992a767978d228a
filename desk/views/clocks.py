"""One clock: what explains it, and what can be done about it; and all clocks of a calendar that was edited."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from desk.access import instant, reader, sees
from desk.clock_acts import ACTS, ClockAct, offered, permit_act
from desk.clock_forms import ClockForm, RecomputeForm
from desk.queries import recomputes
from desk.queries.clock_page import clock_for, lead_of, page_of
from inputs.fields import add_problems
from inputs.refusals import NotAllowed, NotVisible, Refusal
from leads.holding import permit
from leads.models import Clock
from leads.recomputing import recompute

UNPROCESSABLE = 422


@require_safe
@sees("see_leads")
def clock(request: HttpRequest, clock_id: int) -> HttpResponse:
    """Explain one clock: as a page, or for htmx as a fragment."""
    user, at = reader(request), instant(request)
    found = clock_for(user, clock_id)
    context: dict[str, Any] = {"page": page_of(found, at), "clock": found, "at": at}
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "desk/_clock.html", context)  # the page it opens on has the buttons
    acts = offered(user, [found], at)[found.pk]
    change = recomputes.change_of(found, at) if any(act.code == "recompute" for act in acts) else None
    context["acts"] = [act for act in acts if act.code != "recompute" or change]
    context["others"] = recomputes.others_by(found, user) if change else 0
    return render(request, "desk/clock.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@sees("see_leads")
def act(request: HttpRequest, clock_id: int, code: str) -> HttpResponse:
    """Show the form of an act, or do it."""
    wanted = ACTS.get(code)
    if wanted is None:
        raise NotVisible("There is nothing here.")
    user, at = reader(request), instant(request)
    found = clock_for(user, clock_id)
    permit_act(wanted, user)
    if request.method != "POST":
        return _page(request, wanted, found, wanted.form(initial=_seen(wanted, found, request)), 200)
    form = wanted.form(request.POST)
    if not form.is_valid():
        return _page(request, wanted, found, form, UNPROCESSABLE)
    try:
        words = wanted.run(form, found, user, at)
    except NotVisible:
        raise
    except Refusal as refusal:
        if isinstance(refusal, NotAllowed):
            form.errors.clear()
        add_problems(form, refusal.problems)
        return _page(request, wanted, found, form, refusal.form_status)
    messages.success(request, words)
    lead = lead_of(found)
    return (
        redirect("desk:lead", lead.pk)
        if request.POST.get("from") == "lead" and lead
        else redirect("desk:clock", found.pk)
    )


def _seen(wanted: ClockAct, found: Clock, request: HttpRequest) -> dict[str, Any]:
    change = recomputes.change_of(found, instant(request)) if wanted.code == "recompute" and _runs(found) else None
    return {"seen": change.anew.calendar_version_id} if change else {}


def _runs(found: Clock) -> bool:
    return found.state == Clock.States.RUNNING


def _page(request: HttpRequest, wanted: ClockAct, found: Clock, form: ClockForm, status: int) -> HttpResponse:
    at = instant(request)
    context: dict[str, Any] = {
        "act": wanted, "clock": found, "form": form, "lead": lead_of(found), "page": page_of(found, at),
        "from": "lead" if (request.POST.get("from") or request.GET.get("from")) == "lead" else "clock",
    }  # fmt: skip
    if wanted.code == "recompute" and _runs(found):
        context["change"] = recomputes.change_of(found, at)
        context["is_overdue"] = context["change"] is not None and context["change"].due_after < at
    return render(request, "desk/clock_act.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@sees("see_leads")
def recompute_all(request: HttpRequest, calendar_id: int) -> HttpResponse:
    """Show what the newest version of a calendar would make of all clocks that run by an older one, or let them count by it."""
    user, at = reader(request), instant(request)
    calendar = recomputes.calendar_for(calendar_id)
    permit(user, "recompute_clock")
    found = recomputes.preview(calendar, user, at)
    form = RecomputeForm(request.POST if request.method == "POST" else None, initial={"seen": found.newest.pk})
    status = 200
    if form.is_bound:
        status = UNPROCESSABLE
        if not found.clock_ids:
            return redirect("desk:recompute_all", calendar.pk)  # somebody else did it
        if form.is_valid():
            given = form.cleaned_data
            try:
                done = recompute(clock_ids=found.clock_ids, note=given["note"], seen=given["seen"], actor=user, at=at)
            except Refusal as refusal:
                add_problems(form, refusal.problems)
                status = refusal.form_status
            else:
                count = len(done)
                messages.success(
                    request, f"{count} promise{'' if count == 1 else 's'} count by the newest version now."
                )
                return redirect("desk:recompute_all", calendar.pk)
    return render(request, "desk/recompute_all.html", {"page": found, "form": form, "at": at}, status=status)
