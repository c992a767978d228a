"""What the pages share on which a rule is written: the count that follows what is typed, and lines that come and go."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django_htmx.http import trigger_client_event

from desk.access import instant, reader
from desk.clause_forms import CHANGE, COUNT, RuleForm
from desk.queries.rule_counts import Told, told


def asks_to_count(request: HttpRequest) -> bool:
    """Tell whether the button was pressed that only counts."""
    return request.POST.get(CHANGE) == COUNT


def count_shown(request: HttpRequest, form: RuleForm, page: Callable[[Told], HttpResponse]) -> HttpResponse:
    """Say what the rule in ``form`` would match: alone where a part of the page is waiting for it, else on ``page``."""
    found = told(form, reader(request), instant(request))
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "desk/_rule_count.html", {"form": form, "told": found})
    return page(found)


def lines_changed(response: HttpResponse) -> HttpResponse:
    """Let the count follow lines that were added or taken away."""
    return trigger_client_event(response, "rule-changed", {}, after="settle")
