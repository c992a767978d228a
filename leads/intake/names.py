"""The names by which arrivals are recognised and that no unique index can stand for: whoever brings the same may have to wait.

A phone belongs to one contact where one of two arrivals has no email; a company's name to one company where one of two has no domain. Who
lacks the surer name locks the other *alone*; whoever has both *shares* it, so that they wait only for those. A correction of a company
locks its names alone: who comes in meanwhile is judged by what it says afterwards. PostgreSQL only; SQLite has one writer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from zlib import crc32

from django.db import connection

from leads.intake.normalise import Clean
from ledger.selecting import Query, select

LOCKS = """
SELECT (CASE WHEN is_alone THEN pg_advisory_xact_lock(%s, number) ELSE pg_advisory_xact_lock_shared(%s, number) END)::text
FROM unnest(%s::int[], %s::bool[]) AS wanted(number, is_alone)"""
LOCK_SPACE = 7401
LOCK_COUNT = 256
"""So many locks at most, for any number of names: some wait without need, and the engine's table of locks never fills up."""

Name = tuple[str, bool]
"""A name, and whether it is to be locked alone."""


def names_of(clean: Clean) -> Iterator[Name]:
    """Give the names that ``clean`` brings."""
    if clean.phone_key:
        yield clean.phone_key, not clean.email_key
    if clean.company_key:
        yield clean.company_key, not clean.domain
    if clean.domain:
        yield clean.domain, False


def locks_of(names: Iterable[Name]) -> list[Query]:
    """Give the query that locks ``names`` until the transaction ends, in one order for all; none where nothing is to be locked."""
    if connection.vendor != "postgresql":
        return []
    wanted: dict[int, bool] = {}
    for name, is_alone in names:
        number = crc32(name.encode()) % LOCK_COUNT
        wanted[number] = is_alone or wanted.get(number, False)
    numbers = sorted(wanted)
    return [(LOCKS, [LOCK_SPACE, LOCK_SPACE, numbers, [wanted[number] for number in numbers]])] if numbers else []


def lock_names(names: Iterable[Name]) -> None:
    """Lock ``names`` until the transaction ends. Before contacts and leads: everybody locks in this order."""
    for query in locks_of(names):
        select(*query)
