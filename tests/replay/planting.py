"""A history that is sound, for tests that damage it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from ledger import triggers
from replay.management.commands.replay import play


@contextmanager
def sound_history(blocker: Any) -> Iterator[datetime]:
    """Play two weeks once, without the guards of the database, inside a transaction that is undone at the end; gives when they end."""
    with blocker.unblock(), transaction.atomic():
        season = play(seed=7, weeks=2, per_week=45)
        with connection.cursor() as cursor:
            for name, table in triggers.installed(connection):
                cursor.execute(triggers.drop_statement(connection, name, table))
        yield season.ends_at
        transaction.set_rollback(True)


def one(rows: QuerySet[Any]) -> Any:
    """Give the first of these rows, which there must be."""
    return rows.order_by("id")[:1].get()
