"""The agreement as a document, and the glossary that it makes."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from desk.access import instant, sees
from desk.queries.agreement import document_of, glossary_of
from inputs.refusals import NotVisible
from sla.models import AgreementVersion


@require_safe
@sees("see_agreement")
def in_force(request: HttpRequest) -> HttpResponse:
    """Show the version in force."""
    at = instant(request)
    found = AgreementVersion.objects.in_force(at).select_related("agreement", "scoring").first()
    return _page(request, found, at)


@require_safe
@sees("see_agreement")
def version(request: HttpRequest, number: int) -> HttpResponse:
    """Show a version by its number; drafts are their authors' matter."""
    found = (
        AgreementVersion.objects.exclude(state=AgreementVersion.States.DRAFT)
        .select_related("agreement", "scoring")
        .filter(number=min(number, 2**31 - 1))
        .first()
    )
    if found is None:
        raise NotVisible("There is nothing here.")
    return _page(request, found, instant(request))


def _page(request: HttpRequest, found: AgreementVersion | None, at: datetime) -> HttpResponse:
    versions = AgreementVersion.objects.exclude(state=AgreementVersion.States.DRAFT).order_by("-number")[:20]
    current = AgreementVersion.objects.in_force(at).values_list("pk", flat=True).first()
    context = {
        "version": found,
        "document": document_of(found) if found else None,
        "versions": versions,
        "is_in_force": bool(found and found.pk == current),
        "at": at,
    }
    return render(request, "desk/agreement.html", context)


@require_safe
@sees("see_agreement")
def glossary(request: HttpRequest) -> HttpResponse:
    """Define every word that the pages use."""
    found = AgreementVersion.objects.in_force(instant(request)).first()
    return render(request, "desk/glossary.html", {"groups": glossary_of(found), "version": found})
