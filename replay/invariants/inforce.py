"""Which versions could be in force when something was done: of the agreement, and of the rules of routing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from replay.invariants.facts import Facts

OVERLAP = timedelta(minutes=1)
"""So long before the instant of a deed its transaction may have read what was in force: a version that began since may not have been seen."""

Since = tuple[datetime, int, int]
"""From when a version holds, its number, its id."""


def possible(versions: Sequence[Since], at: datetime) -> frozenset[int]:
    """Give the ids of the versions, in the order of time, that may have been taken for the one in force at ``at``."""
    settled = [version for version in versions if version[0] <= at - OVERLAP]
    since = [version for version in versions if at - OVERLAP < version[0] <= at]
    return frozenset(version[2] for version in [*settled[-1:], *since])


class Times:
    """The versions of a history, each instant looked up once."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._rules = sorted((row.since, row.number, row.id) for row in facts.routing.values())
        self._known: dict[tuple[bool, datetime], frozenset[int]] = {}

    def agreements(self, at: datetime) -> frozenset[int]:
        """Give which agreement versions may have been in force."""
        return self._possible(at, is_agreement=True)

    def rules(self, at: datetime) -> frozenset[int]:
        """Give which routing versions may have been in force."""
        return self._possible(at, is_agreement=False)

    def scoring(self, at: datetime) -> Mapping[str, Any] | None:
        """Give how touches counted; nothing where that cannot be told: before the first agreement, and right after another began."""
        pinned = [self._facts.terms[version_id]["pinned"]["scoring"] for version_id in self.agreements(at)]
        return pinned[0] if pinned and all(one == pinned[0] for one in pinned) else None

    def _possible(self, at: datetime, *, is_agreement: bool) -> frozenset[int]:
        key = (is_agreement, at)
        if key not in self._known:
            self._known[key] = possible(self._facts.signed if is_agreement else self._rules, at)
        return self._known[key]
