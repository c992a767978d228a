"""Routing for a new company: one pool with every rep of each sales team, and rules that any company can begin with."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from inputs.refusals import Conflict
from leads.models import Pool, PoolMember, RoutingVersion
from leads.routing.activating import put_in_force
from leads.routing.versions import lock_latest, permit
from ledger.writing import write_audit
from teams.models import Membership, Team, User
from teams.roles import Side


class NoSalesTeam(Conflict):
    """There is no active sales team yet that leads could go to."""

    code = "no_sales_team"


# ``actor`` is null when somebody with a shell on the machine acts.


@transaction.atomic
def activate_default_routing(*, at: datetime, actor: User | None = None) -> RoutingVersion:
    """Make a pool for each active sales team and put the default rules into force at ``at``.

    Raises ``NoSalesTeam``, ``MayNotChangeRouting``, ``FaultyRules`` where the first sales team has nobody, or no hours.

    The first sales team takes whatever no other rule takes. Leads of other regions or segments are sent to other teams by rules that
    the company writes itself.
    """
    teams = list(Team.objects.filter(side=Side.SALES, is_active=True).order_by("id"))
    if not teams:
        raise NoSalesTeam("Create a sales team first: leads need somebody to go to.")
    permit(actor)
    pools = [_pool_of(team, actor, at) for team in teams]
    return activate_rules(default_rules(pools[0].pk, teams[0].pk), at=at, actor=actor)


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
def activate_rules(rules: list[dict[str, Any]], *, at: datetime, actor: User | None = None) -> RoutingVersion:
    """Store ``rules`` as the next routing version, in force from ``at``; raises ``FaultyRules``, ``MayNotChangeRouting``."""
    permit(actor)
    version = RoutingVersion(rules=rules, created_at=at, created_by=actor)
    return put_in_force(version, lock_latest(), actor=actor, at=at)


def _pool_of(team: Team, actor: User | None, at: datetime) -> Pool:
    """Give the pool of ``team`` with all of its members who are not managers (all members where there is none else)."""
    pool, is_new = Pool.objects.get_or_create(name=team.name, team=team)
    members = Membership.objects.filter(team=team, user__is_active=True)
    reps = members.filter(is_manager=False) or members
    known = set(pool.members.values_list("user_id", flat=True))
    joined = sorted({member.user_id for member in reps} - known)
    PoolMember.objects.bulk_create([PoolMember(pool=pool, user_id=user_id) for user_id in joined])
    if is_new or joined:
        _audit("fill_pool", actor, at, "pool", pool.pk, team=team.pk, joined=joined)
    return pool


def _audit(verb: str, actor: User | None, at: datetime, subject_type: str, subject_id: int, **facts: Any) -> None:
    actor_id = actor.pk if actor else None
    write_audit(at=at, actor_id=actor_id, verb=verb, subject_type=subject_type, subject_ids=[subject_id], facts=facts)
