"""A figure as it is shown: what it counts, of how many, and where the rows behind it are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from dashboards.ranks import nearest_rank, percent_of
from dashboards.registry import Kpi, find
from dashboards.scope import Scope

P50, P90 = 50, 90


@dataclass(frozen=True, slots=True)
class Figure:
    """A registered figure in a scope: ``part`` rows behind it, of ``whole`` where it is a share."""

    key: str
    scope: Scope
    part: int
    whole: int | None = None

    @property
    def kpi(self) -> Kpi:
        return find(self.key)

    @property
    def percent(self) -> Decimal | None:
        """The share, or nothing where there is no data."""
        return None if self.whole is None else percent_of(self.part, self.whole)

    @property
    def query(self) -> str:
        """The query of the address that shows the rows behind it."""
        return self.scope.query(figure=self.key)


@dataclass(frozen=True, slots=True)
class Spread:
    """Median and 90th percentile, by nearest rank, of as many values as ``figure`` counts; nothing where there are none."""

    figure: Figure
    median: int | None
    p90: int | None


def figure(key: str, scope: Scope, counts: Mapping[str, int]) -> Figure:
    """Take a figure out of the counts of its family."""
    kpi = find(key)
    return Figure(key, scope, counts[kpi.part], counts[kpi.whole] if kpi.whole else None)


def spread(key: str, scope: Scope, ordered: Sequence[int]) -> Spread:
    """Make a spread of values given in their order."""
    return Spread(Figure(key, scope, len(ordered)), nearest_rank(ordered, P50), nearest_rank(ordered, P90))
