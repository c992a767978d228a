"""What a target came to, told anew from events and disputes, row by row in plain Python, as it was known when the sweep looked.

Of a delivery that was sent back or decided upon later, what counts is what was known then. What cannot be told: a lead's persona as it was
then; where a figure depends on it nothing is compared (``is_told``).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from leads.models import Dispute, Handoff, Lead, LeadEvent

PROCEDURAL = ("open_opportunity", "competitor", "recently_contacted", "do_not_contact")
DECIDED = ("accepted", "rejected", "recalled")

Found = tuple[Decimal, Decimal | None, int]
"""A number, or a part of a whole; and how many cases."""


class PeriodRow(NamedTuple):
    id: int
    version_id: int
    code: str
    of: str
    side: str
    amount: int
    currency: str
    first_on: date
    last_on: date
    starts_at: datetime
    ends_at: datetime
    reached: Decimal | None
    counted: int | None
    judged_at: datetime | None


class Event(NamedTuple):
    lead_id: int
    kind: str
    code: str
    handoff_id: int | None
    facts: dict[str, Any]
    occurred_at: datetime
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """What the log tells, by lead."""

    events: dict[int, list[Event]] = field(default_factory=lambda: defaultdict(list))
    leads: dict[int, tuple[str, bool]] = field(default_factory=dict)
    tiers: dict[int, str] = field(default_factory=dict)
    disputes: dict[int, tuple[str, datetime]] = field(default_factory=dict)

    @staticmethod
    def load() -> Told:
        rows = Dispute.objects.filter(state="overturned").values_list("handoff_id", "kind", "closed_at")
        disputes = {handoff_id: (kind, closed_at) for handoff_id, kind, closed_at in rows if closed_at}
        leads = {pk: (origin, past) for pk, origin, past in Lead.objects.values_list("id", "origin", "is_history")}
        told = Told(leads=leads, tiers=dict(Handoff.objects.values_list("id", "tier")), disputes=disputes)
        for row in LeadEvent.objects.order_by("id").values_list(*Event._fields).iterator():
            told.events[row[0]].append(Event(*row))
        return told


@dataclass(frozen=True, slots=True)
class Count:
    """One target, counted anew as it was ``known`` at an instant: what was recorded before it."""

    period: PeriodRow
    told: Told
    known: datetime

    @property
    def is_told(self) -> bool:
        return self.period.code != "mql_value" and not (self.period.code == "mql_volume" and self.period.of)

    def figure(self, until: datetime) -> Found:
        """Give what it had come to by ``until``, or its end."""
        counts = {
            "mql_volume": self._mqls, "acceptance_rate": self._acceptance, "conversation_share": self._conversations,
            "pipeline_value": self._pipeline, "revenue_share": self._revenue,
        }  # fmt: skip
        return counts[self.period.code](min(until, self.period.ends_at))

    def _holds(self, at: datetime, until: datetime) -> bool:
        return self.period.starts_at <= at < until

    def _leads(self) -> Iterator[tuple[int, list[Event]]]:
        for lead_id, events in self.told.events.items():
            yield lead_id, [event for event in events if event.recorded_at < self.known]

    def _is_overturned(self, handoff_id: int | None, kind: str) -> bool:
        found = self.told.disputes.get(handoff_id or 0)
        return found is not None and found[0] == kind and found[1] < self.known

    def _mqls(self, until: datetime) -> Found:
        count = 0
        for lead_id, events in self._leads():
            origin, is_history = self.told.leads[lead_id]
            fresh = True
            for place, event in enumerate(events):
                if event.kind in ("revived", "reopened"):
                    fresh = True
                elif event.kind == "qualified" and fresh:
                    fresh = False
                    later = (one.handoff_id for one in events[place:] if one.kind == "handed_off")
                    is_struck = self._is_overturned(next(later, None), "delivery")
                    is_meant = origin == "marketing" and not is_history and not is_struck
                    count += is_meant and self._holds(event.occurred_at, until)
        return Decimal(count), None, count

    def _acceptance(self, until: datetime) -> Found:
        part = whole = 0
        for _, events in self._leads():
            first = next((event.handoff_id for event in events if event.kind == "handed_off"), None)
            of_it = [event for event in events if event.handoff_id == first and event.kind in DECIDED]
            if first is None or not of_it or not self._holds(of_it[0].occurred_at, until):
                continue
            if self._is_overturned(first, "delivery"):
                continue
            back = next((event for event in of_it if event.kind == "rejected"), None)
            is_plain = of_it[0].kind == "accepted" and of_it[0].code != "auto"
            if self._is_overturned(first, "rejection") or (is_plain and back is None):
                part, whole = part + 1, whole + 1
            elif back is not None and back.code not in PROCEDURAL:
                whole += 1
        return Decimal(part), Decimal(whole), whole

    def _conversations(self, until: datetime) -> Found:
        part = whole = 0
        for _, events in self._leads():
            recalled = {event.handoff_id for event in events if event.kind == "recalled"}
            offered = [
                event
                for event in events
                if event.kind == "handed_off" and self._holds(event.occurred_at, until)
                and event.handoff_id not in recalled and not self._is_overturned(event.handoff_id, "delivery")
            ]  # fmt: skip
            if not offered or self.period.of not in ("", self.told.tiers[offered[0].handoff_id or 0]):
                continue
            since = offered[0].occurred_at
            whole += 1
            part += any(event.kind == "conversed" and since <= event.occurred_at < until for event in events)
        return Decimal(part), Decimal(whole), whole

    def _deals(self, kind: str, until: datetime) -> Iterator[tuple[str, Decimal, bool]]:
        """Give the currency and amount of each deal that was opened or won by then, and whether marketing found the lead."""
        for lead_id, events in self._leads():
            amounts = {event.facts.get("opportunity"): event.facts.get("amount") for event in events}
            for event in events:
                if event.kind == kind and self._holds(event.occurred_at, until):
                    amount = Decimal(amounts[event.facts.get("opportunity")] or 0)
                    yield str(event.facts["currency"]), amount, self.told.leads[lead_id][0] == "marketing"

    def _pipeline(self, until: datetime) -> Found:
        deals = [amount for currency, amount, is_ours in self._deals("opportunity_opened", until)
                 if is_ours and currency == self.period.currency]  # fmt: skip
        return sum(deals, Decimal(0)), None, len(deals)

    def _revenue(self, until: datetime) -> Found:
        won = list(self._deals("won", until))
        number = Counter(currency for currency, _, _ in won)
        if not number:
            return Decimal(0), Decimal(0), 0
        most = min(number, key=lambda code: (-number[code], code))
        mine = [(amount, ours) for currency, amount, ours in won if currency == most]
        return sum((a for a, ours in mine if ours), Decimal(0)), sum((a for a, _ in mine), Decimal(0)), len(mine)
