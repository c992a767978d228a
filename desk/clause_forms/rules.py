"""The rule of an MQL or a tier: lines of field, operator and value, joined by *and*; *or* begins another way."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from django import forms

from desk.clause_forms.base import LinesForm
from inputs.fields import TextField
from leads.codes import SOURCES, TIER_LABELS
from personas.conditions import OPERATORS, RISING, WITHOUT_VALUE
from sla.completeness import RULE_FIELDS, SINKING

AND, OR = "and", "or"
NUMBERS = frozenset({"fit", "engagement", "employee_count"})
FLAGS = frozenset({"is_hand_raise", "is_target_account", "is_customer"})
CODES: Mapping[str, Mapping[str, str]] = {"source": SOURCES, "tier": TIER_LABELS}
LABELS = {
    "is_hand_raise": "asked for a demo or contact", "is_target_account": "target account", "is_customer": "customer",
    "employee_count": "number of employees", "kind": "kind of lead",
}  # fmt: skip
_KNOWN = ("is_known", "is_missing")
_ONE_OF = ("is", "is_not", "in", "not_in")
OPERATORS_OF = {
    "number": ("gte", "lte", "gt", "lt", "between", *_ONE_OF, *_KNOWN),
    "flag": ("is",),
    "text": (*_ONE_OF, "contains", *_KNOWN),
}
LISTS = frozenset({"in", "not_in"})
MOST_DIGITS = 9

_WHOLE = re.compile(rf"-?[0-9]{{1,{MOST_DIGITS}}}")
_BETWEEN = re.compile(r"\s*(?:,|;|\band\b|–)\s*")


class BadValue(ValueError):
    """What was typed is no value for this field and operator; the message says why."""


class RuleForm(LinesForm):
    """A rule as lines. A rule with groups inside groups is shown as the ways it amounts to."""

    layout = "rule"
    noun = "condition"
    most = 60
    facts = RULE_FIELDS
    """What may be asked of a lead."""

    def columns(self) -> dict[str, forms.Field]:
        names = sorted(self.facts, key=label_of)
        return {
            "join": forms.ChoiceField(label="Joined by", choices=[(AND, "and"), (OR, "or")], required=False),
            "field": forms.ChoiceField(
                label="Of the lead", choices=[("", "Choose…"), *((name, label_of(name)) for name in names)], required=False
            ),
            "op": forms.ChoiceField(label="Operator", choices=list(OPERATORS.items()), required=False, initial="gte"),
            "value": TextField(label="Value", required=False, max_length=500),
        }  # fmt: skip

    def lines_of(self, part: Any) -> Iterator[dict[str, Any]]:
        for way in ways_of(part) if part is not None else []:
            for place, line in enumerate(way):
                join = AND if place else OR
                yield {"join": join, "field": line["field"], "op": line["op"], "value": written(line)}

    def clean(self) -> dict[str, Any]:
        self.ways: list[list[dict[str, Any]]] = []
        for place in range(self.count):
            line = self.line(place)
            if not line["field"] and not line["value"]:
                continue
            condition = self._condition(place, line)
            if condition is None:
                continue
            if line["join"] == OR or not self.ways:
                self.ways.append([])
            self.ways[-1].append(condition)
        if not self.ways and not self.errors and self.clause == "mql-rule":
            self.add_error(None, "The rule needs at least one condition.")
        return self.cleaned_data

    def _condition(self, place: int, line: Mapping[str, Any]) -> dict[str, Any] | None:
        if not line["field"]:
            self.add_error(f"{place}-field", "Choose what the condition asks for.")
            return None
        allowed = self._operators(line["field"])
        if line["op"] not in allowed:
            words = ", ".join(f"“{OPERATORS[op]}”" for op in allowed)
            self.add_error(f"{place}-op", f"This can be asked here: {words}.")
            return None
        condition = {"field": line["field"], "op": line["op"]}
        if line["op"] in WITHOUT_VALUE:
            return condition
        try:
            return {**condition, "value": read(line["field"], line["op"], line["value"] or "")}
        except BadValue as error:
            self.add_error(f"{place}-value", str(error))
            return None

    def _operators(self, field: str) -> tuple[str, ...]:
        """Give what can be asked of a field; the rule of an MQL asks for engagement from some number on (decision 23)."""
        allowed = OPERATORS_OF[kind_of(field)]
        if self.clause == "mql-rule" and field == SINKING:
            return tuple(op for op in allowed if op in RISING)
        return allowed

    def part(self) -> Any:
        groups = [{"all": way} for way in self.ways]
        if not groups:
            return None
        return groups[0] if len(groups) == 1 else {"any": groups}


def label_of(name: str) -> str:
    """Give how a field is called in the list of choices."""
    return LABELS.get(name, name.replace("_", " "))


def kind_of(name: str) -> str:
    """Tell numbers, flags and texts apart."""
    return "number" if name in NUMBERS else "flag" if name in FLAGS else "text"


def ways_of(rule: Any) -> list[list[dict[str, Any]]]:
    """Give the ways in which a rule can hold, each a list of conditions that all have to."""
    if isinstance(rule, Mapping) and "field" in rule:
        return [[dict(rule)]]
    if isinstance(rule, Mapping) and "any" in rule:
        return [way for member in rule["any"] for way in ways_of(member)]
    members = rule["all"] if isinstance(rule, Mapping) else rule
    return [[line for way in choice for line in way] for choice in product(*(ways_of(member) for member in members))]


def written(line: Mapping[str, Any]) -> str:
    """Write the value of a condition as it is typed: *50*, *10 and 200*, *yes*, *Berlin, Munich*."""
    value = line.get("value")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return (" and " if line["op"] == "between" else ", ").join(str(item) for item in value)
    return "" if value is None else str(value)


def read(name: str, op: str, text: str) -> Any:
    """Read what was typed for a field and an operator; raises ``BadValue``."""
    if op == "between":
        bounds = [_number(part) for part in _BETWEEN.split(text.strip())]
        if len(bounds) != 2 or bounds[0] > bounds[1]:
            raise BadValue("Give two numbers, the smaller one first: 10 and 200.")
        return bounds
    if op in LISTS:
        values = [_one(name, part) for part in text.split(",") if part.strip()]
        if not values:
            raise BadValue("Give values, with commas between them.")
        return values
    return _one(name, text)


def _one(name: str, text: str) -> Any:
    if kind_of(name) == "number":
        return _number(text)
    said = text.strip()
    if kind_of(name) == "flag":
        if said.casefold() not in ("yes", "no"):
            raise BadValue("Say yes or no.")
        return said.casefold() == "yes"
    if not said:
        raise BadValue("Give a value.")
    codes = CODES.get(name)
    if codes is None:
        return said
    found = {each.casefold(): code for code, label in codes.items() for each in (code, label)}.get(said.casefold())
    if found is None:
        raise BadValue(f"“{said}” is no {label_of(name)}: {', '.join(codes)}.")
    return found


def _number(text: str) -> int:
    if not _WHOLE.fullmatch(text.strip()):
        raise BadValue("Give a whole number.")
    return int(text)
