"""`manage.py seed_demo`: fill an empty database with the demo company, and print who may log in."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ledger.instants import edge_now
from replay.demo import logins, seed
from teams.models import User


class Command(BaseCommand):
    help = "Fill an empty database with a living demo company whose past ends now, and print the logins."

    def handle(self, *args: Any, **options: Any) -> None:
        if User.objects.exists():
            raise CommandError("The demo company needs an empty database.")
        season = seed(edge_now())
        self.stdout.write("\n".join(logins(season.company)))
