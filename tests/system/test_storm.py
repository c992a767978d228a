"""A storm of real processes on PostgreSQL and Redis: whatever is killed, stopped, cut off or lost, every promise ends once and at its time.

``STORM_SECONDS`` (180) says how long, ``STORM_SEED`` plays another one.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from tests.system.storm.faults import BAG
from tests.system.storm.processes import ROOT, dying_with_parent

SECONDS = float(os.environ.get("STORM_SECONDS", "180"))
SEED = int(os.environ.get("STORM_SEED", "7"))
LONG_SECONDS = 120
"""From here on every kind of fault comes, and every process has its turn."""

PATIENCE_SECONDS = 600
"""For beginning, settling and judging, on a machine that has other things to do."""

NOTICED_WITHIN_SECONDS = 30
"""Promise P3."""

HELD_UP = {"pause", "resume", "ask", "answer", "offer_help", "raise_dispute", "word"}
"""Verbs that stop promises, or begin those that people owe each other: a long storm meets each."""

CUT_OFF = {"OperationalError", "InterfaceError"}
"""What a task may end with where its connection was dropped."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.minutes,
    pytest.mark.service
    if connection.vendor == "postgresql"
    else pytest.mark.skip(reason="SQLite lets nobody in beside a writer that was stopped"),
]

Report = dict[str, Any]


@pytest.fixture
def storm(migrated: dict[str, str], tmp_path: Path, other_port: int) -> Iterator[subprocess.Popen[str]]:
    """Let it storm over a database of its own; end everything that belongs to it."""
    for program in ("redis-server", "faketime"):
        if shutil.which(program) is None:
            pytest.skip(f"no {program} here")
    options = ["--seconds", SECONDS, "--seed", SEED, "--folder", tmp_path, "--port", other_port]
    process = subprocess.Popen(
        [*dying_with_parent(), sys.executable, "-m", "tests.system.storm", *map(str, options)],
        cwd=ROOT, env=migrated, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    yield process
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def test_a_storm_of_processes_breaks_no_promise(
    storm: subprocess.Popen[str], capsys: pytest.CaptureFixture[str]
) -> None:
    said, errors = storm.communicate(timeout=SECONDS + PATIENCE_SECONDS)
    assert storm.returncode == 0, errors[-8000:]
    report: Report = json.loads(said.splitlines()[-1])

    with capsys.disabled():
        print(f"\n{told(report)}")
    assert report["wrong"] == [], f"seed {SEED}"
    assert report["failed"] == [], "a verb failed otherwise than by a refusal"
    assert not report["fallen"], "ended, and nobody killed it:\n" + "\n".join(report["fallen"])
    assert set(report["raised"]) <= CUT_OFF
    assert report["planted"] > 0
    assert report["overlooked"] == []
    assert report["calm"]["count"] > 0
    assert report["calm"]["p99"] <= NOTICED_WITHIN_SECONDS
    assert report["storm"]["count"] > 0
    if SECONDS >= LONG_SECONDS:
        assert {kind.removesuffix(" in a transaction") for kind in report["faults"]} == set(BAG)
        assert set(report["steps"]) == set(report["sweepers"]), "a sweeper did nothing"
        assert report["broker away"]["count"] > 0
        assert set(report["done"]) >= HELD_UP


def told(report: Report) -> str:
    """Say what happened, a line for each side of it."""
    clocks: Mapping[str, Mapping[str, int]] = report["clocks"]
    outcomes: dict[str, int] = {}
    for states in clocks.values():
        for state, count in states.items():
            outcomes[state] = outcomes.get(state, 0) + count
    lines = {
        f"storm of {report['seconds']:.0f} s, seed {report['seed']}": f"{sum(report['faults'].values())} faults",
        "faults": counted(report["faults"]),
        "clocks": f"{sum(outcomes.values())}: {counted(outcomes)}",
        "verbs": f"{counted(report['done'])}; refused {sum(report['refused'].values())}",
        "steps": counted(report["steps"]),
        "tasks cut off": counted(report["raised"]) or "none",
        **{f"seconds until noticed, {when}": counted(report[when]) for when in ("calm", "storm", "broker away")},
        "settled": f"after {report['settled_after']} s; judged in {report['judged_in']} s",
        "found": f"{len(report['wrong'])} wrong; {report['planted']} planted, {len(report['overlooked'])} of them overlooked",
    }
    return "\n".join(f"{name}: {words}" for name, words in lines.items())


def counted(counts: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {count:g}" for name, count in counts.items())
