"""The cost lines of a campaign: added on its page, changed and removed on a page of their own."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from campaigns.actions import require_marketer
from campaigns.costs import (
    NoSuchCost,
    add_cost,
    change_cost,
    fingerprint,
    remove_cost,
    require_may_keep_costs,
)
from campaigns.forms import CostForm, initial_cost
from campaigns.models import Campaign, CostLine
from desk.access import instant, reader
from desk.queries.campaign_page import campaign_for
from desk.views.campaigns import campaign_page
from inputs.fields import add_problems
from inputs.refusals import Conflict, Invalid
from teams.models import User

UNPROCESSABLE = 422


@require_POST
def add(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Add a line; what cannot be taken comes back on the campaign's page."""
    user = reader(request)
    _campaign(user, campaign_id)
    form, status = CostForm(request.POST), UNPROCESSABLE
    if form.is_valid():
        try:
            add_cost(
                campaign_id=campaign_id, cost=form.cost, actor=user, at=instant(request), key=form.cleaned_data["key"]
            )
        except (Invalid, Conflict) as refused:
            add_problems(form, refused.problems)
            status = refused.form_status
        else:
            messages.success(request, f"“{form.cost.what}” is entered.")
            return redirect("desk:campaign", campaign_id)
    return campaign_page(request, campaign_id, cost_form=form, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, campaign_id: int, line_id: int) -> HttpResponse:
    """Change a line; who saves over somebody else's change is told, and keeps what was typed."""
    user = reader(request)
    campaign = _campaign(user, campaign_id)
    line = CostLine.objects.filter(campaign=campaign, pk=line_id).first()
    if line is None:
        raise NoSuchCost("There is no such cost line.")
    if request.method != "POST":
        return _page(request, campaign, line, CostForm(initial=initial_cost(line)))
    form, status = CostForm(request.POST), UNPROCESSABLE
    if form.is_valid():
        try:
            change_cost(
                campaign_id=campaign_id, line_id=line_id, cost=form.cost, actor=user, at=instant(request),
                seen=request.POST.get("seen"),
            )  # fmt: skip
        except (Invalid, Conflict) as refused:
            add_problems(form, refused.problems)
            status = refused.form_status
        else:
            messages.success(request, "The cost line is changed.")
            return redirect("desk:campaign", campaign_id)
    return _page(request, campaign, line, form, status)


@require_POST
def remove(request: HttpRequest, campaign_id: int, line_id: int) -> HttpResponse:
    """Remove a line."""
    remove_cost(
        campaign_id=campaign_id, line_id=line_id, actor=reader(request), at=instant(request),
        seen=request.POST.get("seen"),
    )  # fmt: skip
    messages.success(request, "The cost line is removed.")
    return redirect("desk:campaign", campaign_id)


def _campaign(user: User, campaign_id: int) -> Campaign:
    require_marketer(user)
    campaign = campaign_for(user, campaign_id)
    require_may_keep_costs(user, campaign)
    return campaign


def _page(request: HttpRequest, campaign: Campaign, line: CostLine, form: CostForm, status: int = 200) -> HttpResponse:
    seen = request.POST.get("seen", "")[:64] or fingerprint(line)
    context = {"campaign": campaign, "line": line, "form": form, "seen": seen}
    return render(request, "desk/campaign_cost.html", context, status=status)
