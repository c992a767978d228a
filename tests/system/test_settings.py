"""Production refuses to start unsafe, and its settings pass Django's deployment checks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ledger.outbox import LEASE, RUN_SECONDS

ROOT = Path(__file__).resolve().parent.parent.parent
GOOD_KEY = "k3" * 40
ANSWERS_TO_A_MESSAGE = 14
"""Connecting, greeting, EHLO, STARTTLS, its handshake, EHLO, login (3), sender, recipient, DATA, the text, QUIT."""


def manage(machine: dict[str, str], *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=machine | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("environment", "word"),
    [
        ({}, "SECRET_KEY"),
        ({"SECRET_KEY": "insecure-key-for-one-machine-only"}, "SECRET_KEY"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY"),
        ({"SECRET_KEY": GOOD_KEY, "DEBUG": "1"}, "DEBUG"),
    ],
)
def test_production_refuses_to_start_unsafe(machine: dict[str, str], environment: dict[str, str], word: str) -> None:
    done = manage(machine, "check", PRODUCTION="1", **environment)

    assert done.returncode != 0
    assert done.stderr.startswith("The settings cannot be used: ")
    assert "Traceback" not in done.stderr
    assert word in done.stderr


def test_production_passes_the_deployment_checks(machine: dict[str, str]) -> None:
    key = "".join(chr(33 + (7 * i) % 90) for i in range(60))

    done = manage(machine, "check", "--deploy", "--fail-level", "WARNING", PRODUCTION="1", SECRET_KEY=key)

    assert done.returncode == 0, done.stderr


def test_production_cookies_belong_to_this_host_only(machine: dict[str, str]) -> None:
    program = "from django.conf import settings as s; print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME)"

    done = manage(machine, "shell", "--no-imports", "-c", program, PRODUCTION="1", SECRET_KEY=GOOD_KEY)

    assert done.stdout.split() == ["__Host-session", "__Host-csrf"]


def test_redis_gives_a_running_task_to_nobody_else_before_the_longest_run_of_the_outbox_is_over(
    machine: dict[str, str], settings: Any
) -> None:
    program = "from django.conf import settings as s; print(s.CELERY_BROKER_TRANSPORT_OPTIONS['visibility_timeout'])"
    longest = RUN_SECONDS + ANSWERS_TO_A_MESSAGE * settings.EMAIL_TIMEOUT

    done = manage(machine, "shell", "--no-imports", "-c", program, REDIS_URL="redis://127.0.0.1:1/0")

    assert int(done.stdout) > longest
    assert longest < LEASE.total_seconds()


@pytest.mark.slow
def test_static_files_are_collected_for_production(machine: dict[str, str], tmp_path: Path) -> None:
    program = (
        "from django.conf import settings as s; from django.core.management import call_command as c; "
        f"s.STATIC_ROOT = {str(tmp_path)!r}; c('collectstatic', interactive=False, verbosity=0)"
    )

    done = manage(machine, "shell", "--no-imports", "-c", program, PRODUCTION="1", SECRET_KEY=GOOD_KEY)

    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "vendor").glob("tabler.min.*.css.gz"))
    assert list((tmp_path / "vendor").glob("echarts.min.*.js.gz"))


def test_there_is_no_registry_host_in_a_lock() -> None:
    for name in ("package-lock.json", "requirements.txt", "requirements/develop.txt", "requirements/uv.txt"):
        text = (ROOT / name).read_text()
        assert '"resolved"' not in text, name
        assert "--index-url" not in text, name
        assert os.environ.get("HOME", "/root") not in text, name
