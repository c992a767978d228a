"""All figures of a scope, as the dashboard shows them and ``manage.py kpis`` prints them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dashboards.compliance import Compliance, compliance
from dashboards.deliveries import Deliveries, deliveries
from dashboards.families import FAMILIES
from dashboards.figures import Figure, figure
from dashboards.freshness import Freshness, freshness
from dashboards.funnel import Funnel, Line, funnel, total
from dashboards.registry import find
from dashboards.scope import Scope
from dashboards.tallies import lead_tally, tally
from ledger.one_view import one_view


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of ``scope``; ``before`` is the funnel of the period before, without groups."""

    scope: Scope
    at: datetime
    funnel: Funnel
    before: Line
    compliance: Compliance
    deliveries: Deliveries
    deliveries_before: Figure


def report(scope: Scope, *, at: datetime, in_detail: bool = False, from_rollups: bool = True) -> Report:
    """Reckon everything with a bounded number of statements; ``in_detail`` adds months and sources as they were written.

    All of it is true of one moment. Without ``from_rollups`` everything is counted from the facts: the figures are the same.
    """
    with one_view():
        fresh = freshness(scope.period.zone) if from_rollups else None
        return Report(
            scope=scope,
            at=at,
            funnel=funnel(scope, in_detail=in_detail, fresh=fresh),
            before=total(scope.before(), fresh),
            compliance=compliance(scope, at=at, fresh=fresh),
            deliveries=deliveries(scope, in_detail=in_detail, fresh=fresh),
            deliveries_before=value_of("handoff.acceptance_rate", scope.before(), fresh),
        )


def value_of(key: str, scope: Scope, fresh: Freshness | None = None) -> Figure:
    """Reckon one figure alone; its basis is that of its key."""
    kpi = find(key)
    family = FAMILIES[kpi.family]
    scope = on_basis_of(key, scope)
    if kpi.family in ("cohort", "activity"):
        return figure(key, scope, lead_tally(scope, (), fresh=fresh).total())
    measures: list[Any] = [kpi.part, *([kpi.whole] if kpi.whole else [])]
    return figure(key, scope, tally(family, scope, (), measures=measures, fresh=fresh).total())


def on_basis_of(key: str, scope: Scope) -> Scope:
    """Give ``scope`` on the basis that the figure itself has."""
    family = find(key).family
    return Scope(scope.period, scope.filters, family if family in ("cohort", "activity") else scope.basis)
