"""Defuse exports: a cell that a spreadsheet would run as a formula leaves as text. Pure.

Source: OWASP, *CSV Injection*. Values are stored raw; only the export changes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_STARTS_FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20|%]|[\t\r\n]")
# A negative number or a phone number runs nothing, and an apostrophe would spoil it for the next program.
_PLAIN_NUMBER = re.compile(r"[+-]?\d[\d .,()/-]*")


def defuse(value: object) -> str:
    """Give ``value`` as cell text that starts no formula: with an apostrophe before it where it would."""
    text = "" if value is None else str(value)
    if _STARTS_FORMULA.match(text) and not _PLAIN_NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def defused(values: Iterable[object]) -> list[str]:
    """Defuse one row."""
    return [defuse(value) for value in values]
