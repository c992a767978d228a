"""How SQLite would read what a query asks for. A small table is read in whole by PostgreSQL, whatever its indexes; SQLite goes by these alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pytest
from django.db import connection


def only_on_sqlite() -> None:
    """Skip a test that looks at plans on another engine."""
    if connection.vendor != "sqlite":
        pytest.skip("how a small table is read only SQLite decides by its indexes alone")


def plan_of(sql: str, parameters: Sequence[Any] = ()) -> list[str]:
    """Give the steps in which a query is answered."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}", parameters or None)
        return [step for *_, step in cursor.fetchall()]


def scans(queries: Iterable[Mapping[str, str]], start: str) -> tuple[int, list[str]]:
    """Count the ``queries`` that begin with ``start``, and give those that read a table in whole."""
    read = [query["sql"] for query in queries if query["sql"].startswith(start)]
    return len(read), [sql for sql in read if any(step.startswith("SCAN") for step in plan_of(sql))]
