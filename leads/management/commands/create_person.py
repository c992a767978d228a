"""Let a person in from the shell; this is how the first administrator comes to be."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from getpass import getpass
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from inputs.refusals import Refusal
from leads.staff import let_in
from ledger.instants import edge_now
from teams.models import Team, User
from teams.people import Place, create_team
from teams.roles import MANAGER_ROLES, MEMBER_ROLES, Role, Side

PASSWORD_VARIABLE = "SMARKETING_PASSWORD"  # noqa: S105 - the name of a variable
ROLES = {
    **{role: (side, False) for side, role in MEMBER_ROLES.items()},
    **{role: (side, True) for side, role in MANAGER_ROLES.items()},
}


class Command(BaseCommand):
    """Create a person in one role; a team named that does not exist is made. A rep takes turns in the pools of their team."""

    help = f"Create a person. The password is taken from {PASSWORD_VARIABLE}, else asked for."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", required=True)
        parser.add_argument("--role", required=True, choices=[role.value for role in Role])
        parser.add_argument("--team", help="the team's name (default: Marketing or Sales); not for administrators")
        parser.add_argument("--timezone", default="UTC", help="an IANA zone, such as Europe/Berlin")

    def handle(self, *args: Any, **options: Any) -> None:
        password = self.password()
        try:
            user = self.create(Role(options["role"]), password, options)
        except Refusal as refusal:
            raise CommandError("\n".join(f"{p.field}: {p.message}" for p in refusal.problems)) from None
        self.stdout.write(f"{user.email} is {options['role']}.")

    @transaction.atomic
    def create(self, role: Role, password: str, options: dict[str, Any]) -> User:
        """Make the person and, where it is not there, the team."""
        places = [] if role is Role.ADMINISTRATOR else [self.place(role, options["team"])]
        return let_in(
            actor=None, at=edge_now(), email=options["email"], name=options["name"], password=password,
            places=places, is_administrator=role is Role.ADMINISTRATOR, timezone=options["timezone"],
        )  # fmt: skip

    def place(self, role: Role, name: str | None) -> Place:
        side, is_manager = ROLES[role]
        name = name or side.value.capitalize()
        team = Team.objects.filter(name=name).first() or self.team(name, side)
        if team.side != side.value:
            raise CommandError(f"The team {name} belongs to {team.side}; a {role.value} does not.")
        return Place(team.pk, is_manager)

    @staticmethod
    def team(name: str, side: Side) -> Team:
        return create_team(actor=None, at=edge_now(), name=name, side=side)

    @staticmethod
    def password() -> str:
        """Take the password from the environment, or ask twice."""
        given = os.environ.get(PASSWORD_VARIABLE)
        if given is not None:
            return given
        if not sys.stdin.isatty():
            raise CommandError(f"Nobody to ask for a password: set {PASSWORD_VARIABLE}.")
        first, second = getpass("Password: "), getpass("Again: ")
        if first != second:
            raise CommandError("The two passwords differ.")
        return first
