"""Answer a backtest: judge each lead of the period by both versions, and count."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from leads.backtest.assumptions import ASSUMPTIONS
from leads.backtest.reading import Court, court_of, pasts
from leads.backtest.replaying import Bench
from leads.backtest.scenario import Scenario
from leads.backtest.tally import Tally
from ledger.one_view import one_view
from sla.models import AgreementVersion


@dataclass(frozen=True, slots=True)
class Result:
    """The answer, as seen at ``at``: what ``before``, the version compared with, and ``after``, the version tried, make of the same leads."""

    scenario: Scenario
    at: datetime
    tally: Tally
    assumptions: tuple[str, ...]


def courts(scenario: Scenario) -> tuple[Court, Court]:
    """Compile the version compared with and the version tried; raises ``BadBacktest`` where one cannot be read."""
    numbers = (scenario.against, scenario.number)
    found = {row.number: row for row in AgreementVersion.objects.filter(number__in=numbers).select_related("scoring")}
    return court_of(found[scenario.against], field="against"), court_of(found[scenario.number], field="number")


def backtest(
    scenario: Scenario, before: Court, after: Court, *, at: datetime, most_listed: int | None = None
) -> Result:
    """Judge the leads of the period by ``before`` and ``after``; of those that come out otherwise ``most_listed`` of each kind are listed."""
    tally = Tally(most_listed=most_listed)
    benches = Bench(before), Bench(after)
    with one_view():
        for past in pasts(scenario.first, scenario.until):
            tally.count(past, *(bench.verdict(past) for bench in benches))
    return Result(scenario, at, tally, ASSUMPTIONS)
