"""Everything that the page of one lead says, loaded at once: a bounded number of queries, whatever its history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q

from desk.clock_acts import ClockAct, on_lead
from desk.queries.exchange import Exchange, exchange_about
from desk.queries.transfers import open_transfer
from desk.queries.voices import quotes_from
from inputs.refusals import NotVisible
from leads.chips import Chip, chips
from leads.facts import MISSING_WORDS, facts_now, missing_for_handoff
from leads.lifecycle import PATH, STAGE_TIMES, Stage
from leads.listing import LeadRow, row_of
from leads.models import Assignment, Clock, Handoff, Lead, Opportunity, Qualification, Quote, Touch, Transfer
from leads.routing.words import Names, story
from leads.scoring import MAX_ENGAGEMENT, Scoring, engagement_items
from personas.fit import Fit, read_persona, score_fit
from personas.models import PersonaVersion
from sla.in_force import InForce, NoAgreement, agreement_in_force
from teams.models import User

MOST_TOUCHES = 200
ALONG = (
    "contact__company__owner", "product", "persona", "owner", "queue", "marketer", "first_campaign", "last_campaign",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PathStage:
    """A stage on the way: when it was entered in this life of the lead, and whether the lead is there or was."""

    label: str
    entered_at: datetime | None
    is_current: bool
    is_passed: bool


@dataclass(slots=True)
class LeadPage:
    """The lead with all that surrounds it."""

    lead: Lead
    row: LeadRow
    path: list[PathStage]
    chips: list[Chip]
    clock_acts: dict[int, list[ClockAct]]
    handoffs: list[Handoff]
    fit: Fit
    engagement_items: list[dict[str, Any]]
    qualification: Qualification | None
    routing: list[str]
    opportunities: list[Opportunity]
    missing: list[str]
    agreement: InForce | None
    exchange: Exchange
    transfer: Transfer | None = None
    quotes: list[Quote] = field(default_factory=list)
    siblings: list[Lead] = field(default_factory=list)

    @property
    def handoff(self) -> Handoff | None:
        """The open handoff, if there is one."""
        return next((handoff for handoff in self.handoffs if handoff.state == Handoff.States.OPEN), None)

    @property
    def is_engagement_capped(self) -> bool:
        """Tell whether the items add up to more than the scale holds."""
        return bool(sum(item["points"] for item in self.engagement_items) > MAX_ENGAGEMENT)

    @property
    def newest_handoff(self) -> Handoff | None:
        return self.handoffs[0] if self.handoffs else None


def lead_for(user: User, lead_id: int) -> Lead:
    """Load a lead that ``user`` may see; raises ``NotVisible``."""
    lead = Lead.objects.visible_to(user).select_related(*ALONG).filter(pk=lead_id).first()
    if lead is None:
        raise NotVisible("There is nothing here.")
    return lead


def page_of(lead: Lead, user: User, at: datetime) -> LeadPage:
    """Load the page of ``lead`` as of ``at``."""
    agreement = _agreement(at)
    handoffs = list(
        Handoff.objects.filter(lead=lead).select_related("version", "assignee", "decided_by").order_by("-ordinal")
    )
    shown = _chips(lead, handoffs, at)
    current = next((chip for chip in shown if chip.is_owed), None)
    facts = facts_now(lead, at)
    return LeadPage(
        lead=lead,
        row=row_of(lead, current, at),
        path=stage_path(lead),
        chips=shown,
        clock_acts=on_lead(user, [chip.clock for chip in shown], at),
        handoffs=handoffs,
        fit=_fit(agreement, facts),
        engagement_items=_engagement(lead, agreement, at),
        qualification=Qualification.objects.filter(lead=lead)
        .select_related("version", "actor")
        .order_by("-qualified_at")
        .first(),
        routing=_routing(lead),
        opportunities=list(Opportunity.objects.filter(lead=lead).select_related("owner").order_by("-opened_at")),
        missing=_missing(lead, agreement, facts),
        agreement=agreement,
        exchange=exchange_about(lead, at),
        transfer=open_transfer(lead),
        quotes=quotes_from(lead),
        siblings=list(
            Lead.objects.visible_to(user)
            .filter(contact=lead.contact_id)
            .exclude(pk=lead.pk)
            .order_by("-captured_at")[:10]
        ),
    )


def stage_path(lead: Lead) -> list[PathStage]:
    """Give the way from lead to customer, with where this lead stands; a side state stands at its end."""
    stage = Stage(lead.stage)
    way = [*PATH] if stage in PATH else [*PATH, stage]
    labels = dict(Lead.Stages.choices)
    at_place = way.index(stage)
    return [
        PathStage(
            label=str(labels[step]),
            entered_at=getattr(lead, STAGE_TIMES[step]),
            is_current=step == stage,
            is_passed=place < at_place and getattr(lead, STAGE_TIMES[step]) is not None,
        )
        for place, step in enumerate(way)
    ]


def _agreement(at: datetime) -> InForce | None:
    try:
        return agreement_in_force(at)
    except NoAgreement:
        return None


def _chips(lead: Lead, handoffs: Sequence[Handoff], at: datetime) -> list[Chip]:
    """Make the chips of all promises on this lead and its handoffs, the newest first."""
    along = ("user", "team", "version")
    clocks = [
        *Clock.objects.filter(lead=lead).select_related(*along),
        *Clock.objects.filter(handoff__in=handoffs).select_related(*along),
    ]
    made = chips(clocks, at)
    return sorted(made.values(), key=lambda chip: (chip.clock.started_at, chip.clock.pk), reverse=True)


def _fit(agreement: InForce | None, facts: dict[str, Any]) -> Fit:
    """Score the fit by the personas of the version in force, item by item."""
    ids = agreement.persona_version_ids if agreement else ()
    versions = PersonaVersion.objects.filter(pk__in=ids).select_related("persona").order_by("id")
    personas = [
        read_persona(
            version_id=version.pk, name=version.name, is_negative=version.persona.is_negative, criteria=version.criteria
        )
        for version in versions
    ]
    return score_fit(personas, facts)


def _engagement(lead: Lead, agreement: InForce | None, at: datetime) -> list[dict[str, Any]]:
    if agreement is None:
        return []
    touches = (
        Touch.objects.filter(Q(lead=lead) | Q(lead__merged_into=lead))
        .order_by("-occurred_at")
        .values_list("kind", "occurred_at")[:MOST_TOUCHES]
    )
    scoring = Scoring.from_terms(agreement.scoring_version_id, agreement.scoring)
    items: list[dict[str, Any]] = engagement_items(scoring, list(touches), at=at)
    return [item for item in items if item["points"]]


def _routing(lead: Lead) -> list[str]:
    assignments = list(
        Assignment.objects.filter(lead=lead).select_related("routing_version").order_by("-assigned_at", "-id")[:1]
    )
    return story(assignments[0], Names.load(assignments)) if assignments else []


def _missing(lead: Lead, agreement: InForce | None, facts: dict[str, Any]) -> list[str]:
    """Say what a handoff would still need; nothing once the lead is past it."""
    if agreement is None or lead.stage not in (Stage.LEAD, Stage.MQL):
        return []
    return [MISSING_WORDS.get(code, code) for code in missing_for_handoff(agreement.terms.required_for_handoff, facts)]
