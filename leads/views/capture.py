"""A lead comes in by a page: the public form of a campaign, or a person who adds one by hand."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from inputs.fields import add_problems
from inputs.pace import TooFast, keep_pace
from inputs.refusals import NotVisible
from leads.capture import (
    BadForm,
    CaptureRefused,
    capture,
    open_form,
    set_form_active,
    submit,
)
from leads.forms import MAX_CARRIED, CaptureFormForm, LeadForm, PublicForm
from leads.intake.arrival import SKIPPED, UPDATED, UTM_NAMES, Arrival
from leads.models import CaptureForm
from leads.views.guard import require
from ledger.instants import edge_now

UNPROCESSABLE = 422
SENT_PER_MINUTE = 10


# the public form ------------------------------------------------------------------------------------------------------


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def public_form(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a campaign's form to anybody, and take what they send."""
    shown = CaptureForm.objects.select_related("campaign", "product").filter(slug=slug, is_active=True).first()
    if shown is None:
        raise NotVisible("There is no such form.")
    if request.method != "POST":
        return _public_page(request, shown, PublicForm(initial=_carried(request)))
    at = edge_now()
    form = PublicForm(request.POST)
    try:
        keep_pace(what=f"form {shown.pk}", sender=_sender(request), most=SENT_PER_MINUTE, at=at)
    except TooFast as fast:
        form.is_valid()
        add_problems(form, fast.problems)
        return _public_page(request, shown, form, status=fast.status)
    if form.is_valid():
        if form.cleaned_data["website"]:  # a machine took the bait: thank it and keep nothing
            return redirect("leads:public_form_sent", slug)
        try:
            submit(
                form=shown, values=form.values, utm=form.utm, referrer=form.cleaned_data["referrer"],
                landing_page=form.cleaned_data["landing_page"], nonce=form.cleaned_data["nonce"], at=at,
            )  # fmt: skip
        except CaptureRefused as refused:
            add_problems(form, refused.problems)
        else:
            return redirect("leads:public_form_sent", slug)
    return _public_page(request, shown, form, status=UNPROCESSABLE)


@login_not_required
@never_cache
@require_safe
def public_form_sent(request: HttpRequest, slug: str) -> HttpResponse:
    """Thank the visitor."""
    shown = CaptureForm.objects.filter(slug=slug, is_active=True).first()
    if shown is None:
        raise NotVisible("There is no such form.")
    return render(request, "leads/capture_form_sent.html", {"capture_form": shown})


def _public_page(request: HttpRequest, shown: CaptureForm, form: PublicForm, status: int = 200) -> HttpResponse:
    return render(request, "leads/capture_form.html", {"capture_form": shown, "form": form}, status=status)


def _carried(request: HttpRequest) -> dict[str, str]:
    """Take from the visitor's way here what the form carries on: where from, by which campaign, once."""
    referrer = request.headers.get("Referer", "")
    try:
        is_ours = urlsplit(referrer).netloc == request.get_host()
    except ValueError:  # a malformed address
        is_ours = True
    utm = {f"utm_{name}": request.GET.get(f"utm_{name}", "")[:MAX_CARRIED] for name in UTM_NAMES}
    return {
        **utm,
        "nonce": uuid4().hex,
        "referrer": "" if is_ours else referrer[:MAX_CARRIED],
        "landing_page": request.GET.get("from", "")[:MAX_CARRIED] or request.path,
    }


def _sender(request: HttpRequest) -> str:
    """Give the visitor's address, seen through as many proxies as are ours."""
    try:
        return str(get_adapter().get_client_ip(request))
    except PermissionDenied:
        return str(request.META.get("REMOTE_ADDR", ""))


# a person adds a lead -------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def new_lead(request: HttpRequest) -> HttpResponse:
    """Add a lead by hand: marketing's, or a rep's own."""
    user = require(request, "capture_lead", "capture_own_lead")
    is_own = not user.may("capture_lead")
    if request.method != "POST":
        return _new_lead_page(request, LeadForm(initial={"key": f"hand {uuid4().hex}"}), is_own)
    form = LeadForm(request.POST)
    if form.is_valid():
        try:
            outcome = capture(arrival=Arrival(**form.values), actor=user, at=edge_now())
        except CaptureRefused as refused:
            add_problems(form, refused.problems)
        else:
            words = {
                UPDATED: "This person was known already: what you entered joined the open lead.",
                SKIPPED: "This was sent before; nothing was changed.",
            }
            messages.success(request, words.get(outcome.state, "The lead was added."))
            return redirect(lead_path(outcome.lead_id))
    return _new_lead_page(request, form, is_own, status=UNPROCESSABLE)


def _new_lead_page(request: HttpRequest, form: LeadForm, is_own: bool, status: int = 200) -> HttpResponse:
    return render(request, "leads/lead_new.html", {"form": form, "is_own": is_own}, status=status)


def lead_path(lead_id: int | None) -> str:
    """Give the address of a lead's page, which an app above owns."""
    return f"/leads/{lead_id}/" if lead_id else reverse("leads:new_lead")


# marketing opens forms ------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def capture_forms(request: HttpRequest) -> HttpResponse:
    """List the public forms and open another."""
    user = require(request, "log_campaign")
    if request.method != "POST":
        return _forms_page(request, CaptureFormForm(initial={"campaign": request.GET.get("campaign")}))
    form = CaptureFormForm(request.POST)
    if form.is_valid():
        said: dict[str, Any] = dict(form.cleaned_data)
        campaign = said.pop("campaign")
        try:
            open_form(actor=user, at=edge_now(), campaign_id=campaign.pk if campaign else None, **said)
        except BadForm as bad:
            add_problems(form, bad.problems)
        else:
            messages.success(request, "The form is open. Link to it from your campaign.")
            return redirect("leads:capture_forms")
    return _forms_page(request, form, status=UNPROCESSABLE)


def _forms_page(request: HttpRequest, form: CaptureFormForm, status: int = 200) -> HttpResponse:
    opened = CaptureForm.objects.select_related("campaign").order_by("-id")[:200]
    rows = [
        {"form": one, "address": request.build_absolute_uri(reverse("leads:public_form", args=[one.slug]))}
        for one in opened
    ]
    return render(request, "leads/capture_form_list.html", {"form": form, "rows": rows}, status=status)


@require_POST
def close_form(request: HttpRequest, form_id: int) -> HttpResponse:
    """Close a public form, or open it again."""
    user = require(request, "log_campaign")
    set_form_active(actor=user, at=edge_now(), form_id=form_id, is_active=request.POST.get("active") == "1")
    return redirect("leads:capture_forms")
