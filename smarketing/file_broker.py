"""The broker made of files: kombu's, with every write whole.

Kombu 5 opens a message's file under its final name and writes afterwards, so that a reader may take it while it is still empty; with
bindings it does the same. Either ends a worker with a ``JSONDecodeError``. Here a file gets its name only once it is written.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic_ns
from typing import Any
from uuid import uuid4

from kombu.transport import filesystem
from kombu.transport.filesystem import exchange_queue_t
from kombu.utils.json import dumps


class Channel(filesystem.Channel):
    """Put and bind by writing beside and renaming, which is one step for whoever reads."""

    def _put(self, queue: Any, payload: Any, **_: Any) -> None:  # type: ignore[override]  # kombu names it in two ways
        """Put a message onto ``queue``; names sort by when they were put."""
        folder = Path(self.data_folder_out)
        _write_whole(folder / f"{monotonic_ns() // 1_000_000}_{uuid4()}.{queue}.msg", payload)

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
        """Bind ``queue``, once, however many processes do so at the same time."""
        file: Path = self._exchange_file(exchange)  # type: ignore[no-untyped-call]
        binding = exchange_queue_t(routing_key or "", pattern or "", queue or "")
        self.control_folder.mkdir(parents=True, exist_ok=True)
        with _alone(self.control_folder / "bindings.lock"):
            table = self.get_table(exchange)  # type: ignore[no-untyped-call]
            if binding not in table:
                _write_whole(file, [binding, *table])


class Transport(filesystem.Transport):
    """The transport whose channels are those above."""

    Channel = Channel


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the lock on ``path`` against all other processes; the system lets go of it when one dies."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _write_whole(path: Path, content: Any) -> None:
    """Write ``content`` as JSON; ``path`` appears, or changes, in one step. What a dying process leaves has no name that is read."""
    beside = path.with_name(f".{uuid4()}.part")
    beside.write_text(dumps(content), encoding="utf-8")  # type: ignore[no-untyped-call]
    beside.replace(path)
