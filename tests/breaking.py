"""Let the database fail at one statement of a piece of work, at each in turn, and see whether anything of the work is left behind.

``tests.crashing`` kills the process instead, which also covers the commits; this is much faster, and looks at every table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

from django.conf import settings
from django.db import OperationalError, connection, transaction

Rows = dict[str, list[str]]

UNCHANGING = {"django_migrations", "django_content_type", "auth_permission"}
"""Written by ``migrate`` alone: reading them again and again would only take time."""

NOT_COUNTED = ("SAVEPOINT", "RELEASE", "ROLLBACK")

CACHE_TABLES = {cache["LOCATION"] for cache in settings.CACHES.values() if cache["BACKEND"].endswith("DatabaseCache")}
"""A cache is no state: what it holds may be lost at any time, and its failures are its own."""


class Broken(OperationalError):
    """The database went away."""


@dataclass(slots=True)
class Breaking:
    """Counts statements and fails at one of them; savepoints are not counted and work."""

    point: int
    seen: int = 0

    @property
    def has_broken(self) -> bool:
        return self.seen >= self.point

    def __call__(self, execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        text = str(sql)
        if not text.startswith(NOT_COUNTED) and not any(f'"{table}"' in text for table in CACHE_TABLES):
            self.seen += 1
            if self.seen == self.point:
                raise Broken(f"at statement {self.point}")
        return execute(sql, params, many, context)


@contextmanager
def breaking_at(point: int) -> Iterator[Breaking]:
    """Let statement number ``point``, from 1, fail before it is sent."""
    breaking = Breaking(point)
    with connection.execute_wrapper(breaking):
        yield breaking


def left_behind(act: Callable[[], object]) -> tuple[int, str]:
    """Break ``act`` at each of its statements until it succeeds; give how many were tried, and what was wrong at the last, if anything.

    It ends at the first failure that leaves something behind: what comes after would begin from there. To go on after the failure as if
    nothing had been is wrong too: it is for the caller to know.
    """
    before = every_row()
    for point in count(1):
        try:
            with breaking_at(point) as breaking:
                act()
        except Broken:
            if connection.in_atomic_block:
                transaction.set_rollback(False)  # the test's own transaction is sound: the statement was never sent
            if changed := changed_tables(before, every_row()):
                return point, f"broken at statement {point} it left {', '.join(changed)} changed"
        else:
            return breaking.seen, f"it swallowed the failure at statement {point}" if breaking.has_broken else ""
    raise AssertionError("not reached")


def changed_tables(before: Rows, after: Rows) -> list[str]:
    return [table for table in before if before[table] != after[table]]


def every_row() -> Rows:
    """Give every row of every table, byte for byte, by table; the order of rows does not count."""
    tables = _tables()
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            parts = [f"SELECT '{table}', (whole.*)::text FROM \"{table}\" whole" for table in tables]
            cursor.execute(" UNION ALL ".join(parts))
            found: Rows = {table: [] for table in tables}
            for table, row in cursor.fetchall():
                found[table].append(row)
            return {table: sorted(rows) for table, rows in found.items()}
        return {table: sorted(map(repr, cursor.execute(f'SELECT * FROM "{table}"').fetchall())) for table in tables}


def _tables() -> list[str]:
    known: list[str] = _NAMES.get(connection.vendor, [])
    if not known:
        known = sorted(set(connection.introspection.table_names()) - UNCHANGING - CACHE_TABLES)
        _NAMES[connection.vendor] = known
    return known


_NAMES: dict[str, list[str]] = {}
