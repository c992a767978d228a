"""How a paused clock goes on: its due time and all that is still planned move by the open time of the pause.

Used by who lets it go on, by the sweep when the pause is over, and by the verbs that find it over before the sweep did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from inputs.refusals import Conflict
from leads.anew import ANEW_COLUMNS, Anew, reckon_anew
from leads.clock_acts import ClockRow
from leads.models import Clock, ClockPause
from leads.pauses import pauses_of
from leads.record import Record
from ledger.rows import update_rows
from sla.hours import calendars

States = Clock.States
ENDED_COLUMNS = ("ended_at", "ended_by_id")


class ClockMoved(Conflict):
    """Somebody else moved a clock that this verb was about to move: try again."""

    code = "clock_moved"


def open_pauses(clocks: Sequence[ClockRow]) -> dict[int, ClockPause]:
    """Give the pause that each of these clocks is in."""
    paused = [clock.id for clock in clocks if clock.state == States.PAUSED]
    if not paused:
        return {}
    return {pause.clock_id: pause for pause in ClockPause.objects.filter(clock__in=paused, ended_at__isnull=True)}


def go_on(record: Record, clocks: Sequence[ClockRow], pauses: Mapping[int, ClockPause], at: datetime) -> list[ClockRow]:
    """Let these locked, paused clocks go on, and give those that did: all but what somebody else moved. ``record`` gets their steps.

    A pause ended when its time was over, if that was before ``at``.
    """
    ended = {clock.id: min(at, pauses[clock.id].until) for clock in clocks}
    spans = pauses_of(clocks, at)
    hours = calendars(clock.calendar_version_id for clock in clocks)
    pinned = {clock.id: (clock.calendar_version_id, hours[clock.calendar_version_id]) for clock in clocks}
    anew = reckon_anew(clocks, pinned, spans)
    rows = [
        (clock.id, States.RUNNING, *anew[clock.id].values, States.PAUSED, clock.plan_position) for clock in clocks
    ]  # fmt: skip
    won = {row[0] for row in update_rows(Clock, ("state", *ANEW_COLUMNS), rows, expected=("state", "plan_position"))}
    gone = [clock for clock in clocks if clock.id in won]
    for clock in gone:
        _move(clock, anew[clock.id])
        record.step(clock.id, "resumed", ordinal=pauses[clock.id].ordinal, occurred_at=ended[clock.id])
    end_pauses([(pauses[clock.id], ended[clock.id]) for clock in gone], record.actor_id)
    return gone


def end_pauses(ended: Sequence[tuple[ClockPause, datetime]], actor_id: int | None) -> None:
    """Write when these pauses ended, and who ended them."""
    update_rows(ClockPause, ENDED_COLUMNS, [(pause.pk, ended_at, actor_id) for pause, ended_at in ended])


def go_on_if_over(record: Record, clocks: Sequence[ClockRow], at: datetime) -> None:
    """Let those of these locked clocks go on whose pause was over before ``at``, as the sweep would, with the system's own audit entry.

    No query where none is paused.
    """
    pauses = open_pauses(clocks)
    over = [clock for clock in clocks if clock.id in pauses and pauses[clock.id].until < at]
    if not over:
        return
    system = Record("resume", None, record.at)
    if len(go_on(system, over, pauses, at)) != len(over):
        raise ClockMoved("This promise was settled in the meantime. Look again.")
    system.write("clock", [clock.id for clock in over])


def _move(clock: ClockRow, anew: Anew) -> None:
    clock.state = States.RUNNING
    clock.plan, clock.due_at, clock.started_at = anew.plan, anew.due_at, anew.started_at
    clock.next_action_at = anew.next_action_at
