"""Shares and ranks: how a figure is reckoned from counts. Pure.

Percentiles are by nearest rank: the smallest value that at least p % of the values do not exceed, always one that occurred.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

TENTH = Decimal("0.1")


def percent_of(part: int, whole: int) -> Decimal | None:
    """Give ``part`` of ``whole`` in percent with one decimal place, half up; nothing where there is no whole: that is no data, not 0 %."""
    if whole <= 0:
        return None
    return (Decimal(100 * part) / Decimal(whole)).quantize(TENTH, ROUND_HALF_UP)


def nearest_rank(ordered: Sequence[int], percent: int) -> int | None:
    """Give the ``percent`` percentile of values in their order; nothing where there are none."""
    if not ordered:
        return None
    rank = max(1, -(-len(ordered) * percent // 100))  # the ceiling
    return ordered[rank - 1]
