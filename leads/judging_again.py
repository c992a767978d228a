"""Judge stored leads again whose data changed: fit, the rule in force, and the handoff of what is ready. Set-based.

What the intake does with what comes in, for what is there already. Callers hold the locks of the leads and their handoffs and write the record.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from leads.assigning import Placement
from leads.facts import missing_for_handoff
from leads.handing_off import ToHandOff, hand_off_many
from leads.holding import Held, load_facts, step_to
from leads.intake.handing import hold_back
from leads.lifecycle import Stage
from leads.models import Lead, Qualification
from leads.owed import DECIDED, end_duties
from leads.qualifying import QUALIFICATION_COLUMNS, Judge, judge_of, note_qualified, touch_lines
from leads.record import Record
from leads.scoring import TouchLine
from ledger.rows import insert_rows, update_rows
from personas.fit import Fit
from sla.in_force import InForce, NoAgreement, agreement_in_force


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


NOTHING = Followed()


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
        return NOTHING
    facts = load_facts([item.lead.pk for item in held], at)
    court = _Court(record, agreement, judge_of(agreement), at, facts)
    court.score(held)
    live = [item for item in held if not item.lead.is_history]
    new = [item for item in live if court.qualifies(item, has_reason=item.lead.pk in reasons)]
    court.qualify(new)
    end_duties(record, [item.lead.pk for item in live if facts[item.lead.pk]["fit"] is not None], at, {"triage"})
    end_duties(record, [item.lead.pk for item in new], at, DECIDED)
    fresh = {item.lead.pk for item in new}
    placed, missing = court.hand_off(court.ready(live, fresh | {lead_id}), obstacle)
    place = placed.get(lead_id)
    return Followed(
        lead_id in fresh, place.user_id if place else None, place.queue_id if place else None,
        tuple(missing.get(lead_id, ())), len(held) - 1, len(fresh - {lead_id}),
    )  # fmt: skip


@dataclass(slots=True)
class _Court:
    """Who judges, by what, and what is known of each lead: its facts, and its fit once it is scored."""

    record: Record
    agreement: InForce
    judge: Judge
    at: datetime
    facts: Mapping[int, dict[str, Any]]
    fits: dict[int, Fit] = field(default_factory=dict)

    def score(self, held: Sequence[Held]) -> None:
        """Score the fit of each lead and store it where it differs."""
        rows = []
        for item in held:
            facts = self.facts[item.lead.pk]
            fit = self.fits[item.lead.pk] = self.judge.fit(facts)
            facts["fit"], facts["grade"] = fit.score, fit.grade
            if (item.lead.fit, item.lead.persona_id) != (fit.score, fit.version_id):
                rows.append((item.lead.pk, fit.score, fit.version_id))
        update_rows(Lead, ("fit", "persona_id"), rows, returning=())
        self.record.note_fits({lead_id: fit.score for lead_id, fit in self.fits.items()})

    def qualifies(self, item: Held, *, has_reason: bool) -> bool:
        may = item.lead.stage == Stage.LEAD and (has_reason or not item.lead.needs_new_reason)
        return may and self.judge.is_mql(self.facts[item.lead.pk])

    def qualify(self, new: Sequence[Held]) -> None:
        """Make MQLs of those for which the rule holds, and keep why."""
        if not new:
            return
        touches = touch_lines(item.lead.pk for item in new)
        rows = [self._reasoned(item.lead, touches.get(item.lead.pk, ())) for item in new]
        insert_rows(Qualification, QUALIFICATION_COLUMNS, rows)
        reached = {item.lead.pk: item.lead.mql_at or self.at for item in new}
        step_to(new, "qualify", needs_new_reason=False, each={"mql_at": reached})

    def _reasoned(self, lead: Lead, touches: Sequence[TouchLine]) -> tuple[Any, ...]:
        engagement = self.facts[lead.pk]["engagement"]
        return note_qualified(
            self.record, lead, self.judge, fit=self.fits[lead.pk], engagement=engagement, touches=touches
        )

    def ready(self, held: Sequence[Held], asked: Collection[int]) -> list[Held]:
        """Give which MQLs to hand off of those that are with marketing: the ``asked``, and any other that is complete now.

        Another that still lacks something is left as it is: its marketer was told.
        """
        required = self.agreement.terms.required_for_handoff
        waiting = [
            item
            for item in held
            if item.lead.stage == Stage.MQL and item.open_handoff is None and item.lead.queue_id is None
        ]
        return [
            item
            for item in waiting
            if item.lead.pk in asked or not missing_for_handoff(required, self.facts[item.lead.pk])
        ]

    def hand_off(self, ready: Sequence[Held], obstacle: str) -> tuple[dict[int, Placement], dict[int, Sequence[str]]]:
        """Hand off what may be, and give where each went, or the codes of what keeps it back."""
        leads = [item.lead for item in ready]
        kept = hold_back(self.record, leads, obstacle, self.judge.version_id) if leads else {}
        missing: dict[int, Sequence[str]] = {lead_id: (code,) for lead_id, code in kept.items()}
        wanted = [self._to_hand_off(lead) for lead in leads if lead.pk not in kept]
        if not wanted:
            return {}, missing
        done = hand_off_many(self.record, wanted, agreement=self.agreement, at=self.at)
        return {placed.offer.lead_id: placed for placed in done.placements}, {**missing, **done.missing}

    def _to_hand_off(self, lead: Lead) -> ToHandOff:
        facts = self.facts[lead.pk]
        return ToHandOff(
            lead_id=lead.pk, tier=self.judge.tier(facts), facts=facts, arrived_at=self.at,
            handoff_count=lead.handoff_count, marketer_id=lead.marketer_id, campaign_id=lead.last_campaign_id,
        )  # fmt: skip
