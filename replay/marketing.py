"""What marketing does: take leads in by form, program and file, complete and qualify them, take some back, let some go."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from leads.capture import CaptureRefused, submit
from leads.codes import HAND_RAISES
from leads.completing import complete
from leads.handoffs import NotReady, hand_off
from leads.importing import finish_imports, map_columns, stage_file, start_run
from leads.intake.arrival import REJECTED, UPDATED, Outcome
from leads.intake.pipeline import take_in
from leads.lifecycle import SALES_STAGES, Stage
from leads.models import Clock, Handoff, ImportRow
from leads.models import Lead as LeadRow
from leads.moves import recall
from leads.nurturing import nurture
from leads.outcomes import disqualify
from leads.qualifying import qualify
from replay.company import Company
from replay.exchange import Exchange
from replay.names import QUALIFY_REASONS
from replay.play import Given, Play
from replay.sales import Lead, Sales
from replay.world import FILE, FORM, Planned

FORM_FIELDS = ("name", "email", "phone", "company", "job_title", "role", "seniority", "country", "industry", "note")
FILE_FIELDS = ("name", "email", "phone", "company", "job_title", "role", "seniority", "country", "industry", "employee_count",
               "source_raw", "campaign_code")  # fmt: skip
OWN_FIND = 0.03


@dataclass(slots=True)
class Marketing:
    """The marketing side; it tells ``sales`` who is behind each lead that was created."""

    play: Play
    company: Company
    sales: Sales = field(init=False)
    exchange: Exchange = field(init=False)
    outcomes: list[Outcome] = field(default_factory=list)
    _basket: list[Planned] = field(default_factory=list)
    _nursed: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.sales = Sales(self.play, self.company, self.returned)
        self.exchange = Exchange(self.play, self.company, self.sales, self.overturned)
        self.sales.on_taken = self.exchange.taken
        self.play.on_given = self.given

    # Ways in

    def arrive(self, planned: Planned, at: datetime) -> None:
        """Take one arrival in by its way."""
        if planned.way == FILE:
            self._basket.append(planned)
        elif planned.way == FORM:
            self._submit(planned, at)
        elif self.play.chance("own find", planned.number).random() < OWN_FIND:
            self._found_by_rep(planned, at)
        else:
            (outcome,) = take_in([planned.arrival], actor=self.company.people["milo"], at=at)
            self._took(planned, outcome, at)

    def _submit(self, planned: Planned, at: datetime) -> None:
        values = {name: str(getattr(planned.arrival, name)) for name in FORM_FIELDS}
        form, nonce = self.company.form, planned.arrival.key or ""
        if form is None:
            raise ValueError("the company has no public form")
        try:
            outcome = submit(
                form=form, values=values, utm={"source": "newsletter", "medium": "email"}, referrer="",
                landing_page="https://www.nordlicht.example/demo", nonce=nonce, at=at,
            )  # fmt: skip
        except CaptureRefused as refusal:
            outcome = Outcome(REJECTED, problems=refusal.problems)
        self._took(planned, outcome, at)

    def _found_by_rep(self, planned: Planned, at: datetime) -> None:
        key = "europe" if planned.number % 2 else "americas"
        rep = self.company.reps[key][planned.number % len(self.company.reps[key])]
        (outcome,) = take_in(
            [replace(planned.arrival, origin="sales", campaign_code="", member_status="")], actor=rep, at=at
        )
        self._took(planned, outcome, at)
        if outcome.state == "created" and outcome.lead_id:
            self.sales.follow(self.sales.leads[outcome.lead_id], rep.pk, "standard", at)

    def _took(self, planned: Planned, outcome: Outcome, at: datetime) -> None:
        self.outcomes.append(outcome)
        if outcome.lead_id is None:
            return
        if outcome.state == "created":
            self.sales.leads[outcome.lead_id] = Lead(outcome.lead_id, planned.number, planned.worth)
        lead = self.sales.leads[outcome.lead_id]
        if lead.number in self.sales.left_alone:
            return
        chance = self.play.chance("took", planned.number, len(self.outcomes))
        asks = planned.arrival.touch_kind in HAND_RAISES
        if asks and outcome.stage == Stage.LEAD and outcome.fit is None:
            self._later(chance, at, 0.1, 0.7, partial(self._triage, lead))
            return
        if asks and outcome.state == UPDATED and outcome.stage in SALES_STAGES:
            self.sales.asked_again(lead, at)
        if outcome.stage == Stage.MQL:
            self._later(chance, at, 1, 9, partial(self._complete, lead))
        elif outcome.stage == Stage.LEAD and chance.random() < 0.12:
            self._later(chance, at, 20, 120, partial(self._qualify, lead))
        elif outcome.stage == Stage.LEAD and planned.worth < 0.25:
            self._later(
                chance, at, 5, 90, partial(self._let_go, lead, chance.choice(("student_or_job_seeker", "spam")))
            )

    # Files

    def import_file(self, at: datetime) -> None:
        """Import the week's list: its rows, one of them twice and one that cannot be read."""
        if not self._basket:
            return
        rows = [[str(getattr(planned.arrival, name)) for name in FILE_FIELDS] for planned in self._basket]
        rows += [rows[0], ["", "not an address", *[""] * (len(FILE_FIELDS) - 2)]]
        maya = self.company.people["maya"]
        run = stage_file(actor=maya, at=at, name=f"list-{at:%Y-%m-%d}.csv", raw=_as_csv(rows))
        mapping = {name: name for name in FILE_FIELDS}
        map_columns(
            actor=maya, run_id=run.pk, mapping=mapping, touch_kind="event_visit", campaign_id=None, lawful_basis="consent", at=at,
        )  # fmt: skip
        start_run(actor=maya, run_id=run.pk, at=at)
        finish_imports(now=lambda: at, seconds=600)
        self.play.done["import"] += 1
        stored = ImportRow.objects.filter(run=run).order_by("line").values_list("state", "lead_id", "lead__stage")
        for planned, (state, lead_id, stage) in zip([*self._basket, self._basket[0], None], stored, strict=True):
            outcome = Outcome(state, lead_id, None, stage or "")
            if planned is None:
                self.outcomes.append(outcome)
            else:
                self._took(planned, outcome, at)
        self._basket.clear()

    # Work on leads

    def given(self, given: Given) -> None:
        """Hear of a lead that sales got; a few are taken back at once."""
        lead = self.sales.leads.get(given.lead_id)
        if lead is None:  # it was created by the act that is being played: the outcome is not back yet
            raise LookupError(given.lead_id)
        if given.stage == Stage.MQL and given.handoff_id and lead.number not in self.sales.left_alone:
            chance = self.sales.chance("recall", lead)
            if chance.random() < 0.015:
                self.play.plan(
                    given.at + timedelta(minutes=chance.randint(1, 50)), partial(self._recall, lead, given.handoff_id)
                )
        self.sales.given(given)

    def _recall(self, lead: Lead, handoff_id: int, at: datetime) -> None:
        if self.play.do(recall, lead_id=lead.id, handoff_id=handoff_id, actor=self.company.people["maya"], at=at):
            self._later(self.sales.chance("recalled", lead), at, 5, 40, partial(self._qualify, lead))

    def returned(self, lead_id: int, at: datetime) -> None:
        """Hear of a lead that sales gave back: let it go, or say why it is good after all, or leave it to nurturing."""
        lead = self.sales.leads[lead_id]
        self.exchange.given_back(lead, at)
        chance = self.sales.chance("returned", lead)
        roll = chance.random()
        if roll < 0.35:
            self._later(
                chance, at, 1, 30, partial(self._let_go, lead, chance.choice(("too_small", "vendor", "not_a_business")))
            )
        elif roll < 0.65:
            self._later(chance, at, 1, 30, partial(self._qualify, lead))
        elif roll < 0.95:
            self._later(chance, at, 1, 30, partial(self._nurture, lead))

    def overturned(self, lead: Lead, at: datetime) -> None:
        """Hear of a rejection that both sides overturned: hand the lead off again."""
        self._later(self.sales.chance("overturned", lead), at, 1, 20, partial(self._qualify, lead))

    def revived(self, at: datetime) -> None:
        """Look after the leads that came back and that nobody has got in touch with yet."""
        waiting = Clock.objects.filter(promise="nurture", state=Clock.States.RUNNING).order_by("id")
        for lead_id in waiting.values_list("lead_id", flat=True):
            lead = self.sales.leads.get(lead_id or 0)
            if lead is not None and lead.number not in self._nursed:
                self._nursed.add(lead.number)
                self._later(self.sales.chance("revived", lead), at, 5, 80, partial(self._nurture, lead))

    def _nurture(self, lead: Lead, at: datetime) -> None:
        kind = self.sales.chance("nurture", lead).choice(("email", "email", "message"))
        self.play.do(nurture, lead_id=lead.id, kind=kind, actor=self.company.people["maya"], at=at)

    def _triage(self, lead: Lead, at: datetime) -> None:
        """Find out what firm a request of somebody unknown comes from; the rule decides then."""
        chance = self.sales.chance("triage", lead)
        changes = {
            "industry": chance.choice(("Manufacturing", "Software", "Retail")),
            "employee_count": str(chance.randint(20, 900)),
        }
        row = LeadRow.objects.select_related("contact").get(pk=lead.id)
        if row.stage == Stage.LEAD:
            named = (
                changes
                if row.contact.company_id
                else {**changes, "company": f"Firm of {row.contact.name or lead.number}"}
            )
            self.play.do(complete, lead_id=lead.id, changes=named, actor=self.company.people["maya"], at=at)

    def _complete(self, lead: Lead, at: datetime) -> None:
        """Complete an MQL that could not be handed off: it goes to sales at once. Where nothing is missing, a manager decides."""
        row = LeadRow.objects.select_related("contact").get(pk=lead.id)
        if row.stage != Stage.MQL or Handoff.objects.filter(lead=row, state=Handoff.States.OPEN).exists():
            return
        name = row.contact.name or "Robin Example"
        lacks = {
            "name": "" if row.contact.name else name,
            "company": "" if row.contact.company_id else f"Firm of {name}",
        }
        changes = {field: value for field, value in lacks.items() if value}
        if changes:
            self.play.do(complete, lead_id=lead.id, changes=changes, actor=self.company.people["maya"], at=at)
        else:
            self._hand_off(lead, at)

    def _qualify(self, lead: Lead, at: datetime) -> None:
        """Qualify against the rule, with a reason, and hand off."""
        reason = self.sales.chance("reason", lead).choice(QUALIFY_REASONS)
        if self.play.do(qualify, lead_ids=[lead.id], reason=reason, actor=self.company.people["maya"], at=at):
            self._hand_off(lead, at)

    def _hand_off(self, lead: Lead, at: datetime) -> None:
        """Hand off; a third time it takes the manager."""
        try:
            if not self.play.do(hand_off, lead_id=lead.id, actor=self.company.people["milo"], at=at):
                self.play.do(hand_off, lead_id=lead.id, actor=self.company.people["mona"], at=at)
        except NotReady:
            self.play.refused["hand_off: not_ready"] += 1

    def _let_go(self, lead: Lead, reason: str, at: datetime) -> None:
        self.play.do(disqualify, lead_id=lead.id, reason=reason, actor=self.company.people["maya"], at=at)

    def _later(self, chance: Any, at: datetime, low: float, high: float, act: Any) -> None:
        self.play.plan(at + timedelta(hours=chance.uniform(low, high)), act)


def _as_csv(rows: Sequence[Sequence[str]]) -> bytes:
    file = io.StringIO(newline="")
    csv.writer(file).writerows([FILE_FIELDS, *rows])
    return file.getvalue().encode()
