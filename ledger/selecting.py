"""Read many rows by one hand-written statement, the same on both engines.

For the paths that every lead takes, where building a query through the ORM costs more than running it. Statements are constants of the
module that asks; lists of ids travel as one parameter.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection


def select(sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Run ``sql`` and give its rows.

    ``= ANY(%s)`` takes a list of ids (see ``ids``). Texts, numbers and truth values come back; on SQLite an instant comes back as
    text, so let statements compare instants and not return them.
    """
    if connection.vendor != "postgresql":
        sql = sql.replace("= ANY(%s)", "IN (SELECT value FROM json_each(%s))")
        parameters = [_sqlite(value) for value in parameters]
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())


Query = tuple[str, Sequence[Any]]
"""A statement with its parameters."""


def select_all(queries: Sequence[Query]) -> list[list[tuple[Any, ...]]]:
    """Run several statements as ``select`` does and give the rows of each: one round trip on PostgreSQL.

    Values travel as JSON there, so that instants may not be among the columns; the statements see one snapshot.
    """
    if connection.vendor != "postgresql":
        return [select(sql, parameters) for sql, parameters in queries]
    picks = ", ".join(f"(SELECT json_agg(ROW(q.*)) FROM ({sql}) q)" for sql, _ in queries)  # noqa: S608 - constants of ours
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {picks}", [value for _, parameters in queries for value in parameters])
        (found,) = cursor.fetchall()
    return [[tuple(row.values()) for row in rows or ()] for rows in found]


def ids(values: Iterable[int | None]) -> list[int]:
    """Give the distinct ids in order, as a parameter for ``= ANY(%s)``."""
    return sorted({value for value in values if value is not None})


def row_lock(table: str) -> str:
    """Give the clause that locks the rows of ``table`` (its name or alias) until the transaction ends; SQLite needs none."""
    return f" FOR UPDATE OF {table}" if connection.features.has_select_for_update_of else ""


def share_lock(table: str) -> str:
    """Give the clause that keeps the rows of ``table`` as they are until the transaction ends, whoever else reads them so."""
    return f" FOR SHARE OF {table}" if connection.features.has_select_for_update_of else ""


def _sqlite(value: Any) -> Any:
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return json.dumps(value) if isinstance(value, list) else value
