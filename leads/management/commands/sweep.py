"""What Celery’s ticks do for leads, without Celery: sweep the clocks, hand on promises, open the periods of targets, bring back recycled leads and look
for duplicates; once, or for as long as the process lives."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import close_old_connections

from leads.duplicates import find_all_duplicates
from leads.handing_on import hand_on
from leads.periods import open_periods
from leads.second_life import revive_all_due
from leads.sweep import SweepResult, sweep
from ledger.instants import edge_now

PAUSE_SECONDS = 5


class Command(BaseCommand):
    help = "Do what is due: clocks warn, miss and escalate, recycled leads come back. --loop does so every few seconds."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--loop", action="store_true", help="go on until interrupted")
        parser.add_argument("--at", metavar="ISO", help="sweep as of this instant, e.g. 2026-03-02T09:15:01+00:00")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["loop"] and options["at"]:
            raise CommandError("--at is one instant; it cannot be swept in a loop.")
        at = _instant(options["at"]) if options["at"] else edge_now()
        open_periods(at=at)
        self._tell(sweep(at=at, now=None if options["at"] else edge_now))
        hand_on(at=at)
        revive_all_due(at=at)
        find_all_duplicates(at=at, seconds=PAUSE_SECONDS)
        try:
            while options["loop"]:
                time.sleep(PAUSE_SECONDS)
                close_old_connections()
                now = edge_now()
                open_periods(at=now)
                result = sweep(at=now, now=edge_now, seconds=PAUSE_SECONDS)
                hand_on(at=now, seconds=PAUSE_SECONDS)
                revive_all_due(at=now)
                find_all_duplicates(at=now, seconds=PAUSE_SECONDS)
                if result.total:
                    self._tell(result)
        except KeyboardInterrupt:
            self.stdout.write("stopped")

    def _tell(self, result: SweepResult) -> None:
        self.stdout.write(
            f"warned {result.warned}, missed {result.missed}, escalated {result.escalated}, "
            f"reassigned {result.reassigned}, looked at {result.judged} targets, disputes closed {result.closed}, "
            f"set aside {result.set_aside}"
        )


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"“{text}” is not an instant like 2026-03-02T09:15:01+00:00.") from error
    if at.tzinfo is None:
        raise CommandError(f"“{text}” names no offset from UTC; add one, e.g. +00:00.")
    return at
