"""Count the measures of a family by groups: from the rollups where these are right, from the facts elsewhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Value, When

from dashboards import sheets
from dashboards.books import Book, book_for
from dashboards.counts import SLICE, Counts, Tally
from dashboards.families import (
    ACTIVITY,
    COHORT,
    ENTERED_BY,
    NOT_MERGED,
    WON_DATED,
    Family,
    entered_events,
    first_source_raw,
    of_leads,
    within,
)
from dashboards.freshness import Freshness, Split
from dashboards.joined import Joined, numbers
from dashboards.models import EnteredAgain, Grains
from dashboards.periods import Period
from dashboards.scope import Scope
from leads.models import Lead, LeadEvent

SOURCE_RAW = "source_raw"
DAYS_TO_WIN = "days_to_win"
BY_ARRIVAL = ("leads", "sales_sourced")
"""What activity counts by the day of arrival."""

BY_EVENT: Mapping[str, tuple[str, ...]] = {
    kind: tuple(measure for measure, event in ENTERED_BY.items() if event == kind) for kind in ENTERED_BY.values()
}

ENTERED = tuple(ENTERED_BY)
"""What activity counts by the day a stage was entered."""


def tally(
    family: Family, scope: Scope, groups: Sequence[str], *, measures: Sequence[str] = (), spreads: Sequence[str] = (),
    slices: Sequence[Period] = (), date_field: str = "", only_counted: bool = False, fresh: Freshness | None = None,
) -> Tally:  # fmt: skip
    """Count ``measures`` (all unless named) of ``family`` in ``scope`` by ``groups``; with ``slices`` also by the part of the period.

    ``date_field`` is the instant that places a row in a slice; slices are the period's weeks where ``fresh`` is given. ``spreads`` are
    measured values to bring along. With ``only_counted`` the one measure named is asked for as a condition: rows that it does not count are
    not read. ``fresh`` tells which days the rollups show rightly; without it all is counted from the facts. Activity is counted by
    ``lead_tally``.
    """
    counted = tuple(measures or family.measures)
    found = Tally((*groups, *([SLICE] if slices else [])), counted)
    if fresh and slices and list(slices) != scope.period.weeks():
        raise ValueError("The rollups know no other slices than weeks.")
    book, split = _rolled_up(family, scope, groups, counted, fresh, by_week=bool(slices))
    if book and split:
        sheets.read(book, split, scope.filters, found, spreads=spreads, slices=slices, only_counted=only_counted)
        if not split.live:
            return found
        scope = replace(scope, windows=split.live)
    rows = sliced(family.base(scope, ""), slices, date_field)
    if only_counted:
        rows = rows.filter(family.measures[counted[0]])
    add_counts(found, rows, family, counted, [name for name in spreads if name in family.spreads])
    if DAYS_TO_WIN in spreads:
        add_wins(found, rows.filter(WON_DATED), family, scope)
    return found


def tallied_apart(
    family: Family, scope: Scope, groups: Sequence[str], apart: Sequence[str], fresh: Freshness | None
) -> bool:
    """Say whether to count by ``groups`` and each one of ``apart`` by itself: all of them at once are nearly a row for each fact.

    Only where rollups of each have whole months, and none of them all at once. Otherwise every day is read, or the facts, and better once.
    """
    measures = tuple(family.measures)
    if _has_months(family, scope, (*groups, *apart), measures, fresh):
        return False
    return all(_has_months(family, scope, (*groups, group), measures, fresh) for group in apart)


def _has_months(
    family: Family, scope: Scope, groups: Sequence[str], measures: Sequence[str], fresh: Freshness | None
) -> bool:
    book, split = _rolled_up(family, scope, groups, measures, fresh)
    return book is not None and split is not None and Grains.MONTH in book.grains


def _rolled_up(
    family: Family, scope: Scope, groups: Sequence[str], measures: Sequence[str], fresh: Freshness | None, *,
    by_week: bool = False,
) -> tuple[Book | None, Split | None]:  # fmt: skip
    """Give the book that answers, and the parts of the period it answers for; nothing twice where the facts alone must."""
    grains = {Grains.WEEK} if by_week else {Grains.QUARTER, Grains.MONTH, Grains.WEEK}
    book = book_for(family, scope.filters, groups, measures)
    if fresh is None or book is None:
        return None, None
    split = fresh.split(book.kind, scope.period, grains.intersection(book.grains))
    return (book, split) if split else (None, None)


def sliced(rows: QuerySet[Any], slices: Sequence[Period], date_field: str) -> QuerySet[Any]:
    """Number the slice that each row falls into: comparisons in the database are far cheaper than time zone arithmetic there."""
    if not slices:
        return rows
    cases = [When(**{f"{date_field}__lt": part.ends_at}, then=Value(number)) for number, part in enumerate(slices)]
    sliced: QuerySet[Any] = rows.annotate(**{SLICE: Case(*cases, output_field=IntegerField())})
    return sliced


def add_counts(
    found: Tally, rows: QuerySet[Any], family: Family, measures: Sequence[str], spreads: Sequence[str] = ()
) -> None:
    """Count ``rows`` with one statement, and bring measured values along."""
    if SOURCE_RAW in found.groups:
        rows = rows.annotate(**{SOURCE_RAW: first_source_raw()})
    rows, columns = _with_columns(rows, family, found.groups)
    asked: dict[str, Any] = {name: Count("pk", filter=family.measures[name]) for name in measures}
    measured = {name: family.spreads[name] for name in spreads}
    asked.update({f"all_{name}": Joined(of.column, filter=of.where) for name, of in measured.items()})
    if columns:
        lines = list(rows.order_by().values(*columns).annotate(**asked).values_list(*columns, *asked))
    else:  # without columns ``values`` would group by the row itself
        answer = rows.aggregate(**asked)
        lines = [tuple(answer[name] for name in asked)]
    wide, counted = len(columns), len(columns) + len(measures)
    for line in lines:
        key = tuple(line[:wide])
        found.add(key, dict(zip(measures, line[wide:counted], strict=True)))
        for name, joined in zip(spreads, line[counted:], strict=True):
            found.add_values(name, key, numbers(joined))


def _with_columns(rows: QuerySet[Any], family: Family, groups: Sequence[str]) -> tuple[QuerySet[Any], list[str]]:
    """Give the columns of ``groups``, and ``rows`` with those of them that have to be reckoned."""
    columns: list[str] = []
    for name in groups:
        column = family.groups.get(name, name)
        if not isinstance(column, str):
            rows = rows.annotate(**{f"of_{name}": column})
            column = f"of_{name}"
        columns.append(column)
    return rows, columns


# Leads ----------------------------------------------------------------------------------------------------------------


def lead_tally(
    scope: Scope, groups: Sequence[str], *, spreads: Sequence[str] = (), fresh: Freshness | None = None
) -> Tally:
    """Count the funnel on the basis that ``scope`` names."""
    if scope.basis == "cohort":
        return tally(COHORT, scope, groups, spreads=spreads, fresh=fresh)
    arrived = tally(COHORT, scope, groups, measures=BY_ARRIVAL, fresh=fresh)
    found = Tally(arrived.groups, tuple(ACTIVITY.measures), arrived.cells)
    book, split = _rolled_up(ACTIVITY, scope, groups, ENTERED, fresh)
    if book and split:
        sheets.read(book, split, scope.filters, found, spreads=spreads)
    for measures, leads in _entered(scope, split):
        add_counts(found, leads, ACTIVITY, measures)
        if DAYS_TO_WIN in spreads and "won" in measures:
            add_wins(found, leads.filter(WON_DATED), ACTIVITY, scope)
    return found


def _entered(scope: Scope, split: Split | None) -> Iterator[tuple[tuple[str, ...], QuerySet[Lead]]]:
    """Give what the rollups do not say: for each event its measures, and the leads that it brought into their stage, each once.

    The rollups count leads that entered a stage once in all their lives. A lead that did so again is looked up, whether the day it did is
    clean or not: it may count on one of the two sides already.
    """
    facts = scope if split is None else replace(scope, windows=split.live)
    again = EnteredAgain.objects.none()
    if split is not None:
        again = EnteredAgain.objects.filter(
            first__gte=scope.period.first, first__lt=scope.period.until
        ).exclude(first__in=split.stale)  # fmt: skip
    repeated = set(again.order_by().values_list("kind", flat=True).distinct()) if split is not None else set()
    for kind, measures in BY_EVENT.items():
        chosen = []
        if split is None or split.live:
            events = LeadEvent.objects.filter(within("occurred_at", facts), kind=kind)
            chosen.append(Q(pk__in=events.values("lead_id")))
        if kind in repeated:
            chosen.append(Q(pk__in=again.filter(kind=kind).values("lead")))
        if chosen:
            either = chosen[0] | chosen[-1]
            yield measures, Lead.objects.filter(either, of_leads(scope), NOT_MERGED, ACTIVITY.measures[measures[0]])


def add_wins(found: Tally, rows: QuerySet[Any], family: Family, scope: Scope) -> None:
    """Bring the days between first contact and win along, as dates in the company's zone."""
    rows, columns = _with_columns(rows, family, found.groups)
    for *key, days in wins(rows, columns, scope.period):
        found.add_values(DAYS_TO_WIN, tuple(key), [days])


def wins(rows: QuerySet[Any], columns: Sequence[str], period: Period) -> Iterator[tuple[Any, ...]]:
    """Give ``columns`` and the calendar days to the win of each won lead, negative where that is dated before it arrived."""
    zone = period.zone
    for *key, arrived, won in rows.values_list(*columns, "captured_at", "customer_at"):
        yield (*key, (won.astimezone(zone).date() - arrived.astimezone(zone).date()).days)


def monthly(scope: Scope, months: Sequence[Period]) -> dict[int, Counts]:
    """Count the funnel by month from the facts; as activity a lead counts once in each month in which it entered the stage."""
    if scope.basis == "cohort":
        return tally(COHORT, scope, (), slices=months, date_field="captured_at").by(SLICE)
    found = tally(COHORT, scope, (), measures=BY_ARRIVAL, slices=months, date_field="captured_at")
    counts = {
        number: {**dict.fromkeys(ACTIVITY.measures, 0), **found.total(slice=number)} for number in range(len(months))
    }
    for measure in ENTERED_BY:
        events = sliced(entered_events(scope, measure), months, "occurred_at").order_by().values(SLICE)
        for number, leads in events.annotate(leads=Count("lead_id", distinct=True)).values_list(SLICE, "leads"):
            counts[number][measure] = leads
    return {number: month for number, month in counts.items() if any(month.values())}


def days_by_month(scope: Scope, months: Sequence[Period]) -> defaultdict[int, list[int]]:
    """Give the days to win in their order, by the month of the first contact, or as activity by that of the win."""
    is_cohort = scope.basis == "cohort"
    rows = (COHORT if is_cohort else ACTIVITY).rows(scope, "won_dated")
    found: defaultdict[int, list[int]] = defaultdict(list)
    dated = rows.annotate(dated=F("captured_at" if is_cohort else "customer_at"))
    for at, days in wins(dated, ["dated"], scope.period):
        found[_slice_of(at, months)].append(days)
    for values in found.values():
        values.sort()
    return found


def _slice_of(at: datetime, parts: Sequence[Period]) -> int:
    return next((number for number, part in enumerate(parts) if at < part.ends_at), 0)
