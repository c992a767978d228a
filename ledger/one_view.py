"""Read several things as they stood at one moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import connection

_is_open: ContextVar[bool] = ContextVar("one_view_is_open", default=False)


@contextmanager
def one_view() -> Iterator[None]:
    """Let all reads of the block see the database of one moment, whatever is committed meanwhile. Write nothing inside.

    Without it each statement sees a later database than the one before, and what is put together from several is true of no moment.
    Inside a transaction, or another view, there is nothing to do but what that one does. On SQLite readers and writers do not wait for each other (WAL).
    """
    if connection.in_atomic_block or _is_open.get():
        yield
        return
    begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" if connection.vendor == "postgresql" else "BEGIN DEFERRED"
    with connection.cursor() as cursor:
        cursor.execute(begin)
        token = _is_open.set(True)
        try:
            yield
        finally:
            _is_open.reset(token)
            cursor.execute("ROLLBACK")
