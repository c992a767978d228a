"""What a list of leads may be asked: named filters, two orders, a cursor. Anything else is refused by name."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import Q
from django.http import QueryDict

from inputs.moments import EARLIEST_YEAR, instant
from inputs.numbers import MAX_ID, whole
from inputs.refusals import Invalid, Problem
from inputs.text import problem_with, tidy
from leads.api.shapes import DETAIL
from leads.codes import SOURCES
from leads.intake.normalise import untagged
from leads.lifecycle import Stage
from leads.models import Contact, Lead
from leads.models.leads import LeadQuerySet
from sla.terms import TIERS

MAX_LIMIT = 100
USUAL_LIMIT = 25
PAGING = ("limit", "order", "cursor")
"""What a list may be asked besides its filters."""
MAX_QUERY_LENGTH = 200
MAX_CURSOR_LENGTH = 200
ORDERS = {
    "-captured_at": ("captured_at", True),
    "captured_at": ("captured_at", False),
    "-last_touch_at": ("last_touch_at", True),
    "last_touch_at": ("last_touch_at", False),
}

Condition = Callable[[str, str, datetime], Q]


class BadQuery(Invalid):
    """A parameter cannot be used; ``problems`` names it."""

    code = "bad_query"


@dataclass(frozen=True, slots=True)
class Page:
    """Some leads and the cursor of those after them."""

    leads: list[Lead]
    next: str | None


def page_of_leads(leads: LeadQuerySet, query: QueryDict, *, at: datetime) -> Page:
    """Give the page that ``query`` asks for; raises ``BadQuery`` with every parameter that is wrong."""
    problems: list[Problem] = []
    conditions = Q()
    for name, values in query.lists():
        try:
            _require_once(name, values)
            if name not in PAGING:
                conditions &= FILTERS[name](values[0], name, at)
        except Invalid as invalid:
            problems += invalid.problems
    limit = _checked(
        lambda: whole(query.get("limit", str(USUAL_LIMIT)), field="limit", low=1, high=MAX_LIMIT), problems
    )
    order = query.get("order", "-captured_at")
    if order not in ORDERS:
        problems.append(Problem("order", "unknown_choice", f"This must be one of: {', '.join(ORDERS)}."))
    cursor = _checked(lambda: _read_cursor(query.get("cursor"), order), problems)
    if problems:
        raise BadQuery("Some parameters cannot be used.", problems=tuple(problems))
    return _page(leads.filter(conditions), order, cursor, limit)


def _checked(read: Callable[[], Any], problems: list[Problem]) -> Any:
    try:
        return read()
    except Invalid as invalid:
        problems += invalid.problems
        return None


def _require_once(name: str, values: list[str]) -> None:
    if name not in PAGING and name not in FILTERS:
        raise BadQuery("There is no such parameter.", code="unknown_parameter", field=name[:100])
    if len(values) > 1:
        raise BadQuery("This may be given once.", code="given_twice", field=name)


def _among(column: str, known: frozenset[str]) -> Condition:
    def condition(value: str, name: str, _at: datetime) -> Q:
        asked = value.split(",")
        if any(word not in known for word in asked):
            raise BadQuery(f"This must be of: {', '.join(sorted(known))}.", code="unknown_choice", field=name)
        return Q(**{f"{column}__in": asked})

    return condition


def _number(column: str, high: int) -> Condition:
    def condition(value: str, name: str, _at: datetime) -> Q:
        return Q(**{column: whole(value, field=name, high=high)})

    return condition


def _moment(column: str) -> Condition:
    def condition(value: str, name: str, at: datetime) -> Q:
        # In an address an unescaped plus is a space.
        return Q(**{column: instant(value.replace(" ", "+"), at=at, field=name)})

    return condition


def _searched(value: str, name: str, _at: datetime) -> Q:
    words = tidy(value)
    if len(words) > MAX_QUERY_LENGTH:
        raise BadQuery(f"This may have {MAX_QUERY_LENGTH} characters at most.", code="too_long", field=name)
    problem = problem_with(words, field=name, single_line=True)
    if problem:
        raise BadQuery(problem.message, code=problem.code, field=name)
    if not words:
        return Q()
    # Each part has an index of its own (leads/migrations/0002_search_indexes.py).
    found = Contact.objects.filter(name__istartswith=words).values("id").union(
        Contact.objects.filter(company__name__istartswith=words).values("id"),
        Contact.objects.filter(email_key__startswith=untagged(words.lower())).values("id"),
        Contact.objects.filter(external_id=words).values("id"),
        Contact.objects.filter(phone_key=words).values("id"),
    )  # fmt: skip
    return Q(contact_id__in=found)


FILTERS: dict[str, Condition] = {
    "stage": _among("stage", frozenset(Stage)),
    "source": _among("source", frozenset(SOURCES)),
    "tier": _among("tier", frozenset(TIERS)),
    "origin": _among("origin", frozenset(Lead.Origins.values)),
    "owner": _number("owner_id", MAX_ID),
    "campaign": _number("last_campaign_id", MAX_ID),
    "contact": _number("contact_id", MAX_ID),
    "min_fit": _number("fit__gte", 100),
    "max_fit": _number("fit__lte", 100),
    "captured_from": _moment("captured_at__gte"),
    "captured_before": _moment("captured_at__lt"),
    "q": _searched,
}


def _page(leads: LeadQuerySet, order: str, cursor: tuple[datetime, int] | None, limit: int) -> Page:
    column, is_descending = ORDERS[order]
    sign, after = ("-", "lt") if is_descending else ("", "gt")
    if cursor:
        value, last_id = cursor
        # The redundant first condition lets both engines start in the index.
        bound = Q(**{f"{column}__{after}e": value})
        leads = leads.filter(
            bound & (Q(**{f"{column}__{after}": value}) | Q(**{column: value, f"id__{after}": last_id}))
        )
    # Which, from one table; then what, by a join of those alone: planned together they may cost PostgreSQL a second.
    ids = list(leads.order_by(f"{sign}{column}", f"{sign}id").values_list("pk", flat=True)[: limit + 1])
    by_id = Lead.objects.select_related(*DETAIL).in_bulk(ids)
    found = [by_id[lead_id] for lead_id in ids if lead_id in by_id]
    if len(found) <= limit:
        return Page(found, None)
    last = found[limit - 1]
    return Page(found[:limit], _cursor(order, getattr(last, column), last.pk))


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
        moment = datetime.fromisoformat(value)
        is_placed = moment.tzinfo is not None
        moment = moment.astimezone(UTC)  # at either end of the calendar an offset leads out of it
        number = whole(last_id, high=MAX_ID)
    except (ValueError, TypeError, OverflowError, binascii.Error, RecursionError, Invalid):
        raise bad from None
    if of_order != order or not is_placed or moment.year < EARLIEST_YEAR:
        raise bad
    return moment, number
