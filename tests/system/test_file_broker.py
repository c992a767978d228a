"""The broker made of files hands over every message whole and once, whoever puts and takes at the same time."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from kombu.connection import Connection

OURS = "smarketing.file_broker:Transport"
WRITERS, MESSAGES, BINDERS = 3, 400, 4

PUT = """
import sys
from kombu import Connection
folder, transport, who, count = sys.argv[1:]
options = {"data_folder_in": folder, "data_folder_out": folder, "control_folder": folder + "/control"}
with Connection("filesystem://", transport=transport, transport_options=options) as connection:
    queue = connection.SimpleQueue("work")
    for number in range(int(count)):
        queue.put({"who": who, "number": number, "filling": "x" * 2000})
"""


def connect(folder: Path) -> Any:
    options = {"data_folder_in": str(folder), "data_folder_out": str(folder), "control_folder": str(folder / "control")}
    return Connection("filesystem://", transport=OURS, transport_options=options)


def play(folder: Path) -> Counter[tuple[str, int]]:
    """Let processes put messages while this one takes them; give how often each was taken. Kombu's own transport fails here."""
    taken: Counter[tuple[str, int]] = Counter()
    arguments = [sys.executable, "-c", PUT, str(folder), OURS]
    writers = [subprocess.Popen([*arguments, f"writer {who}", str(MESSAGES)]) for who in range(WRITERS)]
    try:
        with connect(folder) as connection:
            queue = connection.SimpleQueue("work")
            while any(writer.poll() is None for writer in writers) or queue.qsize():
                if queue.qsize():
                    message = queue.get(timeout=5)
                    taken[message.payload["who"], message.payload["number"]] += 1
                    message.ack()
    finally:
        for writer in writers:
            writer.kill()
            writer.wait()
    assert [writer.returncode for writer in writers] == [0] * WRITERS
    return taken


def test_every_message_is_taken_whole_and_once(tmp_path: Path) -> None:
    taken = play(tmp_path)

    assert len(taken) == WRITERS * MESSAGES
    assert set(taken.values()) == {1}


def test_processes_that_bind_at_once_leave_every_binding(tmp_path: Path) -> None:
    bind = """
import sys
sys.path.insert(0, "")
from kombu import Connection, Exchange, Queue
folder, name = sys.argv[1:]
options = {"data_folder_in": folder, "data_folder_out": folder, "control_folder": folder + "/control"}
with Connection("filesystem://", transport="smarketing.file_broker:Transport", transport_options=options) as connection:
    for number in range(25):
        Queue(f"{name}-{number}", Exchange("work"), routing_key=name)(connection.default_channel).declare()
"""
    binders = [
        subprocess.Popen([sys.executable, "-c", bind, str(tmp_path), f"queue-{number}"]) for number in range(BINDERS)
    ]

    assert [binder.wait(60) for binder in binders] == [0] * BINDERS
    with connect(tmp_path) as connection:
        table = connection.default_channel.get_table("work")
    assert len(table) == len(set(table)) == BINDERS * 25
