"""The routing rules in force in plain sentences, with the pools and who in them could take a lead now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from desk.queries.manager import Load, loads
from desk.rule_words import phrase
from leads.models import Pool, PoolMember, RoutingVersion
from sla.business_time import NeverOpens, is_open, next_opening
from sla.hours import Hours, NoCalendar
from teams.models import Team


@dataclass(frozen=True, slots=True)
class RuleWords:
    """A rule as a sentence: when it applies, and where leads then go."""

    code: str
    words: str
    when: str
    to: str


@dataclass(frozen=True, slots=True)
class PlaceWords:
    """A person in a pool and whether they could take a lead now; ``state`` is the reason if not."""

    name: str
    weight: int
    state: str
    opens_at: datetime | None
    load: Load | None


@dataclass(frozen=True, slots=True)
class PoolWords:
    """A pool with its people."""

    name: str
    team: str
    places: list[PlaceWords]


@dataclass(frozen=True, slots=True)
class Routing:
    """The version in force."""

    version: RoutingVersion
    rules: list[RuleWords]
    pools: list[PoolWords]


def routing_in_force(at: datetime) -> Routing | None:
    """Load the rules in force at ``at``; nothing when none were ever activated."""
    version = RoutingVersion.objects.filter(activated_at__lte=at).order_by("-activated_at", "-number").first()
    if version is None:
        return None
    pools = list(Pool.objects.select_related("team").order_by("name"))
    names = {pool.pk: pool.name for pool in pools}
    teams = dict(Team.objects.values_list("id", "name"))
    rules = [_rule(line, names, teams) for line in version.rules]
    return Routing(version, rules, _pools(pools, at))


def _rule(line: dict[str, Any], pools: dict[int, str], teams: dict[int, str]) -> RuleWords:
    to = line["to"]
    if to.get("owner_of_company"):
        where = "whoever answers for the company"
    elif "pool" in to:
        where = f"whose turn it is in the pool {pools.get(to['pool'], '?')}"
    else:
        where = f"the queue of {teams.get(to.get('queue'), '?')}"
    return RuleWords(line["code"], line.get("words", ""), phrase(line.get("when") or []), where)


def _pools(pools: list[Pool], at: datetime) -> list[PoolWords]:
    members = list(
        PoolMember.objects.filter(pool__in=pools, user__is_active=True)
        .select_related("user")
        .order_by("pool_id", "user__name")
    )
    hours = Hours.load([member.user_id for member in members])
    carried = {load.user.pk: load for load in loads(at)}
    return [
        PoolWords(
            pool.name,
            pool.team.name,
            [_place(member, hours, carried.get(member.user_id), at) for member in members if member.pool_id == pool.pk],
        )
        for pool in pools
    ]


def _place(member: PoolMember, hours: Hours, load: Load | None, at: datetime) -> PlaceWords:
    opens_at: datetime | None = None
    state = "available"
    try:
        _, calendar = hours.of_person(member.user_id)
        if not is_open(at, calendar):
            state, opens_at = "closed", next_opening(at, calendar)
    except (NoCalendar, NeverOpens):
        state = "no working hours"
    if load is None:
        state = "not in sales"
    elif load.away_until:
        state = "away"
    elif load.total >= load.capacity:
        state = "full"
    return PlaceWords(str(member.user), member.weight, state, opens_at, load)
