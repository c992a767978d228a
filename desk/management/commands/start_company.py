"""Make a new company ready for its first lead, in the names of a manager of each side."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from desk.first_run import start_company
from inputs.refusals import Refusal
from ledger.instants import edge_now
from teams.models import User


class Command(BaseCommand):
    help = "Give the teams office hours, sign the default agreement and activate the default routing. Once per company."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--marketing-manager", required=True, metavar="EMAIL")
        parser.add_argument("--sales-manager", required=True, metavar="EMAIL")
        parser.add_argument("--zone", default="UTC", help="an IANA zone, such as Europe/Berlin (default: UTC)")
        parser.add_argument("--opens", default="09:00", help="local time (default: 09:00)")
        parser.add_argument("--closes", default="17:30", help="local time (default: 17:30)")
        parser.add_argument(
            "--country", default="", help="whose public holidays are closed, such as DE (default: none)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            version = start_company(
                marketing_manager=self._person(options["marketing_manager"]),
                sales_manager=self._person(options["sales_manager"]),
                zone=options["zone"], opens=options["opens"], closes=options["closes"], country=options["country"],
                at=edge_now(),
            )  # fmt: skip
        except Refusal as error:
            raise CommandError("\n".join(problem.message for problem in error.problems)) from error
        self.stdout.write(f"{version} is signed and in force from {version.effective_from:%Y-%m-%d %H:%M} UTC.")

    def _person(self, email: str) -> User:
        try:
            return User.objects.get_by_natural_key(email)
        except User.DoesNotExist as error:
            raise CommandError(f"There is nobody with the email {email}. See manage.py create_person.") from error
