"""What holds for a person of whom nobody has said otherwise (design, domain page, *People*). Pure."""

from __future__ import annotations

OPEN_LEAD_CAPACITY = 20
"""How many open leads a person takes at a time."""
