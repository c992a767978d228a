"""What a newer version of a calendar would change: for one clock, or for all that run by an older one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch

from desk.queries.clock_page import lead_of
from inputs.refusals import NotVisible
from leads.clock_acts import COLUMNS, ClockRow
from leads.models import Clock
from leads.recomputing import MOST, Change, changes_of, running_by
from sla.models import Calendar, CalendarVersion
from sla.promises import short_of
from teams.models import User

SHOWN = 200


@dataclass(frozen=True, slots=True)
class Moved:
    """A clock with when it is due, and when it would be."""

    clock: Clock
    promise: str
    about: str
    change: Change
    is_overdue: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """What would change: the first ``SHOWN`` of ``count`` clocks, those due first; ``seen`` is the version they would count by."""

    calendar: Calendar
    newest: CalendarVersion
    rows: list[Moved]
    clock_ids: list[int]
    count: int
    overdue_count: int

    @property
    def hidden(self) -> int:
        return self.count - len(self.rows)


def change_of(clock: Clock, at: datetime) -> Change | None:
    """Say what a newer calendar would make of one clock; nothing where there is none."""
    row = ClockRow(*Clock.objects.values_list(*COLUMNS).get(pk=clock.pk))
    return changes_of([row], at).get(clock.pk)


def others_by(clock: Clock, user: User) -> int:
    """Count the other running clocks that count by an older version of the same calendar."""
    return running_by(clock.calendar_version.calendar_id, user).exclude(pk=clock.pk).count()


def calendar_for(calendar_id: int) -> Calendar:
    """Load a calendar with its versions, the newest first; raises ``NotVisible``."""
    versions = Prefetch("versions", CalendarVersion.objects.order_by("-number"), to_attr="newest_first")
    calendar = Calendar.objects.prefetch_related(versions).filter(pk=calendar_id).first()
    if calendar is None:
        raise NotVisible("There is nothing here.")
    return calendar


def preview(calendar: Calendar, user: User, at: datetime) -> Preview:
    """Reckon what the newest version of ``calendar`` would make of all clocks that ``user`` may let count by it, up to ``MOST`` at once."""
    newest: CalendarVersion = calendar.newest_first[0]  # type: ignore[attr-defined]
    running = running_by(calendar.pk, user).filter(due_at__gte=at)
    rows = [ClockRow(*row) for row in running.values_list(*COLUMNS)[:MOST]]
    changes = {pk: one for pk, one in changes_of(rows, at).items() if one.anew.calendar_version_id == newest.pk}
    ordered = sorted(changes, key=lambda pk: (changes[pk].due_before, pk))
    shown = Clock.objects.select_related(
        "user", "team", "lead__contact", "handoff__lead__contact", "question__lead__contact",
        "dispute__handoff__lead__contact", "campaign",
    ).in_bulk(ordered[:SHOWN])  # fmt: skip
    return Preview(
        calendar=calendar,
        newest=newest,
        rows=[
            Moved(shown[pk], short_of(shown[pk].promise), _about(shown[pk]), changes[pk], changes[pk].due_after < at)
            for pk in ordered[:SHOWN]
            if pk in shown
        ],
        clock_ids=ordered,
        count=len(ordered),
        overdue_count=sum(changes[pk].due_after < at for pk in ordered),
    )


def _about(clock: Clock) -> str:
    lead = lead_of(clock)
    return str(lead.contact) if lead else str(clock.campaign or "")
