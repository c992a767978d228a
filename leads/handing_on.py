"""Hand on what somebody owes who is not there to keep it: during a leave that nobody covers, and after leaving.

A lead of a rep on leave on which something falls due meanwhile goes to the queue of their team. What else is owed meanwhile (an answer, what
marketing owes on a lead, a briefing) is owed by their team afresh, and so is all of it that is owed by somebody who has left. A rating that only
they could give is owed no more. Either way there is as much of the time as was left, and at least half; after a leaver the whole.

What a rep who leaves has in hand is routed on by ``leads.staff``, in the transaction in which they leave.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from time import monotonic

from django.db import transaction

from campaigns.models import Campaign
from leads.anew import days_before
from leads.assigning import Placement, managers_of, place
from leads.briefings import PROMISE as BRIEF
from leads.clock_acts import COLUMNS, ClockRow, name_subjects
from leads.clock_plans import WHOLE
from leads.clocks import ClockStart, cancel_these, start
from leads.holding import Held, offers_of, undone_since, with_handoffs
from leads.models import Assignment, Clock, Lead
from leads.moves import end_promises
from leads.owed import OF_HOLDER, OF_MARKETING, OF_RATER
from leads.pauses import pauses_of
from leads.questions import PROMISES
from leads.record import Record
from leads.staff import LEFT
from leads.transfers import end_transfers, is_transfer
from ledger.selecting import ids
from sla.business_time import between
from sla.hours import Hours, calendars
from sla.in_force import version_terms
from teams.models import Absence, Team, User
from teams.roles import Side

AWAY = "away"
HALF = 50
BATCH = 100
"""Clocks in one transaction."""

OWED_BY = {
    Side.MARKETING: sorted({*OF_MARKETING, BRIEF, PROMISES[Side.MARKETING]}),
    Side.SALES: sorted({*OF_RATER, PROMISES[Side.SALES]}),
}
"""What each side owes in person that does not go with a lead."""

TAKEN_MEANWHILE = "lead_queued_meanwhile"
HANDED_ON = "promise_handed_on"

States = Clock.States


@dataclass(frozen=True, slots=True)
class HandedOn:
    """How many leads went to a queue, and how many promises to a team or to nobody."""

    leads: int = 0
    promises: int = 0

    def __add__(self, other: HandedOn) -> HandedOn:
        return HandedOn(self.leads + other.leads, self.promises + other.promises)


def hand_on(*, at: datetime, seconds: float | None = None) -> HandedOn:
    """Hand on all that is due for it at ``at``; with ``seconds`` stop between two batches once that long has passed.

    What a verb holds at this moment is left to the next time. Call it outside of a transaction.
    """
    began, done = monotonic(), HandedOn()
    for code, clock_ids in ((AWAY, _due_meanwhile(at)), (LEFT, _of_leavers())):
        for first in range(0, len(clock_ids), BATCH):
            done += _batch(clock_ids[first : first + BATCH], code, at)
            if seconds is not None and monotonic() - began >= seconds:
                return done
    return done


# What there is to hand on ---------------------------------------------------------------------------------------------


def _due_meanwhile(at: datetime) -> list[int]:
    """Give the clocks that fall due while their owner is away and nobody covers: two queries, of which the second costs what those who are away owe."""
    back = dict(Absence.objects.left_alone(at).values_list("user_id", "ends_at"))
    if not back:
        return []
    owed = Clock.objects.filter(
        user__in=back, state__in=Clock.LIVE, due_at__gte=at, due_at__lt=max(back.values())
    ).exclude(promise__in=OF_RATER)
    rows = owed.order_by("due_at", "id").values_list("id", "user_id", "state", "due_at")
    return [pk for pk, user_id, state, due_at in rows if state == States.RUNNING and due_at < back[user_id]]


def _of_leavers() -> list[int]:
    """Give what is owed by people who are not, or no longer, of the side that owes it, apart from what ``leads.staff`` routes on.

    Two queries for each side; the second looks for each person and promise in an index, and costs what it finds.
    """
    found: list[int] = []
    for side, promises in OWED_BY.items():
        there = User.objects.filter(is_active=True, memberships__team__side=side)
        gone = list(User.objects.exclude(pk__in=there.values("pk")).values_list("pk", flat=True))
        owed = Clock.objects.filter(
            promise__in=promises, state__in=Clock.LIVE, user__in=gone, side=side, answered_at__isnull=True
        )
        found += owed.order_by("due_at", "id").values_list("id", flat=True)
    return found


# One batch ------------------------------------------------------------------------------------------------------------


@transaction.atomic
def _batch(clock_ids: Sequence[int], code: str, at: datetime) -> HandedOn:
    """Lock the leads and campaigns that are free, then their clocks, and hand these on. The statements do not grow with them."""
    held, campaigns = _lock_subjects(clock_ids, at)
    clocks = _lock_clocks(clock_ids, held, campaigns, at)
    if not clocks:
        return HandedOn()
    shares = _shares(clocks, at) if code == AWAY else {}
    homes = _Homes.load(clocks)
    taken = {clock.about_id: clock for clock in reversed(clocks) if _takes_lead(clock) and homes.of(clock)}
    lapsing = {clock.about_id for clock in clocks if is_transfer(clock.promise, clock.lead_id)} - taken.keys()
    rest = [clock for clock in clocks if clock.promise not in OF_HOLDER and not _goes_with_lead(clock, taken)]
    with_leads, with_campaigns = Record("hand_on", None, at), Record("hand_on", None, at)
    _into_queues(with_leads, {lead_id: held[lead_id] for lead_id in taken}, taken, shares, homes)
    end_transfers(with_leads, [held[lead_id] for lead_id in sorted(lapsing)], code=code, at=at)
    about_leads = [clock for clock in rest if clock.campaign_id is None]
    about_campaigns = [clock for clock in rest if clock.campaign_id is not None]
    ended = _to_teams(with_leads, about_leads, code, shares, homes)
    ended += _to_teams(with_campaigns, about_campaigns, code, shares, homes)
    if with_leads.steps:
        with_leads.write("lead", sorted({*taken, *lapsing, *(clock.about_id for clock in about_leads)}), why=code)
    if with_campaigns.steps:
        with_campaigns.write("campaign", sorted(clock.about_id for clock in about_campaigns), why=code)
    return HandedOn(len(taken), ended + len(lapsing))


def _takes_lead(clock: ClockRow) -> bool:
    """Tell whether its lead goes to the queue with it; one that a colleague offers stays with the colleague."""
    return clock.promise in OF_HOLDER and not is_transfer(clock.promise, clock.lead_id)


def _goes_with_lead(clock: ClockRow, taken: Mapping[int, ClockRow]) -> bool:
    """Tell whether it is an offer of help, which ends as its lead leaves the rep."""
    return clock.promise == PROMISES[Side.SALES] and clock.about_id in taken


def _lock_subjects(clock_ids: Sequence[int], at: datetime) -> tuple[dict[int, Held], set[int]]:
    """Lock the leads and campaigns that these clocks are about, as far as nobody else holds them."""
    subjects = ("campaign_id", "lead_id", "handoff__lead_id", "question__lead_id")
    about = list(Clock.objects.filter(pk__in=clock_ids).values_list(*subjects))
    leads = Lead.objects.filter(pk__in=ids(lead_id for _, *leads in about for lead_id in leads)).order_by("id")
    free = leads.select_for_update(skip_locked=True, no_key=True)
    held = {item.lead.pk: item for item in undone_since(with_handoffs(list(free)), at)}
    briefed = Campaign.objects.filter(pk__in=ids(campaign_id for campaign_id, *_ in about)).order_by("id")
    rows = briefed.select_for_update(skip_locked=True, no_key=True)
    return held, set(rows.values_list("pk", flat=True))


def _lock_clocks(
    clock_ids: Sequence[int], held: Mapping[int, Held], campaigns: Collection[int], at: datetime
) -> list[ClockRow]:
    """Lock those of these clocks that still run and whose subject is held; the first that falls due comes first."""
    running = Clock.objects.filter(pk__in=clock_ids, state__in=Clock.LIVE).order_by("id")
    rows = running.select_for_update(no_key=True).values_list(*COLUMNS)
    clocks = [ClockRow(*row) for row in rows]
    name_subjects(clocks)
    mine = [clock for clock in clocks if clock.about_id in (campaigns if clock.campaign_id else held)]
    return sorted((clock for clock in mine if clock.due_at >= at), key=lambda clock: (clock.due_at, clock.id))


def _shares(clocks: Sequence[ClockRow], at: datetime) -> dict[int, int]:
    """Give, by clock, how much of the time is left, in whole percent rounded up, and at least half."""
    hours, pauses = calendars(clock.calendar_version_id for clock in clocks), pauses_of(clocks, at)
    found = {}
    for clock in clocks:
        counted = (hours[clock.calendar_version_id], pauses.get(clock.id, ()))
        whole = between(clock.started_at, clock.due_at, *counted)
        left = between(max(at, clock.started_at), clock.due_at, *counted)
        found[clock.id] = max(HALF, -(-WHOLE * left // whole)) if whole else WHOLE
    return found


@dataclass(frozen=True, slots=True)
class _Homes:
    """Which team takes over: the one that a promise is owed in, else another of its side; only teams that have hours."""

    hours: Hours
    teams: Mapping[str, Sequence[int]]

    @staticmethod
    def load(clocks: Iterable[ClockRow]) -> _Homes:
        own = {clock.team_id for clock in clocks if clock.team_id}
        teams: dict[str, list[int]] = {}
        for team_id, side, is_active in Team.objects.order_by("id").values_list("id", "side", "is_active"):
            if is_active or team_id in own:
                teams.setdefault(side, []).append(team_id)
        hours = Hours.load((), [team_id for of_side in teams.values() for team_id in of_side])
        return _Homes(hours, teams)

    def of(self, clock: ClockRow) -> int | None:
        """Give the team, or nothing where no team of that side has hours."""
        candidates = [clock.team_id, *self.teams.get(clock.side, ())]
        return next((team_id for team_id in candidates if team_id and self.hours.has_team(team_id)), None)


def _into_queues(
    record: Record, held: Mapping[int, Held], taken: Mapping[int, ClockRow], shares: Mapping[int, int], homes: _Homes
) -> None:
    """Put these leads into queues, for the time that is left of the promise (``taken``) that falls due first."""
    if not held:
        return
    end_promises(record, list(held.values()), code=AWAY, at=record.at)
    placements = []
    for offer in offers_of(list(held.values()), at=record.at):
        clock = taken[offer.lead_id]
        team_id = homes.of(clock)
        trace = {"chosen": {"why": AWAY, "user": clock.user_id, "queue": team_id}}
        share = shares[clock.id]
        placements.append(Placement(replace(offer, share_percent=share), None, team_id, trace))
        record.tell(clock.user_id, TAKEN_MEANWHILE, "lead", offer.lead_id, clock=clock.id, promise=clock.promise)
    place(record, placements, at=record.at, cause=Assignment.Causes.AWAY)


def _to_teams(record: Record, clocks: Sequence[ClockRow], code: str, shares: Mapping[int, int], homes: _Homes) -> int:
    """End these promises, and let teams owe them afresh; what only the person could give ends for good. Give how many ended."""
    going = [(clock, team_id) for clock in clocks if clock.promise not in OF_RATER and (team_id := homes.of(clock))]
    ending = [clock.id for clock, _ in going] + [clock.id for clock in clocks if clock.promise in OF_RATER]
    if not ending:
        return 0
    cancel_these(record, ending, code=code, at=record.at)
    terms = {version_id: version_terms(version_id) for version_id in sorted({clock.version_id for clock, _ in going})}
    days, managers = days_before(clocks), managers_of(team_id for _, team_id in going)
    starts = []
    for clock, team_id in going:
        calendar_version_id, calendar = homes.hours.of_team(team_id)
        starts.append(
            ClockStart(
                clock.promise, clock.tier, clock.version_id, terms[clock.version_id], calendar_version_id, calendar,
                record.at, lead_id=clock.lead_id, question_id=clock.question_id, campaign_id=clock.campaign_id,
                team_id=team_id, side=clock.side, before=days.get(clock.campaign_id),
                share_percent=shares.get(clock.id, WHOLE),
            )
        )  # fmt: skip
        for manager in managers.get(team_id, ()):
            facts = {"promise": clock.promise, "user": clock.user_id, "why": code}
            record.tell(manager, HANDED_ON, clock.about, clock.about_id, **facts)
    start(record, starts, record.at)
    return len(ending)
