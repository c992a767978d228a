"""Ring for the worker. The database holds the work; a broker that is down costs a few seconds, nothing else."""

from __future__ import annotations

import structlog
from celery import current_app
from kombu.exceptions import OperationalError

log = structlog.get_logger(__name__)


def ring(task: str, *arguments: str) -> None:
    """Say "look now" to whoever does ``task``. Call it after the work is committed; the next tick, or who asks again, finds it in any case."""
    try:
        current_app.send_task(task, arguments, retry=False)
    except (OperationalError, OSError) as error:
        log.warning("doorbell unanswered", task=task, error=type(error).__name__)
