"""Put leads to people or into queues: decide, write it down, tell them, start their clocks. Set-based.

While an MQL is offered its rep is ``Handoff.assignee``; ``Lead.owner`` stays empty until the rep accepts. A lead that nobody can take stands in
``Lead.queue``, and its handoff has no assignee. A lead that is worked already (SAL or later) gets its new rep as ``Lead.owner`` at once.
Callers hold the locks of the leads and their handoffs and write the record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from inputs.refusals import Conflict
from leads.clock_plans import WHOLE
from leads.clocks import ClockStart, start
from leads.lifecycle import SALES_STAGES, Stage
from leads.models import Assignment, Handoff, Lead, Opportunity
from leads.owed import Owed, Owner, in_work
from leads.record import Record
from leads.routing.board import Board
from leads.routing.choice import Facts, Person
from leads.routing.people import load_people
from ledger.rows import insert_rows, update_rows
from ledger.selecting import ids, select
from sla.hours import Hours
from sla.terms import Terms
from teams.models import User

ASSIGNMENT_COLUMNS = (
    "lead_id", "handoff_id", "user_id", "queue_id", "cause", "actor_id", "routing_version_id", "trace", "assigned_at",
)  # fmt: skip

TEAM_MANAGERS = """
SELECT m.team_id, m.user_id FROM teams_membership m JOIN teams_user u ON u.id = m.user_id
WHERE m.team_id = ANY(%s) AND m.is_manager AND u.is_active ORDER BY m.user_id"""


class HasLeft(Conflict):
    """Whom a lead was to be given to has left, or left sales, in this very moment."""

    code = "has_left"


class IsAway(Conflict):
    """Whom a lead was to be given to is away, or will be when their hours begin; the message says who covers for them."""

    code = "is_away"


@dataclass(frozen=True, slots=True)
class Offer:
    """A lead to be put to somebody, under the agreement version that its handoff is pinned to.

    ``arrived_at`` is when it began to wait: what passes until somebody has it is system delay. ``excluded`` may not get it again.
    ``share_percent`` is how much of its time a queue has for it.
    """

    lead_id: int
    handoff_id: int | None
    tier: str
    facts: Facts
    version_id: int
    terms: Terms
    arrived_at: datetime
    stage: str = Stage.MQL
    excluded: frozenset[int] = frozenset()
    has_conversed: bool = False
    share_percent: int = WHOLE

    @property
    def in_work(self) -> bool:
        return self.stage in SALES_STAGES


@dataclass(frozen=True, slots=True)
class Placement:
    """Where an offer went: to a person or into a team's queue, and why."""

    offer: Offer
    user_id: int | None
    queue_id: int | None
    trace: Mapping[str, Any]
    routing_version_id: int | None = None


@dataclass(frozen=True, slots=True)
class Places:
    """What is known of the people and teams of some placements: hours, the sales team of each person, who has none any more, who is away."""

    hours: Hours
    team_of: Mapping[int, int | None]
    gone: frozenset[int] = frozenset()
    away: Mapping[int, Person] = field(default_factory=dict)

    @classmethod
    def of_board(cls, board: Board) -> Places:
        return cls(board.hours, {user_id: person.team_id for user_id, person in board.state.people.items()})

    @classmethod
    def load(cls, user_ids: Iterable[int], team_ids: Iterable[int], at: datetime) -> Places:
        people, hours = load_people(user_ids, team_ids, at)
        team_of = {user_id: person.team_id for user_id, person in people.items()}
        gone = frozenset(user_id for user_id, person in people.items() if not person.is_active)
        return cls(hours, team_of, gone, {user_id: person for user_id, person in people.items() if person.is_away})

    def require_here(self, user_ids: Iterable[int | None], *, actor_id: int | None) -> None:
        """Refuse to give a lead to somebody who is away; raises ``IsAway``. All of these people were loaded, and are locked."""
        user_id = next((one for one in ids(user_ids) if one in self.away), None)
        if user_id is not None:
            raise _is_away(self.away[user_id], is_own=user_id == actor_id)


def offer(record: Record, offers: Sequence[Offer], *, at: datetime, cause: str) -> list[Placement]:
    """Route ``offers`` by the rules in force and carry it out; raises ``NoRouting`` and ``NoCalendar``.

    A live *accept*, *assign* or *first attempt* clock of a lead that moves must have been ended by the caller.
    """
    if not offers:
        return []
    board = Board.load(offers, at=at)
    placements = choose(board, offers)
    _carry_out(record, placements, Places.of_board(board), at=at, cause=cause)
    return placements


def place(record: Record, placements: Sequence[Placement], *, at: datetime, cause: str) -> None:
    """Carry out what a person decided: the same as ``offer``, without the rules. Raises ``NoCalendar``, ``HasLeft``, ``IsAway``."""
    people = ids(placed.user_id for placed in placements)
    places = Places.load(people, ids(placed.queue_id for placed in placements), at)
    if not places.gone.isdisjoint(people):
        raise HasLeft("They are not in sales any more. Choose somebody else.", field="user_id")
    places.require_here(people, actor_id=record.actor_id)
    _carry_out(record, placements, places, at=at, cause=cause)


def _is_away(person: Person, *, is_own: bool) -> IsAway:
    """Make the refusal that says how long nothing goes to somebody, and who covers for them."""
    details = {"user": person.user_id, "cover": person.cover_id}
    if is_own:
        said = "You are noted as away" if person.is_absent else "You are noted as away when your hours begin"
        return IsAway(f"{said}. End your absence first.", field="user_id", details=details)
    names = dict(User.objects.filter(pk__in=ids([person.user_id, person.cover_id])).values_list("id", "name"))
    said = "is away" if person.is_absent else "will be away when their hours begin"
    cover = names.get(person.cover_id or 0)
    instead = f"{cover} covers for them." if cover else "Choose somebody who is there."
    return IsAway(f"{names[person.user_id]} {said}. {instead}", field="user_id", details=details)


def choose(board: Board, offers: Sequence[Offer]) -> list[Placement]:
    """Decide by the rules where each offer goes, in their order, and store the turns taken."""
    placements = []
    for wanted in offers:
        choice = board.decide(wanted)
        placements.append(Placement(wanted, choice.user_id, choice.team_id, choice.trace, board.version_id))
    board.save_turns()
    return placements


def _carry_out(record: Record, placements: Sequence[Placement], places: Places, *, at: datetime, cause: str) -> None:
    """Set assignee, owner and queue on the handoffs and leads, the owner of open opportunities, and announce it.

    A handoff that is decided keeps whom it was decided by: a lead that moves later changes hands by its owner, and no figure of then.
    """
    handoffs = [
        (placed.offer.handoff_id, placed.user_id, at if placed.user_id else None, Handoff.States.OPEN)
        for placed in placements
        if placed.offer.handoff_id is not None
    ]
    update_rows(Handoff, ("assignee_id", "assigned_at"), handoffs, expected=("state",))
    leads = [
        (placed.offer.lead_id, placed.user_id if placed.offer.in_work else None, placed.queue_id)
        for placed in placements
    ]
    update_rows(Lead, ("owner_id", "queue_id"), leads)
    owners = {placed.offer.lead_id: placed.user_id for placed in placements if placed.offer.stage == Stage.OPPORTUNITY}
    if owners:
        deals = Opportunity.objects.filter(lead__in=owners, closed_at__isnull=True).values_list("id", "lead_id")
        update_rows(Opportunity, ("owner_id",), [(deal_id, owners[lead_id]) for deal_id, lead_id in deals])
    announce(record, placements, places, at=at, cause=cause)


def announce(
    record: Record,
    placements: Sequence[Placement],
    places: Places,
    *,
    at: datetime,
    cause: str,
    clock_ids: Sequence[int] = (),
) -> None:
    """Write the assignments, their events and notices, and start the clock of whoever has to act now.

    ``clock_ids`` are ids for the clocks, where the caller has reserved as many as there are placements.
    """
    rows = [_assignment(placed, cause, record.actor_id, at) for placed in placements]
    insert_rows(Assignment, ASSIGNMENT_COLUMNS, rows)
    managers = managers_of(placed.queue_id for placed in placements)
    for placed in placements:
        _tell(record, placed, cause, managers)
    start(record, [wanted for placed in placements for wanted in _clocks(placed, places, at)], at, clock_ids=clock_ids)


def managers_of(team_ids: Iterable[int | None]) -> dict[int, list[int]]:
    """Give the active managers of each team."""
    found: dict[int, list[int]] = {}
    wanted = ids(team_ids)
    for team_id, user_id in select(TEAM_MANAGERS, [wanted]) if wanted else ():
        found.setdefault(team_id, []).append(user_id)
    return found


def _assignment(placed: Placement, cause: str, actor_id: int | None, at: datetime) -> tuple[Any, ...]:
    wanted = placed.offer
    return (
        wanted.lead_id, wanted.handoff_id, placed.user_id, placed.queue_id, cause, actor_id, placed.routing_version_id,
        placed.trace, at,
    )  # fmt: skip


def _tell(record: Record, placed: Placement, cause: str, managers: Mapping[int, Sequence[int]]) -> None:
    wanted = placed.offer
    facts = {"handoff": wanted.handoff_id, "tier": wanted.tier}
    common: dict[str, Any] = {"handoff_id": wanted.handoff_id, "version_id": wanted.version_id, "code": cause}
    if placed.user_id is not None:
        record.event(wanted.lead_id, "assigned", user_id=placed.user_id, **common)
        code = "lead_assigned" if wanted.in_work else "lead_offered"
        record.tell(placed.user_id, code, "lead", wanted.lead_id, **facts)
        return
    record.event(wanted.lead_id, "queued", facts={"team": placed.queue_id}, **common)
    for manager in managers.get(placed.queue_id or 0, ()):
        record.tell(manager, "lead_queued", "lead", wanted.lead_id, **facts, team=placed.queue_id)


def _clocks(placed: Placement, places: Places, at: datetime) -> list[ClockStart]:
    """Say which promises begin: *assign* in a queue, *accept* on an offer, those of work on a SAL that changes hands."""
    wanted = placed.offer
    if placed.user_id is None:
        team_id = placed.queue_id
        owner = Owner(None, team_id, *places.hours.of_team(team_id or 0))
        return [_on_offer("assign", wanted, owner, share_percent=wanted.share_percent)]
    owner = Owner(placed.user_id, places.team_of.get(placed.user_id), *places.hours.of_person(placed.user_id))
    if wanted.stage == Stage.MQL:
        return [_on_offer("accept", wanted, owner)]
    if wanted.stage != Stage.SAL:
        return []
    owed = Owed(wanted.lead_id, wanted.tier, wanted.version_id, wanted.terms)
    return in_work(owed, owner, has_conversed=wanted.has_conversed, at=at)


def _on_offer(promise: str, wanted: Offer, owner: Owner, *, share_percent: int = WHOLE) -> ClockStart:
    return ClockStart(
        promise, wanted.tier, wanted.version_id, wanted.terms, owner.calendar_version_id, owner.calendar,
        wanted.arrived_at, handoff_id=wanted.handoff_id, lead_id=None if wanted.handoff_id else wanted.lead_id,
        user_id=owner.user_id, team_id=owner.team_id, share_percent=share_percent,
    )  # fmt: skip
