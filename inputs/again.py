"""Recognise what somebody sends again within a short time: the first one's name, kept in the shared cache."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache


def first_of(*, content: str, name: str, at: datetime, within: timedelta) -> str:
    """Give the name under which ``content`` was first sent, if that was less than ``within`` before ``at``; else ``name``.

    The content is kept as a hash only.
    """
    key = "again:" + hashlib.sha256(content.encode()).hexdigest()[:40]
    seconds = int(within.total_seconds())
    told: list[Any] = [name, at.timestamp()]
    if cache.add(key, told, seconds):
        return name
    first, first_at = cache.get(key) or told
    if abs(at.timestamp() - first_at) < seconds:
        return str(first)
    cache.set(key, told, seconds)
    return name
