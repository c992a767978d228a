"""Do several things at the same moment, each in a thread with a database connection of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import TypeVar

from django.db import connection, connections

Result = TypeVar("Result")
Refused = TypeVar("Refused", bound=Exception)
WAIT_SECONDS = 30
"""How long the last may take to come to the start."""


def at_once(works: Sequence[Callable[[], Result]]) -> list[Result]:
    """Do all ``works``, let go at the same moment, and give their results in order; the first error is raised when all have ended."""
    start = Barrier(len(works))

    def do(work: Callable[[], Result]) -> Result:
        try:
            connection.ensure_connection()
            start.wait(WAIT_SECONDS)
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(do, works))


def refusals_of(works: Sequence[Callable[[], object]], kind: type[Refused]) -> list[Refused | None]:
    """Do all ``works`` at once, and give the error of this ``kind`` that each was refused with, or nothing where it was done."""

    def attempt(work: Callable[[], object]) -> Refused | None:
        try:
            work()
        except kind as refusal:
            return refusal
        return None

    return at_once([partial(attempt, work) for work in works])
