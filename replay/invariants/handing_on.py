"""What was handed on from who was away or had left: rightly, to a team of the same side, and for as much of the time as was left.

A clock that ended so is *away* or *left*. One that others can keep goes on as another of the same promise on the same subject, begun at that
instant and owed by a team; where the lead went to a queue instead, there is the clock of that queue. Nothing else has less than all of its time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from leads.models import Clock, ClockPause, ClockStep
from replay.invariants.reckoning import SlowCalendar
from replay.invariants.standing import PausedTime
from sla.models import CalendarVersion
from teams.models import Absence

OF_HOLDER = ("accept", "first_attempt", "cadence", "verdict", "respond")
"""What goes to the queue with its lead."""
OF_RATER = ("quick_rating", "full_feedback")
"""What nobody else can give."""
WITH_ITS_LEAD = "answer_offer"
CODES = ("away", "left")
WHOLE, HALF = 100, 50


class Line(NamedTuple):
    id: int
    promise: str
    side: str
    lead_id: int | None
    handoff_id: int | None
    handoff__lead_id: int | None
    question_id: int | None
    question__lead_id: int | None
    question__closed_at: datetime | None
    campaign_id: int | None
    user_id: int | None
    team_id: int | None
    version_id: int
    tier: str
    calendar_version_id: int
    started_at: datetime
    due_at: datetime
    cancelled_at: datetime | None
    share_percent: int

    @property
    def concerned_id(self) -> int | None:
        """The lead that it concerns."""
        return self.lead_id or self.handoff__lead_id or self.question__lead_id

    @property
    def subject(self) -> tuple[Any, ...]:
        return self.promise, self.side, self.lead_id, self.handoff_id, self.question_id, self.campaign_id

    @property
    def terms(self) -> tuple[Any, ...]:
        return self.version_id, self.tier


Spans = Mapping[int, Sequence[tuple[datetime, datetime]]]
Begun = Mapping[datetime, Sequence[Line]]


def pairs() -> dict[int, int]:
    """Give, by clock that was handed on to a team, the one that goes on in its place."""
    lines, ended, begun = _read()
    found = ((clock_id, _follower(lines[clock_id], begun)) for clock_id in ended)
    return {clock_id: follower.id for clock_id, follower in found if follower is not None}


def differences() -> Iterator[str]:
    """Look at all that was handed on, and at every clock that has only a share of its time."""
    lines, ended, begun = _read()
    calendars = {pk: SlowCalendar(terms) for pk, terms in CalendarVersion.objects.values_list("id", "terms")}
    pauses, away = _pauses(ended), _absences()
    shares: dict[int, int] = {}
    queued: dict[int, list[tuple[datetime, int, int]]] = defaultdict(list)
    for clock_id, code in ended.items():
        line = lines[clock_id]
        if code == "left" and line.promise in OF_HOLDER:  # routed on with its lead
            continue
        if line.promise == "accept" and line.lead_id:  # of a colleague’s offer, see ``transfers``
            continue
        yield from (f"clock {clock_id} ({line.promise}): {words}" for words in _rightly(line, code, away))
        share = _share(line, calendars[line.calendar_version_id], pauses.get(clock_id, ())) if code == "away" else WHOLE
        if line.promise in OF_HOLDER:
            queued[line.concerned_id or 0].append((line.due_at, clock_id, share))
        elif line.promise not in OF_RATER:
            follower = _follower(line, begun)
            if follower is not None:
                shares[follower.id] = share
            elif not _went_with_its_lead(line):
                yield f"clock {clock_id} ({line.promise}): was handed on to nobody"
    _share_of_queues(queued, lines, begun, shares)
    for line in lines.values():
        if line.share_percent != shares.get(line.id, WHOLE):
            yield f"clock {line.id} ({line.promise}): has {line.share_percent} % of its time, not {shares.get(line.id, WHOLE)}"


def _read() -> tuple[dict[int, Line], dict[int, str], Begun]:
    lines = {row[0]: Line(*row) for row in Clock.objects.order_by("id").values_list(*Line._fields)}
    cancelled = ClockStep.objects.filter(kind="cancelled", code__in=CODES)
    ended, begun = dict(cancelled.values_list("clock_id", "code")), defaultdict(list)
    instants = {at for clock_id in ended if (at := lines[clock_id].cancelled_at)}
    starts = ClockStep.objects.filter(kind="started", recorded_at__in=instants)
    for clock_id, at in starts.values_list("clock_id", "recorded_at"):
        begun[at].append(lines[clock_id])
    return lines, ended, begun


def _pauses(ended: Mapping[int, str]) -> Spans:
    found: dict[int, list[tuple[datetime, datetime]]] = defaultdict(list)
    rows = ClockPause.objects.filter(clock__in=ended, ended_at__isnull=False).order_by("ordinal")
    for clock_id, started_at, ended_at in rows.values_list("clock_id", "started_at", "ended_at"):
        if ended_at:
            found[clock_id].append((started_at, ended_at))
    return found


def _absences() -> Spans:
    found: dict[int, list[tuple[datetime, datetime]]] = defaultdict(list)
    for user_id, starts_at, ends_at in Absence.objects.values_list("user_id", "starts_at", "ends_at"):
        found[user_id].append((starts_at, ends_at))
    return found


def _rightly(line: Line, code: str, away: Spans) -> Iterator[str]:
    """Somebody owed it, who was away then; an absence that was ended since still began before."""
    at = line.cancelled_at
    if line.user_id is None or at is None:
        yield "was handed on, though nobody in person owed it"
    elif code == "away" and line.promise in OF_RATER:
        yield "was handed on during a leave, though only they can give it"
    elif code == "away" and not any(starts_at <= at <= ends_at for starts_at, ends_at in away.get(line.user_id, ())):
        yield f"was handed on at {at}, when {line.user_id} was there"


def _share(line: Line, calendar: SlowCalendar, pauses: Sequence[tuple[datetime, datetime]]) -> int:
    hours = PausedTime(calendar.terms, pauses) if pauses else calendar
    whole = hours.seconds(line.started_at, line.due_at)
    left = hours.seconds(max(line.cancelled_at or line.started_at, line.started_at), line.due_at)
    return max(HALF, -(-WHOLE * left // whole)) if whole else WHOLE


def _follower(line: Line, begun: Begun) -> Line | None:
    there = begun.get(line.cancelled_at, ()) if line.cancelled_at else ()
    found = (other for other in there if other.subject == line.subject and other.id != line.id)
    return next((other for other in found if other.user_id is None and other.terms == line.terms), None)


def _went_with_its_lead(line: Line) -> bool:
    """Tell whether it was an offer of help that ended with it, because its lead left the rep."""
    return line.promise == WITH_ITS_LEAD and line.question__closed_at == line.cancelled_at


def _share_of_queues(
    queued: Mapping[int, Sequence[tuple[datetime, int, int]]], lines: Mapping[int, Line], begun: Begun,
    shares: dict[int, int],
) -> None:  # fmt: skip
    """Note what share the clock of a queue has, each time that a lead went to one: that of the promise which fell due first."""
    for lead_id, ends in queued.items():
        for at in {at for _, clock_id, _ in ends if (at := lines[clock_id].cancelled_at)}:
            first = min(end for end in ends if lines[end[1]].cancelled_at == at)
            for line in begun.get(at, ()):
                if line.promise == "assign" and line.concerned_id == lead_id:
                    shares[line.id] = first[2]
