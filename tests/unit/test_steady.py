"""What a worker has in hand may change while its consumer looks through it."""

from __future__ import annotations

from weakref import WeakSet

import pytest
from celery.worker import state

from smarketing.celery import outlive_the_broker
from smarketing.steady import SteadySet, steady


class Request:
    """What Celery notes: something that a weak set may hold."""


def test_a_set_may_change_while_it_is_gone_through() -> None:
    kept = [Request(), Request(), Request()]
    known: WeakSet[Request] = WeakSet(kept)
    through = iter(known)
    next(through)
    known.discard(kept.pop())
    with pytest.raises(RuntimeError, match="changed size"):
        list(through)

    steady(known)

    through = iter(known)
    next(through)
    known.add(Request())
    known.clear()
    assert len(list(through)) == 1


def test_what_is_gone_meanwhile_is_left_out() -> None:
    kept = [Request(), Request(), Request()]
    known = SteadySet(kept)
    through = iter(known)
    first = next(through)
    kept.clear()

    assert list(through) == []
    assert first in known


def test_a_worker_that_starts_makes_its_notes_steady() -> None:
    outlive_the_broker()

    notes = (state.reserved_requests, state.active_requests, state.scheduled_requests)
    assert {type(known) for known in notes} == {SteadySet}
