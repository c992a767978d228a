"""Engagement as of an instant, exact while it decays, and the tier. Pure.

Source: design, domain page, *Scoring*. Points of a touch halve every half-life; others are fixed. A lead stores the sum in a form that
needs no job to age: ``engagement_fixed`` is the points that stay, ``engagement_level`` is

    log2(decaying points at an instant) + seconds from 2000-01-01 UTC to that instant / half-life in seconds

which is the same number at every instant, so that a score is read as of any of them and a new touch is one addition. (Points of many
touches add up because all decay by the same half-life; a level near 500 keeps 13 digits.)
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from leads.codes import TOUCH_KINDS
from personas.conditions import BadRule, Rule
from personas.fit import Negative, grade, read_negatives
from personas.scoring_terms import read_half_life, read_points

__all__ = [
    "EMPTY", "BadScoring", "Engagement", "Scoring", "TouchLine", "add_points", "engagement_at", "engagement_items", "engagement_now",
    "grade", "points_left", "rebase", "recompute", "tier_of", "whole",
]  # fmt: skip

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
DAY_SECONDS = 86_400
MAX_ENGAGEMENT = 100
STANDARD = "standard"


class TouchLine(NamedTuple):
    """What a score says of a touch: its kind and when it occurred, where it came from, and the campaign it is credited to."""

    kind: str
    occurred_at: datetime
    source: str = ""
    campaign_id: int | None = None


class BadScoring(ValueError):
    """The terms of a scoring version are malformed."""


@dataclass(frozen=True, slots=True)
class Scoring:
    """A scoring version: one half-life, for each kind of touch its points and whether they decay, and what takes points off the fit."""

    version_id: int
    half_life_days: int
    points: Mapping[str, tuple[int, bool]]
    negatives: tuple[Negative, ...] = ()

    @staticmethod
    def from_terms(version_id: int, terms: Mapping[str, Any]) -> Scoring:
        """Read the terms of a version (see ``personas.models.ScoringVersion``); raises ``BadScoring``."""
        try:
            half_life = read_half_life(terms["half_life_days"])
            points = {kind: read_points(kind, line) for kind, line in terms["points"].items()}
            negatives = read_negatives(terms.get("negatives", ()))
        except BadRule as error:
            raise BadScoring(str(error)) from error
        except (KeyError, TypeError, AttributeError) as error:
            raise BadScoring(f"The scoring is incomplete or malformed: {error!r}") from error
        return Scoring(version_id, half_life, points, negatives)


@dataclass(frozen=True, slots=True)
class Engagement:
    """What a lead stores: fixed points, the level of those that decay (``None``: there are none), the half-life."""

    fixed: float
    level: float | None
    half_life_days: int


EMPTY = Engagement(0.0, None, 30)


def points_left(engagement: Engagement, at: datetime) -> float:
    """Give the points as of ``at``, whatever they add up to."""
    if engagement.level is None:
        return engagement.fixed
    left: float = 2.0 ** min(engagement.level - half_lives(at, engagement.half_life_days), 30.0)
    return engagement.fixed + left


def whole(points: float) -> int:
    """Give the engagement, 0 to 100, rounded to a whole point: the number that rules and screens use.

    A millionth of a point is cut first, so that half a point rounds up however the sum was put together.
    """
    return min(MAX_ENGAGEMENT, math.floor(round(points, 6) + 0.5))


def engagement_at(*, fixed: float, level: float | None, half_life_days: int, at: datetime) -> int:
    """Give the engagement of a stored form as of ``at``."""
    return whole(points_left(Engagement(fixed, level, half_life_days), at))


def engagement_now(lead: Any, at: datetime) -> int:
    """Give a lead's engagement as of ``at``, 0 to 100; ``lead`` is a row of the model or the intake's own state."""
    return engagement_at(
        fixed=lead.engagement_fixed, level=lead.engagement_level, half_life_days=lead.half_life_days, at=at
    )


def add_points(engagement: Engagement, scoring: Scoring, touches: Iterable[TouchLine]) -> Engagement:
    """Add the points of ``touches``. Their order does not matter, nor how they are split over calls."""
    fixed, level = engagement.fixed, engagement.level
    half_life = engagement.half_life_days
    for touch in touches:
        points, decays = scoring.points.get(touch.kind, (0, False))
        if not decays:
            fixed += points
        elif points:
            level = _sum(level, math.log2(points) + half_lives(touch.occurred_at, half_life))
    return Engagement(fixed, level, half_life)


def rebase(engagement: Engagement, *, half_life_days: int, at: datetime) -> Engagement:
    """Go over to another half-life: the points as of ``at`` stay, from then on they decay by the new one."""
    if engagement.half_life_days == half_life_days:
        return engagement
    level = engagement.level
    if level is not None:
        level += half_lives(at, half_life_days) - half_lives(at, engagement.half_life_days)
    return Engagement(engagement.fixed, level, half_life_days)


def together(one: Engagement, other: Engagement, *, at: datetime) -> Engagement:
    """Add up the points of two leads of one person, as of ``at`` by the half-life of ``one``."""
    same = rebase(other, half_life_days=one.half_life_days, at=at)
    level = one.level if same.level is None else _sum(one.level, same.level)
    return Engagement(one.fixed + same.fixed, level, one.half_life_days)


def recompute(scoring: Scoring, touches: Iterable[TouchLine]) -> Engagement:
    """Compute the stored form from all touches of a lead under one scoring version."""
    return add_points(Engagement(0.0, None, scoring.half_life_days), scoring, touches)


def engagement_items(scoring: Scoring, touches: Sequence[TouchLine], *, at: datetime) -> list[dict[str, Any]]:
    """List what each touch is worth as of ``at``, newest first, each with the evidence for it, in codes and ids."""
    return [item_of(scoring, touch, at) for touch in sorted(touches, key=lambda touch: touch.occurred_at, reverse=True)]


def item_of(scoring: Scoring, touch: TouchLine, at: datetime) -> dict[str, Any]:
    """Give ``{"score", "code", "words", "points", "age_days", "source", "campaign", "day"}``; the day is the one in UTC."""
    points, decays = scoring.points.get(touch.kind, (0, False))
    age = (at - touch.occurred_at).total_seconds() / DAY_SECONDS
    worth = points * 0.5 ** (age / scoring.half_life_days) if decays else points
    return {
        "score": "engagement",
        "code": touch.kind,
        "words": TOUCH_KINDS.get(touch.kind, touch.kind),
        "points": round(worth, 1),
        "age_days": int(age),
        "source": touch.source,
        "campaign": touch.campaign_id,
        "day": touch.occurred_at.date().isoformat(),
    }


def tier_of(tier_rules: Mapping[str, Rule], facts: Mapping[str, Any]) -> str:
    """Give the first tier whose rule holds, else *standard*."""
    return next((tier for tier, rule in tier_rules.items() if rule.holds(facts)), STANDARD)


def half_lives(at: datetime, half_life_days: int) -> float:
    """Give how many half-lives lie between the epoch and ``at``: the unit of a level."""
    return (at - EPOCH).total_seconds() / (half_life_days * DAY_SECONDS)


def _sum(level: float | None, other: float) -> float:
    """Add two levels: log2(2^a + 2^b), without leaving the range of floats."""
    if level is None:
        return other
    high, low = (level, other) if level >= other else (other, level)
    return high + math.log2(1.0 + 2.0 ** (low - high))
