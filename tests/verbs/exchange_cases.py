"""The verbs by which both sides ask, answer, contest and decide."""

from __future__ import annotations

from datetime import timedelta

from leads import disputes, questions
from leads.models import Clock, Dispute, Lead
from tests.cast import NOW
from tests.leads.exchange_world import rejected
from tests.verbs.cases import LATER, Act, Case
from tests.verbs.company import Company


def _ask(company: Company) -> Act:
    lead = company.lead("sal")
    return lambda: questions.ask(lead_id=lead.pk, text="Which plant?", actor=company.sam, at=LATER)


def _offer_help(company: Company) -> Act:
    lead = company.lead("sal")
    return lambda: questions.offer_help(lead_id=lead.pk, text="A case study?", actor=company.maya, at=LATER)


def _asked(company: Company) -> Lead:
    lead = company.lead("sal")
    questions.ask(lead_id=lead.pk, text="Which plant?", actor=company.sam, at=NOW)
    return lead


def _answer(company: Company) -> Act:
    lead = _asked(company)
    return lambda: questions.answer(lead_id=lead.pk, text="Both.", actor=company.mona, at=LATER)


def _withdraw_question(company: Company) -> Act:
    lead = _asked(company)
    return lambda: questions.withdraw(lead_id=lead.pk, actor=company.sam, at=LATER)


def _raise_dispute(company: Company) -> Act:
    lead = rejected(company.maya, company.sam)
    return lambda: disputes.raise_dispute(lead_id=lead.pk, reason="They do decide.", actor=company.maya, at=LATER)


def _contested(company: Company) -> Lead:
    lead = rejected(company.maya, company.sam, at=NOW - timedelta(minutes=30))
    disputes.raise_dispute(
        lead_id=lead.pk, reason="They do decide.", actor=company.maya, at=NOW - timedelta(minutes=20)
    )
    return lead


def _last_word(company: Company) -> Act:
    lead = _contested(company)
    disputes.word(lead_id=lead.pk, word="overturn", actor=company.mona, at=NOW)
    return lambda: disputes.word(lead_id=lead.pk, word="overturn", actor=company.sue, at=LATER)


def _withdraw_dispute(company: Company) -> Act:
    lead = _contested(company)
    return lambda: disputes.withdraw(lead_id=lead.pk, actor=company.maya, at=LATER)


def _close_due(company: Company) -> Act:
    lead = _contested(company)
    clocks = Clock.objects.filter(dispute__handoff__lead=lead)
    for clock in clocks:  # as if it had been raised two working days earlier
        plan = [[percent, action, moment - 2 * 86_400] for percent, action, moment in clock.plan]
        early = {
            name: getattr(clock, name) - timedelta(days=2)
            for name in ("arrived_at", "started_at", "due_at", "next_action_at")
        }
        Clock.objects.filter(pk=clock.pk).update(plan=plan, **early)
    Dispute.objects.update(raised_at=NOW - timedelta(days=2))
    return lambda: disputes.close_due([clock.pk for clock in clocks], LATER)


EXCHANGE_CASES = [
    Case(questions.ask, _ask, audit="ask", events="asked", told="question_asked"),
    Case(questions.offer_help, _offer_help, audit="offer_help", events="asked", told="question_asked"),
    Case(questions.answer, _answer, audit="answer", events="replied", told="question_answered"),
    Case(
        questions.withdraw,
        _withdraw_question,
        audit="withdraw_question",
        events="question_withdrawn",
        told="question_withdrawn",
    ),
    Case(disputes.raise_dispute, _raise_dispute, audit="dispute", events="disputed", told="dispute_raised"),
    Case(disputes.word, _last_word, audit="decide_dispute", events="dispute_closed", told="dispute_closed"),
    Case(
        disputes.withdraw, _withdraw_dispute, audit="withdraw_dispute", events="dispute_closed", told="dispute_closed"
    ),
    Case(disputes.close_due, _close_due, audit="close_dispute", events="dispute_closed", told="dispute_closed"),
]
