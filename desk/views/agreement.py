"""The agreement as a document, its versions, what differs between two of them, and the glossary that it makes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from desk.access import instant, reader, sees
from desk.clauses import clauses_of
from desk.comparing import SAME, compare
from desk.queries.agreement import document_of, glossary_of, names_in
from desk.queries.attainment import live_of
from desk.queries.negotiation import (
    TONES,
    in_force_id,
    managed,
    matters_for,
    open_concerns,
    said_on,
    steps_on,
    version_for,
    versions_for,
)
from inputs.refusals import NotVisible
from ledger.instants import company_day
from sla.models import AgreementVersion
from sla.terms import canonical


@require_safe
@sees("see_agreement")
def in_force(request: HttpRequest) -> HttpResponse:
    """Show the version in force."""
    at = instant(request)
    found = AgreementVersion.objects.in_force(at).select_related("agreement", "scoring", "created_by").first()
    return _page(request, found, at, found.pk if found else None)


@require_safe
@sees("see_agreement")
def version(request: HttpRequest, number: int) -> HttpResponse:
    """Show a version by its number; a draft is there for the managers of its side alone."""
    found, at = version_for(reader(request), number), instant(request)
    return _page(request, found, at, in_force_id(at))


def _page(request: HttpRequest, found: AgreementVersion | None, at: datetime, current: int | None) -> HttpResponse:
    user = reader(request)
    context: dict[str, Any] = {"version": found, "at": at, "may_begin": bool(managed(user))}
    if found is None:
        return render(request, "desk/agreement.html", {**context, "matters": matters_for(user, None, at)})
    live = live_of(found, at) if found.pk == current and user.may("see_figures") else None
    document, standing = document_of(found, live), found.standing(at, current)
    is_proposed = found.state == AgreementVersion.States.PROPOSED
    context |= {
        "document": document,
        "live": live,
        "standing": standing,
        "tone": TONES[standing],
        "is_in_force": found.pk == current,
        "said": said_on(found) if found.state != AgreementVersion.States.DRAFT else {},
        "concerns": open_concerns(found) if is_proposed else [],
        "steps": steps_on(user, found, document.signatures),
        "before": _number_before(found, current),
        "review_due": found.pk == current and found.is_due_for_review(company_day(at)),
        "matters": matters_for(user, None, at) if found.pk == current else None,
        "may_ask_what_if": user.may("see_what_if"),
    }
    return render(request, "desk/agreement.html", context)


def _number_before(found: AgreementVersion, current: int | None) -> int | None:
    """Give the version with which this one is compared first: the one in force, else the one before it."""
    others = AgreementVersion.objects.exclude(pk=found.pk).exclude(state=AgreementVersion.States.DRAFT)
    compares_with_current = current is not None and current != found.pk
    others = others.filter(Q(pk=current) if compares_with_current else Q(number__lt=found.number))
    return others.order_by("-number").values_list("number", flat=True).first()


@require_safe
@sees("see_agreement")
def versions(request: HttpRequest) -> HttpResponse:
    """List all versions with where each stands."""
    user, at = reader(request), instant(request)
    rows = versions_for(user, at)
    return render(request, "desk/agreement_versions.html", {"rows": rows, "may_begin": bool(managed(user)), "at": at})


@require_safe
@sees("see_agreement")
def as_json(request: HttpRequest, number: int) -> HttpResponse:
    """Give the canonical document, byte for byte what the hash covers: ``sha256sum`` of the file is the hash on the page."""
    found = version_for(reader(request), number)
    response = HttpResponse(canonical(found.terms).encode(), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="agreement-v{found.number}.json"'
    return response


@require_safe
@sees("see_agreement")
def comparison(request: HttpRequest, number: int, other: int) -> HttpResponse:
    """Show what differs between version ``number`` and version ``other``, clause by clause."""
    user, at = reader(request), instant(request)
    before, after = version_for(user, number), version_for(user, other)
    names = names_in([before, after])
    found = compare(clauses_of(before.terms, names), clauses_of(after.terms, names))
    current = in_force_id(at)
    context = {
        "before": before,
        "after": after,
        "standings": (before.standing(at, current), after.standing(at, current)),
        "differences": [difference for difference in found if difference.kind != SAME],
        "same": [difference for difference in found if difference.kind == SAME],
        "rows": versions_for(user, at),
    }
    return render(request, "desk/agreement_compare.html", context)


@require_safe
@sees("see_agreement")
def compared(request: HttpRequest) -> HttpResponse:
    """Go to the comparison of the two versions that were chosen in a form."""
    chosen = [request.GET.get(name, "") for name in ("before", "after")]
    if not all(text.isascii() and text.isdecimal() and 0 < len(text) < 10 for text in chosen):
        raise NotVisible("There is nothing here.")
    return redirect("desk:agreement_compare", int(chosen[0]), int(chosen[1]))


@require_safe
@sees("see_agreement")
def glossary(request: HttpRequest) -> HttpResponse:
    """Define every word that the pages use."""
    found = AgreementVersion.objects.in_force(instant(request)).first()
    return render(request, "desk/glossary.html", {"groups": glossary_of(found), "version": found})
