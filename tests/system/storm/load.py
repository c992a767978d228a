"""The load of a storm: leads that keep coming in, and people who do what they plan about them, some of it twice at once.

Everything goes through the verbs, at instants of the database's clock, in threads beside the storm.
"""

from __future__ import annotations

import heapq
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from typing import Any

from django.db import close_old_connections, connection

from inputs.refusals import Refusal
from leads.intake.arrival import Arrival
from leads.intake.pipeline import take_in
from leads.models import Clock
from ledger.instants import edge_now
from ledger.selecting import select
from replay.company import Company
from replay.world import Firm, person
from teams.models import User
from tests.system.storm.people import People, Then, Verb

HANDS = 3
"""Threads that act for people."""

BATCH = 5
PAUSE_SECONDS = 0.75
"""Between two batches of leads."""

SHARE_WITH_GAPS = 0.15
SHARE_TWICE = 0.1

FIRM = Firm("Oak Freight", "oak.example", "logistics", 200, "DE")

NEW_ASSIGNMENTS = "SELECT id, lead_id, user_id FROM leads_assignment WHERE id > %s ORDER BY id"

Act = Callable[[], None]


@dataclass
class Load:
    """What the people of ``company`` do by the dice of ``seed``; ``done`` counts verbs, ``refused`` their refusals by code.

    ``failed`` holds whatever went wrong otherwise, which must be nothing.
    """

    company: Company
    seed: int
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    _seen: int = 0
    _is_over: threading.Event = field(default_factory=threading.Event)
    _planned: list[tuple[float, int, Act]] = field(default_factory=list)
    _order: count[int] = field(default_factory=count)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self.users = {user.pk: user for user in self.company.people.values()}
        self.people = People(self.company, self.dice, self._plan)

    def begin(self) -> None:
        works = [self._bring_in, self._look, *[self._act] * HANDS]
        self._threads = [threading.Thread(target=partial(self._go_on, work), daemon=True) for work in works]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Let everybody finish what they are doing, and begin nothing more."""
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    def _go_on(self, work: Callable[[], float]) -> None:
        """Do the work again and again; it says how many seconds to rest."""
        rest = 0.0
        while not self._is_over.wait(rest):
            try:
                close_old_connections()
                rest = work()
            except Exception as error:  # noqa: BLE001 - whatever it is, it is told at the end
                self.failed.append(f"{type(error).__name__}: {error}"[:500])
                rest = PAUSE_SECONDS
        connection.close()

    # Leads

    def _bring_in(self) -> float:
        arrivals = [self._arrival(self.done["leads"] + number) for number in range(BATCH)]
        take_in(arrivals, actor=self.company.people["maya"], at=edge_now())
        self.done["leads"] += BATCH
        return PAUSE_SECONDS

    def _arrival(self, number: int) -> Arrival:
        asks = replace(
            person(self.dice, number, FIRM, []), touch_kind="demo_request", role="operations", seniority="head", phone="",
            source_raw="direct",
        )  # fmt: skip
        if self.dice.random() > SHARE_WITH_GAPS:
            return asks
        return replace(asks, role="", job_title="", seniority="", employee_count="", industry="")

    # People

    def _look(self) -> float:
        """See who was given a lead, and let them decide what they will do about it."""
        for assignment_id, lead_id, user_id in select(NEW_ASSIGNMENTS, [self._seen]):
            self._seen = assignment_id
            if user_id is None:
                self.people.see_in_queue(lead_id)
            else:
                self.people.be_given(lead_id, self.users[user_id])
        return PAUSE_SECONDS

    def _plan(
        self, after: float, verb: Verb, lead_id: int, user: User, *, then: Then | None = None,
        **how: Any,
    ) -> None:  # fmt: skip
        """Let it happen in so many seconds, sometimes twice at the same time."""
        bound = partial(verb, lead_id=lead_id, actor=user, **how)
        act: Act = partial(self._do, bound, verb.__name__, then and partial(then, lead_id, user))
        times = 2 if self.dice.random() < SHARE_TWICE else 1
        with self._lock:
            for _ in range(times):
                heapq.heappush(self._planned, (time.monotonic() + after, next(self._order), act))

    def _act(self) -> float:
        """Do the next thing whose time has come."""
        with self._lock:
            if not self._planned or self._planned[0][0] > time.monotonic():
                return 0.02
            _, _, act = heapq.heappop(self._planned)
        act()
        return 0.0

    def _do(self, verb: Verb, name: str, then: Act | None) -> None:
        try:
            verb(at=edge_now())
        except Refusal as refusal:
            self.refused[f"{name}: {refusal.code}"] += 1
            return
        self.done[name] += 1
        if then is not None:
            then()


def outcomes() -> dict[str, dict[str, int]]:
    """Count clocks by promise and state."""
    found: dict[str, dict[str, int]] = {}
    for promise, state, clocks in select(
        "SELECT promise, state, count(*) FROM leads_clock GROUP BY 1, 2 ORDER BY 1, 2"
    ):
        found.setdefault(promise, {})[state] = clocks
    return found


def is_settled(at: Any) -> bool:
    """Tell whether nothing is left to be done that was due before ``at``."""
    return not Clock.objects.due(at).exists()
