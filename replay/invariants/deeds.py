"""What was done stands in rows of its own and in the log: both say the same, and neither says more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from replay.invariants.facts import DealRow, EventRow, Facts

CONVERSATIONS = ("conversation", "meeting_booked", "meeting_held")
DEALS = ("opportunity_opened", "won", "lost", "disqualified")


def differences(facts: Facts) -> Iterator[str]:
    """Compare activities, feedback, touches, qualifications and deals with the events."""
    events = [event for of_lead in facts.events.values() for event in of_lead]
    yield from _differing("activity", _activities(facts), _activities_told(events))
    yield from _differing("feedback", _feedback(facts), _feedback_told(events))
    yield from _differing("touch", _touches(facts), _touches_told(events))
    yield from _differing("qualification", _qualifications(facts), _qualifications_told(events))
    yield from _deals(facts, events)


def _differing(what: str, rows: Iterable[tuple[Any, ...]], told: Iterable[tuple[Any, ...]]) -> Iterator[str]:
    there, wanted = Counter(rows), Counter(told)
    yield from (f"lead {key[0]}: a row of {what} without its event {key[1:]}" for key in (there - wanted).elements())
    yield from (f"lead {key[0]}: an event of {what} without its row {key[1:]}" for key in (wanted - there).elements())


def _activities(facts: Facts) -> Iterator[tuple[Any, ...]]:
    for row in facts.activities.values():
        line = (row.id, row.user_id, row.outcome, row.occurred_at, row.recorded_at)
        if row.is_outbound:
            yield (row.lead_id, "attempted", *line)
        if row.outcome in CONVERSATIONS:
            yield (row.lead_id, "conversed", *line)


def _activities_told(events: Iterable[EventRow]) -> Iterator[tuple[Any, ...]]:
    for event in events:
        if event.kind in ("attempted", "conversed"):
            line = (event.facts.get("activity"), event.user_id, event.code, event.occurred_at, event.recorded_at)
            yield (event.lead_id, event.kind, *line)


def _feedback(facts: Facts) -> Iterator[tuple[Any, ...]]:
    for row in facts.feedback.values():
        yield (row.lead_id, row.id, row.user_id, row.kind, row.quality, row.given_at)


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
                event.occurred_at,
            )


def _touches(facts: Facts) -> Iterator[tuple[Any, ...]]:
    yield from ((row.lead_id, row.kind, row.occurred_at) for row in facts.touches.values())


def _touches_told(events: Iterable[EventRow]) -> Iterator[tuple[Any, ...]]:
    for event in events:
        if event.kind == "captured":
            yield (event.lead_id, event.facts.get("kind"), event.occurred_at)
        elif event.kind == "touched":
            yield (event.lead_id, event.code, event.occurred_at)


def _qualifications(facts: Facts) -> Iterator[tuple[Any, ...]]:
    yield from ((row.lead_id, row.qualified_at, row.fit, row.engagement) for row in facts.qualifications.values())


def _qualifications_told(events: Iterable[EventRow]) -> Iterator[tuple[Any, ...]]:
    for event in events:
        if event.kind == "qualified" and event.code != "history":  # what came from another system was not judged here
            yield (event.lead_id, event.occurred_at, event.facts.get("fit"), event.facts.get("engagement"))


def _deals(facts: Facts, events: Iterable[EventRow]) -> Iterator[str]:
    """A deal is worth what its last event says, and is won, lost or open as that event left it."""
    last: dict[int, EventRow] = {}
    for event in events:
        if event.kind in DEALS and "opportunity" in event.facts:
            last[event.facts["opportunity"]] = event
    for deal in facts.deals.values():
        if deal.id not in last:
            yield f"lead {deal.lead_id}: its deal {deal.id} has no event"
    for deal_id, event in last.items():
        row = facts.deals.get(deal_id)
        if row is None:
            yield f"lead {event.lead_id}: its deal {deal_id} is not there"
        elif _deal(row) != _deal_told(event):
            yield f"lead {event.lead_id}: its deal {deal_id} is {_deal(row)}, by its events {_deal_told(event)}"


def _deal(row: DealRow) -> tuple[Any, ...]:
    state = row.stage if row.stage in ("won", "lost") else "open"
    return (row.lead_id, state, row.amount, row.currency, row.reason, row.closed_at)


def _deal_told(event: EventRow) -> tuple[Any, ...]:
    state = {"won": "won", "opportunity_opened": "open"}.get(event.kind, "lost")
    amount = event.facts.get("amount")
    closed_at = None if state == "open" else event.occurred_at
    reason = {"lost": event.code, "disqualified": "other"}.get(event.kind, "")
    worth = None if amount is None else Decimal(amount)
    return (event.lead_id, state, worth, event.facts.get("currency"), reason, closed_at)
