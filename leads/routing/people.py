"""Who could take a lead: whether they work in sales, how much they have, when their hours open next, and whether they are away then.

Those who are asked about are locked against leaving and against being noted as away, shared with other batches, until the transaction ends.
Absences are read after that: one that was noted while this waited counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from leads.lifecycle import OPEN_STAGES
from leads.routing.choice import Person
from ledger.selecting import Query, ids, select, select_all, share_lock
from sla.business_time import next_opening
from sla.hours import Hours, NoCalendar
from teams.defaults import OPEN_LEAD_CAPACITY
from teams.models import Absence

COVER_DEPTH = 3
"""How far a chain of covers is followed: whoever covers may be away too."""

OPEN = ", ".join(f"'{stage}'" for stage in sorted(OPEN_STAGES))
"""The stages of open leads, for statements."""

PEOPLE = f"""
SELECT u.id, u.is_active, a.weight, a.open_lead_capacity, a.new_leads_per_day,
    (SELECT count(*) FROM leads_lead l WHERE l.owner_id = u.id AND l.stage IN ({OPEN}))
    + (SELECT count(*) FROM leads_handoff h WHERE h.assignee_id = u.id AND h.state = 'open'),
    (SELECT min(m.team_id) FROM teams_membership m JOIN teams_team t ON t.id = m.team_id
     WHERE m.user_id = u.id AND t.side = 'sales' AND t.is_active)
FROM teams_user u LEFT JOIN teams_availability a ON a.user_id = u.id
WHERE u.id = ANY(%s) ORDER BY u.id"""  # noqa: S608

People = dict[int, Person]


def load_people(
    user_ids: Iterable[int], team_ids: Iterable[int], at: datetime, *, locked: bool = True
) -> tuple[People, Hours]:
    """Load these people with whoever covers for those who are away, and the hours of all and of the teams.

    What is only tried or shown need not be ``locked``. Three statements, and three more for each link of a chain of covers.
    """
    wanted, teams = ids(user_ids), ids(team_ids)
    people: People = {}
    if not wanted:
        return people, Hours.load((), teams)
    rows, of_hours = select_all([_query(wanted, locked=locked), Hours.query(wanted, teams)])
    hours = Hours.read(of_hours)
    for depth in range(COVER_DEPTH):
        found = _read(rows)
        _set_openings(found.values(), hours, at)
        _set_absences(found, at)
        people.update(found)
        wanted = ids({person.cover_id for person in found.values()} - people.keys())
        if not wanted or depth + 1 == COVER_DEPTH:
            break
        rows = select(*_query(wanted, locked=locked))
        hours = Hours.load([*people, *wanted], teams)
    return people, hours


def who_is_there(user_ids: Iterable[int | None], at: datetime) -> dict[int, int | None]:
    """Give who acts for each of these people: they do, or while they are away the first of those who cover for each other; nobody where none is there with hours of their own or their team's."""
    wanted = ids(user_ids)
    people = load_people(wanted, (), at)[0] if wanted else {}
    return {user_id: _there(user_id, people) for user_id in wanted}


def _there(user_id: int, people: Mapping[int, Person]) -> int | None:
    seen: set[int] = set()
    current: int | None = user_id
    while current is not None and current not in seen:
        seen.add(current)
        person = people.get(current)
        if person is None or not person.is_active:
            return None
        if not person.is_away:
            return current if person.opens_at is not None else None
        current = person.cover_id
    return None


def _query(user_ids: list[int], *, locked: bool) -> Query:
    return PEOPLE + (share_lock("u") if locked else ""), [user_ids]


def _read(rows: Iterable[tuple[Any, ...]]) -> People:
    found: People = {}
    for user_id, is_active, weight, capacity, per_day, open_count, team_id in rows:
        found[user_id] = Person(
            user_id, is_active=bool(is_active) and team_id is not None, open_count=open_count,
            capacity=OPEN_LEAD_CAPACITY if capacity is None else capacity, new_per_day=per_day, team_id=team_id,
            weight=weight or 1,
        )  # fmt: skip
    return found


def _set_openings(people: Iterable[Person], hours: Hours, at: datetime) -> None:
    openings: dict[int, datetime] = {}
    for person in people:
        try:
            version_id, calendar = hours.of_person(person.user_id)
        except NoCalendar:
            continue
        if version_id not in openings:
            openings[version_id] = next_opening(at, calendar)
        person.opens_at = openings[version_id]


def _set_absences(people: People, at: datetime) -> None:
    """Note who is away now, and who will be when their hours open: a lead would wait for somebody who is not there."""
    latest = max((person.opens_at or at for person in people.values()), default=at)
    rows = Absence.objects.filter(user__in=list(people), starts_at__lte=latest, ends_at__gt=at).order_by("starts_at")
    for user_id, starts_at, ends_at, cover_id in rows.values_list("user_id", "starts_at", "ends_at", "cover_id"):
        person = people[user_id]
        if person.is_away or not (starts_at <= at or starts_at <= (person.opens_at or at) < ends_at):
            continue
        person.is_absent, person.leaves_first, person.cover_id = starts_at <= at, starts_at > at, cover_id
