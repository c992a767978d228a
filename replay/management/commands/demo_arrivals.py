"""`manage.py demo_arrivals --loop`: let the demo company live, until told to stop."""

from __future__ import annotations

import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from ledger.instants import edge_now
from replay.living import live
from replay.world import dice


class Command(BaseCommand):
    help = "Let a lead arrive in the demo company, and with --loop another one every now and then."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--loop", action="store_true", help="go on until SIGTERM or Ctrl-C")
        parser.add_argument(
            "--pause", type=float, nargs=2, default=(20.0, 60.0), metavar=("FROM", "TO"), help="in seconds"
        )

    def handle(self, *args: Any, loop: bool, pause: tuple[float, float], **options: Any) -> None:
        stop = threading.Event()
        for signum in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, lambda *_: stop.set())
        while loop:
            at = edge_now()
            self.stdout.flush()
            if stop.wait(dice("pause", int(at.timestamp())).uniform(*pause)):
                return
            self._tick()
        self._tick()

    def _tick(self) -> None:
        at = edge_now()
        live(at)
        self.stdout.write(f"somebody asked at {at:%H:%M:%S}")
