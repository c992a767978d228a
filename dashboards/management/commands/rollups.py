"""``manage.py rollups``: fill what the dashboard reads, or prove that it says what the facts say."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import close_old_connections

from dashboards.asked import company_zone
from dashboards.filling import fill
from dashboards.proving import NothingToProve, wrong_days

PAUSE_SECONDS = 5


class Command(BaseCommand):
    help = (
        "“fill” counts the days that have changed since, at first all (--loop goes on, for those who run no Celery); “prove” counts "
        "every clean day again from the facts and exits with 1 where a rollup differs. The pages are right without it, only slower."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("act", choices=("fill", "prove"))
        parser.add_argument("--loop", action="store_true", help="fill until interrupted")

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["act"] == "prove":
            self._prove()
            return
        self.stdout.write(f"{fill(company_zone())} days counted")
        try:
            while options["loop"]:
                time.sleep(PAUSE_SECONDS)
                close_old_connections()
                fill(company_zone())
        except KeyboardInterrupt:
            self.stdout.write("stopped")

    def _prove(self) -> None:
        try:
            found = list(wrong_days(company_zone()))
        except NothingToProve as nothing:
            raise CommandError(str(nothing)) from nothing
        for sentence in found:
            self.stdout.write(sentence)
        if found:
            raise CommandError(f"{len(found)} differences.", returncode=1)
        self.stdout.write("The rollups say what the facts say.")
