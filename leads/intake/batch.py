"""One batch on its way through the intake, inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from inputs.refusals import Problem
from leads.codes import HAND_RAISES
from leads.facts import facts_of
from leads.intake.arrival import CREATED, HISTORY, REJECTED, SKIPPED, UPDATED, Outcome
from leads.intake.credit import credit
from leads.intake.duties import settle
from leads.intake.handing import Mql, hand_off
from leads.intake.match import Book
from leads.intake.members import KnownCampaign, SaidStatus, problem_with_status, said_status, store_members
from leads.intake.names import locks_of, names_of
from leads.intake.normalise import MEDIUM_LENGTH, Clean
from leads.intake.states import CampaignTouch, ContactState, LeadState
from leads.intake.store import store
from leads.intake.wordings import HAND_RAISE
from leads.lifecycle import SALES_STAGES, Stage
from leads.models import Qualification
from leads.qualifying import QUALIFICATION_COLUMNS, UNSIGNED, Judge, judge_of, note_qualified, touch_lines
from leads.record import Record
from leads.routing.board import rules_query
from leads.scoring import Engagement, TouchLine, add_points, engagement_now, rebase
from leads.second_life import FRESH
from ledger.rows import insert_rows, together
from ledger.selecting import select, select_all
from personas.fit import Fit
from sla.in_force import NoAgreement, in_force_query, read_in_force

CAMPAIGNS = """
SELECT c.code, c.id, CASE WHEN u.is_active THEN c.owner_id END, c.type
FROM campaigns_campaign c JOIN teams_user u ON u.id = c.owner_id WHERE c.code = ANY(%s)"""
"""Who has left answers for nothing: what their campaign brings in is the whole team's."""
PRODUCTS = "SELECT code, id FROM personas_product WHERE is_active AND code = ANY(%s)"

CUSTOMER_STAGES = frozenset({Stage.CUSTOMER.value, Stage.ADVOCATE.value})
IN_SALES_HANDS = frozenset(stage.value for stage in SALES_STAGES)


class Batch:
    """Takes in what ``take`` is given. ``obstacle`` is the code of why nothing can be handed off at present, if so.

    With ``only_read`` it stops before scores, handoffs and storing: it tells what it would be, and leaves no trace.
    """

    def __init__(
        self, *, actor_id: int | None, at: datetime, mode: str, obstacle: str = "", only_read: bool = False
    ) -> None:
        self.actor_id = actor_id
        self.at = at
        self.is_history = mode == HISTORY
        self.obstacle = obstacle
        self.only_read = only_read
        self.record = Record("take_in", actor_id, at)
        self.judge: Judge = UNSIGNED
        self.routing: list[tuple[Any, ...]] = []
        self.campaigns: Mapping[str, KnownCampaign] = {}
        self.products: Mapping[str, int] = {}
        self.touched: dict[int, LeadState] = {}
        self.touch_rows: list[tuple[Any, ...]] = []
        self.members: list[SaidStatus] = []
        self.qualifications: list[tuple[Any, ...]] = []

    def take(self, cleans: Sequence[Clean]) -> dict[int, Outcome]:
        """Take ``cleans`` in; gives the outcome of each by its place."""
        self.judge = self._judge(cleans)
        outcomes = self._refuse_unknown_codes(cleans)
        wanted = [clean for clean in cleans if clean.place not in outcomes]
        if wanted:
            may_qualify = self.judge.agreement is not None and not self.is_history
            self.book = Book(wanted, with_handoffs=may_qualify, only_read=self.only_read)
            fresh = self._skip_known(wanted, self.book.known_touches, outcomes)
            outcomes |= self._take_fresh(fresh) if fresh else {}
        self._settle_repeats(wanted, outcomes)
        return outcomes

    def _take_fresh(self, cleans: Sequence[Clean]) -> dict[int, Outcome]:
        taken = self._join(cleans)
        if self.only_read:
            return {clean.place: _foreseen(lead, state, self._noted(clean)) for clean, lead, state in taken}
        self._hand_off()
        return {
            clean.place: Outcome(
                state, lead.id, lead.contact.id, str(lead.stage), self._noted(clean), lead.fit, self._engagement(lead)
            )
            for clean, lead, state in taken
        }

    def _noted(self, clean: Clean) -> tuple[Problem, ...]:
        """Say what of an arrival could not be used; a status that nobody can have costs no lead."""
        problem = problem_with_status(clean.texts["member_status"], self._campaign(clean))
        return (problem,) if problem else ()

    # Before

    def _judge(self, cleans: Sequence[Clean]) -> Judge:
        """Load what leads are judged by. The names are locked beside: what they stand for is read by the next statement."""
        locks = [] if self.only_read else locks_of(name for clean in cleans for name in names_of(clean))
        try:
            agreement, self.routing, *_ = select_all([in_force_query(self.at), rules_query(self.at), *locks])
            return judge_of(read_in_force(agreement))
        except NoAgreement:
            return UNSIGNED

    def _refuse_unknown_codes(self, cleans: Sequence[Clean]) -> dict[int, Outcome]:
        """Look up campaigns and products. A campaign that only a UTM value names may be unknown to us; one that is named may not."""
        codes = {clean.campaign_code for clean in cleans} - {""}
        if codes:
            rows = select(CAMPAIGNS, [sorted(codes | {code.lower() for code in codes})])
            self.campaigns = {row[0]: KnownCampaign(*row[1:]) for row in rows}
        codes = {clean.texts["product_code"] for clean in cleans} - {""}
        if codes:
            self.products = dict(select(PRODUCTS, [sorted(codes)]))
        refused = {}
        for clean in cleans:
            problem = self._unknown_code(clean)
            if problem:
                refused[clean.place] = Outcome(REJECTED, problems=(problem,))
        return refused

    def _unknown_code(self, clean: Clean) -> Problem | None:
        if clean.texts["campaign_code"] and not self._campaign(clean):
            return Problem("campaign_code", "unknown_campaign", "There is no campaign with this code.")
        if clean.texts["product_code"] and clean.texts["product_code"] not in self.products:
            return Problem("product_code", "unknown_product", "There is no product with this code.")
        return None

    def _campaign(self, clean: Clean) -> KnownCampaign | None:
        code = clean.campaign_code
        return self.campaigns.get(code) or self.campaigns.get(code.lower())

    def _skip_known(
        self, cleans: Sequence[Clean], known: Mapping[str, tuple[int, int, str]], outcomes: dict[int, Outcome]
    ) -> list[Clean]:
        """Set aside what was taken in before; a key that repeats inside the batch counts once, at its first place."""
        fresh: list[Clean] = []
        seen: set[str] = set()
        for clean in cleans:
            if clean.key and clean.key in known:
                lead_id, contact_id, stage = known[clean.key]
                outcomes[clean.place] = Outcome(SKIPPED, lead_id, contact_id, stage)
            elif clean.key is None or clean.key not in seen:
                fresh.append(clean)
                seen.add(clean.key or "")
        return fresh

    def _settle_repeats(self, cleans: Sequence[Clean], outcomes: dict[int, Outcome]) -> None:
        first = {clean.key: outcomes[clean.place] for clean in reversed(cleans) if clean.place in outcomes}
        for clean in cleans:
            if clean.place not in outcomes:
                found = first[clean.key]
                outcomes[clean.place] = Outcome(SKIPPED, found.lead_id, found.contact_id, found.stage)

    # Joining

    def _join(self, cleans: Sequence[Clean]) -> list[tuple[Clean, LeadState, str]]:
        """Give each arrival its contact and lead."""
        taken = []
        for clean in cleans:
            contact = self.book.contact_for(clean)
            product_id = self.products.get(clean.texts["product_code"])
            lead = self.book.lead_for(contact, product_id)
            is_new = lead is None
            if lead is None:
                lead = self._new_lead(contact, clean, product_id)
            else:
                self._join_lead(lead, clean, product_id)
            self._touch(lead, clean)
            taken.append((clean, lead, CREATED if is_new else UPDATED))
        return taken

    def _new_lead(self, contact: ContactState, clean: Clean, product_id: int | None) -> LeadState:
        is_customer = bool(contact.company and contact.company.is_customer)
        is_customer = is_customer or any(lead.stage in CUSTOMER_STAGES for lead in contact.leads)
        lead = LeadState(
            self.book.next_lead_id(), contact, captured_at=clean.occurred_at, last_touch_at=clean.occurred_at,
            product_id=product_id, product=clean.texts["product_code"], origin=clean.texts["origin"],
            kind="expansion" if is_customer else "new_business", source=clean.source,
            half_life_days=self.judge.scoring.half_life_days,
            is_history=self.is_history, is_new=True,
        )  # fmt: skip
        if lead.origin == "sales":
            lead.stage, lead.sal_at, lead.owner_id = Stage.SAL.value, self.at, self.actor_id
        elif self.is_history:
            lead.stage, lead.mql_at = Stage.MQL.value, clean.occurred_at
        contact.leads.append(lead)
        self.book.leads[lead.id] = lead
        self._tell_capture(lead, clean)
        return lead

    def _tell_capture(self, lead: LeadState, clean: Clean) -> None:
        campaign = self._campaign(clean)
        facts = {"kind": clean.texts["touch_kind"], "origin": lead.origin}
        self.record.event(
            lead.id, "captured", occurred_at=clean.occurred_at, campaign_id=campaign.id if campaign else None,
            user_id=lead.owner_id, code=lead.source, facts=facts,
        )  # fmt: skip
        if lead.is_history and lead.mql_at:
            self.record.event(
                lead.id, "qualified", occurred_at=clean.occurred_at, campaign_id=campaign.id if campaign else None,
                code="history",
            )  # fmt: skip

    def _join_lead(self, lead: LeadState, clean: Clean, product_id: int | None) -> None:
        """A touch joins a lead that is there; one on a recycled lead brings it back before its date."""
        if lead.product_id is None and product_id is not None:
            lead.product_id, lead.product = product_id, clean.texts["product_code"]
        if lead.source == "unknown":
            lead.source = clean.source
        if lead.stage == Stage.RECYCLED:
            lead.begin_anew(FRESH)
            self.record.event(lead.id, "revived", code="touch")
        campaign = self._campaign(clean)
        self.record.event(
            lead.id, "touched", occurred_at=clean.occurred_at, campaign_id=campaign.id if campaign else None,
            code=clean.texts["touch_kind"], facts={"source": clean.source},
        )  # fmt: skip

    def _touch(self, lead: LeadState, clean: Clean) -> None:
        texts = clean.texts
        campaign = self._campaign(clean)
        if campaign:
            lead.campaign_touches.append(CampaignTouch(clean.occurred_at, campaign.id, campaign.marketer_id))
            lead.is_backdated |= clean.occurred_at < lead.last_touch_at
        lead.last_touch_at = max(lead.last_touch_at, clean.occurred_at)
        campaign_id = campaign.id if campaign else None
        lead.touches.append(TouchLine(texts["touch_kind"], clean.occurred_at, clean.source, campaign_id))
        if texts["touch_kind"] in HAND_RAISES:
            lead.is_hand_raise = lead.has_new_hand_raise = True
        if said := said_status(texts["member_status"], campaign, lead.id):
            self.members.append(said)
        self.touched[lead.id] = lead
        self.touch_rows.append(
            (lead.id, lead.contact.id, texts["touch_kind"], clean.source, texts["source_raw"],
             clean.utm.get("medium", "")[:MEDIUM_LENGTH], campaign_id, clean.utm,
             texts["landing_page"], texts["note"], clean.key, clean.occurred_at, self.at)
        )  # fmt: skip

    # Judging

    def _hand_off(self) -> None:
        leads = list(self.touched.values())
        credit(leads)
        mqls = self._score(leads)
        for lead, facts in mqls:
            lead.tier, lead.is_history = self.judge.tier(facts), False
        qualified = {row[0] for row in self.qualifications}
        settle(self.record, leads, self.judge.agreement, qualified=qualified, at=self.at)
        with together():
            hand_off(
                self.record, mqls, self.judge, at=self.at, obstacle=self.obstacle, rules=self.routing,
                reserved=self.book.for_handoffs,
            )  # fmt: skip
            store(self.book, leads, self.touch_rows, at=self.at)
            store_members(self.members, at=self.at)
            insert_rows(Qualification, QUALIFICATION_COLUMNS, self.qualifications)
            self.record.write("lead", [lead.id for lead in leads], mode="history" if self.is_history else "live")

    def _score(self, leads: Sequence[LeadState]) -> list[Mql]:
        """Score the leads and qualify those for which the rule holds.

        Gives the MQLs to hand off: the new ones, and those that wait with marketing where the contact asked again or data came in.
        """
        judged = [(lead, *self._judged(lead)) for lead in leads]
        for lead, *_ in judged:
            self._note_completed(lead)
        self.record.note_fits({lead.id: lead.fit for lead in leads})
        new_mqls = [line for line in judged if line[0].may_qualify and self._qualifies(line[3])]
        earlier = touch_lines(lead.id for lead, *_ in new_mqls if not lead.is_new)
        for lead, fit, engagement, _ in new_mqls:
            touches = [*earlier.get(lead.id, ()), *lead.touches]
            self._qualify(lead, fit, engagement, touches)
        changed = {lead.id for lead, *_ in new_mqls}
        for lead, *_ in judged:
            self._tell_touch(lead)
        return [
            (lead, facts)
            for lead, _, _, facts in judged
            if lead.stage == Stage.MQL and lead.handoff_id is None and not self.is_history
            and (lead.id in changed or lead.has_new_hand_raise or lead.contact.changed)
        ]  # fmt: skip

    def _judged(self, lead: LeadState) -> tuple[Fit, int, dict[str, Any]]:
        scoring = self.judge.scoring
        stored = Engagement(lead.engagement_fixed, lead.engagement_level, lead.half_life_days)
        stored = rebase(stored, half_life_days=scoring.half_life_days, at=self.at)
        now = add_points(stored, scoring, lead.touches)
        lead.engagement_fixed, lead.engagement_level, lead.half_life_days = now.fixed, now.level, now.half_life_days
        engagement = self._engagement(lead)
        facts = facts_of(
            contact=lead.contact, company=lead.contact.company, lead=lead, engagement=engagement,
            product=lead.product, is_hand_raise=lead.counts_as_hand_raise,
        )  # fmt: skip
        fit = self.judge.fit(facts)
        lead.fit, lead.persona_id = fit.score, fit.version_id
        facts["fit"], facts["grade"] = fit.score, fit.grade
        return fit, engagement, facts

    def _engagement(self, lead: LeadState) -> int:
        return engagement_now(lead, self.at)

    def _qualifies(self, facts: Mapping[str, Any]) -> bool:
        return not self.is_history and self.judge.is_mql(facts)

    def _qualify(self, lead: LeadState, fit: Fit, engagement: int, touches: Sequence[TouchLine]) -> None:
        lead.stage, lead.mql_at, lead.needs_new_reason = Stage.MQL.value, lead.mql_at or self.at, False
        self.qualifications.append(
            note_qualified(self.record, lead, self.judge, fit=fit, engagement=engagement, touches=touches)
        )

    def _note_completed(self, lead: LeadState) -> None:
        """Say what data were completed. What the lead is judged by now came with them: it comes before the verdict."""
        if lead.contact.changed and not lead.is_new:
            self.record.event(lead.id, "completed", facts={"fields": sorted(lead.contact.changed)})

    def _tell_touch(self, lead: LeadState) -> None:
        """Tell whoever has the lead in hand that the contact asked for us again."""
        if lead.is_new:
            return
        in_hand = lead.stage in IN_SALES_HANDS or lead.handoff_id is not None
        if lead.has_new_hand_raise and in_hand and not self.is_history:
            self.record.tell(lead.owner_id or lead.assignee_id, HAND_RAISE, "lead", lead.id)


def _foreseen(lead: LeadState, state: str, noted: tuple[Problem, ...]) -> Outcome:
    """Give the outcome of an arrival that is not stored: a new lead has no id yet."""
    if lead.is_new:
        return Outcome(state, problems=noted)
    return Outcome(state, lead.id, lead.contact.id, str(lead.stage), noted)
