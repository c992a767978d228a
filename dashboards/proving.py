"""Prove that the rollups say what the facts say: count every clean day again and compare cell by cell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from zoneinfo import ZoneInfo

from django.db.models import Max, Min

from dashboards.filling import DAYS_AT_ONCE, cells, day_of, entered_again, spans_of, summed_span
from dashboards.freshness import Freshness, Kinds, freshness
from dashboards.models import EnteredAgain, Grains
from dashboards.periods import ONE_DAY, Period
from dashboards.sheets import BOOKS, Book
from ledger.one_view import one_view

Cells = dict[tuple[object, ...], tuple[object, ...]]


class NothingToProve(Exception):
    """The rollups are not filled, or too much is marked to tell which days are clean."""


def wrong_days(zone: ZoneInfo) -> Iterator[str]:
    """Say what differs, one sentence for each sheet and day, week or month. Raises ``NothingToProve``.

    Days that are marked are left out: the pages do not read them either.
    """
    with one_view():
        fresh = freshness(zone)
        if fresh is None:
            raise NothingToProve("The rollups are not filled, or too much has changed since: run “rollups fill” first.")
        for book in BOOKS:
            days = _clean_days(book, fresh, zone)
            for start in range(0, len(days), DAYS_AT_ONCE):
                chunk = days[start : start + DAYS_AT_ONCE]
                yield from _wrong_cells(book, chunk, zone)
                if book.kind == Kinds.ENTRIES:
                    yield from _wrong_repeats(chunk, zone)
            yield from _wrong_spans(book, set(days))


def _clean_days(book: Book, fresh: Freshness, zone: ZoneInfo) -> list[date]:
    """List the days of which there are facts or rows, as far as the pages would believe the rows."""
    until = fresh.until.get(book.kind)
    kept = book.model._default_manager.filter(grain=Grains.DAY).aggregate(low=Min("first"), high=Max("first"))
    ends = [day_of(book.kind, Min, zone), day_of(book.kind, Max, zone), kept["low"], kept["high"]]
    known = [end for end in ends if end is not None]
    if until is None or not known:
        return []
    stale = fresh.stale.get(book.kind, frozenset())
    every = (min(known) + number * ONE_DAY for number in range((max(known) - min(known)).days + 1))
    return [day for day in every if day < until and day not in stale]


def _wrong_cells(book: Book, days: Sequence[date], zone: ZoneInfo) -> Iterator[str]:
    parts = [Period(day, day + ONE_DAY, zone) for day in days]
    counted: Cells = {
        (days[key[-1]], *key[:-1]): (*(counts.get(name, 0) for name in book.measures), *map(texts.get, book.values))
        for key, counts, texts in cells(book, parts)
        if any(counts.values())
    }
    yield from _differing(book, "day", _kept(book, Grains.DAY, days), counted)


def _wrong_spans(book: Book, clean: set[date]) -> Iterator[str]:
    """Compare weeks and months with the sum of their days, where these are clean."""
    for grain in book.grains:
        for first, until in spans_of(grain, clean):
            days = [first + number * ONE_DAY for number in range((until - first).days)]
            if not clean.issuperset(day for day in days if min(clean) <= day <= max(clean)):
                continue
            summed: Cells = {
                (first, *key): (*(counts[name] for name in book.measures), *map(texts.get, book.values))
                for _, key, counts, texts in summed_span(book, first, until)
            }
            yield from _differing(book, grain.name.lower(), _kept(book, grain, [first]), summed)


def _kept(book: Book, grain: Grains, firsts: Sequence[date]) -> Cells:
    rows = book.model._default_manager.filter(grain=grain, first__in=firsts)
    wide = 1 + len(book.groups)
    return {
        line[:wide]: line[wide:]
        for line in rows.values_list("first", *book.groups, *book.measures, *book.values).iterator()
    }


def _differing(book: Book, span: str, kept: Cells, counted: Cells) -> Iterator[str]:
    wrong = sorted({str(key[0]) for key in kept.keys() | counted.keys() if kept.get(key) != counted.get(key)})
    yield from (f"{book.model._meta.db_table}: the {span} {first} does not hold what the facts say" for first in wrong)


def _wrong_repeats(days: Sequence[date], zone: ZoneInfo) -> Iterator[str]:
    kept = set(EnteredAgain.objects.filter(first__in=days).values_list("first", "kind", "lead"))
    counted = entered_again([Period(day, day + ONE_DAY, zone) for day in days])
    wrong = sorted({str(first) for first, _, _ in kept ^ counted})
    yield from (f"{EnteredAgain._meta.db_table}: the day {first} does not hold what the facts say" for first in wrong)
