"""How the version in force is kept at present: each promise in the running month, each target in its running period."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from dashboards.asked import company_zone, today
from dashboards.compliance import Kept, attainment
from dashboards.periods import Period, named
from desk.queries.targets import TargetLine, targets_of
from sla.models import AgreementVersion


@dataclass(frozen=True, slots=True)
class Live:
    """What stands beside the clauses of the version in force.

    ``promises`` are by code, as the dashboard counts them in ``period``. ``targets`` are in the order of the document, each with where it
    stands, or with from when on it counts.
    """

    period: Period
    promises: dict[str, Kept]
    targets: list[tuple[TargetLine | None, str]]


def live_of(version: AgreementVersion, at: datetime) -> Live:
    """Say how ``version``, which is in force at ``at``, is kept; the number of queries does not grow with what is counted."""
    period = named("this_month", today(at), company_zone())
    stands = [(line, begins) for _, line, begins in targets_of(version, at)]
    return Live(period, attainment(period, at=at), stands)
