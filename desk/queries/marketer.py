"""The marketer's desk: what became of my campaigns, what came back, what sales said, what cannot be handed off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import chain
from typing import Generic, TypeVar

from django.db.models import Count, Q, Sum, Value, Window

from campaigns.models import Campaign
from dashboards.families import reached_before, reached_now
from dashboards.to_date import NOT_ACCEPTED
from desk.queries.lead_sets import in_triage_with, returned_to, stuck_with, to_nurture
from leads.chips import Chip, chips, next_due_first
from leads.codes import REJECTIONS
from leads.facts import MISSING_WORDS
from leads.handoffs import ACCEPTED
from leads.listing import LeadRow, lead_rows, load_by_ids
from leads.models import Clock, Dispute, Feedback, Handoff, Lead, LeadEvent, Opportunity
from leads.models.leads import LeadQuerySet
from ledger.instants import company_day
from ledger.literals import literal
from teams.models import User

MOST_CAMPAIGNS = 10
MOST_ROWS = 10
CAMPAIGNS_DAYS = 365
BRIEFED_LATE = timedelta(days=14)
"""So long after its start a campaign that sales was not briefed of is asked for."""
FEEDBACK_SINCE = timedelta(days=92)
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost for each of ``count`` leads: nothing while nothing is said to be spent or there is none, which ``why_not`` says."""

    key: str
    name: str
    amount: Decimal | None
    count: int
    why_not: str


@dataclass(slots=True)
class CampaignFigures:
    """What became of the leads that a campaign brought last: figures of ``dashboards.to_date``, and leads by what they reached.

    ``won_value`` and the costs are money of the campaign's own currency. ``reasons`` are codes of rejections with their counts.
    """

    campaign: Campaign
    captured: int = 0
    delivered: int = 0
    waiting: int = 0
    accepted: int = 0
    rejected: int = 0
    recalled: int = 0
    sqls: int = 0
    won: int = 0
    won_value: Decimal | None = None
    reasons: list[tuple[str, int]] = field(default_factory=list)

    @property
    def costs(self) -> list[Cost]:
        """What the campaign cost for each lead, SQL and won lead so far."""
        return [
            Cost("cost.per_lead", "cost per lead", self._cost_by(self.captured), self.captured, "no lead yet"),
            Cost("cost.per_sql", "cost per SQL", self._cost_by(self.sqls), self.sqls, "no SQL yet"),
            self.cost_per_won,
        ]

    @property
    def cost_per_won(self) -> Cost:
        return Cost("cost.per_won", "cost per won lead", self._cost_by(self.won), self.won, "nobody won yet")

    def _cost_by(self, count: int) -> Decimal | None:
        spent = self.campaign.spent
        return None if spent is None or not count else (spent / count).quantize(CENT, ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Returned:
    """A lead that sales sent back, with what they said, or that marketing took back."""

    row: LeadRow
    handoff: Handoff
    reason: str


@dataclass(frozen=True, slots=True)
class Stuck:
    """An MQL that cannot be handed off, with the codes of what is missing (empty: it is complete now, or never tried)."""

    row: LeadRow
    missing: list[str]

    @property
    def lacks(self) -> str:
        return ", ".join(MISSING_WORDS.get(code, code) for code in self.missing)


def my_campaigns(user: User, at: datetime) -> list[CampaignFigures]:
    """Give the figures of the newest campaigns of ``user``."""
    campaigns = (
        Campaign.objects.visible_to(user)
        .with_money()
        .filter(owner=user, starts_on__gte=company_day(at) - timedelta(days=CAMPAIGNS_DAYS))
        .order_by("-starts_on", "-id")
    )
    return campaign_figures(list(campaigns[:MOST_CAMPAIGNS]))


def campaign_figures(campaigns: Sequence[Campaign]) -> list[CampaignFigures]:
    """Count what became of the leads of ``campaigns`` (loaded ``with_money``), with five queries. A returned lead counts as rejected.

    What was accepted is what was delivered less the rest: most handoffs are accepted, and those need not be read.
    """
    figures = {campaign.pk: CampaignFigures(campaign) for campaign in campaigns}
    leads = Lead.objects.filter(last_campaign_id__in=figures)
    for pk, captured, sqls, won, delivered in leads.values_list("last_campaign_id").annotate(
        captured=Count("*"), sqls=Count(Value(1), filter=reached_now("sql")),
        won=Count(Value(1), filter=reached_now("won")), delivered=Sum("handoff_count"),
    ):  # fmt: skip
        line = figures[pk]
        line.captured, line.sqls, line.won, line.delivered, line.accepted = captured, sqls, won, delivered, delivered
    _add_former_lives(figures)
    _take_off_what_was_not_accepted(figures)
    _heed_disputes(figures)
    for pk, currency, value in (
        Opportunity.objects.filter(lead__last_campaign_id__in=figures, stage=literal(Opportunity.Stages.WON.value))
        .values_list("lead__last_campaign_id", "currency")
        .annotate(Sum("amount"))
    ):
        if currency == figures[pk].campaign.currency:
            figures[pk].won_value = value
    return list(figures.values())


def _add_former_lives(figures: dict[int, CampaignFigures]) -> None:
    """Add the few leads that began anew and came further in a former life, as the dashboard counts them."""
    came_far = Lead.objects.filter(reached_before("sql"), last_campaign_id__in=figures)
    for pk, sqls, won in came_far.values_list("last_campaign_id").annotate(
        sqls=Count("pk", filter=~reached_now("sql")),
        won=Count("pk", filter=reached_before("won") & ~reached_now("won")),
    ):
        figures[pk].sqls += sqls
        figures[pk].won += won


def _take_off_what_was_not_accepted(figures: dict[int, CampaignFigures]) -> None:
    rows = (
        Handoff.objects.filter(NOT_ACCEPTED, lead__last_campaign_id__in=figures)
        .values_list("lead__last_campaign_id", "state", "was_returned", "reason")
        .annotate(Count("id"))
    )
    reasons: dict[int, dict[str, int]] = {}
    for pk, state, was_returned, reason, count in rows:
        line = figures[pk]
        line.accepted -= count
        if state == Handoff.States.REJECTED or was_returned:
            line.rejected += count
            of_campaign = reasons.setdefault(pk, {})
            of_campaign[reason] = of_campaign.get(reason, 0) + count
        elif state == Handoff.States.OPEN:
            line.waiting += count
        else:
            line.recalled += count
    for pk, counts in reasons.items():
        figures[pk].reasons = _most_first(counts)


def _heed_disputes(figures: dict[int, CampaignFigures]) -> None:
    """Count what both sides overturned as the dashboard does: a rejection as accepted, a delivery nowhere. There are few of them."""
    overturned = Dispute.objects.filter(state=Dispute.States.OVERTURNED, handoff__lead__last_campaign_id__in=figures)
    for pk, kind, state, was_returned, reason in overturned.values_list(
        "handoff__lead__last_campaign_id", "kind", "handoff__state", "handoff__was_returned", "handoff__reason"
    ):
        line = figures[pk]
        is_rejected = state == Handoff.States.REJECTED or was_returned
        if is_rejected:
            line.rejected -= 1
            line.reasons = _most_first({**dict(line.reasons), reason: dict(line.reasons)[reason] - 1})
        if kind == Dispute.Kinds.REJECTION:
            line.accepted += 1
            continue
        line.delivered -= 1
        line.waiting -= state == Handoff.States.OPEN and not is_rejected
        line.recalled -= state == Handoff.States.RECALLED and not is_rejected
        line.accepted -= state in ACCEPTED and not is_rejected


def _most_first(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(((reason, count) for reason, count in counts.items() if count), key=lambda item: -item[1])


@dataclass(frozen=True, slots=True)
class ToBrief:
    """A campaign of which sales has to be told by ``chip.due_at``."""

    campaign: Campaign
    chip: Chip


def to_brief(user: User, at: datetime) -> list[ToBrief]:
    """Give the campaigns that sales is not briefed of, and has to be or had to: those of ``user``, and those that their team owes since the owner
    is away or gone; with one query, none more where there is none."""
    clocks = list(
        Clock.objects.filter(
            Q(state__in=Clock.LIVE) | Q(state=Clock.States.MISSED, answered_at__isnull=True),
            Q(campaign__owner=user) | Q(user__isnull=True, team__in=user.team_ids),
            campaign__announced_at__isnull=True, campaign__starts_on__gte=company_day(at) - BRIEFED_LATE,
        )
        .select_related("campaign")
        .order_by("due_at", "id")
    )  # fmt: skip
    made = chips(clocks, at) if clocks else {}
    newest = {clock.campaign_id: clock for clock in clocks if clock.campaign}
    return [ToBrief(clock.campaign, made[clock.pk]) for clock in newest.values() if clock.campaign]


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Section(Generic[T]):
    """A section of the desk: its first rows, by what is due next, and how many there are in all."""

    rows: list[T]
    count: int


@dataclass(frozen=True, slots=True)
class LeadSections:
    """The leads that wait for a marketer: each of them stands in one section.

    ``returned`` came back from sales, ``triage`` raised a hand while their fit is unknown, ``stuck`` are MQLs in nobody's hands, and
    ``nurture`` came back on their date and wait for a word.
    """

    returned: Section[Returned]
    triage: Section[LeadRow]
    stuck: Section[Stuck]
    nurture: Section[LeadRow]


def lead_sections(user: User, at: datetime) -> LeadSections:
    """Load what waits for ``user``: which leads, and how many, section by section; the leads and their clocks for all sections at once."""
    visible = Lead.objects.visible_to(user)
    wanted = (returned_to, in_triage_with, stuck_with, to_nurture)
    found = [_first_of(visible.filter(waits(user, at))) for waits in wanted]
    rows = {row.lead.pk: row for row in lead_rows(load_by_ids(chain.from_iterable(ids for ids, _ in found)), at)}
    returned, triage, stuck, nurture = (Section([rows[pk] for pk in ids if pk in rows], count) for ids, count in found)
    return LeadSections(
        returned=Section(_as_returned(returned.rows), returned.count),
        triage=triage,
        stuck=Section(_as_stuck(stuck.rows), stuck.count),
        nurture=nurture,
    )


def _first_of(leads: LeadQuerySet) -> tuple[list[int], int]:
    """Give which of ``leads``, which are offered to nobody, come first, and how many there are: one query."""
    ordered = next_due_first(leads, are_offered=False)
    found = list(ordered.values_list("pk", Window(Count("*")))[:MOST_ROWS])
    return [pk for pk, _ in found], found[0][1] if found else 0


def _as_returned(rows: list[LeadRow]) -> list[Returned]:
    newest = Handoff.objects.filter(lead__in=[row.lead.pk for row in rows]).select_related("decided_by")
    handoffs = {handoff.lead_id: handoff for handoff in newest.order_by("ordinal")}
    return [
        Returned(row, handoff, _why_it_came_back(handoff)) for row in rows if (handoff := handoffs.get(row.lead.pk))
    ]


def _why_it_came_back(handoff: Handoff) -> str:
    if handoff.state == Handoff.States.RECALLED:
        return handoff.get_state_display()
    return REJECTIONS.get(handoff.reason, ("", handoff.reason))[1]


def _as_stuck(rows: list[LeadRow]) -> list[Stuck]:
    """Say with each lead what the last attempt found missing."""
    refused: dict[int, list[str]] = {}
    events = LeadEvent.objects.filter(lead__in=[row.lead.pk for row in rows], kind="handoff_refused")
    for lead_id, facts in events.order_by("occurred_at", "id").values_list("lead_id", "facts"):
        refused[lead_id] = list(facts.get("missing", []))
    return [Stuck(row, refused.get(row.lead.pk, [])) for row in rows]


def feedback_received(user: User, at: datetime) -> list[Feedback]:
    """Give what sales said last, in the last quarter, of leads that ``user`` answers for or whose campaign is theirs."""
    of_theirs = Q(lead__marketer=user) | Q(lead__last_campaign__owner=user)
    return list(
        Feedback.objects.filter(of_theirs, given_at__gte=at - FEEDBACK_SINCE)
        .select_related("lead__contact", "lead__last_campaign", "user")
        .order_by("-given_at", "-id")[:10]
    )
