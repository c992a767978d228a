"""What text may enter: one place that refuses what breaks a database, a list or a reader. Pure.

Poison values (design, promises page, traps): lone surrogates, which SQLite stores and then cannot show; NUL, which PostgreSQL cannot
store; invisible and bidirectional control characters, which make text read as something that it is not.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from inputs.refusals import Problem

# The joiners U+200C and U+200D stay: several scripts and emoji need them.
BIDIRECTIONAL = "\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c"
INVISIBLE = "\u200b\u2060-\u2064\ufeff\u00ad\u180e\U000e0000-\U000e007f"
LINE_BREAKS = "\r\n\x0b\x0c\x85\u2028\u2029"
CONTROLS = "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"
SURROGATES = "\ud800-\udfff"
MOST_MARKS = 30
"""Combining marks in a row: more than any language writes, the limit of Unicode's stream-safe format (UAX #15, section 13)."""

# What a text must not hold; a line break only where one line is asked for. A tab is a space.
_SUSPECT = re.compile(f"[{BIDIRECTIONAL}{INVISIBLE}{CONTROLS}{SURROGATES}\x0b\x0c]")
_SUSPECT_IN_LINE = re.compile(f"[{BIDIRECTIONAL}{INVISIBLE}{CONTROLS}{SURROGATES}{LINE_BREAKS}]")
# Marks, and the few characters that compose to nothing but marks; the last one of Unicode 15 is U+1E94A.
_MARKS = "".join(
    c for c in map(chr, range(0x300, 0x1F000)) if unicodedata.combining(unicodedata.normalize("NFD", c)[0])
)
_MANY_MARKS = re.compile(f"[{_MARKS}]{{{MOST_MARKS + 1}}}")
_HIDDEN = re.compile(f"[{BIDIRECTIONAL}{INVISIBLE}]")
_BREAK = re.compile(f"[{LINE_BREAKS}]")
_BREAKS = re.compile(rf"[ \t]*[{LINE_BREAKS}][ \t{LINE_BREAKS}]*")


def problem_with(text: str, *, field: str = "", single_line: bool = False) -> Problem | None:
    """Give what is wrong with ``text``, or nothing. ``single_line`` refuses line breaks too."""
    found = (_SUSPECT_IN_LINE if single_line else _SUSPECT).search(text)
    if found is None:
        if _MANY_MARKS.search(text):
            return Problem(field, "too_many_marks", "This has more marks on one letter than can be read.")
        return None
    character = found.group()
    if "\ud800" <= character <= "\udfff":
        return Problem(field, "broken_character", "This contains half a character; it cannot be stored.")
    if _HIDDEN.match(character):
        return Problem(field, "invisible_character", "This contains an invisible character; type it again.")
    if single_line and _BREAK.match(character):
        return Problem(field, "line_break", "This must be a single line.")
    return Problem(field, "control_character", "This contains a control character; it cannot be stored.")


def problems_with(values: Mapping[str, object], *, multi_line: frozenset[str] = frozenset()) -> list[Problem]:
    """Look through the text values of one input, whose keys are its fields."""
    found = (
        problem_with(value, field=name, single_line=name not in multi_line)
        for name, value in values.items()
        if isinstance(value, str)
    )
    return [problem for problem in found if problem]


def tidy(text: str) -> str:
    """Give ``text`` composed (NFC), without spaces at its ends."""
    return composed(text).strip()


def composed(text: str) -> str:
    """Give ``text`` composed (NFC); as it is where ``problem_with`` refuses it: sorting a heap of marks takes the square of its height."""
    return text if _MANY_MARKS.search(text) else unicodedata.normalize("NFC", text)


def on_one_line(text: str) -> str:
    """Give ``text`` with a space for each run of line breaks and the spaces around it."""
    return _BREAKS.sub(" ", text)
