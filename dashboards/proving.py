"""Prove that the rollups say what the facts say: count every clean day again and compare cell by cell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from zoneinfo import ZoneInfo

from django.db.models import Max, Min

from dashboards.books import BOOKS, Book
from dashboards.cells import Cells, kept, spans_of, summed_spans
from dashboards.filling import DAYS_AT_ONCE, counted, day_of, entered_again
from dashboards.freshness import Freshness, Kinds, freshness
from dashboards.models import EnteredAgain, Grains
from dashboards.periods import ONE_DAY, Period
from ledger.one_view import one_view

SPANS_AT_ONCE = 13


class NothingToProve(Exception):
    """The rollups are not filled, or too much is marked to tell which days are clean."""


def wrong_days(zone: ZoneInfo) -> Iterator[str]:
    """Say what differs, one sentence for each sheet and span. Raises ``NothingToProve``.

    Days that are marked are left out: the pages do not read them either.
    """
    with one_view():
        fresh = freshness(zone)
        if fresh is None:
            raise NothingToProve("The rollups are not filled, or too much has changed since: run “rollups fill” first.")
        for kind, books in BOOKS.items():
            days = _clean_days(books[-1], fresh, zone)
            for start in range(0, len(days), DAYS_AT_ONCE):
                chunk = days[start : start + DAYS_AT_ONCE]
                yield from _wrong_cells(books[-1], chunk, zone)
                if kind == Kinds.ENTRIES:
                    yield from _wrong_repeats(chunk, zone)
            for book in books:
                yield from _wrong_spans(book, set(days))


def _clean_days(book: Book, fresh: Freshness, zone: ZoneInfo) -> list[date]:
    """List the days of which there are facts or rows, as far as the pages would believe the rows."""
    until = fresh.until.get(book.kind)
    ends_held = book.rows(Grains.DAY).aggregate(low=Min("first"), high=Max("first"))
    ends = [day_of(book.kind, Min, zone), day_of(book.kind, Max, zone), ends_held["low"], ends_held["high"]]
    known = [end for end in ends if end is not None]
    if until is None or not known:
        return []
    stale = fresh.stale.get(book.kind, frozenset())
    every = (min(known) + number * ONE_DAY for number in range((max(known) - min(known)).days + 1))
    return [day for day in every if day < until and day not in stale]


def _wrong_cells(book: Book, days: Sequence[date], zone: ZoneInfo) -> Iterator[str]:
    facts = counted(book.kind, [Period(day, day + ONE_DAY, zone) for day in days])
    yield from _differing(book, Grains.DAY, kept(book, Grains.DAY, days), facts)


def _wrong_spans(book: Book, clean: set[date]) -> Iterator[str]:
    """Compare longer spans with the sum of their parts, where these are clean."""
    for grain in book.grains:
        spans = [span for span in spans_of(grain, clean) if _is_clean(span, clean)]
        for start in range(0, len(spans), SPANS_AT_ONCE):
            chunk = spans[start : start + SPANS_AT_ONCE]
            held = kept(book, grain, [first for first, _ in chunk])
            yield from _differing(book, grain, held, summed_spans(book, grain, chunk))


def _is_clean(span: tuple[date, date], clean: set[date]) -> bool:
    """Say whether all days of a span are clean, apart from those before and after all that there is."""
    first, until = max(span[0], min(clean)), min(span[1], max(clean) + ONE_DAY)
    return clean.issuperset(first + number * ONE_DAY for number in range((until - first).days))


def _differing(book: Book, grain: Grains, held: Cells, facts: Cells) -> Iterator[str]:
    wrong = sorted({str(place[0]) for place in held.keys() | facts.keys() if held.get(place) != facts.get(place)})
    table = f"{book.model._meta.db_table}, {book.name}"
    yield from (f"{table}: the {grain.name.lower()} {first} does not hold what the facts say" for first in wrong)


def _wrong_repeats(days: Sequence[date], zone: ZoneInfo) -> Iterator[str]:
    held = set(EnteredAgain.objects.filter(first__in=days).values_list("first", "kind", "lead"))
    found = entered_again([Period(day, day + ONE_DAY, zone) for day in days])
    wrong = sorted({str(first) for first, _, _ in held ^ found})
    yield from (f"{EnteredAgain._meta.db_table}: the day {first} does not hold what the facts say" for first in wrong)
