"""Look for contacts who may be one person: among those that are new or have changed, or among all."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from leads.duplicates import find_all_duplicates
from leads.models import Contact, LikelyDuplicate
from ledger.instants import edge_now


class Command(BaseCommand):
    help = "Find likely duplicates among contacts that are new or have changed. --all looks at everybody again; what was decided stays."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--all", action="store_true", help="look at every contact again")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["all"]:
            Contact.objects.filter(is_compared=True).update(is_compared=False)
        count = find_all_duplicates(at=edge_now())
        waiting = LikelyDuplicate.objects.filter(state=LikelyDuplicate.States.OPEN).count()
        self.stdout.write(f"looked at {count:,} contacts; {waiting:,} pairs wait to be looked at")
