"""Write many rows with few statements, the same on both engines.

The cores of the verbs work on lists; these are their tools. PostgreSQL takes large batches by ``COPY``, small ones by one ``INSERT``;
SQLite takes both by ``executemany`` inside the caller's transaction. Rows are tuples in the order of ``columns`` (attribute names,
``lead_id`` for a foreign key); no signal is sent and no default applied: every column without a database default is named. A value of a
JSON column is a dict, a list or a tuple, or text that is JSON already.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.db import connection, models

from ledger.selecting import Query, select_all

COPY_FROM_ROWS = 40
"""From so many rows on ``COPY`` beats one ``INSERT`` (measured with ``./run bench intake``)."""

Row = Sequence[Any]
Converter = Callable[[Any], Any]

_waiting: ContextVar[list[bytes] | None] = ContextVar("waiting inserts", default=None)
"""The statements of the block of ``together`` that is open, if one is."""

_JSON_TYPES = (dict, list, tuple)
_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _as_it_is(value: Any) -> Any:
    return value


_JSON_TEXT: dict[type, Converter] = dict.fromkeys(_JSON_TYPES, _json)


def reserve_ids(model: type[models.Model], count: int) -> list[int]:
    """Take ``count`` primary keys of ``model`` for rows about to be written, so that they can name each other.

    Call it inside the transaction that writes them. Keys of a transaction that fails are lost, not reused.
    """
    if count <= 0:
        return []
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval((SELECT pg_get_serial_sequence(%s, 'id')::regclass)) FROM generate_series(1, %s)",
                [table, count],
            )
            return [row[0] for row in cursor.fetchall()]
        cursor.execute("UPDATE sqlite_sequence SET seq = seq + %s WHERE name = %s RETURNING seq", [count, table])
        row = cursor.fetchone()
        if row is None:
            cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, count])
            row = (count,)
        return list(range(row[0] - count + 1, row[0] + 1))


def reserve_many(counts: Mapping[type[models.Model], int]) -> dict[type[models.Model], list[int]]:
    """Take primary keys of several models at once: one statement on PostgreSQL."""
    return reserve_beside(counts)[0]


def reserve_beside(
    counts: Mapping[type[models.Model], int], *queries: Query
) -> tuple[dict[type[models.Model], list[int]], list[list[tuple[Any, ...]]]]:
    """Take primary keys of several models and read ``queries`` as ``select_all`` does: all in one round trip on PostgreSQL."""
    wanted = {model: count for model, count in counts.items() if count > 0}
    found: dict[type[models.Model], list[int]] = {model: [] for model in counts}
    if connection.vendor != "postgresql" or not wanted:
        return {**found, **{model: reserve_ids(model, count) for model, count in wanted.items()}}, select_all(queries)
    pick = "SELECT %s, nextval((SELECT pg_get_serial_sequence(%s, 'id')::regclass)) FROM generate_series(1, %s)"
    models_wanted = list(wanted)
    parameters = [
        value for place, model in enumerate(models_wanted) for value in (place, model._meta.db_table, wanted[model])
    ]
    *rows, reserved = select_all([*queries, (" UNION ALL ".join([pick] * len(wanted)), parameters)])
    for place, key in reserved:
        found[models_wanted[place]].append(key)
    return found, rows


@contextmanager
def together() -> Iterator[None]:
    """Send the small writes made inside in one round trip, at the end of the block (PostgreSQL; elsewhere it changes nothing).

    Inside, do not read what the block writes: it is not there yet. Foreign keys are checked at the commit, so that the order is free.
    An update that gives rows back is not kept waiting: it may touch only what was there before the block.
    """
    if connection.vendor != "postgresql" or _waiting.get() is not None:
        yield
        return
    statements: list[bytes] = []
    token = _waiting.set(statements)
    try:
        yield
    finally:
        _waiting.reset(token)
    if statements:
        with connection.cursor() as cursor:
            cursor.execute(b";".join(statements).decode())


def insert_rows(
    model: type[models.Model], columns: Sequence[str], rows: Sequence[Row], *, ignore_conflicts: bool = False
) -> None:
    """Insert ``rows`` into the table of ``model``. With ``ignore_conflicts`` a row that is there already is left as it is."""
    if not rows:
        return
    if connection.vendor != "postgresql":
        _insert_sqlite(model, columns, rows, ignore_conflicts)
    elif len(rows) >= COPY_FROM_ROWS and not ignore_conflicts:
        _copy(model, columns, rows)
    else:
        _insert_postgresql(model, columns, rows, ignore_conflicts)


def update_rows(
    model: type[models.Model],
    columns: Sequence[str],
    rows: Sequence[Row],
    *,
    expected: Sequence[str] = (),
    returning: Sequence[str] = ("id",),
) -> list[tuple[Any, ...]]:
    """Set ``columns`` on each row and give back ``returning`` of those that changed (nothing where that is empty).

    Each row is ``(id, *values of columns, *values of expected)``. A row is only changed where its ``expected`` columns still hold the
    given values (null-safe): this conditional update is what guarantees one winner on both engines.
    """
    if not rows:
        return []
    statement = _update_statement(connection.vendor, model, tuple(columns), tuple(expected), tuple(returning))
    parameters = _array_parameters(rows) if connection.vendor == "postgresql" else [json.dumps(_sqlite_rows(rows))]
    waiting = _waiting.get()
    with connection.cursor() as cursor:
        if waiting is not None and not returning:
            waiting.append(cursor.cursor.mogrify(statement, parameters))
            return []
        cursor.execute(statement, parameters)
        return list(cursor.fetchall()) if returning else []


# PostgreSQL ---------------------------------------------------------------------------------------------------------


def _copy(model: type[models.Model], columns: Sequence[str], rows: Sequence[Row]) -> None:
    texts = [_converted(column, _COPY_TEXT, _copy_other) for column in zip(*rows, strict=True)]
    lines = io.StringIO("\n".join(map("\t".join, zip(*texts, strict=True))) + "\n")
    with connection.cursor() as cursor, connection.wrap_database_errors:
        cursor.cursor.copy_expert(f"COPY {_table_columns('postgresql', model, tuple(columns))} FROM STDIN", lines)


def _escape(text: str) -> str:
    if "\\" in text:
        text = text.replace("\\", "\\\\")
    if "\t" in text or "\n" in text or "\r" in text:
        text = text.replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
    return text


def _copy_other(value: Any) -> str:
    return _escape(str(value))


_COPY_TEXT: dict[type, Converter] = {
    type(None): lambda value: "\\N",
    str: _escape,
    int: str,
    bool: lambda value: "t" if value else "f",
    float: repr,
    datetime: datetime.isoformat,
    date: date.isoformat,
    Decimal: str,
    **dict.fromkeys(_JSON_TYPES, lambda value: _escape(_json(value))),
}


def _insert_postgresql(
    model: type[models.Model], columns: Sequence[str], rows: Sequence[Row], ignore_conflicts: bool
) -> None:
    head = f"INSERT INTO {_table_columns('postgresql', model, tuple(columns))} VALUES ".encode()  # noqa: S608
    tail = b" ON CONFLICT DO NOTHING" if ignore_conflicts else b""
    adapted = [[_json(value) if type(value) in _JSON_TEXT else value for value in row] for row in rows]
    marks = f"({', '.join(['%s'] * len(columns))})"
    waiting = _waiting.get()
    with connection.cursor() as cursor, connection.wrap_database_errors:
        values = b", ".join([cursor.cursor.mogrify(marks, row) for row in adapted])
        whole = head + values + tail
        if waiting is None:
            cursor.cursor.execute(whole)
        else:
            waiting.append(whole)


def _array_parameters(rows: Sequence[Row]) -> list[list[Any]]:
    return [list(_converted(column, _JSON_TEXT, _as_it_is)) for column in zip(*rows, strict=True)]


# SQLite -------------------------------------------------------------------------------------------------------------


def _insert_sqlite(
    model: type[models.Model], columns: Sequence[str], rows: Sequence[Row], ignore_conflicts: bool
) -> None:
    place = _table_columns("sqlite", model, tuple(columns))
    marks = ", ".join(["%s"] * len(columns))
    verb = "INSERT OR IGNORE" if ignore_conflicts else "INSERT"
    with connection.cursor() as cursor:
        cursor.executemany(f"{verb} INTO {place} VALUES ({marks})", _sqlite_rows(rows))


def _sqlite_rows(rows: Sequence[Row]) -> list[Row]:
    return list(zip(*(_converted(column, _SQLITE, _as_it_is) for column in zip(*rows, strict=True)), strict=True))


def _sqlite_instant(at: datetime) -> str:
    if at.tzinfo is UTC:
        return at.isoformat(" ")[:-6]
    return str(at.astimezone(UTC).replace(tzinfo=None))


_SQLITE: dict[type, Converter] = {
    datetime: _sqlite_instant,
    date: str,
    Decimal: str,
    **dict.fromkeys(_JSON_TYPES, _json),
}


# Values -------------------------------------------------------------------------------------------------------------


def _converted(column: Sequence[Any], converters: Mapping[type, Converter], other: Converter) -> Sequence[Any]:
    """Convert a column at once: most hold one type, many one value, and neighbours often share one object."""
    kinds = set(map(type, column))
    if len(kinds) > 1:
        return [converters.get(type(value), other)(value) for value in column]
    (kind,) = kinds
    convert = converters.get(kind, other)
    if convert is _as_it_is:
        return column
    if column.count(column[0]) == len(column):
        return [convert(column[0])] * len(column)
    if kind not in _JSON_TYPES:
        return list(map(convert, column))
    texts: list[Any] = []
    for place, value in enumerate(column):
        texts.append(texts[-1] if place and value is column[place - 1] else convert(value))
    return texts


# Names: reckoned once for each engine, as they are on the way of every lead --------------------------------------------


@lru_cache(maxsize=256)
def _table_columns(vendor: str, model: type[models.Model], columns: tuple[str, ...]) -> str:
    return f"{_quote(model._meta.db_table)} ({', '.join(_column(model, name) for name in columns)})"


@lru_cache(maxsize=256)
def _update_statement(
    vendor: str, model: type[models.Model], columns: tuple[str, ...], expected: tuple[str, ...], returning: tuple[str, ...]
) -> str:  # fmt: skip
    names = [*columns, *[f"expected_{name}" for name in expected]]
    table = _quote(model._meta.db_table)
    assignments = ", ".join(f"{_column(model, name)} = v.{_quote(name)}" for name in columns)
    same = "IS NOT DISTINCT FROM" if vendor == "postgresql" else "IS"
    guards = "".join(f" AND {table}.{_column(model, name)} {same} v.{_quote('expected_' + name)}" for name in expected)
    back = ", ".join(f"{table}.{_column(model, name)}" for name in returning)
    source = _values_source(model, ["id", *columns, *expected], ["id", *names])
    statement = f"UPDATE {table} SET {assignments} FROM {source} WHERE {table}.id = v.id{guards}"  # noqa: S608
    return f"{statement} RETURNING {back}" if back else statement


def _values_source(model: type[models.Model], fields: Sequence[str], names: Sequence[str]) -> str:
    quoted = [_quote(name) for name in names]
    if connection.vendor == "postgresql":
        arrays = ", ".join(f"%s::{_array_type(model, field)}[]" for field in fields)
        return f"unnest({arrays}) AS v({', '.join(quoted)})"
    picks = ", ".join(f"json_extract(value, '$[{place}]') AS {name}" for place, name in enumerate(quoted))
    return f"(SELECT {picks} FROM json_each(%s)) AS v"  # noqa: S608


@lru_cache(maxsize=256)
def _field(model: type[models.Model], name: str) -> models.Field[Any, Any]:
    for field in model._meta.concrete_fields:
        if name in (field.attname, field.name):
            return field
    raise LookupError(f"{model.__name__} has no column {name}")


def _array_type(model: type[models.Model], name: str) -> str:
    kind = _field(model, name).db_type(connection) or "text"
    return {"bigserial": "bigint"}.get(kind, kind).replace(" GENERATED BY DEFAULT AS IDENTITY", "")


def _column(model: type[models.Model], name: str) -> str:
    return _quote(str(_field(model, name).column))


def _quote(name: str) -> str:
    return connection.ops.quote_name(name)
