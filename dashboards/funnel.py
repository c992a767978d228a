"""From lead to customer: the funnel, its rates, days to win, and the same by source, campaign and month."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dashboards.families import ACTIVITY, COHORT, STAGES
from dashboards.figures import Figure, Spread, figure, spread
from dashboards.periods import Period
from dashboards.scope import Scope
from dashboards.tallies import SOURCE_RAW, Counts, lead_tally, monthly

RATES = (*(f"{stage}_rate" for stage in STAGES[1:]), "win_rate")


@dataclass(frozen=True, slots=True)
class Line:
    """The funnel of a group: its leads by stage, rates and, where asked for, days to win. ``value`` is the group's code, id or period."""

    value: Any
    figures: dict[str, Figure]
    days_to_win: Spread | None

    @property
    def leads(self) -> Figure:
        return self.figures["leads"]

    @property
    def won(self) -> Figure:
        return self.figures["won"]


@dataclass(frozen=True, slots=True)
class Funnel:
    """The whole, its groups (those with the most leads first; months in their order), and the deals that need a look."""

    total: Line
    by_source: list[Line]
    by_campaign: list[Line]
    by_month: list[Line]
    by_source_raw: list[Line]


@dataclass(frozen=True, slots=True)
class Win:
    """A won lead: where it came from and how many calendar days it took, negative where it is dated before it arrived."""

    source: str
    campaign: int | None
    month: int
    days: int


def funnel(scope: Scope, *, in_detail: bool = False) -> Funnel:
    """Reckon the funnel of ``scope`` on its basis; ``in_detail`` also by month and by the source as it was written."""
    months = scope.period.months() if in_detail else []
    tally = lead_tally(scope, ("source", "campaign"))
    wins = won(scope, months)
    by_month = monthly(scope, months) if in_detail else {}
    return Funnel(
        total=_line(scope, None, tally.total(), wins),
        by_source=_lines(tally.by("source"), lambda value: scope.only(source=value), _by(wins, "source")),
        by_campaign=_lines(tally.by("campaign"), lambda value: scope.only(campaign=value or 0), _by(wins, "campaign")),
        by_month=[
            _line(scope.within(month), month, by_month[number], _by(wins, "month")[number])
            for number, month in enumerate(months)
            if number in by_month
        ],
        by_source_raw=_raw_lines(scope) if in_detail else [],
    )


def total(scope: Scope) -> Line:
    """Reckon the whole alone, to compare with."""
    return _line(scope, None, lead_tally(scope, ()).total(), None)


def won(scope: Scope, months: list[Period]) -> list[Win]:
    """Load the wins behind the figures, with their days between dates in the company's zone."""
    family = COHORT if scope.basis == "cohort" else ACTIVITY
    rows = family.rows(scope, "won_dated")
    zone, is_cohort = scope.period.zone, scope.basis == "cohort"
    wins = []
    for source, campaign, captured_at, customer_at in rows.values_list(
        "source", "last_campaign_id", "captured_at", "customer_at"
    ):
        arrived_on, won_on = captured_at.astimezone(zone).date(), customer_at.astimezone(zone).date()
        month = _slice_of(captured_at if is_cohort else customer_at, months)
        wins.append(Win(source, campaign, month, (won_on - arrived_on).days))
    return wins


def _slice_of(at: datetime, parts: list[Period]) -> int:
    return next((number for number, part in enumerate(parts) if at < part.ends_at), 0)


def _by(wins: Iterable[Win], name: str) -> defaultdict[Any, list[Win]]:
    found: defaultdict[Any, list[Win]] = defaultdict(list)
    for win in wins:
        found[getattr(win, name)].append(win)
    return found


def _lines(
    groups: dict[Any, Counts], narrow: Callable[[Any], Scope], wins: defaultdict[Any, list[Win]] | None
) -> list[Line]:
    lines = [
        _line(narrow(value), value, counts, None if wins is None else wins[value])
        for value, counts in groups.items()
        if any(counts.values())
    ]
    return sorted(lines, key=lambda line: (-line.leads.part, -line.won.part, str(line.value)))


def _line(scope: Scope, value: Any, counts: Counts, wins: Iterable[Win] | None) -> Line:
    names = [*STAGES, *RATES, "won_early", "sales_sourced"]
    figures = {name: figure(f"{scope.basis}.{name}", scope, counts) for name in names}
    if wins is None:
        return Line(value, figures, None)
    days = Counter(win.days for win in wins)
    return Line(value, figures, spread(f"{scope.basis}.days_to_win", scope, days.items()))


def _raw_lines(scope: Scope) -> list[Line]:
    groups = lead_tally(scope, (SOURCE_RAW,)).by(SOURCE_RAW)
    return _lines(groups, lambda value: scope.only(source_raw=value or ""), None)
