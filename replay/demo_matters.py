"""What is still open between the two sides when somebody looks at the demo: questions, offers of help, disputes, a promise that
waits, and who may be somebody known."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from leads import disputes, questions
from leads.intake.arrival import Arrival
from leads.intake.pipeline import take_in
from leads.models import Clock, Dispute
from leads.models import Lead as LeadRow
from leads.pausing import pause
from replay import names
from replay.season import Season
from replay.world import dice

ASKED, OFFERED, CONTESTED, HALF_DECIDED, PAUSED = "asked", "offered help", "contested", "half decided", "paused"
OPEN_MATTERS = ((ASKED, 0.2), (ASKED, 3.0), (OFFERED, 2.0), (CONTESTED, 1.0), (HALF_DECIDED, 5.0), (PAUSED, 4.0))
"""What became of leads that Sam or a colleague took on, and how many business hours ago."""
PAUSED_FOR = timedelta(days=3)
OTHER_ADDRESSES = (3.0, 20.0)
"""How many business hours ago somebody known came again, under another address and with a slip in their name."""


def open_matter(season: Season, number: int, what: str, at: datetime) -> None:
    """Let who has a lead, or marketing, do what nobody has answered by now; nothing where nobody took the lead on."""
    lead = _lead_of(season, number)
    if lead is None or lead.owner is None:
        return
    call: dict[str, Any] = {"lead_id": lead.pk, "actor": lead.owner, "at": at}
    if what == ASKED:
        season.play.do(questions.ask, text=_one_of(names.QUESTIONS, number), **call)
    elif what == OFFERED:
        maya = season.company.people["maya"]
        season.play.do(questions.offer_help, text=_one_of(names.OFFERS_OF_HELP, number), **call | {"actor": maya})
    elif what == PAUSED:
        _pause(season, lead, at)
    else:
        is_raised = season.play.do(disputes.raise_dispute, reason=_one_of(names.CONTESTED_DELIVERIES, number), **call)
        if is_raised and what == HALF_DECIDED:
            _say(season, lead, "sue", at)


def come_under_another_address(season: Season, number: int, at: datetime) -> None:
    """Let somebody who is known come again so that nobody can be sure; nothing where nobody is known by name and company."""
    known = LeadRow.objects.filter(contact__company__domain__isnull=False).exclude(contact__name="").order_by("id")
    people = [(lead.contact, lead.contact.company) for lead in known.select_related("contact__company")]
    named = [(contact, company) for contact, company in people if company is not None]
    if not named:
        return
    contact, company = dice("another address", number).choice(named)
    said = Arrival(
        name=f"{contact.name[0]}. {contact.name.split()[-1]}", email=f"contact-{number}@{company.domain}", company=company.name,
        touch_kind="content_download", source_raw="email", key=f"again-{number}",
    )  # fmt: skip
    season.marketing.outcomes += take_in([said], actor=season.company.people["milo"], at=at)


def contest_rejection(season: Season, number: int, at: datetime) -> None:
    """Let marketing contest that a lead was given back, and its manager stand by it."""
    lead, mona = _lead_of(season, number), season.company.people["mona"]
    if lead is None:
        return
    reason = _one_of(names.CONTESTED, number)
    if season.play.do(disputes.raise_dispute, lead_id=lead.pk, reason=reason, actor=mona, at=at):
        _say(season, lead, "mona", at)


def _say(season: Season, lead: LeadRow, who: str, at: datetime) -> None:
    word, actor = Dispute.Words.OVERTURN.value, season.company.people[who]
    season.play.do(disputes.word, lead_id=lead.pk, word=word, actor=actor, at=at)


def _pause(season: Season, lead: LeadRow, at: datetime) -> None:
    clock = Clock.objects.running().filter(lead=lead, promise="verdict").first()
    if clock is not None:
        until = (at + PAUSED_FOR).date()
        season.play.do(pause, clock_id=clock.pk, reason="later_date", until=until, actor=lead.owner, at=at)


def _lead_of(season: Season, number: int) -> LeadRow | None:
    ids = [lead.id for lead in season.marketing.sales.leads.values() if lead.number == number]
    return LeadRow.objects.select_related("owner").filter(pk__in=ids).first()


def _one_of(words: tuple[str, ...], number: int) -> str:
    return words[number % len(words)]
