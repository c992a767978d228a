"""What happens to the clocks of questions, disputes and briefings: rows of the tables of docs/clocks.md, with what does them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from campaigns.actions import Brief
from campaigns.models import Campaign
from leads import disputes, followup, handoffs, outcomes, questions, staff
from leads.briefings import brief_sales, plan_campaign, replan_campaign
from leads.handing_on import hand_on
from leads.models import Lead
from leads.sweep import sweep
from teams.models import Absence
from tests.cast import NOW
from tests.verbs.company import Company

AT = NOW + timedelta(minutes=5)
MOVED = "campaign starts another day"
BRIEF: dict[str, Any] = {"name": "Fair", "code": "fair", "type": "event", "offer": "A talk"}

Act = Callable[[Company, Any], object]


def asked(c: Company) -> Lead:
    """Give an SQL with full feedback given, so that only the question is owed."""
    lead = _rated(c)
    questions.ask(lead_id=lead.pk, text="Which plant?", actor=c.sam, at=NOW)
    return lead


def offered_help(c: Company) -> Lead:
    lead = _rated(c)
    questions.offer_help(lead_id=lead.pk, text="A case study?", actor=c.maya, at=NOW)
    return lead


def both_asked(c: Company) -> Lead:
    lead = asked(c)
    questions.offer_help(lead_id=lead.pk, text="A case study?", actor=c.maya, at=NOW)
    return lead


def contested(c: Company) -> Lead:
    """Give a lead that sales rejected, which marketing contests; what marketing decides about it is done."""
    lead = c.lead("mql")
    handoffs.reject(lead_id=lead.pk, reason="wrong_role", actor=c.sam, at=NOW)
    outcomes.disqualify(lead_id=lead.pk, reason="spam", actor=c.maya, at=NOW)
    disputes.raise_dispute(lead_id=lead.pk, reason="They do decide.", actor=c.mona, at=NOW)
    return lead


def planned(c: Company) -> Campaign:
    return plan_campaign(brief=Brief(starts_on=date(2026, 3, 16), **BRIEF), actor=c.maya, at=NOW)


def _rated(c: Company) -> Lead:
    lead = c.lead("sql")
    followup.rate(lead_id=lead.pk, quality=4, actor=c.sam, at=NOW)
    return lead


def _answer(name: str) -> Act:
    return lambda c, lead: questions.answer(lead_id=lead.pk, text="Hof.", actor=getattr(c, name), at=AT)


def _take_back(name: str) -> Act:
    return lambda c, lead: questions.withdraw(lead_id=lead.pk, actor=getattr(c, name), at=AT)


def _recycle(c: Company, lead: Lead) -> None:
    outcomes.recycle(lead_id=lead.pk, reason="no_budget", actor=c.sam, at=AT)


def _reassign(c: Company, lead: Lead) -> None:
    handoffs.assign(lead_id=lead.pk, user_id=c.rita.pk, actor=c.sue, at=AT)


def _speak(*names: str) -> Act:
    def act(c: Company, lead: Lead) -> None:
        for name in names:
            disputes.word(lead_id=lead.pk, word="stand", actor=getattr(c, name), at=AT)

    return act


def _withdraw(c: Company, lead: Lead) -> None:
    disputes.withdraw(lead_id=lead.pk, actor=c.mona, at=AT)


def _time_is_over(*names: str) -> Act:
    def act(c: Company, lead: Lead) -> None:
        _speak(*names)(c, lead)
        sweep(at=NOW + timedelta(days=2, minutes=1))

    return act


def _go(c: Company, thing: object) -> None:
    Absence.objects.create(user=c.maya, starts_at=AT, ends_at=AT + timedelta(days=60))
    hand_on(at=AT)


def _leave(c: Company, thing: object) -> None:
    staff.deactivate(actor=c.ada, at=AT, user_id=c.maya.pk)
    hand_on(at=AT)


def _brief(c: Company, campaign: Campaign) -> None:
    brief_sales(campaign_id=campaign.pk, actor=c.maya, at=AT)


def _plan_anew(**dates: Any) -> Act:
    return lambda c, x: replan_campaign(campaign_id=x.pk, brief=Brief(**BRIEF, **dates), actor=c.maya, at=AT)


EXCHANGED: dict[str, tuple[Callable[[Company], Any], Act]] = {
    "question answered": (asked, _answer("maya")),
    "question taken back": (asked, _take_back("sam")),
    "offer of help answered": (offered_help, _answer("sam")),
    "offer of help taken back": (offered_help, _take_back("maya")),
    "put aside, with open questions": (both_asked, _recycle),
    "given to another rep, with open questions": (both_asked, _reassign),
    "who is asked is on leave, nobody covers": (asked, _go),
    "who is asked leaves": (asked, _leave),
    "marketing has spoken": (contested, _speak("mona")),
    "sales has spoken": (contested, _speak("sue")),
    "both have spoken": (contested, _speak("mona", "sue")),
    "dispute withdrawn": (contested, _withdraw),
    "nobody speaks in time": (contested, _time_is_over()),
    "only marketing speaks in time": (contested, _time_is_over("mona")),
    "sales is briefed": (planned, _brief),
    MOVED: (planned, _plan_anew(starts_on=date(2026, 3, 23))),
    "campaign is over before": (
        planned, _plan_anew(starts_on=date(2026, 2, 16), ends_on=date(2026, 2, 20)),
    ),
    "its owner is on leave, nobody covers": (planned, _go),
    "its owner leaves": (planned, _leave),
}  # fmt: skip
