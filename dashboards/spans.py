"""Weeks, months and quarters of a book, written from its days within the database.

A filler that fetches sums and sends them back spends most of its time on writing statements and rows. Here a book takes two statements,
however many of its spans change, and no row leaves the database.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from django.db import connection

from dashboards.books import EVERY_DAY, Book
from dashboards.models import Grains

Spans = Mapping[Grains, Sequence[tuple[date, date]]]
"""By grain the first days of spans, and the days after their last."""


def write_spans(book: Book, spans: Spans, touched: Collection[tuple[Any, ...]]) -> None:
    """Add up the days of ``spans`` anew; only the cells whose groups have one of the values ``touched``, where there are any."""
    table = connection.ops.quote_name(book.model._meta.db_table)
    only, chosen = _only(book, touched)
    with connection.cursor() as cursor:
        begins = [(grain, first) for grain, found in spans.items() for first, _ in found]
        those = " OR ".join(["(grain = %s AND first = %s)"] * len(begins))
        cursor.execute(
            f"DELETE FROM {table} WHERE book = %s AND ({those}){only}",  # noqa: S608 - names of our own
            [book.name, *(_sent(value) for pair in begins for value in pair), *chosen],
        )
        sums, params = _sums(book, spans, only, chosen)
        columns = ", ".join(["book", "grain", "first", *book.groups, *book.measures, *book.values])
        cursor.execute(f"INSERT INTO {table} ({columns}) {sums}", params)


def _sums(book: Book, spans: Spans, only: str, chosen: list[Any]) -> tuple[str, list[Any]]:
    """Write the query that adds up the days of each span."""
    table = connection.ops.quote_name(book.model._meta.db_table)
    measured = [f"SUM({name})" for name in book.measures] + [_joined(name) for name in book.values]
    columns = ", ".join([*book.groups, *measured])
    groups = ", ".join(["3", *map(str, range(4, 4 + len(book.groups)))])
    parts, params = [], []
    for grain, found in spans.items():
        begin = " ".join(["WHEN first < %s THEN %s"] * len(found))
        within = " OR ".join(["(first >= %s AND first < %s)"] * len(found))
        chosen_days = f"book = %s AND grain = %s AND ({within}){only}"
        begins = f"SELECT %s, %s, CASE {begin} END, {columns}"
        parts.append(f"{begins} FROM {table} WHERE {chosen_days} GROUP BY {groups}")
        params += [book.name, grain.value]
        params += [_sent(day) for first, until in found for day in (until, first)]
        params += [EVERY_DAY, Grains.DAY.value]
        params += [_sent(day) for span in found for day in span]
        params += chosen
    return " UNION ALL ".join(parts), params


def _joined(name: str) -> str:
    return f"GROUP_CONCAT({name})" if connection.vendor == "sqlite" else f"STRING_AGG({name}, ',')"


def _only(book: Book, touched: Collection[tuple[Any, ...]]) -> tuple[str, list[Any]]:
    """Write the condition that the groups have one of the values ``touched``."""
    if not touched:
        return "", []
    conditions, values = [], []
    for key in touched:
        at = [
            f"{name} IS NULL" if value is None else f"{name} = %s" for name, value in zip(book.groups, key, strict=True)
        ]
        conditions.append(f"({' AND '.join(at)})")
        values += [value for value in key if value is not None]
    return f" AND ({' OR '.join(conditions)})", values


def _sent(value: Any) -> Any:
    return connection.ops.adapt_datefield_value(value) if isinstance(value, date) else value.value
