"""Lists over the API: named filters, orders by time, a cursor. Whatever else is asked is refused by name."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from django.db.models import Model, Prefetch, Q, QuerySet
from django.http import QueryDict
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from inputs.moments import EARLIEST_YEAR, instant
from inputs.numbers import MAX_ID, whole
from inputs.refusals import Invalid, Problem

MAX_LIMIT = 100
USUAL_LIMIT = 25
PAGING = ("limit", "order", "cursor")
"""What a list may be asked besides its filters."""
MAX_CURSOR_LENGTH = 200

Row = TypeVar("Row", bound=Model)
Condition = Callable[[str, str, datetime], Q]
"""Reads the value of a filter, given its name and the instant of the call; raises a subclass of ``Invalid``."""


class BadQuery(Invalid):
    """A parameter cannot be used; ``problems`` names it."""

    code = "bad_query"


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows and the cursor of those after them."""

    rows: list[Row]
    next: str | None


@dataclass(frozen=True, slots=True)
class Listing:
    """What a list may be asked: ``filters`` by name, and by which times it is ordered, the latest of the first one first unless asked.

    ``along`` is joined to the rows of a page, ``beside`` is looked up for them.
    """

    filters: Mapping[str, Condition]
    times: tuple[str, ...]
    along: tuple[str, ...] = ()
    beside: tuple[str | Prefetch[Any], ...] = ()

    @property
    def orders(self) -> dict[str, tuple[str, bool]]:
        """Give the orders by name, each with its column and whether it descends."""
        return {f"{'-' if down else ''}{time}": (time, down) for time in self.times for down in (True, False)}

    @property
    def parameters(self) -> list[OpenApiParameter]:
        """Describe what may be asked."""
        return [
            *(OpenApiParameter(name, OpenApiTypes.STR, description="Filter.") for name in self.filters),
            OpenApiParameter("order", OpenApiTypes.STR, enum=list(self.orders)),
            OpenApiParameter("limit", OpenApiTypes.INT, description=f"1 to {MAX_LIMIT}."),
            OpenApiParameter("cursor", OpenApiTypes.STR, description="What next said."),
        ]

    def page(self, rows: QuerySet[Row], query: QueryDict, *, at: datetime) -> Page[Row]:
        """Give the page of ``rows`` that ``query`` asks for; raises ``BadQuery`` with every parameter that is wrong."""
        problems: list[Problem] = []
        conditions = Q()
        for name, values in query.lists():
            try:
                self._require_once(name, values)
                if name not in PAGING:
                    conditions &= self.filters[name](values[0], name, at)
            except Invalid as invalid:
                problems += invalid.problems
        limit = _checked(
            lambda: whole(query.get("limit", str(USUAL_LIMIT)), field="limit", low=1, high=MAX_LIMIT), problems
        )
        order = query.get("order", next(iter(self.orders)))
        if order not in self.orders:
            problems.append(Problem("order", "unknown_choice", f"This must be one of: {', '.join(self.orders)}."))
        cursor = _checked(lambda: _read_cursor(query.get("cursor"), order), problems)
        if problems:
            raise BadQuery("Some parameters cannot be used.", problems=tuple(problems))
        return self._page(rows.filter(conditions), order, cursor, limit)

    def one(self, rows: QuerySet[Row], row_id: int) -> Row | None:
        """Give one row of ``rows`` as a page would show it, or nothing."""
        return self._detailed(rows.filter(pk=row_id)).first()

    def _detailed(self, rows: QuerySet[Row]) -> QuerySet[Row]:
        return rows.select_related(*self.along).prefetch_related(*self.beside)

    def _require_once(self, name: str, values: list[str]) -> None:
        if name not in PAGING and name not in self.filters:
            raise BadQuery("There is no such parameter.", code="unknown_parameter", field=name[:100])
        if len(values) > 1:
            raise BadQuery("This may be given once.", code="given_twice", field=name)

    def _page(self, rows: QuerySet[Row], order: str, cursor: tuple[datetime, int] | None, limit: int) -> Page[Row]:
        column, is_descending = self.orders[order]
        sign, after = ("-", "lt") if is_descending else ("", "gt")
        if cursor:
            value, last_id = cursor
            # The redundant first condition lets both engines start in the index.
            bound = Q(**{f"{column}__{after}e": value})
            rows = rows.filter(
                bound & (Q(**{f"{column}__{after}": value}) | Q(**{column: value, f"id__{after}": last_id}))
            )
        # Which, from one table; then what, by a join of those alone: planned together they may cost PostgreSQL a second.
        ids = list(rows.order_by(f"{sign}{column}", f"{sign}id").values_list("pk", flat=True)[: limit + 1])
        by_id = self._detailed(rows.model._default_manager.all()).in_bulk(ids)
        found = [by_id[row_id] for row_id in ids if row_id in by_id]
        if len(found) <= limit:
            return Page(found, None)
        last = found[limit - 1]
        return Page(found[:limit], _cursor(order, getattr(last, column), last.pk))


def _checked(read: Callable[[], Any], problems: list[Problem]) -> Any:
    try:
        return read()
    except Invalid as invalid:
        problems += invalid.problems
        return None


# Filters --------------------------------------------------------------------------------------------------------------


def among(column: str, known: frozenset[str]) -> Condition:
    """Choose rows with one of several words, which are separated by commas."""

    def condition(value: str, name: str, _at: datetime) -> Q:
        asked = value.split(",")
        if any(word not in known for word in asked):
            raise BadQuery(f"This must be of: {', '.join(sorted(known))}.", code="unknown_choice", field=name)
        return Q(**{f"{column}__in": asked})

    return condition


def number(column: str, high: int = MAX_ID) -> Condition:
    """Choose rows by a number, such as an id."""

    def condition(value: str, name: str, _at: datetime) -> Q:
        return Q(**{column: whole(value, field=name, high=high)})

    return condition


def moment(column: str) -> Condition:
    """Choose rows by a time with its offset."""

    def condition(value: str, name: str, at: datetime) -> Q:
        # In an address an unescaped plus is a space.
        return Q(**{column: instant(value.replace(" ", "+"), at=at, field=name)})

    return condition


# The cursor -----------------------------------------------------------------------------------------------------------


def _cursor(order: str, value: datetime, last_id: int) -> str:
    told = json.dumps([order, value.astimezone(UTC).isoformat(), last_id])
    return base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")


def _read_cursor(cursor: str | None, order: str) -> tuple[datetime, int] | None:
    """Read what ``_cursor`` wrote for the same order; raises ``BadQuery``."""
    if cursor is None:
        return None
    bad = BadQuery("This is not a cursor of this list.", code="bad_cursor", field="cursor")
    if len(cursor) > MAX_CURSOR_LENGTH or not cursor.isascii():
        raise bad
    try:
        of_order, value, last_id = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        last_at = datetime.fromisoformat(value)
        is_placed = last_at.tzinfo is not None
        last_at = last_at.astimezone(UTC)  # at either end of the calendar an offset leads out of it
        row_id = whole(last_id, high=MAX_ID)
    except (ValueError, TypeError, OverflowError, binascii.Error, RecursionError, Invalid):
        raise bad from None
    if of_order != order or not is_placed or last_at.year < EARLIEST_YEAR:
        raise bad
    return last_at, row_id
