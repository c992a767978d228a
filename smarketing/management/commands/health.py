"""`manage.py health`: do database and broker answer? For processes that listen on no port."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection

from smarketing.celery import app


class Command(BaseCommand):
    """Answer with exit code 0 when this process could do its work."""

    help = "Exit with 0 if the database and the broker answer."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
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
