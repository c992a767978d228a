"""`manage.py health`: do database and broker answer, and was anything done lately? For processes that listen on no port."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection

from smarketing.celery import app
from smarketing.heartbeat import silent_seconds


class Command(BaseCommand):
    """Answer with exit code 0 when this process could do its work."""

    help = "Exit with 0 if the database and the broker answer (and work was done lately)."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--within", type=int, metavar="SECONDS", help="ask also that a task was ended or sent here so lately"
        )

    def handle(self, *args: Any, within: int | None, **options: Any) -> None:
        if within is not None and silent_seconds() > within:
            raise CommandError(f"nothing was done here for {within} seconds: this process hangs, or no ticks reach it")
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        except DatabaseError as error:
            raise CommandError("the database does not answer") from error
        try:
            with app.connection_for_write(connect_timeout=3) as broker:
                broker.ensure_connection(max_retries=1, timeout=3)
        except Exception as error:  # kombu raises what each transport raises
            raise CommandError("the broker does not answer") from error
        self.stdout.write("ok")
