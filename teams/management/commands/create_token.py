"""Make an API token for somebody and show it once."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from knox.models import AuthToken

from teams.models import User

USUAL_DAYS = 90
MOST_DAYS = 366


class Command(BaseCommand):
    help = "Make an API token for a person. It is shown once: only its hash is kept."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--days", type=int, default=USUAL_DAYS, help="how long it is valid (default %(default)s)")

    def handle(self, *_args: Any, **options: Any) -> None:
        if not 1 <= options["days"] <= MOST_DAYS:
            raise CommandError(f"A token is valid for 1 to {MOST_DAYS} days.")
        user = User.objects.filter(email=options["email"].strip().lower(), is_active=True).first()
        if user is None:
            raise CommandError("There is no active person with this email.")
        AuthToken.objects.filter(user=user, expiry__lte=timezone.now()).delete()
        _, token = AuthToken.objects.create(user, expiry=timedelta(days=options["days"]))
        self.stdout.write(token)
