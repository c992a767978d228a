"""What decisions need to know, loaded for a whole batch with a bounded number of statements.

The members of the pools in question are locked in the order of their ids until the transaction ends, so that two batches cannot both
take the same turn; their loads are read after that. The people themselves are locked too (see ``leads.routing.people``). Rules are read once
per content.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from inputs.refusals import Conflict
from leads.models import Assignment, Pool, PoolMember
from leads.routing.choice import (
    OWNER,
    PERSON,
    POOL,
    QUEUE,
    Case,
    Choice,
    Company,
    Facts,
    Person,
    Place,
    PoolState,
    Rule,
    State,
    decide,
)
from leads.routing.people import OPEN, load_people
from leads.routing.ranking import LONGEST_WAITING
from leads.routing.rules import compiled
from ledger.rows import update_rows
from ledger.selecting import Query, ids, row_lock, select
from sla.business_time import next_opening
from sla.hours import Hours, NoCalendar

RULES = """
SELECT id, CAST(rules AS text) FROM leads_routingversion WHERE activated_at <= %s
ORDER BY activated_at DESC, number DESC LIMIT 1"""

COMPANY_OF = """
SELECT l.id, c.company_id FROM leads_lead l JOIN leads_contact c ON c.id = l.contact_id
WHERE c.company_id IS NOT NULL AND l.id = ANY(%s)"""

COMPANIES = """
SELECT co.id, co.owner_id, co.is_customer, EXISTS (
    SELECT 1 FROM leads_contact c JOIN leads_lead l ON l.contact_id = c.id
    WHERE c.company_id = co.id AND l.stage = 'opportunity')
FROM leads_company co WHERE co.id = ANY(%s)"""

COMPANY_REPS = f"""
SELECT c.company_id, l.id, COALESCE(l.owner_id, h.assignee_id)
FROM leads_contact c JOIN leads_lead l ON l.contact_id = c.id
LEFT JOIN leads_handoff h ON h.lead_id = l.id AND h.state = 'open'
WHERE c.company_id = ANY(%s) AND l.stage IN ({OPEN}) AND COALESCE(l.owner_id, h.assignee_id) IS NOT NULL
ORDER BY l.id"""  # noqa: S608

PLACES = """
SELECT m.id, m.pool_id, p.team_id, m.user_id, m.weight, m.turn
FROM leads_poolmember m JOIN leads_pool p ON p.id = m.pool_id WHERE m.pool_id = ANY(%s) ORDER BY m.id"""

LAST_GIVEN = """
SELECT u.id, (SELECT a.id FROM leads_assignment a WHERE a.user_id = u.id ORDER BY a.assigned_at DESC, a.id DESC LIMIT 1)
FROM teams_user u WHERE u.id = ANY(%s)"""


class NoRouting(Conflict):
    """No set of routing rules is active: a sales manager has to activate one first."""

    code = "no_routing"


class Routed(Protocol):
    """What a board needs to know of a lead to be offered."""

    @property
    def lead_id(self) -> int: ...

    @property
    def facts(self) -> Facts: ...

    @property
    def excluded(self) -> frozenset[int]: ...


@dataclass(frozen=True, slots=True)
class Firms:
    """The company of each lead, by their ids. Those that are ``new`` are not stored yet: there is nothing to read of them."""

    of_lead: Mapping[int, int]
    new: frozenset[int] = frozenset()

    @classmethod
    def load(cls, lead_ids: Iterable[int]) -> Firms:
        return cls(dict(select(COMPANY_OF, [ids(lead_ids)])))


@dataclass(frozen=True, slots=True)
class Known:
    """What the caller has read already: the rows of ``rules_query``, and the companies of leads that may not be stored yet."""

    rules: Sequence[tuple[Any, ...]]
    firms: Firms


@dataclass(slots=True)
class Board:
    """The state of routing at one instant, for the leads it was loaded for."""

    at: datetime
    version_id: int
    rules: tuple[Rule, ...]
    companies: dict[int, Company]
    state: State
    hours: Hours

    @classmethod
    def load(
        cls, leads: Sequence[Routed], *, at: datetime, known: Known | None = None, locked: bool = True
    ) -> Board:  # fmt: skip
        """Read rules, companies, pools, people and hours for ``leads``; raises ``NoRouting``. What is only tried need not be ``locked``."""
        version_id, rules = read_rules(known.rules) if known else rules_in_force(at)
        firms = known.firms if known else Firms.load(lead.lead_id for lead in leads)
        companies = _companies(firms, {lead.lead_id for lead in leads})
        reached = _reached(leads, rules)
        pools = _pools(ids(rule.target_id for rule in reached if rule.target == POOL), locked=locked)
        wanted = {place.user_id for pool in pools.values() for place in pool.places}
        wanted.update(ids(rule.target_id for rule in reached if rule.target == PERSON))
        for company in companies.values():
            wanted.update(ids([company.owner_id, *company.rep_ids]))
        state, hours = _state(pools, wanted, _team_ids(pools.values(), rules), at, locked=locked)
        if any(rule.strategy == LONGEST_WAITING for rule in reached):
            _read_last_given(state.people)
        return cls(at, version_id, rules, companies, state, hours)

    def decide(self, lead: Routed) -> Choice:
        """Decide for one lead and count it at once."""
        return decide(Case(lead.facts, self.companies.get(lead.lead_id), lead.excluded), self.rules, self.state)

    def save_turns(self) -> None:
        """Store the turns that were taken, in one statement."""
        moved = [
            (place.member_id, place.turn)
            for pool in self.state.pools.values()
            for place in pool.places
            if place.member_id in pool.moved
        ]
        update_rows(PoolMember, ("turn",), sorted(moved), returning=())


def pools_at(pool_ids: Iterable[int], at: datetime) -> State:
    """Give these pools as they stand at ``at``, with who is in them; to be shown, so nothing is locked."""
    pools = _pools(ids(pool_ids), locked=False)
    people = {place.user_id for pool in pools.values() for place in pool.places}
    return _state(pools, people, _team_ids(pools.values(), ()), at, locked=False)[0]


def _state(
    pools: dict[int, PoolState], user_ids: Iterable[int], team_ids: Iterable[int], at: datetime, *, locked: bool
) -> tuple[State, Hours]:
    """Load who is in these pools, and others, with what each of them can take now."""
    people, hours = load_people(user_ids, team_ids, at, locked=locked)
    _weigh(pools, people)
    _count_new(people, hours, at)
    return State(at, people, pools, _open_dates(hours, pools.values(), people.values(), at)), hours


def rules_in_force(at: datetime) -> tuple[int, tuple[Rule, ...]]:
    """Give the id and the rules of the routing version in force at ``at``; raises ``NoRouting``."""
    return read_rules(select(*rules_query(at)))


def rules_query(at: datetime) -> Query:
    """Give the query of ``rules_in_force``, to be run together with others."""
    return RULES, [at]


def read_rules(rows: Sequence[tuple[Any, ...]]) -> tuple[int, tuple[Rule, ...]]:
    """Read the rows of ``rules_query``; raises ``NoRouting``."""
    if not rows:
        raise NoRouting("No routing rules are active yet. Activate a set of rules first.")
    version_id, text = rows[0]
    return version_id, compiled(text)


def _companies(firms: Firms, here: set[int]) -> dict[int, Company]:
    """Give the company of each lead, with the reps who have a lead of it that is not ``here``."""
    stored = ids(set(firms.of_lead.values()) - firms.new)
    found = {row[0]: Company(row[0], row[1], bool(row[2]), bool(row[3])) for row in _of_companies(COMPANIES, stored)}
    reps: dict[int, list[int]] = {}
    for company_id, lead_id, user_id in _of_companies(COMPANY_REPS, stored):
        if lead_id not in here:
            reps.setdefault(company_id, []).append(user_id)
    for company_id, user_ids in reps.items():
        found[company_id] = replace(found[company_id], rep_ids=tuple(dict.fromkeys(user_ids)))
    return {lead_id: found.get(firm_id) or Company(firm_id) for lead_id, firm_id in firms.of_lead.items()}


def _of_companies(statement: str, company_ids: list[int]) -> list[tuple[Any, ...]]:
    return select(statement, [company_ids]) if company_ids else []


def _reached(leads: Sequence[Routed], rules: Sequence[Rule]) -> list[Rule]:
    """Give the rules that may decide about one of these leads: up to the first that holds and leads to a pool or a queue."""
    reached: set[str] = set()
    asked = [rule for rule in rules if rule.target != OWNER]
    for lead in leads:
        for rule in asked:
            if rule.holds(lead.facts):
                reached.add(rule.code)
                if rule.target in (POOL, QUEUE):
                    break
    return [rule for rule in asked if rule.code in reached]


def _pools(pool_ids: Sequence[int], *, locked: bool) -> dict[int, PoolState]:
    """Load pools, ``locked`` or not; the rows stand in the order of their ids, which is the order of locking."""
    if not pool_ids:
        return {}
    places: dict[int, list[Place]] = {}
    teams: dict[int, int] = {}
    for member_id, pool_id, team_id, user_id, weight, turn in select(
        PLACES + (row_lock("m") if locked else ""), [pool_ids]
    ):
        teams[pool_id] = team_id
        places.setdefault(pool_id, []).append(Place(member_id, user_id, weight, turn))
    if len(teams) < len(pool_ids):
        teams.update(Pool.objects.filter(id__in=pool_ids).values_list("id", "team_id"))
    return {pool_id: PoolState(pool_id, team_id, places.get(pool_id, [])) for pool_id, team_id in teams.items()}


def _weigh(pools: dict[int, PoolState], people: Mapping[int, Person]) -> None:
    """Bring each person's own weight into their places: it counts in every pool."""
    for pool in pools.values():
        for place in pool.places:
            place.weight *= people[place.user_id].weight
        pool.reckon_present()


def _team_ids(pools: Iterable[PoolState], rules: Sequence[Rule]) -> list[int]:
    """Give the teams whose hours count beside those of the people."""
    queues = (rule.target_id for rule in rules if rule.target == QUEUE)
    return ids([*(pool.team_id for pool in pools), *queues])


def _open_dates(hours: Hours, pools: Iterable[PoolState], people: Iterable[Person], at: datetime) -> dict[int, Any]:
    found: dict[int, Any] = {}
    for team_id in ids([*(pool.team_id for pool in pools), *(person.team_id for person in people)]):
        try:
            _, calendar = hours.of_team(team_id)
        except NoCalendar:
            continue
        zone = ZoneInfo(calendar.zone)

        def local_date(instant: datetime, zone: ZoneInfo = zone) -> date:
            return instant.astimezone(zone).date()

        found[team_id] = (local_date(next_opening(at, calendar)), local_date)
    return found


def _count_new(people: dict[int, Person], hours: Hours, at: datetime) -> None:
    """Count today's new leads of those who have a daily limit; today is a date of their own calendar."""
    midnights: dict[int, datetime] = {}
    for user_id, person in people.items():
        if person.new_per_day is not None and person.opens_at is not None:
            local = at.astimezone(ZoneInfo(hours.of_person(user_id)[1].zone))
            midnights[user_id] = local.replace(hour=0, minute=0, second=0, microsecond=0)
    if not midnights:
        return
    earliest = at - timedelta(hours=26)
    given = Assignment.objects.filter(user_id__in=list(midnights), assigned_at__gte=earliest)
    for user_id, assigned_at in given.values_list("user_id", "assigned_at"):
        if assigned_at >= midnights[user_id]:
            people[user_id].new_count += 1


def _read_last_given(people: dict[int, Person]) -> None:
    for user_id, assignment_id in select(LAST_GIVEN, [ids(people)]):
        people[user_id].last_given = assignment_id or 0
