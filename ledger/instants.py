"""The instant, read once at the edge: by a view, a task or a command, and passed down."""

from __future__ import annotations

from datetime import UTC, date, datetime

from django.db import connection
from django.utils import timezone
from django.utils.timezone import get_default_timezone


def edge_now() -> datetime:
    """Give the present instant, aware, in UTC.

    On PostgreSQL it is the database's clock, so that an application host with a wrong clock does no harm (promise P1).
    """
    if connection.vendor != "postgresql":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        instant: datetime = cursor.fetchone()[0]
    return instant.astimezone(UTC)


def company_day(at: datetime) -> date:
    """Give the calendar day of ``at`` where the company is (``TIME_ZONE``), whoever looks at it from wherever."""
    return at.astimezone(get_default_timezone()).date()
