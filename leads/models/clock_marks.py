"""What people did to a clock: paused it, excused its miss, reckoned it anew."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from leads.codes import EXCUSES, PAUSES
from leads.models.clocks import Clock
from sla.models import CalendarVersion


class ClockPause(models.Model):
    """A stretch that does not count. ``until`` is when it ends by itself; ``ended_at`` when it did end.

    Who paused it, why and how long stands here and in the clock's steps.
    """

    clock = models.ForeignKey(Clock, on_delete=models.PROTECT, related_name="pauses")
    ordinal = models.PositiveSmallIntegerField()
    reason = models.CharField(max_length=24, choices=PAUSES)
    note = models.TextField(blank=True, default="")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    started_at = models.DateTimeField()
    until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clock", "ordinal"], name="a_pause_once"),
            models.UniqueConstraint(
                fields=["clock"], condition=Q(ended_at__isnull=True), name="one_open_pause_per_clock"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("started_at")),
                name="a_pause_ends_after_it_began",
            ),
        ]

    def __str__(self) -> str:
        return f"pause {self.ordinal} of clock {self.clock_id}"


class ClockExcuse(models.Model):
    """A manager's word that a miss was nobody's fault. The miss stays; figures are shown with and without it. Append-only."""

    clock = models.OneToOneField(Clock, on_delete=models.PROTECT, related_name="excuse")
    reason = models.CharField(max_length=24, choices=EXCUSES)
    note = models.TextField(blank=True, default="")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    excused_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"excuse of clock {self.clock_id}"


class ClockRecompute(models.Model):
    """That a manager let a running clock count by a newer version of its calendar, with what that changed. Append-only."""

    clock = models.ForeignKey(Clock, on_delete=models.PROTECT, related_name="recomputes")
    ordinal = models.PositiveSmallIntegerField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    note = models.TextField()
    at = models.DateTimeField()
    calendar_before = models.ForeignKey(CalendarVersion, on_delete=models.PROTECT, related_name="+")
    calendar_after = models.ForeignKey(CalendarVersion, on_delete=models.PROTECT, related_name="+")
    due_before = models.DateTimeField()
    due_after = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clock", "ordinal"], name="a_recompute_once")]

    def __str__(self) -> str:
        return f"recompute {self.ordinal} of clock {self.clock_id}"
