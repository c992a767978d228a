"""`manage.py serve`: everything on one machine, in one command."""

from __future__ import annotations

import fcntl
import http.client
import os
import shutil
import socket
import sys
from argparse import ArgumentParser
from contextlib import closing
from io import StringIO
from pathlib import Path
from typing import Any, TextIO

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from smarketing.port import port_of
from smarketing.supervise import Child, Supervisor, python, show


class Command(BaseCommand):
    """Migrate, then run web, workers and scheduler until one of them ends or Ctrl-C."""

    help = "Migrate, then run web server, Celery workers and scheduler under one supervisor."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--demo", action="store_true", help="fill the demo company and let new leads arrive")
        parser.add_argument("--fresh", action="store_true", help="with --demo: throw the demo data away first")

    def handle(self, *args: Any, demo: bool, fresh: bool, **options: Any) -> None:
        host, port = os.environ.get("HOST", "127.0.0.1"), port_of(os.environ)
        refuse_taken_port(host, port)
        lock = only_one_here()
        try:
            logins = prepare(demo=demo, fresh=fresh)
        except KeyboardInterrupt:
            raise CommandError("stopped while preparing", returncode=130) from None
        supervisor = Supervisor(
            children(demo=demo),
            is_ready=lambda: answers(host, port),
            on_ready=lambda: announce(port, logins),
        )
        code = supervisor.run()
        lock.close()
        sys.exit(code)


def children(*, demo: bool) -> list[Child]:
    """List what runs beside each other. The mailer may wait for a mail server; the worker keeps the clocks meanwhile."""
    celery = ("-m", "celery", "--app", "smarketing", "--quiet")
    worker = (*celery, "worker", "--without-gossip", "--without-mingle", "--loglevel=INFO")
    listed = [
        Child("web", python("-m", "gunicorn", "--config", "python:smarketing.webserver", "smarketing.wsgi")),
        Child("worker", python(*worker, "--queues=smarketing")),
        Child("mailer", python(*worker, "--queues=outbox", "--concurrency=1")),
        Child("scheduler", python(*celery, "beat", "--pidfile=", "--loglevel=INFO")),
    ]
    if demo:
        listed.append(Child("arrivals", python("manage.py", "demo_arrivals", "--loop")))
    return listed


# Before anything starts -----------------------------------------------------------------------------------------------


def refuse_taken_port(host: str, port: int) -> None:
    """Say so now if somebody else listens there: a migration later is too late."""
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(
                f"Port {port} on {host} cannot be used ({error.strerror}). Try PORT={port + 1}."
            ) from None


def only_one_here() -> TextIO:
    """Take the folder's lock; two supervisors on one broker folder would steal each other's messages."""
    lock = (settings.VAR_DIR / "serve.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise CommandError(
            f"Another supervisor runs in {settings.VAR_DIR}. Give this one SMARKETING_VAR_DIR."
        ) from None
    return lock


def prepare(*, demo: bool, fresh: bool) -> str:
    """Bring database, cache table and broker folder up; return the logins to print."""
    if demo and fresh:
        forget_demo()
    if not settings.REDIS_URL:
        empty_broker()
    show("serve", "migrating")
    call_command("migrate", interactive=False, verbosity=0)
    # Refuses to serve on tables that have lost what makes them append-only.
    call_command("check", databases=["default"], tags=["database"], fail_level="WARNING", stdout=StringIO())
    call_command("createcachetable", verbosity=0)
    logins = seed() if demo else ""
    connections.close_all()
    return logins


def empty_broker() -> None:
    """Start with an empty folder: a crash may leave half-written messages, and the database knows what is due."""
    shutil.rmtree(settings.BROKER_DIR, ignore_errors=True)
    for name in ("messages", "control"):
        (settings.BROKER_DIR / name).mkdir(parents=True)


# The demo company -----------------------------------------------------------------------------------------------------


def logins_file() -> Path:
    """Name the file that says seeding was finished, and what it printed."""
    return Path(settings.VAR_DIR) / "logins.txt"


def seed() -> str:
    """Fill a fresh database with the demo company and keep the logins it prints; else return them as kept."""
    if logins_file().exists():
        return logins_file().read_text()
    if get_user_model().objects.exists():
        raise CommandError("The demo data is half made. Start over: ./run demo --fresh (or use an empty database).")
    show("serve", "making the demo company")
    printed = StringIO()
    call_command("seed_demo", stdout=printed)
    logins_file().write_text(printed.getvalue())
    return printed.getvalue()


def forget_demo() -> None:
    """Delete the demo's own database; somebody else's is not ours to empty."""
    database = Path(settings.DATABASES["default"]["NAME"])
    if settings.VAR_DIR not in database.parents:
        raise CommandError("--fresh deletes only the demo's own SQLite file, and DATABASE_URL names another database.")
    for suffix in ("", "-wal", "-shm"):
        Path(f"{database}{suffix}").unlink(missing_ok=True)
    logins_file().unlink(missing_ok=True)


# Readiness ------------------------------------------------------------------------------------------------------------


def answers(host: str, port: int) -> bool:
    """Ask the web server for its health."""
    with closing(http.client.HTTPConnection(host, port, timeout=1)) as request:
        try:
            request.request("GET", "/healthz")
            return request.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False


def announce(port: int, logins: str) -> None:
    """Print where to go and who to be."""
    for line in logins.rstrip().splitlines():
        show("serve", line)
    show("serve", f"ready: http://localhost:{port}/  (Ctrl-C ends it)")
