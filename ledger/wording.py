"""What a notice says: registered by the app that knows the code, rendered when it is read or sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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


_REGISTER: dict[str, Wording] = {}


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
