"""Whose hours count: a person's own calendar, else their team's, at its newest version."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from inputs.refusals import Conflict
from ledger.selecting import Query, ids, select
from sla.business_time import BusinessCalendar
from sla.models import CalendarVersion

HOURS = """
SELECT m.id, m.user_id, m.team_id, NULL, NULL FROM teams_membership m WHERE m.user_id = ANY(%s)
UNION ALL
SELECT NULL, u.user_id, u.team_id, v.id, CAST(v.terms AS text)
FROM sla_calendaruse u JOIN sla_calendarversion v ON v.calendar_id = u.calendar_id
WHERE (u.user_id = ANY(%s) OR u.team_id = ANY(%s)
        OR u.team_id IN (SELECT o.team_id FROM teams_membership o WHERE o.user_id = ANY(%s)))
    AND v.number = (SELECT max(x.number) FROM sla_calendarversion x WHERE x.calendar_id = u.calendar_id)"""
"""Two kinds of rows: who is in which team (with the id of the membership), and whose calendar is which."""

Pinned = tuple[int, BusinessCalendar]
"""A calendar version's id with its hours."""


class NoCalendar(Conflict):
    """Neither the person nor any team of theirs has a calendar, so no promise of theirs can be counted."""

    code = "no_calendar"


@dataclass(frozen=True, slots=True)
class Hours:
    """The calendars of some people and teams, loaded at once."""

    _own: Mapping[int, Pinned]
    _of_team: Mapping[int, Pinned]
    _teams: Mapping[int, tuple[int, ...]]

    @staticmethod
    def load(user_ids: Iterable[int], team_ids: Iterable[int] = ()) -> Hours:
        """Load the newest calendar versions of these people and of their teams, and of ``team_ids``, with one query."""
        return Hours.read(select(*Hours.query(user_ids, team_ids)))

    @staticmethod
    def query(user_ids: Iterable[int], team_ids: Iterable[int] = ()) -> Query:
        """Give the query of ``load``, to be run together with others."""
        people = ids(user_ids)
        return HOURS, [people, people, ids(team_ids), people]

    @staticmethod
    def read(rows: Iterable[tuple[Any, ...]]) -> Hours:
        """Read the rows of ``query``."""
        found = list(rows)
        teams_of: dict[int, tuple[int, ...]] = {}
        for _, user_id, team_id, _, _ in sorted(row for row in found if row[0] is not None):
            teams_of[user_id] = (*teams_of.get(user_id, ()), team_id)
        pinned = [(row[1], row[2], (row[3], _hours(row[4]))) for row in found if row[0] is None]
        return Hours(
            {user_id: hours for user_id, _, hours in pinned if user_id},
            {team_id: hours for _, team_id, hours in pinned if team_id},
            teams_of,
        )

    def of_person(self, user_id: int) -> Pinned:
        """Give a person's calendar, else that of the team they joined first that has one; raises ``NoCalendar``."""
        candidates = (self._own.get(user_id), *(self._of_team.get(team) for team in self._teams.get(user_id, ())))
        found = next((pinned for pinned in candidates if pinned), None)
        if found is None:
            raise NoCalendar(
                "This person has no calendar. Give one to them or to their team.", details={"user": user_id}
            )
        return found

    def has_team(self, team_id: int) -> bool:
        """Tell whether a team has a calendar."""
        return team_id in self._of_team

    def of_team(self, team_id: int) -> Pinned:
        """Give a team's calendar; raises ``NoCalendar``."""
        try:
            return self._of_team[team_id]
        except KeyError:
            raise NoCalendar("This team has no calendar yet.", details={"team": team_id}) from None


def calendars(version_ids: Iterable[int]) -> dict[int, BusinessCalendar]:
    """Give the hours of pinned calendar versions, whether newest or not."""
    rows = CalendarVersion.objects.filter(pk__in=set(version_ids)).values_list("id", "terms")
    return {version_id: _hours(json.dumps(terms)) for version_id, terms in rows}


@lru_cache(maxsize=1024)
def _hours(terms: str) -> BusinessCalendar:
    """Read a calendar once per content: versions never change, and equal ones share their tables."""
    return BusinessCalendar.from_terms(json.loads(terms))
