"""The page of a campaign: who it reached, what became of them, what sales said."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, QuerySet

from campaigns.models import Campaign, CampaignAlert, CostLine
from dashboards.families import STAGES, reached
from dashboards.to_date import STARS
from desk.queries.campaign_members import StatusCount, status_counts
from desk.queries.marketer import CampaignFigures, campaign_figures
from inputs.refusals import NotVisible
from leads.briefings import MAY, Briefing, briefing_of, has_brief
from leads.chips import Chip, chips
from leads.codes import TOUCH_KINDS
from leads.lifecycle import PATH, Stage
from leads.models import CampaignMember, CaptureForm, Clock, Feedback, Lead, Touch
from ledger.instants import company_day
from personas.models import PersonaVersion
from teams.models import User

MOST_MEMBERS = 25
NEWEST_TOUCHES = 500
NEWEST_RATINGS = 5
FUNNEL = PATH
FUNNEL_WORDS = {
    Stage.LEAD: "Captured", Stage.MQL: "MQL", Stage.SAL: "Accepted (SAL)", Stage.SQL: "SQL",
    Stage.OPPORTUNITY: "Opportunity", Stage.CUSTOMER: "Won",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """How many leads of the campaign reached a stage (empty: all), and what share of the first step that is (``None``: of nothing)."""

    label: str
    count: int
    percent: int | None
    reached: str


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody the campaign touched: how often, how last, when last."""

    lead: Lead
    touches: int
    last_kind: str


@dataclass(frozen=True, slots=True)
class CampaignPage:
    """A campaign with its figures."""

    campaign: Campaign
    figures: CampaignFigures
    funnel: list[FunnelStep]
    touch_kinds: list[tuple[str, str, int]]
    members: list[Member]
    feedback: list[Feedback]
    quality: list[tuple[str, int, int]]
    forms: list[CaptureForm]
    costs: list[CostLine]
    statuses: list[StatusCount]
    alerts: list[CampaignAlert]
    personas: list[tuple[str, str]]


def campaign_for(user: User, campaign_id: int) -> Campaign:
    """Load a campaign that ``user`` may see; raises ``NotVisible``."""
    found = (
        Campaign.objects.visible_to(user)
        .with_money()
        .select_related("owner", "announced_by")
        .filter(pk=campaign_id)
        .first()
    )
    if found is None:
        raise NotVisible("There is nothing here.")
    return found


def page_of(campaign: Campaign, user: User) -> CampaignPage:
    """Load the page of ``campaign``: a dozen queries, none of which grows with its leads' history."""
    feedback = Feedback.objects.filter(lead__last_campaign=campaign)
    touches = _counts(Touch.objects.filter(campaign=campaign), "kind")
    ratings = _counts(feedback, "quality")
    return CampaignPage(
        campaign=campaign,
        figures=campaign_figures([campaign])[0],
        funnel=_funnel(campaign),
        touch_kinds=[(kind, TOUCH_KINDS.get(kind, kind), count) for kind, count in touches.most_common()],
        members=_members(campaign, user),
        feedback=list(feedback.select_related("lead__contact", "user").order_by("-given_at", "-id")[:NEWEST_RATINGS]),
        quality=[(f"opinion.stars_{stars}", stars, count) for stars in STARS if (count := ratings[stars])],
        forms=list(CaptureForm.objects.filter(campaign=campaign).order_by("-is_active", "title")),
        costs=list(CostLine.objects.filter(campaign=campaign).order_by("starts_on", "pk")),
        statuses=status_counts(campaign, _counts(CampaignMember.objects.filter(campaign=campaign), "status")),
        alerts=list(CampaignAlert.objects.filter(campaign=campaign, ended_at__isnull=True).order_by("raised_at", "pk")),
        personas=_personas(campaign),
    )


def _personas(campaign: Campaign) -> list[tuple[str, str]]:
    """Give whom the campaign speaks to: codes, and the names of their newest versions."""
    versions = PersonaVersion.objects.filter(persona__campaigns=campaign).order_by("number")
    names = dict(versions.values_list("persona__code", "name"))
    return sorted(names.items(), key=lambda line: line[1])


def _counts(rows: QuerySet[Any], column: str) -> Counter[Any]:
    """Count ``rows`` by the values of a column."""
    return Counter(dict(rows.order_by().values_list(column).annotate(Count("pk"))))


def _funnel(campaign: Campaign) -> list[FunnelStep]:
    """Count the leads that the campaign brought last by the stages they came to or further, as the dashboard does."""
    reached_by = {str(stage): reached(measure) for stage, measure in zip(FUNNEL, STAGES, strict=True)}
    counts = Lead.objects.filter(last_campaign=campaign).aggregate(
        **{stage: Count("pk", filter=so_far) for stage, so_far in reached_by.items()}
    )
    first = counts[str(Stage.LEAD)]
    return [
        FunnelStep(
            FUNNEL_WORDS[stage], counts[str(stage)], round(100 * counts[str(stage)] / first) if first else None,
            "" if stage == Stage.LEAD else str(stage),
        )
        for stage in FUNNEL
    ]  # fmt: skip


def _members(campaign: Campaign, user: User) -> list[Member]:
    """Give who was touched last, one line per lead."""
    ids = _touched_last(campaign)
    leads = Lead.objects.visible_to(user).select_related("contact__company", "owner").in_bulk(ids)
    kinds: dict[int, list[str]] = {}
    touches = Touch.objects.filter(campaign=campaign, lead_id__in=ids).order_by("occurred_at", "id")
    for lead_id, kind in touches.values_list("lead_id", "kind"):
        kinds.setdefault(lead_id, []).append(kind)
    return [
        Member(leads[lead_id], len(kinds[lead_id]), TOUCH_KINDS.get(kinds[lead_id][-1], ""))
        for lead_id in ids
        if lead_id in leads
    ]


def _touched_last(campaign: Campaign) -> list[int]:
    """Give the leads of the newest touches: read from the end of the index, not grouped over all that there were."""
    newest = Touch.objects.filter(campaign=campaign).order_by("-occurred_at", "-id").values_list("lead_id", flat=True)
    return list(dict.fromkeys(newest[:NEWEST_TOUCHES]))[:MOST_MEMBERS]


@dataclass(frozen=True, slots=True)
class BriefingCard:
    """What the page says of the briefing: who is informed and who is not, the promise behind it, and what the reader can do."""

    who: Briefing
    chip: Chip | None
    outcome: str
    may_brief: bool
    is_empty: bool
    may_confirm: bool
    is_informed: bool

    @property
    def count(self) -> int:
        return len(self.who.informed) + len(self.who.missing)


def briefing_for(campaign: Campaign, user: User, at: datetime) -> BriefingCard:
    """Load the briefing of ``campaign``: three queries, and those of a chip where its promise is open."""
    who = briefing_of(campaign)
    clock = Clock.objects.filter(campaign=campaign).order_by("-pk").first()
    is_open = clock is not None and (
        clock.state in Clock.LIVE or (clock.state == Clock.States.MISSED and clock.answered_at is None)
    )
    is_informed = any(person.pk == user.pk for person, _ in who.informed)
    is_over = state_of(campaign, company_day(at)) == "over"
    return BriefingCard(
        who, chips([clock], at)[clock.pk] if clock is not None and is_open else None, _kept(clock),
        user.may("log_campaign") and campaign.announced_at is None and not is_over, not has_brief(campaign),
        user.may(MAY) and campaign.announced_at is not None and not is_informed, is_informed,
    )  # fmt: skip


def _kept(clock: Clock | None) -> str:
    """Say how the promise ended, if it has."""
    if clock is None:
        return ""
    if clock.state == Clock.States.MISSED:
        return "late" if clock.answered_at else ""
    return "in time" if clock.state == Clock.States.MET else ""


@dataclass(frozen=True, slots=True)
class CampaignRow:
    """A line of the list of campaigns."""

    figures: CampaignFigures
    state: str


def campaign_rows(user: User, today: date, *, mine: bool = False) -> list[CampaignRow]:
    """List the newest hundred campaigns with their figures, and say of each whether it runs."""
    campaigns = Campaign.objects.visible_to(user).with_money().select_related("owner").order_by("-starts_on", "-id")
    if mine:
        campaigns = campaigns.filter(owner=user)
    return [CampaignRow(line, state_of(line.campaign, today)) for line in campaign_figures(list(campaigns[:100]))]


def state_of(campaign: Campaign, today: date) -> str:
    """Say whether a campaign is to come, runs or is over."""
    if campaign.starts_on > today:
        return "planned"
    return "over" if campaign.ends_on and campaign.ends_on < today else "running"
