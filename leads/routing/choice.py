"""Who gets a lead, and why: ordered rules, then one of a pool by turns, by load or by how long they have waited. Pure.

Source: design, domain page, *Records* and *People*. A decision reads and moves the state it is given, so that the leads of one batch are
counted as they are given away. Turns follow start-time fair queueing: each pool keeps a virtual time, the smallest turn among those who
can take the lead wins, and winning costs ``TURN / weight``. Whoever cannot take leads for a while keeps their distance from the present.
Whoever covers for an absent member stands in that member's place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from leads.routing.able import AWAY, is_at_hand, load_problem, problem_of
from leads.routing.ranking import TURNS, Taker, first_of, others, why_first
from teams.defaults import OPEN_LEAD_CAPACITY

TURN = 720_720_000
"""What one lead costs a member of weight 1: divisible by 1 to 16, and large enough for any product of two weights."""

OWNER, POOL, PERSON, QUEUE = "owner", "pool", "person", "queue"
JUST_NOW = 1 << 62
"""Leads that this batch gives count as given after all that are stored."""

Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the rules: when ``holds`` is true of the facts, the lead goes to ``target`` (``target_id``: pool, person or team).

    ``strategy`` says who of a pool is next.
    """

    code: str
    holds: Callable[[Facts], bool]
    target: str
    target_id: int | None = None
    strategy: str = TURNS


@dataclass(slots=True)
class Person:
    """Whether somebody can take work now. ``open_count`` and ``new_count`` (today) move as leads are given.

    ``opens_at`` is the first open moment of their calendar from now on; without one no promise of theirs can be counted. ``leaves_first`` says
    that an absence begins before it and lasts then. ``last_given`` grows with every lead that anybody is given: the smallest has waited
    longest, 0 never got one.
    """

    user_id: int
    is_active: bool = True
    is_absent: bool = False
    cover_id: int | None = None
    open_count: int = 0
    capacity: int = OPEN_LEAD_CAPACITY
    new_count: int = 0
    new_per_day: int | None = None
    opens_at: datetime | None = None
    team_id: int | None = None
    last_given: int = 0
    leaves_first: bool = False
    weight: int = 1
    """Their own, which counts in every pool beside the weight that they have there."""

    @property
    def is_away(self) -> bool:
        """Tell whether they are away now, or will be when their hours open: nobody gets a lead while they are."""
        return self.is_absent or self.leaves_first


@dataclass(slots=True)
class Place:
    """A member of a pool with their place in its virtual time."""

    member_id: int
    user_id: int
    weight: int = 1
    turn: int = 0

    @property
    def cost(self) -> int:
        return max(1, TURN // self.weight)


@dataclass(slots=True)
class PoolState:
    """A pool and its virtual time: ``present`` is the turn of the last winner when it won; ``moved`` names whose turns have changed since."""

    pool_id: int
    team_id: int
    places: list[Place] = field(default_factory=list)
    present: int = 0
    moved: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.reckon_present()

    def reckon_present(self) -> None:
        """Find the present again from the turns alone: the last winner's turn when it won is the latest of all."""
        self.present = max((place.turn - place.cost for place in self.places), default=0)


@dataclass(frozen=True, slots=True)
class Company:
    """What routing knows of a lead's company: its account owner and the reps who have an open lead of it, in order."""

    company_id: int
    owner_id: int | None = None
    is_customer: bool = False
    has_opportunity: bool = False
    rep_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """One lead to decide: its facts, its company, and who may not have it (they gave it away)."""

    facts: Facts
    company: Company | None = None
    excluded: frozenset[int] = frozenset()


@dataclass(slots=True)
class State:
    """What decisions read and move.

    ``open_dates`` gives each team's next open date and how to read a date where the team is; ``given`` who got a company's first lead
    of this batch.
    """

    now: datetime
    people: dict[int, Person]
    pools: dict[int, PoolState]
    open_dates: Mapping[int, tuple[date, Callable[[datetime], date]]] = field(default_factory=dict)
    given: dict[int, int] = field(default_factory=dict)
    given_count: int = 0


@dataclass(frozen=True, slots=True)
class Choice:
    """The decision: a person or a queue, and the whole trace by ids and codes.

    ``trace`` is ``{"rules": [[code, why not], …], "people": [[user id, why not], …], "chosen": {"rule", "why", …}}``.
    """

    user_id: int | None
    team_id: int | None
    trace: dict[str, Any]


class NoRule(LookupError):
    """No rule holds: the rules lack their last one, which has no conditions."""


def decide(case: Case, rules: Sequence[Rule], state: State) -> Choice:
    """Give ``case`` to a person or a queue and move ``state`` on; raises ``NoRule`` where no rule holds."""
    passed: list[list[Any]] = []
    skipped: list[list[Any]] = []
    for rule in rules:
        if not rule.holds(case.facts):
            passed.append([rule.code, "conditions"])
            continue
        chosen = _by_rule(rule, case, state, skipped)
        if chosen is None:
            passed.append([rule.code, _why_not(rule, case, state)])
            continue
        user_id, team_id, why = chosen
        _give(user_id, case, state)
        trace = {"rules": passed, "people": skipped, "chosen": {"rule": rule.code, **why}}
        return Choice(user_id, team_id, trace)
    raise NoRule("No routing rule holds for this lead.")


Found = tuple[int | None, int | None, dict[str, Any]]


def _by_rule(rule: Rule, case: Case, state: State, skipped: list[list[Any]]) -> Found | None:
    if rule.target == OWNER:
        return _to_owner(case, state, skipped)
    if rule.target == QUEUE:
        return None, rule.target_id, {"why": "queue", "queue": rule.target_id}
    if rule.target == PERSON:
        return _to_person(rule.target_id or 0, case, state, skipped)
    pool = state.pools.get(rule.target_id or 0)
    return _to_pool(pool, rule.strategy, case, state, skipped) if pool else None


def _why_not(rule: Rule, case: Case, state: State) -> str:
    if rule.target == POOL:
        return "no_pool"
    if rule.target == PERSON:
        return "person_cannot"
    return "owner_cannot" if _owners(case, state) else "no_owner"


def _owners(case: Case, state: State) -> list[tuple[int, str]]:
    """Give who answers for the company already, first choice first."""
    company = case.company
    if company is None:
        return []
    found = [(company.owner_id, "account_owner")] if company.owner_id else []
    here = state.given.get(company.company_id)
    reps = [*company.rep_ids, *([here] if here else [])]
    known = {company.owner_id}
    found += [(rep, "same_company") for rep in dict.fromkeys(reps) if rep not in known]
    return [(user_id, why) for user_id, why in found if user_id is not None]


def _to_owner(case: Case, state: State, skipped: list[list[Any]]) -> Found | None:
    """Find the company's rep or whoever covers for them. How much they have already does not count: they know the company."""
    for user_id, why in _owners(case, state):
        taker = _stand_in(user_id, case, state, skipped)
        if taker is not None:
            told = {"why": why, "user": taker}
            return taker, None, told if taker == user_id else {**told, "why": "cover", "for": user_id}
    return None


def _to_person(user_id: int, case: Case, state: State, skipped: list[list[Any]]) -> Found | None:
    """Find whom the rule names or whoever covers for them, if they have room for it."""
    taker = _stand_in(user_id, case, state, skipped)
    if taker is None:
        return None
    problem = load_problem(state.people[taker])
    if problem:
        skipped.append([taker, problem])
        return None
    told = {"why": "named", "user": taker}
    return taker, None, told if taker == user_id else {**told, "why": "named_cover", "for": user_id}


def _stand_in(
    user_id: int, case: Case, state: State, skipped: list[list[Any]], *, team_id: int | None = None
) -> int | None:
    """Give the person, or while they are away the first of those who cover for each other; nobody where none can take leads."""
    seen: set[int] = set()
    current: int | None = user_id
    while current is not None and current not in seen:
        seen.add(current)
        person = state.people.get(current)
        if person is None and current != user_id:
            return None  # a chain of covers is followed so far only: nothing is known of the next
        problem = problem_of(person, case, state, team_id=team_id)
        if problem is None:
            return current
        skipped.append([current, problem])
        current = person.cover_id if person and problem in AWAY else None
    return None


# Pools ---------------------------------------------------------------------------------------------------------------


def _to_pool(pool: PoolState, strategy: str, case: Case, state: State, skipped: list[list[Any]]) -> Found:
    able = _able(pool, case, state, skipped)
    if not able:
        return None, pool.team_id, {"why": "nobody", "pool": pool.pool_id, "queue": pool.team_id}
    place, person, opens = first_of(able, pool.present, strategy, state.now)
    later = others(able, (place, person), pool.present, strategy, opens)
    skipped += map(list, later.items())
    why = why_first(able, person, strategy, opens) if opens <= state.now else "opens_first"
    if strategy == TURNS:
        start = max(place.turn, pool.present)
        if len(able) < len(pool.places) or "opens_later" in later.values():
            _carry_along(
                pool, {one.member_id for one, each in able if (each.opens_at or opens) <= opens}, start - pool.present
            )
        pool.present, place.turn = start, start + place.cost
        pool.moved.add(place.member_id)
    told = {"why": why, "pool": pool.pool_id, "user": person.user_id}
    return person.user_id, None, told if person.user_id == place.user_id else {**told, "for": place.user_id}


def _carry_along(pool: PoolState, standing: set[int], moved_by: int) -> None:
    """Keep the distance from the present of those who could not have had it: what they were ahead is neither forgiven nor counted twice."""
    for place in pool.places:
        if place.member_id not in standing and place.turn > pool.present and moved_by:
            place.turn += moved_by
            pool.moved.add(place.member_id)


def _able(pool: PoolState, case: Case, state: State, skipped: list[list[Any]]) -> list[Taker]:
    """Give the places where somebody can take the lead; the others are ``skipped``, each person once for each reason."""
    able: list[Taker] = []
    people, excluded, now = state.people, case.excluded, state.now
    for place in pool.places:
        person = people.get(place.user_id)
        if person is not None and is_at_hand(person, now) and person.user_id not in excluded:
            able.append((place, person))
            continue
        taker = _taker(place, case, state, pool.team_id, skipped)
        if taker is not None:
            able.append((place, taker))
    return able


def _taker(place: Place, case: Case, state: State, team_id: int, skipped: list[list[Any]]) -> Person | None:
    """Give who takes the lead at a place, its member or who covers for them; nobody where none can."""
    passed: list[list[Any]] = []
    taker_id = _stand_in(place.user_id, case, state, passed, team_id=team_id)
    person = state.people[taker_id] if taker_id is not None else None
    problem = load_problem(person) if person is not None else None
    if person is not None and problem:
        passed.append([person.user_id, problem])
    skipped += [line for line in passed if line not in skipped]
    return None if problem else person


def _give(user_id: int | None, case: Case, state: State) -> None:
    if user_id is None:
        return
    person = state.people[user_id]
    person.open_count += 1
    person.new_count += 1
    state.given_count += 1
    person.last_given = JUST_NOW + state.given_count
    if case.company is not None:
        state.given.setdefault(case.company.company_id, user_id)
