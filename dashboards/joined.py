"""Many numbers out of the database as one text: a page about a year must not fetch a row for each answer."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Aggregate, TextField
from django.db.models.sql.compiler import SQLCompiler


class Joined(Aggregate):
    """The values of a column, joined by commas; null where there are none. Texts that are joined already can be joined again."""

    function = "STRING_AGG"
    template = "%(function)s(%(expressions)s::text, ',')"
    output_field = TextField(null=True)

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> Any:
        """Write it as SQLite calls it. In a copy: a template that is passed on does not go with a filter."""
        here = self.copy()
        here.function, here.template = "GROUP_CONCAT", "%(function)s(%(expressions)s)"
        return here.as_sql(compiler, connection, **context)


def numbers(joined: str | None) -> list[int]:
    """Read what ``Joined`` or ``as_text`` wrote."""
    found: list[int] = json.loads(f"[{joined}]") if joined else []
    return found


def as_text(values: Iterable[int]) -> str | None:
    """Join values in their order, the way a sheet keeps them."""
    return ",".join(map(str, sorted(values))) or None
