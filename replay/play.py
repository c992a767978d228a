"""Play a company in virtual time: what is planned happens at its instant, and the sweep runs whenever a clock has something to do.

All of it goes through the live program: the intake, the verbs, the sweep. The player only decides who does what and when, from a seed;
the same seed gives the same history, on either engine.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from inputs.refusals import Conflict, NotAllowed, NotVisible
from leads.sweep import next_due_at, sweep
from ledger.selecting import select
from replay.world import dice

SECOND = timedelta(seconds=1)
STALE = (Conflict, NotAllowed, NotVisible)
"""What somebody gets who was too slow, clicked twice or works from an old page. Anything else is a fault of the replay or the program."""

NEW_ASSIGNMENTS = """
SELECT a.id, a.lead_id, a.handoff_id, a.user_id, a.queue_id, l.stage, l.tier
FROM leads_assignment a JOIN leads_lead l ON l.id = a.lead_id WHERE a.id > %s ORDER BY a.id"""

ANYTHING_DUE = "SELECT 1 FROM leads_clock WHERE next_action_at < %s LIMIT 1"

Act = Callable[[datetime], None]
Span = tuple[datetime, datetime]


class Surprise(AssertionError):
    """The program allowed what it must refuse, or came to a standstill."""


@dataclass(frozen=True, slots=True)
class Given:
    """A lead that was put to a person or into a queue."""

    at: datetime
    lead_id: int
    handoff_id: int | None
    user_id: int | None
    queue_id: int | None
    stage: str
    tier: str


@dataclass(slots=True)
class Play:
    """The queue of what will happen. ``on_given`` is told of each lead that somebody gets, by whichever part of the program."""

    seed: int
    outages: Sequence[Span] = ()
    on_given: Callable[[Given], None] | None = None
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    _queue: list[tuple[datetime, int, Act]] = field(default_factory=list)
    _order: count[int] = field(default_factory=count)
    _seen: int = 0

    def plan(self, at: datetime, act: Act) -> None:
        """Let ``act`` happen at ``at``, a whole second; of two at one instant the one planned first comes first."""
        heapq.heappush(self._queue, (at.replace(microsecond=0), next(self._order), act))

    def run(self, until: datetime) -> None:
        """Play everything up to and including ``until``; what lies beyond stays planned."""
        while True:
            next_at = min(self._queue[0][0], until) if self._queue else until
            if self._swept(next_at):
                continue  # somebody may have been given a lead, and act on it first
            if not self._queue or self._queue[0][0] > until:
                return
            at, _, act = heapq.heappop(self._queue)
            act(at)
            self._look(at)

    def do(self, verb: Callable[..., object], *, at: datetime, **arguments: Any) -> bool:
        """Call a verb; tell whether it was done. A refusal that people run into in earnest is counted, any other raised."""
        name = verb.__name__
        try:
            verb(at=at, **arguments)
        except STALE as refusal:
            self.refused[f"{name}: {refusal.code}"] += 1
            return False
        self.done[name] += 1
        return True

    def again(self, verb: Callable[..., object], *, at: datetime, **arguments: Any) -> None:
        """Call a verb that was done just now once more, as a double click does: it must be refused."""
        if self.do(verb, at=at, **arguments):
            raise Surprise(f"{verb.__name__} was done twice: {arguments}")

    def chance(self, *what: object) -> Any:
        """Give the dice for one decision."""
        return dice(self.seed, *what)

    # The sweep, as if Celery rang just after each thing falls due

    def _swept(self, until: datetime) -> bool:
        """Sweep once if anything is due by ``until``; tell whether it was."""
        if not select(ANYTHING_DUE, [until]):
            return False
        due = next_due_at()
        at = self._up(due.replace(microsecond=0) + SECOND) if due else None
        if at is None or at > until:
            return False
        result = sweep(at=at)
        if result.set_aside or not result.total:
            raise Surprise(f"The sweep at {at} of what was due at {due} came to {result}.")
        self.done["sweep"] += 1
        self.done["swept"] += result.total
        self._look(at)
        return True

    def _up(self, at: datetime) -> datetime:
        """Give when the worker looks: at once, or when it is up again."""
        return next((ends for starts, ends in self.outages if starts <= at < ends), at)

    def _look(self, at: datetime) -> None:
        """Find the leads that were given to somebody since the last look."""
        for row in select(NEW_ASSIGNMENTS, [self._seen]):
            self._seen, lead_id, handoff_id, user_id, queue_id, stage, tier = row
            if self.on_given:
                self.on_given(Given(at, lead_id, handoff_id, user_id, queue_id, stage, tier or "standard"))


def outages(seed: int, starts_at: datetime, weeks: int) -> list[Span]:
    """Give when the worker is down: an hour or two on one working day of every fourth week."""
    found = []
    for block in range(weeks // 4):
        chance = dice(seed, "outage", block)
        day = starts_at + timedelta(days=block * 28 + chance.randrange(5, 26))
        starts = day.replace(hour=chance.randrange(8, 15), minute=0, second=0, microsecond=0)
        found.append((starts, starts + timedelta(minutes=chance.randrange(50, 140))))
    return found
