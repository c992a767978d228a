"""The sets behind the figures: for each family the rows that a period and its filters select, and the measures that cut them.

One definition serves twice: a figure counts ``rows(scope, measure)`` by groups, and the list behind it shows the same rows. Lead figures count
leads, clock figures clocks, handoff figures handoffs, rating figures ratings; each row once, because no filter joins a table that
could repeat it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from dashboards.scope import Filters, Scope
from leads.clocks import LOGGED_LATE
from leads.codes import PROCEDURAL_REJECTIONS
from leads.lifecycle import PATH, STAGE_TIMES
from leads.models import Clock, ClockStep, Feedback, Handoff, Lead, LeadEvent, Touch
from teams.models import Membership

STAGES = ("leads", "mql", "sal", "sql", "opportunity", "won")
"""The measures of the funnel in the order of the path."""

TIMES = dict(zip(STAGES, (STAGE_TIMES[stage] for stage in PATH), strict=True))

ENTERED_BY = {
    "mql": "qualified",
    "sal": "accepted",
    "sql": "qualified_for_sales",
    "opportunity": "opportunity_opened",
    "won": "won",
    "won_early": "won",
    "won_dated": "won",
}
"""The events by which a lead enters a stage."""

NOT_MERGED = Q(merged_into__isnull=True)
"""Of two leads of one person the one that goes on is counted."""

BEGAN_ANEW = ("revived", "reopened")

MINUTE, HOUR, DAY = 60, 3600, 86_400
BANDS = (
    # label, from (included), to (not included), in business seconds; a day is 24 of its hours
    ("0–5 min", 0, 5 * MINUTE),
    ("5–15 min", 5 * MINUTE, 15 * MINUTE),
    ("15–60 min", 15 * MINUTE, HOUR),
    ("1–4 h", HOUR, 4 * HOUR),
    ("4–8 h", 4 * HOUR, 8 * HOUR),
    ("8 h – 1 day", 8 * HOUR, DAY),
    ("more", DAY, None),
)

GOOD_QUALITY, POOR_QUALITY = 4, 2


@dataclass(frozen=True, slots=True)
class Values:
    """What is measured: the values of a ``column``, of the rows ``where`` it counts."""

    column: str
    where: Q


@dataclass(frozen=True, slots=True)
class Family:
    """A set of rows: which ones a scope selects, what they can be counted as, and by which columns they can be grouped.

    ``spreads`` are the values that can be brought along, by name.
    """

    base: Callable[[Scope, str], QuerySet[Any]]
    measures: Mapping[str, Q]
    groups: Mapping[str, str | Combinable]
    spreads: Mapping[str, Values] = field(default_factory=dict)

    def rows(self, scope: Scope, measure: str) -> QuerySet[Any]:
        """Give exactly the rows that ``measure`` counts in ``scope``."""
        return self.base(scope, measure).filter(self.measures[measure])


# Leads ----------------------------------------------------------------------------------------------------------------


def reached(measure: str) -> Q:
    """Say that a lead came at least so far, in its present life or a former one.

    This stage's time or a later one is set: skipping forward fills no false time. A lead that came back begins anew, and what it had
    reached before stands in the event log only.
    """
    return reached_now(measure) if measure == STAGES[0] else reached_now(measure) | reached_before(measure)


def reached_now(measure: str) -> Q:
    """Say that a lead came at least so far in its present life."""
    if measure == STAGES[0]:
        return Q()
    found = Q(advocate_at__isnull=False)
    for later in _further(measure):
        found |= Q(**{f"{TIMES[later]}__isnull": False})
    return found


def reached_before(measure: str) -> Q:
    """Say that a lead came at least so far in a former life."""
    # Few leads begin anew: the first half is looked up once, the second only for them.
    anew = LeadEvent.objects.filter(kind__in=BEGAN_ANEW).values("lead_id")
    entered = [ENTERED_BY[later] for later in _further(measure)]
    before = LeadEvent.objects.filter(lead_id=OuterRef("pk"), kind__in=entered)
    return Q(Q(pk__in=anew), Exists(before))


def _further(measure: str) -> tuple[str, ...]:
    return STAGES[STAGES.index(measure) :]


def within(field: str, scope: Scope) -> Q:
    """Say that ``field`` lies in the period, half-open, or in one of its windows where the scope names some."""
    found = Q()
    for part in scope.windows or (scope.period,):
        found |= Q(**{f"{field}__gte": part.starts_at, f"{field}__lt": part.ends_at})
    return found


def first_source_raw(path: str = "pk") -> Subquery:
    """Give what a lead's first touch said its source was, as it was written."""
    first = Touch.objects.filter(lead_id=OuterRef(path)).order_by("occurred_at", "id")
    return Subquery(first.values("source_raw")[:1])


def of_lead(filters: Filters, prefix: str = "") -> Q:
    """Narrow by what a lead is, seen from the row that names it with ``prefix``."""
    chosen = Q()
    if filters.source is not None:
        chosen &= Q(**{f"{prefix}source": filters.source})
    if filters.campaign is not None:
        chosen &= has(f"{prefix}last_campaign", filters.campaign)
    if filters.persona is not None:
        path = f"{prefix}persona"
        chosen &= Q(**{f"{path}__persona_id": filters.persona}) if filters.persona else Q(**{f"{path}__isnull": True})
    if filters.source_raw is not None:
        raw = Lead.objects.annotate(raw=first_source_raw()).filter(raw=filters.source_raw)
        chosen &= Q(**{f"{prefix}pk__in": raw.values("pk")})
    return chosen


def of_person(filters: Filters, user: str, team: str | None) -> Q:
    """Narrow by who has it: the person in ``user``, or with a team one of its members or the queue in ``team``."""
    chosen = Q()
    if filters.rep is not None:
        chosen &= has(user, filters.rep)
    if filters.team is not None:
        members = Membership.objects.filter(team_id=filters.team).values("user_id")
        theirs = Q(**{f"{user}__in": members})
        if team is not None:
            theirs |= Q(**{f"{user}__isnull": True, team: filters.team})
        chosen &= theirs
    return chosen


def has(field: str, pk: int) -> Q:
    """Say that a reference names ``pk``, or with 0 that it names nothing."""
    return Q(**{field: pk}) if pk else Q(**{f"{field}__isnull": True})


def _tier(filters: Filters, field: str) -> Q:
    return Q() if filters.tier is None else Q(**{field: filters.tier})


def of_leads(scope: Scope) -> Q:
    """Narrow leads by the filters of ``scope``."""
    filters = scope.filters
    return of_lead(filters) & of_person(filters, "owner", "queue") & _tier(filters, "tier")


def arrived(scope: Scope, _measure: str) -> QuerySet[Lead]:
    """Leads whose first contact lies in the period."""
    return Lead.objects.filter(within("captured_at", scope), of_leads(scope), NOT_MERGED)


def entered(scope: Scope, measure: str) -> QuerySet[Lead]:
    """Leads that entered the stage of ``measure`` in the period: each once, however often it did."""
    if measure not in ENTERED_BY:
        return arrived(scope, measure)
    events = LeadEvent.objects.filter(within("occurred_at", scope), kind=ENTERED_BY[measure])
    return Lead.objects.filter(of_leads(scope), NOT_MERGED, pk__in=events.values("lead_id"))


def has_entered_again(kind: str) -> Q:
    """Say that a lead has more than one event of ``kind``: it entered that stage again."""
    events = LeadEvent.objects.filter(lead_id=OuterRef("pk"), kind=kind).order_by().values("lead_id")
    return Q(Exists(events.annotate(times=Count("pk")).filter(times__gt=1)))


def entered_events(scope: Scope, measure: str) -> QuerySet[LeadEvent]:
    """The events by which leads entered the stage of ``measure`` in the period, of the same leads as ``entered``."""
    leads = ACTIVITY.rows(scope, measure)
    return LeadEvent.objects.filter(
        within("occurred_at", scope), kind=ENTERED_BY[measure], lead_id__in=leads.values("pk")
    )


FROM_MARKETING = Q(origin=Lead.Origins.MARKETING)
WON_EARLY = FROM_MARKETING & Q(customer_at__lt=F("captured_at"))
WON_DATED = FROM_MARKETING & Q(customer_at__isnull=False)
OTHERS = {"won_early": WON_EARLY, "won_dated": WON_DATED, "sales_sourced": Q(origin=Lead.Origins.SALES)}
LEAD_GROUPS = {
    "source": "source", "campaign": "last_campaign_id", "tier": "tier", "persona": "persona__persona_id",
    "rep": "owner_id", "queue": "queue_id",
}  # fmt: skip

COHORT = Family(arrived, {**{m: FROM_MARKETING & reached(m) for m in STAGES}, **OTHERS}, LEAD_GROUPS)
ACTIVITY = Family(entered, {**dict.fromkeys(STAGES, FROM_MARKETING), **OTHERS}, LEAD_GROUPS)


# Clocks ---------------------------------------------------------------------------------------------------------------


ABOUT_A_LEAD = Q(campaign__isnull=True, period__isnull=True)
"""Targets and briefings are about no lead: they have a page of their own (``desk.queries.targets``)."""


def ended(scope: Scope, _measure: str) -> QuerySet[Clock]:
    """Clocks about leads that fell due in the period and have their outcome.

    By the due time, not by the answer's: a period's misses are then complete when it is over, and an early answer changes no other period.
    """
    filters = scope.filters
    narrowed = of_person(filters, "user", "team") & _tier(filters, "tier")
    if filters.promise is not None:
        narrowed &= Q(promise=filters.promise)
    if filters.side is not None:
        narrowed &= Q(side=filters.side)
    clocks = Clock.objects.filter(within("due_at", scope), ABOUT_A_LEAD, narrowed)
    if not of_lead(filters):
        return clocks
    leads = Lead.objects.filter(of_lead(filters))
    return clocks.alias(about=Coalesce(*_ways_to("_id"))).filter(about__in=leads.values("pk"))


MET, MISSED = Q(state=Clock.States.MET), Q(state=Clock.States.MISSED)
ANSWERED = (MET | MISSED) & Q(answered_seconds__isnull=False)
WAITED = ANSWERED & Q(waited_seconds__isnull=False)
MISSED_WAITED = MISSED & Q(waited_seconds__isnull=False)
MISSED_ANSWERED = MISSED & Q(answered_seconds__isnull=False)
"""A miss has its system delay from the beginning, its human delay once it is answered."""
EXCUSED = MISSED & Q(excused_at__isnull=False)
LATE_IN_LOG = ClockStep.objects.filter(clock=OuterRef("pk"), kind="answered", code=LOGGED_LATE)


def _band(low: int, high: int | None) -> Q:
    below = Q() if high is None else Q(answered_seconds__lt=high)
    return ANSWERED & Q(answered_seconds__gte=low) & below


def _ways_to(column: str) -> tuple[str, ...]:
    """Give the ways from a clock to its lead: named by itself, by its handoff, by its question, by what its dispute is about."""
    return tuple(f"{way}{column}" for way in ("lead", "handoff__lead", "question__lead", "dispute__handoff__lead"))


def _of_its_lead(column: str) -> Coalesce:
    """Give a column of the lead that a clock is about."""
    return Coalesce(*_ways_to(f"__{column}"))


PROMISE = Family(
    ended,
    {
        "judged": MET | MISSED,
        "kept": MET,
        "missed": MISSED,
        "excused": EXCUSED,
        "counted_without": MET | (MISSED & Q(excused_at__isnull=True)),
        "logged_late": MISSED & Q(Exists(LATE_IN_LOG), answered_at__isnull=False),
        "cancelled": Q(state=Clock.States.CANCELLED),
        "answered": ANSWERED,
        "waited": WAITED,
        "unanswered": MISSED & Q(answered_seconds__isnull=True),
        "missed_waited": MISSED_WAITED,
        "missed_answered": MISSED_ANSWERED,
        **{f"band_{number}": _band(low, high) for number, (_, low, high) in enumerate(BANDS)},
    },
    {
        "promise": "promise",
        "side": "side",
        "tier": "tier",
        "rep": "user_id",
        "queue": "team_id",
        "source": _of_its_lead("source"),
        "campaign": _of_its_lead("last_campaign_id"),
        "persona": _of_its_lead("persona__persona_id"),
    },
    {
        "answered_seconds": Values("answered_seconds", ANSWERED),
        "waited_seconds": Values("waited_seconds", WAITED),
        "late_seconds": Values("late_seconds", MISSED & Q(late_seconds__isnull=False)),
        "missed_answered_seconds": Values("answered_seconds", MISSED_ANSWERED),
        "missed_waited_seconds": Values("waited_seconds", MISSED_WAITED),
    },
)


def briefed(scope: Scope, _measure: str) -> QuerySet[Clock]:
    """Promises to brief sales of a campaign that fell due in the period and have their outcome."""
    return Clock.objects.filter(within("due_at", scope), campaign__isnull=False)


BRIEFING = replace(PROMISE, base=briefed)
"""Counted as promises about leads are, but apart from them: no filter narrows these, and no list of leads stands behind them."""


# Handoffs -------------------------------------------------------------------------------------------------------------


def decided(scope: Scope, _measure: str) -> QuerySet[Handoff]:
    """Handoffs that were accepted, rejected or recalled in the period."""
    filters = scope.filters
    narrowed = of_lead(filters, "lead__") & of_person(filters, "assignee", None) & _tier(filters, "tier")
    if filters.reason is not None:
        narrowed &= Q(reason=filters.reason)
    return Handoff.objects.filter(within("decided_at", scope), narrowed)


States = Handoff.States
FIRST = Q(ordinal=1)
COUNTED = Q(is_struck=False)
"""A delivery that both sides struck is counted nowhere."""
REJECTED = (Q(state=States.REJECTED) | Q(was_returned=True)) & Q(is_overturned=False) & COUNTED
PROCEDURAL = Q(reason__in=sorted(PROCEDURAL_REJECTIONS))
ACCEPTED = (Q(state=States.ACCEPTED, was_returned=False) | Q(is_overturned=True)) & COUNTED
"""A rejection that both sides overturned counts as accepted, whatever its reason."""

_THROUGH_LEAD = {
    "source": "lead__source", "campaign": "lead__last_campaign_id", "persona": "lead__persona__persona_id",
}  # fmt: skip

HANDOFF = Family(
    decided,
    {
        "judged": FIRST & (ACCEPTED | (REJECTED & ~PROCEDURAL)),
        "accepted": FIRST & ACCEPTED,
        "rejected": FIRST & REJECTED & ~PROCEDURAL,
        "procedural": FIRST & REJECTED & PROCEDURAL,
        "auto_accepted": FIRST & COUNTED & Q(state=States.AUTO_ACCEPTED, was_returned=False),
        "recalled": FIRST & COUNTED & Q(state=States.RECALLED),
        "all_rejections": REJECTED,
    },
    {"reason": "reason", "tier": "tier", "rep": "assignee_id", **_THROUGH_LEAD},
)


# Ratings --------------------------------------------------------------------------------------------------------------


def rated(scope: Scope, _measure: str) -> QuerySet[Feedback]:
    """Ratings given in the period."""
    filters = scope.filters
    narrowed = of_lead(filters, "lead__") & of_person(filters, "user", None) & _tier(filters, "lead__tier")
    return Feedback.objects.filter(within("given_at", scope), narrowed)


RATING = Family(
    rated,
    {
        "given": Q(),
        "good": Q(quality__gte=GOOD_QUALITY),
        "middling": Q(quality__gt=POOR_QUALITY, quality__lt=GOOD_QUALITY),
        "poor": Q(quality__lte=POOR_QUALITY),
    },
    {"tier": "lead__tier", "rep": "user_id", **_THROUGH_LEAD},
)

FAMILIES: dict[str, Family] = {
    "cohort": COHORT,
    "activity": ACTIVITY,
    "promise": PROMISE,
    "handoff": HANDOFF,
    "rating": RATING,
}


def lead_of(row: Any) -> int:
    """Give the lead that a row of any family is about; clocks need their subjects loaded."""
    if isinstance(row, Lead):
        return int(row.pk)
    if isinstance(row, Clock) and row.lead_id is None:
        handoff = row.dispute.handoff if row.dispute else row.handoff
        return int((handoff or row.question).lead_id)  # type: ignore[union-attr]
    return int(row.lead_id)
