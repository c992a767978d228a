"""What was done stands in rows of its own and in the log: both say the same, and neither says more.

What cannot be told from events: whatever people wrote (notes, comments), and when they expect a deal to close.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from replay.invariants.facts import DealRow, EventRow, Facts

CONVERSATIONS = ("conversation", "meeting_booked", "meeting_held")
DEALS = ("opportunity_opened", "won", "lost", "disqualified")


def differences(facts: Facts) -> Iterator[str]:
    """Compare activities, feedback, touches, qualifications and deals with the events."""
    events = [event for of_lead in facts.events.values() for event in of_lead]
    nurtured = {event.facts.get("activity") for event in events if event.kind == "nurtured"}
    yield from _differing("activity", _activities(facts, nurtured), _activities_told(events))
    yield from _differing("feedback", _feedback(facts), _feedback_told(events))
    yield from _differing("touch", _touches(facts), _touches_told(events))
    yield from _differing("qualification", _qualifications(facts), _qualifications_told(events))
    yield from _deals(facts, events)


def _differing(what: str, rows: Iterable[tuple[Any, ...]], told: Iterable[tuple[Any, ...]]) -> Iterator[str]:
    there, wanted = Counter(rows), Counter(told)
    yield from (f"lead {key[0]}: a row of {what} without its event {key[1:]}" for key in (there - wanted).elements())
    yield from (f"lead {key[0]}: an event of {what} without its row {key[1:]}" for key in (wanted - there).elements())


def _activities(facts: Facts, nurtured: Collection[int | None]) -> Iterator[tuple[Any, ...]]:
    """Give what each activity had to be told as; those of marketing are neither attempts nor conversations."""
    for row in facts.activities.values():
        line = (row.id, row.user_id, row.kind, row.outcome, row.occurred_at, row.recorded_at)
        if row.id in nurtured:
            yield (row.lead_id, "nurtured", *line[:3], "sent" if row.is_outbound else "", *line[4:])
        elif row.is_outbound:
            yield (row.lead_id, "attempted", *line)
        if row.outcome in CONVERSATIONS and row.id not in nurtured:
            yield (row.lead_id, "conversed", *line)


def _activities_told(events: Iterable[EventRow]) -> Iterator[tuple[Any, ...]]:
    for event in events:
        if event.kind in ("attempted", "conversed", "nurtured"):
            told = event.facts
            outcome = "sent" if event.kind == "nurtured" else event.code
            line = (told.get("activity"), event.user_id, told.get("kind"), outcome, event.occurred_at)
            yield (event.lead_id, event.kind, *line, event.recorded_at)


def _feedback(facts: Facts) -> Iterator[tuple[Any, ...]]:
    for row in facts.feedback.values():
        aspects = tuple(sorted(row.aspects.items()))
        yield (row.lead_id, row.id, row.user_id, row.kind, row.quality, aspects, row.handoff_id, row.given_at)


def _feedback_told(events: Iterable[EventRow]) -> Iterator[tuple[Any, ...]]:
    for event in events:
        if event.kind == "rated":
            told = event.facts
            yield (
                event.lead_id,
                told.get("feedback"),
                event.user_id,
                event.code,
                told.get("quality"),
                tuple(sorted(told.get("aspects", {}).items())),
                event.handoff_id,
                event.occurred_at,
            )


def _touches(facts: Facts) -> Iterator[tuple[Any, ...]]:
    for row in facts.touches.values():
        yield (row.lead_id, row.kind, row.source, row.campaign_id, row.occurred_at, row.recorded_at)


def _touches_told(events: Iterable[EventRow]) -> Iterator[tuple[Any, ...]]:
    for event in events:
        if event.kind == "captured":
            what: tuple[Any, ...] = (event.facts.get("kind"), event.code)
        elif event.kind == "touched":
            what = (event.code, event.facts.get("source"))
        else:
            continue
        yield (event.lead_id, *what, event.campaign_id, event.occurred_at, event.recorded_at)


def _qualifications(facts: Facts) -> Iterator[tuple[Any, ...]]:
    yield from ((row.lead_id, row.qualified_at, row.fit, row.engagement) for row in facts.qualifications.values())


def _qualifications_told(events: Iterable[EventRow]) -> Iterator[tuple[Any, ...]]:
    for event in events:
        if event.kind == "qualified" and event.code != "history":  # what came from another system was not judged here
            yield (event.lead_id, event.occurred_at, event.facts.get("fit"), event.facts.get("engagement"))


def _deals(facts: Facts, events: Iterable[EventRow]) -> Iterator[str]:
    """A deal is worth what its last event says, and is won, lost or open as that event left it."""
    last: dict[int, EventRow] = {}
    opened: dict[int, datetime] = {}
    for event in events:
        if event.kind in DEALS and "opportunity" in event.facts:
            last[event.facts["opportunity"]] = event
            opened.setdefault(event.facts["opportunity"], event.occurred_at)
    for deal in facts.deals.values():
        if deal.id not in last:
            yield f"lead {deal.lead_id}: its deal {deal.id} has no event"
    for deal_id, event in last.items():
        row = facts.deals.get(deal_id)
        if row is None:
            yield f"lead {event.lead_id}: its deal {deal_id} is not there"
        elif _deal(row) != (told := _deal_told(event, opened[deal_id], facts)):
            yield f"lead {event.lead_id}: its deal {deal_id} is {_deal(row)}, by its events {told}"


def _deal(row: DealRow) -> tuple[Any, ...]:
    state = row.stage if row.stage in ("won", "lost") else "open"
    return (
        row.lead_id,
        state,
        row.owner_id,
        row.kind,
        row.amount,
        row.currency,
        row.reason,
        row.opened_at,
        row.closed_at,
    )


def _deal_told(event: EventRow, opened_at: datetime, facts: Facts) -> tuple[Any, ...]:
    """Tell a deal by its last event; while it is open, it is with whoever has the lead."""
    state = {"won": "won", "opportunity_opened": "open"}.get(event.kind, "lost")
    amount = event.facts.get("amount")
    closed_at = None if state == "open" else event.occurred_at
    reason = {"lost": event.code, "disqualified": "other"}.get(event.kind, "")
    worth = None if amount is None else Decimal(amount)
    owner_id = facts.leads[event.lead_id].owner_id if state == "open" else event.user_id
    told = event.facts
    return (event.lead_id, state, owner_id, told.get("kind"), worth, told.get("currency"), reason, opened_at, closed_at)
