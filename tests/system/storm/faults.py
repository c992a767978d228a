"""What a storm does to its processes: faults drawn from a bag, so that each kind comes, at moments and in an order that follow from a seed."""

from __future__ import annotations

import heapq
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

from django.db import close_old_connections

from ledger.instants import edge_now
from ledger.selecting import select
from tests.system.storm.processes import Broker, Process

BAG = {
    "sweeper killed": 3,
    "sweeper stopped": 3,
    "scheduler killed": 1,
    "scheduler stopped": 1,
    "connection dropped": 6,
    "broker killed": 1,
    "broker stopped": 1,
    "broker flushed": 2,
}
"""How often each fault comes before the bag is filled again."""

MEAN_GAP_SECONDS = 1.6
STOPPED_SECONDS = (1.0, 10.0)
DOWN_SECONDS = (0.0, 3.0)
BROKER_AWAY_SECONDS = (2.0, 9.0)
SHARE_IN_TRANSACTION = 0.7
"""So often the moment is awaited in which the victim has a transaction open."""

PATIENCE_SECONDS = 1.0
LOOK_SECONDS = 0.002

IN_TRANSACTION = " in a transaction"

CONNECTED = """
SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = ANY(%s) ORDER BY pid
"""
WITH_TRANSACTION = CONNECTED.replace("ORDER", "AND xact_start IS NOT NULL ORDER")
DROP = "SELECT pg_terminate_backend(%s)"
DROP_IN_TRANSACTION = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = %s AND xact_start IS NOT NULL"


@dataclass
class Storm:
    """Breaks ``sweepers``, ``schedulers`` and the ``broker`` by the dice of ``seed``; ``happened`` counts faults by kind."""

    sweepers: Sequence[Process]
    schedulers: Sequence[Process]
    broker: Broker
    seed: int
    happened: Counter[str] = field(default_factory=Counter)
    broker_away: list[tuple[datetime, datetime]] = field(default_factory=list)
    """When the broker was away, by the clock of the database."""
    _mending: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _order: count[int] = field(default_factory=count)
    _bag: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)

    def rage(self, seconds: float) -> None:
        """Break something every now and then for so long, and mend everything at the end."""
        ends_at = time.monotonic() + seconds
        while (left := ends_at - time.monotonic()) > 0:
            self._mend(time.monotonic())
            self._wait(min(self.dice.expovariate(1 / MEAN_GAP_SECONDS), left))
            close_old_connections()
            self._break()
        self._mend(float("inf"))

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(left, 0.1))
            self._mend(time.monotonic())

    def _mend(self, now: float) -> None:
        """Start, or let go on, what has been away long enough."""
        while self._mending and self._mending[0][0] <= now:
            heapq.heappop(self._mending)[2]()

    def _later(self, seconds: float, mend: Callable[[], None]) -> None:
        heapq.heappush(self._mending, (time.monotonic() + seconds, next(self._order), mend))

    # Faults

    def _break(self) -> None:
        if not self._bag:
            self._bag = [kind for kind, times in BAG.items() for _ in range(times)]
            self.dice.shuffle(self._bag)
        kind = self._bag.pop()
        who, what = kind.split()
        if who == "connection":
            self._drop_connection()
        elif who == "broker":
            self._break_broker(what)
        else:
            self._break_process(self.sweepers if who == "sweeper" else self.schedulers, kind)

    def _break_process(self, processes: Sequence[Process], kind: str) -> None:
        able = [process for process in processes if process.is_up]
        if not able:
            return
        victim = self.dice.choice(able)
        if processes is self.sweepers:
            self._await_transaction([victim.name])
        victim.stop()
        words = IN_TRANSACTION if select(WITH_TRANSACTION, [[victim.name]]) else ""
        if "killed" in kind:
            victim.kill()
            self._later(self.dice.uniform(*DOWN_SECONDS), victim.start)
        else:
            self._later(self.dice.uniform(*STOPPED_SECONDS), victim.go_on)
        self.happened[kind + words] += 1

    def _drop_connection(self) -> None:
        names = [process.name for process in self.sweepers]
        for pid in self._await_transaction(names):
            if select(DROP_IN_TRANSACTION, [pid]):
                self.happened["connection dropped" + IN_TRANSACTION] += 1
                return
        pids = [row[0] for row in select(CONNECTED, [names])]
        if pids and select(DROP, [self.dice.choice(pids)])[0][0]:
            self.happened["connection dropped"] += 1

    def _await_transaction(self, names: Sequence[str]) -> list[int]:
        """Wait a little, mostly, for one of these to have a transaction open; give the connections that have one."""
        if self.dice.random() < SHARE_IN_TRANSACTION:
            give_up_at = time.monotonic() + PATIENCE_SECONDS
            while time.monotonic() < give_up_at:
                pids = [row[0] for row in select(WITH_TRANSACTION, [list(names)])]
                if pids:
                    return pids
                time.sleep(LOOK_SECONDS)
        return []

    def _break_broker(self, what: str) -> None:
        if not self.broker.is_up:
            return
        if what == "flushed":
            self.broker.flush()
        else:
            seconds = self.dice.uniform(*BROKER_AWAY_SECONDS)
            now = edge_now()
            self.broker_away.append((now, now + timedelta(seconds=seconds)))
            if what == "killed":
                self.broker.kill()
                self._later(seconds, self.broker.start)
            else:
                self.broker.stop()
                self._later(seconds, self.broker.go_on)
        self.happened[f"broker {what}"] += 1
