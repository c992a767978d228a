"""Log a campaign, change a campaign. Reading them stands in ``desk.views.campaigns``, with figures."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from campaigns.actions import NoSuchCampaign, fingerprint, require_marketer
from campaigns.forms import CampaignForm, initial_of
from campaigns.models import Campaign
from inputs.fields import add_problems
from inputs.refusals import Conflict, Invalid
from leads.briefings import plan_campaign, replan_campaign
from ledger.instants import company_day, edge_now
from teams.models import User

UNPROCESSABLE = 422


@require_http_methods(["GET", "HEAD", "POST"])
def new_campaign(request: HttpRequest) -> HttpResponse:
    """Log a campaign in a minute."""
    actor, at = _marketer(request), edge_now()
    if request.method != "POST":
        return _page(request, CampaignForm(initial={"starts_on": company_day(at)}))
    form = CampaignForm(request.POST)
    if form.is_valid():
        try:
            campaign = plan_campaign(brief=form.brief, actor=actor, at=at)
        except Invalid as refused:
            add_problems(form, refused.problems)
        else:
            messages.success(
                request, f"“{campaign.name}” is logged. Brief sales before it starts: nobody there is told yet."
            )
            return redirect(_address(campaign))
    return _page(request, form, status=UNPROCESSABLE)


@require_http_methods(["GET", "HEAD", "POST"])
def edit_campaign(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Change a campaign; who saves over somebody else's change is told, and keeps what was typed."""
    actor, at = _marketer(request), edge_now()
    campaign = Campaign.objects.visible_to(actor).filter(pk=campaign_id).first()
    if campaign is None:
        raise NoSuchCampaign("There is no such campaign.")
    if request.method != "POST":
        return _page(request, CampaignForm(initial=initial_of(campaign), campaign=campaign), campaign)
    form = CampaignForm(request.POST, campaign=campaign)
    status = UNPROCESSABLE
    if form.is_valid():
        try:
            replan_campaign(
                campaign_id=campaign.pk, brief=form.brief, actor=actor, at=at, seen=request.POST.get("seen")
            )
        except (Invalid, Conflict) as refused:
            add_problems(form, refused.problems)
            status = UNPROCESSABLE if isinstance(refused, Invalid) else refused.status
        else:
            messages.success(request, "The campaign is changed.")
            return redirect(_address(campaign))
    return _page(request, form, campaign, status=status)


def _marketer(request: HttpRequest) -> User:
    user = cast(User, request.user)
    require_marketer(user)
    return user


def _page(request: HttpRequest, form: CampaignForm, campaign: Any = None, status: int = 200) -> HttpResponse:
    context = {"form": form, "campaign": campaign}
    if campaign is not None:
        context["seen"] = request.POST.get("seen", "")[:64] or fingerprint(campaign)
    return render(request, "campaigns/campaign_form.html", context, status=status)


def _address(campaign: Campaign) -> str:
    """Give the address of a campaign's page, which an app above owns."""
    return f"/campaigns/{campaign.pk}/"
