"""What the books hold, cell by cell: how it is read, added up and written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q, QuerySet

from dashboards.books import Book
from dashboards.joined import as_text, numbers
from dashboards.models import Grains
from dashboards.periods import ONE_DAY, WEEK, months_on
from dashboards.spans import write_spans
from ledger.rows import insert_rows

Place = tuple[Any, ...]
"""The first day of a cell's span, and the values of its groups."""

Cells = dict[Place, tuple[Any, ...]]
"""What stands where: the measures of a book, then its joined values."""

Changes = dict[Place, tuple[tuple[Any, ...] | None, tuple[Any, ...] | None]]
"""What stood where, and what stands there now."""

MOST_PLACES = 40
"""Of so many cells that changed only these are added up anew; of more, their whole spans are."""


def spans_of(grain: Grains, days: Iterable[date]) -> list[tuple[date, date]]:
    """Give the weeks, months or quarters that ``days`` lie in, as first day and the day after the last."""
    if grain is Grains.WEEK:
        return [(first, first + WEEK) for first in sorted({day - day.weekday() * ONE_DAY for day in days})]
    months = 1 if grain is Grains.MONTH else 3
    firsts = sorted({day.replace(day=1, month=day.month - (day.month - 1) % months) for day in days})
    return [(first, months_on(first, months)) for first in firsts]


def kept(book: Book, grain: Grains, firsts: Collection[date]) -> Cells:
    """Read the cells of the days, weeks, months or quarters that begin on ``firsts``."""
    rows = book.rows(grain).filter(first__in=firsts)
    wide = 1 + len(book.groups)
    counted = wide + len(book.measures)
    return {
        line[:wide]: (*line[wide:counted], *(as_text(numbers(text)) for text in line[counted:]))
        for line in rows.values_list("first", *book.groups, *book.measures, *book.values).iterator()
    }


def rewrite_days(book: Book, before: Cells, now: Cells) -> Changes:
    """Put ``now`` in the place of ``before``, and give what differs. Days in which nothing does are left alone."""
    changed = {
        place: (before.get(place), now.get(place))
        for place in before.keys() | now.keys()
        if before.get(place) != now.get(place)
    }
    days = {place[0] for place in changed}
    rows, cells = book.rows(Grains.DAY).filter(first__in=days), {p: now[p] for p in now if p[0] in days}
    if len(changed) <= MOST_PLACES:
        rows, cells = rows.filter(_at(book, changed, with_first=True)), {p: now[p] for p in changed if p in now}
    _replace(book, Grains.DAY, rows, cells)
    return changed


def rewrite_spans(book: Book, names: tuple[str, ...], changed: Changes) -> None:
    """Add up anew what ``changed`` days, whose places have the groups ``names``, come to in longer spans."""
    places = _differing(book, [names.index(name) + 1 for name in book.groups], changed)
    if not places or not book.grains:
        return
    days, touched = {place[0] for place in places}, {place[1:] for place in places}
    write_spans(
        book, {grain: spans_of(grain, days) for grain in book.grains}, touched if len(touched) <= MOST_PLACES else ()
    )


def _differing(book: Book, positions: list[int], changed: Changes) -> set[Place]:
    """Give the days and groups of ``book`` in which ``changed`` makes a difference: a lead that changes its tier makes none in others."""
    sides: defaultdict[Place, tuple[list[Any], list[Any]]] = defaultdict(lambda: ([], []))
    for place, (before, now) in changed.items():
        earlier, later = sides[place[0], *(place[at] for at in positions)]
        earlier += [before] if before else []
        later += [now] if now else []
    wide = len(book.measures)
    return {
        place
        for place, (earlier, later) in sides.items()
        if not earlier or not later or _added_up(earlier, wide) != _added_up(later, wide)
    }


def _added_up(cells: Iterable[tuple[Any, ...]], wide: int) -> list[Any]:
    """Add up cells: ``wide`` counts, then the joined values of each kind."""
    columns = list(zip(*cells, strict=True))
    return [
        *map(sum, columns[:wide]),
        *(sorted(n for text in texts for n in numbers(text)) for texts in columns[wide:]),
    ]


def _at(book: Book, keys: Iterable[Place], *, with_first: bool = False) -> Q:
    """Choose the cells with these values of the groups, which may come after the first day of their span."""
    names = ("first", *book.groups) if with_first else book.groups
    return reduce(or_, (Q(*map(_is, names, key)) for key in keys), Q())


def _is(name: str, value: Any) -> Q:
    return Q(**{f"{name}__isnull": True} if value is None else {name: value})


def _replace(book: Book, grain: Grains, rows: QuerySet[Any], cells: Cells) -> None:
    rows.delete()
    columns = ("book", "grain", "first", *book.groups, *book.measures, *book.values)
    insert_rows(book.model, columns, [(book.name, grain.value, *place, *values) for place, values in cells.items()])
