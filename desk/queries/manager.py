"""The manager's desk: what breaks next, what broke today, what waits for an assignment, who carries how much, who is away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db.models import Count, QuerySet
from django.utils import timezone

from leads.chips import Chip, chips
from leads.lifecycle import SALES_STAGES
from leads.listing import LeadRow, lead_rows, load
from leads.models import Clock, Handoff, Lead
from sla.models import AgreementVersion
from teams.defaults import OPEN_LEAD_CAPACITY
from teams.models import Absence, Membership, Team, User

MOST_ROWS = 15
MOST_WAITING = 50
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


def breaks_next(at: datetime) -> list[Breaking]:
    """Give the running promises that are due next."""
    running = Clock.objects.running().filter(due_at__gte=at).order_by("due_at", "id")
    return _breaking(running, at)


def broke_today(at: datetime) -> list[Breaking]:
    """Give the promises that were missed since the reader's midnight, the latest first."""
    midnight = timezone.make_aware(datetime.combine(timezone.localdate(at), time.min))
    missed = Clock.objects.filter(
        due_at__gte=midnight, due_at__lt=at, state=Clock.States.MISSED
    ).order_by("-due_at", "-id")  # fmt: skip
    return _breaking(missed, at)


def _breaking(clocks: QuerySet[Clock], at: datetime) -> list[Breaking]:
    found = list(
        clocks.select_related("lead__contact__company", "handoff__lead__contact__company", "user", "team")[:MOST_ROWS]
    )
    made = chips(found, at)
    rows = []
    for clock in found:
        lead = clock.lead or (clock.handoff.lead if clock.handoff else None)
        if lead is not None:
            rows.append(Breaking(made[clock.pk], lead, str(clock.user) if clock.user else f"Queue of {clock.team}"))
    return rows


def waiting_for_assignment(user: User, at: datetime) -> list[LeadRow]:
    """Give the leads that stand in a queue, by what is due next."""
    leads = Lead.objects.visible_to(user).filter(queue__isnull=False).order_by("id")
    rows = lead_rows(load(leads, MOST_WAITING), at)
    return sorted(rows, key=lambda row: row.chip.due_at.timestamp() if row.chip else 0)


def loads(at: datetime) -> list[Load]:
    """Give the load of everybody in sales, the fullest first, with four queries."""
    reps = list(
        User.objects.filter(is_active=True, memberships__team__side=Team.Sides.SALES, memberships__is_manager=False)
        .select_related("availability")
        .distinct()
        .order_by("name")
    )
    working = dict(
        Lead.objects.filter(owner__in=reps, stage__in=sorted(SALES_STAGES))
        .values_list("owner_id")
        .annotate(Count("id"))
    )
    offered = dict(
        Handoff.objects.filter(assignee__in=reps, state=Handoff.States.OPEN)
        .values_list("assignee_id")
        .annotate(Count("id"))
    )
    away = dict(Absence.objects.at(at).filter(user__in=reps).values_list("user_id", "ends_at"))
    rows = [Load(rep, working.get(rep.pk, 0), offered.get(rep.pk, 0), _capacity(rep), away.get(rep.pk)) for rep in reps]
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
