"""What hinders a command before it begins is one sentence, and leaves nothing behind."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.system.test_settings import ROOT, manage


@pytest.fixture
def bare(machine: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """A machine on which nobody has started anything yet, on SQLite."""
    return {name: value for name, value in machine.items() if name not in {"DATABASE_URL", "REDIS_URL"}}


def test_a_command_without_a_database_says_so_and_makes_none(bare: dict[str, str]) -> None:
    done = manage(bare, "create_token", "sam@smarketing.example")

    assert done.returncode == 1
    assert "There is no database at" in done.stderr
    assert "./run manage --demo create_token" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert list(Path(bare["SMARKETING_VAR_DIR"]).glob("*.sqlite3")) == []


def test_help_needs_no_database(bare: dict[str, str]) -> None:
    assert manage(bare, "create_token", "--help").returncode == 0


def test_a_command_on_a_database_without_tables_says_so(machine: dict[str, str]) -> None:
    if machine["DATABASE_URL"].startswith("sqlite"):
        Path(machine["DATABASE_URL"].removeprefix("sqlite:///")).touch()

    done = manage(machine, "create_token", "sam@smarketing.example")

    assert done.returncode == 1
    assert "has not all tables" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_mistyped_command_is_told_apart(bare: dict[str, str]) -> None:
    assert "Unknown command" in manage(bare, "create_tokens").stderr


@pytest.mark.parametrize("port", ["abc", "99999", "0", "-1", "80.5", "٣", "9" * 5000])
def test_a_port_that_is_none_is_said_in_a_sentence(machine: dict[str, str], port: str) -> None:
    done = manage(machine, "serve", PORT=port)

    assert done.returncode == 1
    assert done.stderr.startswith("The settings cannot be used: PORT must be a whole number from 1 to 65535")
    assert len(done.stderr.splitlines()) == 1


def test_run_manage_demo_uses_the_folder_of_the_demo(bare: dict[str, str]) -> None:
    script = (ROOT / "run").read_text()
    branch = script.partition("\nmanage)\n")[2].partition(";;")[0]
    stub = f"set -eu\nsetup() {{ :; }}\nPY=echo\nset -- --demo kpis --json\n{branch.replace('exec', 'echo $SMARKETING_VAR_DIR;')}"

    done = subprocess.run(
        ["sh", "-c", stub], cwd=ROOT, env={"PATH": bare["PATH"]}, capture_output=True, text=True, check=True
    )

    assert done.stdout.splitlines() == [f"{ROOT}/var/demo", "manage.py kpis --json"]
