"""The doorbell of the agreement: it reads the instant and calls one verb."""

from celery import shared_task

from ledger.instants import edge_now
from sla.reviews import remind_of_review


@shared_task
def remind_of_reviews() -> None:
    """Say once that the agreement in force is due for review."""
    remind_of_review(at=edge_now())
