"""Logs: structlog for ours, the standard library's for everybody else's, one shape, no personal data.

Our code logs ids and codes. What other libraries log may quote a value (an IntegrityError names the duplicate email), so
the last step before writing takes out what looks like personal data.
"""

from __future__ import annotations

import re
from typing import Any

import structlog
from structlog.types import EventDict, Processor, WrappedLogger

PERSONAL_KEYS = frozenset(
    {
        "address", "authorization", "body", "cookie", "email", "first_name", "ip", "last_name", "mobile", "name",
        "password", "payload", "phone", "request", "secret", "text", "token", "user",
    }
)  # fmt: skip
EMAIL_LIKE = re.compile(r"[^\s\"'<>(),=]+@[^\s\"'<>(),=]+")
# PostgreSQL's "DETAIL: Key (phone)=(+49 ...) already exists." quotes values of any kind.
DATABASE_DETAIL = re.compile(r"(DETAIL:|Failing row contains).*")
REMOVED = "[removed]"


def remove_personal_data(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace values of personal keys, and whatever looks like an email address or quotes a database row."""
    for key, value in event.items():
        if key.lower() in PERSONAL_KEYS:
            event[key] = REMOVED
        elif isinstance(value, str):
            event[key] = DATABASE_DETAIL.sub(rf"\1 {REMOVED}", EMAIL_LIKE.sub(REMOVED, value))
    return event


def drop_internals(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Drop what Django hangs on a record (the request object, with all its headers)."""
    for key in ("request", "server_time", "status_code"):
        event.pop(key, None)
    return event


def shorten_refused_requests(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Leave the traceback of a request that Django refuses: it tells of Django, and anybody can cause one for each line."""
    if str(event.get("logger", "")).startswith("django.security"):
        event.pop("exc_info", None)
    return event


SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
]


def logging_config(*, as_json: bool, level: str) -> dict[str, Any]:
    """Configure structlog and return the dictionary for ``LOGGING``."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    renderer: Processor = (
        structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0)
    )
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": [*SHARED, structlog.stdlib.ExtraAdder(), drop_internals, shorten_refused_requests],
        "processors": [
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            remove_personal_data,
            renderer,
        ],
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": formatter},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"handlers": [], "propagate": True},
            # Refused requests are normal; the request line may hold what somebody typed into a search box.
            "django.request": {"level": "ERROR"},
            "django.server": {"handlers": [], "propagate": True},
            # A line per tick of each scheduled task says nothing.
            "celery.app.trace": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
            "celery.beat": {"level": "WARNING"},
        },
    }
