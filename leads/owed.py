"""Which promises begin when, and who owes them: the clock starts that several verbs share.

What ends them is with the verbs; docs/clocks.md has all of it in one table.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from leads.clocks import ClockStart, answer, start
from leads.models import Clock
from leads.record import Record
from sla.business_time import BusinessCalendar
from sla.hours import Hours, NoCalendar
from sla.terms import Terms
from teams.models import Membership, Team
from teams.roles import Side

IN_WORK = ("first_attempt", "cadence", "verdict")
"""What a rep owes on a lead that they have accepted, or were given in work."""
OF_HOLDER = frozenset({"accept", *IN_WORK, "respond"})
"""What is owed by whoever has the lead, and by nobody else once somebody else has it."""
OF_RATER = frozenset({"quick_rating", "full_feedback"})
"""What is owed by who had the lead, wherever it goes."""
OF_MARKETING = frozenset({"triage", "complete", "returned", "nurture"})
"""What marketing owes on a lead that is with it: done as soon as the lead goes to sales, or is let go."""
DECIDED = OF_MARKETING - {"complete"}
"""What marketing owes no longer on a lead that has become an MQL."""


@dataclass(frozen=True, slots=True)
class Owed:
    """On which lead, under which terms: what all promises on a lead have in common."""

    lead_id: int
    tier: str
    version_id: int
    terms: Terms


@dataclass(frozen=True, slots=True)
class Owner:
    """Who owes: a person, with the team they owe it in, or a team; and in whose hours."""

    user_id: int | None
    team_id: int | None
    calendar_version_id: int
    calendar: BusinessCalendar


def on_lead(promise: str, owed: Owed, owner: Owner, *, arrived_at: datetime) -> ClockStart:
    """Say that ``promise`` begins on a lead."""
    return ClockStart(
        promise, owed.tier, owed.version_id, owed.terms, owner.calendar_version_id, owner.calendar, arrived_at,
        lead_id=owed.lead_id, user_id=owner.user_id, team_id=owner.team_id,
    )  # fmt: skip


def in_work(owed: Owed, owner: Owner, *, has_conversed: bool, at: datetime) -> list[ClockStart]:
    """Say what begins when a rep gets a lead to work on; after a conversation there is no cadence to keep."""
    return [
        on_lead(promise, owed, owner, arrived_at=at)
        for promise in IN_WORK
        if not (promise == "cadence" and has_conversed)
    ]


def without_live(starts: Sequence[ClockStart]) -> list[ClockStart]:
    """Leave out what is promised on its lead already and still runs: one query."""
    if not starts:
        return []
    live = set(
        Clock.objects.filter(
            lead__in={start.lead_id for start in starts}, promise__in={start.promise for start in starts},
            state__in=Clock.LIVE,
        ).values_list("promise", "lead_id")
    )  # fmt: skip
    return [start for start in starts if (start.promise, start.lead_id) not in live]


# Marketing ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MarketingDesk:
    """Who of marketing owes what: the responsible marketer of a lead, else a team of marketing."""

    hours: Hours
    places: dict[int, int]
    teams: tuple[int, ...]

    @staticmethod
    def load(marketer_ids: Iterable[int | None]) -> MarketingDesk:
        """Load the marketers that are still in marketing, and its teams, with three queries."""
        wanted = {user_id for user_id in marketer_ids if user_id}
        placed: Any = Membership.objects.filter(user__in=wanted, user__is_active=True, team__side=Side.MARKETING)
        places = dict(placed.order_by("-id").values_list("user_id", "team_id"))
        teams = Team.objects.filter(side=Side.MARKETING).order_by("-is_active", "id").values_list("id", flat=True)
        return MarketingDesk(Hours.load(places, teams), places, tuple(teams))

    def owner(self, marketer_id: int | None) -> Owner:
        """Give who owes what concerns a lead of this marketer; raises ``NoCalendar`` where marketing has no hours at all."""
        if marketer_id in self.places:
            try:
                return Owner(marketer_id, self.places[marketer_id], *self.hours.of_person(marketer_id))
            except NoCalendar:
                pass
        for team_id in self.teams:
            try:
                return Owner(None, team_id, *self.hours.of_team(team_id))
            except NoCalendar:
                continue
        raise NoCalendar("No team of marketing has a calendar, so no promise of theirs can be counted.")


@dataclass(frozen=True, slots=True)
class Duty:
    """Something that marketing owes on a lead from now on; ``marketer_id`` is who answers for it there."""

    promise: str
    owed: Owed
    marketer_id: int | None


def begin_duties(record: Record, duties: Sequence[Duty], at: datetime) -> None:
    """Start the clocks of these duties, except those that run already; raises ``NoCalendar``."""
    promised = [duty for duty in duties if duty.promise in duty.owed.terms.promises]
    if not promised:
        return
    desk = MarketingDesk.load(duty.marketer_id for duty in promised)
    starts = [on_lead(duty.promise, duty.owed, desk.owner(duty.marketer_id), arrived_at=at) for duty in promised]
    start(record, without_live(starts), at)


def end_duties(
    record: Record, lead_ids: Collection[int], at: datetime, promises: Collection[str] = OF_MARKETING
) -> None:
    """Note that marketing has done what it owed on these leads."""
    answer(record, promise=promises, lead_ids=lead_ids, at=at)
