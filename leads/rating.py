"""When a rep owes a word about a lead: after the first conversation, and after the verdict."""

from __future__ import annotations

from datetime import datetime

from leads import clocks
from leads.assigning import Places
from leads.holding import Held, terms_of
from leads.models import Feedback
from leads.owed import Owed, Owner, on_lead, without_live
from leads.record import Record


def owe_rating(record: Record, item: Held, promise: str, at: datetime) -> None:
    """Start *quick_rating* or *full_feedback* for whoever has the lead.

    Nothing is owed on a lead that sales found itself, nor where it was given under this handoff already.
    """
    owner_id, handoff = item.lead.owner_id, item.handoff
    if owner_id is None or handoff is None:
        return
    given = Feedback.objects.filter(handoff=handoff)
    if promise == "full_feedback":
        given = given.filter(kind=Feedback.Kinds.FULL)
    if given.exists():
        return
    version_id, terms = terms_of([item], at)[item.lead.pk]
    places = Places.load([owner_id], (), at)
    owner = Owner(owner_id, places.team_of.get(owner_id), *places.hours.of_person(owner_id))
    owed = Owed(item.lead.pk, item.lead.tier_of_promises, version_id, terms)
    clocks.start(record, without_live([on_lead(promise, owed, owner, arrived_at=at)]), at)
