"""Who belonged where and managed whom at an instant: as it is today, and back through the audit entries of people.

A change bears the instant that its caller read before it waited for locks, and so does what others did meanwhile. So near a change (within
``BESIDE``) either side of it may have counted, and a question has two answers: who *surely* was, and who *may* have been. Where
somebody was before the first entry that names a place of theirs is not known: they may have been anywhere.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from teams.models import Team, User

if TYPE_CHECKING:
    from replay.invariants.facts import AuditRow

BESIDE = timedelta(minutes=1)
EVER = datetime.min.replace(tzinfo=UTC)
PLACING = ("create_member", "set_places")
SWITCHING = ("activate_member", "deactivate_member")

Teams = frozenset[int]


class Standing(NamedTuple):
    """Where a person belongs and which teams they manage; none where that is not known."""

    teams: Teams | None
    managed: Teams | None
    is_active: bool


class Answer(NamedTuple):
    """Who surely was, and who may have been: these among them."""

    surely: frozenset[int]
    perhaps: frozenset[int]


@dataclass(frozen=True, slots=True)
class Staff:
    """Everybody's standings in the order of time, each with the instant since which it holds."""

    sides: Mapping[int, str]
    standings: Mapping[int, Sequence[tuple[datetime, Standing]]]

    @staticmethod
    def load(audit: Iterable[AuditRow]) -> Staff:
        """Read people as they are, and the entries about them among ``audit``, with three queries."""
        entries: dict[int, list[AuditRow]] = defaultdict(list)
        for entry in audit:
            if entry.subject_type == "user" and entry.subject_id and entry.verb in (*PLACING, *SWITCHING):
                entries[entry.subject_id].append(entry)
        users = User.objects.with_teams()
        return Staff(
            dict(Team.objects.values_list("id", "side")),
            {
                user.pk: _history(user, sorted(entries[user.pk], key=lambda entry: (entry.at, entry.id)))
                for user in users
            },
        )

    def managers(self, team_ids: Iterable[int], at: datetime) -> Answer:
        """Give who managed any of these teams, and had not left."""
        asked = frozenset(team_ids)
        surely, perhaps = set(), set()
        for user_id in self.standings:
            held = [_managing(standing, asked) for standing in self._around(user_id, at)]
            if None in held or True in held:
                perhaps.add(user_id)
            if all(held):
                surely.add(user_id)
        return Answer(frozenset(surely), frozenset(perhaps))

    def managers_of(self, user_id: int, at: datetime) -> Answer:
        """Give who managed a team of this person."""
        teams = [standing.teams for standing in self._around(user_id, at)]
        surely = frozenset.intersection(*(found or frozenset() for found in teams))
        perhaps = frozenset(self.sides) if None in teams else frozenset[int]().union(*(found or () for found in teams))
        return Answer(self.managers(surely, at).surely, self.managers(perhaps, at).perhaps)

    def managers_of_side(self, side: str, at: datetime) -> Answer:
        """Give who managed a team of this side."""
        return self.managers((team_id for team_id, its in self.sides.items() if its == side), at)

    def may_be_of_side(self, user_id: int, side: str, at: datetime) -> bool:
        """Tell whether this person may have belonged to a team of this side."""
        return any(
            standing.teams is None or any(self.sides.get(team_id) == side for team_id in standing.teams)
            for standing in self._around(user_id, at)
        )

    def _around(self, user_id: int, at: datetime) -> list[Standing]:
        """Give the standings that held at ``at`` or beside it, at least one."""
        history = self.standings[user_id]
        first = max(bisect_right(history, at - BESIDE, key=_since) - 1, 0)
        last = bisect_right(history, at + BESIDE, key=_since)
        return [standing for _, standing in history[first : max(last, first + 1)]]


def _since(line: tuple[datetime, Standing]) -> datetime:
    return line[0]


def _managing(standing: Standing, team_ids: Teams) -> bool | None:
    """Tell whether who stands so manages one of these teams; none where it is not known."""
    if not standing.is_active or not team_ids:
        return False
    if standing.managed is None:
        within = standing.teams is None or not standing.teams.isdisjoint(team_ids)
        return None if within else False
    return not standing.managed.isdisjoint(team_ids)


def _history(user: User, entries: Sequence[AuditRow]) -> list[tuple[datetime, Standing]]:
    standing = _before(user, entries)
    history = [(EVER, standing)]
    for entry in entries:
        if entry.verb in SWITCHING:
            standing = standing._replace(is_active=entry.verb == "activate_member")
        else:
            managed = entry.facts.get("managed_ids")
            standing = Standing(
                frozenset(entry.facts["team_ids"]),
                None if managed is None else frozenset(managed),
                is_active=standing.is_active or entry.verb == "create_member",
            )
        history.append((entry.at, standing))
    return history


def _before(user: User, entries: Sequence[AuditRow]) -> Standing:
    """Give where a person stood before anything was noted of them: as today, unless a later entry may have moved them."""
    switched = next((entry.verb for entry in entries if entry.verb in SWITCHING), "")
    is_active = switched == "deactivate_member" if switched else user.is_active
    placed = next((entry.verb for entry in entries if entry.verb in PLACING), "")
    if placed == "create_member":
        return Standing(frozenset(), frozenset(), is_active=False)
    if placed:
        return Standing(None, None, is_active)
    return Standing(user.team_ids, user.managed_team_ids, is_active)
