"""Let running clocks count by the newest version of their calendar: the verb, and what it would change.

A running clock keeps the version that it began under, whatever is edited. A manager of the side that owes it, or an administrator, may decide
otherwise, after seeing what that changes. The clock is reckoned anew from when it began: what is done of its plan stands, the rest comes at
its new time. Where the new due time has passed already, the promise is missed at that time, and the next sweep records it (decision 16).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, QuerySet

from inputs.refusals import Conflict, Invalid
from leads.anew import ANEW_COLUMNS, Anew, reckon_anew
from leads.clock_acts import COLUMNS, ClockRow, name_subjects
from leads.clock_hold import ENDED_WORDS, ClockEnded, NoSuchClock, NotYourPromise, manages, require_running
from leads.going_on import ClockMoved
from leads.holding import permit
from leads.models import Clock, ClockRecompute
from leads.pauses import pauses_of
from leads.reasons import checked_note
from leads.record import Record
from ledger.rows import insert_rows, update_rows
from ledger.selecting import ids
from sla.business_time import BusinessCalendar
from sla.hours import Hours, NoCalendar
from sla.models import CalendarVersion
from sla.promises import KINDS
from teams.models import User
from teams.roles import Side

RECOMPUTED = "clock_recomputed"
RECOMPUTE_COLUMNS = (
    "clock_id", "ordinal", "actor_id", "note", "at", "calendar_before_id", "calendar_after_id", "due_before", "due_after",
)  # fmt: skip
MOST = 2000
"""How many clocks one call reckons anew."""

Pinned = tuple[int, BusinessCalendar]


class NothingNewer(Conflict):
    """The clock counts by the newest version of its calendar already."""

    code = "nothing_newer"


class CalendarMoved(Conflict):
    """The calendar has a newer version than the one whose effect was shown."""

    code = "calendar_moved"


class NotRecomputed(Conflict):
    """A promise for a whole period ends with the period, whatever the calendar says."""

    code = "not_recomputed"


class NoteRequired(Invalid):
    """It has to be said why."""

    code = "note_required"


@dataclass(frozen=True, slots=True)
class Change:
    """What counting by a newer calendar version makes of a clock."""

    clock: ClockRow
    anew: Anew

    @property
    def due_before(self) -> datetime:
        return self.clock.due_at

    @property
    def due_after(self) -> datetime:
        return self.anew.due_at


@transaction.atomic
def recompute(
    *, clock_ids: Collection[int], note: str, actor: User, at: datetime, seen: int | None = None
) -> list[Change]:  # fmt: skip
    """Let these running clocks count by the newest version of the calendar of whoever owes them, and give what changed.

    All of them or none. ``seen`` is the calendar version whose effect the page showed. The number of statements does not depend on the number
    of clocks. Raises ``NothingNewer``, ``CalendarMoved``, ``ClockEnded``, ``NotYourPromise``, ``NoteRequired``.
    """
    note = checked_note(note)
    clocks = _held(clock_ids, actor)
    permit(actor, "recompute_clock")
    for clock in clocks:
        _require(clock, actor, at)
    if not note:
        raise NoteRequired("Say in a few words why.", field="note")
    changes = changes_of(clocks, at)
    _compare(clocks, changes, seen)
    _write(changes, note, actor, at)
    return list(changes.values())


def changes_of(clocks: Sequence[ClockRow], at: datetime) -> dict[int, Change]:
    """Reckon what a newer calendar makes of these clocks; those that count by the newest already are left out."""
    newest = newest_hours(clocks)
    older = [clock for clock in clocks if clock.id in newest and newest[clock.id][0] != clock.calendar_version_id]
    anew = reckon_anew(older, newest, pauses_of(older, at))
    return {clock.id: Change(clock, anew[clock.id]) for clock in older}


def newest_hours(clocks: Sequence[ClockRow]) -> Mapping[int, Pinned]:
    """Give, by clock, the newest version of the calendar of whoever owes it, with one query; nothing where they have no calendar any more."""
    hours = Hours.load(ids(clock.user_id for clock in clocks), ids(clock.team_id for clock in clocks))
    found = {}
    for clock in clocks:
        try:
            found[clock.id] = hours.of_person(clock.user_id) if clock.user_id else hours.of_team(clock.team_id or 0)
        except NoCalendar:
            continue
    return found


def running_by(calendar_id: int, actor: User) -> QuerySet[Clock]:
    """Give the running clocks that count by an older version of this calendar and that ``actor`` may recompute, the first due first."""
    newer = CalendarVersion.objects.filter(
        calendar=OuterRef("calendar_version__calendar"), number__gt=OuterRef("calendar_version__number")
    )
    rows = Clock.objects.visible_to(actor).running().filter(Exists(newer), calendar_version__calendar=calendar_id)
    return rows.filter(promise__in=KINDS, side__in=recomputed_sides(actor)).order_by("due_at", "id")


def recomputed_sides(actor: User) -> list[str]:
    """Give the sides whose clocks ``actor`` may recompute: those they manage, both for an administrator."""
    return [side.value for side in Side if actor.may("change_settings") or manages(actor, side)]


def may_recompute(clock: ClockRow | Clock, actor: User) -> bool:
    """Tell whether ``actor`` may recompute this clock, if it runs."""
    return clock.promise in KINDS and clock.side in recomputed_sides(actor)


def _held(clock_ids: Collection[int], actor: User) -> list[ClockRow]:
    wanted = sorted(set(clock_ids))
    rows = Clock.objects.visible_to(actor).filter(pk__in=wanted).order_by("id").select_for_update(no_key=True)
    clocks = [ClockRow(*row) for row in rows.values_list(*COLUMNS)]
    if not wanted or len(clocks) < len(wanted):
        raise NoSuchClock("There is no such promise.")
    return clocks


def _require(clock: ClockRow, actor: User, at: datetime) -> None:
    if clock.promise not in KINDS:
        raise NotRecomputed("A promise for a whole period ends with the period.")
    if clock.side not in recomputed_sides(actor):
        raise NotYourPromise(f"A manager of {clock.side} decides this, or an administrator.")
    if clock.state in ENDED_WORDS or clock.state == Clock.States.PAUSED:
        require_running(clock, at)
    elif clock.due_at < at:
        raise ClockEnded("This promise is overdue.", code="is_overdue")


def _compare(clocks: Sequence[ClockRow], changes: Mapping[int, Change], seen: int | None) -> None:
    if len(changes) < len(clocks):
        raise NothingNewer("This promise counts by the newest version of its calendar already.")
    if seen is not None and any(change.anew.calendar_version_id != seen for change in changes.values()):
        raise CalendarMoved("The calendar was edited again in the meantime. Look at what it changes now.")


def _write(changes: Mapping[int, Change], note: str, actor: User, at: datetime) -> None:
    clocks = [change.clock for change in changes.values()]
    record = Record("recompute", actor.pk, at)
    rows = [
        (clock.id, *changes[clock.id].anew.values, clock.state, clock.plan_position, clock.calendar_version_id)
        for clock in clocks
    ]
    expected = ("state", "plan_position", "calendar_version_id")
    if len(update_rows(Clock, ANEW_COLUMNS, rows, expected=expected)) != len(rows):
        raise ClockMoved("A promise was settled in the meantime. Look again.")
    name_subjects(clocks)
    earlier = ClockRecompute.objects.filter(clock__in=list(changes)).order_by().values_list("clock_id")
    ordinals = dict(earlier.annotate(times=Count("pk")))
    lines, told = [], set()
    for clock in clocks:
        change, ordinal = changes[clock.id], ordinals.get(clock.id, 0)
        lines.append((clock.id, ordinal, actor.pk, note, at, clock.calendar_version_id,
                      change.anew.calendar_version_id, change.due_before, change.due_after))  # fmt: skip
        record.step(clock.id, "recomputed", ordinal=ordinal)
        if (clock.user_id, clock.about_id) not in told:  # of several promises on one lead it is told once
            told.add((clock.user_id, clock.about_id))
            facts = {"clock": clock.id, "promise": clock.promise, "due_at": change.due_after.isoformat()}
            record.tell(clock.user_id, RECOMPUTED, clock.about, clock.about_id, **facts)
    insert_rows(ClockRecompute, RECOMPUTE_COLUMNS, lines)
    record.write("clock", [clock.id for clock in clocks])
