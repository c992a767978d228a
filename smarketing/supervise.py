"""The supervisor: a handful of children that live and die together.

Any child's death ends all. Ctrl-C, SIGTERM or a closed terminal ends all within seconds. A `kill -9` of the supervisor
ends all too: see ``guardian``. One thread, one loop: children are started from the main thread only, because on Linux
they die with the *thread* that started them.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO, Any

from smarketing import guardian

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STOP_GRACE_SECONDS = 2.5
TICK_SECONDS = 0.2
COLOURS = (36, 32, 35, 33, 34)


@dataclass(frozen=True)
class Child:
    """A process to run: a name for its log lines, and its command."""

    name: str
    command: Sequence[str]
    environment: dict[str, str] = field(default_factory=dict)


class Supervisor:
    """Starts the children, shows their logs under their names, and ends them all with the first that ends."""

    def __init__(
        self, children: Sequence[Child], *, is_ready: Callable[[], bool], on_ready: Callable[[], None]
    ) -> None:
        self.children = children
        self.is_ready = is_ready
        self.on_ready = on_ready
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.selector = selectors.DefaultSelector()
        self.stopped_by: int | None = None
        self.pipe = -1

    def run(self) -> int:
        """Run until something ends, and return the exit code: 0 when asked to stop, else the dead child's."""
        for signum in STOP_SIGNALS:
            signal.signal(signum, self._on_signal)
        try:
            self._start_guardian()
            for position, child in enumerate(self.children):
                self._start(child, position)
            return self._watch()
        except BrokenPipeError:  # whoever read our output is gone
            return 1
        finally:
            self._stop()

    # starting

    def _start_guardian(self) -> None:
        reading, self.pipe = os.pipe()
        self.running["guardian"] = subprocess.Popen(  # noqa: S603
            [sys.executable, "-I", str(Path(guardian.__file__))], stdin=reading, start_new_session=True
        )
        os.close(reading)

    def _start(self, child: Child, position: int) -> None:
        parent, pipe = os.getpid(), self.pipe

        def before_exec() -> None:
            # Its own session is its own process group. The guardian knows it before it can have children of its own.
            os.setsid()
            os.write(pipe, f"{os.getpid()}\n".encode())
            guardian.die_with_parent(parent)

        process = subprocess.Popen(  # noqa: S603
            list(child.command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **child.environment},
            preexec_fn=before_exec,  # noqa: PLW1509  (one thread, see above)
        )
        self.running[child.name] = process
        if process.stdout is None:
            raise RuntimeError("a child without output")
        os.set_blocking(process.stdout.fileno(), False)
        lines = Lines(child.name, COLOURS[position % len(COLOURS)])
        self.selector.register(process.stdout, selectors.EVENT_READ, lines)

    # running

    def _watch(self) -> int:
        waiting = True
        while self.stopped_by is None:
            self._pump(TICK_SECONDS)
            for name, process in self.running.items():
                if process.poll() is not None:
                    self._pump(0)
                    show("serve", f"{name} ended with code {process.returncode}; ending the rest")
                    return exit_code(process.returncode)
            if waiting and self.is_ready():
                waiting = False
                self.on_ready()
        show("serve", f"stopping ({signal.Signals(self.stopped_by).name})")
        return 0

    def _pump(self, timeout: float) -> None:
        for key, _events in self.selector.select(timeout):
            lines: Lines = key.data
            if not lines.read(key.fileobj):  # type: ignore[arg-type]
                self.selector.unregister(key.fileobj)

    def _on_signal(self, signum: int, _frame: FrameType | None) -> None:
        if self.stopped_by is not None:  # asked twice: no more patience
            self._kill()
        self.stopped_by = signum

    # ending

    def _stop(self) -> None:
        groups = self._groups()
        guardian.signal_groups(groups, signal.SIGTERM)
        give_up_at = time.monotonic() + STOP_GRACE_SECONDS
        while time.monotonic() < give_up_at and any(self._alive()):
            self._pump_quietly()
        stubborn = self._alive()
        self._kill()
        with suppress(BrokenPipeError):  # whoever read our output may be gone
            for name in stubborn:
                show("serve", f"{name} would not end; killed it")
        # All groups are dead by our own hand, so the guardian has nothing left to do.
        self.running["guardian"].kill()
        for process in self.running.values():
            process.wait()
        os.close(self.pipe)

    def _pump_quietly(self) -> None:
        try:
            self._pump(0.05)
        except BrokenPipeError:
            time.sleep(0.05)
        if not self.selector.get_map():
            time.sleep(0.05)

    def _alive(self) -> list[str]:
        return [name for name, process in self.running.items() if name != "guardian" and process.poll() is None]

    def _groups(self) -> set[int]:
        return {process.pid for name, process in self.running.items() if name != "guardian"}

    def _kill(self) -> None:
        guardian.signal_groups(self._groups(), signal.SIGKILL)


class Lines:
    """Cuts what a child writes into lines and shows them under its name."""

    def __init__(self, name: str, colour: int) -> None:
        self.name = name
        self.colour = colour
        self.rest = b""

    def read(self, stream: IO[bytes]) -> bool:
        """Show what is there; return False at the end of the stream."""
        chunk = os.read(stream.fileno(), 65536)
        *lines, self.rest = (self.rest + chunk).split(b"\n")
        if not chunk and self.rest:
            lines, self.rest = [self.rest], b""
        for line in lines:
            show(self.name, line.decode(errors="replace"), self.colour)
        return bool(chunk)


def show(name: str, line: str, colour: int = 1) -> None:
    """Write one line under a name, in colour on a terminal."""
    label = f"{name:<9}|"
    if sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
        label = f"\x1b[{colour}m{label}\x1b[0m"
    sys.stdout.write(f"{label} {line}\n")
    sys.stdout.flush()


def exit_code(returncode: int) -> int:
    """Turn a child's return code into ours: a signal as shells write it, and never 0, for nobody asked it to end."""
    return 128 - returncode if returncode < 0 else (returncode or 1)


def python(*arguments: Any) -> list[str]:
    """Return the command that runs this Python with ``arguments``."""
    return [sys.executable, *map(str, arguments)]
