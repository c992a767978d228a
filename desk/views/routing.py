"""How leads find their rep: the rules in force, the pools and who is available now, what was in force before."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from desk.access import instant, reader, sees
from desk.queries.routing import (
    differences,
    drafts_of,
    history,
    pool_history,
    routing_in_force,
    rules_in_words,
    version_before,
    version_numbered,
)
from desk.routing_forms import NewPoolForm, PoolForm
from inputs.fields import add_problems
from inputs.numbers import whole
from inputs.refusals import NotAllowed, NotVisible, Refusal
from leads.models import Pool
from leads.routing.pool_editing import change_pool, make_pool

UNPROCESSABLE = 422
FORM_METHODS = ["GET", "HEAD", "POST"]


@require_safe
@sees("see_routing")
def rules(request: HttpRequest) -> HttpResponse:
    """Show the routing rules in force."""
    user, at = reader(request), instant(request)
    may_change = user.may("change_routing")
    context = {
        "routing": routing_in_force(at), "at": at, "may_change": may_change,
        "drafts": drafts_of() if may_change else [], "may_try": user.may("see_what_if"),
    }  # fmt: skip
    return render(request, "desk/routing.html", context)


@require_safe
@sees("see_routing")
def versions(request: HttpRequest) -> HttpResponse:
    """List what was ever in force."""
    return render(request, "desk/routing_versions.html", {"rows": history(instant(request))})


@require_safe
@sees("see_routing")
def version(request: HttpRequest, number: int) -> HttpResponse:
    """Show a version that was in force, and what it changed: of the one before it, or of the one that is asked for."""
    found = version_numbered(number)
    other = request.GET.get("with", "")
    before = version_numbered(whole(other, field="with")) if other else version_before(found)
    context = {
        "version": found, "before": before, "rules": rules_in_words(found), "rows": history(instant(request)),
        "differences": differences(before, found) if before else [],
    }  # fmt: skip
    return render(request, "desk/routing_version.html", context)


# Pools ----------------------------------------------------------------------------------------------------------------


@require_http_methods(FORM_METHODS)
@sees("change_routing")
def new_pool(request: HttpRequest) -> HttpResponse:
    """Make a pool; its people are chosen next."""
    form = NewPoolForm(request.POST if request.method == "POST" else None)
    status = 200
    if form.is_bound:
        status = UNPROCESSABLE
        if form.is_valid():
            given = form.cleaned_data
            try:
                made = make_pool(
                    actor=reader(request), at=instant(request), name=given["name"], team_id=given["team"]
                )  # fmt: skip
            except NotAllowed:
                raise
            except Refusal as refusal:
                add_problems(form, refusal.problems)
            else:
                messages.success(request, f"{made} is there. Choose who shares its leads.")
                return redirect("desk:routing_pool", made.pk)
    return render(request, "desk/routing_pool_new.html", {"form": form}, status=status)


@require_http_methods(FORM_METHODS)
@sees("change_routing")
def pool(request: HttpRequest, pool_id: int) -> HttpResponse:
    """Show who shares the leads of a pool, or change it."""
    found = Pool.objects.select_related("team").filter(pk=pool_id).first()
    if found is None:
        raise NotVisible("There is nothing here.")
    form = PoolForm(request.POST if request.method == "POST" else None, pool=found)
    if not form.is_bound:
        return _pool_page(request, found, form, 200)
    if not form.is_valid():
        return _pool_page(request, found, form, UNPROCESSABLE)
    given = form.cleaned_data
    try:
        change_pool(
            actor=reader(request), at=instant(request), pool_id=found.pk, name=given["name"], shares=form.shares,
            seen=given["seen"] or None,
        )  # fmt: skip
    except (NotAllowed, NotVisible):
        raise
    except Refusal as refusal:
        return _pool_page(request, found, form.again(refusal), refusal.form_status)
    messages.success(request, f"{given['name']} is saved. It counts for the next lead.")
    return redirect("desk:routing_pool", found.pk)


def _pool_page(request: HttpRequest, found: Pool, form: PoolForm, status: int) -> HttpResponse:
    context = {"pool": found, "form": form, "changes": pool_history(found)}
    return render(request, "desk/routing_pool.html", context, status=status)
