"""Count the measures of a family by groups, with one statement where the family has one set of rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Case, Count, IntegerField, QuerySet, Value, When

from dashboards.families import ACTIVITY, COHORT, ENTERED_BY, Family, entered_events, first_source_raw
from dashboards.periods import Period
from dashboards.scope import Scope

SLICE = "slice"
SOURCE_RAW = "source_raw"

Counts = dict[str, int]


@dataclass(slots=True)
class Tally:
    """Counts by group: ``cells`` maps the values of ``groups`` to counts by measure."""

    groups: tuple[str, ...]
    measures: tuple[str, ...]
    cells: dict[tuple[Any, ...], Counts] = field(default_factory=dict)

    def total(self, **where: Any) -> Counts:
        """Add up the cells whose groups have the given values: 0 where there are none."""
        wanted = [(self.groups.index(name), value) for name, value in where.items()]
        matching = (counts for key, counts in self.cells.items() if all(key[place] == value for place, value in wanted))
        return self._sum(matching)

    def by(self, *groups: str) -> dict[Any, Counts]:
        """Add up by one group, or by several as tuples."""
        places = [self.groups.index(name) for name in groups]
        parts: dict[Any, list[Counts]] = defaultdict(list)
        for key, counts in self.cells.items():
            parts[key[places[0]] if len(places) == 1 else tuple(key[place] for place in places)].append(counts)
        return {key: self._sum(found) for key, found in parts.items()}

    def _sum(self, found: Iterable[Counts]) -> Counts:
        summed = dict.fromkeys(self.measures, 0)
        for counts in found:
            for measure, count in counts.items():
                summed[measure] += count
        return summed


def tally(
    family: Family, scope: Scope, groups: Sequence[str], *, measures: Sequence[str] = (), slices: Sequence[Period] = (),
    date_field: str = "", only_counted: bool = False,
) -> Tally:  # fmt: skip
    """Count ``measures`` (all unless named) of ``family`` in ``scope`` by ``groups``; with ``slices`` also by the part of the period.

    ``date_field`` is the instant that places a row in a slice. With ``only_counted`` the one measure named is asked for as a condition: rows
    that it does not count are not read.
    """
    counted = tuple(measures or family.measures)
    names = (*groups, *([SLICE] if slices else []))
    found = Tally(names, counted)
    if family is ACTIVITY:
        for measure in counted:
            _add(found, family.rows(scope, measure), family, groups, {measure: Count("pk")})
        return found
    rows = _sliced(family.base(scope, ""), slices, date_field)
    if only_counted:
        rows = rows.filter(family.measures[counted[0]])
    _add(found, rows, family, groups, {name: Count("pk", filter=family.measures[name]) for name in counted})
    return found


def _sliced(rows: QuerySet[Any], slices: Sequence[Period], date_field: str) -> QuerySet[Any]:
    """Number the slice that each row falls into: comparisons in the database are far cheaper than time zone arithmetic there."""
    if not slices:
        return rows
    cases = [When(**{f"{date_field}__lt": part.ends_at}, then=Value(number)) for number, part in enumerate(slices)]
    sliced: QuerySet[Any] = rows.annotate(**{SLICE: Case(*cases, output_field=IntegerField())})
    return sliced


def _add(
    found: Tally, rows: QuerySet[Any], family: Family, groups: Sequence[str], aggregates: Mapping[str, Any]
) -> None:
    if SOURCE_RAW in groups:
        rows = rows.annotate(**{SOURCE_RAW: first_source_raw()})
    columns = [family.groups.get(name, name) for name in found.groups]
    names = list(aggregates)
    if not columns:  # without columns ``values`` would group by the row itself
        found.cells[()] = {**found.cells.get((), {}), **rows.aggregate(**aggregates)}
        return
    for row in rows.order_by().values(*columns).annotate(**aggregates).values_list(*columns, *names):
        key, counts = tuple(row[: len(columns)]), dict(zip(names, row[len(columns) :], strict=True))
        cell = found.cells.setdefault(key, {})
        for name, count in counts.items():
            cell[name] = cell.get(name, 0) + count


def lead_tally(scope: Scope, groups: Sequence[str]) -> Tally:
    """Count the funnel on the basis that ``scope`` names."""
    return tally(COHORT if scope.basis == "cohort" else ACTIVITY, scope, groups)


def monthly(scope: Scope, months: Sequence[Period]) -> dict[int, Counts]:
    """Count the funnel by month; as activity a lead counts once in each month in which it entered the stage."""
    if scope.basis == "cohort":
        return tally(COHORT, scope, (), slices=months, date_field="captured_at").by(SLICE)
    found = tally(COHORT, scope, (), measures=("leads", "sales_sourced"), slices=months, date_field="captured_at")
    counts = {
        number: {**dict.fromkeys(ACTIVITY.measures, 0), **found.total(slice=number)} for number in range(len(months))
    }
    for measure in ENTERED_BY:
        events = _sliced(entered_events(scope, measure), months, "occurred_at").order_by().values(SLICE)
        for number, leads in events.annotate(leads=Count("lead_id", distinct=True)).values_list(SLICE, "leads"):
            counts[number][measure] = leads
    return {number: month for number, month in counts.items() if any(month.values())}
