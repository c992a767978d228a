"""The clocks that the sweep could not do and has set aside."""

from __future__ import annotations

from django.db.models import QuerySet

from leads.models import ClockFault

SHOWN = 200


def standing_faults() -> QuerySet[ClockFault]:
    """Give the faults whose clock is still where it failed, the oldest first."""
    faults = ClockFault.objects.standing().select_related("clock__user", "clock__team")
    return faults.order_by("first_at", "id")
