"""`manage.py serve` ends whole: whatever kills it, nothing of it is left."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
READY_SECONDS = 60
GONE_SECONDS = 5

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("system")]


@pytest.fixture
def serving(machine: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Start everything for the first time, on the broker of files, and wait until the ready line."""
    yield from served(machine)


@pytest.fixture
def serving_again(migrated: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """The same on a machine that has its tables already."""
    yield from served(migrated)


def served(environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    environment.pop("REDIS_URL", None)
    process = start(environment)
    wait_until_ready(process)
    yield process
    for pid in [process.pid, *descendants(process.pid)]:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()


def start(environment: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "manage.py", "serve"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def wait_until_ready(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    seen = []
    give_up_at = time.monotonic() + READY_SECONDS
    for line in process.stdout:
        seen.append(line)
        if "ready: http" in line:
            return
        assert time.monotonic() < give_up_at, "".join(seen)
    raise AssertionError("".join(seen))


def parents() -> dict[int, int]:
    """Return the parent of each living process. The dead that nobody has collected do not live."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,stat="], capture_output=True, text=True, check=True).stdout
    rows = (line.split() for line in listed.splitlines())
    return {int(pid): int(parent) for pid, parent, state in rows if not state.startswith("Z")}


def descendants(pid: int) -> set[int]:
    table = parents()
    found: set[int] = set()
    wave = {pid}
    while wave:
        wave = {child for child, parent in table.items() if parent in wave} - found
        found |= wave
    return found


def left_of(pids: set[int], seconds: float = GONE_SECONDS) -> set[int]:
    """Wait until none of the processes lives, and return those that still do."""
    give_up_at = time.monotonic() + seconds
    while (left := pids & set(parents())) and time.monotonic() < give_up_at:
        time.sleep(0.1)
    return left


def command(pid: int) -> str:
    return subprocess.run(
        ["ps", "-ww", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout


# The real thing -------------------------------------------------------------------------------------------------------


def test_it_serves_refuses_a_double_and_ends_on_ctrl_c(
    serving: subprocess.Popen[str], machine: dict[str, str], other_port: int, tmp_path: Path
) -> None:
    family = descendants(serving.pid)
    commands = " ".join(command(pid) for pid in family).replace("/", " ").split()
    assert {"gunicorn", "--queues=smarketing", "--queues=outbox", "beat", "guardian.py"} <= set(commands)
    assert len(family) >= 7  # guardian, gunicorn and its two workers, Celery's two workers and its scheduler
    assert health(int(machine["PORT"])) == b"ok\n"

    assert f"Port {machine['PORT']}" in refused(machine | {"SMARKETING_VAR_DIR": str(tmp_path / "other")})
    assert "Another supervisor" in refused(machine | {"PORT": str(other_port)})

    serving.send_signal(signal.SIGINT)
    assert left_of(family) == set()
    assert serving.wait(timeout=GONE_SECONDS) == 0


def health(port: int) -> bytes:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as web:
        web.request("GET", "/healthz")
        return web.getresponse().read()


def refused(environment: dict[str, str]) -> str:
    """Start a second one that cannot be, and return what it says."""
    second = start(environment)
    output, _ = second.communicate(timeout=READY_SECONDS)
    assert second.returncode == 1
    assert "Traceback" not in output
    return output


def test_kill_9_of_the_supervisor_ends_everything(serving_again: subprocess.Popen[str]) -> None:
    family = descendants(serving_again.pid)
    assert len(family) >= 7

    serving_again.kill()

    assert left_of(family) == set()


def test_the_web_servers_death_ends_everything_and_is_told(serving_again: subprocess.Popen[str]) -> None:
    family = descendants(serving_again.pid)
    children = {pid for pid, parent in parents().items() if parent == serving_again.pid}
    (web,) = (pid for pid in children if "gunicorn" in command(pid))

    os.kill(web, signal.SIGKILL)

    assert left_of(family) == set()
    assert serving_again.wait(timeout=GONE_SECONDS) == 128 + signal.SIGKILL


# The supervisor alone, with children that do not want to go -----------------------------------------------------------

STUBBORN = """
import sys
from smarketing import guardian
from smarketing.supervise import Child, Supervisor
guardian.die_with_parent = lambda parent: None  # as on a platform whose kernel does not help
child = "trap '' TERM HUP; echo stubborn; while true; do sleep 0.2; done"
shell = Child("shell", ["sh", "-c", f"trap '' TERM HUP; sh -c {child!r} & wait; sleep 9"])
sys.exit(Supervisor([shell], is_ready=lambda: False, on_ready=lambda: None).run())
"""


@pytest.fixture
def stubborn(machine: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Run a supervisor whose child and grandchild ignore polite requests."""
    process = subprocess.Popen(
        [sys.executable, "-c", STUBBORN], cwd=ROOT, env=machine, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert "stubborn" in process.stdout.readline()
    yield process
    process.kill()
    process.wait()


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_signal_ends_children_that_ignore_it(stubborn: subprocess.Popen[str], signum: int) -> None:
    family = descendants(stubborn.pid)
    assert len(family) >= 3

    stubborn.send_signal(signum)

    assert left_of(family) == set()
    assert stubborn.wait(timeout=GONE_SECONDS) == (-signum if signum == signal.SIGKILL else 0)


@pytest.mark.parametrize("victim", ["guardian.py", "sh"])
def test_any_childs_death_ends_all(stubborn: subprocess.Popen[str], victim: str) -> None:
    family = descendants(stubborn.pid)
    children = {pid for pid, parent in parents().items() if parent == stubborn.pid}
    (pid,) = (pid for pid in children if victim in command(pid).replace("/", " ").split())

    os.kill(pid, signal.SIGKILL)

    assert left_of(family) == set()
    assert stubborn.wait(timeout=GONE_SECONDS) == 128 + signal.SIGKILL


def test_a_closed_output_ends_all(stubborn: subprocess.Popen[str]) -> None:
    """`./run demo | head` leaves nobody behind once there is something to say."""
    family = descendants(stubborn.pid)
    assert stubborn.stdout is not None

    stubborn.stdout.close()
    stubborn.send_signal(signal.SIGTERM)

    assert left_of(family) == set()
