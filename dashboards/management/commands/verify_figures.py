"""``manage.py verify_figures``: prove that the dashboard shows what the event log says."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from dashboards.asked import company_zone, today
from dashboards.periods import NAMED, read_period
from dashboards.verifying import differences
from inputs.refusals import Invalid
from ledger.instants import edge_now
from ledger.one_view import one_view


class Command(BaseCommand):
    help = "Count the figures of a period again from the event log alone; exits with 1 when the dashboard differs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--from", default="", metavar="DATE", help="first day")
        parser.add_argument("--to", default="", metavar="DATE", help="the day after the last")
        parser.add_argument("--last", default="", metavar="DATE", help="the last day, instead of --to")
        parser.add_argument("--period", default="", metavar="NAME", help=f"instead of days: {', '.join(NAMED)}")

    def handle(self, *_args: Any, **options: Any) -> None:
        at = edge_now()
        try:
            period = read_period(options, today(at), company_zone())
        except Invalid as refusal:
            raise CommandError(f"{refusal.field}: {refusal.message}") from refusal
        with one_view():
            found, compared = differences(period, at=at)
        for each in found:
            self.stdout.write(f"{each.figure}: the dashboard shows {each.shown}, the event log says {each.raw}")
        if found:
            raise CommandError(f"{len(found)} of {compared} figures differ.", returncode=1)
        self.stdout.write(f"{compared} figures of {period.label} agree with the event log.")
