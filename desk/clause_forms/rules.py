"""The rule of an MQL or a tier: conditions in groups of which *all* or *any* have to hold, groups within groups, line by line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import QueryDict

from desk.clause_forms.base import ADD, CHANGE, REMOVE, ClauseForm
from desk.clause_forms.conditions import ConditionFields, label_of, written
from desk.rule_tree import (
    ALL,
    ANY,
    MOST_DEEP,
    MOST_LINES,
    Node,
    group,
    is_group,
    normal,
    numbered,
    shape_of,
    shaped,
    walk,
)
from inputs.text import tidy
from personas.conditions import RISING, BadRule, compile_rule
from sla.completeness import RULE_FIELDS, SINKING

GROUP = "group"
"""The button that puts a group at the end: *group* of the rule, *group-3* of the group on line 3; *add* and *add-3* put a condition there."""
COUNT = "count"
"""The button that only asks how many leads the rule would match."""
JOINS = [(ALL, "all"), (ANY, "any")]
SUBJECTS = {
    "mql-rule": "A lead is an MQL when", "tier-hot": "A lead is hot when", "tier-warm": "A lead that is not hot is warm when",
    "routing": "The rule applies when",
}  # fmt: skip
COLUMNS = ("field", "op", "value")


@dataclass(frozen=True, slots=True)
class ConditionRow:
    """A condition in the form; ``name`` is its number in its group, and its group's before it: *2.1*."""

    name: str
    fields: Sequence[forms.BoundField]
    remove: str
    is_group: bool = False


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group in the form, with its lines and the values of its buttons; without ``name`` it is the rule itself."""

    name: str
    join: forms.BoundField
    rows: Sequence[ConditionRow | GroupRow]
    add: str
    add_group: str
    """Empty where no group may be put into it."""
    remove: str
    is_next: bool
    """Whether a line was just taken out of it, so that the work goes on here."""
    is_group: bool = True


class RuleForm(ConditionFields, ClauseForm):
    """A rule as it is: what is not touched stays as it was written, also where it could not be typed here."""

    template = "desk/clause_forms/_rule.html"
    facts = RULE_FIELDS
    """What may be asked of a lead."""

    def __init__(
        self, data: QueryDict | None = None, *, part: Any, again: QueryDict | None = None, **kwargs: Any
    ) -> None:
        self._was = normal(part)
        self._next: Node | None = None
        typed = data if data is not None else again
        self._root, self._is_whole = self._typed(typed) if typed is not None else (_tree(self._was), True)
        self._kept = {_texts(line): line for line in _conditions(self._was)}
        if again is not None:
            self._press(again.get(CHANGE, ""))
        numbered(self._root)
        self.rule: dict[str, Any] = {}
        self._empty: list[str] = []
        super().__init__(data, part=part, again=again, **kwargs)

    # Lines to fields --------------------------------------------------------------------------------------------------

    def prepare(self) -> None:
        shape = shape_of(self._root)
        self.fields["lines"] = forms.CharField(required=False, widget=forms.HiddenInput, initial=shape)
        for node in (self._root, *walk(self._root)):
            made = self._join_field() if node.is_group else self._columns(node)
            for name, field in made.items():
                field.initial = node.values.get(name, field.initial)
                self.fields[_name(node, name)] = field
        if self._next is not None and not self._next.is_group:
            self.fields[_name(self._next, "field")].widget.attrs["autofocus"] = True

    def _join_field(self) -> dict[str, forms.Field]:
        return {"join": forms.ChoiceField(label="How many have to hold", choices=JOINS, required=False, initial=ALL)}

    def _columns(self, node: Node) -> dict[str, forms.Field]:
        longest = max((len(written(line)) for line in self._kept.values()), default=0)
        made = self.condition_fields(self.facts, op="gte", longest=longest)
        name = node.values.get("field", "")
        if name and name not in self.facts and name in {line.get("field") for line in self._kept.values()}:
            made["field"].choices.append((name, f"{name} (cannot be asked here)"))  # type: ignore[attr-defined]
        return made

    def shown(self, part: Any) -> dict[str, Any]:
        return {}

    @property
    def tree(self) -> GroupRow:
        """The lines as they stand in each other."""
        may_add = len(list(walk(self._root))) < MOST_LINES
        return self._group_row(self._root, may_add)

    def _group_row(self, node: Node, may_add: bool) -> GroupRow:
        rows = [self._row(member, may_add) for member in node.members]
        at = "" if node is self._root else f"-{node.place}"
        return GroupRow(
            node.name, self[_name(node, "join")], rows, add=f"{ADD}{at}" if may_add else "",
            add_group=f"{GROUP}{at}" if may_add and node.depth < MOST_DEEP else "",
            remove=f"{REMOVE}{node.place}", is_next=node is self._next,
        )  # fmt: skip

    def _row(self, node: Node, may_add: bool) -> ConditionRow | GroupRow:
        if node.is_group:
            return self._group_row(node, may_add)
        return ConditionRow(node.name, [self[_name(node, each)] for each in COLUMNS], f"{REMOVE}{node.place}")

    # What was typed ---------------------------------------------------------------------------------------------------

    def _typed(self, typed: QueryDict) -> tuple[Node, bool]:
        root, is_whole = shaped(typed.get("lines", ""))
        for node in (root, *walk(root)):
            names = ("join",) if node.is_group else COLUMNS
            node.values = {name: str(typed[_name(node, name)]) for name in names if _name(node, name) in typed}
        return root, is_whole

    def _press(self, button: str) -> None:
        word, _, number = button.partition("-")
        nodes = {str(node.place): node for node in walk(self._root)}
        found = nodes.get(number) if number else self._root
        if found is None:
            return
        if f"{word}-" == REMOVE and found is not self._root:
            self._next = next(each for each in (self._root, *nodes.values()) if found in each.members)
            self._next.members.remove(found)
        elif word in (ADD, GROUP) and found.is_group and len(nodes) < MOST_LINES:
            self._next = Node()
            if word == GROUP and found.depth < MOST_DEEP:
                found.members.append(group(ALL if found.join == ANY else ANY, [self._next]))
            else:
                found.members.append(self._next)

    def clean(self) -> dict[str, Any]:
        self._empty = []
        self.rule = self._group(self._root)
        for name in self._empty if self.rule != self._was else ():
            self.add_error(name, "This group is empty: give it a condition, or remove it.")
        if not self._is_whole:
            self.add_error(None, "This rule has more lines, or deeper groups, than can be written here.")
        if self.clause == "mql-rule" and not self.has_conditions and not self._is_wrong():
            self.add_error(None, "The rule needs at least one condition.")
        if not self._is_wrong():
            try:
                compile_rule(self.rule, fields=frozenset(self.facts))
            except BadRule as error:
                self.add_error(None, f"The rule cannot be used: {error.message}.")
        return self.cleaned_data

    def _names(self) -> dict[str, str]:
        """Give to the name of every field of the rule what its line is called: what it asks for, *a condition*, *a group*."""
        named: dict[str, str] = {NON_FIELD_ERRORS: ""}
        for node in (self._root, *walk(self._root)):
            asked = label_of(node.values.get("field") or "a condition")
            called = asked if not node.is_group else "" if node is self._root else "a group"
            named |= {_name(node, column): called for column in (("join",) if node.is_group else COLUMNS)}
        return named

    def _is_wrong(self) -> bool:
        return not self.errors.keys().isdisjoint(self._names())

    @property
    def rule_problems(self) -> list[tuple[str, str]]:
        """What is wrong with the rule, and with which line (empty: with all of it); what else the form asks for does not matter."""
        names = self._names()
        found = [(names[name], str(each)) for name, errors in self.errors.items() if name in names for each in errors]
        if not found and not self.has_conditions and self.clause != "routing":
            return [("", "There is no condition yet.")]
        return found

    def _group(self, node: Node) -> dict[str, Any]:
        members: list[dict[str, Any]] = []
        for member in node.members:
            said = self._group(member) if member.is_group else self._said(member)
            if said:
                members.append(said)
        if not members and node is not self._root and not self._has_errors(node):
            self._empty.append(_name(node, "join"))
        return {self.cleaned_data.get(_name(node, "join")) or ALL: members}

    def _has_errors(self, node: Node) -> bool:
        return any(_name(each, name) in self.errors for each in walk(node) for name in ("join", *COLUMNS))

    def _said(self, node: Node) -> dict[str, Any] | None:
        line = {name: self.cleaned_data.get(_name(node, name)) for name in COLUMNS}
        broken = any(_name(node, name) in self.errors for name in COLUMNS)
        if not broken and not line["field"] and not line["value"]:
            return None
        kept = self._kept.get((line["field"] or "", line["op"] or "", line["value"] or ""))
        if kept is None or line["field"] not in self.facts:
            return self.condition(node.place, line)
        try:
            compile_rule(kept)
        except BadRule as error:
            self.add_error(
                _name(node, error.path if error.path in COLUMNS else "value"), f"{error.message}.".capitalize()
            )
        return dict(kept)

    def operators_of(self, name: str) -> tuple[str, ...]:
        """Give what can be asked of a field; the rule of an MQL asks for engagement from some number on (decision 23)."""
        allowed = super().operators_of(name)
        if self.clause == "mql-rule" and name == SINKING:
            return tuple(op for op in allowed if op in RISING)
        return allowed

    @property
    def subject(self) -> str:
        """How the sentence begins that the rule is."""
        return SUBJECTS[self.clause]

    @property
    def has_conditions(self) -> bool:
        return any(self.rule.values())

    def part(self) -> Any:
        if self.rule == self._was:
            return self.was
        return self.rule if self.has_conditions else None


def _name(node: Node, column: str) -> str:
    return column if node.place < 0 else f"{node.place}-{column}"


def _tree(rule: Mapping[str, Any]) -> Node:
    """Give the lines of a rule in normal form."""
    if not is_group(rule):
        field, op, value = _texts(rule)
        return Node(values={"field": field, "op": op, "value": value})
    ((join, members),) = rule.items()
    return group(join, [_tree(member) for member in members])


def _conditions(rule: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    if not is_group(rule):
        return [rule]
    return [line for members in rule.values() for member in members for line in _conditions(member)]


def _texts(line: Mapping[str, Any]) -> tuple[str, str, str]:
    """Give a condition as the texts of its fields, as the form gives them back when nobody touches them."""
    return str(line.get("field") or ""), str(line.get("op") or ""), tidy(written(line))
