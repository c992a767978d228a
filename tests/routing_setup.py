"""Routing rules for tests that need some: one pool, one rule."""

from __future__ import annotations

from collections.abc import Iterable

from leads.models import Pool, PoolMember, RoutingVersion
from teams.models import Team, User
from tests.cast import SIGNED_AT


def simple_routing(team: Team, reps: Iterable[User]) -> RoutingVersion:
    """Let ``reps`` of ``team`` take turns; whatever none of them can take stands in the team's queue."""
    pool = Pool.objects.create(name=f"{team} pool", team=team)
    PoolMember.objects.bulk_create([PoolMember(pool=pool, user=rep) for rep in reps])
    rules = [
        {"code": "all", "words": "Everybody takes turns", "when": [], "to": {"pool": pool.pk}},
        {"code": "rest", "words": "The rest waits", "when": [], "to": {"queue": team.pk}},
    ]
    return RoutingVersion.objects.create(number=1, rules=rules, created_at=SIGNED_AT, activated_at=SIGNED_AT)
