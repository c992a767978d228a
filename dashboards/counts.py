"""Counts and values by groups, added up as the pages need them. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

SLICE = "slice"
"""The group that says into which part of the period a row falls."""

Counts = dict[str, int]
Key = tuple[Any, ...]


@dataclass(slots=True)
class Tally:
    """Counts by group: ``cells`` maps the values of ``groups`` to counts by measure; ``values`` what was measured, by name and group."""

    groups: tuple[str, ...]
    measures: tuple[str, ...]
    cells: dict[Key, Counts] = field(default_factory=dict)
    values: defaultdict[str, dict[Key, list[int]]] = field(default_factory=lambda: defaultdict(dict))

    def add(self, key: Key, counts: Mapping[str, int]) -> None:
        """Count further rows in a group. One in which nothing is counted, such as one of running clocks alone, is none."""
        if not any(counts.values()):
            return
        cell = self.cells.get(key)
        if cell is None:
            self.cells[key] = dict(counts)
            return
        for name, count in counts.items():
            cell[name] = cell.get(name, 0) + count

    def add_values(self, name: str, key: Key, values: Iterable[int]) -> None:
        """Take in further values of a group."""
        self.values[name].setdefault(key, []).extend(values)

    def total(self, **where: Any) -> Counts:
        """Add up the cells whose groups have the given values: 0 where there are none."""
        wanted = [(self.groups.index(name), value) for name, value in where.items()]
        matching = (counts for key, counts in self.cells.items() if all(key[place] == value for place, value in wanted))
        return self._sum(matching)

    def by(self, *groups: str) -> dict[Any, Counts]:
        """Add up by one group, or by several as tuples."""
        parts: defaultdict[Any, list[Counts]] = defaultdict(list)
        part_of = self._part(groups)
        for key, counts in self.cells.items():
            parts[part_of(key)].append(counts)
        return {key: self._sum(found) for key, found in parts.items()}

    def apart(self, group: str) -> defaultdict[Any, Tally]:
        """Take it apart by one group, in one pass; where nothing was counted there is an empty one."""
        place = self.groups.index(group)
        parts: defaultdict[Any, Tally] = defaultdict(lambda: Tally(self.groups, self.measures))
        for key, counts in self.cells.items():
            parts[key[place]].cells[key] = counts
        for name, values in self.values.items():
            for key, found in values.items():
                parts[key[place]].values[name][key] = found
        return parts

    def ordered(self, name: str) -> list[int]:
        """Give all values of ``name`` in their order."""
        return sorted(value for values in self.values[name].values() for value in values)

    def ordered_by(self, name: str, *groups: str) -> defaultdict[Any, list[int]]:
        """Give the values of ``name`` in their order, by one group or by several as tuples."""
        parts: defaultdict[Any, list[int]] = defaultdict(list)
        part_of = self._part(groups)
        for key, values in self.values[name].items():
            parts[part_of(key)] += values
        for values in parts.values():
            values.sort()
        return parts

    def _part(self, groups: tuple[str, ...]) -> Callable[[Key], Any]:
        return itemgetter(*(self.groups.index(name) for name in groups))

    def _sum(self, found: Iterable[Counts]) -> Counts:
        summed = dict.fromkeys(self.measures, 0)
        for counts in found:
            for measure, count in counts.items():
                summed[measure] += count
        return summed
