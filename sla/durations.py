"""How long, in words. Pure."""

from __future__ import annotations

MINUTE = 60
HOUR = 60 * MINUTE


def duration(seconds: int) -> str:
    """Say a duration in its two largest units: *40 s*, *12 min*, *1 h 5 min*."""
    minutes = seconds // MINUTE
    if seconds < MINUTE:
        return f"{seconds} s"
    if seconds < HOUR:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"


def days(count: int, what: str = "day") -> str:
    """Say *1 day*, *3 days*, *2 working days*."""
    return f"{count} {what}{'' if count == 1 else 's'}"
