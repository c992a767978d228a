"""Rules in plain words, for the agreement and for routing. Pure."""

from __future__ import annotations

from collections.abc import Mapping
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
    """Say a rule in one phrase."""
    if isinstance(rule, Mapping) and "any" in rule:
        return " or ".join(phrase(member) for member in rule["any"])
    if isinstance(rule, Mapping) and "all" in rule:
        return " and ".join(phrase(member) for member in rule["all"])
    if isinstance(rule, list | tuple):
        return " and ".join(phrase(member) for member in rule)
    return _condition(rule)


def _condition(line: Mapping[str, Any]) -> str:
    field, value = line.get("field"), line.get("value")
    if line.get("op") == "is" and isinstance(value, bool) and (str(field), value) in FLAGS:
        return FLAGS[str(field), value]
    try:
        return read_condition(line).words
    except BadRule:
        return str(line.get("words") or field or "?")
