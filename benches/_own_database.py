"""Run a bench in a child process on databases of its own, one engine after the other."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

SERVER = "postgres://postgres@127.0.0.1:5432/postgres"


def run(bench: str, engine: str, arguments: Sequence[str], *, databases: int = 1) -> int:
    """Run ``bench --here`` with empty databases of ``engine``: the first is ``DATABASE_URL``, all are in ``BENCH_URLS``."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        make = _sqlite if engine == "sqlite" else _postgresql
        urls = [stack.enter_context(make(folder, f"bench_{bench}_{os.getpid()}_{n}")) for n in range(databases)]
        if None in urls:
            return 0
        environment = {
            **os.environ, "DATABASE_URL": str(urls[0]), "BENCH_URLS": " ".join(map(str, urls)), "SMARKETING_VAR_DIR": folder,
            "DJANGO_SETTINGS_MODULE": "smarketing.settings", "LOG_LEVEL": "ERROR", "ALLOWED_HOSTS": "testserver",
        }  # fmt: skip
        command = [sys.executable, "-m", "benches", bench, "--here", "--engine", engine, *arguments]
        return subprocess.run(command, env=environment, check=False).returncode


@contextmanager
def _sqlite(folder: str, name: str) -> Iterator[str | None]:
    yield f"sqlite:///{Path(folder) / name}.sqlite3"


@contextmanager
def _postgresql(folder: str, name: str) -> Iterator[str | None]:
    import psycopg2

    given = os.environ.get("DATABASE_URL", "")
    server = urlunsplit(urlsplit(given)._replace(path="/postgres")) if given.startswith("postgres") else SERVER
    try:
        connection = psycopg2.connect(server)
    except psycopg2.OperationalError as error:
        print(f"no PostgreSQL here, so only SQLite is measured: {error}", file=sys.stderr)
        yield None
        return
    with closing(connection):
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(f'CREATE DATABASE "{name}"')
        try:
            yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
        finally:
            cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
