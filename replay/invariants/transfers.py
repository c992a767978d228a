"""Offers of a lead in work to a colleague: their rows are what the log says, each ended once, and none outlived the lead's owner or stage.

What cannot be told from events: whatever people wrote. That each had its clock is looked at with those of all who have a lead (``stories``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from leads.models import Transfer
from replay.invariants.facts import EventRow, Facts
from teams.models import Absence

KINDS = ("transfer_offered", "transferred", "transfer_ended")
ENDED_BY = {
    "away": {"queued"}, "disqualified": {"disqualified"}, "escalated": {"assigned", "queued"}, "left": {"assigned", "queued"},
    "opportunity_opened": {"opportunity_opened"}, "qualified_for_sales": {"qualified_for_sales"}, "reassigned": {"assigned"},
    "recycled": {"recycled"}, "rerouted": {"rerouted"}, "returned": {"rejected"},
}  # fmt: skip
"""Which event stands beside an offer that ended by itself, by its code."""
OF_RECEIVER = ("away", "left")
"""What may also be said of the receiver: then nothing else happens to the lead."""
LAPSED = ("reassign", "return_to_queue")
CHANGES = ("assigned", "queued", "rejected", "qualified_for_sales", "opportunity_opened", "recycled", "disqualified")
"""What no open offer outlives."""
HOLDS = ("accepted", "assigned", "queued")
NO_ANSWER = {"declined": "declined", "withdrawn": "withdrawn"}


Heard = tuple[int, str, datetime, int | None]
"""A lead, what was told of it, when, to whom."""


class Row(NamedTuple):
    id: int
    lead_id: int
    giver_id: int
    receiver_id: int
    state: str
    offered_by_id: int
    offered_at: datetime
    closed_by_id: int | None
    closed_at: datetime | None


@dataclass(slots=True)
class Told:
    """An offer as its events tell it."""

    offered: EventRow
    giver_id: int | None
    closed: EventRow | None = None


def waiting(events: Iterable[EventRow]) -> int | None:
    """Give to whom the lead is offered by a colleague at the end of these events."""
    last = None
    for event in events:
        last = event if event.kind in KINDS else last
    return last.user_id if last is not None and last.kind == "transfer_offered" else None


def differences(facts: Facts) -> Iterator[str]:
    """Compare every offer with its events."""
    heard = {
        (notice.subject_id, notice.code, notice.created_at, notice.recipient_id)
        for notice in facts.notices
        if notice.code.startswith("transfer_")
    }
    rows = {row[0]: Row(*row) for row in Transfer.objects.order_by("id").values_list(*Row._fields)}
    seen: set[int] = set()
    for lead_id, events in facts.events.items():
        told: dict[int, Told] = {}
        yield from (f"lead {lead_id}: {words}" for words in _tell(events, told))
        for transfer_id, one in told.items():
            seen.add(transfer_id)
            row = rows.get(transfer_id)
            found = _against(row, one) if row else ["its events have no row"]
            yield from (f"transfer {transfer_id}: {words}" for words in [*found, *_ended(one, events, facts)])
            yield from (f"transfer {transfer_id}: {words}" for words in _notices(one, heard))
    yield from (f"transfer {transfer_id}: its row has no events" for transfer_id in rows.keys() - seen)


def _tell(events: Sequence[EventRow], told: dict[int, Told]) -> Iterator[str]:
    """Go through the events of a lead, and note its offers."""
    open_id, holder_id = None, None
    for event in events:
        transfer_id = event.facts.get("transfer", 0)
        if event.kind == "transfer_offered":
            if open_id is not None:
                yield f"was offered ({transfer_id}) while transfer {open_id} was open"
            open_id, told[transfer_id] = transfer_id, Told(event, holder_id)
        elif event.kind in KINDS:
            if transfer_id != open_id:
                yield f"{event.kind} names transfer {transfer_id}, open was {open_id}"
            elif transfer_id in told:
                told[transfer_id].closed = event
            open_id = None
        elif event.kind in CHANGES and open_id is not None:
            yield f"{event.kind} while transfer {open_id} was open"
        if event.kind in HOLDS or (event.kind == "captured" and event.facts.get("origin") == "sales"):
            holder_id = event.user_id


def _against(row: Row, one: Told) -> Iterator[str]:
    offered, closed = one.offered, one.closed
    there = (row.lead_id, row.giver_id, row.receiver_id, row.offered_by_id, row.offered_at)
    wanted = (offered.lead_id, one.giver_id, offered.user_id, offered.actor_id, offered.recorded_at)
    if there != wanted:
        yield f"is offered as {there}, by its events {wanted}"
    ending = (row.state, row.closed_by_id, row.closed_at)
    told = (_state(closed), closed.actor_id if closed else None, closed.recorded_at if closed else None)
    if ending != told:
        yield f"ended as {ending}, by its events {told}"


def _state(closed: EventRow | None) -> str:
    if closed is None:
        return "open"
    if closed.kind == "transferred":
        return "auto_accepted" if closed.code == "auto" else "accepted"
    return NO_ANSWER.get(closed.code, "ended")


def _ended(one: Told, events: Sequence[EventRow], facts: Facts) -> Iterator[str]:
    """It went to who accepted it, or to who did not answer; else there is a reason why it ended."""
    closed = one.closed
    beside = [event for event in events if closed is not None and event.recorded_at == closed.recorded_at]
    if closed is not None and closed.kind == "transferred":
        yield from _went(closed, one.offered.user_id, beside, facts)
    elif closed is not None:
        yield from _not_taken(closed, one.offered.user_id, beside, facts)


def _went(closed: EventRow, receiver_id: int | None, beside: Sequence[EventRow], facts: Facts) -> Iterator[str]:
    if closed.user_id not in (receiver_id, closed.actor_id):
        yield f"went to {closed.user_id}, it was offered to {receiver_id}"
    if not any((e.kind, e.code, e.user_id) == ("assigned", "transfer", closed.user_id) for e in beside):
        yield f"was accepted at {closed.recorded_at}, and nobody got it"
    if closed.code == "auto" and not _was_over(closed, facts, ("auto_accept",)):
        yield "was accepted automatically before its time"


def _not_taken(closed: EventRow, receiver_id: int | None, beside: Sequence[EventRow], facts: Facts) -> Iterator[str]:
    if closed.code == "away" and "queued" not in {event.kind for event in beside} and not _was_away(closed):
        yield f"ended at {closed.recorded_at} for a leave, when both were there"
    wanted = ENDED_BY.get(closed.code, set()) if closed.code not in OF_RECEIVER else set()
    if closed.user_id != receiver_id:
        yield f"its end names {closed.user_id}, it was offered to {receiver_id}"
    if closed.code == "lapsed":
        if not _was_over(closed, facts, LAPSED):
            yield "lapsed before its time"
    elif closed.code not in {*ENDED_BY, *NO_ANSWER}:
        yield f"ended for {closed.code}, which is no reason"
    elif wanted and not wanted & {event.kind for event in beside}:
        yield f"ended for {closed.code} at {closed.recorded_at}, when nothing ended it"


def _was_away(closed: EventRow) -> bool:
    """Tell whether the receiver was away then; an absence that was ended since still began before."""
    at = closed.recorded_at
    return Absence.objects.filter(user=closed.user_id, starts_at__lte=at, ends_at__gte=at).exists()


def _was_over(closed: EventRow, facts: Facts, codes: Sequence[str]) -> bool:
    """Tell whether the plan of its clock had come to one of these steps at that instant."""
    clocks = (c for c in facts.clocks.values() if c.promise == "accept" and c.lead_id == closed.lead_id)
    steps = (step for clock in clocks for step in facts.steps.get(clock.id, ()))
    return any(s.kind == "escalated" and s.code in codes and s.recorded_at == closed.recorded_at for s in steps)


def _notices(one: Told, heard: Collection[Heard]) -> Iterator[str]:
    """The receiver heard of the offer, and the giver of what became of it, unless they did it themselves."""
    closed = one.closed
    lines = [("transfer_offered", one.offered.user_id, one.offered)]
    if closed is not None:
        lines.append(("transfer_accepted" if closed.kind == "transferred" else "transfer_ended", one.giver_id, closed))
    for code, user_id, event in lines:
        told = (event.lead_id, code, event.recorded_at, user_id) in heard
        if told != (user_id != event.actor_id):
            yield f"{code} was {'told' if told else 'not told'} to {user_id}"
