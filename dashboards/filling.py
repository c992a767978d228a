"""Fill the rollups: count the days that are marked, and at first all days, with the same definitions as the pages.

The marks are read before the facts, and deleted by id in the transaction that writes the new counts: whatever is committed later keeps its
mark, so a filler can die anywhere, come late or run twice. On PostgreSQL one fills at a time (an advisory lock; the others have nothing
to do), on SQLite writers take turns. A round is bounded, so that it holds nobody up for long.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import Exists, Max, Min, Model, OuterRef

from dashboards.books import BOOKS, EDITION
from dashboards.cells import Cells, kept, rewrite_days, rewrite_spans
from dashboards.counts import SLICE, Tally
from dashboards.families import ACTIVITY, NOT_MERGED, WON_DATED, has_entered_again, within
from dashboards.freshness import Kinds, days_of, looked_up
from dashboards.joined import as_text
from dashboards.models import Coverage, EnteredAgain, Grains, Mark
from dashboards.periods import ONE_DAY, Period
from dashboards.scope import Scope
from dashboards.tallies import BY_EVENT, ENTERED, add_counts, add_wins, sliced, tally
from inputs.numbers import MAX_ID
from leads.models import Clock, Feedback, Handoff, Lead, LeadEvent
from ledger.rows import insert_rows

DAYS_AT_ONCE = 31
MARKS_AT_ONCE = 5_000
ROWS_AT_ONCE = 2_000
EVERYTHING = date.max
"""``Coverage.until`` once all days there are facts of are rolled up: later ones come with their marks."""

LOCK = 7_220_081_155
"""The advisory lock of the one filler; any number that nothing else here takes."""

DATED: dict[str, tuple[type[Any], str]] = {
    Kinds.ARRIVALS: (Lead, "captured_at"),
    Kinds.ENTRIES: (LeadEvent, "occurred_at"),
    Kinds.PROMISES: (Clock, "due_at"),
    Kinds.HANDOFFS: (Handoff, "decided_at"),
    Kinds.RATINGS: (Feedback, "given_at"),
}
"""What each family counts, and by which instant it belongs to a day."""


def fill(zone: ZoneInfo, *, seconds: float | None = None) -> int:
    """Fill until all is done that was marked at the beginning, or ``seconds`` are over; give the number of days of families that were counted.

    What is marked meanwhile is left to the next call: a company that never rests would hold this one for ever. There are two rounds, for
    marks of rows become marks of hours, which are younger.
    """
    until = None if seconds is None else time.monotonic() + seconds
    filled = 0
    for _ in range(2):
        newest = newest_mark()
        while is_behind(zone, newest) and (until is None or time.monotonic() < until):
            with transaction.atomic():
                done = fill_some(zone, newest)
                newest = newest_mark(newest)  # before anybody else writes: SQLite gives ids of deleted marks again
            if done is None:
                return filled
            filled += done
    return filled


def newest_mark(limit: int = MAX_ID) -> int:
    """Give the highest id of a mark, none above ``limit``; 0 where there is none."""
    return Mark.objects.filter(pk__lte=limit).order_by("-id").values_list("id", flat=True).first() or 0


def is_behind(zone: ZoneInfo, newest: int = MAX_ID) -> bool:
    """Say whether there is anything to do, of marks up to ``newest``: two small reads, so that an idle filler takes no lock."""
    complete = Coverage.objects.filter(zone=zone.key, edition=EDITION, until=EVERYTHING).count()
    return complete < len(DATED) or Mark.objects.filter(pk__lte=newest).exists()


def fill_some(zone: ZoneInfo, newest: int = MAX_ID) -> int | None:
    """Do one bounded piece of work, of marks up to ``newest``, in a transaction of its own; nothing where another filler is at work."""
    with transaction.atomic():
        if not _is_my_turn():
            return None
        if Coverage.objects.filter(zone=zone.key, edition=EDITION).count() < len(DATED):
            _begin_anew(zone)
        _look_up_rows(newest)
        for kind in DATED:
            days, marks = _marked_days(kind, zone, newest)
            until = Coverage.objects.get(family=kind).until
            if not days and until < EVERYTHING:
                days, reached = _next_days(kind, until, zone)
                Coverage.objects.filter(family=kind).update(until=reached)
            if days or marks:
                rebuild(kind, days, zone)
                Mark.objects.filter(pk__in=marks).delete()
                return len(days)
        return 0


def _is_my_turn() -> bool:
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        return bool(cursor.fetchone()[0])


def _begin_anew(zone: ZoneInfo) -> None:
    """Forget everything: there is nothing yet, the company's days have become other days, or the books other books.

    Marks first: what they stand for is committed, so that the earliest facts, which are read after, take it in.
    """
    forgotten: list[type[Model]] = [Mark, *(books[-1].model for books in BOOKS.values()), EnteredAgain, Coverage]
    for model in forgotten:
        model._default_manager.all().delete()
    for kind in DATED:
        until = day_of(kind, Min, zone) or EVERYTHING
        Coverage.objects.create(family=kind, zone=zone.key, edition=EDITION, until=until)


def _look_up_rows(newest: int) -> None:
    """Turn marks of rows into marks of hours, as the database stands now."""
    of_rows = Mark.objects.filter(row__isnull=False, pk__lte=newest)
    marks = list(of_rows.order_by("id").values_list("id", "kind", "row")[:ROWS_AT_ONCE])
    if not marks:
        return
    hours = looked_up((kind, row) for _, kind, row in marks if row is not None)
    insert_rows(Mark, ("kind", "at"), sorted(hours))
    Mark.objects.filter(pk__in=[pk for pk, _, _ in marks]).delete()


def _marked_days(kind: str, zone: ZoneInfo, newest: int) -> tuple[list[date], list[int]]:
    """Give the first marked days, and the marks that all their days make up for."""
    of_hours = Mark.objects.filter(kind=kind, at__isnull=False, pk__lte=newest)
    found = of_hours.order_by("at", "id").values_list("id", "at")[:MARKS_AT_ONCE]
    touched = [(pk, days_of(at, zone)) for pk, at in found if at is not None]
    days = sorted({day for _, some in touched for day in some})[:DAYS_AT_ONCE]
    chosen = set(days)
    return days, [pk for pk, some in touched if some <= chosen]


def _next_days(kind: str, first: date, zone: ZoneInfo) -> tuple[list[date], date]:
    """Give the next days that were never filled, and how far the family is then."""
    last = day_of(kind, Max, zone)
    until = min(first + DAYS_AT_ONCE * ONE_DAY, last + ONE_DAY if last else first)
    days = [first + number * ONE_DAY for number in range((until - first).days)]
    return days, EVERYTHING if last is None or until > last else until


def day_of(kind: str, extreme: type[Min | Max], zone: ZoneInfo) -> date | None:
    """Give the day of the first or last fact of a family."""
    model, field = DATED[kind]
    instant: datetime | None = model.objects.aggregate(found=extreme(field))["found"]
    return instant.astimezone(zone).date() if instant else None


# Counting -------------------------------------------------------------------------------------------------------------


def rebuild(kind: str, days: Sequence[date], zone: ZoneInfo) -> None:
    """Count ``days`` of a kind anew, and add up what changed in the weeks, months and quarters that they lie in."""
    if not days:
        return
    every_day, parts = BOOKS[kind][-1], [Period(day, day + ONE_DAY, zone) for day in days]
    changed = rewrite_days(every_day, kept(every_day, Grains.DAY, days), counted(kind, parts))
    for book in BOOKS[kind]:
        rewrite_spans(book, every_day.groups, changed)
    if kind == Kinds.ENTRIES:
        EnteredAgain.objects.filter(first__in=days).delete()
        insert_rows(EnteredAgain, ("first", "kind", "lead"), sorted(entered_again(parts)))


def counted(kind: str, parts: Sequence[Period]) -> Cells:
    """Count days from the facts, by all groups of their kind."""
    book = BOOKS[kind][-1]
    scope = Scope(Period(parts[0].first, parts[-1].until, parts[0].zone), windows=tuple(_runs(parts)))
    if kind == Kinds.ENTRIES:
        found = _entered_once(scope, parts, book.groups)
    else:
        found = tally(
            book.family, scope, book.groups, measures=book.measures, spreads=book.values, slices=parts,
            date_field=DATED[kind][1],
        )  # fmt: skip
    return {
        (parts[key[-1]].first, *key[:-1]): (
            *(counts.get(name, 0) for name in book.measures),
            *(as_text(found.values[name].get(key, ())) for name in book.values),
        )
        for key, counts in found.cells.items()
    }


def _runs(parts: Sequence[Period]) -> list[Period]:
    """Join days that follow each other."""
    runs: list[Period] = []
    for part in parts:
        if runs and runs[-1].until == part.first:
            runs[-1] = Period(runs[-1].first, part.until, part.zone)
        else:
            runs.append(part)
    return runs


def _entered_once(scope: Scope, parts: Sequence[Period], groups: Sequence[str]) -> Tally:
    """Count the leads that entered a stage once in all their lives, by the day they did."""
    found = Tally((*groups, SLICE), ENTERED)
    for kind, measures in BY_EVENT.items():
        leads = Lead.objects.filter(
            within("events__occurred_at", scope), ~has_entered_again(kind), events__kind=kind
        ).filter(ACTIVITY.measures[measures[0]], NOT_MERGED)
        dated = sliced(leads, parts, "events__occurred_at")
        add_counts(found, dated, ACTIVITY, measures)
        if "won" in measures:
            add_wins(found, dated.filter(WON_DATED), ACTIVITY, scope)
    return found


def entered_again(parts: Sequence[Period]) -> set[tuple[date, str, int]]:
    """Give the leads that entered a stage on one of these days, and did so at another time too: day, event and lead."""
    zone = parts[0].zone
    scope = Scope(Period(parts[0].first, parts[-1].until, zone), windows=tuple(_runs(parts)))
    other = LeadEvent.objects.filter(lead_id=OuterRef("lead_id"), kind=OuterRef("kind")).exclude(pk=OuterRef("pk"))
    events = LeadEvent.objects.filter(within("occurred_at", scope), Exists(other), kind__in=[*BY_EVENT])
    return {
        (at.astimezone(zone).date(), kind, lead)
        for at, kind, lead in events.values_list("occurred_at", "kind", "lead_id")
    }
