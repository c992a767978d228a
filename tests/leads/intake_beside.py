"""What comes in beside another change of the same people: the one waits until the other has committed."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from time import monotonic, sleep
from typing import Any, TypeVar

from django.db import connection, transaction

Result = TypeVar("Result")

PATIENCE_SECONDS = 20.0
WAITING = "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid)))"


def beside(first: Callable[[], object], second: Callable[[], Result]) -> Result:
    """Do ``first`` in a transaction, begin ``second`` in a thread, commit once that waits, and give what ``second`` came to.

    On SQLite it waits from its beginning, for there is one writer.
    """
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            first()
            running = pool.submit(in_a_thread, second)
            _until_it_waits(running)
        return running.result(timeout=PATIENCE_SECONDS)


def in_a_thread(call: Callable[[], Result]) -> Result:
    """Make ``call`` with a connection of its own, and close it."""
    try:
        return call()
    finally:
        connection.close()


def _until_it_waits(running: Future[Any]) -> None:
    if connection.vendor != "postgresql":
        return
    ends_at = monotonic() + PATIENCE_SECONDS
    while not _someone_waits_for_us():
        assert not running.done(), "It did not wait: nothing was locked that both change."
        assert monotonic() < ends_at, "It neither waited nor ended."
        sleep(0.01)


def _someone_waits_for_us() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(WAITING)
        return bool(cursor.fetchone()[0])
