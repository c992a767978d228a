"""What a persona has been: its versions, one of them as it was, two of them side by side."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from desk.access import instant, sees
from desk.queries.persona_history import comparison_of, history_of, version_sheet
from desk.queries.personas import written_persona
from inputs.numbers import MAX_COUNT, whole_or_none


@require_safe
@sees("see_personas")
def versions(request: HttpRequest, code: str) -> HttpResponse:
    """List the versions, newest first, with who wrote them and what they changed."""
    history = history_of(written_persona(code), instant(request), _number(request, "before"))
    return render(request, "desk/persona_versions.html", {"history": history})


@require_safe
@sees("see_personas")
def version(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Show one version as it was."""
    newest = written_persona(code)
    return render(request, "desk/persona_version.html", {"newest": newest, "sheet": version_sheet(newest, number)})


@require_safe
@sees("see_personas")
def compare(request: HttpRequest, code: str) -> HttpResponse:
    """Show two versions side by side, field by field."""
    newest = written_persona(code)
    comparison = comparison_of(newest, _number(request, "before"), _number(request, "after"))
    return render(request, "desk/persona_compare.html", {"newest": newest, "comparison": comparison})


def _number(request: HttpRequest, name: str) -> int | None:
    return whole_or_none(request.GET.get(name, ""), high=MAX_COUNT)
