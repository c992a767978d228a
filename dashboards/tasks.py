"""What Celery does for the dashboard. The pages are right without it, only slower."""

from __future__ import annotations

from celery import shared_task

from dashboards.asked import company_zone
from dashboards.filling import fill

FILL_SECONDS = 4
"""Less than the pause between two ticks, so that a worker is free again when the next one comes."""


@shared_task
def fill_rollups() -> None:
    """Count the days that have changed, for a few seconds at most; the next tick goes on."""
    fill(company_zone(), seconds=FILL_SECONDS)
