"""Answers that take seconds: given at once where they are short, else by the worker, whose answer is kept for a while.

Nothing is lost when a broker or a cache forgets: the page asks again, and the answer is reckoned again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.core.cache import cache

from leads.doorbell import ring

KEPT_SECONDS = 600
"""So long an answer is given again. The page says as of when it is."""
ASKED_AGAIN_SECONDS = 60
"""After so long without an answer the worker is asked again."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """``count`` rows are to be gone through; ``is_late`` if no worker has answered though one was asked a while ago."""

    count: int
    is_late: bool


def kept_or_asked(kind: str, question: str, *, task: str, count: int, at: datetime) -> Any:
    """Give the answer that is kept for ``question``, else ring for the ``task`` with it and give how long it has been waited for."""
    key = _key(kind, question)
    answer = cache.get(key)
    if answer is not None:
        return answer
    if cache.add(f"{key}:rung", True, ASKED_AGAIN_SECONDS):
        ring(task, question)
    since = cache.get_or_set(f"{key}:asked", at, KEPT_SECONDS) or at
    return Waiting(count, at - since > timedelta(seconds=ASKED_AGAIN_SECONDS))


def keep(kind: str, question: str, answer: Any) -> None:
    """Keep the answer to ``question`` for who asked."""
    key = _key(kind, question)
    cache.set(key, answer, KEPT_SECONDS)
    cache.delete_many([f"{key}:asked", f"{key}:rung"])


def _key(kind: str, question: str) -> str:
    return f"{kind}:{sha256(question.encode()).hexdigest()}"
