"""Negotiating the agreement: begin a draft, write its clauses, propose, sign, withdraw."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from desk.access import instant, reader, sees
from desk.agreement_acts import ACTS, act_form
from desk.clause_forms import CHANGE, HINTS, Choices, ClauseForm, RuleForm, form_of
from desk.clauses import clauses_of
from desk.negotiating_forms import TEMPLATE, BeginForm
from desk.queries.agreement import names_of
from desk.queries.negotiation import managed, open_concerns, version_for, versions_for
from desk.queries.rule_counts import Told
from desk.views.rule_editing import asks_to_count, count_shown, lines_changed
from inputs.fields import add_problems
from inputs.refusals import NotAllowed, NotVisible, Problem, Refusal
from personas.models import PersonaVersion
from sla.agreements import check_drafter, check_manager, draft_from_template, draft_from_version
from sla.applying import UnusableTerms, retired, unvalidated, what_is_missing
from sla.clauses import CLAUSES, TAKEN, part_of
from sla.models import AgreementVersion
from sla.negotiating import change_clause, take_newest
from teams.models import User

UNPROCESSABLE = 422
FORM_METHODS = ["GET", "HEAD", "POST"]

States = AgreementVersion.States


@require_http_methods(FORM_METHODS)
@sees("see_agreement")
def begin(request: HttpRequest) -> HttpResponse:
    """Begin a draft from the template or from any version."""
    user, at = reader(request), instant(request)
    check_manager(user)
    rows = versions_for(user, at)
    chosen = {"source": request.GET["from"]} if request.GET.get("from") else {}
    data = request.POST if request.method == "POST" else None
    form = BeginForm(data, rows=rows, sides=managed(user), initial=chosen)
    status = 200
    if form.is_bound:
        status = UNPROCESSABLE
        if form.is_valid():
            try:
                made = _begun(form, user, at)
            except Refusal as refusal:
                form.add_error(None, refusal.message)
                status = refusal.form_status
            else:
                messages.success(
                    request,
                    f"Version {made.number} is a draft. Only managers of {made.drafted_for} see it until it is proposed.",
                )
                return redirect("desk:agreement_version", made.number)
    return render(request, "desk/agreement_new.html", {"form": form}, status=status)


def _begun(form: BeginForm, user: User, at: datetime) -> AgreementVersion:
    source = form.cleaned_data["source"]
    if source == TEMPLATE:
        return draft_from_template(actor=user, at=at, side=form.drafting_side)
    return draft_from_version(actor=user, version=version_for(user, int(source)), at=at, side=form.drafting_side)


# A clause of a draft --------------------------------------------------------------------------------------------------


@require_http_methods(FORM_METHODS)
@sees("see_agreement")
def edit(request: HttpRequest, number: int, clause: str) -> HttpResponse:
    """Write a clause of a draft; buttons that add or take away a line only show the form again."""
    user, at = reader(request), instant(request)
    found = _draft(user, number)
    if clause in TAKEN:
        return _take(request, found, clause, user, at)
    form_class = form_of(clause)
    if form_class is None:
        raise NotVisible("There is nothing here.")
    more: dict[str, Any] = {"clause": clause, "part": part_of(found.terms, clause), "choices": _choices(found)}
    if request.method != "POST":
        return _editor(request, found, clause, form_class(None, **more), 200)
    if asks_to_count(request) and issubclass(form_class, RuleForm):
        typed = form_class(request.POST, **more)
        return count_shown(request, typed, lambda told: _editor(request, found, clause, typed, 200, told=told))
    if request.POST.get(CHANGE):
        return lines_changed(_editor(request, found, clause, form_class(None, again=request.POST, **more), 200))
    form = form_class(request.POST, **more)
    if not form.is_valid():
        return _editor(request, found, clause, form, UNPROCESSABLE)
    try:
        change_clause(actor=user, version=found, clause=clause, part=form.part(), at=at, seen=form.compared)
    except Refusal as refusal:
        add_problems(form, form.problems_of(refusal))
        return _editor(request, found, clause, form, refusal.form_status)
    messages.success(request, f"“{CLAUSES[clause]}” is saved in the draft.")
    return redirect(_at_clause(found, clause))


def _draft(user: User, number: int) -> AgreementVersion:
    """Give a draft that ``user`` may write; others may know of it, once it is none any more."""
    found = version_for(user, number)
    check_drafter(user, found)
    return found


def _take(request: HttpRequest, found: AgreementVersion, clause: str, user: User, at: datetime) -> HttpResponse:
    """Show what a draft takes from what there is, or let it take the newest."""
    if request.method == "POST":
        take_newest(actor=user, version=found, clause=clause, at=at)
        messages.success(request, f"“{CLAUSES[clause]}” says in the draft what holds now.")
        return redirect(_at_clause(found, clause))
    shown = {clause.key: clause for clause in clauses_of(found.terms, names_of(found))}
    return render(request, "desk/agreement_taken.html", {"version": found, "clause": shown[clause]})


def _choices(found: AgreementVersion) -> Choices:
    pinned = PersonaVersion.objects.filter(pk__in=found.terms["pinned"]["persona_versions"], persona__is_negative=False)
    return Choices(dict(pinned.order_by("name").values_list("persona__code", "name")))


def _editor(
    request: HttpRequest,
    found: AgreementVersion,
    clause: str,
    form: ClauseForm,
    status: int,
    *,
    told: Told | None = None,
) -> HttpResponse:
    if found.state != States.DRAFT and status == 200:
        return redirect("desk:agreement_version", found.number)
    context = {
        "version": found, "clause": clause, "title": CLAUSES[clause], "form": form, "hint": HINTS.get(clause, ""),
        "told": told,
    }  # fmt: skip
    return render(request, "desk/agreement_edit.html", context, status=status)


def _at_clause(found: AgreementVersion, clause: str) -> str:
    return f"/agreement/{found.number}/#{clause}"


# What is done about a version -----------------------------------------------------------------------------------------


@require_http_methods(FORM_METHODS)
@sees("see_agreement")
def act(request: HttpRequest, number: int, code: str) -> HttpResponse:
    """Show what an act on a version will do, or do it."""
    wanted = ACTS.get(code)
    if wanted is None:
        raise NotVisible("There is nothing here.")
    user, at = reader(request), instant(request)
    found = version_for(user, number)
    wanted.permit(user, found)
    form = act_form(code, request.POST if request.method == "POST" else None, found, user)
    if not form.is_bound:
        return _act_page(request, code, found, form, 200)
    if not form.is_valid():
        return _act_page(request, code, found, form, UNPROCESSABLE)
    try:
        words = wanted.run(form, found, user, at)
    except NotAllowed:
        raise
    except Refusal as refusal:
        add_problems(form, _without_clauses(refusal, form))
        return _act_page(request, code, found, form, refusal.form_status)
    messages.success(request, words)
    return redirect("desk:agreement_version", found.number)


def _without_clauses(refusal: Refusal, form: forms.Form) -> list[Problem]:
    """Give what a refusal says of the form's own fields; what it says of clauses the page lists with links to them."""
    if any(problem.field in CLAUSES for problem in refusal.problems):
        return [Problem("", refusal.code, "This cannot be done yet: see what is in the way.")]
    return list(refusal.problems)


def _act_page(request: HttpRequest, code: str, found: AgreementVersion, form: forms.Form, status: int) -> HttpResponse:
    lacking: list[Problem] = []
    if code == "propose" and found.state == States.DRAFT:
        try:
            lacking = [Problem(clause, CLAUSES.get(clause, ""), words) for clause, words in what_is_missing(found)]
        except UnusableTerms as refusal:
            lacking = list(refusal.problems)
    context = {
        "act": ACTS[code], "code": code, "version": found, "form": form, "lacking": lacking,
        "is_over": found.state != ACTS[code].state,
        "unvalidated": unvalidated(found) if code in ("propose", "sign") else [],
        "retired": retired(found) if code == "sign" and found.state == States.PROPOSED else [],
        "concerns": open_concerns(found) if code == "sign" and found.state == States.PROPOSED else [],
    }  # fmt: skip
    return render(request, "desk/agreement_act.html", context, status=status)
