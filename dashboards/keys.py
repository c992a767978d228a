"""Primary keys of rows that are made and deleted all the time."""

from __future__ import annotations

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper


class PlainKey(models.BigAutoField):  # type: ignore[type-arg]  # no class can be given its types when it is defined
    """A key that SQLite may give again once its row is gone.

    Django asks SQLite never to do so, for which each insert, also one by a trigger that then writes nothing, looks up and writes the
    last key of the table in another table.
    """

    def db_type_suffix(self, connection: BaseDatabaseWrapper) -> str | None:
        return None if connection.vendor == "sqlite" else super().db_type_suffix(connection)
