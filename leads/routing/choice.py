"""Who gets a lead, and why: ordered rules, then weighted turns. Pure.

Source: design, domain page, *Records* and *People*. A decision reads and moves the state it is given, so that the leads of one batch are
counted as they are given away. Turns follow start-time fair queueing: each pool keeps a virtual time, the smallest turn among those who
can take the lead wins, and winning costs ``TURN / weight``. Whoever could not take leads for a while starts again at the present.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from teams.defaults import OPEN_LEAD_CAPACITY

TURN = 720_720_000
"""What one lead costs a member of weight 1: divisible by 1 to 16, and large enough for any product of two weights."""

OWNER, POOL, QUEUE = "owner", "pool", "queue"

Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the rules: when ``holds`` is true of the facts, the lead goes to ``target`` (``target_id``: pool or team)."""

    code: str
    holds: Callable[[Facts], bool]
    target: str
    target_id: int | None = None


@dataclass(slots=True)
class Person:
    """Whether somebody can take work now. ``open_count`` and ``new_count`` (today) move as leads are given.

    ``opens_at`` is the first open moment of their calendar from now on; without one no promise of theirs can be counted.
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
    """A pool and its virtual time: ``present`` is the turn of the last winner when it won; ``moved`` names who won since."""

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
    pool = state.pools.get(rule.target_id or 0)
    return _to_pool(pool, case, state, skipped) if pool else None


def _why_not(rule: Rule, case: Case, state: State) -> str:
    if rule.target == POOL:
        return "no_pool"
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
        seen: set[int] = set()
        current: int | None = user_id
        while current is not None and current not in seen:
            seen.add(current)
            problem = _problem(state.people.get(current), case, state, team_id=None)
            if problem is None:
                told = {"why": why, "user": current}
                return current, None, told if current == user_id else {**told, "why": "cover", "for": user_id}
            skipped.append([current, problem])
            person = state.people.get(current)
            current = person.cover_id if person and problem == "absent" else None
    return None


def _to_pool(pool: PoolState, case: Case, state: State, skipped: list[list[Any]]) -> Found:
    able: list[Place] = []
    for place in pool.places:
        person = state.people.get(place.user_id)
        problem = _problem(person, case, state, team_id=pool.team_id) or _load_problem(person)
        if problem:
            skipped.append([place.user_id, problem])
        else:
            able.append(place)
    if not able:
        return None, pool.team_id, {"why": "nobody", "pool": pool.pool_id, "queue": pool.team_id}
    best, others = _next(able, pool, state)
    skipped += [[place.user_id, why] for place, why in others]
    start = max(best.turn, pool.present)
    pool.present, best.turn = start, start + best.cost
    pool.moved.add(best.member_id)
    why = "turn" if _opening(best, state) <= state.now else "opens_first"
    return best.user_id, None, {"why": why, "pool": pool.pool_id, "user": best.user_id}


def _next(able: Sequence[Place], pool: PoolState, state: State) -> tuple[Place, list[tuple[Place, str]]]:
    """Take who opens first (all who are open now are equal), among them the smallest turn, then the smallest id."""
    openings = {place.user_id: _opening(place, state) for place in able}
    first = min(openings.values())
    best = min(
        (place for place in able if openings[place.user_id] == first),
        key=lambda place: (max(place.turn, pool.present), place.user_id),
    )
    others = [
        (place, "turn_later" if openings[place.user_id] == first else "opens_later")
        for place in able
        if place is not best
    ]
    return best, others


def _opening(place: Place, state: State) -> datetime:
    opens = state.people[place.user_id].opens_at
    return max(opens, state.now) if opens else state.now


def _problem(person: Person | None, case: Case, state: State, *, team_id: int | None) -> str | None:
    """Give why ``person`` cannot take leads at all now, or nothing."""
    if person is None or not person.is_active:
        return "inactive"
    if person.user_id in case.excluded:
        return "excluded"
    if person.is_absent:
        return "absent"
    if person.opens_at is None:
        return "no_calendar"
    return "closed" if _is_closed(person, state, team_id or person.team_id) else None


def _is_closed(person: Person, state: State, team_id: int | None) -> bool:
    """Tell whether they open on a later date than their team does: on holiday while colleagues work."""
    known = state.open_dates.get(team_id or 0)
    if person.opens_at is None or known is None:
        return False
    team_opens_on, local_date = known
    return local_date(person.opens_at) > team_opens_on


def _load_problem(person: Person | None) -> str | None:
    if person is None:
        return "inactive"
    if person.open_count >= person.capacity:
        return "full"
    if person.new_per_day is not None and person.new_count >= person.new_per_day:
        return "full_today"
    return None


def _give(user_id: int | None, case: Case, state: State) -> None:
    if user_id is None:
        return
    person = state.people[user_id]
    person.open_count += 1
    person.new_count += 1
    if case.company is not None:
        state.given.setdefault(case.company.company_id, user_id)
