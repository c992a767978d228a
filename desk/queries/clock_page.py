"""Everything that the page of one clock says: how its time was reckoned, what it means to do and did, and what people did to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from inputs.refusals import NotVisible
from leads.chips import Chip, chips
from leads.clock_acts import NOT_APPLICABLE
from leads.clock_plans import instant
from leads.clocks import LOGGED_LATE
from leads.codes import STEP_KINDS
from leads.models import Clock, ClockExcuse, ClockPause, ClockRecompute, ClockStep, Lead
from leads.pauses import spans_of
from leads.transfers import is_transfer
from sla.business_time import BusinessCalendar, LedgerLine, between, explain
from sla.hours import calendars
from sla.promises import KINDS, TARGETS, task_of
from teams.models import User

MOST_LINES = 150
ALONG = (
    "user", "team", "version", "calendar_version__calendar", "lead__contact__company", "handoff__lead__contact__company",
    "question__lead__contact__company", "dispute__handoff__lead__contact__company", "campaign", "period",
)  # fmt: skip

ACTION_WORDS = {
    "warn": "warns whoever owes it",
    "miss": "is missed",
    "judge": "is judged",
    "notify_rep": "tells whoever owes it again",
    "notify_manager": "tells their manager",
    "notify_both_managers": "tells the managers of both sides",
    "reassign": "gives the lead to somebody else",
    "auto_accept": "accepts the lead for them",
    "return_to_queue": "puts the lead back into the queue",
    "close_dispute": "closes the dispute: what was contested stands",
}
OF_TRANSFER = {
    **ACTION_WORDS,
    **dict.fromkeys(("reassign", "return_to_queue"), "ends the offer: who offers the lead keeps it"),
}
"""The same for the promise to answer a colleague who offers a lead in work."""
MOOT_WORDS = {
    code: f"moot: {ACTION_WORDS[action]}, which no longer made sense" for action, code in NOT_APPLICABLE.items()
}
OF_ITSELF = frozenset({"warned", "missed", "escalated"})
"""What the plan does, whoever found that it was due."""
LABELS = {
    "open": "counts", "closed": "closed", "weekend": "weekend", "special_day": "closed that day", "pause": "paused",
    "holiday": "holiday",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One stretch of the reckoning; ``seconds`` is what it took of the time."""

    words: str
    start: datetime
    end: datetime
    seconds: int
    is_paused: bool


@dataclass(frozen=True, slots=True)
class Planned:
    """One line of the plan: what happens at which share of the time, when, and what became of it."""

    percent: int
    words: str
    at: datetime
    step: ClockStep | None
    is_next: bool
    is_dropped: bool


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that happened, in words, by whom; ``learnt_at`` where it was recorded later than it was true."""

    words: str
    actor: User | None
    at: datetime
    learnt_at: datetime | None


@dataclass(slots=True)
class ClockPage:
    """A clock with all that explains it."""

    clock: Clock
    chip: Chip
    lead: Lead | None
    task: str
    lines: list[Line]
    further: int
    total_seconds: int
    system_seconds: int | None
    human_seconds: int | None
    would_be_due_at: datetime | None
    plan: list[Planned]
    steps: list[Told]
    pauses: list[ClockPause]
    excuse: ClockExcuse | None
    recomputes: list[ClockRecompute]
    is_logged_late: bool

    @property
    def zone(self) -> str:
        return str(self.clock.calendar_version.terms["zone"])


def clock_for(user: User, clock_id: int) -> Clock:
    """Load a clock that ``user`` may see; raises ``NotVisible``."""
    clock = Clock.objects.visible_to(user).select_related(*ALONG).filter(pk=clock_id).first()
    if clock is None:
        raise NotVisible("There is nothing here.")
    return clock


def page_of(clock: Clock, at: datetime) -> ClockPage:
    """Load what explains ``clock`` as of ``at``, with a bounded number of queries."""
    calendar = calendars([clock.calendar_version_id])[clock.calendar_version_id]
    pauses = list(ClockPause.objects.filter(clock=clock).select_related("actor", "ended_by").order_by("ordinal"))
    spans = spans_of([clock.pk], at).get(clock.pk, ()) if pauses else ()
    steps = list(ClockStep.objects.filter(clock=clock).select_related("actor").order_by("recorded_at", "id"))
    lines, total, would_be_due_at = _lines(clock, calendar, spans)
    until = clock.answered_at or clock.cancelled_at or at
    return ClockPage(
        clock=clock,
        chip=chips([clock], at)[clock.pk],
        lead=lead_of(clock),
        task=_task(clock),
        lines=lines[:MOST_LINES],
        further=max(0, len(lines) - MOST_LINES),
        total_seconds=total,
        system_seconds=between(clock.arrived_at, clock.started_at, calendar),
        human_seconds=between(clock.started_at, until, calendar, spans),
        would_be_due_at=would_be_due_at,
        plan=_plan(clock, steps),
        steps=_told(steps, _actions_of(clock)),
        pauses=pauses,
        excuse=ClockExcuse.objects.filter(clock=clock).select_related("actor").first() if clock.excused_at else None,
        recomputes=list(
            ClockRecompute.objects.filter(clock=clock)
            .select_related("actor", "calendar_before", "calendar_after")
            .order_by("ordinal")
        ),
        is_logged_late=any(step.kind == "answered" and step.code == LOGGED_LATE for step in steps),
    )


def lead_of(clock: Clock) -> Lead | None:
    """Give the lead that a clock is about, if it is about one; needs it loaded along."""
    if clock.dispute is not None:
        return clock.dispute.handoff.lead
    holder = clock.handoff or clock.question
    return holder.lead if holder is not None else clock.lead


def _task(clock: Clock) -> str:
    if clock.promise in TARGETS:
        return TARGETS[clock.promise].words
    words = task_of(clock.promise)
    return words[:1].upper() + words[1:]


def _lines(
    clock: Clock, calendar: BusinessCalendar, pauses: Sequence[tuple[datetime, datetime]]
) -> tuple[list[Line], int, datetime | None]:
    """Reckon how the time is spent, up to the due time; for a paused clock up to when it would be due if it went on now."""
    if clock.promise not in KINDS:
        return [], 0, None
    is_paused = clock.state == Clock.States.PAUSED
    over = pauses[:-1] if is_paused else pauses
    total = between(clock.started_at, clock.due_at, calendar, over)
    lines = [_line(line) for line in explain(clock.started_at, total, calendar, pauses)]
    return lines, total, lines[-1].end if is_paused and lines else None


def _line(line: LedgerLine) -> Line:
    return Line(LABELS[line.label], line.start, line.end, line.seconds, line.kind == "pause")


def _plan(clock: Clock, steps: Sequence[ClockStep]) -> list[Planned]:
    done = {step.ordinal: step for step in steps if step.kind in ("warned", "escalated")}
    outcome = next((step for step in steps if step.kind == "missed"), None)
    actions, planned = _actions_of(clock), []
    for ordinal, (percent, action, moment) in enumerate(clock.plan):
        step = outcome if action == "miss" and ordinal < clock.plan_position else done.get(ordinal)
        words = MOOT_WORDS.get(step.code if step else "", actions.get(str(action), str(action)))
        is_ahead = step is None and clock.next_action_at is not None and ordinal >= clock.plan_position
        is_next = is_ahead and ordinal == clock.plan_position
        planned.append(Planned(int(percent), words, instant(moment), step, is_next, step is None and not is_ahead))
    return planned


CANCEL_WORDS = {
    "away": "who owed it is away, and nobody covers",
    "left": "who owed it has left",
    "escalated": "after a miss, the lead went on",
    "reassigned": "a manager gave the lead to somebody else",
    "rerouted": "the lead went to another rep",
    "transferred": "the lead was transferred to a colleague",
    "opportunity_opened": "an opportunity was opened before it was answered",
}
"""Why a promise ended without being kept or missed, where the code alone does not say it."""


def _actions_of(clock: Clock) -> Mapping[str, str]:
    return OF_TRANSFER if is_transfer(clock.promise, clock.lead_id) else ACTION_WORDS


def _told(steps: Sequence[ClockStep], actions: Mapping[str, str]) -> list[Told]:
    return [
        Told(
            _step_words(step, actions), None if step.kind in OF_ITSELF else step.actor, step.occurred_at,
            step.recorded_at if step.recorded_at > step.occurred_at else None,
        )
        for step in steps
    ]  # fmt: skip


def _step_words(step: ClockStep, actions: Mapping[str, str]) -> str:
    words = STEP_KINDS[step.kind]
    if step.percent is not None and step.kind != "missed":
        words = f"{words} at {step.percent} %"
    if step.kind == "escalated":
        return f"{words}: {MOOT_WORDS.get(step.code) or actions.get(step.code, step.code)}"
    if step.kind == "answered" and step.code == LOGGED_LATE:
        return f"{words}: done in time, logged late"
    if step.kind == "cancelled" and step.code:
        return f"{words}: {CANCEL_WORDS.get(step.code) or step.code.replace('_', ' ')}"
    return words
