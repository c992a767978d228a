"""The queue of a rep: what is offered, what to follow up, what the team's queue holds, and five figures about it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from django.db.models import Q

from desk.queries.reasons import reasons
from leads.chips import Chip, chips_of_leads
from leads.holding import covered_by
from leads.lifecycle import SALES_STAGES
from leads.listing import LeadRow, load_by_ids, row_of
from leads.models import Clock, Handoff, Lead
from sla.business_time import between
from sla.hours import calendars
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
    """The three sections, each by what is due next, and the entity tag of what they show."""

    offered: list[QueueRow]
    working: list[QueueRow]
    claimable: list[QueueRow]
    etag: str

    @property
    def mine(self) -> list[QueueRow]:
        return [*self.offered, *self.working]


@dataclass(frozen=True, slots=True)
class Tiles:
    """The figures above the queue; ``None`` where there is nothing to reckon from."""

    missed: int
    due_soon: int
    open_count: int
    capacity: int
    kept: int
    judged: int
    median_seconds: int | None

    @property
    def kept_percent(self) -> int | None:
        return round(100 * self.kept / self.judged) if self.judged else None


def queue_of(user: User, at: datetime) -> Queue:
    """Load the queue of ``user`` as of ``at``: a bounded number of queries, whatever its length."""
    covered = covered_by(user, at)
    leads = _leads(user, covered)
    chips = chips_of_leads([lead.pk for lead in leads], at)
    why = reasons([lead.pk for lead in leads]) | _for_whom(leads, covered)
    rows = sorted(
        (QueueRow(row_of(lead, chips.get(lead.pk), at), why.get(lead.pk, "")) for lead in leads), key=_by_next_due
    )
    return Queue(
        offered=[row for row in rows if row.lead.stage == "mql" and row.lead.queue_id is None],
        working=[row for row in rows if row.lead.stage != "mql" and row.lead.owner_id == user.pk],
        claimable=[row for row in rows if row.lead.queue_id is not None],
        etag=_etag(rows),
    )


def _leads(user: User, covered: Collection[int]) -> list[Lead]:
    """Load what is offered to ``user`` or to whom they cover for, what they own in sales' stages, and what waits in their teams' queues."""
    mine = Q(owner=user, stage__in=sorted(SALES_STAGES))
    offered = Q(handoffs__state=Handoff.States.OPEN, handoffs__assignee__in=[user.pk, *covered], stage="mql")
    waiting = Q(queue_id__in=user.team_ids)
    visible = Lead.objects.visible_to(user).order_by("last_touch_at", "id")
    found: dict[int, None] = {}
    for part in (offered, mine, waiting):
        found.update(dict.fromkeys(visible.filter(part).values_list("pk", flat=True)[:MOST_SHOWN]))
    return load_by_ids(found)


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
            row.lead.fit, row.row.engagement, str(row.lead.last_touch_at), row.why,
            (row.chip.clock.pk, row.chip.clock.state, str(row.chip.due_at)) if row.chip else None,
        )
        for row in rows
    ]  # fmt: skip
    return f'"{sha256(repr(facts).encode()).hexdigest()[:32]}"'


def tiles_of(user: User, queue: Queue, at: datetime) -> Tiles:
    """Reckon the figures above the queue from its rows and from the clocks of the last 30 days (three queries)."""
    chips = [row.chip for row in queue.mine if row.chip]
    availability = Availability.objects.filter(user=user).first()
    clocks = list(
        Clock.objects.filter(
            user=user, due_at__gte=at - timedelta(days=FIGURES_DAYS), due_at__lt=at,
            state__in=[Clock.States.MET, Clock.States.MISSED],
        ).only("promise", "state", "started_at", "answered_at", "calendar_version_id")
    )  # fmt: skip
    return Tiles(
        missed=sum(chip.is_missed for chip in chips),
        due_soon=sum(at <= chip.due_at < at + timedelta(hours=1) and not chip.is_missed for chip in chips),
        open_count=len(queue.mine),
        capacity=availability.open_lead_capacity if availability else OPEN_LEAD_CAPACITY,
        kept=sum(clock.state == Clock.States.MET for clock in clocks),
        judged=len(clocks),
        median_seconds=_median_to_first_attempt(clocks),
    )


def _median_to_first_attempt(clocks: Sequence[Clock]) -> int | None:
    """Give the median of business seconds from acceptance to first attempt (nearest rank), of those answered."""
    answered = [clock for clock in clocks if clock.promise == "first_attempt" and clock.answered_at]
    hours = calendars(clock.calendar_version_id for clock in answered) if answered else {}
    taken = sorted(
        between(clock.started_at, clock.answered_at, hours[clock.calendar_version_id])
        for clock in answered
        if clock.answered_at
    )
    return taken[(len(taken) - 1) // 2] if taken else None
