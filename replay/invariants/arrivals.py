"""Where a lead came from and what touched it: source, campaigns, last touch, raised hand, and whether it needs a new reason.

The campaign that a lead touched last is also the one that its later events are credited to.

What cannot be told from events: the marketer (whoever owned the campaign then: an owner may change), the contact, the product and the kind
of business, and of a touch its raw source, medium, page, note and key.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from leads.models import Contact
from replay.invariants.facts import EventRow, Facts, LeadRow

HAND_RAISES = ("demo_request", "contact_request")
CREDITED = (
    "qualified", "handed_off", "accepted", "rejected", "recalled", "attempted", "conversed", "rated", "qualified_for_sales",
    "opportunity_opened", "lost", "recycled", "disqualified", "reopened", "nurtured", "triage_needed", "asked", "replied",
    "question_withdrawn", "disputed", "dispute_closed",
)  # fmt: skip
"""What carries the campaign that its lead had touched last."""
CREDITED_BY_PEOPLE = ("completed", "handoff_refused", "revived", "won")
"""What carries it, or none: as a touch, a rule or the history brought it about."""

Seen = tuple[datetime, int]
"""When a campaign touched the lead, and which."""


@dataclass(slots=True)
class Told:
    """What the events of a lead say of it."""

    source: str = "unknown"
    origin: str | None = None
    first: Seen | None = None
    last: Seen | None = None
    last_touch_at: datetime | None = None
    is_hand_raise: bool = False
    needs_new_reason: bool = False
    newest_handoff: int | None = None
    began_as_history: bool = False
    was_offered: bool = False
    was_touched: bool = False
    before_merges: list[tuple[bool, datetime | None]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def differences(facts: Facts) -> Iterator[str]:
    """Compare what each lead says of where it came from with its events."""
    for lead in facts.leads.values():
        told = tell(facts.events.get(lead.id, ()))
        yield from (f"lead {lead.id}: {words}" for words in (*told.faults, *_against(lead, told)))
    goes_on_as = dict(Contact.objects.filter(merged_into__isnull=False).values_list("pk", "merged_into"))
    for touch in facts.touches.values():
        contact_id = facts.leads[touch.lead_id].contact_id if touch.lead_id in facts.leads else None
        if contact_id not in (touch.contact_id, goes_on_as.get(touch.contact_id)):
            yield f"lead {touch.lead_id}: its touch {touch.id} is of contact {touch.contact_id}, the lead of {contact_id}"


def tell(events: Iterable[EventRow]) -> Told:
    """Go through the events of one lead."""
    told = Told()
    for event in events:
        if event.kind in ("captured", "touched"):
            _touch(told, event)
        elif event.kind in ("rejected", "recalled"):
            told.needs_new_reason = True
        elif event.kind in ("qualified", "revived", "reopened") or _is_overturned(told, event):
            told.needs_new_reason = False
        elif event.kind == "handed_off":
            told.newest_handoff = event.handoff_id
        if event.kind in ("recycled", "revived", "reopened"):
            told.is_hand_raise = False
        if event.kind == "took_in":
            _take_in(told, event)
        elif event.kind == "gave_back" and told.before_merges:
            told.is_hand_raise, told.last_touch_at = told.before_merges.pop()
        told.began_as_history |= event.kind == "qualified" and event.code == "history"
        told.was_offered |= event.kind in ("handed_off", "handoff_refused")
        if event.kind == "completed":
            _name_source(told, event.facts.get("source", "unknown"))
        _credit(told, event)
    return told


def _take_in(told: Told, event: EventRow) -> None:
    told.before_merges.append((told.is_hand_raise, told.last_touch_at))
    told.is_hand_raise |= event.facts.get("hand_raise", False)
    if theirs := event.facts.get("last_touch_at"):
        instant = datetime.fromisoformat(theirs)
        told.last_touch_at = max(told.last_touch_at or instant, instant)


def _is_overturned(told: Told, event: EventRow) -> bool:
    """Tell whether both sides overturned that the lead was given back."""
    is_overturned = (event.kind, event.code, event.facts.get("kind")) == ("dispute_closed", "overturned", "rejection")
    return is_overturned and event.handoff_id == told.newest_handoff


def _touch(told: Told, event: EventRow) -> None:
    is_first = event.kind == "captured"
    kind, source = (event.facts.get("kind"), event.code) if is_first else (event.code, event.facts.get("source", ""))
    if is_first:
        told.origin = event.facts.get("origin")
    elif told.last_touch_at is not None:
        told.was_touched = True
    _name_source(told, source)
    told.last_touch_at = max(told.last_touch_at or event.occurred_at, event.occurred_at)
    told.is_hand_raise |= kind in HAND_RAISES
    if event.campaign_id is not None:
        seen = (event.occurred_at, event.campaign_id)
        told.first = seen if told.first is None or seen[0] < told.first[0] else told.first
        told.last = seen if told.last is None or seen[0] >= told.last[0] else told.last


def _name_source(told: Told, source: str) -> None:
    """Where it came from is what was said first, by a touch or by somebody who knew."""
    if told.source == "unknown":
        told.source = source


def _credit(told: Told, event: EventRow) -> None:
    if event.kind in ("captured", "touched"):
        return
    last = told.last[1] if told.last else None
    allowed = (last,) if event.kind in CREDITED else (None, last) if event.kind in CREDITED_BY_PEOPLE else (None,)
    if event.campaign_id not in allowed:
        told.faults.append(f"{event.kind} is credited to campaign {event.campaign_id}, the last to touch it was {last}")


def _against(lead: LeadRow, told: Told) -> Iterator[str]:
    if lead.source != told.source:
        yield f"came from source {lead.source}, by its events from {told.source}"
    if lead.origin != told.origin:
        yield f"was brought in by {lead.origin}, by its events by {told.origin}"
    first, last = (seen[1] if seen else None for seen in (told.first, told.last))
    if lead.first_campaign_id != first:
        yield f"came by campaign {lead.first_campaign_id}, by its events by {first}"
    if lead.last_campaign_id != last:
        yield f"was last touched by campaign {lead.last_campaign_id}, by its events by {last}"
    if lead.last_touch_at != told.last_touch_at:
        yield f"was touched last at {lead.last_touch_at}, by its events at {told.last_touch_at}"
    if lead.is_hand_raise != told.is_hand_raise:
        yield f"has {'' if lead.is_hand_raise else 'not '}raised its hand, against its events"
    if lead.needs_new_reason != told.needs_new_reason:
        yield f"needs {'a' if lead.needs_new_reason else 'no'} new reason to qualify, against its events"
    may_be_history = told.began_as_history
    must_be_history = told.began_as_history and not told.was_offered and not told.was_touched
    if (lead.is_history and not may_be_history) or (must_be_history and not lead.is_history):
        yield f"is {'' if lead.is_history else 'not '}of the past, against its events"
