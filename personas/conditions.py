"""Conditions on facts: ``{field, op, value}`` in groups *all* and *any*, compiled to closures, explained. Pure.

One language for the MQL rule, the tiers, the criteria of personas and the routing rules. A rule is JSON: a condition, a list of rules
(all of them), ``{"all": [...]}`` or ``{"any": [...]}``. An empty list always holds, an empty *any* never.

What is not known proves nothing: a fact that is absent, null, an empty text or an empty list fails every operator except
``is_missing``, so also ``is_not`` and ``not_in``. Texts are compared without regard to case and outer spaces, and never equal a
number; ``true`` is not 1. A fact may be a list (skills, campaigns): then ``is``, ``in`` and ``contains`` ask for any of its items.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from typing import Any

Facts = Mapping[str, Any]
Test = Callable[[Facts], bool]

MAX_DEPTH = 6
MAX_CONDITIONS = 200
MAX_VALUES = 1000

OPERATORS = {
    "is": "is",
    "is_not": "is not",
    "in": "is one of",
    "not_in": "is none of",
    "contains": "contains",
    "gte": "is at least",
    "lte": "is at most",
    "gt": "is more than",
    "lt": "is less than",
    "between": "is between",
    "is_known": "is known",
    "is_missing": "is missing",
}
WITHOUT_VALUE = frozenset({"is_known", "is_missing"})
_NUMBERS = (int, float, Decimal)
_LISTS = (list, tuple, set, frozenset)


class BadRule(ValueError):
    """The rule is malformed: ``path`` says where (``any[1].value``), the message what."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path or 'rule'}: {message}")
        self.path = path
        self.message = message


@dataclass(frozen=True, slots=True)
class Condition:
    """One line of a rule, as it was written."""

    field: str
    op: str
    value: Any = None

    @property
    def words(self) -> str:
        """The condition as a plain phrase: *employee count is between 10 and 200*."""
        parts = [self.field.replace("_", " "), OPERATORS[self.op]]
        if self.op == "between":
            parts.append(f"{self.value[0]} and {self.value[1]}")
        elif self.op not in WITHOUT_VALUE:
            parts.append(_words(self.value))
        return " ".join(parts)


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one condition: whether it held, and the fact it looked at (``None``: not known)."""

    condition: Condition
    held: bool
    evidence: Any


@dataclass(frozen=True, slots=True)
class Rule:
    """A compiled rule: call ``holds`` with facts. Immutable, may be shared between threads and kept for ever."""

    holds: Test
    lines: tuple[tuple[Condition, Test], ...]

    @property
    def fields(self) -> frozenset[str]:
        """The facts that the rule asks for."""
        return frozenset(condition.field for condition, _ in self.lines)


def compile_rule(rule: Any, *, fields: frozenset[str] | None = None) -> Rule:
    """Compile ``rule``; raises ``BadRule``. With ``fields`` a field outside of them is refused."""
    lines: list[tuple[Condition, Test]] = []
    return Rule(_compile(rule, "", 0, fields, lines), tuple(lines))


def explain(rule: Rule, facts: Facts) -> list[Finding]:
    """Say of every condition of ``rule``, in its order, whether it held on ``facts``, and on what evidence."""
    return [Finding(condition, test(facts), facts.get(condition.field)) for condition, test in rule.lines]


def ways_of(rule: Any, *, most: int | None = None) -> list[list[Mapping[str, Any]]]:
    """Give the ways in which a rule can hold, each a list of conditions that all have to; raises ``OverflowError`` beyond ``most``."""
    if isinstance(rule, Mapping) and "field" in rule:
        return [[rule]]
    if isinstance(rule, Mapping) and "any" in rule:
        return [way for member in rule["any"] for way in ways_of(member, most=most)]
    members = rule["all"] if isinstance(rule, Mapping) else rule
    groups = [ways_of(member, most=most) for member in members]
    if most is not None and math.prod(map(len, groups)) > most:
        raise OverflowError
    return [[line for way in choice for line in way] for choice in product(*groups)]


def evidence_of(condition: Condition, facts: Facts) -> str:
    """Say which value of ``facts`` met ``condition``, once it holds; empty where the condition says it all.

    Of a text it is the value of the rule that was found, never the whole fact: what somebody wrote of themselves may have to be
    erased one day, and where the evidence is kept it stays.
    """
    fact = facts.get(condition.field)
    if condition.op in ("gte", "lte", "gt", "lt", "between"):
        return _words(fact)
    if condition.op == "contains":
        return str(condition.value).strip()
    if condition.op not in ("is", "in") or isinstance(condition.value, bool):
        return ""
    there = {_comparable(item) for item in (fact if isinstance(fact, _LISTS) else (fact,))}
    wanted = condition.value if condition.op == "in" else (condition.value,)
    return ", ".join(_word(value) for value in wanted if _comparable(value) in there)


RISING = ("gte", "gt", "is_known", "is_missing")
"""The operators that never begin to hold because a known number sinks."""


def rises_with(rule: Rule, field: str) -> bool:
    """Tell whether ``rule``, while the number ``field`` sinks and all else stays, can only end and never begin to hold.

    Groups join by *all* and *any* alone, which never turn a condition round: so each condition on the field has to be of ``RISING``.
    """
    return all(condition.op in RISING for condition, _ in rule.lines if condition.field == field)


# Reading a rule -----------------------------------------------------------------------------------------------------


def _compile(
    rule: Any, path: str, depth: int, fields: frozenset[str] | None, lines: list[tuple[Condition, Test]]
) -> Test:
    if depth > MAX_DEPTH:
        raise BadRule(path, f"groups stand at most {MAX_DEPTH} deep in each other")
    if isinstance(rule, Mapping) and "field" in rule:
        condition = read_condition(rule, path=path, fields=fields)
        if len(lines) >= MAX_CONDITIONS:
            raise BadRule(path, f"a rule has at most {MAX_CONDITIONS} conditions")
        test = _test(condition, path)
        lines.append((condition, test))
        return test
    word, members = _group(rule, path)
    tests = tuple(
        _compile(member, f"{path}{word}[{place}]", depth + 1, fields, lines) for place, member in enumerate(members)
    )
    return _any_of(tests) if word.endswith("any") else _all_of(tests)


def _group(rule: Any, path: str) -> tuple[str, Sequence[Any]]:
    dot = "." if path else ""
    if isinstance(rule, list | tuple):
        return ("", rule)
    if isinstance(rule, Mapping) and len(rule) == 1:
        ((word, members),) = rule.items()
        if word in ("all", "any") and isinstance(members, list | tuple):
            return (f"{dot}{word}", members)
    raise BadRule(path, "expected a condition with field, op and value, a list, or one group all or any with a list")


def read_condition(line: Mapping[str, Any], *, path: str = "", fields: frozenset[str] | None = None) -> Condition:
    """Read one ``{field, op, value}``; raises ``BadRule``. Keys beyond these are the caller's."""
    field, op = line.get("field"), line.get("op")
    if not isinstance(field, str) or not field:
        raise BadRule(_at(path, "field"), "names no field")
    if fields is not None and field not in fields:
        raise BadRule(_at(path, "field"), f"“{field}” is not a field that can be asked for")
    if not isinstance(op, str) or op not in OPERATORS:
        raise BadRule(_at(path, "op"), f"“{op}” is not an operator; they are {', '.join(OPERATORS)}")
    if op in WITHOUT_VALUE:
        return Condition(field, op)
    if "value" not in line:
        raise BadRule(_at(path, "value"), f"{op} needs a value")
    return Condition(field, op, _value(op, line["value"], _at(path, "value")))


def _value(op: str, value: Any, path: str) -> Any:
    if op in ("in", "not_in"):
        if not isinstance(value, list | tuple) or not value or len(value) > MAX_VALUES:
            raise BadRule(path, f"{op} needs a list of 1 to {MAX_VALUES} values")
        return tuple(_scalar(item, path) for item in value)
    if op == "between":
        if not isinstance(value, list | tuple) or len(value) != 2:
            raise BadRule(path, "between needs two numbers")
        low, high = (_number(item, path) for item in value)
        if low > high:
            raise BadRule(path, "between needs the smaller number first")
        return (low, high)
    if op in ("gte", "lte", "gt", "lt"):
        return _number(value, path)
    return _scalar(value, path)


def _scalar(value: Any, path: str) -> Any:
    if isinstance(value, bool) or (isinstance(value, str) and value.strip()):
        return value
    return _number(value, path)


def _number(value: Any, path: str) -> Any:
    if isinstance(value, bool) or not isinstance(value, _NUMBERS) or not math.isfinite(value):
        raise BadRule(path, f"“{value}” is not a value that can be compared here")
    return value


def _at(path: str, part: str) -> str:
    return f"{path}.{part}" if path else part


# Closures -----------------------------------------------------------------------------------------------------------


def _all_of(tests: tuple[Test, ...]) -> Test:
    if len(tests) == 1:
        return tests[0]
    if len(tests) == 2:
        first, second = tests
        return lambda facts: first(facts) and second(facts)

    def holds(facts: Facts) -> bool:
        for test in tests:  # noqa: SIM110 - a generator would cost twice the time
            if not test(facts):
                return False
        return True

    return holds


def _any_of(tests: tuple[Test, ...]) -> Test:
    if len(tests) == 1:
        return tests[0]
    if len(tests) == 2:
        first, second = tests
        return lambda facts: first(facts) or second(facts)

    def holds(facts: Facts) -> bool:
        for test in tests:  # noqa: SIM110 - a generator would cost twice the time
            if test(facts):
                return True
        return False

    return holds


def _test(condition: Condition, path: str) -> Test:
    field = condition.field
    if condition.op == "is_missing":
        return lambda facts: is_blank(facts.get(field))
    if condition.op == "is_known":
        return lambda facts: not is_blank(facts.get(field))
    if condition.op in ("gte", "lte", "gt", "lt", "between"):
        return _number_test(field, condition.op, condition.value)
    if condition.op == "contains":
        return _contains_test(field, condition.value, path)
    wanted = condition.value if condition.op in ("in", "not_in") else (condition.value,)
    return _membership_test(field, wanted, negated=condition.op in ("is_not", "not_in"))


def is_blank(fact: Any) -> bool:
    """Tell whether ``fact`` says nothing: null, an empty text, an empty list."""
    return fact is None or (isinstance(fact, str) and not fact.strip()) or (isinstance(fact, _LISTS) and not fact)


def _number_test(field: str, op: str, value: Any) -> Test:
    def number_in(facts: Facts) -> Any:
        fact = facts.get(field)
        return fact if isinstance(fact, _NUMBERS) and not isinstance(fact, bool) else None

    if op == "between":
        low, high = value
        return lambda facts: (fact := number_in(facts)) is not None and low <= fact <= high
    if op == "gte":
        return lambda facts: (fact := number_in(facts)) is not None and fact >= value
    if op == "lte":
        return lambda facts: (fact := number_in(facts)) is not None and fact <= value
    if op == "gt":
        return lambda facts: (fact := number_in(facts)) is not None and fact > value
    return lambda facts: (fact := number_in(facts)) is not None and fact < value


def _membership_test(field: str, values: Sequence[Any], *, negated: bool) -> Test:
    wanted = frozenset(_comparable(value) for value in values)

    def is_wanted(fact: Any) -> bool:
        if isinstance(fact, _LISTS):
            return any(_comparable(item) in wanted for item in fact)
        return _comparable(fact) in wanted

    if negated:
        return lambda facts: not is_blank(fact := facts.get(field)) and not is_wanted(fact)
    if len(wanted) == 1 and isinstance(values[0], bool):
        truth = values[0]
        return lambda facts: facts.get(field) is truth
    return lambda facts: is_wanted(facts.get(field))


def _contains_test(field: str, value: Any, path: str) -> Test:
    if not isinstance(value, str):
        raise BadRule(_at(path, "value"), "contains needs a text")
    part = value.strip().casefold()

    def contains(facts: Facts) -> bool:
        fact = facts.get(field)
        if isinstance(fact, str):
            return part in fact.casefold()
        if isinstance(fact, _LISTS):
            return any(isinstance(item, str) and item.strip().casefold() == part for item in fact)
        return False

    return contains


def _comparable(value: Any) -> Any:
    """Give ``value`` in a form in which equal things are equal and different kinds never are."""
    if isinstance(value, str):
        return value.strip().casefold()
    if isinstance(value, bool):
        return ("truth", value)
    return value if isinstance(value, _NUMBERS) else None


def _words(value: Any) -> str:
    return ", ".join(_words(item) for item in value) if isinstance(value, tuple) else _word(value)


def _word(value: Any) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
