"""Promises that have their outcome, for pages that say how an agreement is kept."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from leads.models import Clock
from sla.in_force import InForce
from sla.models import CalendarVersion
from sla.promises import KINDS
from teams.models import Team
from tests.cast import make_lead

HOUR = timedelta(hours=1)


def judged(agreement: InForce, promise: str, *, kept: int, missed: int, at: datetime, **subject: Any) -> None:
    """Let so many promises of a kind have fallen due at ``at``; each about a lead of its own, unless ``subject`` says what they are about."""
    owing = Team.objects.filter(side=KINDS[promise].side).first()
    calendar_id = CalendarVersion.objects.values_list("pk", flat=True)[0]
    Clock.objects.bulk_create(
        Clock(
            promise=promise, side=KINDS[promise].side, tier="hot", team=owing, version_id=agreement.version_id,
            calendar_version_id=calendar_id, budget_seconds=3600, plan=[], arrived_at=at - HOUR, started_at=at - HOUR,
            due_at=at, state="met" if is_kept else "missed", met_at=at if is_kept else None,
            missed_at=None if is_kept else at, detected_at=None if is_kept else at,
            **(subject or {"lead": make_lead()}),
        )
        for is_kept in [True] * kept + [False] * missed
    )  # fmt: skip
