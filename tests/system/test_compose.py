"""The production shape is written down whole. (Docker itself cannot run where these tests do.)"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from smarketing import assets
from smarketing.celery import app
from smarketing.management.commands.serve import children

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    composed = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return dict(composed["services"])


def test_every_part_of_production_is_there(services: dict[str, Any]) -> None:
    assert set(services) == {"web", "worker", "mailer", "scheduler", "migrate", "postgres", "redis"}


def test_here_and_there_the_clocks_and_the_email_have_workers_of_their_own(
    services: dict[str, Any], settings: Any
) -> None:
    composed = [str(service.get("command", "")).replace("--queues ", "--queues=") for service in services.values()]
    served = [" ".join(child.command) for child in children(demo=True)]

    for commands in (composed, served):
        served_queues = [re.findall(r"--queues=(\S+)", command) for command in commands if " worker " in command]
        assert served_queues == [["smarketing"], ["outbox"]]
    assert list(settings.CELERY_TASK_QUEUES) == ["smarketing", "outbox"]
    assert app.amqp.router.route({}, "ledger.tasks.deliver_outbox")["queue"].name == "outbox"
    assert app.amqp.router.route({}, "leads.tasks.sweep_clocks")["queue"].name == "smarketing"


def test_every_lasting_service_has_a_health_check(services: dict[str, Any]) -> None:
    image_checks = "HEALTHCHECK" in (ROOT / "Dockerfile").read_text()

    without = [name for name, service in services.items() if not service.get("healthcheck")]

    assert without == ["web"]  # it has the image's
    assert image_checks


@pytest.mark.parametrize("name", ["web", "worker", "mailer", "scheduler"])
def test_nothing_starts_before_the_migrations_ended(services: dict[str, Any], name: str) -> None:
    assert services[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"


def test_no_secret_is_written_down(services: dict[str, Any]) -> None:
    assert services["web"]["env_file"] == ".env"
    assert services["postgres"]["environment"]["POSTGRES_PASSWORD"].startswith("${POSTGRES_PASSWORD:?")


def test_the_example_names_every_variable_that_the_services_ask_for() -> None:
    named = set(re.findall(r"^([A-Z_]+)=", (ROOT / "deploy.env.example").read_text(), re.MULTILINE))
    asked = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text()))
    read = set(re.findall(r'"([A-Z_]+)"', (ROOT / "smarketing" / "settings.py").read_text()))

    assert asked == {"POSTGRES_PASSWORD"}
    assert asked <= named
    assert named - asked <= read


def test_the_image_needs_no_packages_of_the_front_end_once_they_are_collected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setattr(assets, "node_modules", lambda: tmp_path / "gone")
    settings.STATIC_ROOT = tmp_path
    (error,) = assets.VendorFinder().check()
    assert error.id == "smarketing.E001"

    for name in assets.VENDOR_FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    assert assets.VendorFinder().check() == []
    settings.STATIC_ROOT = None
    assert [error.id for error in assets.VendorFinder().check()] == ["smarketing.E001"]


def test_the_image_does_not_run_as_root() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()

    assert lines.index("USER smarketing") > max(n for n, line in enumerate(lines) if line.startswith("RUN"))
