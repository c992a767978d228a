"""A lead between the two sides: offered to Sam, in work with him, or given back to Maya, whose campaign brought it."""

from __future__ import annotations

from datetime import datetime, timedelta

from leads import disputes, handoffs, questions
from leads.models import Clock, Dispute, Lead, Question
from teams.models import User
from tests.cast import NOW
from tests.leads.worlds import bring_to, make_campaign, ready_lead

LATER = NOW + timedelta(minutes=5)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
DUE = LATER + 2 * DAY
"""When a dispute raised at ``LATER`` is due: two working days later, at the same time, for both sides keep the same hours."""


def lead_at(stage: str, maya: User, sam: User) -> Lead:
    """Bring a lead of a campaign of Maya's to ``stage``, through Sam."""
    campaign = make_campaign(maya, f"spring{Lead.objects.count()}")
    return bring_to(stage, ready_lead(campaign=campaign), maya=maya, sam=sam)


def rejected(maya: User, sam: User, *, reason: str = "wrong_role", at: datetime = NOW) -> Lead:
    lead = lead_at("mql", maya, sam)
    handoffs.reject(lead_id=lead.pk, reason=reason, actor=sam, at=at)
    lead.refresh_from_db()
    return lead


def asked(lead: Lead, actor: User, text: str = "Which plant is it about?", *, at: datetime = LATER) -> Question:
    return Question.objects.get(pk=questions.ask(lead_id=lead.pk, text=text, actor=actor, at=at))


def offered_help(
    lead: Lead, actor: User, text: str = "Shall we send the case study?", *, at: datetime = LATER
) -> Question:
    return Question.objects.get(pk=questions.offer_help(lead_id=lead.pk, text=text, actor=actor, at=at))


def contested(lead: Lead, actor: User, *, at: datetime = LATER) -> Dispute:
    made = disputes.raise_dispute(lead_id=lead.pk, reason="They do decide.", actor=actor, at=at)
    return Dispute.objects.get(pk=made)


def say(dispute: Dispute, actor: User, word: str, *, at: datetime = LATER) -> Dispute:
    disputes.word(lead_id=dispute.handoff.lead_id, word=word, actor=actor, at=at, dispute_id=dispute.pk)
    return Dispute.objects.select_related("handoff__lead").get(pk=dispute.pk)


def clocks_of(thing: Question | Dispute) -> dict[str, Clock]:
    """Give the clocks of a question or a dispute by the side that owes."""
    return {clock.side: clock for clock in thing.clocks.order_by("id")}


def states(thing: Question | Dispute) -> dict[str, str]:
    """Give how the clocks of a question or a dispute stand, by the side that owes."""
    return {side: clock.state for side, clock in clocks_of(thing).items()}
