"""Judge stored leads again whose data changed: fit, the rule in force, and the handoff of what is ready. Set-based.

What the intake does with what comes in, for what is there already. Callers hold the locks of the leads and their handoffs and write the record.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from leads.assigning import Placement
from leads.facts import missing_for_handoff
from leads.handing_off import ToHandOff, hand_off_many
from leads.holding import Held, load_facts, step_to
from leads.intake.handing import hold_back
from leads.lifecycle import Stage
from leads.models import Lead, Qualification
from leads.qualifying import QUALIFICATION_COLUMNS, Judge, judge_of, qualification_row, touch_lines
from leads.record import Record
from ledger.rows import insert_rows, update_rows
from personas.fit import Fit
from sla.in_force import InForce, NoAgreement, agreement_in_force

Facts = Mapping[int, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Followed:
    """What followed for one of the leads, and how many others were judged and became MQLs.

    It went to ``user_id`` or into ``queue_id``; or ``missing`` has the codes of why it stays with marketing.
    """

    is_new_mql: bool = False
    user_id: int | None = None
    queue_id: int | None = None
    missing: tuple[str, ...] = ()
    other_count: int = 0
    other_mql_count: int = 0


def judge_again(
    record: Record, held: Sequence[Held], lead_id: int, reasons: Collection[int], *, at: datetime, obstacle: str
) -> Followed:
    """Judge the leads ``held`` by the agreement in force, and say what followed for ``lead_id``; without an agreement nothing does.

    ``reasons`` are those that have a new one: a lead that sales gave back qualifies only with it (design, domain page, *qualify*).
    ``obstacle`` as in ``leads.intake.handing``. A lead loaded from history stays what it was. Raises ``NoRouting``, ``NoCalendar``.
    """
    try:
        agreement = agreement_in_force(at)
    except NoAgreement:
        return Followed()
    judge = judge_of(agreement)
    facts = load_facts([item.lead.pk for item in held], at)
    fits = _score(judge, held, facts)
    live = [item for item in held if not item.lead.is_history]
    new = [
        item
        for item in live
        if item.lead.stage == Stage.LEAD
        and judge.is_mql(facts[item.lead.pk])
        and (item.lead.pk in reasons or not item.lead.needs_new_reason)
    ]
    _qualify(record, judge, new, facts, fits, at)
    fresh = {item.lead.pk for item in new}
    waiting = [item for item in live if _waits(item)]
    ready = _ready(agreement, waiting, facts, fresh | {lead_id})
    placed, missing = _hand_off(record, agreement, judge, ready, facts, at, obstacle)
    place = placed.get(lead_id)
    return Followed(
        lead_id in fresh, place.user_id if place else None, place.queue_id if place else None,
        tuple(missing.get(lead_id, ())), len(held) - 1, len(fresh - {lead_id}),
    )  # fmt: skip


def _score(judge: Judge, held: Sequence[Held], facts: Facts) -> dict[int, Fit]:
    """Score the fit of each lead anew and store it where it differs."""
    fits = {}
    for item in held:
        told = facts[item.lead.pk]
        fit = fits[item.lead.pk] = judge.fit(told)
        told["fit"], told["grade"] = fit.score, fit.grade
    rows = [
        (item.lead.pk, fits[item.lead.pk].score, fits[item.lead.pk].version_id)
        for item in held
        if (item.lead.fit, item.lead.persona_id) != (fits[item.lead.pk].score, fits[item.lead.pk].version_id)
    ]
    update_rows(Lead, ("fit", "persona_id"), rows, returning=())
    return fits


def _qualify(
    record: Record, judge: Judge, new: Sequence[Held], facts: Facts, fits: Mapping[int, Fit], at: datetime
) -> None:
    """Make MQLs of those for which the rule holds now, and keep why."""
    if not new:
        return
    touches = touch_lines(item.lead.pk for item in new)
    rows = []
    for item in new:
        lead, fit, engagement = item.lead, fits[item.lead.pk], facts[item.lead.pk]["engagement"]
        rows.append(
            qualification_row(
                lead_id=lead.pk, judge=judge, fit=fit, engagement=engagement, touches=touches.get(lead.pk, ()), at=at
            )
        )
        record.event(
            lead.pk, "qualified", campaign_id=lead.last_campaign_id, version_id=judge.version_id, code="rule",
            facts={"fit": fit.score, "engagement": engagement},
        )  # fmt: skip
    insert_rows(Qualification, QUALIFICATION_COLUMNS, rows)
    reached = {item.lead.pk: item.lead.mql_at or at for item in new}
    step_to(new, "qualify", needs_new_reason=False, each={"mql_at": reached})


def _waits(item: Held) -> bool:
    """Tell whether an MQL is with marketing still."""
    return item.lead.stage == Stage.MQL and item.open_handoff is None and item.lead.queue_id is None


def _ready(agreement: InForce, waiting: Sequence[Held], facts: Facts, asked: Collection[int]) -> list[Held]:
    """Give which to hand off: those of ``asked``, and others that were incomplete before and are complete now.

    Another that still lacks something is left as it is: its marketer was told.
    """
    required = agreement.terms.required_for_handoff
    return [
        item
        for item in waiting
        if item.lead.pk in asked or not missing_for_handoff(required, facts[item.lead.pk])
    ]  # fmt: skip


def _hand_off(
    record: Record, agreement: InForce, judge: Judge, ready: Sequence[Held], facts: Facts, at: datetime, obstacle: str
) -> tuple[dict[int, Placement], dict[int, Sequence[str]]]:
    """Hand off, and give where each went, or the codes of what keeps it back."""
    kept = hold_back(record, [item.lead for item in ready], obstacle, judge.version_id) if ready else {}
    wanted = [
        ToHandOff(
            lead_id=item.lead.pk, tier=judge.tier(facts[item.lead.pk]), facts=facts[item.lead.pk], arrived_at=at,
            handoff_count=item.lead.handoff_count, marketer_id=item.lead.marketer_id,
            campaign_id=item.lead.last_campaign_id,
        )
        for item in ready
        if item.lead.pk not in kept
    ]  # fmt: skip
    if not wanted:
        return {}, {lead_id: (code,) for lead_id, code in kept.items()}
    done = hand_off_many(record, wanted, agreement=agreement, at=at)
    placed = {placement.offer.lead_id: placement for placement in done.placements}
    return placed, {**{lead_id: (code,) for lead_id, code in kept.items()}, **done.missing}

