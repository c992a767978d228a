"""A rule as lines of a form: each line is a condition or a group of lines, and all of them are numbered from the top. Pure.

How the lines stand in each other is one short text, the *shape*: ``c`` is a condition, ``(`` and ``)`` hold a group together. The rule *any
of (A and B), C* has the shape ``(cc)c``: line 0 is the group, lines 1 and 2 are A and B, line 3 is C. The rule itself is a group without a number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from personas.conditions import MAX_DEPTH

ALL, ANY = "all", "any"
MOST_LINES = 300
"""Conditions and groups in one form: all the conditions that a rule may have, and a group for every two of them."""
MOST_DEEP = 3
"""How deep groups may be put into each other by hand, the rule itself counted. Deeper ones that there are can be edited."""


@dataclass(eq=False, slots=True)
class Node:
    """A line: a condition with the texts of its fields, or a group with ``join`` (``all`` or ``any``) and its lines."""

    is_group: bool = False
    values: dict[str, str] = field(default_factory=dict)
    members: list[Node] = field(default_factory=list)
    place: int = -1
    depth: int = 1
    name: str = ""
    """Its number as it is read, after that of its group: *2.1*."""

    @property
    def join(self) -> str:
        return ANY if self.values.get("join") == ANY else ALL


def group(join: str, members: list[Node]) -> Node:
    """Make a group."""
    return Node(True, {"join": join}, members)


def walk(node: Node) -> Iterator[Node]:
    """Give all lines within a group, from the top."""
    for member in node.members:
        yield member
        yield from walk(member)


def numbered(root: Node) -> Node:
    """Number the lines, and say of each how deep it stands."""
    for place, node in enumerate(walk(root)):
        node.place = place
    for node in (root, *walk(root)):
        for count, member in enumerate(node.members, 1):
            member.depth = node.depth + 1
            member.name = f"{node.name}.{count}" if node.name else str(count)
    return root


def shape_of(node: Node) -> str:
    """Give the shape of the lines within a group."""
    return "".join(f"({shape_of(member)})" if member.is_group else "c" for member in node.members)


def shaped(shape: str) -> tuple[Node, bool]:
    """Read a shape, and whether it was all there: what is too much, too deep or no shape is left out."""
    root = Node(is_group=True)
    open_groups, count, is_whole = [root], 0, True
    for mark in shape:
        if mark == ")" and len(open_groups) > 1:
            open_groups.pop()
        elif mark not in "c(" or count >= MOST_LINES or (mark == "(" and len(open_groups) > MAX_DEPTH):
            is_whole = False
        else:
            node = Node(is_group=mark == "(")
            open_groups[-1].members.append(node)
            count += 1
            if node.is_group:
                open_groups.append(node)
    return numbered(root), is_whole


def normal(rule: Any) -> dict[str, Any]:
    """Give ``rule`` (conditions as in ``personas.conditions``) as one group of conditions and groups: a list is *all* of it."""
    whole = _normal(rule if rule is not None else [])
    return whole if is_group(whole) else {ALL: [whole]}


def _normal(rule: Any) -> dict[str, Any]:
    if isinstance(rule, list | tuple):
        return {ALL: [_normal(member) for member in rule]}
    if is_group(rule):
        ((join, members),) = rule.items()
        return {join: [_normal(member) for member in members]}
    return dict(rule) if isinstance(rule, Mapping) else {}


def is_group(rule: Any) -> bool:
    """Tell a group from a condition."""
    return isinstance(rule, Mapping) and len(rule) == 1 and set(rule) <= {ALL, ANY}
