"""What a batch makes both sides owe: an answer to whoever asks again, a look at who is not known well enough, a word to who is back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from leads import clocks
from leads.assigning import Places
from leads.informing import marketers_or_managers
from leads.intake.states import LeadState
from leads.lifecycle import SALES_STAGES, Stage
from leads.owed import DECIDED, Duty, Owed, Owner, begin_duties, end_duties, on_lead, without_live
from leads.record import Record
from sla.in_force import InForce

TRIAGE = "triage_needed"


def settle(
    record: Record, leads: Sequence[LeadState], agreement: InForce | None, *, qualified: Collection[int], at: datetime
) -> None:
    """Begin and end what the touches of a batch concern, once its leads are judged (``qualified``: the new MQLs), before they are handed off."""
    live = [lead for lead in leads if not lead.is_history]
    if agreement is None or not live:
        return
    known = [lead for lead in live if not lead.is_new]
    end_duties(record, [lead.id for lead in known if lead.id in qualified], at, DECIDED)
    end_duties(record, [lead.id for lead in known if lead.fit is not None and lead.contact.changed], at, {"triage"})
    duties = _duties(record, live, agreement)
    begin_duties(record, duties, at)
    _tell(record, [duty for duty in duties if duty.promise == "triage"])
    _respond(record, [lead for lead in known if _asks_again(lead)], agreement, at)


def _duties(record: Record, leads: Sequence[LeadState], agreement: InForce) -> list[Duty]:
    """Say what marketing owes on the leads that stay with it."""
    duties = []
    for lead in leads:
        if lead.stage != Stage.LEAD:
            continue
        if lead.has_new_hand_raise and lead.fit is None:
            record.event(lead.id, TRIAGE, campaign_id=lead.last_campaign_id, version_id=agreement.version_id)
            duties.append(Duty("triage", _owed(lead, agreement, tier="hot"), lead.marketer_id))
        elif lead.is_revived:
            duties.append(Duty("nurture", _owed(lead, agreement), lead.marketer_id))
    return duties


def _tell(record: Record, triage: Sequence[Duty]) -> None:
    recipients = marketers_or_managers({duty.owed.lead_id: duty.marketer_id for duty in triage})
    for lead_id, people in recipients.items():
        for user_id in people:
            record.tell(user_id, "lead_triage", "lead", lead_id)


def _asks_again(lead: LeadState) -> bool:
    return lead.has_new_hand_raise and lead.owner_id is not None and lead.stage in SALES_STAGES


def _respond(record: Record, leads: Sequence[LeadState], agreement: InForce, at: datetime) -> None:
    """Let who has a lead in work owe an answer to a contact who asks for us again."""
    if not leads:
        return
    places = Places.load([lead.owner_id for lead in leads if lead.owner_id], (), at)
    starts = []
    for lead in leads:
        owner_id = lead.owner_id or 0
        owner = Owner(owner_id, places.team_of.get(owner_id), *places.hours.of_person(owner_id))
        starts.append(on_lead("respond", _owed(lead, agreement), owner, arrived_at=at))
    clocks.start(record, without_live(starts), at)


def _owed(lead: LeadState, agreement: InForce, tier: str = "") -> Owed:
    return Owed(lead.id, tier or lead.tier or "standard", agreement.version_id, agreement.terms)
