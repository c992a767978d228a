"""Let a transactional test empty its database although tables of ours are append-only, and quickly.

Django's flush deletes row by row on SQLite, which the triggers refuse, as they should. So in tests, and only there, a flush on SQLite drops
the triggers first and puts them back after. Nothing in the program can do this: it has no function that drops a trigger which is still
declared. On PostgreSQL Django truncates all tables, which fires no row trigger but makes a new file for each table and index, full or
empty: most of a second. Here their rows are deleted instead, as a replica does it: neither triggers nor foreign keys have a say.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db.backends.base.operations import BaseDatabaseOperations

from ledger import triggers


@pytest.fixture(autouse=True, scope="session")
def flushing_passes_the_triggers() -> Iterator[None]:
    """Wrap the one method that every flush goes through."""
    flush = BaseDatabaseOperations.execute_sql_flush

    def flush_unguarded(operations: Any, statements: list[str]) -> None:
        connection = operations.connection
        if connection.vendor != "sqlite":
            if any("RESTART" in statement for statement in statements):  # whoever wants that sequences begin anew
                flush(operations, statements)
                return
            tables = [table for statement in statements for table in re.findall(r'"\w+"', statement)]
            deletions = [f"DELETE FROM {table}" for table in tables]
            flush(operations, ["SET LOCAL session_replication_role = replica", *deletions])
            return
        drops = [triggers.drop_statement(connection, *trigger) for trigger in triggers.installed(connection)]
        flush(operations, [*drops, *statements])
        triggers.install(using=connection.alias)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseDatabaseOperations, "execute_sql_flush", flush_unguarded)
        yield
