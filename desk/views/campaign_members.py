"""The members of a campaign: who they are, and what they are in it."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from campaigns.member_statuses import STATUSES
from desk.access import instant, reader, sees
from desk.queries.campaign_members import members_of
from desk.queries.campaign_page import campaign_for
from inputs.numbers import MAX_ID, whole
from leads.members import MAY, set_member_status


@require_safe
@sees("see_campaigns")
def members(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """List the members of a campaign, all or those of one status."""
    user, found = reader(request), campaign_for(reader(request), campaign_id)
    asked, status = request.GET.get("before", ""), request.GET.get("status", "")
    before = whole(asked, field="before", low=1, high=MAX_ID) if asked else None
    page = members_of(found, user, status=status, before=before)
    context = {
        "campaign": found, "page": page, "status": status, "before": asked, "following": page.following, "is_first": before is None,
        "query": urlencode({"status": status}) if status else "", "at": instant(request),
        "choices": STATUSES[found.type] if user.may(MAY) else (),
    }  # fmt: skip
    return render(request, "desk/campaign_members.html", context)


@require_POST
def set_status(request: HttpRequest, campaign_id: int, lead_id: int) -> HttpResponse:
    """Say what a lead is in the campaign, and go back to the list as it was."""
    set_member_status(
        lead_id=lead_id, campaign_id=campaign_id, status=request.POST.get("status", ""), actor=reader(request),
        at=instant(request),
    )  # fmt: skip
    messages.success(request, "Noted.")
    kept = {name: value for name in ("status", "before") if (value := request.POST.get(f"shown_{name}", ""))}
    address = reverse("desk:members", args=[campaign_id])
    return redirect(f"{address}?{urlencode(kept)}" if kept else address)
