"""Kill a process at each of its database calls: before the call, and after it (design, promises page, *Prove it by crash points*).

Each point is a fork of the warmed test process, which connects anew and dies by SIGKILL. The parent then looks at what is left.
"""

from __future__ import annotations

import gc
import os
import signal
import traceback
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from tests.keeping import Kept

CALLS = ("execute", "executemany", "copy_expert")
PATIENCE_SECONDS = 20.0


class Deadly:
    """Counts database calls in this process and kills it at one of them."""

    def __init__(self, number: int, moment: str) -> None:
        self.number, self.moment, self.seen = number, moment, 0

    def around(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **options: Any) -> Any:
            self.seen += 1
            is_it = self.seen == self.number
            if is_it and self.moment == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            result = call(*arguments, **options)
            if is_it:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return counted

    def install(self) -> None:
        """Wrap what every statement and every commit goes through, whoever sends it."""
        engine: Any = type(connections["default"])
        create, commit, deadly = engine.create_cursor, BaseDatabaseWrapper._commit, self  # type: ignore[attr-defined]

        class Counted:
            def __init__(self, cursor: Any) -> None:
                self.__dict__["inner"] = cursor

            def __getattr__(self, name: str) -> Any:
                found = getattr(self.inner, name)
                return deadly.around(found) if name in CALLS else found

            def __iter__(self) -> Iterator[Any]:
                return iter(self.inner)

        def counted_cursor(wrapper: Any, *arguments: Any, **options: Any) -> Any:
            return Counted(create(wrapper, *arguments, **options))

        engine.create_cursor = counted_cursor
        BaseDatabaseWrapper._commit = self.around(commit)  # type: ignore[attr-defined]


INHERITED: list[BaseDatabaseWrapper] = []


def use_own_connections() -> None:
    """Give this fork connections of its own, and keep what it inherited from being closed over sockets that are the parent's.

    ``connections.close_all()`` in the parent is not enough: where a browser test has left an event loop running, Django keeps connections
    apart for it, and the fork, which has no loop, finds those from before the loop began.
    """
    for alias in connections:
        INHERITED.append(connections[alias])
        connections[alias] = connections.create_connection(alias)


def dies_at(number: int, moment: str, work: Callable[[], object]) -> bool:
    """Run ``work`` in a fork that dies ``moment`` (before or after) its call ``number``; false when it ended before that."""
    connections.close_all()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            gc.disable()  # to look through all that was inherited would copy it, and this process does not live long
            use_own_connections()
            connection.ensure_connection()
            Deadly(number, moment).install()
            work()
        except BaseException:  # noqa: BLE001 - a fork of the test runner must never return into it
            try:
                os.write(writing, traceback.format_exc()[-4000:].encode())
            finally:
                os._exit(1)
        os._exit(0)
    os.close(writing)
    status = os.waitpid(child, 0)[1]
    with os.fdopen(reading, "rb") as told:
        said = told.read().decode(errors="replace")
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return True
    if os.WEXITSTATUS(status) != 0:
        pytest.fail(f"the child failed at call {number}, {moment} it:\n{said}")
    return False


def crash_points(
    prepare: Callable[[], Callable[[], object]],
    recover: Callable[[], list[str]],
    *,
    file: Path | None = None,
    until_wrong: bool = False,
    moments: Sequence[str] = ("before", "after"),
) -> tuple[int, dict[str, list[str]]]:
    """Die at every point of the work that ``prepare`` gives; return how many there are, and by point what ``recover`` found wrong.

    Every death begins with the same database, and with the same ``file`` where the work also writes there. What recovers afterwards knows
    only what is stored: it is the same after each death that leaves the same, so that ``recover`` judges every state that is left, once.
    The last time the work ends in peace; what is recovered from that stays for the test to look at.

    With ``until_wrong`` end at the first such point: a planted fault needs no more. ``moments`` let two tests share a long work.
    """
    work = prepare()
    kept, text = Kept(), _read(file)
    judged: dict[tuple[bytes, bytes], list[str]] = {}
    points = 0
    wrong: dict[str, list[str]] = {}
    for number in count(1):
        for moment in moments:
            died = dies_at(number, moment, work)
            wait_for_the_dead()
            if not died:
                found = recover()
                return points, wrong | ({"in peace": found} if found else {})
            left = kept.state(), _read(file)
            if left not in judged:
                judged[left] = recover()
            kept.put_back()
            if file is not None:
                file.write_bytes(text)
            points += 1
            if judged[left]:
                wrong[f"{moment} call {number}"] = judged[left]
                if until_wrong:
                    return points, wrong
    raise AssertionError("not reached")


def _read(file: Path | None) -> bytes:
    return file.read_bytes() if file is not None else b""


def torn(work: Callable[[], object], owner: Any, name: str) -> Callable[[], object]:
    """Plant a fault, in the child that runs the work: what was done until ``owner.name`` is called is committed apart from the rest."""
    whole = getattr(owner, name)

    def apart(*arguments: Any, **options: Any) -> Any:
        with connection.cursor() as cursor:
            cursor.execute("COMMIT")
            cursor.execute("BEGIN")
        return whole(*arguments, **options)

    def run() -> None:
        setattr(owner, name, apart)  # this process ends with the work
        work()

    return run


def wait_for_the_dead() -> None:
    """Return once the database has noticed the deaths and rolled back: no other connection has a transaction open."""
    if connection.vendor != "postgresql":
        return  # the locks of SQLite are the system's, and gone with the process
    ends_at = monotonic() + PATIENCE_SECONDS
    while _is_another_at_work():
        assert monotonic() < ends_at, "the database did not notice that its client is dead"
        sleep(0.005)


def _is_another_at_work() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND xact_start IS NOT NULL)"
        )
        return bool(cursor.fetchone()[0])
