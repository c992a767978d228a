"""How the rollups are read."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q, QuerySet, Sum

from dashboards.books import EVERY_DAY, Book
from dashboards.counts import SLICE, Tally
from dashboards.families import has, of_person
from dashboards.freshness import Split
from dashboards.joined import Joined, numbers
from dashboards.models import Grains
from dashboards.periods import Period
from dashboards.scope import PEOPLE, Filters


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
    return reduce(
        or_,
        (
            Q(
                book=EVERY_DAY if grain is Grains.DAY else book.name,
                grain=grain,
                first__gte=run.first,
                first__lt=run.until,
            )
            for grain, runs in split.rolled.items()
            for run in runs
        ),
    )


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
