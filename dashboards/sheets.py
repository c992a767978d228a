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
from dashboards.models import Arrivals, Entries, Grains, Handoffs, Promises, Ratings, Sheet
from dashboards.periods import Period
from dashboards.scope import NAMES, PEOPLE, Filters

SPREADS = ("days_to_win", "answered_seconds", "late_seconds")


@dataclass(frozen=True, slots=True)
class Book:
    """A rollup: counts of ``family`` by ``groups``, in the rows of ``model`` that bear its ``name``. Marks and coverage call it ``kind``.

    It answers for filters by its groups, whatever their combination; those in ``idle`` change nothing in its family. Of a kind one book,
    ``EVERY_DAY``, has all groups that can be asked for and alone holds days. Others add its days up to the longer spans in ``grains``.
    """

    name: str
    model: type[Sheet]
    family: Family
    kind: str
    groups: tuple[str, ...]
    grains: tuple[Grains, ...] = (Grains.MONTH,)
    idle: frozenset[str] = frozenset({"promise", "reason"})

    def rows(self, grain: Grains) -> QuerySet[Any]:
        """Give its rows of one grain; days are the same for all books of a kind."""
        name = EVERY_DAY if grain is Grains.DAY else self.name
        return self.model._default_manager.filter(book=name, grain=grain)

    @property
    def filters(self) -> frozenset[str]:
        by_person = {"team"} if "rep" in self.groups else set()
        return frozenset({*self.groups, *by_person}.intersection(NAMES))

    @property
    def measures(self) -> tuple[str, ...]:
        names = {field.name for field in self.model._meta.concrete_fields}
        return tuple(name for name in self.family.measures if name in names)

    @property
    def values(self) -> tuple[str, ...]:
        return tuple(field.name for field in self.model._meta.concrete_fields if field.name in SPREADS)

    def answers(self, filters: Filters, groups: Sequence[str], measures: Sequence[str]) -> bool:
        """Say whether it holds what is asked for."""
        asked = {name for name in NAMES if getattr(filters, name) is not None} - self.idle
        return asked <= self.filters and set(groups) <= set(self.groups) and set(measures) <= set(self.measures)


EVERY_DAY = "all"
ORIGIN, TRAITS, HOLDER = ("source", "campaign"), ("tier", "persona"), ("rep", "queue")
OWED = ("promise", "side", "tier", *HOLDER)
MONTHS, WEEKS_TOO = (Grains.MONTH,), (Grains.MONTH, Grains.WEEK)


def _of_leads(model: type[Sheet], family: Family, kind: str) -> tuple[Book, ...]:
    groups = {"origin": ORIGIN, "traits": (*ORIGIN, *TRAITS), EVERY_DAY: (*ORIGIN, *TRAITS, *HOLDER)}
    return tuple(Book(name, model, family, kind, chosen) for name, chosen in groups.items())


def _of_promises() -> tuple[Book, ...]:
    groups: dict[str, tuple[tuple[str, ...], tuple[Grains, ...]]] = {
        "owed": (OWED, WEEKS_TOO),
        "persona": ((*OWED, "source", "persona"), WEEKS_TOO),
        "origin": ((*OWED, *ORIGIN), MONTHS),
        EVERY_DAY: ((*OWED, *ORIGIN, "persona"), ()),
    }
    idle = frozenset({"reason"})
    return tuple(Book(name, Promises, PROMISE, Kinds.PROMISES, *chosen, idle) for name, chosen in groups.items())


def _of_handoffs() -> tuple[Book, ...]:
    """By source or by campaign: with both it would be nearly as many rows as there are handoffs."""
    more: dict[str, tuple[str, ...]] = {"origin": (), "traits": TRAITS, "holder": ("rep",)}
    groups = {f"{name}_{origin}": ("reason", origin, *chosen) for name, chosen in more.items() for origin in ORIGIN}
    idle = frozenset({"promise"})
    return (
        *(Book(name, Handoffs, HANDOFF, Kinds.HANDOFFS, chosen, MONTHS, idle) for name, chosen in groups.items()),
        Book(EVERY_DAY, Handoffs, HANDOFF, Kinds.HANDOFFS, ("reason", *ORIGIN, *TRAITS, "rep"), (), idle),
    )


BOOKS: dict[str, tuple[Book, ...]] = {
    Kinds.ARRIVALS: _of_leads(Arrivals, COHORT, Kinds.ARRIVALS),
    Kinds.ENTRIES: _of_leads(Entries, ACTIVITY, Kinds.ENTRIES),
    Kinds.PROMISES: _of_promises(),
    Kinds.HANDOFFS: _of_handoffs(),
    Kinds.RATINGS: (
        Book("origin", Ratings, RATING, Kinds.RATINGS, ORIGIN),
        Book(EVERY_DAY, Ratings, RATING, Kinds.RATINGS, (*ORIGIN, *TRAITS, "rep")),
    ),
}
"""All rollups by kind: those with the fewest rows first, the one of all days last."""


def book_for(
    family: Family, filters: Filters, groups: Sequence[str], measures: Sequence[str], grain: Grains
) -> Book | None:
    """Give the rollup that can answer, if possible one with spans of ``grain``; or nothing."""
    books = [
        one for books in BOOKS.values() for one in books
        if one.family is family and one.answers(filters, groups, measures)
    ]  # fmt: skip
    return next((one for one in books if grain in one.grains), books[-1] if books else None)


def read(
    book: Book, split: Split, filters: Filters, found: Tally, *, spreads: Sequence[str] = (), slices: Sequence[Period] = (),
    only_counted: bool = False,
) -> None:  # fmt: skip
    """Add what ``book`` says of the clean parts of ``split`` to ``found``, with one statement."""
    if not split.uses_rollups:
        return
    rows = book.model._default_manager.filter(_of_spans(book, split), _chosen(book, filters))
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


def _of_spans(book: Book, split: Split) -> Q:
    """Choose the rows of the clean parts of a period."""
    chosen = [Q(book=EVERY_DAY, grain=Grains.DAY, first__gte=part.first, first__lt=part.until) for part in split.days]
    if split.spans:
        chosen.append(Q(book=book.name, grain=split.grain, first__in=split.spans))
    return reduce(or_, chosen)


def _chosen(book: Book, filters: Filters) -> Q:
    """Narrow by what a book holds, in the words of ``dashboards.families``."""
    chosen = Q()
    if "rep" in book.groups:
        chosen = of_person(filters, "rep", "queue" if "queue" in book.groups else None)
    for name in sorted(book.filters - {"rep", "team"}):
        value = getattr(filters, name)
        if value is not None:
            chosen &= has(name, value) if name in PEOPLE else Q(**{name: value})
    return chosen
