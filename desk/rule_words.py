"""Rules in plain words, for the agreement and for routing. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from personas.conditions import BadRule, read_condition

FLAGS = {
    ("is_hand_raise", True): "the contact asked for a demo or to be contacted",
    ("is_hand_raise", False): "the contact did not ask to be contacted",
    ("is_target_account", True): "the company is a target account",
    ("is_target_account", False): "the company is no target account",
    ("is_customer", True): "the company is a customer",
    ("is_customer", False): "the company is no customer",
}


def alternatives(rule: Any) -> list[str]:
    """Say a rule as the alternatives of which one is enough: each a phrase joined by *and*."""
    if isinstance(rule, Mapping) and "any" in rule:
        return [phrase(member) for member in rule["any"]]
    return [phrase(rule)]


def phrase(rule: Any) -> str:
    """Say a rule in one phrase; a group within one that is joined by the other word stands in brackets."""
    members, word = _members(rule)
    if members is None:
        return _condition(rule)
    return f" {word} ".join(_within(member, word) for member in members)


def _within(rule: Any, word: str) -> str:
    members, own = _members(rule)
    is_mixed = members is not None and len(members) > 1 and own != word
    return f"({phrase(rule)})" if is_mixed else phrase(rule)


def _members(rule: Any) -> tuple[Sequence[Any] | None, str]:
    if isinstance(rule, list | tuple):
        return rule, "and"
    for join, word in (("any", "or"), ("all", "and")):
        if isinstance(rule, Mapping) and join in rule:
            return rule[join], word
    return None, ""


@dataclass(frozen=True, slots=True)
class Places:
    """How what rules lead to is called, by id."""

    pools: Mapping[int, str]
    teams: Mapping[int, str]
    people: Mapping[int, str]


STRATEGY_WORDS = {
    "turns": "whose turn it is",
    "least_loaded": "whoever has the fewest open leads",
    "longest_waiting": "whoever has waited longest",
}


def destination(to: Mapping[str, Any], places: Places) -> str:
    """Say where a routing rule sends leads."""
    if to.get("owner_of_company"):
        return "whoever answers for the company"
    if "pool" in to:
        who = STRATEGY_WORDS.get(to.get("by", "turns"), "?")
        return f"{who} in the pool {places.pools.get(to['pool'], '?')}"
    if "person" in to:
        return places.people.get(to["person"], "?")
    return f"the queue of {places.teams.get(to.get('queue', 0), '?')}"


def routing_sentence(line: Mapping[str, Any], places: Places) -> str:
    """Say a routing rule in one sentence: *If region is north: to the queue of North.*"""
    when = phrase(line.get("when") or [])
    return f"{f'If {when}' if when else 'Always'}: to {destination(line['to'], places)}."


def _condition(line: Mapping[str, Any]) -> str:
    field, value = line.get("field"), line.get("value")
    if line.get("op") == "is" and isinstance(value, bool) and (str(field), value) in FLAGS:
        return FLAGS[str(field), value]
    try:
        return read_condition(line).words
    except BadRule:
        return str(line.get("words") or field or "?")
