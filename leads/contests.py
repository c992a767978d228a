"""What can be contested about a handoff, by whom, until when, and which teams decide. Reads alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from leads.holding import Held
from leads.models import Dispute, Handoff, LeadEvent
from leads.owed import Owner
from ledger.selecting import ids
from sla.business_time import add_business_days
from sla.hours import Hours, NoCalendar
from sla.in_force import version_terms
from teams.models import Membership, Team, User
from teams.roles import Role, Side

States, Kinds = Handoff.States, Dispute.Kinds
RAISED_BY = {Kinds.REJECTION: Side.MARKETING, Kinds.DELIVERY: Side.SALES}


@dataclass(frozen=True, slots=True)
class Contest:
    """What contesting ``handoff`` would be. ``until`` is nothing where its agreement knows no disputes; ``other_id`` is who did what is contested."""

    handoff: Handoff
    kind: str
    other_id: int | None
    until: datetime | None
    owners: Mapping[Side, Owner]


def kind_of(handoff: Handoff) -> str:
    """Say what there is to contest: what sales gave back, or what marketing delivered; empty where marketing took it back."""
    if handoff.state == States.REJECTED or handoff.was_returned:
        return Kinds.REJECTION
    return "" if handoff.state == States.RECALLED else Kinds.DELIVERY


def may_contest(item: Held, actor: User) -> bool:
    """Tell whether the actor answers for what sales gave back: its marketer, a manager, or anybody of marketing where nobody is named."""
    is_manager = Role.MARKETING_MANAGER in actor.roles
    return actor.may("dispute_rejection") and (is_manager or item.lead.marketer_id in (None, actor.pk))


def contest_of(item: Held, handoff: Handoff) -> Contest | None:
    """Say what contesting this handoff of the lead would be, or nothing; raises ``NoCalendar`` where a side has no hours."""
    kind = kind_of(handoff)
    if not kind:
        return None
    owners = owners_of(item, handoff)
    days = version_terms(handoff.version_id).dispute_days
    calendar = owners[RAISED_BY[Kinds(kind)]].calendar
    until = add_business_days(_since(handoff, kind), days, calendar) if days else None
    return Contest(handoff, kind, other_of(item, handoff, kind), until, owners)


def other_of(item: Held, handoff: Handoff, kind: str) -> int | None:
    """Give who did what is contested: the rep who gave the lead back, or the marketer who answers for it."""
    return item.lead.marketer_id if kind == Kinds.DELIVERY else handoff.assignee_id


def owners_of(item: Held, handoff: Handoff) -> dict[Side, Owner]:
    """Give the team of each side that is concerned: that of its person or its queue, else the first of the side that has hours.

    Its managers owe a word. Raises ``NoCalendar``.
    """
    people = {Side.MARKETING: item.lead.marketer_id, Side.SALES: handoff.assignee_id}
    placed = Membership.objects.filter(user__in=ids(people.values())).order_by("id")
    places = list(placed.values_list("user_id", "team__side", "team_id"))
    teams = list(Team.objects.order_by("-is_active", "id").values_list("side", "id"))
    hours = Hours.load((), [team_id for _, team_id in teams])
    found = {}
    for side, user_id in people.items():
        own = [team_id for member_id, of_side, team_id in places if (member_id, of_side) == (user_id, side)]
        others = [team_id for of_side, team_id in teams if of_side == side]
        queue = [team_id for team_id in others if team_id == item.lead.queue_id]
        found[side] = _first_with_hours(side, [*own, *queue, *others], hours)
    return found


def _first_with_hours(side: Side, team_ids: list[int], hours: Hours) -> Owner:
    for team_id in team_ids:
        try:
            return Owner(None, team_id, *hours.of_team(team_id))
        except NoCalendar:
            continue
    raise NoCalendar(f"No team of {side.value} has a calendar, so no promise of theirs can be counted.")


def _since(handoff: Handoff, kind: str) -> datetime:
    """Give when it happened: the offer, or the day on which sales gave the lead back."""
    if kind == Kinds.DELIVERY:
        return handoff.offered_at
    given_back = LeadEvent.objects.filter(handoff=handoff, kind="rejected").order_by("-id")
    return given_back.values_list("recorded_at", flat=True).first() or handoff.decided_at or handoff.offered_at
