"""The project: settings, addresses, Celery and its one schedule. Imported by no app."""

from smarketing.celery import app as celery_app

__all__ = ["celery_app"]
