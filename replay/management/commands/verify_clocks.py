"""`manage.py verify_clocks`: reckon every clock anew from events and the terms it is pinned to."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ledger.instants import edge_now
from ledger.one_view import one_view
from replay.invariants.facts import Facts
from replay.invariants.verdict import of_clocks


class Command(BaseCommand):
    help = "Reckon every clock from events and its pinned terms by code of its own; exit 1 on differences."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--at", type=datetime.fromisoformat, help="as of this instant, where no sweep has run since"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        at = options["at"] or edge_now()
        if at.tzinfo is None:
            raise CommandError("Say in which zone: 2026-03-02T10:00+00:00.")
        with one_view():
            facts = Facts.load()
            found = list(of_clocks(facts, at=at))
        for line in found:
            self.stdout.write(line)
        counted = f"{len(facts.clocks)} clock{'' if len(facts.clocks) == 1 else 's'}"
        self.stdout.write(f"{counted}: {'1 difference' if len(found) == 1 else f'{len(found)} differences'}")
        if found:
            sys.exit(1)
