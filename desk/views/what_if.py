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
from leads.answers import Waiting
from leads.what_if.asked import ask
from leads.what_if.reading import known_at, owed
from leads.what_if.result import Result
from leads.what_if.scenario import BadScenario, Known, Scenario, read_scenario
from ledger.instants import company_day
from teams.models import User

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
        answer = ask(scenario, known, at=at)
        if isinstance(answer, Result):
            _check_of(query.get("of", ""), answer)
    except Invalid as refused:
        if request.htmx:  # type: ignore[attr-defined]  # who waits for the answer is shown what is wrong on a page of its own
            return HttpResponse(status=HTTPStatus.NO_CONTENT, headers={"HX-Refresh": "true"})
        context: dict[str, Any] = {"form": form_again(query, known, refused), "is_refused": True, "is_open": True}
        return render(request, "desk/what_if.html", context, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    of = query.get("of", "")
    context = _asked(scenario, known, of)
    context |= {"waiting": answer} if isinstance(answer, Waiting) else _answered(answer, reader(request), of, after)
    response = render(request, "desk/what_if.html", context)
    response["Cache-Control"] = "no-store"
    return response


def _check_of(of: str, result: Result) -> None:
    lines = [line for promise in result.promises for line in (promise.total, *promise.tiers)]
    if of and of not in {f"{line.code}-{line.tier}".rstrip("-") for line in lines}:
        raise BadScenario("No such promise fell due in this period.", field="of")


def _asked(scenario: Scenario, known: Known, of: str) -> dict[str, Any]:
    return {
        "form": form_of(scenario, known, owed(scenario.first, scenario.until)),
        "is_open": not scenario.is_changed,
        "scenario": scenario,
        "said": changes_in_words(scenario, known),
        "query": scenario.query(**({"of": of} if of else {})),
        "plain_query": scenario.query(),
    }


def _answered(result: Result, user: User, of: str, after: int | None) -> dict[str, Any]:
    changed = narrowed(result, of)
    shown, following = page_of(changed, after)
    return {
        "result": result,
        "rows": rows_of(shown, user),
        "count": len(changed),
        "of": of,
        "of_words": next((p.total.words for p in result.promises if p.total.code == of.partition("-")[0]), ""),
        "of_tier": of.partition("-")[2],
        "following": following,
        "is_first": after is None,
        "at": result.at,
    }
