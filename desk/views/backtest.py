"""A version of the agreement tried on the leads of the past. The whole question stands in the address."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from desk.access import instant, reader, sees
from desk.queries.backtest import form_again, form_of, page_of, rows_of
from desk.queries.negotiation import VersionRow, version_for, versions_for
from inputs.numbers import MAX_ID, whole
from inputs.refusals import Invalid
from leads.answers import Waiting
from leads.backtest.asked import MOST_LISTED, ask
from leads.backtest.result import Result
from leads.backtest.scenario import BadBacktest, Scenario, read_scenario
from leads.backtest.tally import ENTERING, SETS
from ledger.instants import company_day
from sla.models import Standing
from teams.models import User


@require_safe
@sees("see_what_if")
def backtest_page(request: HttpRequest, number: int) -> HttpResponse:
    """Show what version ``number`` would have made of the leads of a period, beside another version and what was recorded."""
    user, at, query = reader(request), instant(request), request.GET.dict()
    version = version_for(user, number)
    rows = versions_for(user, at)
    context: dict[str, Any] = {"version": version, "standing": version.standing(at, _in_force(rows)), "rows": rows}
    try:
        scenario = read_scenario(
            query, number=version.number, versions={row.version.number: str(row.standing.label) for row in rows},
            usual=_usual(rows, version.number), today=company_day(at),
        )  # fmt: skip
        of, after = _listed(query)
        answer = ask(scenario, at=at)
    except Invalid as refused:
        if request.htmx:  # type: ignore[attr-defined]  # who waits for the answer is shown what is wrong on a page of its own
            return HttpResponse(status=HTTPStatus.NO_CONTENT, headers={"HX-Refresh": "true"})
        context |= {"form": form_again(query, refused), "is_refused": True}
        return render(request, "desk/backtest.html", context, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    context |= {
        "form": form_of(scenario),
        "scenario": scenario,
        "query": scenario.query(of=of),
        "plain_query": scenario.query(),
    }
    context |= {"waiting": answer} if isinstance(answer, Waiting) else _answered(answer, user, of, after)
    response = render(request, "desk/backtest.html", context)
    response["Cache-Control"] = "no-store"
    return response


def _in_force(rows: list[VersionRow]) -> int | None:
    return next((row.version.pk for row in rows if row.standing == Standing.ACTIVE), None)


def _usual(rows: list[VersionRow], number: int) -> int | None:
    """Give the version in force, to compare with; for that itself the one before it, else itself."""
    numbers = [row.version.number for row in rows if row.standing in (Standing.ACTIVE, Standing.SUPERSEDED)]
    return next((other for other in numbers if other != number), number if number in numbers else None)


def _listed(query: dict[str, str]) -> tuple[str, int | None]:
    of = query.get("of") or ENTERING
    if of not in SETS:
        raise BadBacktest("Leads enter or leave; there is no other list.", field="of")
    return of, whole(query["after"], field="after", low=1, high=MAX_ID) if "after" in query else None


def _answered(result: Result, user: User, of: str, after: int | None) -> dict[str, Any]:
    listed = result.tally.changed[of]
    shown, following = page_of(listed, after)
    return {
        "result": result,
        "tally": result.tally,
        "of": of,
        "sets": [(name, result.tally.counts[name]) for name in SETS],
        "changed": rows_of(shown, user),
        "count": result.tally.counts[of],
        "is_cut": result.tally.counts[of] > len(listed),
        "most_listed": MOST_LISTED,
        "following": following,
        "is_first": after is None,
        "columns": _columns(result.scenario, result),
    }


def _columns(scenario: Scenario, result: Result) -> list[tuple[str, str, Any]]:
    """Give the rows of the table: what it is, a note, and the figures."""
    tally = result.tally
    columns = [("As recorded", "by the versions of then, and by word", tally.recorded)]
    if scenario.against != scenario.number:
        columns.append((f"Version {scenario.against}", "replayed", tally.before))
    return [*columns, (f"Version {scenario.number}", "replayed", tally.after)]
