"""Recompute the hash chain over the audit entries."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ledger.sealing import verify


class Command(BaseCommand):
    """Print what the walk along the chain found; exit with 1 if anything differs."""

    help = "Recompute the hash chain over the audit entries; exit code 1 on any difference."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--head", help="a head that this command printed earlier, which must still be in the chain")

    def handle(self, *args: Any, head: str | None, **options: Any) -> None:
        verdict = verify(known_head=head)
        for fault in verdict.faults:
            self.stderr.write(fault)
        self.stdout.write(f"sealed {verdict.sealed}, waiting {verdict.unsealed}, head {verdict.head}")
        if verdict.fault_count:
            raise CommandError(f"The audit chain does not hold; differences: {verdict.fault_count}.", returncode=1)
        self.stdout.write("The audit chain holds.")
