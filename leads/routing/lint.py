"""What is wrong with rules before they are activated: nobody can match, an earlier one takes all, nobody is there to take it. Pure.

A finding that ``blocks`` has to be mended first; the others are told. What is proved is certain: a rule is called shadowed where each of
its ways (see ``ways_of``) asks for all that one way of an earlier rule asks for, and that rule always decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from leads.codes import SOURCES, TIER_LABELS
from leads.facts import FACTS
from personas.conditions import BadRule, Condition, compile_rule, read_condition, ways_of

Way = tuple[Condition, ...]

MOST_WAYS = 500
"""How many ways of a rule are looked at; one with more is not judged."""
RANGES: Mapping[str, tuple[float, float]] = {
    "fit": (0, 100), "engagement": (0, 100), "employee_count": (0, float("inf")),
}  # fmt: skip
CODES: Mapping[str, frozenset[str]] = {
    "source": frozenset(SOURCES), "tier": frozenset(TIER_LABELS), "grade": frozenset("abcd"),
    "kind": frozenset({"new_business", "expansion"}), "origin": frozenset({"marketing", "sales"}),
}  # fmt: skip
"""Facts that are one of few words."""


@dataclass(frozen=True, slots=True)
class PoolState:
    """A pool and how many of its people work in sales, are away just now, or have left."""

    name: str
    active: int = 0
    away: int = 0
    left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TeamState:
    """A team that may keep a queue: whether it is an active sales team, has a calendar and a manager."""

    name: str
    is_active: bool = True
    has_calendar: bool = True
    has_manager: bool = True


@dataclass(frozen=True, slots=True)
class Known:
    """What there is to lead to, by id: pools, teams, and the names of people with whether they work in sales."""

    pools: Mapping[int, PoolState] = field(default_factory=dict)
    teams: Mapping[int, TeamState] = field(default_factory=dict)
    people: Mapping[int, tuple[str, bool]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with the rule of this code (empty: with all), in words."""

    rule: str
    problem: str
    words: str
    blocks: bool = True


def lint(rules: Sequence[Mapping[str, Any]], known: Known) -> list[Finding]:
    """Find what is wrong with ``rules``, in their order. That the last one is never reached is no fault: there has to be one."""
    found: list[Finding] = []
    earlier: list[tuple[Mapping[str, Any], list[Way]]] = []
    for line in rules:
        found += _of_conditions(line, earlier if line is not rules[-1] else [])
        found += _of_target(line, known)
        ways = _possible(line)
        if ways and ("pool" in line["to"] or "queue" in line["to"]):
            earlier.append((line, ways))
    used = {line["to"].get("pool") for line in rules}
    for pool_id, pool in known.pools.items():
        if pool_id not in used:
            found.append(Finding("", "unused_pool", f"No rule leads to the pool {pool.name}.", blocks=False))
    return found


# Conditions -----------------------------------------------------------------------------------------------------------


def _of_conditions(
    line: Mapping[str, Any], earlier: Sequence[tuple[Mapping[str, Any], list[Way]]]
) -> Iterator[Finding]:  # fmt: skip
    try:
        compile_rule(line.get("when") or [], fields=FACTS)
    except BadRule as error:
        yield Finding(line["code"], "bad_conditions", f"Its conditions cannot be used: {error.message}.")
        return
    ways = _possible(line)
    if ways is None:
        return
    if not ways:
        yield Finding(line["code"], "nobody_matches", "No lead can ever match it: its conditions exclude each other.")
        return
    for other, others in earlier:
        if all(any(_implies(way, wider) for wider in others) for way in ways):
            words = f"It never decides: “{other.get('words') or other['code']}” stands before it and takes every lead that it could."
            yield Finding(line["code"], "shadowed", words)
            return


def _possible(line: Mapping[str, Any]) -> list[Way] | None:
    """Give the ways that some lead can match; none where there are too many to look at, or they cannot be read."""
    try:
        ways = [[*map(read_condition, way)] for way in ways_of(line.get("when") or [], most=MOST_WAYS)]
    except (BadRule, OverflowError):
        return None
    return [tuple(way) for way in ways if _can_hold(way)]


def _can_hold(way: Sequence[Condition]) -> bool:
    """Tell whether some lead can match all of these conditions."""
    by_field: dict[str, list[Condition]] = {}
    for one in way:
        by_field.setdefault(one.field, []).append(one)
    return all(_field_can_hold(name, group) for name, group in by_field.items())


def _field_can_hold(name: str, group: Sequence[Condition]) -> bool:
    missing = any(one.op == "is_missing" for one in group)
    if missing:
        return all(one.op == "is_missing" for one in group)
    listed = [_values(one) for one in group if one.op in ("is", "in")]
    if name in CODES and not listed:
        listed = [CODES[name]]
    if listed:
        left = frozenset.intersection(*listed)
        if name in CODES:
            left &= CODES[name]
        return any(_passes(name, value, group) for value in left)
    low, high = _bounds(name, group)
    return low <= high


def _passes(name: str, value: Any, group: Sequence[Condition]) -> bool:
    facts = {name: value[1] if isinstance(value, tuple) else value}
    low, high = RANGES.get(name, (float("-inf"), float("inf")))
    if isinstance(facts[name], int | float) and not isinstance(facts[name], bool) and not low <= facts[name] <= high:
        return False
    return all(_holds(one, facts) for one in group)


def _holds(one: Condition, facts: Mapping[str, Any]) -> bool:
    value = list(one.value) if isinstance(one.value, tuple) else one.value
    line = {"field": one.field, "op": one.op, **({} if value is None else {"value": value})}
    return compile_rule(line).holds(facts)


# Whether one way asks for all that another does -----------------------------------------------------------------------


def _implies(narrow: Way, wide: Way) -> bool:
    """Tell whether every lead that matches ``narrow`` matches ``wide``: each condition of the latter follows from the former."""
    return all(_follows(condition, [one for one in narrow if one.field == condition.field]) for condition in wide)


def _follows(wanted: Condition, given: Sequence[Condition]) -> bool:
    """Tell whether ``wanted`` holds wherever all of ``given``, about the same fact, hold."""
    if wanted in given:
        return True
    if not given or wanted.op == "is_missing":
        return wanted.op == "is_missing" and any(one.op == "is_missing" for one in given)
    if any(one.op == "is_missing" for one in given):
        return False
    if wanted.op == "is_known":
        return True
    listed = [_values(one) for one in given if one.op in ("is", "in")]
    if listed:
        left = frozenset.intersection(*listed)
        return all(
            _holds(wanted, {wanted.field: value[1] if isinstance(value, tuple) else value})
            for value in left
            if _passes(wanted.field, value, given)
        )
    if wanted.op in ("is_not", "not_in"):
        excluded = frozenset().union(*(_values(one) for one in given if one.op in ("is_not", "not_in")))
        return _values(wanted) <= excluded
    if wanted.op == "contains":
        return any(one.op == "contains" and _key(wanted.value) in _key(one.value) for one in given)
    return _range_follows(wanted, given)


def _range_follows(wanted: Condition, given: Sequence[Condition]) -> bool:
    if wanted.op not in _LOW | _HIGH or not any(one.op in _LOW | _HIGH for one in given):
        return False
    low, high = _bounds(wanted.field, given)
    wanted_low, wanted_high = _bounds(wanted.field, [wanted])
    return wanted_low <= low and high <= wanted_high


_LOW = {"gte", "gt", "between"}
_HIGH = {"lte", "lt", "between"}
_STEP = 1e-9
"""Stands for *more than* and *less than* among bounds: values are whole or have few decimals."""


def _bounds(name: str, group: Sequence[Condition]) -> tuple[float, float]:
    """Give between which numbers these conditions leave a fact."""
    low, high = RANGES.get(name, (float("-inf"), float("inf")))
    for one in group:
        if one.op in ("gte", "gt"):
            low = max(low, one.value + (_STEP if one.op == "gt" else 0))
        elif one.op in ("lte", "lt"):
            high = min(high, one.value - (_STEP if one.op == "lt" else 0))
        elif one.op == "between":
            low, high = max(low, one.value[0]), min(high, one.value[1])
    return low, high


def _values(one: Condition) -> frozenset[Any]:
    values = one.value if isinstance(one.value, tuple) else (one.value,)
    return frozenset(_key(value) for value in values)


def _key(value: Any) -> Any:
    if isinstance(value, str):
        return value.strip().casefold()
    return ("truth", value) if isinstance(value, bool) else value


# Where it leads -------------------------------------------------------------------------------------------------------


def _of_target(line: Mapping[str, Any], known: Known) -> Iterator[Finding]:
    to, code = line["to"], line["code"]
    if "pool" in to:
        yield from _of_pool(code, known.pools.get(to["pool"]))
    if "person" in to:
        name, is_in_sales = known.people.get(to["person"], ("Whom it names", False))
        if not is_in_sales:
            yield Finding(code, "person_left", f"{name} does not work in sales any more.")
    if "queue" in to:
        yield from _of_queue(code, known.teams.get(to["queue"]))


def _of_pool(code: str, pool: PoolState | None) -> Iterator[Finding]:
    if pool is None:
        yield Finding(code, "no_pool", "The pool it leads to does not exist.")
    elif not pool.active:
        yield Finding(code, "empty_pool", f"Nobody who works in sales is in the pool {pool.name}.")
    else:
        if pool.active == pool.away:
            words = (
                f"Everybody in the pool {pool.name} is away now: until somebody is back its leads wait in the queue."
            )
            yield Finding(code, "all_away", words, blocks=False)
        if pool.left:
            words = f"Not in sales any more, and still in the pool {pool.name}: {', '.join(pool.left)}."
            yield Finding(code, "members_left", words, blocks=False)


def _of_queue(code: str, team: TeamState | None) -> Iterator[Finding]:
    if team is None or not team.is_active:
        name = f"{team.name} is no active sales team" if team else "The team it leads to does not exist"
        yield Finding(code, "no_team", f"{name}, so nobody looks after its queue.")
        return
    if not team.has_calendar:
        yield Finding(
            code, "no_calendar", f"{team.name} has no working hours, so no promise can be counted in its queue."
        )
    if not team.has_manager:
        words = f"{team.name} has no manager: nobody is told of what waits in its queue."
        yield Finding(code, "no_manager", words, blocks=False)
