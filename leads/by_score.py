"""Leads in the order of a score, by an index, a page at a time.

Engagement is points that stay plus points that decay. Among leads with the same points that stay and the same half-life the order is that of
the stored level, and never changes as time goes by: an index holds it. Such groups are few, for they are the sums of the points that a scoring
lets stay; under a scoring without decay each is one number. A page is merged from the beginnings of the groups, as of one instant that its
cursor carries, so that the order is exact at any instant and nothing is rewritten as points decay.

Leads of which the scale would show 100 all the same are ordered by what their points add up to.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Q

from leads.models.leads import LeadQuerySet
from leads.models.order_keys import DecayKey, FitKey
from leads.scoring import Engagement, half_lives, points_left

GROUPS = """
WITH RECURSIVE
h(days) AS (
    SELECT min(half_life_days) FROM leads_lead
    UNION ALL
    SELECT (SELECT min(l.half_life_days) FROM leads_lead l WHERE l.half_life_days > h.days) FROM h WHERE h.days IS NOT NULL),
g(days, fixed) AS (
    SELECT h.days, (SELECT min(l.engagement_fixed) FROM leads_lead l WHERE l.half_life_days = h.days)
    FROM h WHERE h.days IS NOT NULL
    UNION ALL
    SELECT g.days,
        (SELECT min(l.engagement_fixed) FROM leads_lead l WHERE l.half_life_days = g.days AND l.engagement_fixed > g.fixed)
    FROM g WHERE g.fixed IS NOT NULL)
SELECT g.days, g.fixed,
    (SELECT max(coalesce(l.engagement_level, -1000000.0)) FROM leads_lead l
     WHERE l.half_life_days = g.days AND l.engagement_fixed = g.fixed)
FROM g WHERE g.fixed IS NOT NULL"""
"""Each pair of half-life and points that stay, with the highest level in it: a few steps in the index for each."""

AT_ONCE = 16
"""So many groups are asked in one statement, the best first."""
SLACK = 1e-6
"""Points within which a bound is not trusted: what is read too much is left out by the exact comparison."""


class Place(NamedTuple):
    """Where a lead stands: its points that stay, its level, its half-life. ``key`` is the level in the form of ``DecayKey``."""

    half_life_days: int
    fixed: float
    key: float
    lead_id: int

    def points(self, at: datetime) -> float:
        return points_left(Engagement(self.fixed, self.key, self.half_life_days), at)

    def rank(self, at: datetime) -> tuple[Any, ...]:
        """Give what leads are ordered by as of ``at``, the highest first: points, and among equals the order of the index."""
        return (self.points(at), *self)

    @property
    def group(self) -> tuple[int, float]:
        return self.half_life_days, self.fixed


def by_engagement(leads: LeadQuerySet, *, at: datetime, after: Place | None, most: int) -> list[Place]:
    """Give the ``most`` of ``leads`` with the highest engagement as of ``at``, of those that stand below ``after``."""
    groups = sorted(_groups(), key=lambda group: group.points(at), reverse=True)
    found: list[Place] = []
    for start in range(0, len(groups), AT_ONCE):
        if len(found) == most and found[-1].points(at) > groups[start].points(at):
            break
        found += _first_of(leads, groups[start : start + AT_ONCE], at, after, most)
        found = sorted(found, key=lambda place: place.rank(at), reverse=True)[:most]
    return found


def by_fit(leads: LeadQuerySet, *, after: tuple[int, int] | None, most: int) -> list[tuple[int, int]]:
    """Give ``(fit, id)`` of the ``most`` that fit best, of those below ``after``; an unknown fit is -1."""
    return list(below_fit(leads, after)[:most])


def below_fit(leads: LeadQuerySet, after: tuple[int, int] | None) -> Any:
    """Ask for ``(fit, id)`` of those below ``after``, in the order of the index."""
    rows = leads.annotate(key=FitKey("fit"))
    if after:
        fit, lead_id = after
        rows = rows.filter(Q(key__lte=fit) & (Q(key__lt=fit) | Q(key=fit, id__lt=lead_id)))
    return rows.order_by("-key", "-id").values_list("key", "id")


def _groups() -> list[Place]:
    with connection.cursor() as cursor:
        cursor.execute(GROUPS)
        return [Place(days, fixed, key, 0) for days, fixed, key in cursor.fetchall()]


def _first_of(
    leads: LeadQuerySet, groups: Iterable[Place], at: datetime, after: Place | None, most: int
) -> list[Place]:
    """Give the first of each group below ``after``; again where the slack of a bound took up the whole of an answer."""
    found: list[Place] = []
    going_on: dict[tuple[int, float], Place | None] = {group.group: None for group in groups}
    while going_on:
        rows = [in_group(leads, group, at, last or after) for group, last in going_on.items()]
        read: dict[tuple[int, float], list[Place]] = {}
        for place in _read([each[:most] for each in rows if each is not None]):
            read.setdefault(place.group, []).append(place)
        going_on = {}
        for group, places in read.items():
            below = [place for place in places if after is None or place.rank(at) < after.rank(at)]
            found += below
            if len(places) == most and len(below) < most:
                going_on[group] = places[-1]
    return found


def in_group(leads: LeadQuerySet, group: tuple[int, float], at: datetime, after: Place | None) -> Any:
    """Ask for the leads of a group that may stand below ``after``, in the order of the index; nothing where none can."""
    days, fixed = group
    rows = leads.filter(half_life_days=days, engagement_fixed=fixed).annotate(key=DecayKey("engagement_level"))
    if after is not None and after.group == group:
        rows = rows.filter(
            Q(key__lte=after.key) & (Q(key__lt=after.key) | Q(key=after.key, id__lt=after.lead_id))
        )  # fmt: skip
    elif after is not None:
        room = after.points(at) - fixed
        if room < -SLACK:
            return None
        rows = rows.filter(key__lte=math.log2(room + SLACK + SLACK) + half_lives(at, days))
    return rows.order_by("-key", "-id").values_list("half_life_days", "engagement_fixed", "key", "id")


def _read(queries: Sequence[Any]) -> list[Place]:
    """Run several queries as one statement: an *or* of them would have no order in the index."""
    parts: list[str] = []
    parameters: list[Any] = []
    for query in queries:
        try:
            sql, values = query.query.sql_with_params()
        except EmptyResultSet:
            continue
        parts.append(f"SELECT * FROM ({sql}) AS g{len(parts)}")  # noqa: S608 - Django wrote it, with placeholders
        parameters += values
    if not parts:
        return []
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), parameters)
        return [Place(*row) for row in cursor.fetchall()]
