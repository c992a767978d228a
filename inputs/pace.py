"""Hold back who sends too much: a count per sender and minute, in the shared cache."""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.core.cache import cache

from inputs.refusals import Refusal

WINDOW_SECONDS = 60


class TooFast(Refusal):
    """Too many of these in the last minute."""

    status = 429
    code = "too_fast"


def keep_pace(*, what: str, sender: str, most: int, at: datetime) -> None:
    """Count one use of ``what`` by ``sender``; raises ``TooFast`` after ``most`` in one minute. The sender is kept as a hash only."""
    minute = int(at.timestamp()) // WINDOW_SECONDS
    key = "pace:" + hashlib.sha256(f"{what} {sender} {minute}".encode()).hexdigest()[:40]
    cache.add(key, 0, WINDOW_SECONDS * 2)
    try:
        count = cache.incr(key)
    except ValueError:  # it expired in between
        return
    if count > most:
        raise TooFast("That was too much in a short time. Wait a minute and send it again.")
