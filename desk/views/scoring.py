"""How leads are scored: the newest version and the list of all, one as it was, and the form that writes the next."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from desk.access import instant, reader, sees
from desk.clause_forms.base import CHANGE
from desk.queries.negotiation import managed
from desk.queries.scoring import changed_since, history_of, scoring_named, sheet_of
from desk.scoring_form import ScoringForm
from inputs.fields import add_problems
from inputs.numbers import MAX_COUNT, whole_or_none
from inputs.refusals import Refusal
from personas.scoring_versions import newest_scoring, require_may_write, write_scoring

UNPROCESSABLE = 422


@require_safe
@sees("see_personas")
def scoring(request: HttpRequest) -> HttpResponse:
    """Show how the newest version scores, and list all versions."""
    user, at, newest = reader(request), instant(request), newest_scoring()
    context = {
        "sheet": sheet_of(newest, user, at) if newest else None, "history": history_of(user, at, _number(request, "before")),
        "may_write": user.may("write_scoring"), "may_begin": bool(managed(user)),
    }  # fmt: skip
    return render(request, "desk/scoring.html", context)


@require_safe
@sees("see_personas")
def version(request: HttpRequest, number: int) -> HttpResponse:
    """Show one version as it was, and what it changed."""
    found, newest = scoring_named(number), newest_scoring()
    context = {
        "sheet": sheet_of(found, reader(request), instant(request)), "newest": newest,
        "changed": changed_since(found, _number(request, "since")),
    }  # fmt: skip
    return render(request, "desk/scoring_version.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@sees("see_personas")
def edit(request: HttpRequest) -> HttpResponse:
    """Write the next version; buttons that add or take away a rule only show the form again."""
    user, newest = reader(request), newest_scoring()
    require_may_write(user)
    if request.method != "POST":
        return _page(request, ScoringForm(None, newest=newest), 200)
    if request.POST.get(CHANGE):
        return _page(request, ScoringForm(None, newest=newest, again=request.POST), 200)
    form = ScoringForm(request.POST, newest=newest)
    if not form.is_valid():
        return _page(request, form, UNPROCESSABLE)
    try:
        written = write_scoring(actor=user, terms=form.terms, seen=form.seen_number, at=instant(request))
    except Refusal as refusal:
        seen = form.seen_number
        add_problems(form, form.problems_of(refusal))
        moved = {"moved_from": seen, "moved_to": refusal.details["seen"]} if "seen" in refusal.details else {}
        return _page(request, form, refusal.form_status, **moved)
    is_same = newest is not None and newest.pk == written.pk
    words = f"Saved as version {written.number}. It counts from the next agreement."
    messages.success(request, "Nothing differs from before." if is_same else words)
    return redirect("desk:scoring")


def _page(request: HttpRequest, form: ScoringForm, status: int, **moved: int) -> HttpResponse:
    return render(request, "desk/scoring_edit.html", {"form": form, **moved}, status=status)


def _number(request: HttpRequest, name: str) -> int | None:
    return whole_or_none(request.GET.get(name, ""), high=MAX_COUNT)
