"""Celery: the doorbell. Tasks carry ids and "look now"; the database is the truth."""

import os
import threading
import time
import warnings
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_init, worker_shutting_down
from django.conf import settings

from smarketing import heartbeat  # noqa: F401 - its receivers
from smarketing.steady import steady

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smarketing.settings")

# On one machine, in a container or a sandbox, root is whoever there is; messages are JSON, so it gains nobody anything.
warnings.filterwarnings("ignore", message="You're running the worker with superuser privileges")

app = Celery("smarketing")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


CLOCKS_APART_SECONDS = 30 * 60
"""So far apart the clocks of two hosts may be: each is off by a quarter of an hour, the other way (promise P1)."""


def every(seconds: int, task: str) -> dict[str, Any]:
    """Describe a tick: it expires, so that ticks do not pile up for ever behind a stopped worker.

    The scheduler's clock says when, the worker's clock whether: a tick outlives its turn by as much as the two may differ, for what a
    worker throws away nobody does. One that is late looks for what is due, as any other.
    """
    return {"task": task, "schedule": float(seconds), "options": {"expires": seconds + CLOCKS_APART_SECONDS}}


# The one schedule. Two schedulers would send each tick twice, which every task makes harmless.
app.conf.beat_schedule = {
    "sweep clocks": every(5, "leads.tasks.sweep_clocks"),
    "deliver outbox": every(5, "ledger.tasks.deliver_outbox"),
    "fill rollups": every(5, "dashboards.tasks.fill_rollups"),
    "finish imports": every(10, "leads.tasks.finish_imports"),
    "hand on promises": every(30, "leads.tasks.hand_on_promises"),
    "revive leads": every(300, "leads.tasks.revive_leads"),
    "find duplicates": every(30, "leads.tasks.find_duplicates"),
    "open periods": every(60, "leads.tasks.open_periods"),
    "seal audit": every(60, "ledger.tasks.seal_audit"),
    # Every hour, for a tick of once a day would be lost with a scheduler that is restarted daily; it is told once all the same.
    "remind of reviews": every(3600, "sla.tasks.remind_of_reviews"),
}


@setup_logging.connect
def keep_project_logging(**_kwargs: Any) -> None:
    """Stop Celery from configuring logging: a receiver of this signal is all it takes."""


@worker_init.connect
def outlive_the_broker(**_kwargs: Any) -> None:
    """Let a worker lose its broker while its threads have tasks in hand."""
    from celery.worker import state  # slow to import, and only workers need it

    steady(state.reserved_requests, state.active_requests, state.scheduled_requests)


@worker_shutting_down.connect
def end_promptly(**_kwargs: Any) -> None:
    """End an embedded worker as soon as no task runs: over the broker of files its loop looks up only after seconds."""
    if not settings.REDIS_URL:
        threading.Thread(target=_exit_when_idle, daemon=True).start()


def _exit_when_idle() -> None:
    from celery.worker import state  # slow to import, and only workers need it

    while state.active_requests:
        time.sleep(0.05)
    os._exit(0)
