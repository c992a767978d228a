"""The port that we serve on, from the environment."""

from __future__ import annotations

from collections.abc import Mapping

from django.core.exceptions import ImproperlyConfigured

USUAL = "8000"
HIGHEST = 65535


def port_of(environment: Mapping[str, str]) -> int:
    """Give the port that ``PORT`` names, 8000 without it; raises ``ImproperlyConfigured``."""
    text = environment.get("PORT", "").strip() or USUAL
    if text.isascii() and text.isdecimal() and len(text) <= len(str(HIGHEST)) and 0 < int(text) <= HIGHEST:
        return int(text)
    raise ImproperlyConfigured(f"PORT must be a whole number from 1 to {HIGHEST}, not “{text[:40]}”.")
