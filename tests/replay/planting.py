"""A history that is sound, for tests that damage it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from leads.excusing import excuse
from leads.models import Clock
from leads.pausing import pause, resume
from leads.recomputing import recompute
from ledger import triggers
from replay.management.commands.replay import play
from sla.calendars import set_calendar
from teams.models import User


@contextmanager
def sound_history(blocker: Any) -> Iterator[datetime]:
    """Play two weeks once, without the guards of the database, inside a transaction that is undone at the end; gives when they end."""
    with blocker.unblock(), transaction.atomic():
        season = play(seed=7, weeks=2, per_week=45)
        mark_clocks(season.ends_at)
        with connection.cursor() as cursor:
            for name, table in triggers.installed(connection):
                cursor.execute(triggers.drop_statement(connection, name, table))
        yield season.ends_at
        transaction.set_rollback(True)


def mark_clocks(at: datetime) -> None:
    """Do to clocks what people may do: one is paused and goes on, one stays paused, one is reckoned anew, a miss is excused."""
    sue, mona = (
        User.objects.filter(memberships__is_manager=True, memberships__team__side=side, is_active=True).order_by("id")[
            0
        ]
        for side in ("sales", "marketing")
    )
    running = Clock.objects.running().filter(promise="verdict", due_at__gt=at + timedelta(days=3), user__isnull=False)
    theirs = running.filter(user__memberships__team__in=sue.managed_team_ids).distinct().order_by("id")
    gone, stays, moved = theirs[:3]
    for clock in (gone, stays):
        pause(clock_id=clock.pk, reason="later_date", actor=sue, at=at)
    resume(clock_id=gone.pk, actor=sue, at=at + timedelta(hours=30))
    hours = {**moved.calendar_version.terms, "holidays": [str((at + timedelta(days=2)).date())]}
    set_calendar(actor=None, name="Other hours", hours=hours, at=at, user=moved.user)
    recompute(clock_ids=[moved.pk], note="Other hours", actor=sue, at=at + timedelta(hours=31))
    missed = Clock.objects.filter(state="missed", side="sales", excused_at__isnull=True)
    excuse(clock_id=one(missed).pk, reason="system_down", actor=mona, at=at)


def one(rows: QuerySet[Any]) -> Any:
    """Give the first of these rows, which there must be."""
    return rows.order_by("id")[:1].get()
