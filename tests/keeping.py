"""Keep what a database holds, compare it, and put it back as often as needed: for tests that begin many times from the same point."""

from __future__ import annotations

import hashlib
import sqlite3
from io import BytesIO
from typing import Any

from django.db import connection, transaction

SEQUENCES = """
SELECT format('%I.%I', schemaname, sequencename), coalesce(last_value, start_value), last_value IS NOT NULL
FROM pg_sequences WHERE schemaname = current_schema()
"""
"""Each sequence, its value, and whether that was given already."""


class Kept:
    """What the database held when this was made."""

    def __init__(self) -> None:
        self.keeper: KeptInMemory | KeptAsCopies = (
            KeptAsCopies() if connection.vendor == "postgresql" else KeptInMemory()
        )

    def state(self) -> bytes:
        """Give a digest of all rows of all tables as they are now."""
        digest = hashlib.sha256()
        for table, rows in self.keeper.rows().items():
            digest.update(f"{table} {len(rows)} ".encode() + rows)
        return digest.digest()

    def put_back(self) -> None:
        """Make the database what it was, down to the ids that it gives next."""
        self.keeper.put_back()


class KeptInMemory:
    """A copy of the whole of an SQLite database."""

    def __init__(self) -> None:
        self.copy = sqlite3.connect(":memory:")
        _driver().backup(self.copy)
        listed = self.copy.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
        self.tables = sorted(name for (name,) in listed)

    def rows(self) -> dict[str, bytes]:
        now = _driver()
        return {
            table: repr(now.execute(f'SELECT * FROM "{table}" ORDER BY 1').fetchall()).encode() for table in self.tables
        }

    def put_back(self) -> None:
        self.copy.backup(_driver())


class KeptAsCopies:
    """The rows of each table of a PostgreSQL database, and where its sequences stand.

    Sequences are not rolled back, so they are put back also where no row has changed.
    """

    def __init__(self) -> None:
        self.tables = sorted(connection.introspection.table_names())
        self.kept = self.rows()
        with connection.cursor() as cursor:
            cursor.execute(SEQUENCES)
            self.sequences = cursor.fetchall()

    def rows(self) -> dict[str, bytes]:
        found = {}
        with transaction.atomic(), connection.cursor() as cursor:
            for table in self.tables:
                told = BytesIO()
                cursor.copy_expert(f'COPY (SELECT * FROM "{table}" ORDER BY 1) TO STDOUT', told)
                found[table] = told.getvalue()
        return found

    def put_back(self) -> None:
        now = self.rows()
        with transaction.atomic(), connection.cursor() as cursor:
            # As a replica does it: neither triggers nor foreign keys have a say, for what is put back was right before.
            cursor.execute("SET LOCAL session_replication_role = replica")
            for table, rows in self.kept.items():
                if rows != now[table]:
                    cursor.execute(f'DELETE FROM "{table}"')
                    cursor.copy_expert(f'COPY "{table}" FROM STDIN', BytesIO(rows))
            cursor.execute(
                f"SELECT {', '.join(['setval(%s, %s, %s)'] * len(self.sequences))}",
                [value for sequence in self.sequences for value in sequence],
            )


def _driver() -> Any:
    """Give the connection of the driver, without Django's conversions."""
    connection.ensure_connection()
    return connection.connection
