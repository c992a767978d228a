"""What a notice says: registered by the app that knows the code, rendered when it is read or sent.

Rows of notices hold ids and codes. Whom one is about is looked up when it is read, so that a name erased or spelt right is so everywhere.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

IN_APP = "in_app"
EMAIL = "email"


@dataclass(frozen=True, slots=True)
class Message:
    """A rendered notice: one line, a text, and the address in the app of what it is about (a path)."""

    title: str
    text: str
    path: str


Renderer = Callable[[int, Mapping[str, Any]], Message]


@dataclass(frozen=True, slots=True)
class Wording:
    """How one code is told: through which channels, and by which function of (subject id, facts)."""

    code: str
    channels: tuple[str, ...]
    render: Renderer


Namer = Callable[[Collection[int]], Mapping[int, str]]
"""Says how people call the subjects of these ids; who has no name or is gone is left out."""

_REGISTER: dict[str, Wording] = {}
_NAMERS: dict[str, Namer] = {}


class UnknownNotice(KeyError):
    """Nobody registered this code: a mistake in the program."""


def register(code: str, *, channels: Sequence[str], render: Renderer) -> None:
    """Say how notices of ``code`` read and travel. Called once, from the ``ready`` of the app that writes them."""
    _REGISTER[code] = Wording(code, tuple(channels), render)


def wording(code: str) -> Wording:
    """Give the wording of ``code``; raises ``UnknownNotice``."""
    try:
        return _REGISTER[code]
    except KeyError:
        raise UnknownNotice(code) from None


def register_subject(subject_type: str, namer: Namer) -> None:
    """Say how subjects of this type are named. Called once, from the ``ready`` of the app that has them."""
    _NAMERS[subject_type] = namer


Subject = tuple[str, int]


def names_of(subjects: Iterable[Subject]) -> dict[Subject, str]:
    """Give the names of these subjects (type and id) that have one: one query a type."""
    ids: defaultdict[str, set[int]] = defaultdict(set)
    for subject_type, subject_id in subjects:
        if subject_type in _NAMERS:
            ids[subject_type].add(subject_id)
    return {
        (subject_type, subject_id): name
        for subject_type, wanted in ids.items()
        for subject_id, name in _NAMERS[subject_type](wanted).items()
    }
