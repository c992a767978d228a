"""The company whose clocks are swept: people, leads, handoffs, and on these the sets of clocks, each due at one instant.

A set has one clock on each handoff; its promise is its name, so that a handoff can bear one of each set. Where a clock stands in its plan
says what it will do when it is due: see ``KINDS``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from leads.models import Contact, Handoff, Lead
from ledger.rows import insert_rows
from sla.models import CalendarVersion
from tests.cast import SIGNED_AT, office, person, sign

FIRST_DUE = datetime(2026, 3, 2, 10, 15, tzinfo=UTC)
APART = timedelta(seconds=10)
"""Between the due times of one set and the next."""
FAR = timedelta(days=30)
REPS = 100
BUDGET = 8 * 3600
"""Seconds: so long that what a clock does after it was swept comes later than all that is measured."""
WARN, MISS, TO_MANAGERS, MOVE, TO_BOTH = 0, 1, 3, 4, 5
"""Positions in the plan. The miss and what the rep is told of it come together."""
MIXED = "all kinds mixed"
KINDS = {
    "warnings": (WARN,),
    "misses": (MISS,),
    "escalation steps": (TO_MANAGERS, TO_BOTH),
    MIXED: (WARN, MISS, TO_MANAGERS, TO_BOTH),
}
"""What the clocks of a set do, by turns."""


@dataclass(frozen=True, slots=True)
class World:
    """Who and what the clocks refer to."""

    version_id: int
    calendar_id: int
    reps: Sequence[int]
    sales_id: int


def build() -> World:
    """Write the people and terms: a hundred reps under two managers, and a marketing manager."""
    marketing, sales = office("Marketing", "marketing"), office("Sales", "sales")
    agreement = sign(person("Mona", marketing, is_manager=True), person("Sue", sales, is_manager=True))
    person("Sven", sales, is_manager=True)
    reps = [person(f"Rep{number}", sales).pk for number in range(REPS)]
    return World(agreement.version_id, CalendarVersion.objects.latest("id").pk, reps, sales.pk)


def add_handoffs(world: World, first: int, count: int) -> None:
    """Write MQLs that are offered to the reps by turns; contact, lead and handoff have one id, ``first`` and on."""
    numbers = range(first, first + count)
    with transaction.atomic(), without_looking_up():
        names = _columns(Contact)
        blank = dict.fromkeys(names, "") | dict.fromkeys(("company_id", "email_key", "phone_key"))
        contacts = (
            {**blank, "id": n, "external_id": f"bench-{n}", "created_at": SIGNED_AT, "name": f"Contact {n}"}
            for n in numbers
        )
        insert_rows(Contact, names, [tuple(row[name] for name in names) for row in contacts])
        _load(Lead, [
            Lead(id=n, contact_id=n, stage="mql", tier="hot", captured_at=SIGNED_AT, mql_at=SIGNED_AT,
                 last_touch_at=SIGNED_AT, handoff_count=1)
            for n in numbers
        ])  # fmt: skip
        _load(Handoff, [
            Handoff(id=n, lead_id=n, ordinal=1, version_id=world.version_id, tier="hot", offered_at=SIGNED_AT,
                    assignee_id=world.reps[n % REPS], assigned_at=SIGNED_AT)
            for n in numbers
        ])  # fmt: skip


@dataclass(frozen=True, slots=True)
class Set:
    """Clocks that are due at one instant: the promise they bear, and at which positions of the plan they stand, by turns."""

    promise: str
    due_at: datetime
    positions: Sequence[int]

    @property
    def swept_at(self) -> datetime:
        return self.due_at + APART / 2


def add_clocks(world: World, one: Set, *, first: int, count: int, move: str = "reassign") -> None:
    """Write the clocks of a set on ``count`` handoffs from ``first`` on; ``move`` is what their plan does with a lead at 150 %."""
    with transaction.atomic(), without_looking_up(), connection.cursor() as cursor:
        for turn, position in enumerate(one.positions):
            started_at = one.due_at - timedelta(seconds=BUDGET * _actions(move)[position][0] // 100)
            values = [
                one.promise, world.sales_id, world.calendar_id, *_stands_at(position, started_at, move),
                BUDGET, instant(one.due_at), first, first + count - 1, len(one.positions), turn,
            ]  # fmt: skip
            cursor.execute(FILL, values)


FILL = """
INSERT INTO leads_clock (promise, side, tier, handoff_id, user_id, team_id, version_id, calendar_version_id, state, arrived_at, started_at,
    due_at, missed_at, detected_at, plan, plan_position, budget_seconds, grace_seconds, next_action_at)
SELECT %s, 'sales', 'hot', id, assignee_id, %s, version_id, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 0, %s
FROM leads_handoff WHERE id BETWEEN %s AND %s AND id %% %s = %s ORDER BY id
"""


def _actions(move: str) -> list[tuple[int, str]]:
    return [
        (66, "warn"), (100, "miss"), (100, "notify_rep"), (125, "notify_manager"), (150, move), (200, "notify_both_managers"),
    ]  # fmt: skip


def _stands_at(position: int, started_at: datetime, move: str) -> list[Any]:
    """Give state, beginning, due time, miss and plan of a clock that has come to ``position``."""
    due_at = started_at + timedelta(seconds=BUDGET)
    plan = [
        [percent, action, int(started_at.timestamp()) + BUDGET * percent // 100] for percent, action in _actions(move)
    ]
    is_missed = position > MISS
    missed_at = instant(due_at) if is_missed else None
    return [
        "missed" if is_missed else "running", instant(started_at), instant(started_at), instant(due_at), missed_at, missed_at,
        json.dumps(plan), position,
    ]  # fmt: skip


class Filling:
    """Fills the database with clocks, a set on the same handoffs after the other.

    For each of the ``levels`` that it is filled up to there are ``rounds`` sets of ``few`` clocks, and for each kind of work as many of
    ``due`` clocks; all further sets are due far later. The sets come due in the order in which they are measured.
    """

    def __init__(self, world: World, *, due: int, few: int, rounds: int, levels: int = 3) -> None:
        self.world, self.due, self.few, self.rounds = world, due, few, rounds
        self.first = Handoff.objects.count() + 1
        add_handoffs(world, self.first, max(due, few))
        after = levels * rounds
        self.many = [
            Set(f"many_{number}", FIRST_DUE + (after + number) * APART, positions)
            for number, positions in enumerate(KINDS[kind] for kind in KINDS for _ in range(rounds))
        ]
        self.of_level: dict[int, list[Set]] = {}
        self.filled = 0

    def fill_up_to(self, count: int) -> None:
        """Write sets until so many clocks are there; those of which few are due come first."""
        before = len(self.of_level) * self.rounds
        self.of_level[count] = [
            Set(f"few_{before + number}", FIRST_DUE + (before + number) * APART, KINDS[MIXED])
            for number in range(self.rounds)
        ]
        for one in self.of_level[count]:
            add_clocks(self.world, one, first=self.first, count=self.few)
        self._fill(count - (before + self.rounds) * self.few - self.filled)

    def finish(self) -> None:
        """Write what is still missing of the sets of which many are due at once."""
        self._fill(len(self.many) * self.due - self.filled)

    def few_due(self, level: int) -> list[Set]:
        return self.of_level[level]

    def many_due(self, kind: str) -> list[Set]:
        begin = list(KINDS).index(kind) * self.rounds
        return self.many[begin : begin + self.rounds]

    def _fill(self, count: int) -> None:
        until = self.filled + max(0, count)
        while self.filled < until:
            number, begin = divmod(self.filled, self.due)
            one = self.many[number] if number < len(self.many) else Set(f"far_{number}", FIRST_DUE + FAR, (MISS,))
            part = min(self.due - begin, until - self.filled)
            add_clocks(self.world, one, first=self.first + begin, count=part)
            self.filled += part


@contextmanager
def without_looking_up() -> Iterator[None]:
    """Load without looking up each foreign key where the engine can, inside of a transaction."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield
        cursor.execute("SET LOCAL session_replication_role = origin")


def _load(model: Any, objects: Sequence[Any]) -> None:
    names = _columns(model)
    insert_rows(model, names, [tuple(getattr(row, name) for name in names) for row in objects])


def _columns(model: Any) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields if not field.has_db_default()]


def instant(at: datetime) -> Any:
    """Give ``at`` as the engine writes it."""
    return connection.ops.adapt_datetimefield_value(at)


def vacuum() -> None:
    """Let the next round find the tables in order, as autovacuum would leave them."""
    with connection.cursor() as cursor:
        for table in ("leads_clock", "leads_clockstep", "ledger_notice", "leads_handoff", "leads_lead"):
            cursor.execute(f"VACUUM ANALYZE {table}" if connection.vendor == "postgresql" else f"ANALYZE {table}")
