"""When a lead of the past would have become an MQL: its touches one after the other, each judged as the intake would have. Pure.

Source of the rules: design, domain page, *qualify* and *Scoring*. Fit is that of what is known of the lead today; engagement grows with each
touch and sinks in between, so a rule is asked after each touch and needs to be asked at no other instant.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, Protocol

from leads.codes import HAND_RAISES
from leads.scoring import Engagement, Scoring, TouchLine, add_points, engagement_at
from personas.conditions import Rule
from personas.fit import FIT_FIELDS, Fit

Facts = dict[str, Any]


class Judging(Protocol):
    """What a version of the agreement judges by."""

    @property
    def scoring(self) -> Scoring: ...

    @property
    def mql_rule(self) -> Rule: ...

    def fit(self, facts: Mapping[str, Any], /) -> Fit: ...

    def tier(self, facts: Mapping[str, Any], /) -> str: ...


@dataclass(frozen=True, slots=True)
class Past:
    """A lead as it is known today: its ``facts`` without scores, its ``touches`` in order, and what became of it.

    ``mql_at`` is when it first became an MQL, if ever; ``by_word`` says that a marketer said so, not the rule.
    """

    id: int
    captured_at: datetime
    facts: Facts
    touches: Sequence[TouchLine]
    mql_at: datetime | None
    by_word: bool
    was_with_sales: bool
    is_sql: bool
    is_won: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """That a lead becomes an MQL, when, and of which tier."""

    at: datetime
    tier: str


@dataclass(slots=True)
class Bench:
    """Judges leads by one version. What it knows of equal leads it does not work out again: one serves a whole replay."""

    judge: Judging
    fits: dict[Any, tuple[int | None, str]] = field(default_factory=dict)
    asked: Callable[[Facts], Any] = field(init=False)

    def __post_init__(self) -> None:
        of_negatives = {name for negative in self.judge.scoring.negatives for name in negative.rule.fields}
        self.asked = itemgetter(*sorted(FIT_FIELDS | of_negatives))

    def verdict(self, past: Past) -> Verdict | None:
        """Give when ``past`` would first have been an MQL, or nothing."""
        facts = dict(past.facts)
        facts["fit"], facts["grade"] = self._fit(facts)
        for at, engagement, is_hand_raise in self._moments(past):
            facts["engagement"], facts["is_hand_raise"] = engagement, is_hand_raise
            if self.judge.mql_rule.holds(facts):
                return Verdict(at, self.judge.tier(facts))
        return None

    def _fit(self, facts: Facts) -> tuple[int | None, str]:
        key = self.asked(facts)
        found = self.fits.get(key)
        if found is None:
            fit = self.judge.fit(facts)
            found = self.fits[key] = fit.score, fit.grade
        return found

    def _moments(self, past: Past) -> Any:
        """Give after each touch the instant, the engagement, and whether the hand was raised; a lead without touches has its arrival."""
        scoring, is_raised = self.judge.scoring, False
        engagement = Engagement(0.0, None, scoring.half_life_days)
        if not past.touches:
            yield past.captured_at, 0, False
        for at, touches in groupby(past.touches, key=itemgetter(1)):
            together = list(touches)
            engagement = add_points(engagement, scoring, together)
            is_raised = is_raised or any(touch.kind in HAND_RAISES for touch in together)
            points = engagement_at(
                fixed=engagement.fixed, level=engagement.level, half_life_days=engagement.half_life_days, at=at
            )
            yield at, points, is_raised
