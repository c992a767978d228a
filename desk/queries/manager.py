"""The manager's desk: what breaks next, what broke today, what waits for an assignment, who carries how much, who is away."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count

from dashboards.asked import company_zone
from dashboards.behind import rows_behind
from dashboards.families import ABOUT_A_LEAD
from dashboards.figures import Figure
from dashboards.periods import Period
from dashboards.report import value_of
from dashboards.scope import Scope
from desk.queries.lead_sets import OPEN_OFFERS, working
from leads.chips import Chip, chips, next_due_first
from leads.listing import LeadRow, lead_rows, load
from leads.models import Clock, Lead
from ledger.instants import company_day
from ledger.selecting import ids
from sla.models import AgreementVersion
from teams.defaults import OPEN_LEAD_CAPACITY
from teams.models import Absence, Membership, Team, User

MOST_ROWS = 15
MOST_WAITING = 20
ABSENCE_DAYS = 14


@dataclass(frozen=True, slots=True)
class Breaking:
    """A promise that is about to break, or that broke, with its lead and who owes it."""

    chip: Chip
    lead: Lead
    who: str


@dataclass(frozen=True, slots=True)
class Load:
    """How much a rep carries: leads in work, offers waiting, and how much they take."""

    user: User
    working: int
    offered: int
    capacity: int
    away_until: datetime | None

    @property
    def total(self) -> int:
        return self.working + self.offered

    @property
    def tone(self) -> str:
        if self.total >= self.capacity:
            return "is-full"
        return "is-high" if self.total >= 0.75 * self.capacity else ""


@dataclass(frozen=True, slots=True)
class Breaks:
    """Promises about leads: those that run and are due ``next``, those that broke ``today``, the latest first, and how many did."""

    next: list[Breaking]
    today: list[Breaking]
    missed: Figure


def breaks(at: datetime) -> Breaks:
    """Give what breaks next and what was missed since the company's midnight: which, and then all of them at once."""
    missed = missed_today(at)
    running = Clock.objects.running().filter(ABOUT_A_LEAD, due_at__gte=at).order_by("due_at", "id")
    broken = rows_behind(missed.key, missed.scope).order_by("-due_at", "-id")
    first, latest = ([*found.values_list("pk", flat=True)[:MOST_ROWS]] for found in (running, broken))
    lines = _breaking([*first, *latest], at)
    return Breaks([lines[pk] for pk in first if pk in lines], [lines[pk] for pk in latest if pk in lines], missed)


def missed_today(at: datetime) -> Figure:
    """Count the promises that fell due on this day of the company and were missed."""
    today = company_day(at)
    return value_of("promise.missed", Scope(Period(today, today + timedelta(days=1), company_zone())))


def _breaking(clock_ids: Collection[int], at: datetime) -> dict[int, Breaking]:
    found = Clock.objects.select_related("handoff", "question", "dispute__handoff", "user", "team").in_bulk(clock_ids)
    made = chips([*found.values()], at)
    leads = Lead.objects.select_related("contact__company").in_bulk(
        ids(clock.lead_id_concerned for clock in found.values())
    )
    return {
        pk: Breaking(made[pk], leads[lead_id], str(clock.user) if clock.user else _team_words(clock))
        for pk, clock in found.items()
        if (lead_id := clock.lead_id_concerned) in leads
    }


def _team_words(clock: Clock) -> str:
    return f"Queue of {clock.team}" if clock.promise == "assign" else f"{clock.team}"


@dataclass(frozen=True, slots=True)
class Waiting:
    """The leads that stand in queues, by what is due next, and how many there are in all."""

    rows: list[LeadRow]
    count: int


def waiting_for_assignment(user: User, at: datetime) -> Waiting:
    """Give the leads that stand in a queue."""
    leads = Lead.objects.visible_to(user).filter(queue__isnull=False)
    rows = lead_rows(load(next_due_first(leads), MOST_WAITING), at)
    return Waiting(rows, len(rows) if len(rows) < MOST_WAITING else leads.count())


def loads(at: datetime) -> list[Load]:
    """Give the load of everybody in sales, the fullest first, with four queries."""
    reps = list(
        User.objects.filter(is_active=True, memberships__team__side=Team.Sides.SALES, memberships__is_manager=False)
        .select_related("availability")
        .distinct()
        .order_by("name")
    )
    in_work = dict(Lead.objects.filter(working(rep.pk for rep in reps)).values_list("owner_id").annotate(Count("id")))
    offered = dict(OPEN_OFFERS.filter(assignee__in=reps).values_list("assignee_id").annotate(Count("id")))
    away = dict(Absence.objects.at(at).filter(user__in=reps).values_list("user_id", "ends_at"))
    rows = [Load(rep, in_work.get(rep.pk, 0), offered.get(rep.pk, 0), _capacity(rep), away.get(rep.pk)) for rep in reps]
    return sorted(rows, key=lambda row: -row.total / max(1, row.capacity))


def _capacity(rep: User) -> int:
    availability = getattr(rep, "availability", None)
    return availability.open_lead_capacity if availability else OPEN_LEAD_CAPACITY


def absences(at: datetime) -> list[Absence]:
    """Give who is away now or within two weeks."""
    return list(
        Absence.objects.filter(ends_at__gt=at, starts_at__lt=at + timedelta(days=ABSENCE_DAYS))
        .select_related("user", "cover")
        .order_by("starts_at")[:MOST_ROWS]
    )


def version_in_force(at: datetime) -> AgreementVersion | None:
    """Give the agreement version in force, if one is."""
    return AgreementVersion.objects.in_force(at).select_related("agreement").first()


def assignable(user: User) -> list[User]:
    """Give to whom ``user`` may assign a lead: everybody active in the sales teams that they manage."""
    people = Membership.objects.filter(team_id__in=user.managed_team_ids, team__side=Team.Sides.SALES)
    return list(User.objects.filter(is_active=True, pk__in=people.values("user_id")).order_by("name"))
