"""`manage.py health`: a worker that hangs is not healthy, though its database and broker answer."""

from __future__ import annotations

import os
import time
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from celery import current_app
from django.core.management import CommandError, call_command

from leads.tasks import sweep_clocks
from ledger.outbox import RUN_SECONDS

ROOT = Path(__file__).resolve().parent.parent.parent

pytestmark = pytest.mark.django_db


@pytest.fixture
def heartbeat(tmp_path: Path, settings: Any) -> Path:
    settings.HEARTBEAT_FILE = str(tmp_path / "heartbeat")
    return tmp_path / "heartbeat"


def health(**options: Any) -> str:
    said = StringIO()
    call_command("health", stdout=said, **options)
    return said.getvalue()


@pytest.mark.parametrize("seconds_ago", [None, 61])
def test_who_did_nothing_lately_is_not_healthy(heartbeat: Path, seconds_ago: int | None) -> None:
    if seconds_ago is not None:
        heartbeat.touch()
        os.utime(heartbeat, (time.time() - seconds_ago,) * 2)

    with pytest.raises(CommandError, match="nothing was done here for 60 seconds"):
        health(within=60)

    assert health() == "ok\n"


def test_a_task_that_ended_is_a_sign_of_life(heartbeat: Path) -> None:
    sweep_clocks.apply()

    assert health(within=60) == "ok\n"


def test_a_task_that_was_sent_is_a_sign_of_life(heartbeat: Path) -> None:
    current_app.send_task("leads.tasks.sweep_clocks")

    assert health(within=60) == "ok\n"


def test_in_production_every_process_without_a_port_is_asked_for_its_signs_of_life() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    asked = {name: services[name]["healthcheck"]["test"] for name in ("worker", "mailer", "scheduler")}
    within = {name: int(test[test.index("--within") + 1]) for name, test in asked.items()}

    assert within["worker"] == within["scheduler"] == 60
    assert within["mailer"] > 2 * RUN_SECONDS
    assert all(services[name]["environment"]["HEARTBEAT_FILE"].startswith("/tmp/") for name in asked)
