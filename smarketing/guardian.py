"""The guardian: a tiny process that ends the supervisor's children when the supervisor is gone.

It holds the reading end of a pipe. The supervisor's children write their process group to it before they become what they
run; when the supervisor ends, however it ends, the pipe closes and the guardian ends every group. This needs nothing of
the platform. Where Linux offers it, children also ask the kernel to be killed with their parent, which is faster.

Runs as a script, isolated (`python -I guardian.py`), so it starts in milliseconds and cannot be broken by the project.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import time

PR_SET_PDEATHSIG = 1
GRACE_SECONDS = 1.5


def die_with_parent(parent: int) -> None:
    """Ask the kernel to kill this process when its parent dies; elsewhere than on Linux, do nothing.

    Async-signal-safe enough for `preexec_fn`. The check afterwards closes the race with a parent that died in between.
    """
    if not sys.platform.startswith("linux"):
        return
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def signal_groups(groups: set[int], signum: int) -> set[int]:
    """Send a signal (0 asks only) to each process group and return those that exist."""
    alive = set()
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signum)
            alive.add(group)
    return alive


def end_groups(groups: set[int], grace_seconds: float = GRACE_SECONDS) -> None:
    """End process groups: politely, then after the grace by force."""
    alive = signal_groups(groups, signal.SIGTERM)
    give_up_at = time.monotonic() + grace_seconds
    while alive and time.monotonic() < give_up_at:
        time.sleep(0.05)
        alive = signal_groups(alive, 0)
    signal_groups(alive, signal.SIGKILL)


def watch(pipe: int) -> None:
    """Collect process groups, one number a line, until the pipe closes; then end them."""
    with os.fdopen(pipe) as lines:
        groups = {int(line) for line in lines if line.strip()}
    end_groups(groups)


if __name__ == "__main__":
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    watch(sys.stdin.fileno())
