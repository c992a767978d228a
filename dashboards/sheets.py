"""What each rollup holds, which questions it can answer, and how it is read."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q, QuerySet, Sum

from dashboards.counts import SLICE, Tally
from dashboards.families import ACTIVITY, COHORT, HANDOFF, PROMISE, RATING, Family, has, of_person
from dashboards.freshness import Kinds, Split
from dashboards.joined import Joined, numbers
from dashboards.models import (
    Arrivals,
    Entries,
    Grains,
    HandoffsByCampaign,
    HandoffsBySource,
    Promises,
    Ratings,
    Sheet,
)
from dashboards.periods import Period
from dashboards.scope import NAMES, Filters

SPREADS = ("days_to_win", "answered_seconds", "late_seconds")


@dataclass(frozen=True, slots=True)
class Book:
    """A rollup: the ``model`` that holds counts of ``family``, by ``groups``. Marks and coverage call it ``kind``.

    It can answer for filters in ``filters``; those in ``idle`` change nothing in its family.
    """

    model: type[Sheet]
    family: Family
    kind: str
    groups: tuple[str, ...]
    filters: frozenset[str]
    idle: frozenset[str] = frozenset({"promise", "reason"})

    @property
    def measures(self) -> tuple[str, ...]:
        names = {field.name for field in self.model._meta.concrete_fields}
        return tuple(name for name in self.family.measures if name in names)

    @property
    def values(self) -> tuple[str, ...]:
        return tuple(field.name for field in self.model._meta.concrete_fields if field.name in SPREADS)

    @property
    def grains(self) -> tuple[Grains, ...]:
        """Spans longer than a day. Weeks are shown of promises only."""
        return (Grains.MONTH, Grains.WEEK) if self.family is PROMISE else (Grains.MONTH,)

    def answers(self, filters: Filters, groups: Sequence[str], measures: Sequence[str]) -> bool:
        """Say whether it holds what is asked for."""
        asked = {name for name in NAMES if getattr(filters, name) is not None} - self.idle
        return asked <= self.filters and set(groups) <= set(self.groups) and set(measures) <= set(self.measures)


BY_ORIGIN = frozenset({"source", "campaign"})
ARRIVALS = Book(Arrivals, COHORT, Kinds.ARRIVALS, ("source", "campaign"), BY_ORIGIN)
ENTRIES = Book(Entries, ACTIVITY, Kinds.ENTRIES, ("source", "campaign"), BY_ORIGIN)
PROMISES = Book(
    Promises, PROMISE, Kinds.PROMISES, ("promise", "side", "tier", "rep", "queue"),
    frozenset({"promise", "tier", "rep", "team"}), frozenset({"reason"}),
)  # fmt: skip
BOOKS = (
    ARRIVALS,
    ENTRIES,
    PROMISES,
    Book(HandoffsBySource, HANDOFF, Kinds.HANDOFFS, ("reason", "source"), frozenset({"reason", "source"}), frozenset({"promise"})),
    Book(HandoffsByCampaign, HANDOFF, Kinds.HANDOFFS, ("reason", "campaign"), frozenset({"reason", "campaign"}), frozenset({"promise"})),
    Book(Ratings, RATING, Kinds.RATINGS, ("source", "campaign"), BY_ORIGIN),
)  # fmt: skip


def book_for(family: Family, filters: Filters, groups: Sequence[str], measures: Sequence[str]) -> Book | None:
    """Give the rollup that can answer, or nothing."""
    return next((one for one in BOOKS if one.family is family and one.answers(filters, groups, measures)), None)


def read(
    book: Book, split: Split, filters: Filters, found: Tally, *, spreads: Sequence[str] = (), slices: Sequence[Period] = (),
    only_counted: bool = False,
) -> None:  # fmt: skip
    """Add what ``book`` says of the clean parts of ``split`` to ``found``, with one statement."""
    if not split.uses_rollups:
        return
    rows = book.model._default_manager.filter(of_spans(split), _chosen(book, filters))
    measures = [name for name in found.measures if name in book.measures]
    if only_counted:
        rows = rows.filter(**{f"{measures[0]}__gt": 0})
    columns = ["first" if name == SLICE else name for name in found.groups]
    summed = summed_up(rows, columns, measures, [name for name in spreads if name in book.values])
    starts = [part.first for part in slices]
    for columned, counts, values in summed:
        key = (*columned[:-1], bisect_right(starts, columned[-1]) - 1) if slices else columned
        found.add(key, counts)
        for name, joined in values.items():
            found.add_values(name, key, numbers(joined))


def summed_up(
    rows: QuerySet[Any], columns: Sequence[str], measures: Sequence[str], spreads: Sequence[str]
) -> list[tuple[tuple[Any, ...], dict[str, int], Mapping[str, str | None]]]:
    """Add up sheets by ``columns``: give key, counts and joined values of each group."""
    sums: dict[str, Any] = {f"sum_{name}": Sum(name) for name in measures}
    sums.update({f"all_{name}": Joined(name) for name in spreads})
    if not columns:
        answer = rows.aggregate(**sums)
        lines = [tuple(answer[name] for name in sums)]
    else:
        lines = list(rows.order_by().values(*columns).annotate(**sums).values_list(*columns, *sums))
    wide, counted = len(columns), len(columns) + len(measures)
    return [
        (
            line[:wide],
            {name: count or 0 for name, count in zip(measures, line[wide:counted], strict=True)},
            dict(zip(spreads, line[counted:], strict=True)),
        )
        for line in lines
    ]


def of_spans(split: Split) -> Q:
    """Choose the rows of the clean parts of a period."""
    chosen = [Q(grain=Grains.DAY, first__gte=part.first, first__lt=part.until) for part in split.days]
    if split.spans:
        chosen.append(Q(grain=split.grain, first__in=split.spans))
    return reduce(or_, chosen)


def _chosen(book: Book, filters: Filters) -> Q:
    """Narrow by what a sheet holds, in the words of ``dashboards.families``."""
    chosen = of_person(filters, "rep", "queue") if "rep" in book.filters else Q()
    for name in sorted(book.filters & {"source", "tier", "promise", "reason"}):
        if (value := getattr(filters, name)) is not None:
            chosen &= Q(**{name: value})
    if "campaign" in book.filters and filters.campaign is not None:
        chosen &= has("campaign", filters.campaign)
    return chosen
