"""Routing for a new company: one pool with every rep of each sales team, and rules that any company can begin with."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from inputs.refusals import Conflict
from leads.models import Pool, PoolMember, RoutingVersion
from leads.routing.rules import compile_rules
from teams.models import Membership, Team
from teams.roles import Side


class NoSalesTeam(Conflict):
    """There is no active sales team yet that leads could go to."""

    code = "no_sales_team"


@transaction.atomic
def activate_default_routing(*, at: datetime, actor_id: int | None = None) -> RoutingVersion:
    """Make a pool for each active sales team and put the default rules into force at ``at``; raises ``NoSalesTeam``.

    The first sales team takes whatever no other rule takes. Leads of other regions or segments are sent to other teams by rules that
    the company writes itself.
    """
    teams = list(Team.objects.filter(side=Side.SALES, is_active=True).order_by("id"))
    if not teams:
        raise NoSalesTeam("Create a sales team first: leads need somebody to go to.")
    pools = [_pool_of(team) for team in teams]
    return activate_rules(default_rules(pools[0].pk, teams[0].pk), at=at, actor_id=actor_id)


def default_rules(pool_id: int, queue_id: int) -> list[dict[str, Any]]:
    """Give the default rules: whoever knows the company, else the pool by turns, else the queue."""
    return [
        {
            "code": "known_company",
            "words": "Leads of a company that we know go to whoever answers for it",
            "when": [],
            "to": {"owner_of_company": True},
        },
        {
            "code": "everything",
            "words": "All other leads go round the team by turns",
            "when": [],
            "to": {"pool": pool_id},
        },
        {"code": "rest", "words": "What is left waits in the team’s queue", "when": [], "to": {"queue": queue_id}},
    ]


@transaction.atomic
def activate_rules(rules: list[dict[str, Any]], *, at: datetime, actor_id: int | None = None) -> RoutingVersion:
    """Store ``rules`` as the next routing version, in force from ``at``; raises ``BadRules``."""
    compile_rules(rules)
    last = RoutingVersion.objects.aggregate(last=Max("number"))["last"] or 0
    return RoutingVersion.objects.create(
        number=last + 1, rules=rules, created_at=at, created_by_id=actor_id, activated_at=at
    )


def _pool_of(team: Team) -> Pool:
    """Give the pool of ``team`` with all of its members who are not managers (all members where there is none else)."""
    pool, _ = Pool.objects.get_or_create(name=team.name, team=team)
    members = Membership.objects.filter(team=team, user__is_active=True)
    reps = members.filter(is_manager=False) or members
    known = set(pool.members.values_list("user_id", flat=True))
    PoolMember.objects.bulk_create(
        [PoolMember(pool=pool, user_id=member.user_id) for member in reps if member.user_id not in known]
    )
    return pool
