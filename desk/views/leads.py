"""The list of leads, and the page of one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from campaigns.models import Campaign
from desk.access import instant, reader, sees
from desk.queries import lead_list as listing
from desk.queries.duplicates import MAY, merges_of, open_pairs_of
from desk.queries.lead_order import LABELS
from desk.queries.lead_page import LeadPage, lead_for, page_of
from desk.queries.timeline import FILTERS, timeline
from desk.score_form import AsOfForm
from desk.steps import steps_for
from leads.codes import SOURCES, TIER_LABELS
from leads.lifecycle import Stage
from leads.models import Lead
from leads.score_as_of import NotKnownThen
from teams.models import Team, User

MOST_CHOICES = 200


@require_safe
@sees("see_leads")
def lead_list(request: HttpRequest) -> HttpResponse:
    """List leads by the filter in the address."""
    user, at = reader(request), instant(request)
    asked = listing.parse(request.GET.dict())
    page = listing.page_of(asked, user, at)
    further = [
        (name, words, asked.filter.query(**{name: ""})) for name, words in listing.further_words(asked.filter, user)
    ]
    carried = [(name, getattr(asked.filter, name)) for name, _, _ in further]
    context = {"asked": asked, "page": page, "rows": page.rows, "at": at, "further": further, "carried": carried}
    context["is_first"] = asked.after is None
    context |= _choices(user)
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "desk/_leads.html", context)
    return render(request, "desk/leads.html", context)


def _choices(user: User) -> dict[str, Any]:
    campaigns = Campaign.objects.visible_to(user).order_by("-starts_on", "-id").values_list("id", "name")
    people = User.objects.filter(is_active=True, memberships__team__side=Team.Sides.SALES).distinct().order_by("name")
    return {
        "stages": Lead.Stages.choices,
        "sources": SOURCES.items(),
        "tiers": TIER_LABELS.items(),
        "orders": LABELS.items(),
        "campaigns": [(str(pk), name) for pk, name in campaigns[:MOST_CHOICES]],
        "owners": [(str(pk), name) for pk, name in people.values_list("id", "name")[:MOST_CHOICES]],
        "may_capture": user.may("capture_lead") or user.may("capture_own_lead"),
        "may_import": user.may("import_leads"),
    }


@require_safe
@sees("see_leads")
def lead(request: HttpRequest, lead_id: int) -> HttpResponse:
    """Show one lead with all that both teams know of it."""
    user, at = reader(request), instant(request)
    found = lead_for(user, lead_id)
    goes_on = found.stage != Stage.MERGED
    form = AsOfForm(request.GET if "as_of" in request.GET else None, at=at)
    page = _page(found, user, at, form)
    if page.score.is_past:  # a link gives its offset, which the field of a browser cannot show
        form = AsOfForm(initial={"as_of": page.score.at}, at=at)
    context = {
        "page": page,
        "as_of_form": form,
        "lead": found,
        "row": page.row,
        "at": at,
        "steps": steps_for(user, found, page.newest_handoff, at),
        "user": user,
        "may_quote": goes_on and user.may("quote_customer"),
        "may_propose": goes_on and user.may("propose_persona_change"),
        "merges": merges_of(found),
        "may_judge": user.may(MAY),
        "alike": open_pairs_of(found.contact_id) if user.may(MAY) else [],
        **_timeline(request, found),
    }
    return render(request, "desk/lead.html", context)


def _page(found: Lead, user: User, at: datetime, form: AsOfForm) -> LeadPage:
    """Load the page with the scores of the instant that is asked for; where there are none, the form says so and they are the present ones."""
    if form.is_bound and form.is_valid():
        try:
            return page_of(found, user, at, as_of=form.cleaned_data["as_of"])
        except NotKnownThen as unknown:
            form.add_error("as_of", str(unknown))
    return page_of(found, user, at)


@require_safe
@sees("see_leads")
def lead_timeline(request: HttpRequest, lead_id: int) -> HttpResponse:
    """Give the timeline alone, by its filter."""
    found = lead_for(reader(request), lead_id)
    return render(request, "desk/_timeline.html", {"lead": found, "at": instant(request), **_timeline(request, found)})


def _timeline(request: HttpRequest, found: Lead) -> dict[str, Any]:
    part = request.GET.get("show", "all")
    part = part if part in FILTERS else "all"
    return {"lines": timeline(found, part), "part": part, "parts": FILTERS}
