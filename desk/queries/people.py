"""People by team: their role, how much they carry of what they take, whether they take turns, and when they are away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, Q, QuerySet

from desk.frame import ROLE_WORDS
from desk.queries.lead_sets import OPEN_OFFERS, working
from inputs.refusals import NotVisible
from leads.models import Lead, Pool, PoolMember
from teams.availability import Load
from teams.managing import managed_sides, may_manage
from teams.models import Absence, Team, User
from teams.roles import MANAGER_ROLES, MEMBER_ROLES, Side

ABSENCES_EACH = 20


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of some people, by their ids, at one instant."""

    carried: Mapping[int, int]
    absences: Mapping[int, list[Absence]]
    pools: Mapping[int, list[str]]


@dataclass(frozen=True, slots=True)
class Row:
    """A person as the list shows them; ``state`` is what keeps them from new leads, if anything does."""

    user: User
    role: str
    load: Load | None
    carried: int
    pools: list[str]
    away: Absence | None
    next_absence: Absence | None

    @property
    def is_full(self) -> bool:
        return self.load is not None and self.carried >= self.load.open_lead_capacity

    @property
    def is_invited(self) -> bool:
        return self.user.is_active and not self.user.has_usable_password()


@dataclass(frozen=True, slots=True)
class Group:
    """A team with its people, or those in none."""

    title: str
    note: str
    is_sales: bool
    has_pool: bool
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class People:
    """Everybody: the active by team, then those who have left."""

    groups: list[Group]
    left: list[Row]


@dataclass(frozen=True, slots=True)
class Person:
    """One person's page: ``places`` are (team, role), and what the reader may do with them."""

    row: Row
    places: list[tuple[str, str]]
    absences: list[Absence]
    is_in_sales: bool
    may_manage: bool
    may_set_absence: bool
    is_oneself: bool
    sales_team_without_pool: list[str] = field(default_factory=list)


def people_list(at: datetime) -> People:
    """Load everybody with a number of queries that does not grow with them."""
    users = list(_everybody())
    known = _known(users, at)
    teams = list(Team.objects.filter(is_active=True).order_by("side", "name"))
    with_pool = set(Pool.objects.values_list("team_id", flat=True))
    groups = [
        Group(
            team.name, f"{team.side} side", team.side == Side.SALES, team.pk in with_pool,
            [_row(user, role, known, at) for user in users if user.is_active and (role := _role_in(user, team))],
        )
        for team in teams
    ]  # fmt: skip
    active = {team.pk for team in teams}
    alone = [user for user in users if user.is_active and user.team_ids.isdisjoint(active)]
    if alone:
        rows = [_row(user, "", known, at) for user in alone]
        groups.append(Group("In no team", "", False, False, rows))
    return People(groups, [_row(user, "", known, at) for user in users if not user.is_active])


def person_page(reader: User, user: User, at: datetime) -> Person:
    """Load one person for their page."""
    known = _known([user], at)
    teams = sorted((membership.team for membership in user.memberships.all()), key=lambda team: team.name)
    places = [(team.name, _role_in(user, team)) for team in teams]
    managed = may_manage(reader, user)
    sales = {team.pk: team.name for team in teams if team.side == Side.SALES and team.is_active}
    with_pool = Pool.objects.filter(team__in=sales).values_list("team_id", flat=True)
    return Person(
        row=_row(user, "", known, at),
        places=places,
        absences=known.absences.get(user.pk, [])[:ABSENCES_EACH],
        is_in_sales=bool(sales),
        may_manage=managed,
        may_set_absence=managed or reader.pk == user.pk or not reader.managed_team_ids.isdisjoint(user.team_ids),
        is_oneself=reader.pk == user.pk,
        sales_team_without_pool=[sales[team_id] for team_id in sales.keys() - set(with_pool)],
    )


def person_for(user_id: int) -> User:
    """Give a person with teams and figures; raises ``NotVisible``."""
    found = _everybody().filter(pk=user_id).first()
    if found is None:
        raise NotVisible("There is nothing here.")
    return found


def may_add(reader: User) -> bool:
    """Tell whether the reader lets anybody in."""
    return bool(managed_sides(reader))


def colleagues(user: User) -> list[User]:
    """Give who may cover for a person: active people of their sides."""
    sides = {membership.team.side for membership in user.memberships.all()}
    found = User.objects.filter(is_active=True, memberships__team__side__in=sides).exclude(pk=user.pk)
    return list(found.distinct().order_by("name", "id"))


def role_words(team: Team, *, is_manager: bool) -> str:
    """Give what somebody is called in a team."""
    return ROLE_WORDS[(MANAGER_ROLES if is_manager else MEMBER_ROLES)[Side(team.side)]]


# Parts ----------------------------------------------------------------------------------------------------------------


def _everybody() -> QuerySet[User]:
    return User.objects.with_teams().select_related("availability").order_by("name", "id")


def _known(users: Iterable[User], at: datetime) -> Known:
    ids = [user.pk for user in users]
    carried: dict[int, int] = dict(Lead.objects.filter(working(ids)).values_list("owner_id").annotate(Count("id")))
    for user_id, count in OPEN_OFFERS.filter(assignee__in=ids).values_list("assignee_id").annotate(Count("id")):
        carried[user_id] = carried.get(user_id, 0) + count
    absences: dict[int, list[Absence]] = {}
    coming = Absence.objects.filter(Q(user__in=ids), ends_at__gt=at).select_related("cover").order_by("starts_at", "id")
    for absence in coming:
        absences.setdefault(absence.user_id, []).append(absence)
    pools: dict[int, list[str]] = {}
    for user_id, name in (
        PoolMember.objects.filter(user__in=ids).order_by("pool__name").values_list("user_id", "pool__name")
    ):
        pools.setdefault(user_id, []).append(name)
    return Known(carried, absences, pools)


def _role_in(user: User, team: Team) -> str:
    for membership in user.memberships.all():
        if membership.team_id == team.pk:
            return role_words(team, is_manager=membership.is_manager)
    return ""


def _row(user: User, role: str, known: Known, at: datetime) -> Row:
    mine = known.absences.get(user.pk, [])
    in_sales = any(membership.team.side == Side.SALES for membership in user.memberships.all())
    said = getattr(user, "availability", None)
    load = Load(said.open_lead_capacity, said.new_leads_per_day, said.weight) if said else Load()
    return Row(
        user=user,
        role=role,
        load=load if in_sales else None,
        carried=known.carried.get(user.pk, 0),
        pools=known.pools.get(user.pk, []),
        away=next((absence for absence in mine if absence.starts_at <= at), None),
        next_absence=next((absence for absence in mine if absence.starts_at > at), None),
    )
