"""The doorbells of the ledger: each reads the instant and calls one verb."""

from celery import shared_task

from ledger.instants import edge_now
from ledger.outbox import deliver_due
from ledger.sealing import seal_committed


@shared_task
def deliver_outbox() -> None:
    """Send what is due."""
    deliver_due(at=edge_now())


@shared_task
def seal_audit() -> None:
    """Chain the audit entries committed since the last time."""
    seal_committed()
