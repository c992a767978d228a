"""What the notices about targets say, and how a target is named."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from leads.codes import TIER_LABELS
from leads.models import TargetPeriod
from leads.period_judging import BEHIND, KEPT, MISSED, WITHOUT_CASES
from leads.period_rules import Span, outcome_words
from leads.periods import company_zone
from ledger.wording import EMAIL, IN_APP, Message, register, register_subject
from personas.models import PersonaVersion
from sla.promises import TARGETS

Facts = Mapping[str, Any]


def register_period_wordings() -> None:
    """Register the notices of targets. What was missed also goes out by email."""
    register(BEHIND, channels=[IN_APP], render=_behind)
    register(KEPT, channels=[IN_APP], render=_kept)
    register(MISSED, channels=[IN_APP, EMAIL], render=_missed)
    register(WITHOUT_CASES, channels=[IN_APP], render=_without_cases)
    register_subject("period", _names)


def target_name(code: str, of: str = "", personas: Mapping[str, str] | None = None) -> str:
    """Name a target: *MQLs*, *Share of leads with a conversation, hot*, *MQLs, Olivia* (``personas`` are names by code)."""
    words = TARGETS[code].words if code in TARGETS else code.replace("_", " ")
    narrowed = TIER_LABELS[of].lower() if of in TIER_LABELS else (personas or {}).get(of, of)
    return f"{words}, {narrowed}" if of else words


def period_label(first: date, last: date) -> str:
    """Name a period: *March 2026*, *Q1 2026*."""
    return Span(first, last, company_zone()).label


def persona_names(codes: Collection[str]) -> dict[str, str]:
    """Give the newest names of these personas by code, with one query where there are any."""
    wanted = {code for code in codes if code and code not in TIER_LABELS}
    if not wanted:
        return {}
    versions = PersonaVersion.objects.newest().filter(persona__code__in=wanted)
    return dict(versions.values_list("persona__code", "name"))


def _names(period_ids: Collection[int]) -> dict[int, str]:
    rows = list(TargetPeriod.objects.filter(pk__in=period_ids))
    personas = persona_names({row.of for row in rows})
    return {
        row.pk: f"{target_name(row.code, row.of, personas)}, {period_label(row.first_on, row.last_on)}" for row in rows
    }


def _path(period_id: int) -> str:
    return f"/targets/{period_id}/"


def _behind(period_id: int, facts: Facts) -> Message:
    text = f"{facts['percent']} % of the working time have passed: {facts['words']}."
    return Message(f"Behind: {target_name(facts['promise']).lower()}", text, _path(period_id))


def _kept(period_id: int, facts: Facts) -> Message:
    return Message(
        f"Target reached: {target_name(facts['promise']).lower()}", f"{_outcome(period_id)}.", _path(period_id)
    )


def _missed(period_id: int, facts: Facts) -> Message:
    text = f"{_outcome(period_id)}. Look together at what stood in the way."
    return Message(f"Target missed: {target_name(facts['promise']).lower()}", text, _path(period_id))


def _without_cases(period_id: int, facts: Facts) -> Message:
    text = "There was no case in this period, so the target is neither kept nor missed."
    return Message(f"Nothing to judge: {target_name(facts['promise']).lower()}", text, _path(period_id))


def _outcome(period_id: int) -> str:
    row = TargetPeriod.objects.filter(pk=period_id).first()
    if row is None or row.judged_at is None:
        return "The period is over"
    unit = TARGETS[row.code].unit
    said = outcome_words(unit, row.amount, row.currency, row.reached or Decimal(0), row.counted or 0)
    return f"{period_label(row.first_on, row.last_on)}: {said}"
