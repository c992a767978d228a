"""What a clock does when its time has come: records the step, tells who must know, ends or moves on.

Used by the sweep, and by the verbs that find a promise overdue before the sweep did: both leave the same steps and notices.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from leads.clock_plans import MISS, REASSIGN, WARN, Entry, RawEntry, moment_at
from leads.models import Clock, Handoff
from leads.record import Record
from teams.models import Membership
from teams.roles import Side

WARNED = "clock_warned"
MISSED = "clock_missed"
ESCALATED = "clock_escalated"
TAKEN = "clock_taken"

NOT_APPLICABLE = "reassign_not_applicable"

States = Clock.States
NEVER = datetime.max.replace(tzinfo=UTC)

SWEPT_COLUMNS = ("id", "promise", "lead_id", "handoff_id", "user_id", "team_id", "state", "plan", "plan_position")
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
)


@dataclass(slots=True)
class ClockRow:
    """A clock as the cores work on it, made of ``COLUMNS`` or ``SWEPT_COLUMNS``.

    ``about_id`` is the lead it is about, also where its subject is a handoff. ``next_action_at`` is not read but reckoned: when ``act`` has
    moved the clock on, it says where to.
    """

    id: int
    promise: str
    lead_id: int | None
    handoff_id: int | None
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
    about_id: int = 0
    next_action_at: datetime | None = None

    @property
    def can_be_reassigned(self) -> bool:
        """A queue cannot be reassigned: there a manager has to act."""
        return self.user_id is not None


@dataclass(frozen=True, slots=True)
class Managers:
    """Who manages whom: by person, by team, and all managers of marketing."""

    of_user: Mapping[int, Collection[int]]
    of_team: Mapping[int, Collection[int]]
    of_marketing: Collection[int]

    @staticmethod
    def load(clocks: Iterable[ClockRow]) -> Managers:
        """Load the managers of those who owe these clocks, with two queries."""
        people = {clock.user_id for clock in clocks if clock.user_id}
        of_team: dict[int, dict[int, None]] = {}
        of_marketing: dict[int, None] = {}
        managing = Membership.objects.filter(is_manager=True, user__is_active=True).order_by("id")
        for user_id, team_id, side in managing.values_list("user_id", "team_id", "team__side"):
            of_team.setdefault(team_id, {})[user_id] = None
            if side == Side.MARKETING:
                of_marketing[user_id] = None
        of_user: dict[int, dict[int, None]] = {}
        for user_id, team_id in Membership.objects.filter(user_id__in=people).values_list("user_id", "team_id"):
            of_user.setdefault(user_id, {}).update(of_team.get(team_id, {}))
        return Managers(of_user, of_team, of_marketing)

    def of(self, clock: ClockRow) -> Collection[int]:
        """Give the managers of the rep who owes it, else of the team whose queue it stands in."""
        if clock.user_id is not None:
            return self.of_user.get(clock.user_id, ())
        return self.of_team.get(clock.team_id or 0, ())


NOBODY = Managers({}, {}, ())


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
    code = NOT_APPLICABLE if entry.action == REASSIGN else entry.action
    record.step(
        clock.id, "escalated", ordinal=entry.ordinal, percent=entry.percent, code=code, occurred_at=entry.at
    )  # fmt: skip
    if entry.action == "notify_rep":
        _tell(record, clock, MISSED, entry, _owers(clock, managers))
    elif entry.action == "notify_manager":
        _tell(record, clock, ESCALATED, entry, managers.of(clock))
    elif entry.action == "notify_both_managers":
        both = dict.fromkeys([*managers.of(clock), *managers.of_marketing])
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
    for user_id in people:
        record.tell(user_id, code, "lead", clock.about_id, **facts)


def name_leads(clocks: Iterable[ClockRow]) -> None:
    """Fill in which lead each clock is about, with one query at most."""
    handoff_ids = {clock.handoff_id for clock in clocks if clock.handoff_id}
    leads = dict(Handoff.objects.filter(pk__in=handoff_ids).values_list("id", "lead_id")) if handoff_ids else {}
    for clock in clocks:
        clock.about_id = clock.lead_id or leads[clock.handoff_id]  # type: ignore[index]
