"""What a clock does when its time has come: records the step, tells who must know, ends or moves on.

Used by the sweep, and by the verbs that find a promise overdue before the sweep did: both leave the same steps and notices.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Model

from leads.clock_plans import MISS, MOVING, WARN, WHOLE, Entry, RawEntry, moment_at
from leads.models import Clock, Dispute, Handoff, Question
from leads.record import Record
from teams.models import Membership
from teams.roles import Side

WARNED = "clock_warned"
MISSED = "clock_missed"
ESCALATED = "clock_escalated"
TAKEN = "clock_taken"
TO_PERSON, TO_QUEUE = "person", "queue"
"""Where a lead went that was taken from its rep, as the notice of it says."""

NOT_APPLICABLE = {
    "reassign": "reassign_not_applicable",
    "auto_accept": "auto_accept_moot",
    "return_to_queue": "to_queue_not_applicable",
}
"""What a step that changes who has a lead is recorded as where that makes no sense any more."""

OUTAGE = timedelta(minutes=5)
"""What is recorded later than this waited for a program that was away: it is told together with what else waited."""

States = Clock.States
NEVER = datetime.max.replace(tzinfo=UTC)

SWEPT_COLUMNS = (
    "id", "promise", "side", "lead_id", "handoff_id", "question_id", "dispute_id", "campaign_id", "period_id", "user_id",
    "team_id", "state", "plan", "plan_position",
)  # fmt: skip
"""What the sweep reads: no instants, which cost most to read; those it needs stand in the plan."""

COLUMNS = (
    *SWEPT_COLUMNS,
    "version_id",
    "calendar_version_id",
    "started_at",
    "due_at",
    "answered_at",
    "detected_at",
    "arrived_at",
    "needed",
    "counted",
    "pause_count",
    "tier",
    "share_percent",
)


@dataclass(slots=True)
class ClockRow:
    """A clock as the cores work on it, made of ``COLUMNS`` or ``SWEPT_COLUMNS``.

    ``about_id`` is the lead it is about, also where its subject is something of a lead, else the campaign or the period. ``next_action_at`` is not read but reckoned: when ``act`` has
    moved the clock on, it says where to.
    """

    id: int
    promise: str
    side: str
    lead_id: int | None
    handoff_id: int | None
    question_id: int | None
    dispute_id: int | None
    campaign_id: int | None
    period_id: int | None
    user_id: int | None
    team_id: int | None
    state: str
    plan: Sequence[RawEntry]
    plan_position: int
    version_id: int = 0
    calendar_version_id: int = 0
    started_at: datetime = NEVER
    due_at: datetime = NEVER
    answered_at: datetime | None = None
    detected_at: datetime | None = None
    arrived_at: datetime = NEVER
    needed: int | None = None
    counted: int = 0
    pause_count: int = 0
    tier: str = ""
    share_percent: int = WHOLE
    about_id: int = 0
    next_action_at: datetime | None = None

    @property
    def subject(self) -> tuple[int | None, ...]:
        """What it is about, as ids of which one is there."""
        return (
            self.lead_id, self.handoff_id, self.question_id, self.dispute_id, self.campaign_id, self.period_id
        )  # fmt: skip

    @property
    def about(self) -> str:
        """What ``about_id`` is the id of."""
        return "campaign" if self.campaign_id else "period" if self.period_id else "lead"

    @property
    def can_be_moved(self) -> bool:
        """A queue cannot be reassigned: there a manager has to act."""
        return self.user_id is not None


@dataclass(frozen=True, slots=True)
class Managers:
    """Who manages whom: by person, by team, and all managers of each side."""

    of_user: Mapping[int, Collection[int]]
    of_team: Mapping[int, Collection[int]]
    of_side: Mapping[str, Collection[int]]

    @staticmethod
    def load(clocks: Iterable[ClockRow]) -> Managers:
        """Load the managers of those who owe these clocks, with two queries."""
        people = {clock.user_id for clock in clocks if clock.user_id}
        of_team: dict[int, dict[int, None]] = {}
        of_side: dict[str, dict[int, None]] = {}
        managing = Membership.objects.filter(is_manager=True, user__is_active=True).order_by("id")
        for user_id, team_id, side in managing.values_list("user_id", "team_id", "team__side"):
            of_team.setdefault(team_id, {})[user_id] = None
            of_side.setdefault(side, {})[user_id] = None
        of_user: dict[int, dict[int, None]] = {}
        for user_id, team_id in Membership.objects.filter(user_id__in=people).values_list("user_id", "team_id"):
            of_user.setdefault(user_id, {}).update(of_team.get(team_id, {}))
        return Managers(of_user, of_team, of_side)

    def of(self, clock: ClockRow) -> Collection[int]:
        """Give the managers of the person who owes it, else of the team; all of the side where that has none."""
        found = self.of_user.get(clock.user_id, ()) if clock.user_id else self.of_team.get(clock.team_id or 0, ())
        return found or self.of_side.get(clock.side, ())

    def of_other_side(self, clock: ClockRow) -> Collection[int]:
        """Give all managers of the side that the promise was made to."""
        return self.of_side.get(Side.SALES if clock.side == Side.MARKETING else Side.MARKETING, ())


NOBODY = Managers({}, {}, {})


def needs_managers(clock: ClockRow, entries: Iterable[Entry]) -> bool:
    """Tell whether any of ``entries`` is told to a manager."""
    return clock.user_id is None or any(entry.action in ("notify_manager", "notify_both_managers") for entry in entries)


def act(record: Record, clock: ClockRow, entries: Sequence[Entry], managers: Managers) -> None:
    """Do what ``entries`` say, in order, and move ``clock`` behind the last of them.

    A warning that the miss has overtaken is recorded, but told to nobody.
    """
    overtaken = any(entry.action == MISS for entry in entries)
    for entry in entries:
        if entry.action == WARN:
            record.step(clock.id, "warned", ordinal=entry.ordinal, percent=entry.percent, occurred_at=entry.at)
            if not overtaken:
                _tell(record, clock, WARNED, entry, _owers(clock, managers))
        elif entry.action == MISS:
            record.step(clock.id, "missed", percent=entry.percent, occurred_at=entry.at)
            clock.state = States.MISSED
        else:
            _escalate(record, clock, entry, managers)
        clock.plan_position = entry.ordinal + 1
    clock.next_action_at = moment_at(clock.plan, clock.plan_position)


def _escalate(record: Record, clock: ClockRow, entry: Entry, managers: Managers) -> None:
    """Take one escalation step by telling somebody; a reassignment is taken elsewhere, or not possible."""
    code = NOT_APPLICABLE[entry.action] if entry.action in MOVING else entry.action
    record.step(
        clock.id, "escalated", ordinal=entry.ordinal, percent=entry.percent, code=code, occurred_at=entry.at
    )  # fmt: skip
    if entry.action == "notify_rep":
        _tell(record, clock, MISSED, entry, _owers(clock, managers))
    elif entry.action == "notify_manager":
        _tell(record, clock, ESCALATED, entry, managers.of(clock))
    elif entry.action == "notify_both_managers":
        both = dict.fromkeys([*managers.of(clock), *managers.of_other_side(clock)])
        _tell(record, clock, ESCALATED, entry, both)


def _owers(clock: ClockRow, managers: Managers) -> Collection[int]:
    return (clock.user_id,) if clock.user_id is not None else managers.of(clock)


def _tell(record: Record, clock: ClockRow, code: str, entry: Entry, people: Iterable[int]) -> None:
    facts: dict[str, Any] = {
        "clock": clock.id,
        "promise": clock.promise,
        "percent": entry.percent,
        "due_at": clock.due_at.isoformat(),
        "owed_by": clock.user_id,
    }
    tell = record.tell_late if record.at - entry.at > OUTAGE else record.tell
    for user_id in people:
        tell(user_id, code, clock.about, clock.about_id, **facts)


def name_subjects(clocks: Iterable[ClockRow]) -> None:
    """Fill in what each clock is about, with one query at most for each kind of subject that is not a lead itself."""
    handoffs = _leads_of(Handoff, "lead_id", (clock.handoff_id for clock in clocks))
    questions = _leads_of(Question, "lead_id", (clock.question_id for clock in clocks))
    disputes = _leads_of(Dispute, "handoff__lead_id", (clock.dispute_id for clock in clocks))
    for clock in clocks:
        clock.about_id = (
            clock.lead_id or clock.campaign_id or clock.period_id or handoffs.get(clock.handoff_id or 0)
            or questions.get(clock.question_id or 0) or disputes[clock.dispute_id or 0]
        )  # fmt: skip


def _leads_of(model: type[Model], lead: str, ids: Iterable[int | None]) -> dict[int, int]:
    wanted = {pk for pk in ids if pk}
    return dict(model._default_manager.filter(pk__in=wanted).values_list("pk", lead)) if wanted else {}
