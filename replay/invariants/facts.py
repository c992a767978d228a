"""What is stored, read as plain rows, each table once."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from leads.models import (
    Activity,
    Assignment,
    Clock,
    ClockExcuse,
    ClockPause,
    ClockRecompute,
    ClockStep,
    Feedback,
    Handoff,
    ImportRow,
    ImportRun,
    Lead,
    LeadEvent,
    Opportunity,
    Pool,
    Qualification,
    RoutingVersion,
    Touch,
)
from ledger.models import AuditEntry, Notice
from personas.models import PersonaVersion
from replay.invariants.staff import Staff
from sla.models import AgreementVersion, CalendarVersion


class EventRow(NamedTuple):
    id: int
    lead_id: int
    kind: str
    handoff_id: int | None
    campaign_id: int | None
    user_id: int | None
    actor_id: int | None
    version_id: int | None
    code: str
    facts: dict[str, Any]
    occurred_at: datetime
    recorded_at: datetime


class StepRow(NamedTuple):
    id: int
    clock_id: int
    kind: str
    ordinal: int
    percent: int | None
    code: str
    actor_id: int | None
    occurred_at: datetime
    recorded_at: datetime


class ClockLine(NamedTuple):
    id: int
    promise: str
    side: str
    tier: str
    lead_id: int | None
    handoff_id: int | None
    question_id: int | None
    dispute_id: int | None
    user_id: int | None
    team_id: int | None
    version_id: int
    calendar_version_id: int
    state: str
    budget_seconds: int
    grace_seconds: int
    arrived_at: datetime
    started_at: datetime
    due_at: datetime
    plan: list[list[Any]]
    plan_position: int
    next_action_at: datetime | None
    answered_at: datetime | None
    met_at: datetime | None
    missed_at: datetime | None
    detected_at: datetime | None
    cancelled_at: datetime | None
    late_seconds: int | None
    answered_seconds: int | None
    needed: int | None
    counted: int
    waited_seconds: int | None
    pause_count: int
    excused_at: datetime | None
    share_percent: int


class PauseRow(NamedTuple):
    id: int
    clock_id: int
    ordinal: int
    reason: str
    actor_id: int | None
    started_at: datetime
    until: datetime
    ended_at: datetime | None
    ended_by_id: int | None


class ExcuseRow(NamedTuple):
    id: int
    clock_id: int
    reason: str
    actor_id: int
    excused_at: datetime


class RecomputeRow(NamedTuple):
    id: int
    clock_id: int
    ordinal: int
    actor_id: int
    at: datetime
    calendar_before_id: int
    calendar_after_id: int
    due_before: datetime
    due_after: datetime


class LeadRow(NamedTuple):
    id: int
    contact_id: int
    stage: str
    owner_id: int | None
    queue_id: int | None
    origin: str
    source: str
    is_history: bool
    is_hand_raise: bool
    needs_new_reason: bool
    fit: int | None
    persona_id: int | None
    engagement_fixed: float
    engagement_level: float | None
    half_life_days: int
    captured_at: datetime
    last_touch_at: datetime
    mql_at: datetime | None
    sal_at: datetime | None
    sql_at: datetime | None
    opportunity_at: datetime | None
    customer_at: datetime | None
    advocate_at: datetime | None
    recycled_at: datetime | None
    disqualified_at: datetime | None
    lost_at: datetime | None
    first_attempt_at: datetime | None
    conversed_at: datetime | None
    attempt_count: int
    handoff_count: int
    tier: str
    first_campaign_id: int | None
    last_campaign_id: int | None
    returns_on: date | None
    merged_at: datetime | None
    merged_into_id: int | None


class HandoffRow(NamedTuple):
    id: int
    lead_id: int
    ordinal: int
    version_id: int
    tier: str
    state: str
    offered_at: datetime
    offered_by_id: int | None
    assignee_id: int | None
    assigned_at: datetime | None
    decided_at: datetime | None
    decided_by_id: int | None
    reason: str
    was_returned: bool


class AssignmentRow(NamedTuple):
    id: int
    lead_id: int
    handoff_id: int | None
    user_id: int | None
    queue_id: int | None
    cause: str
    actor_id: int | None
    assigned_at: datetime
    routing_version_id: int | None
    trace: dict[str, Any]


class NoticeRow(NamedTuple):
    id: int
    channel: str
    code: str
    recipient_id: int
    subject_id: int
    facts: dict[str, Any]
    created_at: datetime


class AuditRow(NamedTuple):
    id: int
    at: datetime
    actor_id: int | None
    verb: str
    subject_type: str
    subject_id: int | None
    size: int
    facts: dict[str, Any]


class ActivityRow(NamedTuple):
    id: int
    lead_id: int
    user_id: int
    kind: str
    outcome: str
    is_outbound: bool
    occurred_at: datetime
    recorded_at: datetime


class FeedbackRow(NamedTuple):
    id: int
    lead_id: int
    user_id: int
    kind: str
    quality: int
    handoff_id: int | None
    aspects: dict[str, bool]
    given_at: datetime


class DealRow(NamedTuple):
    id: int
    lead_id: int
    owner_id: int | None
    kind: str
    stage: str
    amount: Decimal | None
    currency: str
    reason: str
    opened_at: datetime
    closed_at: datetime | None


class QualificationRow(NamedTuple):
    id: int
    lead_id: int
    qualified_at: datetime
    fit: int | None
    engagement: int
    version_id: int
    actor_id: int | None
    reason: str
    items: list[dict[str, Any]]


class TouchRow(NamedTuple):
    id: int
    lead_id: int
    contact_id: int
    kind: str
    source: str
    campaign_id: int | None
    occurred_at: datetime
    recorded_at: datetime


class RulesRow(NamedTuple):
    """A routing version, as of when it was activated."""

    id: int
    number: int
    since: datetime
    rules: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that the checks look at. Events and steps are in the order in which they were written.

    Clocks are those about leads; targets and campaigns have checks of their own (``periods``, ``briefings``).
    """

    leads: dict[int, LeadRow]
    events: dict[int, list[EventRow]]
    clocks: dict[int, ClockLine]
    steps: dict[int, list[StepRow]]
    steps_of_campaigns: list[StepRow]
    pauses: dict[int, list[PauseRow]]
    excuses: dict[int, list[ExcuseRow]]
    recomputes: dict[int, list[RecomputeRow]]
    handoffs: dict[int, HandoffRow]
    assignments: list[AssignmentRow]
    routing: dict[int, RulesRow]
    pools: dict[int, int]
    terms: dict[int, dict[str, Any]]
    signed: list[tuple[datetime, int, int]]
    personas: dict[int, list[dict[str, Any]]]
    calendars: dict[int, dict[str, Any]]
    notices: list[NoticeRow]
    audit: list[AuditRow]
    imports: list[tuple[Any, ...]]
    import_rows: dict[int, dict[str, int]]
    staff: Staff
    activities: dict[int, ActivityRow]
    feedback: dict[int, FeedbackRow]
    deals: dict[int, DealRow]
    qualifications: dict[int, QualificationRow]
    touches: dict[int, TouchRow]

    @staticmethod
    def load() -> Facts:
        """Read all of it; meant for replays and installations whose history fits into memory."""
        activated: Any = RoutingVersion.objects.filter(activated_at__isnull=False)
        signed: Any = AgreementVersion.objects.filter(state=AgreementVersion.States.SIGNED)
        audit = [AuditRow(*row) for row in AuditEntry.objects.order_by("id").values_list(*AUDIT_COLUMNS).iterator()]
        notices = Notice.objects.filter(subject_type="lead").order_by("id").values_list(*NoticeRow._fields)
        return Facts(
            leads=_by_id(LeadRow, Lead),
            events=_grouped(EventRow, LeadEvent, "lead_id"),
            clocks=_by_id(ClockLine, Clock.objects.filter(period=None, campaign=None)),
            steps=_grouped(StepRow, ClockStep.objects.filter(clock__period=None, clock__campaign=None), "clock_id"),
            steps_of_campaigns=list(_by_id(StepRow, ClockStep.objects.filter(clock__campaign__isnull=False)).values()),
            pauses=_grouped(PauseRow, ClockPause, "clock_id"),
            excuses=_grouped(ExcuseRow, ClockExcuse, "clock_id"),
            recomputes=_grouped(RecomputeRow, ClockRecompute, "clock_id"),
            handoffs=_by_id(HandoffRow, Handoff),
            assignments=list(_by_id(AssignmentRow, Assignment).values()),
            routing={row[0]: RulesRow(*row) for row in activated.values_list("id", "number", "activated_at", "rules")},
            pools=dict(Pool.objects.values_list("id", "team_id")),
            terms=dict(AgreementVersion.objects.values_list("id", "terms")),
            signed=sorted(signed.values_list("effective_from", "number", "id")),
            personas=dict(PersonaVersion.objects.values_list("id", "criteria")),
            calendars=dict(CalendarVersion.objects.values_list("id", "terms")),
            notices=[NoticeRow(*row) for row in notices.iterator()],
            audit=audit,
            imports=list(ImportRun.objects.filter(state="done").values_list(*IMPORT_COLUMNS)),
            import_rows=_import_rows(),
            staff=Staff.load(audit),
            activities=_by_id(ActivityRow, Activity),
            feedback=_by_id(FeedbackRow, Feedback),
            deals=_by_id(DealRow, Opportunity),
            qualifications=_by_id(QualificationRow, Qualification),
            touches=_by_id(TouchRow, Touch),
        )


AUDIT_COLUMNS = ("id", "at", "actor_id", "verb", "subject_type", "subject_id", "count", "facts")
IMPORT_COLUMNS = (
    "id",
    "user_id",
    "finished_at",
    "rows_read",
    "created_count",
    "updated_count",
    "skipped_count",
    "rejected_count",
)


def _by_id(shape: Any, stored: Any) -> dict[int, Any]:
    """Read a table, or some rows of it, by their ids."""
    rows = getattr(stored, "objects", stored)
    return {row[0]: shape(*row) for row in rows.order_by("id").values_list(*shape._fields).iterator()}


def _grouped(shape: Any, stored: Any, key: str) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    place = shape._fields.index(key)
    rows = getattr(stored, "objects", stored)
    for row in rows.order_by("id").values_list(*shape._fields).iterator():
        found[row[place]].append(shape(*row))
    return dict(found)


def _import_rows() -> dict[int, dict[str, int]]:
    found: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for run_id, state in ImportRow.objects.values_list("run_id", "state").iterator():
        found[run_id][state] += 1
    return found
