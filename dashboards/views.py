"""The pages of the dashboard: the same for both teams."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboards.asked import asked_scope
from dashboards.behind import count_behind, page_of, rows_behind
from dashboards.choices import Choices
from dashboards.compliance import Week
from dashboards.families import BANDS, STAGES
from dashboards.filter_form import fields_again, fields_of
from dashboards.periods import NAMED
from dashboards.registry import REGISTRY, TO_DATE, find
from dashboards.report import Report, on_basis_of, report
from inputs.numbers import MAX_ID, whole
from inputs.refusals import Invalid, NotVisible
from ledger.instants import edge_now
from ledger.one_view import one_view
from teams.models import User
from teams.roles import Side

FUNNEL_FORMULAS = (*STAGES, "mql_rate", "win_rate", "days_to_win", "sales_sourced")

View = Callable[[HttpRequest], HttpResponse]


def sees_figures(view: View) -> View:
    """Let only those see a page who may see figures; for everybody else there is nothing here."""

    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        if not cast(User, request.user).may("see_figures"):
            raise NotVisible("There is nothing here.")
        return view(request)

    return guarded


@require_safe
@sees_figures
def dashboard(request: HttpRequest) -> HttpResponse:
    """Show how both sides keep their word, and what becomes of the leads."""
    at = edge_now()
    choices = Choices.load()
    try:
        scope = asked_scope(request.GET.dict(), at, choices)
    except Invalid as refused:
        return _asked_again(request, choices, refused)
    found = report(scope, at=at)
    context = {
        "report": found,
        "scope": scope,
        "at": at,
        "choices": choices,
        "fields": fields_of(scope, choices),
        "set_filters": choices.words(scope.filters),
        "periods": _period_links(request),
        "marketing": found.compliance.of(Side.MARKETING),
        "sales": found.compliance.of(Side.SALES),
        "owners": found.compliance.owners(),
        "steps": [found.funnel.total.figures[stage] for stage in STAGES],
        "rates": [None, *(found.funnel.total.figures[f"{stage}_rate"] for stage in STAGES[1:])],
        "funnel_formulas": FUNNEL_FORMULAS,
        "bands": [label for label, _, _ in BANDS],
        "weeks": _begun(found, at),
        "charts": _charts(found, at),
    }
    return render(request, "dashboards/dashboard.html", context)


def _asked_again(request: HttpRequest, choices: Choices, refused: Invalid) -> HttpResponse:
    """Show the form as it was sent, and what is wrong with it; no figures."""
    fields, elsewhere = fields_again(request.GET.dict(), choices, refused)
    periods = [(label, urlencode({"period": name}), False) for name, label in NAMED.items()]
    context = {"fields": fields, "elsewhere": elsewhere, "periods": periods}
    return render(request, "dashboards/dashboard_refused.html", context, status=HTTPStatus.UNPROCESSABLE_ENTITY)


@require_safe
@sees_figures
def leads_behind(request: HttpRequest) -> HttpResponse:
    """Show exactly the rows that a figure counts."""
    at = edge_now()
    choices = Choices.load()
    scope = asked_scope(request.GET.dict(), at, choices)
    kpi = find(request.GET.get("figure", ""))
    part = request.GET.get("part", "")
    if part not in ("", "whole"):
        raise Invalid("Choose the whole, or leave this out.", field="part")
    before = request.GET.get("before", "")
    after = whole(before, field="before", low=1, high=MAX_ID) if before else None
    with one_view():
        rows = rows_behind(kpi.key, scope, of_whole=part == "whole")
        shown, following = page_of(rows, kpi, cast(User, request.user), before=after)
        count = count_behind(kpi.key, scope, of_whole=part == "whole")
    query = on_basis_of(kpi.key, scope).query(figure=kpi.key, **({"part": part} if part else {}))
    context = {
        "kpi": kpi, "scope": scope, "at": at, "rows": shown, "count": count, "following": following,
        "is_first": not before, "query": query, "is_whole": part == "whole", "set_filters": choices.words(scope.filters),
    }  # fmt: skip
    return render(request, "dashboards/leads.html", context)


@require_safe
@sees_figures
def formulas(request: HttpRequest) -> HttpResponse:
    """Show every registered figure with its formula."""
    return render(request, "dashboards/formulas.html", {"kpis": [*REGISTRY.values(), *TO_DATE.values()]})


def _period_links(request: HttpRequest) -> list[tuple[str, str, bool]]:
    """Give ``(label, query, is shown now)`` for each named period, with the other parameters as they are."""
    links = []
    chosen = "" if request.GET.get("from") else request.GET.get("period", "") or "this_month"
    for name, label in NAMED.items():
        query = request.GET.copy()
        for gone in ("from", "last", "to", "period"):
            query.pop(gone, None)
        query["period"] = name
        links.append((label, query.urlencode(), name == chosen))
    return links


def _begun(found: Report, at: datetime) -> list[Week]:
    """Give the weeks that have begun by ``at``: one that lies ahead has kept nothing yet, whatever was answered before its time."""
    return [week for week in found.compliance.weeks if week.period.starts_at <= at]


def _charts(found: Report, at: datetime) -> dict[str, Any]:
    """Give what the charts draw; the tables under them say the same."""
    lines = found.compliance.promises
    weeks = _begun(found, at)
    return {
        "weeks": {
            "labels": [f"{week.period.first.isocalendar().week}" for week in weeks],
            "titles": [f"Week of {week.period.first:%d %b %Y}" for week in weeks],
            "target": found.compliance.measure.target_percent,
            "series": [
                {"name": line.words, "values": [_percent(week.kept.get(line.code)) for week in weeks]} for line in lines
            ],
        },
        "bands": {
            "labels": [label for label, _, _ in BANDS],
            "series": [{"name": line.words, "values": [band.part for band in line.bands]} for line in lines],
        },
    }


def _percent(kept: Any) -> float | None:
    return None if kept is None or kept.kept.percent is None else float(kept.kept.percent)
