"""Targets: each period that began is there once with one clock, and its outcome is what the log says it came to.

Reckoned anew: the months and quarters, the working time, the figures (row by row in plain Python), the pace, the one outcome, who was told. It
shares no code with ``leads.period_rules`` and ``leads.period_figures``. What cannot be told from events: an MQL’s persona as it was then, and
amounts of deals that were corrected since; they are read from the rows.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.conf import settings

from leads.models import Clock, ClockStep, TargetPeriod
from ledger.models import AuditEntry, Notice
from replay.invariants.reckoning import SlowCalendar
from replay.invariants.target_figures import Count, PeriodRow, Told
from sla.models import AgreementVersion, CalendarVersion
from teams.models import Team

QUARTERLY = ("pipeline_value", "revenue_share")
OUTCOMES = {"met": "target_kept", "missed": "target_missed", "cancelled": "target_without_cases"}
DAY = timedelta(days=1)

Line = tuple[str, int, int | None, str, datetime]
"""A step: its kind, its place in the plan, its share, its code, and when it was true."""


class ClockRow(NamedTuple):
    id: int
    period_id: int
    promise: str
    side: str
    tier: str
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
    met_at: datetime | None
    missed_at: datetime | None
    detected_at: datetime | None
    cancelled_at: datetime | None
    answered_at: datetime | None
    answered_seconds: int | None
    late_seconds: int | None
    needed: int | None
    counted: int
    pause_count: int
    excused_at: datetime | None


class StepRow(NamedTuple):
    clock_id: int
    kind: str
    ordinal: int
    percent: int | None
    code: str
    actor_id: int | None
    occurred_at: datetime
    recorded_at: datetime


def differences(*, at: datetime, slack: timedelta) -> Iterator[str]:
    """Look at all targets that could have begun by ``at``; ``slack`` is how long after its time something may still be undone."""
    periods = [PeriodRow(*row) for row in TargetPeriod.objects.order_by("id").values_list(*PeriodRow._fields)]
    rows = Clock.objects.filter(period__isnull=False).order_by("id").values_list(*ClockRow._fields)
    clocks: dict[int, list[ClockRow]] = defaultdict(list)
    for row in rows:
        clocks[row[1]].append(ClockRow(*row))
    terms = dict(AgreementVersion.objects.values_list("id", "terms"))
    yield from _opened(periods, terms, at - slack)
    if not periods:
        return
    told, log = Told.load(), _Log.load()
    for period in periods:
        name = f"target {period.id} ({period.code} {period.of} from {period.first_on})"
        if len(clocks[period.id]) != 1:
            yield f"{name}: has {len(clocks[period.id])} clocks"
            continue
        (clock,) = clocks[period.id]
        judge = _Judge(period, clock, terms[period.version_id], log.calendars[clock.calendar_version_id], told)
        found = [
            *judge.clock_differences(),
            *judge.outcome_differences(log.steps[clock.id], log.looks[clock.id], at - slack),
        ]
        found += [*_written(clock, log.steps[clock.id], log), *_heard(judge, log.steps[clock.id], log)]
        yield from (f"{name}: {words}" for words in found)


@dataclass(frozen=True, slots=True)
class _Log:
    """Steps, audit entries, notices and calendars."""

    steps: Mapping[int, list[StepRow]]
    audit: Counter[tuple[datetime, str]]
    notices: Mapping[int, list[dict[str, Any]]]
    looks: Mapping[int, list[datetime]]
    calendars: Mapping[int, SlowCalendar]
    teams: Mapping[int, str]

    @staticmethod
    def load() -> _Log:
        steps: dict[int, list[StepRow]] = defaultdict(list)
        of_periods = ClockStep.objects.filter(clock__period__isnull=False).order_by("id")
        for row in of_periods.values_list(*StepRow._fields):
            steps[row[0]].append(StepRow(*row))
        notices: dict[int, list[dict[str, Any]]] = defaultdict(list)
        for notice in Notice.objects.filter(subject_type="period").values():
            notices[notice["subject_id"]].append(dict(notice))
        looks: dict[int, list[datetime]] = defaultdict(list)
        entries = []
        rows = AuditEntry.objects.filter(verb__in=("open_periods", "judge_target")).order_by("at", "id")
        for moment, verb, subject_id, facts in rows.values_list("at", "verb", "subject_id", "facts"):
            entries.append((moment, verb))
            if verb == "judge_target":
                for clock_id in [subject_id] if subject_id else facts.get("ids", ()):
                    looks[clock_id].append(moment)
        calendars = {pk: SlowCalendar(terms) for pk, terms in CalendarVersion.objects.values_list("id", "terms")}
        return _Log(steps, Counter(entries), notices, looks, calendars, dict(Team.objects.values_list("id", "side")))


# Which there are ------------------------------------------------------------------------------------------------------


def _midnight(on: date) -> datetime:
    return datetime.combine(on, time(), ZoneInfo(settings.TIME_ZONE)).astimezone(UTC)


def _next(on: date, months: int) -> date:
    for _ in range(months):
        on = (on.replace(day=28) + 4 * DAY).replace(day=1)
    return on


def _opened(periods: Sequence[PeriodRow], terms: Mapping[int, Any], limit: datetime) -> Iterator[str]:
    """Every target of the version in force at the start of each period is there, with what its terms say, and none else."""
    signed: Any = AgreementVersion.objects.filter(state="signed").order_by("effective_from", "number")
    versions: list[tuple[datetime, int]] = list(signed.values_list("effective_from", "id"))
    wanted: dict[tuple[str, str, date], tuple[Any, ...]] = {}
    for months in (1, 3) if versions else ():
        day = versions[0][0].astimezone(ZoneInfo(settings.TIME_ZONE)).date().replace(day=1)
        day = day.replace(month=(day.month - 1) // months * months + 1)
        latest = max([limit, *(period.starts_at for period in periods)])
        while _midnight(day) <= latest:
            starts_at, until = _midnight(day), _next(day, months)
            held = [pk for since, pk in versions if since <= starts_at]
            for item in terms[held[-1]].get("targets", ()) if held else ():
                if (item["code"] in QUARTERLY) == (months == 3):
                    key = (item["code"], item.get("of", ""), day)
                    wanted[key] = (
                        held[-1], item["side"], item["amount"], item.get("currency", ""), until - DAY, starts_at,
                        _midnight(until),
                    )  # fmt: skip
            day = until
    there = {
        (row.code, row.of, row.first_on): (
            row.version_id, row.side, row.amount, row.currency, row.last_on, row.starts_at, row.ends_at
        )
        for row in periods
    }  # fmt: skip
    for key in wanted.keys() | there.keys():
        due = key in wanted and wanted[key][5] <= limit
        if there.get(key) != wanted.get(key) and (due or key in there):
            yield f"target {key[0]} {key[1]} from {key[2]}: is {there.get(key)}, by the agreement {wanted.get(key)}"


# One of them ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Judge:
    """One target with all that is needed to judge it anew."""

    period: PeriodRow
    clock: ClockRow
    terms: Mapping[str, Any]
    calendar: SlowCalendar
    told: Told

    def moments(self) -> list[list[Any]]:
        """Reckon the plan: when half and three quarters of the working time have passed, and the end."""
        start, end = self.period.starts_at, self.period.ends_at
        budget = max(1, self.calendar.seconds(start, end))
        looks = [[share, "warn", min(end, self.calendar.after(start, budget * share // 100))] for share in (50, 75)]
        return [*looks, [100, "judge", end], [100, "notify_both_managers", end]]

    def clock_differences(self) -> Iterator[str]:
        """The clock is the target’s, for all of its time, in the hours of a team of its side."""
        clock, period = self.clock, self.period
        said = (
            clock.promise, clock.side, clock.tier, clock.version_id, clock.user_id, clock.arrived_at, clock.started_at,
            clock.due_at, clock.grace_seconds, clock.budget_seconds,
        )  # fmt: skip
        wanted = (
            period.code, period.side, "standard", period.version_id, None, period.starts_at, period.starts_at,
            period.ends_at, 0, max(1, self.calendar.seconds(period.starts_at, period.ends_at)),
        )  # fmt: skip
        if said != wanted:
            yield f"its clock says {said}, by the period {wanted}"
        if [[share, action, datetime.fromtimestamp(at, UTC)] for share, action, at in clock.plan] != self.moments():
            yield "has a plan that is not the one of its period"
        unused = (
            clock.answered_at, clock.answered_seconds, clock.late_seconds, clock.needed, clock.counted, clock.pause_count,
            clock.excused_at,
        )  # fmt: skip
        if unused != (None, None, None, None, 0, 0, None):
            yield f"was answered, paused or excused: {unused}"

    def outcome_differences(
        self, steps: Sequence[StepRow], looks: Sequence[datetime], limit: datetime
    ) -> Iterator[str]:
        """Its steps are those that its figures asked for when the sweep looked, at their instants; the rows say what the steps say."""
        ends = [step for step in steps if step.kind in OUTCOMES]
        if len(ends) > 1 or (self.period.ends_at < limit and not ends):
            yield f"has {len(ends)} outcomes"
            return
        judged_at = ends[0].recorded_at if ends else None
        state = self.verdict(ends[0]) if ends else "running"
        wanted = [("started", 0, None, "", self.period.starts_at), *self._warnings(steps, looks)]
        wanted += self._endings(state, judged_at)
        there = [(step.kind, step.ordinal, step.percent, step.code, step.occurred_at) for step in steps]
        if sorted(there, key=str) != sorted(wanted, key=str):
            yield f"its steps are {there}, by its figures {wanted}"
        for step in steps:
            if step.recorded_at <= step.occurred_at and step.kind not in ("started", "cancelled"):
                yield f"{step.kind} before its time, at {step.recorded_at}"
        if judged_at is not None and judged_at <= self.period.ends_at:
            yield f"was judged before its end, at {judged_at}"
        yield from self._rows(state, judged_at)
        yield from self._place(state, judged_at, limit)

    def _warnings(self, steps: Sequence[StepRow], looks: Sequence[datetime]) -> Iterator[Line]:
        """Give the warnings that were due: where the side was behind at the planned instant, by what was known when the sweep came."""
        warned = {step.ordinal for step in steps if step.kind == "warned"}
        for ordinal, (share, action, moment) in enumerate(self.moments()):
            known = next((at for at in looks if at > moment), None)
            if action != "warn" or known is None:
                continue
            counted = Count(self.period, self.told, known)
            if self._is_behind(counted, moment) if counted.is_told else ordinal in warned:
                yield "warned", ordinal, share, "", moment

    def _endings(self, state: str, judged_at: datetime | None) -> list[Line]:
        """Give the steps of the end: of the outcome, and of the word to both sides."""
        end = self.period.ends_at
        if judged_at is None:
            return []
        if state == "cancelled":
            return [(state, 0, None, "no_cases", judged_at)]
        if state == "met":
            return [(state, 0, None, "", end)]
        return [(state, 0, 100, "", end), ("escalated", 3, 100, "notify_both_managers", end)]

    def _rows(self, state: str, judged_at: datetime | None) -> Iterator[str]:
        """The clock and the period say how it ended, and what it came to."""
        clock, period = self.clock, self.period
        ended = {"met": "met_at", "missed": "missed_at", "cancelled": "cancelled_at"}
        wanted = {column: period.ends_at if kind == state else None for kind, column in ended.items()}
        wanted["cancelled_at"] = judged_at if state == "cancelled" else None
        wanted["detected_at"] = judged_at if state in ("met", "missed") else None
        yield from (
            f"{column} is {getattr(clock, column)}, not {instant}"
            for column, instant in wanted.items()
            if getattr(clock, column) != instant
        )
        if clock.state != state:
            yield f"is {clock.state}, by its figures {state}"
        if period.judged_at != judged_at:
            yield f"was judged at {period.judged_at}, its steps say {judged_at}"
        came_to = self._came_to(judged_at)
        if came_to is not None and (period.reached, period.counted) != came_to:
            yield f"came to {period.reached} of {period.counted}, by the log to {came_to}"

    def _came_to(self, judged_at: datetime | None) -> tuple[Decimal | None, int | None] | None:
        """Give what the period has to say, nothing where that cannot be told."""
        if judged_at is None:
            return None, None
        counted = Count(self.period, self.told, judged_at)
        if not counted.is_told:
            return None
        part, whole, count = counted.figure(self.period.ends_at)
        if whole is None:
            return part, count
        return Decimal(int(part * 10_000 / whole)) / 100 if whole else None, count

    def _place(self, state: str, judged_at: datetime | None, limit: datetime) -> Iterator[str]:
        """The clock stands behind what was done, and means to do what comes next."""
        clock, plan = self.clock, self.moments()
        next_at = None if judged_at else plan[clock.plan_position][2]
        if judged_at and clock.plan_position != {"missed": 4}.get(state, clock.plan_position):
            yield f"stands at place {clock.plan_position} of its plan"
        if clock.next_action_at != next_at:
            yield f"means to act at {clock.next_action_at}, by its plan at {next_at}"
        elif next_at is not None and next_at < limit:
            yield f"has something to do since {next_at}"

    # What it came to

    def verdict(self, outcome: StepRow) -> str:
        """Give how it had to end; where that cannot be told, as it did."""
        counted = Count(self.period, self.told, outcome.recorded_at)
        if not counted.is_told:
            return outcome.kind
        part, whole, _ = counted.figure(self.period.ends_at)
        if whole is not None and not whole:
            return "cancelled"
        share = Fraction(part) if whole is None else Fraction(part) * 100 / Fraction(whole)
        return "met" if share >= self.period.amount else "missed"

    def _is_behind(self, counted: Count, moment: datetime) -> bool:
        """Tell whether the side was behind at ``moment``: a share below what was promised, a number below the plan by working days."""
        part, whole, cases = counted.figure(moment)
        amount = self.period.amount
        if whole is not None:
            enough = cases >= self.terms["judged_from_count"]
            return bool(whole) and enough and Fraction(part) * 100 < amount * Fraction(whole)
        today = moment.astimezone(ZoneInfo(settings.TIME_ZONE)).date()
        length = (self.period.last_on - self.period.first_on).days + 1
        days = [self.period.first_on + offset * DAY for offset in range(length)]
        working = [day for day in days if self.calendar.is_working_day(day)]
        gone = sum(day < today for day in working)
        return int(part) < (amount * gone // len(working) if working else 0)


# What was written beside it -------------------------------------------------------------------------------------------


def _written(clock: ClockRow, steps: Sequence[StepRow], log: _Log) -> Iterator[str]:
    """Beside each step stands an audit entry of the verb that took it; nobody acts but the program, for a team of the side."""
    for step in steps:
        verb = "open_periods" if step.kind == "started" else "judge_target"
        if not log.audit[step.recorded_at, verb] or step.actor_id is not None:
            yield f"{step.kind} at {step.recorded_at}: no audit entry of {verb}"
        if step.kind == "started" and step.recorded_at < step.occurred_at:
            yield f"was opened before it began, at {step.recorded_at}"
    if log.teams.get(clock.team_id or 0) != clock.side:
        yield f"is owed by team {clock.team_id}, which is not of {clock.side}"


def _heard(judge: _Judge, steps: Sequence[StepRow], log: _Log) -> Iterator[str]:
    """What is told is a step that was taken, each person hears it once a channel, and a miss goes out by email too."""
    outcome = next((step for step in steps if step.kind in OUTCOMES), None)
    allowed = {"target_behind": {step.recorded_at for step in steps if step.kind == "warned"}}
    if outcome is not None:
        allowed[OUTCOMES[outcome.kind]] = {outcome.recorded_at}
        allowed["target_behind"].discard(outcome.recorded_at)
    lines = Counter[tuple[Any, ...]]()
    for notice in log.notices[judge.period.id]:
        lines[notice["code"], notice["created_at"], notice["recipient_id"], notice["channel"]] += 1
        if notice["created_at"] not in allowed.get(notice["code"], ()):
            yield f"{notice['code']} of {notice['created_at']} was told, and never happened"
    yield from (f"{key} was told {count} times" for key, count in lines.items() if count > 1)
    for code, at, recipient, channel in lines:
        twin = (code, at, recipient, "in_app" if channel == "email" else "email")
        if (channel == "email" or code == "target_missed") and not lines[twin]:
            yield f"{code} was told to {recipient} by {channel} alone"
    told = {(code, at) for code, at, _, _ in lines}
    missing = {(code, at) for code, instants in allowed.items() for at in instants} - told
    yield from (f"{code} of {at} was told to nobody" for code, at in sorted(missing))
