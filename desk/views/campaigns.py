"""Campaigns with their figures. Logging and changing one stands in ``campaigns.views``."""

from __future__ import annotations

from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from campaigns.costs import may_keep_costs
from campaigns.forms import CostForm, LinkForm
from campaigns.models import Campaign
from desk.access import instant, reader, sees
from desk.queries.campaign_page import briefing_for, campaign_for, campaign_rows, page_of, state_of
from leads.briefings import brief_sales, confirm_briefing
from ledger.instants import company_day


@require_safe
@sees("see_campaigns")
def campaign_list(request: HttpRequest) -> HttpResponse:
    """List campaigns, all or the reader's own."""
    user, at = reader(request), instant(request)
    mine = request.GET.get("mine") == "1"
    rows = campaign_rows(user, company_day(at), mine=mine)
    context = {"rows": rows, "mine": mine, "may_log": user.may("log_campaign"), "at": at}
    return render(request, "desk/campaigns.html", context)


@require_safe
@sees("see_campaigns")
def campaign(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Show one campaign: its brief, whom it reached and what became of them."""
    return campaign_page(request, campaign_id)


def campaign_page(
    request: HttpRequest, campaign_id: int, *, cost_form: CostForm | None = None, status: int = 200
) -> HttpResponse:
    """Give the page of a campaign, with a form of it that came back where there is one."""
    user, at = reader(request), instant(request)
    found = campaign_for(user, campaign_id)
    link_form = _link_form(request, found)
    if link_form.is_bound and not link_form.is_valid():
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    context = {
        "link_form": link_form,
        "campaign": found,
        "page": page_of(found, user),
        "state": state_of(found, company_day(at)),
        "may_change": user.may("log_campaign"),
        "briefing": briefing_for(found, user, at),
        "base": request.build_absolute_uri("/").rstrip("/"),
        "at": at,
    }
    if may_keep_costs(user, found):
        context["cost_form"] = cost_form or CostForm(initial={"starts_on": company_day(at)})
    return render(request, "desk/campaign.html", context, status=status)


def _link_form(request: HttpRequest, found: Campaign) -> LinkForm:
    """Give the form of a link, filled in where one is asked for in the address."""
    if request.method in ("GET", "HEAD") and "address" in request.GET:
        return LinkForm(request.GET, code=found.code)
    return LinkForm(initial={"medium": found.type}, code=found.code)


@require_POST
def brief(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Brief sales: everybody there is told, and asked to confirm."""
    campaign = brief_sales(campaign_id=campaign_id, actor=reader(request), at=instant(request))
    messages.success(request, f"Everybody in sales is told of “{campaign.name}”.")
    return redirect("desk:campaign", campaign_id)


@require_POST
def informed(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Say: I am informed."""
    confirm_briefing(campaign_id=campaign_id, actor=reader(request), at=instant(request))
    messages.success(request, "Noted: you are informed.")
    return redirect("desk:campaign", campaign_id)
