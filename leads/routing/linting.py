"""What is wrong with a draft of the rules now: loads what there is to lead to, and asks ``leads.routing.lint``."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from leads.models import Pool, PoolMember, RoutingVersion
from leads.routing.lint import Finding, Known, PoolState, TeamState, lint
from sla.hours import Hours, NoCalendar
from teams.models import Absence, Membership, Team, User
from teams.roles import Side


def findings_of(version: RoutingVersion, at: datetime) -> list[Finding]:
    """Give what is wrong with a draft, or with a version, as of ``at``."""
    named = {line["to"]["person"] for line in version.rules if "person" in line["to"]}
    in_sales = frozenset(
        Membership.objects.filter(
            user__is_active=True, team__is_active=True, team__side=Side.SALES
        ).values_list("user_id", flat=True)
    )  # fmt: skip
    names = dict(User.objects.filter(id__in=named).values_list("id", "name"))
    people = {user_id: (name, user_id in in_sales) for user_id, name in names.items()}
    queues = {line["to"]["queue"] for line in version.rules if "queue" in line["to"]}
    return lint(version.rules, Known(_pools(in_sales, at), _teams(queues), people))


def _pools(in_sales: frozenset[int], at: datetime) -> dict[int, PoolState]:
    alone = frozenset(Absence.objects.left_alone(at).values_list("user_id", flat=True))
    names = dict(Pool.objects.order_by("name").values_list("id", "name"))
    members: dict[int, list[tuple[int, str]]] = {pool_id: [] for pool_id in names}
    rows = PoolMember.objects.order_by("user__name").values_list("pool_id", "user_id", "user__name")
    for pool_id, user_id, name in rows:
        members[pool_id].append((user_id, name))
    found = {}
    for pool_id, name in names.items():
        there = [user_id for user_id, _ in members[pool_id] if user_id in in_sales]
        left = tuple(person for user_id, person in members[pool_id] if user_id not in in_sales)
        found[pool_id] = PoolState(name, len(there), sum(user_id in alone for user_id in there), left)
    return found


def _teams(team_ids: Iterable[int]) -> dict[int, TeamState]:
    teams = list(Team.objects.filter(id__in=list(team_ids)))
    hours = Hours.load([], [team.pk for team in teams])
    managed = set(
        Membership.objects.filter(team__in=teams, is_manager=True, user__is_active=True).values_list(
            "team_id", flat=True
        )
    )  # fmt: skip
    return {
        team.pk: TeamState(
            team.name, team.is_active and team.side == Side.SALES, _has_hours(hours, team.pk), team.pk in managed
        )
        for team in teams
    }


def _has_hours(hours: Hours, team_id: int) -> bool:
    try:
        hours.of_team(team_id)
    except NoCalendar:
        return False
    return True
