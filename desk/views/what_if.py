"""What if: the past asked again under other terms, hours or staff. The whole scenario stands in the address."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from desk.access import instant, reader, sees
from desk.queries.what_if import changes_in_words, narrowed, page_of, rows_of
from desk.what_if_form import form_again, form_of
from inputs.numbers import MAX_ID, whole
from inputs.refusals import Invalid
from leads.what_if.reading import known_at
from leads.what_if.result import Result, what_if
from leads.what_if.scenario import BadScenario, Known, Scenario, read_scenario
from ledger.instants import company_day
from teams.models import User

MOST_ON_PAGE = 50_000
"""Clocks: what a page answers in some seconds (``./run bench what_if``). The command knows no limit."""

BESIDE = ("from", "last", "of", "after")
"""Parameters that change nothing about the past."""


@require_safe
@sees("see_what_if")
def what_if_page(request: HttpRequest) -> HttpResponse:
    """Show what would have become of the promises of a period; a form as it was sent is brought to its short address first."""
    at, query = instant(request), request.GET.dict()
    known = known_at(at)
    try:
        scenario = read_scenario(query, known, company_day(at))
        said = scenario.changes()
        if any(name not in said and (name not in BESIDE or not value) for name, value in query.items()):
            beside = {name: query[name] for name in ("of", "after") if query.get(name)}
            return redirect(f"{reverse('desk:what_if')}?{scenario.query(**beside)}")
        after = whole(query["after"], field="after", low=1, high=MAX_ID) if "after" in query else None
        result = what_if(scenario, known, at=at, most=MOST_ON_PAGE)
        _check_of(query.get("of", ""), result)
    except Invalid as refused:
        context: dict[str, Any] = {"form": form_again(query, known, refused), "is_refused": True, "is_open": True}
        return render(request, "desk/what_if.html", context, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    context = _context(result, known, reader(request), query.get("of", ""), after)
    return render(request, "desk/what_if.html", context)


def _check_of(of: str, result: Result) -> None:
    lines = [line for promise in result.promises for line in (promise.total, *promise.tiers)]
    if of and of not in {f"{line.code}-{line.tier}".rstrip("-") for line in lines}:
        raise BadScenario("No such promise fell due in this period.", field="of")


def _context(result: Result, known: Known, user: User, of: str, after: int | None) -> dict[str, Any]:
    scenario: Scenario = result.scenario
    changed = narrowed(result, of)
    shown, following = page_of(changed, after)
    narrowing = {"of": of} if of else {}
    return {
        "form": form_of(scenario, known, {promise.total.code for promise in result.promises}),
        "is_open": not scenario.is_changed,
        "scenario": scenario,
        "said": changes_in_words(scenario, known),
        "result": result,
        "rows": rows_of(shown, user),
        "count": len(changed),
        "of": of,
        "of_words": next((p.total.words for p in result.promises if p.total.code == of.partition("-")[0]), ""),
        "of_tier": of.partition("-")[2],
        "following": following,
        "is_first": after is None,
        "query": scenario.query(**narrowing),
        "plain_query": scenario.query(),
        "at": result.at,
    }
