"""Ticks reach a worker whatever the clocks of its host and the scheduler's say and however long the broker was away; they do not pile up for ever."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from celery.worker.request import Request
from kombu.connection import Connection
from kombu.message import Message

from smarketing.celery import app

OFF = timedelta(minutes=15)
"""By how much a host's clock may be wrong (promise P1)."""

TICKS = sorted(app.conf.beat_schedule)
app.loader.import_default_modules()  # as a worker does when it starts: the tasks themselves


def is_thrown_away(tick: str, age: timedelta) -> bool:
    """Tell what a worker does with a tick that was sent, by the scheduler's clock, so long ago by its own."""
    told = app.conf.beat_schedule[tick]
    sent = app.amqp.as_task_v2(str(uuid4()), told["task"], now=datetime.now(UTC) - age, **told["options"])
    message = Message(headers=sent.headers, properties=sent.properties, body=sent.body)
    request = Request(message, app=app, decoded=True, body=sent.body, headers=sent.headers)
    return bool(request.maybe_expire())


@pytest.mark.parametrize("age", [-2 * OFF, timedelta(0), OFF, 2 * OFF], ids=lambda age: f"{age.total_seconds():+.0f} s")
@pytest.mark.parametrize("tick", TICKS)
def test_no_worker_throws_a_fresh_tick_away_because_clocks_differ(tick: str, age: timedelta) -> None:
    assert not is_thrown_away(tick, age)


@pytest.mark.parametrize("tick", TICKS)
def test_a_tick_that_waited_behind_a_stopped_worker_is_thrown_away(tick: str) -> None:
    seconds = app.conf.beat_schedule[tick]["schedule"]

    assert is_thrown_away(tick, timedelta(seconds=seconds) + 3 * OFF)


class Enough(Exception):
    """The time is up that the test lets pass."""


def test_no_outage_of_the_broker_is_too_long(free_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Worker and scheduler go on trying with this setting; here two hours pass in no time."""
    waited = 0.0

    def sleep(seconds: float) -> None:
        nonlocal waited
        waited += seconds
        if waited > 2 * 60 * 60:
            raise Enough

    monkeypatch.setattr("kombu.utils.functional.sleep", sleep)

    with Connection(f"redis://127.0.0.1:{free_port}/0") as broker, pytest.raises(Enough):
        broker.ensure_connection(max_retries=app.conf.broker_connection_max_retries)
