"""`manage.py verify_invariants`: check that every promise held, from the events alone."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand

from ledger.instants import edge_now
from ledger.one_view import one_view
from replay.invariants.verdict import differences


class Command(BaseCommand):
    help = "Check clocks, stages, owners, notices, audit entries, imports and figures against the events; exit 1 on differences."

    def handle(self, *args: Any, **options: Any) -> None:
        with one_view():
            found = differences(at=edge_now())
        for line in found:
            self.stdout.write(line)
        self.stdout.write("1 difference" if len(found) == 1 else f"{len(found)} differences")
        if found:
            sys.exit(1)
