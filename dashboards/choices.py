"""What can be filtered by, and how ids and codes are called on a page and in a file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from campaigns.models import Campaign
from dashboards.scope import NONE, BadFilter, Filters
from leads.codes import REJECTIONS, SOURCES, TIER_LABELS, TOUCH_KINDS
from personas.models import PersonaVersion
from teams.models import Membership, Team, User
from teams.roles import Side

NO_CAMPAIGN = "No campaign"
NOBODY = "Nobody yet"

Option = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Choices:
    """The names of all that the filters and groups point to: four small queries."""

    teams: dict[int, str]
    people: dict[int, str]
    reps: frozenset[int]
    campaigns: dict[int, str]
    personas: dict[int, str]

    @staticmethod
    def load() -> Choices:
        """Load them. People who have left keep their name."""
        people = dict(User.objects.order_by("name", "id").values_list("id", "name"))
        selling = Membership.objects.filter(team__side=Side.SALES).values_list("user_id", flat=True)
        return Choices(
            teams=dict(Team.objects.order_by("side", "name", "id").values_list("id", "name")),
            people=people,
            reps=frozenset(selling),
            campaigns=dict(Campaign.objects.order_by("-starts_on", "name").values_list("id", "name")),
            personas=dict(PersonaVersion.objects.newest().order_by("persona_id").values_list("persona_id", "name")),
        )

    def check(self, filters: Filters) -> None:
        """Refuse ids that point to nothing (``BadFilter``)."""
        known = (
            ("team", filters.team, self.teams),
            ("rep", filters.rep, self.people),
            ("campaign", filters.campaign, self.campaigns),
            ("persona", filters.persona, self.personas),
        )
        for name, value, names in known:
            if value and value not in names:
                raise BadFilter(f"There is no such {name}.", field=name)

    def campaign(self, pk: int | None) -> str:
        return self.campaigns.get(pk or 0, NO_CAMPAIGN)

    def owner(self, rep: int | None, queue: int | None) -> str:
        """Name who owes: a person, or a team's queue."""
        return self.people.get(rep, NOBODY) if rep else f"{self.teams.get(queue or 0, '')}, queue".lstrip(", ")

    def options(self) -> dict[str, list[Option]]:
        """List what each filter offers, as ``(value, label)``."""
        reps = [(str(pk), name) for pk, name in self.people.items() if pk in self.reps]
        return {
            "team": _listed(self.teams.items()),
            "rep": [*reps, (NONE, NOBODY)],
            "campaign": [*_listed(self.campaigns.items()), (NONE, NO_CAMPAIGN)],
            "source": _listed(SOURCES.items()),
            "persona": [*_listed(self.personas.items()), (NONE, "No persona")],
            "tier": [*_listed(TIER_LABELS.items()), (NONE, "No tier yet")],
        }

    def words(self, filters: Filters) -> list[tuple[str, str]]:
        """Say which filters are set: ``(name, value)`` in words."""
        named: dict[str, Any] = {
            "team": self.teams.get(filters.team or 0),
            "rep": self.people.get(filters.rep) if filters.rep else NOBODY,
            "campaign": self.campaign(filters.campaign),
            "source": SOURCES.get(filters.source or ""),
            "source_raw": f"“{filters.source_raw}”" if filters.source_raw else "(blank)",
            "persona": self.personas.get(filters.persona) if filters.persona else "No persona",
            "tier": TIER_LABELS.get(filters.tier or "", "No tier yet"),
            "promise": (filters.promise or "").replace("_", " "),
            "side": (filters.side or "").capitalize(),
            "reason": REJECTIONS.get(filters.reason or "", ("", ""))[1],
            "kind": TOUCH_KINDS.get(filters.kind or ""),
        }
        return [(LABELS[name], str(named[name])) for name in filters.as_query()]


LABELS = {
    "team": "Team",
    "rep": "Rep",
    "campaign": "Campaign",
    "source": "Source",
    "source_raw": "Source as written",
    "persona": "Persona",
    "tier": "Tier",
    "promise": "Promise",
    "side": "Side",
    "reason": "Reason",
    "kind": "Touch",
}


def _listed(pairs: Iterable[tuple[Any, str]]) -> list[Option]:
    return [(str(value), label) for value, label in pairs]
