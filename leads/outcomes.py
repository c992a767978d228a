"""The verbs that decide what becomes of a lead: SQL, opportunity, won, lost, recycled, disqualified.

How it begins anew is the matter of ``leads.second_life``. Design, domain page, *Lifecycle of a lead*.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction

from inputs.refusals import Invalid, Problem
from leads import clocks
from leads.codes import DISQUALIFY_REASONS, LOSS_REASONS, RECYCLE_REASONS
from leads.holding import Held, hold, permit, permit_work, require_step, step_to, terms_of
from leads.informing import tell_marketing
from leads.lifecycle import Stage, WrongStage, is_with_marketing
from leads.models import Company, Lead, Opportunity
from leads.owed import end_duties
from leads.questions import end_questions
from leads.rating import owe_rating
from leads.reasons import BadReason, checked_reason
from leads.record import Record
from leads.transfers import end_transfers
from ledger.instants import company_day
from sla.terms import Terms
from teams.models import User

MAX_AMOUNT = Decimal("999999999999.99")
CURRENCY = re.compile(r"[A-Z]{3}")
LONGEST_RECYCLE_DAYS = 3 * 365
DEFAULT_RECYCLE_DAYS = 180

FEEDBACK = frozenset({"full_feedback"})
"""What is still owed after the end of a lead; a quick rating that was not given yet is part of it."""

OppStages = Opportunity.Stages


class ChecklistIncomplete(Invalid):
    """Not every item of the agreement's SQL checklist is confirmed; ``problems`` lists the open ones."""

    code = "checklist_incomplete"


class BadDeal(Invalid):
    """Amount, currency or close date of an opportunity cannot be."""

    code = "bad_deal"


# SQL -----------------------------------------------------------------------------------------------------------------


@transaction.atomic
def qualify_for_sales(*, lead_id: int, confirmed: Collection[str], actor: User, at: datetime) -> None:
    """Make an accepted lead an SQL: the rep confirms each item of the SQL checklist (``confirmed``: their codes).

    It is the verdict: what was still to be done until then, such as a first attempt by a rep who took over after somebody else's
    conversation, is owed no longer, full feedback is.
    Raises ``ChecklistIncomplete``, also where a conversation is confirmed that nobody logged, ``NotYours``, ``WrongStage``.
    """
    item = _held_for("qualify_for_sales", lead_id, actor, at)
    version_id, terms = terms_of([item], at)[lead_id]
    problems = _open_items(terms, confirmed, item)
    if problems:
        raise ChecklistIncomplete("The checklist is not complete.", problems=problems)
    record = Record("qualify_for_sales", actor.pk, at)
    step_to([item], "qualify_for_sales", sql_at=item.lead.sql_at or at)
    _give_verdict(record, item, was_sal=True, code="qualified_for_sales", at=at)
    _event(record, item, "qualified_for_sales", version_id=version_id, facts={"checklist": sorted(confirmed)})
    record.write("lead", [lead_id], version=version_id)


def _open_items(terms: Terms, confirmed: Collection[str], item: Held) -> tuple[Problem, ...]:
    known = {line.code for line in terms.sql_checklist}
    found = [Problem(code, "unknown_item", "This is not on the checklist.") for code in sorted(set(confirmed) - known)]
    found += [
        Problem(line.code, "not_confirmed", line.words) for line in terms.sql_checklist if line.code not in confirmed
    ]
    if "conversation" in known & set(confirmed) and item.lead.conversed_at is None:
        found.append(Problem("conversation", "not_logged", "No conversation is logged yet. Log it first."))
    return tuple(found)


# Opportunity ---------------------------------------------------------------------------------------------------------


@transaction.atomic
def open_opportunity(
    *, lead_id: int, amount: Decimal, expected_close_on: date, actor: User, at: datetime, currency: str = "EUR"
) -> int:
    """Open an opportunity on an SQL and give its id. Raises ``BadDeal``, ``NotYours``, ``WrongStage``."""
    item = _held_for("open_opportunity", lead_id, actor, at)
    _check_deal(amount, currency, expected_close_on, at)
    is_expansion = item.lead.kind == Lead.Kinds.EXPANSION
    deal = Opportunity.objects.create(
        lead=item.lead, owner_id=item.lead.owner_id, amount=amount, currency=currency, opened_at=at,
        kind=Opportunity.Kinds.EXPANSION if is_expansion else Opportunity.Kinds.NEW, expected_close_on=expected_close_on,
    )  # fmt: skip
    record = Record("open_opportunity", actor.pk, at)
    end_transfers(record, [item], code="opportunity_opened", at=at)
    step_to([item], "open_opportunity", opportunity_at=item.lead.opportunity_at or at)
    _event(record, item, "opportunity_opened", facts=_deal_facts(deal))
    record.write("lead", [lead_id], opportunity=deal.pk)
    return deal.pk


@transaction.atomic
def win(*, lead_id: int, actor: User, at: datetime, amount: Decimal | None = None) -> None:
    """Win the open opportunity: the lead is a customer, its company too, with the lead's owner as account owner if it has none.

    ``amount`` replaces the expected one. Raises ``BadDeal``, ``NotYours``, ``WrongStage``.
    """
    item = _held_for("win", lead_id, actor, at)
    deal = _close(item, OppStages.WON, at, amount=amount)
    record = Record("win", actor.pk, at)
    step_to([item], "win", customer_at=item.lead.customer_at or at)
    _make_customer(item)
    clocks.cancel(record, lead_ids=[lead_id], handoff_ids=_handoff_ids(item), but=FEEDBACK, code="won", at=at)
    end_questions(record, [item], code="won", at=at)
    facts = _deal_facts(deal)
    _event(record, item, "won", facts=facts)
    tell_marketing(record, [item], "lead_won", {lead_id: facts})
    record.write("lead", [lead_id], opportunity=deal.pk)


@transaction.atomic
def lose(*, lead_id: int, reason: str, actor: User, at: datetime, note: str = "") -> None:
    """Lose the open opportunity for a coded reason. Raises ``BadReason``, ``NotYours``, ``WrongStage``."""
    note = checked_reason(reason, note, LOSS_REASONS)
    item = _held_for("lose", lead_id, actor, at)
    deal = _close(item, OppStages.LOST, at, reason=reason, note=note)
    record = Record("lose", actor.pk, at)
    step_to([item], "lose", lost_at=at)
    clocks.cancel(record, lead_ids=[lead_id], handoff_ids=_handoff_ids(item), but=FEEDBACK, code="lost", at=at)
    end_questions(record, [item], code="lost", at=at)
    _event(record, item, "lost", code=reason, facts=_deal_facts(deal))
    tell_marketing(record, [item], "lead_lost", {lead_id: {"reason": reason}})
    record.write("lead", [lead_id], opportunity=deal.pk, reason=reason)


def _check_deal(amount: Decimal, currency: str, expected_close_on: date, at: datetime) -> None:
    _check_amount(amount)
    check_currency(currency)
    if expected_close_on < company_day(at):
        raise BadDeal("The close date lies in the past.", field="expected_close_on", code="in_the_past")


def check_currency(currency: str) -> None:
    """Refuse what is no code of a currency; raises ``BadDeal``."""
    if not CURRENCY.fullmatch(currency):
        raise BadDeal("Name the currency by its three letters, such as EUR.", field="currency", code="unknown_currency")


def _check_amount(amount: Decimal) -> None:
    if not amount.is_finite() or amount < 0 or amount > MAX_AMOUNT:
        raise BadDeal("Give an amount from 0 up.", field="amount", code="out_of_range")
    if amount != amount.quantize(Decimal("0.01")):
        raise BadDeal("Give the amount with two decimals at most.", field="amount", code="too_precise")


def _close(
    item: Held, stage: str, at: datetime, *, amount: Decimal | None = None, reason: str = "", note: str = ""
) -> Opportunity:
    if amount is not None:
        _check_amount(amount)
    deal = Opportunity.objects.filter(lead=item.lead, closed_at__isnull=True).first()
    if deal is None:
        raise WrongStage("This lead has no open opportunity.", details={"lead": item.lead.pk})
    deal.stage, deal.closed_at, deal.reason, deal.note = stage, at, reason, note
    deal.amount = deal.amount if amount is None else amount
    deal.save(update_fields=["stage", "closed_at", "reason", "note", "amount"])
    return deal


def _make_customer(item: Held) -> None:
    """Make the company a customer; its account is the rep's, unless somebody who is still here has it."""
    companies = Company.objects.filter(contacts__leads=item.lead).select_related("owner")
    for company in companies.select_for_update(of=("self",), no_key=True):
        company.is_customer = True
        if company.owner is None or not company.owner.is_active:
            company.owner = item.lead.owner
        company.save(update_fields=["is_customer", "owner"])


def _deal_facts(deal: Opportunity) -> dict[str, object]:
    return {"opportunity": deal.pk, "amount": str(deal.amount), "currency": deal.currency, "kind": deal.kind}


# Ends ----------------------------------------------------------------------------------------------------------------


@transaction.atomic
def recycle(
    *, lead_id: int, reason: str, actor: User, at: datetime, returns_on: date | None = None, note: str = ""
) -> None:
    """Put a lead aside until ``returns_on`` (default: the agreement's days for the reason). Its engagement starts anew, its fit stays.

    Raises ``BadReason``, also for a date that is not in the next three years, ``NotYours``, ``WrongStage``.
    """
    note = checked_reason(reason, note, RECYCLE_REASONS)
    item = _held_for("recycle", lead_id, actor, at)
    version_id, terms = terms_of([item], at)[lead_id]
    day = _return_date(terms, reason, returns_on, at)
    record = Record("recycle", actor.pk, at)
    was_sal = item.lead.stage == Stage.SAL
    step_to(
        [item], "recycle", recycled_at=at, returns_on=day, stage_note=note, queue_id=None, engagement_fixed=0.0,
        engagement_level=None, is_hand_raise=False,
    )  # fmt: skip
    _give_verdict(record, item, was_sal=was_sal, code="recycled", at=at)
    end_questions(record, [item], code="recycled", at=at)
    facts = {"returns_on": day.isoformat()}
    _event(record, item, "recycled", version_id=version_id, code=reason, facts=facts)
    tell_marketing(record, [item], "lead_recycled", {lead_id: {"reason": reason, **facts}})
    record.write("lead", [lead_id], reason=reason)


def _return_date(terms: Terms, reason: str, returns_on: date | None, at: datetime) -> date:
    today = company_day(at)
    if returns_on is None:
        days = terms.recycle_days.get(reason, terms.recycle_days.get("default", DEFAULT_RECYCLE_DAYS))
        return today + timedelta(days=days)
    if not today < returns_on <= today + timedelta(days=LONGEST_RECYCLE_DAYS):
        message = "Choose a day in the next three years, tomorrow at the earliest."
        raise BadReason(message, field="returns_on", code="out_of_range")
    return returns_on


@transaction.atomic
def disqualify(*, lead_id: int, reason: str, actor: User, at: datetime, note: str = "") -> None:
    """End a lead for a coded reason: marketing while it is theirs, its rep after a conversation; an open opportunity is lost.

    An MQL is marketing's until it is handed off, and again where nobody of sales has it; while an offer is open it must be recalled first.
    Raises ``BadReason``, ``NotAllowed``, ``NotYours``, ``WrongStage``.
    """
    note = checked_reason(reason, note, DISQUALIFY_REASONS)
    held = hold([lead_id], actor=actor)
    (item,) = held
    by_sales = not is_with_marketing(item.lead.stage, is_handed_off=item.open_handoff is not None)
    if not by_sales or not actor.may("work_lead"):
        permit(actor, "disqualify_lead")
    require_step("disqualify", held)
    if by_sales:
        _require_conversation(item, actor, at)
    record = Record("disqualify", actor.pk, at)
    was_sal = item.lead.stage == Stage.SAL
    facts = _lose_with_lead(item, at) if item.lead.stage == Stage.OPPORTUNITY else None
    step_to(held, "disqualify", disqualified_at=at, stage_note=note, queue_id=None)
    if not by_sales:
        end_duties(record, [lead_id], at)
    _give_verdict(record, item, was_sal=was_sal, code="disqualified", at=at)
    end_questions(record, held, code="disqualified", at=at)
    _event(record, item, "disqualified", code=reason, facts=facts)
    if by_sales:
        tell_marketing(record, held, "lead_disqualified", {lead_id: {"reason": reason}})
    record.write("lead", [lead_id], reason=reason)


def _require_conversation(item: Held, actor: User, at: datetime) -> None:
    """Refuse to let sales end what they have not talked to: that is rejected, recalled or returned."""
    details = {"lead": item.lead.pk}
    if item.lead.stage == Stage.MQL:
        raise WrongStage("It is offered to sales: reject or recall it instead.", details=details)
    permit_work([item], actor=actor, at=at)
    if item.lead.conversed_at is None:
        raise WrongStage("There was no conversation yet: return this lead instead.", details=details)


def _lose_with_lead(item: Held, at: datetime) -> dict[str, object]:
    """Lose the open deal of a lead that is disqualified, and give what the event says of it."""
    deal = _close(item, OppStages.LOST, at, reason="other", note="The lead was disqualified.")
    return {**_deal_facts(deal), "deal": OppStages.LOST.value}


# Parts ---------------------------------------------------------------------------------------------------------------


def _held_for(step: str, lead_id: int, actor: User, at: datetime) -> Held:
    """Take hold of one lead that ``step`` fits and that the actor may work on."""
    held = hold([lead_id], actor=actor)
    permit(actor, "work_lead")
    require_step(step, held)
    permit_work(held, actor=actor, at=at)
    return held[0]


def _give_verdict(record: Record, item: Held, *, was_sal: bool, code: str, at: datetime) -> None:
    """End what was owed until somebody said what becomes of a lead. On a SAL this is the verdict, and full feedback is owed from now on."""
    end_transfers(record, [item], code=code, at=at)
    clocks.answer(record, promise="verdict", lead_ids=[item.lead.pk], at=at)
    clocks.cancel(
        record, lead_ids=[item.lead.pk], handoff_ids=_handoff_ids(item), but=FEEDBACK, code=code, at=at
    )  # fmt: skip
    if was_sal:
        owe_rating(record, item, "full_feedback", at)


def _handoff_ids(item: Held) -> list[int]:
    return [item.handoff.pk] if item.handoff is not None else []


def _event(
    record: Record, item: Held, kind: str, *, version_id: int | None = None, code: str = "",
    facts: Mapping[str, object] | None = None,
) -> None:  # fmt: skip
    handoff = item.handoff
    record.event(
        item.lead.pk, kind, handoff_id=handoff.pk if handoff else None, campaign_id=item.lead.last_campaign_id,
        user_id=item.lead.owner_id, version_id=version_id or (handoff.version_id if handoff else None), code=code,
        facts=facts,
    )  # fmt: skip
