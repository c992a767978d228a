"""The queue of a rep: what is offered, what to follow up, what the team's queue holds, and five figures about it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.db.models import Q

from dashboards.asked import company_zone
from dashboards.families import PROMISE
from dashboards.figures import Figure, Spread, spread
from dashboards.periods import Period
from dashboards.report import value_of
from dashboards.scope import Filters, Scope
from desk.queries.lead_sets import feedback_owed_by, offered_to, transferred_to, working
from desk.queries.reasons import reasons
from leads.chips import Chip, chips_of_leads, next_due_first
from leads.holding import covered_by
from leads.lifecycle import SALES_STAGES
from leads.listing import LeadRow, load_by_ids, row_of
from leads.models import Handoff, Lead
from ledger.instants import company_day
from teams.defaults import OPEN_LEAD_CAPACITY
from teams.models import Availability, User

MOST_SHOWN = 100
FIGURES_DAYS = 30


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A lead in the queue: the row of a list, and why it is this person's."""

    row: LeadRow
    why: str

    @property
    def lead(self) -> Lead:
        return self.row.lead

    @property
    def chip(self) -> Chip | None:
        return self.row.chip


@dataclass(frozen=True, slots=True)
class Queue:
    """The sections, each by what is due next, and the entity tag of what they show.

    ``feedback`` are leads that are decided and that this person still owes a word about, ``transferred`` those in work that a colleague
    offers to them.
    """

    offered: list[QueueRow]
    transferred: list[QueueRow]
    working: list[QueueRow]
    claimable: list[QueueRow]
    feedback: list[QueueRow]
    etag: str
    show: str = ""

    @property
    def mine(self) -> list[QueueRow]:
        return [*self.offered, *self.working]

    def only(self, show: str, at: datetime) -> Queue:
        """Give the part of it that ``show`` (a key of ``SHOWN``) names: exactly the rows that its tile counts."""
        wanted = SHOWN[show]
        offered, working = ([row for row in rows if wanted(row, at)] for rows in (self.offered, self.working))
        kept = [row.lead.pk for row in (*offered, *working)]
        return replace(
            self,
            offered=offered,
            transferred=[],
            working=working,
            claimable=[],
            feedback=[],
            show=show,
            etag=_tag([show, self.etag, kept]),
        )


def _is_missed(row: QueueRow, _at: datetime) -> bool:
    return row.chip is not None and row.chip.is_missed


def _is_due_soon(row: QueueRow, at: datetime) -> bool:
    return row.chip is not None and not row.chip.is_missed and at <= row.chip.due_at < at + timedelta(hours=1)


SHOWN: dict[str, Callable[[QueueRow, datetime], bool]] = {
    "missed": _is_missed,
    "due": _is_due_soon,
    "open": lambda _row, _at: True,
}
"""What the queue can be narrowed to, by the tiles that count it."""


@dataclass(frozen=True, slots=True)
class Tiles:
    """The figures above the queue. ``kept`` and ``response`` are the dashboard's, of the last 30 days of the company."""

    missed: int
    due_soon: int
    open_count: int
    capacity: int
    kept: Figure
    response: Spread


def queue_of(user: User, at: datetime) -> Queue:
    """Load the queue of ``user`` as of ``at``: a bounded number of queries, whatever its length."""
    covered = covered_by(user, at)
    leads, owed, transferred = _leads(user, covered)
    chips = chips_of_leads([lead.pk for lead in leads], at)
    why = reasons([lead.pk for lead in leads], reader=user.pk) | _for_whom(leads, covered)
    rows = sorted(
        (QueueRow(row_of(lead, chips.get(lead.pk), at), why.get(lead.pk, "")) for lead in leads), key=_by_next_due
    )
    return Queue(
        offered=[row for row in rows if row.lead.stage == "mql" and row.lead.queue_id is None],
        transferred=[row for row in rows if row.lead.pk in transferred],
        working=[row for row in rows if row.lead.stage in SALES_STAGES and row.lead.owner_id == user.pk],
        claimable=[row for row in rows if row.lead.queue_id is not None],
        feedback=[row for row in rows if row.lead.pk in owed and row.lead.stage not in SALES_STAGES],
        etag=_etag(rows),
    )


def _leads(user: User, covered: Collection[int]) -> tuple[list[Lead], Collection[int], Collection[int]]:
    """Load what is offered to ``user`` or to whom they cover for, what they own in sales' stages, what waits in their teams' queues, and what
    they owe feedback about, whose ids come back too, as do those of what colleagues transfer to them."""
    mine = working([user.pk])
    offered = offered_to([user.pk, *covered]) & Q(stage="mql")
    waiting = Q(queue_id__in=user.team_ids)
    visible = next_due_first(Lead.objects.visible_to(user))
    found: dict[int, None] = {}
    for part in (offered, mine, waiting):
        found.update(dict.fromkeys(visible.filter(part).values_list("pk", flat=True)[:MOST_SHOWN]))
    owed = set(visible.filter(feedback_owed_by(user)).values_list("pk", flat=True)[:MOST_SHOWN])
    wanted = visible.filter(transferred_to([user.pk, *covered]))
    transferred = set(wanted.values_list("pk", flat=True)[:MOST_SHOWN])
    return load_by_ids([*found, *((owed | transferred) - found.keys())]), owed, transferred


def _for_whom(leads: Sequence[Lead], covered: Mapping[int, str]) -> dict[int, str]:
    """Say of each lead that is offered to somebody who is away for whom its reader stands in."""
    offers = Handoff.objects.filter(lead__in=leads, state=Handoff.States.OPEN, assignee__in=list(covered))
    found = offers.values_list("lead_id", "assignee_id") if covered else ()
    return {lead_id: f"you cover for {covered[rep_id]}" for lead_id, rep_id in found if rep_id is not None}


def _by_next_due(row: QueueRow) -> tuple[bool, float, int]:
    chip = row.chip
    return (chip is None, chip.due_at.timestamp() if chip else row.lead.last_touch_at.timestamp(), row.lead.pk)


def _etag(rows: Iterable[QueueRow]) -> str:
    """Give the tag of what is shown: everything a row says that can change, and nothing that changes by itself."""
    facts = [
        (
            row.lead.pk, row.lead.stage, row.lead.owner_id, row.lead.queue_id, row.lead.attempt_count, row.lead.tier,
            row.lead.fit, row.row.engagement, str(row.lead.last_touch_at), str(row.lead.conversed_at), row.why,
            (row.chip.clock.pk, row.chip.clock.state, str(row.chip.due_at)) if row.chip else None,
        )
        for row in rows
    ]  # fmt: skip
    return _tag(facts)


def _tag(facts: list[Any]) -> str:
    return f'"{sha256(repr(facts).encode()).hexdigest()[:32]}"'


def tiles_of(user: User, queue: Queue, at: datetime) -> Tiles:
    """Reckon the figures above the queue from its rows and from the clocks of the last 30 days (three queries)."""
    availability = Availability.objects.filter(user=user).first()
    recent = _recent(user, at)
    return Tiles(
        missed=sum(_is_missed(row, at) for row in queue.mine),
        due_soon=sum(_is_due_soon(row, at) for row in queue.mine),
        open_count=len(queue.mine),
        capacity=availability.open_lead_capacity if availability else OPEN_LEAD_CAPACITY,
        kept=value_of("promise.kept_rate", recent),
        response=_to_first_attempt(recent),
    )


def _recent(user: User, at: datetime) -> Scope:
    """Give what fell to ``user`` in the last 30 days of the company, today included."""
    tomorrow = company_day(at) + timedelta(days=1)
    period = Period(tomorrow - timedelta(days=FIGURES_DAYS), tomorrow, company_zone())
    return Scope(period, Filters(rep=user.pk))


def _to_first_attempt(recent: Scope) -> Spread:
    """Give the spread of business seconds from acceptance to first attempt, of those answered."""
    narrowed = recent.only(promise="first_attempt")
    taken = PROMISE.rows(narrowed, "answered").values_list("answered_seconds", flat=True)
    return spread("promise.response", narrowed, list(taken.order_by("answered_seconds")))
