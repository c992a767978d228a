"""Look at the outbox, and give what was given up another chance."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db.models import Count, Min

from ledger import outbox
from ledger.instants import edge_now
from ledger.models import Notice

SHOWN = 50


class Command(BaseCommand):
    """Show by default; ``--replay-dead`` and ``--deliver`` act."""

    help = "Show the outbox, put given-up notices back, or deliver what is due now."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--show", action="store_true", help="counts by channel and state, and what was given up (default)"
        )
        parser.add_argument(
            "--replay-dead", nargs="*", type=int, metavar="ID", help="put back all that was given up, or these"
        )
        parser.add_argument("--deliver", action="store_true", help="deliver what is due, as the worker does")

    def handle(self, *args: Any, replay_dead: list[int] | None, deliver: bool, **options: Any) -> None:
        if replay_dead is not None:
            self.replay(replay_dead)
        if deliver:
            done = outbox.deliver_due(at=edge_now())
            self.stdout.write(f"sent {done.sent}, to be tried again {done.retried}, given up {done.dead}")
        if options["show"] or (replay_dead is None and not deliver):
            self.show()

    def replay(self, ids: list[int]) -> None:
        count = outbox.replay_dead(at=edge_now(), ids=ids or None)
        self.stdout.write(f"put back {count}")

    def show(self) -> None:
        """Print no more than ids, codes and counts."""
        counts = Notice.objects.values("channel", "state").order_by("channel", "state")
        for row in counts.annotate(count=Count("id"), next_at=Min("next_attempt_at")):
            waiting = f", next at {row['next_at'].isoformat()}" if row["next_at"] else ""
            self.stdout.write(f"{row['channel']} {row['state']}: {row['count']}{waiting}")
        for notice in Notice.objects.filter(state=Notice.States.DEAD).order_by("-id")[:SHOWN]:
            self.stdout.write(f"dead {notice.pk} {notice.code} after {notice.attempt_count}: {notice.last_error}")
