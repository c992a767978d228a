"""Machines of their own for tests that start the program: a folder, a database, a port and keys in Redis that nobody else uses."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import pytest
from django.conf import settings

ROOT = Path(__file__).resolve().parent.parent
NOT_INHERITED = ("PYTEST", "COV", "DJANGO_ALLOW_ASYNC_UNSAFE")


@pytest.fixture
def free_port() -> int:
    return _unused_port()


@pytest.fixture
def other_port(free_port: int) -> int:
    """Return a second free port."""
    return _unused_port()


@pytest.fixture
def own_database(tmp_path: Path) -> Iterator[str]:
    """Create an empty database on the engine under test, for other processes; yield its ``DATABASE_URL``."""
    if _is_embedded():
        yield f"sqlite:///{tmp_path / 'own.sqlite3'}"
        return
    name = _new_name("own")
    _on_server(f'CREATE DATABASE "{name}"')
    yield _on_same_server(name)
    _on_server(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def machine(tmp_path: Path, own_database: str, free_port: int) -> dict[str, str]:
    """Return the environment of a fresh machine: own folder, empty database, port and Redis keys, the project's settings."""
    return _environment(tmp_path, own_database) | {"PORT": str(free_port)}


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Make a database with all tables by the commands that a start runs, once in this process; yield its ``DATABASE_URL``.

    It is there to be copied only: PostgreSQL copies a database to which nobody is connected.
    """
    folder, name = tmp_path_factory.mktemp("tables"), _new_name("tables")
    if _is_embedded():
        url = f"sqlite:///{folder / 'tables.sqlite3'}"
    else:
        _on_server(f'CREATE DATABASE "{name}"')
        url = _on_same_server(name)
    # Without Redis: who has it needs one table fewer.
    environment = _environment(folder, url) | {"REDIS_URL": ""}
    for command in (["migrate", "-v0"], ["createcachetable"]):
        manage = [sys.executable, "manage.py", *command]
        subprocess.run(manage, cwd=ROOT, env=environment, check=True, capture_output=True)
    yield url
    if not _is_embedded():
        _on_server(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def migrated(machine: dict[str, str], tables: str) -> dict[str, str]:
    """Return the environment of a machine whose database has all tables: a second start, which has nothing to migrate."""
    if _is_embedded():
        shutil.copy(tables.removeprefix("sqlite:///"), machine["DATABASE_URL"].removeprefix("sqlite:///"))
    else:
        own, template = (urlsplit(url).path[1:] for url in (machine["DATABASE_URL"], tables))
        _on_server(f'DROP DATABASE "{own}"')
        _on_server(f'CREATE DATABASE "{own}" TEMPLATE "{template}"')
    return machine


def _environment(folder: Path, database: str) -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(NOT_INHERITED)},
        "DJANGO_SETTINGS_MODULE": "smarketing.settings",
        "SMARKETING_VAR_DIR": str(folder / "var"),
        "DATABASE_URL": database,
        "REDIS_PREFIX": folder.name,
    }


def _is_embedded() -> bool:
    return bool(settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"))


def _unused_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _new_name(kind: str) -> str:
    """Name a database so that whoever began this run finds what it may leave: by the name they gave to theirs."""
    given = urlsplit(os.environ.get("DATABASE_URL", "")).path.rpartition("/")[2]
    return f"{kind}_{given}_{os.getpid()}_{uuid4().hex[:8]}"


def _on_same_server(name: str) -> str:
    return urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))


def _on_server(statement: str) -> None:
    """Run a statement that PostgreSQL refuses inside a transaction, on its maintenance database."""
    import psycopg2

    with closing(psycopg2.connect(_on_same_server("postgres"))) as server:
        server.autocommit = True
        server.cursor().execute(statement)
