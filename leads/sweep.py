"""The sweep: whatever a clock has to do once its time has come, done once, whoever looks and however often.

It passes over what is due in the order of time, a batch at a time, a transaction for each batch, and costs what is due, never what is
open. Rows that another sweep or a verb holds are left to it. A row that cannot be done is set aside (``leads.faults``) and never stops the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from time import monotonic

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import BigIntegerField, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from leads.clock_acts import NOBODY, SWEPT_COLUMNS, ClockRow, Managers, act, needs_managers
from leads.clock_plans import APART, CLOSE, JUDGE, MOVING, Entry, PlanMismatch, due_by, entries_before, place_of
from leads.disputes import close_due
from leads.escalation import move_on
from leads.faults import set_aside
from leads.models import Clock, Dispute, Handoff, Question
from leads.models.clocks import ClockQuerySet
from leads.pausing import resume_due
from leads.period_judging import judge
from leads.record import Record
from ledger.rows import update_rows

BATCH = {"postgresql": 2000, "sqlite": 1000}
"""Clocks per transaction: SQLite has one write lock for all, so it is held briefly (measured with ``./run bench sweep``)."""

APART_BATCH = 50
MOVED_COLUMNS = ("plan_position", "next_action_at")
MISSED_COLUMNS = ("state", "missed_at", "detected_at", *MOVED_COLUMNS)

ABSENT = (OperationalError, InterfaceError)
"""The database is away, or undid us for another's sake: no row is to blame, and the next sweep will do it."""


@dataclass(frozen=True, slots=True)
class SweepResult:
    """How many warnings, misses and escalation steps were recorded, leads moved on, paused clocks let go on, targets looked at, disputes closed
    undecided, and clocks set aside after an error."""

    warned: int = 0
    missed: int = 0
    escalated: int = 0
    reassigned: int = 0
    resumed: int = 0
    judged: int = 0
    set_aside: int = 0
    closed: int = 0

    def __add__(self, other: SweepResult) -> SweepResult:
        return SweepResult(*(getattr(self, part.name) + getattr(other, part.name) for part in fields(self)))

    @property
    def total(self) -> int:
        return sum(getattr(self, part.name) for part in fields(self))


NOTHING = SweepResult()

Apart = Callable[[Sequence[int], datetime], SweepResult]
"""Does what is due on these clocks, and locks what it needs first."""

Now = Callable[[], datetime]
"""Gives the present instant."""


def sweep(
    *, at: datetime, now: Now | None = None, seconds: float | None = None, batch: int | None = None
) -> SweepResult:
    """Do everything that was due before ``at``; with ``seconds`` stop between two batches once that long has passed.

    What is done apart may come long after ``at`` where much is due. It begins new promises, and those begin ``now``, if that is given.
    One indexed query when nothing is due. Call it outside of a transaction.
    """
    started = monotonic()
    result = NOTHING
    for stretch in _stretches(at, batch or BATCH[connection.vendor]):
        result += _attempt(stretch, at, now or (lambda: at))
        if seconds is not None and monotonic() - started >= seconds:
            break
    return result


def next_due_at() -> datetime | None:
    """Give the instant of the next thing that any clock will do, or nothing: a sweep has work just after it."""
    acting = Clock.objects.filter(next_action_at__isnull=False).order_by("next_action_at", "id")
    return acting.values_list("next_action_at", flat=True).first()


def _stretches(at: datetime, batch: int) -> Iterator[ClockQuerySet]:
    """Divide what is due into stretches of ``batch`` clocks, the longest due first; what one leaves behind waits for the next sweep."""
    rest = Clock.objects.due(at)
    if not rest.exists():
        return
    while last := list(rest.values_list("next_action_at", "id")[batch - 1 : batch]):
        moment, last_id = last[0]
        until = Q(next_action_at__lt=moment) | Q(next_action_at=moment, id__lte=last_id)
        yield rest.filter(until, next_action_at__lte=moment)
        beyond = Q(next_action_at__gt=moment) | Q(next_action_at=moment, id__gt=last_id)
        rest = Clock.objects.due(at).filter(beyond, next_action_at__gte=moment)
    yield rest


def _attempt(stretch: ClockQuerySet, at: datetime, now: Now) -> SweepResult:
    """Do these clocks; if that fails, find the ones to blame by halves, and set them aside."""
    try:
        result, apart = _act_on(stretch, at)
    except ABSENT:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told, and must not stop the rest
        blame = error
    else:
        for do, due in apart.items():
            for start in range(0, len(due), APART_BATCH):
                result += _attempt_apart(do, due[start : start + APART_BATCH], now())
        return result
    clock_ids = list(stretch.values_list("id", flat=True))
    if len(clock_ids) == 1:
        return SweepResult(set_aside=int(set_aside(clock_ids[0], at, blame)))
    middle = len(clock_ids) // 2
    halves = (clock_ids[:middle], clock_ids[middle:])
    return sum((_attempt(Clock.objects.due(at).filter(pk__in=half), at, now) for half in halves if half), start=NOTHING)


def _attempt_apart(do: Apart, clock_ids: Sequence[int], at: datetime) -> SweepResult:
    """Do with these clocks what needs more than the clock; if that fails, one by one."""
    try:
        return do(clock_ids, at)
    except ABSENT:
        raise
    except Exception as error:  # noqa: BLE001 - as above
        blame = error
    if len(clock_ids) == 1:
        return SweepResult(set_aside=int(set_aside(clock_ids[0], at, blame)))
    return sum((_attempt_apart(do, [clock_id], at) for clock_id in clock_ids), start=NOTHING)


def _move_on(clock_ids: Sequence[int], at: datetime) -> SweepResult:
    done = move_on(clock_ids, at=at)
    return SweepResult(escalated=done.escalated, reassigned=done.moved)


def _judge(clock_ids: Sequence[int], at: datetime) -> SweepResult:
    done = judge(clock_ids, at=at)
    return SweepResult(done.warned, done.missed, done.escalated, judged=done.looked_at)


def _close_disputes(clock_ids: Sequence[int], at: datetime) -> SweepResult:
    done = close_due(clock_ids, at)
    return SweepResult(escalated=done.steps, closed=done.disputes)


def _resume(clock_ids: Sequence[int], at: datetime) -> SweepResult:
    return SweepResult(resumed=resume_due(clock_ids, at))


DOING: dict[str, Apart] = {**dict.fromkeys(MOVING, _move_on), JUDGE: _judge, CLOSE: _close_disputes}
"""By the action of a plan, what does it."""


@transaction.atomic
def _act_on(stretch: ClockQuerySet, at: datetime) -> tuple[SweepResult, dict[Apart, list[int]]]:
    """Claim these clocks and do what is due, except what needs more than the clock: the clocks that want this come back."""
    apart: dict[Apart, list[int]] = {}
    work: list[tuple[ClockRow, list[Entry]]] = []
    for clock in _claimed(stretch):
        if clock.state == Clock.States.PAUSED:
            apart.setdefault(_resume, []).append(clock.id)
            continue
        entries = entries_before(clock.plan, clock.plan_position, at)
        if entries and clock.period_id:  # even a warning depends on what the target has come to
            apart.setdefault(DOING[JUDGE], []).append(clock.id)
            continue
        place = place_of(entries, APART if clock.can_be_moved else APART - MOVING)
        if place is not None:
            apart.setdefault(DOING[entries[place].action], []).append(clock.id)
            entries = entries[:place]
        elif not entries:
            raise PlanMismatch("Nothing in the plan is due.")
        if entries:
            work.append((clock, entries))
    return _do(work, at), apart


def _claimed(stretch: ClockQuerySet) -> Iterator[ClockRow]:
    """Lock those of these clocks that nobody else holds, and give them with the leads they are about and their due times."""
    handoff = Subquery(Handoff.objects.filter(pk=OuterRef("handoff_id")).values("lead_id"))
    question = Subquery(Question.objects.filter(pk=OuterRef("question_id")).values("lead_id"))
    dispute = Subquery(Dispute.objects.filter(pk=OuterRef("dispute_id")).values("handoff__lead_id"))
    subjects = ("lead_id", handoff, "campaign_id", "period_id", question, dispute)
    about = Coalesce(*subjects, output_field=BigIntegerField())
    rows = stretch.select_for_update(skip_locked=True, no_key=True)
    for *row, lead_id in rows.values_list(*SWEPT_COLUMNS, about):
        clock = ClockRow(*row)
        clock.about_id, clock.due_at = lead_id, due_by(clock.plan)
        yield clock


def _do(work: Sequence[tuple[ClockRow, list[Entry]]], at: datetime) -> SweepResult:
    """Act on claimed clocks with a bounded number of statements."""
    if not work:
        return NOTHING
    record = Record(verb="sweep", actor_id=None, at=at)
    to_managers = [clock for clock, entries in work if needs_managers(clock, entries)]
    managers = Managers.load(to_managers) if to_managers else NOBODY
    before = {clock.id: (clock.state, clock.plan_position) for clock, _ in work}
    for clock, entries in work:
        act(record, clock, entries, managers)
    won = _move([clock for clock, _ in work], before, at)
    if len(won) < len(work):  # somebody was first: what they did stands, and is told by them
        record.keep_clocks(won)
    kinds = [step[1] for step in record.steps]
    result = SweepResult(kinds.count("warned"), kinds.count("missed"), kinds.count("escalated"))
    if won:
        record.write("clock", sorted(won), warned=result.warned, missed=result.missed, escalated=result.escalated)
    return result


def _move(clocks: Sequence[ClockRow], before: Mapping[int, tuple[str, int]], at: datetime) -> set[int]:
    """Write where these clocks have come to, each where it is still as it was read; give back which were."""
    missed, others = [], []
    for clock in clocks:
        state, position = before[clock.id]
        moved = (clock.plan_position, clock.next_action_at, state, position)
        if clock.state == state:
            others.append((clock.id, *moved))
        else:
            missed.append((clock.id, clock.state, clock.due_at, at, *moved))
    won = update_rows(Clock, MISSED_COLUMNS, missed, expected=("state", "plan_position"))
    won += update_rows(Clock, MOVED_COLUMNS, others, expected=("state", "plan_position"))
    return {row[0] for row in won}
