"""Prove that the rollups say what the facts say: count every clean day again and compare cell by cell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Max, Min

from dashboards.books import BOOKS, Book
from dashboards.cells import Cells, Place, kept, spans_of
from dashboards.filling import DAYS_AT_ONCE, counted, day_of, entered_again
from dashboards.freshness import Freshness, Kinds, freshness
from dashboards.joined import as_text, numbers
from dashboards.models import EnteredAgain, Grains
from dashboards.periods import ONE_DAY, WEEK, Period
from ledger.one_view import one_view


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
            known = _known_days(books[-1], zone)
            days = _clean_days(books[-1], known, fresh)
            for book in books:
                yield from _misplaced(book, known)
            for start in range(0, len(days), DAYS_AT_ONCE):
                chunk = days[start : start + DAYS_AT_ONCE]
                yield from _wrong_cells(books[-1], chunk, zone)
                if kind == Kinds.ENTRIES:
                    yield from _wrong_repeats(chunk, zone)
            yield from _wrong_spans(books, set(days))


def _known_days(book: Book, zone: ZoneInfo) -> list[date]:
    """List the days from the first to the last of which there are facts or rows."""
    ends_held = book.rows(Grains.DAY).aggregate(low=Min("first"), high=Max("first"))
    ends = [day_of(book.kind, Min, zone), day_of(book.kind, Max, zone), ends_held["low"], ends_held["high"]]
    known = [end for end in ends if end is not None]
    return [min(known) + number * ONE_DAY for number in range((max(known) - min(known)).days + 1)] if known else []


def _clean_days(book: Book, known: Iterable[date], fresh: Freshness) -> list[date]:
    """List those of the ``known`` days of which the pages would believe the rows."""
    until = fresh.until.get(book.kind)
    stale = fresh.stale.get(book.kind, frozenset())
    return [day for day in known if until is not None and day < until and day not in stale]


def _misplaced(book: Book, known: Sequence[date]) -> Iterator[str]:
    """Tell cells that stand twice, and spans in which no day lies: pages add up all that is there."""
    for grain in book.grains or (Grains.DAY,):
        rows = book.rows(grain).order_by()
        twice = rows.values("first", *book.groups).annotate(rows=Count("pk")).filter(rows__gt=1)
        wrong = set(twice.values_list("first", flat=True))
        yield from _told(book, grain, wrong, "holds a cell twice")
        if grain is not Grains.DAY:
            expected = {first for first, _ in spans_of(grain, known)}
            wrong = set(rows.values_list("first", flat=True).distinct()) - expected
            yield from _told(book, grain, wrong, "has no day of which anything is known")


def _wrong_cells(book: Book, days: Sequence[date], zone: ZoneInfo) -> Iterator[str]:
    facts = counted(book.kind, [Period(day, day + ONE_DAY, zone) for day in days])
    yield from _differing(book, Grains.DAY, kept(book, Grains.DAY, days), facts)


def _wrong_spans(books: Sequence[Book], clean: set[date]) -> Iterator[str]:
    """Compare longer spans with the sum of their days, where these are clean. Added up here, not by what wrote them; a quarter at a time."""
    *longer, every_day = books
    # A week belongs to the quarter that it begins in, which may be the one before the first day.
    begun = clean | {first for first, _ in spans_of(Grains.WEEK, clean)}
    for first, until in spans_of(Grains.QUARTER, begun):
        days = kept(every_day, Grains.DAY, [first + number * ONE_DAY for number in range((until + WEEK - first).days)])
        for book in longer:
            of_days = _added_up(days, [0, *(every_day.groups.index(name) + 1 for name in book.groups)], book)
            for grain in book.grains:
                spans = [span for span in spans_of(grain, clean) if first <= span[0] < until and _is_clean(span, clean)]
                facts = {place: cell for span in spans for place, cell in _of_span(span, of_days, book).items()}
                yield from _differing(book, grain, kept(book, grain, [start for start, _ in spans]), facts)


def _added_up(cells: Cells, positions: Sequence[int], book: Book) -> Cells:
    """Add up what stands in the same places once only those of ``positions`` are looked at."""
    sums: dict[Place, list[Any]] = {}
    wide = len(book.measures)
    for place, cell in cells.items():
        key = tuple(place[at] for at in positions)
        held = sums.setdefault(key, [0] * wide + [[] for _ in book.values])
        for at in range(wide):
            held[at] += cell[at]
        for at in range(wide, len(cell)):
            held[at] += numbers(cell[at])
    return {key: (*held[:wide], *map(as_text, held[wide:])) for key, held in sums.items()}


def _of_span(span: tuple[date, date], of_days: Cells, book: Book) -> Cells:
    first, until = span
    within = {place: cell for place, cell in of_days.items() if first <= place[0] < until}
    summed = _added_up(within, range(1, 1 + len(book.groups)), book)
    return {(first, *place): cell for place, cell in summed.items()}


def _is_clean(span: tuple[date, date], clean: set[date]) -> bool:
    """Say whether all days of a span are clean, apart from those before and after all that there is."""
    first, until = max(span[0], min(clean)), min(span[1], max(clean) + ONE_DAY)
    return clean.issuperset(first + number * ONE_DAY for number in range((until - first).days))


def _differing(book: Book, grain: Grains, held: Cells, facts: Cells) -> Iterator[str]:
    wrong = {place[0] for place in held.keys() | facts.keys() if held.get(place) != facts.get(place)}
    yield from _told(book, grain, wrong, "does not hold what the facts say")


def _told(book: Book, grain: Grains, firsts: Iterable[date], fault: str) -> Iterator[str]:
    table = f"{book.model._meta.db_table}, {book.name}"
    yield from (f"{table}: the {grain.name.lower()} {first} {fault}" for first in sorted(firsts))


def _wrong_repeats(days: Sequence[date], zone: ZoneInfo) -> Iterator[str]:
    held = set(EnteredAgain.objects.filter(first__in=days).values_list("first", "kind", "lead"))
    found = entered_again([Period(day, day + ONE_DAY, zone) for day in days])
    wrong = sorted({str(first) for first, _, _ in held ^ found})
    yield from (f"{EnteredAgain._meta.db_table}: the day {first} does not hold what the facts say" for first in wrong)
