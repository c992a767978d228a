"""The next rules of routing: begin a draft, write its rules, activate it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from desk.access import instant, reader, sees
from desk.clause_forms import CHANGE
from desk.queries.routing import differences, drafts_of, found_wrong, rules_in_words, version_numbered
from desk.queries.rule_counts import Told
from desk.routing_forms import RoutingRuleForm
from desk.views.rule_editing import asks_to_count, count_shown, lines_changed
from inputs.fields import add_problems
from inputs.numbers import whole
from inputs.refusals import Conflict, Invalid, NotAllowed, NotVisible, Refusal
from leads.models import RoutingVersion
from leads.routing.activating import FaultyRules
from leads.routing.drafts import (
    DOWN,
    UP,
    activate_draft,
    add_rule,
    begin_draft,
    change_rule,
    discard_draft,
    move_rule,
    remove_rule,
    standing,
)
from leads.routing.rules import NEW
from leads.routing.versions import NoSuchVersion, in_force
from leads.routing.versions import draft as draft_of

UNPROCESSABLE, CONFLICT = 422, 409
FORM_METHODS = ["GET", "HEAD", "POST"]


@require_POST
@sees("change_routing")
def begin(request: HttpRequest) -> HttpResponse:
    """Begin a draft from the rules in force, or from an earlier version."""
    number = request.POST.get("from", "")
    version = version_numbered(whole(number, field="from")) if number else None
    made = begin_draft(actor=reader(request), at=instant(request), version=version)
    messages.success(request, "A draft is begun. Nothing changes before it is activated.")
    return redirect("desk:routing_draft", made.pk)


@require_safe
@sees("change_routing")
def draft(request: HttpRequest, draft_id: int) -> HttpResponse:
    """Show a draft: its rules, and what it changes."""
    return _page(request, draft_of(draft_id), 200)


def _page(request: HttpRequest, found: RoutingVersion, status: int, problem: str = "") -> HttpResponse:
    before = in_force(instant(request))
    rules = rules_in_words(found)
    context = {
        "draft": found, "rules": rules, "last": len(rules), "before": before, "problem": problem,
        "differences": differences(before, found), "seen": standing(found), "findings": found_wrong(found, instant(request)),
    }  # fmt: skip
    return render(request, "desk/routing_draft.html", context, status=status)


# A rule ---------------------------------------------------------------------------------------------------------------


@require_http_methods(FORM_METHODS)
@sees("change_routing")
def rule(request: HttpRequest, draft_id: int, code: str) -> HttpResponse:
    """Write a rule of a draft; buttons that add or take away a condition only show the form again."""
    try:
        found = draft_of(draft_id)
    except NoSuchVersion:
        if request.method != "POST":
            raise
        return _gone(request, draft_id, code)
    line = next((line for line in found.rules if line["code"] == code), None)
    if line is None and code != NEW and request.method != "POST":
        raise NotVisible("There is nothing here.")
    more: dict[str, Any] = {"line": line, "is_last": line is not None and line is found.rules[-1]}
    if request.method != "POST":
        return _editor(request, found, code, RoutingRuleForm(None, **more), 200)
    if asks_to_count(request):
        typed = RoutingRuleForm(request.POST, **more)
        return count_shown(request, typed, lambda told: _editor(request, found, code, typed, 200, told=told))
    if request.POST.get(CHANGE):
        return lines_changed(_editor(request, found, code, RoutingRuleForm(None, again=request.POST, **more), 200))
    return _saved(request, found, code, RoutingRuleForm(request.POST, **more))


def _saved(request: HttpRequest, found: RoutingVersion, code: str, form: RoutingRuleForm) -> HttpResponse:
    """Save the rule that was typed, or show what is in the way beside it."""
    if not form.is_valid():
        return _editor(request, found, code, form, UNPROCESSABLE)
    try:
        _save(request, found, code, form)
    except NoSuchVersion:
        return _gone(request, found.pk, code)
    except (NotAllowed, NotVisible):
        raise
    except Refusal as refusal:
        add_problems(form, form.problems_of(refusal))
        return _editor(request, found, code, form, refusal.form_status)
    messages.success(request, f"“{form.cleaned_data['words']}” is saved in the draft.")
    return redirect("desk:routing_draft", found.pk)


def _save(request: HttpRequest, found: RoutingVersion, code: str, form: RoutingRuleForm) -> None:
    user, at, line = reader(request), instant(request), form.line_of(code)
    if code == NEW:
        add_rule(actor=user, at=at, draft_id=found.pk, line=line)
    else:
        change_rule(actor=user, at=at, draft_id=found.pk, line=line, seen=form.compared)


def _editor(
    request: HttpRequest, found: RoutingVersion, code: str, form: RoutingRuleForm, status: int, *, told: Told | None = None
) -> HttpResponse:  # fmt: skip
    context = {"draft": found, "code": code, "form": form, "is_new": code == NEW, "told": told}
    return render(request, "desk/routing_rule.html", context, status=status)


def _gone(request: HttpRequest, draft_id: int, code: str) -> HttpResponse:
    """Keep what was typed for a draft that was activated or thrown away meanwhile, and offer the drafts that there are."""
    form = RoutingRuleForm(None, again=request.POST, line=None)
    context = {
        "draft": None,
        "draft_id": draft_id,
        "code": code,
        "form": form,
        "is_new": code == NEW,
        "drafts": drafts_of(),
    }
    return render(request, "desk/routing_rule.html", context, status=CONFLICT)


@require_POST
@sees("change_routing")
def change(request: HttpRequest, draft_id: int, code: str, deed: str) -> HttpResponse:
    """Move a rule of a draft up or down, or take it out."""
    if deed not in _DEEDS:
        raise NotVisible("There is nothing here.")
    found = draft_of(draft_id)
    given = {"actor": reader(request), "at": instant(request), "draft_id": found.pk, "code": code}
    try:
        _DEEDS[deed](**given, seen=request.POST.get("seen") or None)
    except (Conflict, Invalid) as refusal:
        status = refusal.form_status
        return _page(request, draft_of(draft_id), status, refusal.message)
    return redirect("desk:routing_draft", found.pk)


_DEEDS: dict[str, Callable[..., None]] = {
    "up": lambda **given: move_rule(by=UP, **given),
    "down": lambda **given: move_rule(by=DOWN, **given),
    "remove": remove_rule,
}


# The whole draft ------------------------------------------------------------------------------------------------------


@require_http_methods(FORM_METHODS)
@sees("change_routing")
def activate(request: HttpRequest, draft_id: int) -> HttpResponse:
    """Show what will change, or put the draft into force."""
    user, at, found = reader(request), instant(request), draft_of(draft_id)
    if request.method != "POST":
        return _activation(request, found, 200)
    try:
        made = activate_draft(actor=user, at=at, draft_id=found.pk, seen=request.POST.get("seen") or None)
    except (Conflict, Invalid) as refusal:
        status = refusal.form_status
        problem = "" if isinstance(refusal, FaultyRules) else refusal.message
        return _activation(request, draft_of(draft_id), status, problem)
    messages.success(request, f"Version {made.number} is in force: every lead that is routed from now on follows it.")
    return redirect("desk:routing")


def _activation(request: HttpRequest, found: RoutingVersion, status: int, problem: str = "") -> HttpResponse:
    before = in_force(instant(request))
    context = {
        "draft": found, "before": before, "differences": differences(before, found), "problem": problem,
        "seen": standing(found, before), "findings": (wrong := found_wrong(found, instant(request))),
        "is_blocked": any(each.finding.blocks for each in wrong),
    }  # fmt: skip
    return render(request, "desk/routing_activate.html", context, status=status)


@require_http_methods(FORM_METHODS)
@sees("change_routing")
def discard(request: HttpRequest, draft_id: int) -> HttpResponse:
    """Ask whether a draft is to be thrown away, or throw it away."""
    found = draft_of(draft_id)
    problem, status = "", 200
    if request.method == "POST":
        seen = request.POST.get("seen") or None
        try:
            discard_draft(actor=reader(request), at=instant(request), draft_id=found.pk, seen=seen)
        except Conflict as refusal:
            problem, status = refusal.message, refusal.status
            found = draft_of(draft_id)
        else:
            messages.success(request, "The draft is thrown away.")
            return redirect("desk:routing")
    context = {"draft": found, "rules": rules_in_words(found), "seen": standing(found), "problem": problem}
    return render(request, "desk/routing_discard.html", context, status=status)
