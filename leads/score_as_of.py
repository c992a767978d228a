"""The scores of a lead as of any past instant, from its event log alone: what was known then, by what was in force then.

Engagement is reckoned anew, touch by touch: those that had arrived by then, each by the scoring that was in force when it arrived, less what
a recycling has cleared. It is what the stored form gave at that instant. Fit rests on what was known of people and companies, which is
corrected in place and may be erased; so its number is kept with the events that brought it, and its lines with each qualification
(decision 23).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from inputs.refusals import Invalid
from leads.models import Lead, LeadEvent, Qualification
from leads.qualifying import UNSIGNED
from leads.scoring import (
    MAX_ENGAGEMENT,
    Engagement,
    Scoring,
    TouchLine,
    add_points,
    item_of,
    points_left,
    rebase,
    whole,
)
from personas.fit import grade
from sla.in_force import InForce, agreements_until

TOUCHES = ("captured", "touched")
JUDGED = (*TOUCHES, "completed")
"""After what a lead is scored."""
KINDS = (*JUDGED, "recycled", "revived", "qualified", "took_in", "gave_back")


class NotKnownThen(Invalid):
    """The lead came in later than this instant."""

    code = "before_the_lead"


@dataclass(frozen=True, slots=True)
class ScoreAsOf:
    """Both scores as of ``at``, itemised, and the version that was in force.

    ``is_fit_kept`` is false where an earlier edition of the program kept no number; ``fit_items`` are there from a qualification until
    something new came in.
    """

    at: datetime
    agreement: InForce | None
    fit: int | None
    is_fit_kept: bool
    fit_items: tuple[dict[str, Any], ...]
    points: float
    engagement_items: tuple[dict[str, Any], ...]

    @property
    def grade(self) -> str:
        return grade(self.fit)

    @property
    def engagement(self) -> int:
        return whole(self.points)

    @property
    def is_capped(self) -> bool:
        """Tell whether the touches add up to more than the scale holds."""
        return self.points > MAX_ENGAGEMENT


def score_as_of(lead: Lead, at: datetime) -> ScoreAsOf:
    """Give the scores of ``lead`` as of ``at``, with three queries and one for each lead that was merged into it; raises ``NotKnownThen``."""
    tally = _tally(lead, at)
    qualified = Qualification.objects.filter(lead=lead, qualified_at__gte=tally.judged_at, qualified_at__lte=at)
    last = qualified.order_by("-qualified_at", "-id").first()
    return ScoreAsOf(
        at=at,
        agreement=tally.in_force(at),
        fit=tally.fit,
        is_fit_kept=tally.is_fit_kept,
        fit_items=tuple(item for item in last.items if item["score"] == "fit") if last else (),
        points=sum(points_left(worth, at) for _, worth, _ in tally.lines),
        engagement_items=tuple(_items(tally.lines, at)),
    )


def touches_as_of(lead: Lead, at: datetime) -> tuple[dict[str, Any], ...]:
    """Give what each touch adds to the engagement as of ``at``, newest first, with two queries; raises ``NotKnownThen``."""
    return tuple(_items(_tally(lead, at).lines, at))


def _tally(lead: Lead, at: datetime) -> _Tally:
    tally = _Tally(agreements_until(at))
    tally.add_all(LeadEvent.objects.filter(lead=lead, recorded_at__lte=at))
    if tally.judged_at is None:
        raise NotKnownThen("The lead was not known yet at that time.")
    return tally


Line = tuple[TouchLine, Engagement, Scoring]
"""A touch, what it is worth in the stored form, and by which scoring it came in."""


@dataclass(slots=True)
class _Tally:
    """What the events of a lead add up to, one after the other."""

    versions: Sequence[tuple[datetime, InForce]]
    lines: list[Line] = field(default_factory=list)
    half_life_days: int = 0
    fit: int | None = None
    is_fit_kept: bool = False
    judged_at: datetime | None = None
    before_merges: list[list[Line]] = field(default_factory=list)

    def add_all(self, events: QuerySet[LeadEvent]) -> None:
        for event in events.filter(kind__in=KINDS).order_by("id"):
            self.add(event)

    def add(self, event: LeadEvent) -> None:
        if event.kind in TOUCHES:
            self._count(_touch_of(event), event.recorded_at)
        elif event.kind == "recycled":
            self.lines = []
        elif event.kind == "took_in":
            self._take_in(event)
        elif event.kind == "gave_back" and self.before_merges:
            self.lines = self.before_merges.pop()
        if event.kind in JUDGED:
            self.judged_at, self.is_fit_kept, self.fit = event.recorded_at, False, None
        if "fit" in event.facts:
            self.is_fit_kept, self.fit = True, event.facts["fit"]

    def in_force(self, at: datetime) -> InForce | None:
        place = bisect_right(self.versions, at, key=lambda version: version[0])
        return self.versions[place - 1][1] if place else None

    def _take_in(self, event: LeadEvent) -> None:
        """Add what the lead that was merged into this one had collected until then."""
        other = _Tally(self.versions)
        other.add_all(LeadEvent.objects.filter(lead=event.facts["lead"], pk__lt=event.pk))
        self.before_merges.append([*self.lines])
        days = self.half_life_days = self.half_life_days or other.half_life_days
        at = event.recorded_at
        self.lines += [(line, rebase(worth, half_life_days=days, at=at), by) for line, worth, by in other.lines]

    def _count(self, touch: TouchLine, at: datetime) -> None:
        agreement = self.in_force(at)
        scoring = Scoring.from_terms(agreement.scoring_version_id, agreement.scoring) if agreement else UNSIGNED.scoring
        days = scoring.half_life_days
        if days != self.half_life_days:
            self.lines = [(line, rebase(worth, half_life_days=days, at=at), by) for line, worth, by in self.lines]
        self.half_life_days = days
        self.lines.append((touch, add_points(Engagement(0.0, None, days), scoring, [touch]), scoring))


def _touch_of(event: LeadEvent) -> TouchLine:
    if event.kind == "captured":
        return TouchLine(event.facts.get("kind", ""), event.occurred_at, event.code, event.campaign_id)
    return TouchLine(event.code, event.occurred_at, event.facts.get("source", ""), event.campaign_id)


def _items(lines: Iterable[Line], at: datetime) -> Iterable[dict[str, Any]]:
    """Give the lines of the touches, newest first; what they are worth has gone through every half-life since."""
    for touch, worth, scoring in sorted(lines, key=lambda line: line[0].occurred_at, reverse=True):
        yield {**item_of(scoring, touch, at), "points": round(points_left(worth, at), 1)}
