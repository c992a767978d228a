"""Move a lead on from a rep who missed a promise: to somebody else, into the queue, or into their hands whether they answered or not.

Unlike the rest of the sweep this locks leads, so it starts there and keeps the order of all verbs: leads, handoffs, clocks. It never
waits for a lead: where somebody is working on it just now, or has been since this sweep began, the next one will see. Who had a lead and missed the promise does not get it
again, so that it wanders through the team once at most and then stands in the team's queue.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from leads import clocks
from leads.assigning import Placement, offer, place
from leads.clock_acts import COLUMNS, OUTAGE, TAKEN, TO_PERSON, TO_QUEUE, ClockRow, Managers, act, name_subjects
from leads.clock_plans import AUTO_ACCEPT, MOVING, REASSIGN, RETURN_TO_QUEUE, entries_before, place_of
from leads.handoffs import take_over
from leads.holding import Held, offers_of, undone_since, with_handoffs
from leads.lifecycle import Stage
from leads.models import Assignment, Clock, Handoff, Lead, Transfer
from leads.owed import OF_HOLDER
from leads.questions import end_offers
from leads.record import Record
from leads.routing.people import who_is_there
from leads.transfers import LAPSED, Taken, end_transfers, is_transfer, open_on, take
from ledger.rows import update_rows
from ledger.selecting import ids

STOPPED_COLUMNS = ("state", "missed_at", "detected_at", "plan_position", "next_action_at")
ESCALATED = "escalated"
UNANSWERED = "nobody_answered"

States = Clock.States


@dataclass(frozen=True, slots=True)
class Moved:
    """How many escalation steps were recorded, and how many leads went to somebody else, into a queue, or to who did not answer."""

    escalated: int = 0
    moved: int = 0


@dataclass(frozen=True, slots=True)
class Locked:
    """What one call works on, all of it locked."""

    clocks: Sequence[ClockRow]
    held: Mapping[int, Held]
    transfers: Mapping[int, Transfer]


@transaction.atomic
def move_on(clock_ids: Sequence[int], *, at: datetime) -> Moved:
    """Move the leads of these missed clocks on where that is due, in one transaction with a bounded number of statements.

    Where it no longer makes sense (decided meanwhile, or another has it) the step is recorded as not applicable.
    """
    locked = _lock(clock_ids, at)
    if not locked.clocks:
        return Moved()
    record = Record(verb="reassign", actor_id=None, at=at)
    managers = Managers.load(locked.clocks)
    before = {clock.id: (clock.state, clock.plan_position) for clock in locked.clocks}
    moving: dict[int, tuple[ClockRow, str]] = {}
    for clock in sorted(
        locked.clocks, key=lambda clock: is_transfer(clock.promise, clock.lead_id)
    ):  # the lead itself first
        action = _step(record, clock, locked, managers, moving)
        if action:
            moving[clock.about_id] = (clock, action)
    rows = [
        (clock.id, clock.state, clock.due_at, clock.detected_at or at, clock.plan_position, clock.next_action_at,
         *before[clock.id])
        for clock in locked.clocks
    ]  # fmt: skip
    won = {row[0] for row in update_rows(Clock, STOPPED_COLUMNS, rows, expected=("state", "plan_position"))}
    if not won:
        return Moved()
    if len(won) < len(rows):  # somebody was first: what they did stands, and is told by them
        record.keep_clocks(won)
        moving = {lead_id: pair for lead_id, pair in moving.items() if pair[0].id in won}
    steps = sum(step[1] == "escalated" for step in record.steps)
    _carry_out(record, moving, locked, at)
    record.write("clock", sorted(won | _ran_out(record)), reassigned=len(moving))
    return Moved(steps, len(moving))


def _ran_out(record: Record) -> set[int]:
    """Give the clocks whose steps came due here, also those that were cancelled with the lead and found to be overdue."""
    return {clock_id for clock_id, kind, *_ in record.steps if kind in ("warned", "missed", "escalated")}


def _lock(clock_ids: Sequence[int], at: datetime) -> Locked:
    """Lock leads that are free, then their handoffs and transfers, then the clocks that still have something due."""
    about = Clock.objects.filter(pk__in=clock_ids).values_list("lead_id", "handoff__lead_id")
    wanted = ids(lead_id for pair in about for lead_id in pair)
    free = Lead.objects.filter(pk__in=wanted).order_by("id").select_for_update(skip_locked=True, no_key=True)
    held = {item.lead.pk: item for item in undone_since(with_handoffs(list(free)), at)}
    transfers = open_on(held)
    subject = Q(lead_id__in=held) | Q(handoff__lead_id__in=held)
    rows = Clock.objects.filter(subject, pk__in=clock_ids, next_action_at__lt=at).order_by("id")
    found = rows.select_for_update(no_key=True, of=("self",)).values_list(*COLUMNS)
    clocks_there = [ClockRow(*row) for row in found]
    name_subjects(clocks_there)
    return Locked(clocks_there, held, transfers)


def _step(
    record: Record, clock: ClockRow, locked: Locked, managers: Managers, moving: Mapping[int, object]
) -> str | None:
    """Take the due steps of one clock; gives how its lead moves on where it does, and the clock stops for good then."""
    entries = entries_before(clock.plan, clock.plan_position, record.at)
    where = place_of(entries, MOVING)
    if where is None or clock.about_id in moving or not _still_has_it(clock, locked):
        act(record, clock, entries, managers)
        return None
    act(record, clock, entries[:where], managers)
    entry = entries[where]
    record.is_late |= record.at - entry.at > OUTAGE  # whoever gets the lead then gets many
    record.step(
        clock.id, "escalated", ordinal=entry.ordinal, percent=entry.percent, code=entry.action, occurred_at=entry.at
    )  # fmt: skip
    clock.plan_position = entry.ordinal + 1
    clock.next_action_at = None
    return entry.action


def _still_has_it(clock: ClockRow, locked: Locked) -> bool:
    """Tell whether the rep who missed the promise is still the one who would have to keep it."""
    if clock.answered_at is not None or clock.user_id is None:
        return False
    item = locked.held[clock.about_id]
    if is_transfer(clock.promise, clock.lead_id):
        offered = locked.transfers.get(clock.about_id)
        return offered is not None and offered.receiver_id == clock.user_id
    if clock.handoff_id is not None:
        handoff = item.handoff
        return (
            handoff is not None and handoff.pk == clock.handoff_id and handoff.state == Handoff.States.OPEN
            and handoff.assignee_id == clock.user_id
        )  # fmt: skip
    return item.lead.stage == Stage.SAL and item.lead.owner_id == clock.user_id


# Where they go --------------------------------------------------------------------------------------------------------


def _carry_out(record: Record, moving: Mapping[int, tuple[ClockRow, str]], locked: Locked, at: datetime) -> None:
    """Let the leads go where the plans say, each by its own way; what a colleague offered in vain stays with the colleague.

    Nobody gets a lead while away: it is accepted for who covers for them, else it goes to the queue, or stays with the colleague.
    """
    there = who_is_there((clock.user_id for clock, action in moving.values() if action == AUTO_ACCEPT), at)
    offered = [pair for pair in moving.values() if is_transfer(pair[0].promise, pair[0].lead_id)]
    _end_offered(record, offered, locked, there, at)
    ways: dict[str, list[Held]] = {REASSIGN: [], RETURN_TO_QUEUE: [], AUTO_ACCEPT: []}
    for lead_id, (clock, action) in moving.items():
        if not is_transfer(clock.promise, clock.lead_id):
            is_for_nobody = action == AUTO_ACCEPT and there[clock.user_id or 0] is None
            ways[RETURN_TO_QUEUE if is_for_nobody else action].append(locked.held[lead_id])
    missed = {lead_id: clock for lead_id, (clock, _) in moving.items()}
    leaving = [*ways[REASSIGN], *ways[RETURN_TO_QUEUE]]
    if leaving:
        clocks.cancel(
            record, handoff_ids=[item.handoff.pk for item in leaving if item.handoff],
            lead_ids=[item.lead.pk for item in leaving], promises=OF_HOLDER, code=ESCALATED, at=at,
        )  # fmt: skip
        end_offers(record, leaving, code=ESCALATED, at=at)
        end_transfers(record, leaving, code=ESCALATED, at=at)
    if ways[REASSIGN]:
        excluded = _who_missed([missed[item.lead.pk] for item in ways[REASSIGN]])
        offers = offers_of(ways[REASSIGN], at=at, excluded=excluded)
        _tell_taken(record, offer(record, offers, at=at, cause=Assignment.Causes.ESCALATED), missed)
    if ways[RETURN_TO_QUEUE]:
        _tell_taken(record, _into_queue(record, ways[RETURN_TO_QUEUE], missed, at), missed)
    if ways[AUTO_ACCEPT]:
        owners = {item.lead.pk: there[missed[item.lead.pk].user_id or 0] for item in ways[AUTO_ACCEPT]}
        take_over(record, ways[AUTO_ACCEPT], owners, at, state=Handoff.States.AUTO_ACCEPTED)
        for lead_id, owner_id in owners.items():
            if owner_id != missed[lead_id].user_id:
                _tell_lost(record, lead_id, missed[lead_id], TO_PERSON)


def _tell_taken(record: Record, placements: Sequence[Placement], missed: Mapping[int, ClockRow]) -> None:
    """Tell those who had the leads where they went."""
    for placed in placements:
        to = TO_QUEUE if placed.user_id is None else TO_PERSON
        _tell_lost(record, placed.offer.lead_id, missed[placed.offer.lead_id], to)


def _tell_lost(record: Record, lead_id: int, clock: ClockRow, to: str) -> None:
    record.tell(clock.user_id, TAKEN, "lead", lead_id, clock=clock.id, promise=clock.promise, to=to)


def _end_offered(
    record: Record,
    offered: Sequence[tuple[ClockRow, str]],
    locked: Locked,
    there: Mapping[int, int | None],
    at: datetime,
) -> None:
    """End offers of a colleague that nobody answered: as the version says, it goes to who was silent, or stays with the colleague."""
    taken, lapsed = [], []
    for clock, action in offered:
        transfer = locked.transfers[clock.about_id]
        taker_id = there[clock.user_id or 0] if action == AUTO_ACCEPT else None
        if taker_id in (None, transfer.giver_id):
            lapsed.append(clock)
        else:
            taken.append(Taken(locked.held[clock.about_id], transfer, taker_id))
    if taken:
        take(taken, record, at, state=Transfer.States.AUTO_ACCEPTED)
    end_transfers(record, [locked.held[clock.about_id] for clock in lapsed], code=LAPSED, at=at)
    for clock in lapsed:
        facts = {"clock": clock.id, "promise": clock.promise, "transfer": locked.transfers[clock.about_id].pk}
        record.tell(clock.user_id, TAKEN, "lead", clock.about_id, **facts)


def _into_queue(record: Record, held: Sequence[Held], missed: Mapping[int, ClockRow], at: datetime) -> list[Placement]:
    placements = [
        Placement(
            wanted, None, clock.team_id, {"chosen": {"why": UNANSWERED, "user": clock.user_id, "queue": clock.team_id}}
        )
        for wanted in offers_of(held, at=at)
        if (clock := missed[wanted.lead_id])
    ]
    place(record, placements, at=at, cause=Assignment.Causes.ESCALATED)
    return placements


def _who_missed(taken: Sequence[ClockRow]) -> dict[int, frozenset[int]]:
    """Give, by lead, who missed the promise on the same subject already: one query."""
    subjects = Q(handoff_id__in=[clock.handoff_id for clock in taken if clock.handoff_id])
    subjects |= Q(lead_id__in=[clock.lead_id for clock in taken if clock.lead_id])
    missed = Clock.objects.filter(subjects, state=States.MISSED, user__isnull=False)
    about = {(clock.promise, clock.handoff_id, clock.lead_id): clock.about_id for clock in taken}
    found: dict[int, frozenset[int]] = {}
    for *key, user_id in missed.values_list("promise", "handoff_id", "lead_id", "user_id"):
        lead_id = about.get(tuple(key))  # type: ignore[arg-type]
        if lead_id is not None:
            found[lead_id] = found.get(lead_id, frozenset()) | {user_id}
    return found
