"""One condition as it is typed: a field of the lead, an operator and a value, read and written. Whoever has such fields inherits from here."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Mapping
from typing import Any

from django import forms

from inputs.fields import TextField
from leads.codes import SOURCES, TIER_LABELS
from personas.conditions import MAX_VALUES, OPERATORS, WITHOUT_VALUE

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
LONGEST_VALUE = 2000
"""Characters; a value that is longer already may stay as long as it is."""

_WHOLE = re.compile(rf"-?[0-9]{{1,{MOST_DIGITS}}}")
_BETWEEN = re.compile(r"\s*(?:,|;|\band\b|–)\s*")


class BadValue(ValueError):
    """What was typed is no value for this field and operator; the message says why."""


class ConditionFields(forms.Form):
    """Forms in which conditions are typed: their fields, and what is wrong with one."""

    def condition_fields(
        self, names: Collection[str], *, op: str, longest: int = LONGEST_VALUE
    ) -> dict[str, forms.Field]:
        """Make the fields of one condition on ``names``; ``op`` is the operator that stands there at first."""
        choices = [("", "Choose…"), *((name, label_of(name)) for name in sorted(names, key=label_of))]
        return {
            "field": forms.ChoiceField(label="Of the lead", choices=choices, required=False),
            "op": forms.ChoiceField(label="Operator", choices=list(OPERATORS.items()), required=False, initial=op),
            "value": TextField(label="Value", required=False, max_length=max(LONGEST_VALUE, longest)),
        }

    def operators_of(self, name: str) -> tuple[str, ...]:
        """Give what can be asked of a field."""
        return OPERATORS_OF[kind_of(name)]

    def condition(self, place: int, line: Mapping[str, Any]) -> dict[str, Any] | None:
        """Read the valid values of a line; what is wrong with it is told beside the fields that begin with ``place``."""
        if not line["field"]:
            if f"{place}-field" not in self.errors:
                self.add_error(f"{place}-field", "Choose what the condition asks for.")
            return None
        allowed = self.operators_of(line["field"])
        if line["op"] not in allowed:
            words = ", ".join(f"“{OPERATORS[op]}”" for op in allowed)
            self.add_error(f"{place}-op", f"This can be asked here: {words}.")
            return None
        condition = {"field": line["field"], "op": line["op"]}
        if line["op"] in WITHOUT_VALUE:
            return condition
        if f"{place}-value" in self.errors:
            return None
        try:
            return {**condition, "value": read(line["field"], line["op"], line["value"] or "")}
        except BadValue as error:
            self.add_error(f"{place}-value", str(error))
            return None


def label_of(name: str) -> str:
    """Give how a field is called in the list of choices."""
    return LABELS.get(name, name.replace("_", " "))


def kind_of(name: str) -> str:
    """Tell numbers, flags and texts apart."""
    return "number" if name in NUMBERS else "flag" if name in FLAGS else "text"


def written(line: Mapping[str, Any]) -> str:
    """Write the value of a condition as it is typed: *50*, *10 and 200*, *yes*, *Berlin, Munich*, *"Smith, Jones", Berlin*."""
    value = line.get("value")
    if isinstance(value, list | tuple):
        if line.get("op") == "between":
            return " and ".join(_said(item) for item in value)
        return ", ".join(_quoted(_said(item)) for item in value)
    return _said(value)


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _quoted(word: str) -> str:
    if "," not in word and not word.startswith('"'):
        return word
    doubled = word.replace('"', '""')
    return f'"{doubled}"'


def read(name: str, op: str, text: str) -> Any:
    """Read what was typed for a field and an operator; raises ``BadValue``."""
    if op == "between":
        bounds = [_number(part) for part in _BETWEEN.split(text.strip())]
        if len(bounds) != 2 or bounds[0] > bounds[1]:
            raise BadValue("Give two numbers, the smaller one first: 10 and 200.")
        return bounds
    if op in LISTS:
        values = [_one(name, part) for part in _parts(text) if part.strip()]
        if not values:
            raise BadValue("Give values, with commas between them.")
        if len(values) > MAX_VALUES:
            raise BadValue(f"Give at most {MAX_VALUES:,} values.")
        return values
    return _one(name, text)


def _parts(text: str) -> list[str]:
    """Split at commas, but not within quotes."""
    return next(csv.reader([text], skipinitialspace=True), [])


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
