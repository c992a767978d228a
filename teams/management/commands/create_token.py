"""Make an API token for somebody and show it once."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ledger.instants import edge_now
from teams.tokens import USUAL_DAYS, BadToken, make_token


class Command(BaseCommand):
    help = "Make an API token for a person. It is shown once: only its hash is kept."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--days", type=int, default=USUAL_DAYS, help="how long it is valid (default %(default)s)")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            self.stdout.write(make_token(actor=None, at=edge_now(), email=options["email"], days=options["days"]))
        except BadToken as refusal:
            raise CommandError(refusal.message) from None
