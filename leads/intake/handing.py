"""Hand the MQLs of a batch to sales, or say why they stay with marketing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from leads.handing_off import LIMIT_WITHOUT_MANAGER, Reserved, ToHandOff, open_many
from leads.informing import marketers_or_managers
from leads.intake.states import LeadState
from leads.qualifying import Judge
from leads.record import Record
from leads.routing.board import Firms, Known

INCOMPLETE = "handoff_incomplete"
THIRD_HANDOFF = "third_handoff"

Mql = tuple[LeadState, Mapping[str, Any]]
"""A lead to hand off, with its facts."""


def hand_off(
    record: Record, mqls: Sequence[Mql], judge: Judge, *, at: datetime, obstacle: str, rules: Sequence[tuple[Any, ...]],
    reserved: Reserved,
) -> None:  # fmt: skip
    """Hand off what is ready and may be; ``obstacle`` is the code of why nothing can be at present. The leads are written afterwards.
    ``rules`` are the rows of ``rules_query``, ``reserved`` the ids taken.

    A third handoff needs a manager. Whoever lacks something stays: the responsible marketer is told, else marketing's managers.
    """
    if not mqls or judge.agreement is None:
        return
    held = hold_back(record, [lead for lead, _ in mqls], obstacle, judge.version_id)
    rest = [line for line in mqls if line[0].id not in held]
    wanted = [_wanted(*line, at) for line in rest]
    known = Known(rules, _firms([lead for lead, _ in rest]))
    done = open_many(record, wanted, agreement=judge.agreement, at=at, known=known, reserved=reserved)
    states = {lead.id: lead for lead, _ in rest}
    for pinned in done.pinned:
        states[pinned.lead_id].pin(pinned.handoff_count, pinned.queue_id, pinned.kind)


def hold_back(record: Record, leads: Sequence[Any], obstacle: str, version_id: int | None) -> dict[int, str]:
    """Leave with marketing what cannot be handed off by a rule, and tell them; gives the code of why, by lead.

    ``leads`` may be rows of the model or the intake's own states. ``obstacle`` concerns all of them.
    """
    held = {lead.id: obstacle or THIRD_HANDOFF for lead in leads if obstacle or _is_third(lead)}
    recipients = marketers_or_managers({lead.id: lead.marketer_id for lead in leads if lead.id in held})
    for lead_id, code in held.items():
        facts = {"missing": [code]}
        record.event(lead_id, "handoff_refused", version_id=version_id, code=code, facts=facts)
        for user_id in recipients[lead_id]:
            record.tell(user_id, INCOMPLETE, "lead", lead_id, **facts)
    return held


def _is_third(lead: Any) -> bool:
    return bool(lead.handoff_count >= LIMIT_WITHOUT_MANAGER)


def _wanted(lead: LeadState, facts: Mapping[str, Any], at: datetime) -> ToHandOff:
    return ToHandOff(
        lead.id, lead.tier, facts, at, handoff_count=lead.handoff_count, marketer_id=lead.marketer_id,
        campaign_id=lead.last_campaign_id, is_new=lead.is_new,
    )  # fmt: skip


def _firms(leads: Sequence[LeadState]) -> Firms:
    companies = {lead.id: lead.contact.company for lead in leads if lead.contact.company}
    new = frozenset(company.id for company in companies.values() if company.is_new)
    return Firms({lead_id: company.id for lead_id, company in companies.items()}, new)
