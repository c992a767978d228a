"""Celery's notes of what a worker has in hand, made fit for a pool of threads.

When the broker goes away the consumer looks through these weak sets while its threads still finish tasks and take them out; a set that
changes while it is iterated raises ``RuntimeError``, which no worker survives (a known kind of fault: celery/celery, issue 7162). A look
through a set as it stood at one moment is all the consumer needs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from weakref import ReferenceType, WeakSet


class SteadySet(WeakSet[Any]):
    """A weak set that other threads may change while one goes through it."""

    data: set[ReferenceType[Any]]

    def __iter__(self) -> Iterator[Any]:
        """Go through what is in it now: a set is copied into a tuple in one step of the interpreter."""
        for reference in tuple(self.data):
            item = reference()
            if item is not None:
                yield item


def steady(*sets: WeakSet[Any]) -> None:
    """Let these sets, which others hold by now, be such ones from here on."""
    for known in sets:
        known.__class__ = SteadySet
