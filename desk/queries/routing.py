"""The routing rules in plain sentences, with the pools and who in them could take a lead now; drafts, versions and what differs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from desk.clauses import Clause, Line
from desk.comparing import SAME, Difference, compare
from desk.rule_words import Places, destination, phrase, routing_sentence
from inputs.refusals import NotVisible
from leads.models import Pool, RoutingVersion
from leads.routing.able import load_problem, problem_of
from leads.routing.board import pools_at
from leads.routing.choice import Case, Place, State
from leads.routing.lint import Finding
from leads.routing.linting import findings_of
from leads.routing.versions import activated, changes, drafts, in_force
from ledger.models import AuditEntry
from teams.models import Team, User

MOST_VERSIONS = 200
ANY_LEAD = Case({})
STATES = {
    "inactive": "not in sales", "absent": "away", "leaves_first": "away when their hours begin", "closed": "off today",
    "no_calendar": "no working hours", "full": "full", "full_today": "full for today",
}  # fmt: skip
"""Why somebody could not take a lead now (see ``leads.routing.able``)."""
LATEST_CHANGES = 20


@dataclass(frozen=True, slots=True)
class RuleWords:
    """A rule as a sentence: when it applies, and where leads then go."""

    code: str
    words: str
    when: str
    to: str

    @property
    def title(self) -> str:
        return self.words or self.code


@dataclass(frozen=True, slots=True)
class PlaceWords:
    """A person in a pool and whether they could take a lead now; ``state`` is the reason if not.

    The weight that counts is that in the pool (``here``) times their ``own``.
    """

    name: str
    weight: int
    here: int
    own: int
    state: str
    opens_at: datetime | None
    open_count: int
    capacity: int


@dataclass(frozen=True, slots=True)
class PoolWords:
    """A pool with its people."""

    id: int
    name: str
    team: str
    places: list[PlaceWords]


@dataclass(frozen=True, slots=True)
class Routing:
    """The version in force, with what is wrong with it by now."""

    version: RoutingVersion
    rules: list[RuleWords]
    pools: list[PoolWords]
    findings: list[Found]


def routing_in_force(at: datetime) -> Routing | None:
    """Load the rules in force at ``at``; nothing when none were ever activated."""
    version = in_force(at)
    if version is None:
        return None
    pools = list(Pool.objects.select_related("team").order_by("name"))
    return Routing(version, rules_in_words(version), _pools(pools, at), found_wrong(version, at))


def rules_in_words(version: RoutingVersion) -> list[RuleWords]:
    """Say the rules of a version or draft."""
    places = places_of([version])
    return [
        RuleWords(line["code"], line.get("words", ""), phrase(line.get("when") or []), destination(line["to"], places))
        for line in version.rules
    ]


def places_of(versions: Iterable[RoutingVersion]) -> Places:
    """Load how the pools, teams and people are called to which these versions lead."""
    people = {line["to"]["person"] for version in versions for line in version.rules if "person" in line["to"]}
    return Places(
        dict(Pool.objects.values_list("id", "name")),
        dict(Team.objects.values_list("id", "name")),
        dict(User.objects.filter(id__in=people).values_list("id", "name")) if people else {},
    )


def differences(before: RoutingVersion | None, after: RoutingVersion) -> list[Difference]:
    """Say rule by rule what ``after`` changes: added, removed, changed, and the order where it is another."""
    places = places_of([version for version in (before, after) if version is not None])
    old, new = _clauses(before, places), _clauses(after, places)
    found = [difference for difference in compare(old, new) if difference.kind != SAME]
    was = [clause for clause in old if clause.key in {each.key for each in new}]
    now = [clause for clause in new if clause.key in {each.key for each in old}]
    if [clause.key for clause in was] == [clause.key for clause in now]:
        return found
    return [*found, *compare([_order(was)], [_order(now)])]


def _clauses(version: RoutingVersion | None, places: Places) -> list[Clause]:
    return [
        Clause(line["code"], line.get("words") or line["code"], (Line(routing_sentence(line, places)),))
        for line in (version.rules if version else ())
    ]


def _order(clauses: list[Clause]) -> Clause:
    return Clause("order", "Order", tuple(Line(clause.title) for clause in clauses))


def drafts_of() -> list[RoutingVersion]:
    """List the drafts, the newest first."""
    return list(drafts()[:MOST_VERSIONS])


@dataclass(frozen=True, slots=True)
class Found:
    """What is wrong with a rule, with its title (empty: with all of them)."""

    title: str
    finding: Finding


def found_wrong(version: RoutingVersion, at: datetime) -> list[Found]:
    """Say what is wrong with a draft, or with a version by now: first what blocks it."""
    titles = {line["code"]: line.get("words") or line["code"] for line in version.rules}
    found = sorted(findings_of(version, at), key=lambda finding: not finding.blocks)
    return [Found(titles.get(finding.rule, ""), finding) for finding in found]


@dataclass(frozen=True, slots=True)
class PoolChange:
    """What somebody changed of a pool, in words."""

    entry: AuditEntry
    words: str


def pool_history(pool: Pool) -> list[PoolChange]:
    """Tell the latest changes of a pool by this editor, the newest first."""
    verbs = ("make_pool", "change_pool", "fill_pool")
    entries = AuditEntry.objects.filter(subject_type="pool", subject_id=pool.pk, verb__in=verbs)
    rows = list(entries.select_related("actor").order_by("-id")[:LATEST_CHANGES])
    named = {one for row in rows for one in _people_in(row.facts)}
    people = dict(User.objects.filter(id__in=named).values_list("id", "name"))
    return [PoolChange(row, _said(row, people)) for row in rows]


def _people_in(facts: Mapping[str, Any]) -> Iterator[int]:
    yield from facts.get("joined", ())
    yield from facts.get("left", ())
    yield from (user_id for user_id, _, _ in facts.get("weights", ()))


def _said(row: AuditEntry, people: Mapping[int, str]) -> str:
    facts = row.facts
    parts = ["the pool was made"] if row.verb == "make_pool" else []
    parts += [f"{people.get(one, 'somebody')} joined" for one in facts.get("joined", ())]
    parts += [f"{people.get(one, 'somebody')} left" for one in facts.get("left", ())]
    parts += [
        f"weight of {people.get(one, 'somebody')} {was} → {now}" for one, was, now in facts.get("weights", ())
    ]  # fmt: skip
    parts += ["it was renamed"] if facts.get("renamed") else []
    return ", ".join(parts) or "how much its people take"


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version that was in force, with the one before it and how many rules it changed."""

    version: RoutingVersion
    before: RoutingVersion | None
    changed: int
    is_in_force: bool


def history(at: datetime) -> list[VersionRow]:
    """List what was ever in force, the newest first."""
    versions = list(activated()[: MOST_VERSIONS + 1])
    current = in_force(at)
    pairs = zip(versions, [*versions[1:], None], strict=True)
    rows = [
        VersionRow(version, before, sum(map(len, changes(before, version).values())), version == current)
        for version, before in pairs
    ]
    return rows[:MOST_VERSIONS]


def version_numbered(number: int) -> RoutingVersion:
    """Give the version of this number; raises ``NotVisible``."""
    found = activated().filter(number=number).first()
    if found is None:
        raise NotVisible("There is nothing here.")
    return found


def version_before(version: RoutingVersion) -> RoutingVersion | None:
    """Give what was in force before a version was activated."""
    return activated().filter(number__lt=version.number or 0).order_by("-number").first()


def _pools(pools: list[Pool], at: datetime) -> list[PoolWords]:
    state = pools_at([pool.pk for pool in pools], at)
    names = dict(User.objects.filter(id__in=list(state.people)).values_list("id", "name"))
    return [
        PoolWords(
            pool.pk,
            pool.name,
            pool.team.name,
            sorted(
                (_place(place, pool, state, names) for place in state.pools[pool.pk].places), key=lambda one: one.name
            ),
        )
        for pool in pools
    ]


def _place(place: Place, pool: Pool, state: State, names: Mapping[int, str]) -> PlaceWords:
    """Say whether somebody could take a lead of this pool now, as the decisions ask it."""
    person = state.people[place.user_id]
    problem = problem_of(person, ANY_LEAD, state, team_id=pool.team_id) or load_problem(person)
    opens_at = person.opens_at if person.opens_at is not None and person.opens_at > state.now else None
    words = STATES[problem] if problem else "closed" if opens_at else "available"
    return PlaceWords(
        names[place.user_id], place.weight, place.weight // person.weight, person.weight, words, opens_at,
        person.open_count, person.capacity,
    )  # fmt: skip
