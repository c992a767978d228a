"""The processes of a storm: the product's own commands and a Redis of its own, each to be killed, stopped and started again.

They live in the process group of whoever started them, and the kernel kills them with it: nothing is left, whatever ends the storm.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import redis

from smarketing.management.commands.serve import children

ROOT = Path(__file__).resolve().parents[3]
READY_SECONDS = 30
END_SECONDS = 8
LAST_CHARACTERS = 4000
OFF_MINUTES = 15
"""By how much a clock is wrong (promise P1)."""

MONOTONIC_STAYS = {
    "DONT_FAKE_MONOTONIC": "1",
    "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    "PYTHONPATH": str(Path(__file__).with_name("wrong_clock")),
}
"""A host whose time of day is wrong still counts seconds rightly."""


@dataclass
class Process:
    """One process, under a name that its connections to the database bear too; what it prints goes to ``log``."""

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    is_stopped: bool = False
    _running: subprocess.Popen[bytes] | None = None

    @property
    def is_up(self) -> bool:
        """Whether it runs and is not stopped."""
        return self._running is not None and self._running.poll() is None and not self.is_stopped

    @property
    def told_end(self) -> str:
        """Say how it ended, with the last it printed."""
        code = self._running.poll() if self._running else None
        printed = self.log.read_text(errors="replace") if self.log.exists() else ""
        return f"{self.name}: exit {code}{', stopped' * self.is_stopped}\n{printed[-LAST_CHARACTERS:]}"

    def start(self) -> None:
        """Start it, or start it again; from the main thread only, for it ends with the thread that started it."""
        environment = {**os.environ, "PGAPPNAME": self.name, **self.environment}
        with self.log.open("ab") as log:
            self._running = subprocess.Popen(
                [*dying_with_parent(), *self.command], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, env=environment,
            )  # fmt: skip
        self.is_stopped = False

    def kill(self) -> None:
        """Kill it as ``kill -9`` does, and wait until it is gone."""
        self._send(signal.SIGKILL)
        if self._running is not None:
            self._running.wait()
        self.is_stopped = False

    def stop(self) -> None:
        """Let it stand still, as a machine that is suspended."""
        self._send(signal.SIGSTOP)
        self.is_stopped = True

    def go_on(self) -> None:
        self._send(signal.SIGCONT)
        self.is_stopped = False

    def ask_to_end(self) -> None:
        self.go_on()
        self._send(signal.SIGTERM)

    def end(self) -> None:
        """Give it some time to end, and kill it where it does not."""
        with suppress(subprocess.TimeoutExpired):
            if self._running is not None:
                self._running.wait(END_SECONDS)
        self.kill()

    def _send(self, signum: int) -> None:
        if self._running is not None and self._running.poll() is None:
            self._running.send_signal(signum)


class Broker(Process):
    """A Redis of the storm's own, that keeps nothing: whoever kills it takes every message with it."""

    def __init__(self, folder: Path, port: int) -> None:
        command = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"]
        super().__init__("broker", [*command, "--dir", str(folder)], folder / "broker.log")
        self.url = f"redis://127.0.0.1:{port}/0"

    def start(self) -> None:
        """Start it and wait until it answers. Where another took the port while it was down, wait until that is free."""
        give_up_at = time.monotonic() + READY_SECONDS
        super().start()
        while not self._answers():
            if time.monotonic() > give_up_at:
                raise RuntimeError(f"no Redis at {self.url}: {self.log.read_text()[-2000:]}")
            time.sleep(0.05)
            if not self.is_up:
                super().start()

    def flush(self) -> None:
        """Lose every message and every queue."""
        with redis.Redis.from_url(self.url, socket_timeout=5) as client:
            client.flushall()

    def _answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url, socket_timeout=1) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


def dying_with_parent() -> list[str]:
    """Give what stands before a command that the kernel shall kill with the thread that started it, where it offers this."""
    return ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []


def sweepers(folder: Path) -> list[Process]:
    """Give four workers: the clock of one is ahead, that of another is behind."""
    return [
        _child("worker", "sweeper", n, off, folder) for n, off in enumerate((0, OFF_MINUTES, -OFF_MINUTES, 0), start=1)
    ]


def schedulers(folder: Path) -> list[Process]:
    """Give two schedulers: the clock of one is behind."""
    return [_child("scheduler", "scheduler", n, off, folder) for n, off in enumerate((0, -OFF_MINUTES), start=1)]


def _child(kind: str, name: str, number: int, minutes: int, folder: Path) -> Process:
    """Give one more of what ``manage.py serve`` runs, its clock off by so many minutes."""
    (child,) = (child for child in children(demo=False) if child.name == kind)
    name = f"{name} {number} {minutes:+d} min" if minutes else f"{name} {number}"
    return Process(
        name, child.command, folder / f"{name}.log", {**child.environment, **(clock_off(minutes) if minutes else {})}
    )


def clock_off(minutes: int) -> dict[str, str]:
    """Give the environment in which a program's time of day is off by so many minutes; raises ``RuntimeError`` where it is not."""
    said = subprocess.run(
        ["faketime", "-f", f"{minutes:+d}m", "env"], capture_output=True, text=True, check=True
    ).stdout
    wanted = (line.partition("=") for line in said.splitlines())
    wrong = {name: value for name, _, value in wanted if name in ("LD_PRELOAD", "FAKETIME")} | MONOTONIC_STAYS
    asked = [sys.executable, "-c", "import time; print(time.time())"]
    told = subprocess.run(asked, env={**os.environ, **wrong}, capture_output=True, text=True, check=True).stdout
    if abs(float(told) - time.time() - 60 * minutes) > 60:
        raise RuntimeError(f"a clock that should be off by {minutes} min says {told} at {time.time()}")
    return wrong
