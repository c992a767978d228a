"""What the books hold, cell by cell: how it is read, added up and written."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q, QuerySet

from dashboards.joined import as_text, numbers
from dashboards.models import Grains
from dashboards.periods import ONE_DAY, WEEK
from dashboards.sheets import Book, summed_up
from ledger.rows import insert_rows

Place = tuple[Any, ...]
"""The first day of a cell's span, and the values of its groups."""

Cells = dict[Place, tuple[Any, ...]]
"""What stands where: the measures of a book, then its joined values."""

LONGEST_MONTH = 31 * ONE_DAY
MOST_PLACES = 40
"""Of so many cells that changed only these are added up anew; of more, their whole span is."""


def spans_of(grain: Grains, days: Iterable[date]) -> list[tuple[date, date]]:
    """Give the weeks or months that ``days`` lie in, as first day and the day after the last."""
    if grain is Grains.WEEK:
        firsts = sorted({day - day.weekday() * ONE_DAY for day in days})
        return [(first, first + WEEK) for first in firsts]
    firsts = sorted({day.replace(day=1) for day in days})
    return [(first, (first + LONGEST_MONTH).replace(day=1)) for first in firsts]


def kept(book: Book, grain: Grains, firsts: Collection[date]) -> Cells:
    """Read the cells of the days, weeks or months that begin on ``firsts``."""
    rows = book.rows(grain).filter(first__in=firsts)
    wide = 1 + len(book.groups)
    return {
        line[:wide]: line[wide:]
        for line in rows.values_list("first", *book.groups, *book.measures, *book.values).iterator()
    }


def summed_span(book: Book, first: date, until: date, *only: Q) -> Cells:
    """Add up the days of a week or month, or what is chosen of them."""
    days = book.rows(Grains.DAY).filter(*only, first__gte=first, first__lt=until)
    return {
        (first, *key): (*map(counts.__getitem__, book.measures), *(as_text(numbers(texts[n])) for n in book.values))
        for key, counts, texts in summed_up(days, book.groups, book.measures, book.values)
    }


def rewrite_days(book: Book, before: Cells, now: Cells) -> set[Place]:
    """Put ``now`` in the place of ``before``, and give the places where they differ. Days in which none does are left alone."""
    changed = {place for place in before.keys() | now.keys() if before.get(place) != now.get(place)}
    days = {place[0] for place in changed}
    _replace(book, Grains.DAY, book.rows(Grains.DAY).filter(first__in=days), {p: now[p] for p in now if p[0] in days})
    return changed


def rewrite_spans(book: Book, names: tuple[str, ...], changed: Collection[Place]) -> None:
    """Add up anew what the days in ``changed``, whose places have the groups ``names``, come to in weeks and months."""
    positions = [names.index(name) + 1 for name in book.groups]
    for grain in book.grains:
        for first, until in spans_of(grain, {place[0] for place in changed}):
            touched = {tuple(place[at] for at in positions) for place in changed if first <= place[0] < until}
            only = (_at(book, touched),) if len(touched) <= MOST_PLACES else ()
            _replace(book, grain, book.rows(grain).filter(*only, first=first), summed_span(book, first, until, *only))


def _at(book: Book, keys: Iterable[Place]) -> Q:
    """Choose the cells with these values of the groups."""
    return reduce(or_, (Q(*map(_is, book.groups, key)) for key in keys))


def _is(name: str, value: Any) -> Q:
    return Q(**{f"{name}__isnull": True} if value is None else {name: value})


def _replace(book: Book, grain: Grains, rows: QuerySet[Any], cells: Cells) -> None:
    rows.delete()
    columns = ("book", "grain", "first", *book.groups, *book.measures, *book.values)
    insert_rows(book.model, columns, [(book.name, grain.value, *place, *values) for place, values in cells.items()])
