"""Signs of life of a process that listens on no port: a file is touched whenever it got something done.

A worker that hangs still answers for its database and broker; what it no longer does is end tasks.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from celery.signals import after_task_publish, task_postrun
from django.conf import settings


@task_postrun.connect  # a worker ended a task
@after_task_publish.connect  # a scheduler sent one
def beat(**_kwargs: Any) -> None:
    """Note that something was done now, if ``HEARTBEAT_FILE`` says where."""
    if settings.HEARTBEAT_FILE:
        Path(settings.HEARTBEAT_FILE).touch()


def silent_seconds() -> float:
    """Give the time since something was done here; infinite if nothing ever was."""
    try:
        return time.time() - Path(settings.HEARTBEAT_FILE).stat().st_mtime
    except FileNotFoundError:
        return float("inf")
