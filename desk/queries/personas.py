"""Personas in their newest version, with how the leads that match them fared."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Prefetch, QuerySet

from dashboards.asked import company_zone
from dashboards.families import reached
from dashboards.freshness import freshness
from dashboards.funnel import Line, of_personas
from dashboards.periods import Period
from dashboards.scope import Scope
from inputs.refusals import NotVisible
from leads.models import Lead
from ledger.instants import company_day
from ledger.one_view import one_view
from personas.models import Persona, PersonaValidation, PersonaVersion
from personas.portrait import STORY, rule_words
from personas.validating import newest_validated, open_sides
from sla.in_force import NoAgreement, agreement_in_force
from teams.models import User
from teams.roles import Side

RECENT_DAYS = 92
"""A quarter of a year, today included: how the leads of a persona fare of late."""
MOST_RETIRED = 50
"""So many retired personas the list names: those that were added last, by name."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """A criterion of the fit: in the persona's words, in the program's, and its points."""

    words: str
    rule: str
    points: int


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a side stands to a version: who validated it, if anybody has."""

    side: Side
    validation: PersonaValidation | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """What one version says, and who stands by it."""

    version: PersonaVersion
    criteria: list[Criterion]
    facts: list[tuple[str, str]]
    story: list[tuple[str, list[str]]]
    stands: list[Stand]


@dataclass(frozen=True, slots=True)
class Card:
    """A persona. ``in_force`` is the number of the version that the agreement in force pins, if any, ``validated`` of the newest that both sides validated.

    ``leads``, ``accepted`` and ``won`` are of all time; ``recent`` is the funnel of those that arrived in the last ``RECENT_DAYS``.
    """

    persona: Persona
    version: PersonaVersion
    sheet: Sheet
    in_force: int | None
    validated: int | None
    leads: int
    accepted: int
    won: int
    recent: Line

    @property
    def recent_days(self) -> int:
        return RECENT_DAYS

    def sides_for(self, user: User) -> list[Side]:
        """Give the sides for which ``user`` can validate what is shown."""
        done = [stand.validation for stand in self.sheet.stands if stand.validation]
        return [] if self.persona.is_retired else open_sides(user, done)


@dataclass(frozen=True, slots=True)
class Shelf:
    """The cards of the personas in use, negative ones last, and the newest versions of those that are retired."""

    cards: list[Card]
    retired: list[PersonaVersion]


def personas(at: datetime) -> Shelf:
    """Give all personas."""
    out_of_use = _newest(Persona.objects.filter(is_retired=True).order_by("-pk")[:MOST_RETIRED])
    return Shelf(
        _cards(Persona.objects.filter(is_retired=False), at), sorted(out_of_use, key=lambda version: version.name)
    )


def persona_for(code: str, at: datetime) -> Card:
    """Give one card; raises ``NotVisible``."""
    cards = _cards(Persona.objects.filter(code=code), at)
    if not cards:
        raise NotVisible("There is nothing here.")
    return cards[0]


def written_persona(code: str) -> PersonaVersion:
    """Give the newest version of a persona; raises ``NotVisible``."""
    newest = PersonaVersion.objects.newest().select_related("persona").filter(persona__code=code).first()
    if newest is None:
        raise NotVisible("There is nothing here.")
    return newest


def _newest(personas: QuerySet[Persona]) -> QuerySet[PersonaVersion]:
    """Give the newest version of each persona: what older ones say is not read."""
    return PersonaVersion.objects.newest().filter(persona__in=personas).select_related("persona", "created_by")


def _cards(personas: QuerySet[Persona], at: datetime) -> list[Card]:
    versions = PersonaVersion.objects.filter(persona__in=personas)
    numbered = list(versions.order_by("number").values_list("pk", "persona_id", "number"))
    pinned = pinned_versions(at)
    in_force = {persona_id: number for pk, persona_id, number in numbered if pk in pinned}
    number_of = {pk: number for pk, _, number in numbered}
    validated = {persona_id: number_of.get(pk) for persona_id, pk in newest_validated().items()}
    counts = _leads_of({pk: persona_id for pk, persona_id, _ in numbered})
    recent = _recent({persona_id for _, persona_id, _ in numbered}, at)
    cards = [
        _card(
            version, in_force.get(version.persona_id), validated.get(version.persona_id),
            counts.get(version.persona_id, (0, 0, 0)), recent[version.persona_id],
        )
        for version in _newest(personas).prefetch_related(VALIDATIONS)
    ]  # fmt: skip
    return sorted(cards, key=lambda card: (card.persona.is_negative, card.version.name))


def _leads_of(persona_of: Mapping[int, int]) -> dict[int, tuple[int, ...]]:
    """Count by persona its leads, those accepted and those won: over its versions, read from one index alone."""
    counts: dict[int, tuple[int, ...]] = {}
    for version_id, *numbers in (
        Lead.objects.filter(persona_id__in=persona_of)
        .values_list("persona_id")
        .annotate(leads=Count("*"), accepted=Count("pk", filter=reached("sal")), won=Count("pk", filter=reached("won")))
    ):
        before = counts.get(persona_of[version_id], (0, 0, 0))
        counts[persona_of[version_id]] = tuple(map(sum, zip(before, numbers, strict=True)))
    return counts


def _recent(persona_ids: Collection[int], at: datetime) -> dict[int, Line]:
    """Reckon how the leads fared that arrived in the last days of the company, today included."""
    tomorrow, zone = company_day(at) + timedelta(days=1), company_zone()
    scope = Scope(Period(tomorrow - timedelta(days=RECENT_DAYS), tomorrow, zone))
    with one_view():
        return of_personas(scope, persona_ids, freshness(zone))


VALIDATIONS = Prefetch("validations", PersonaValidation.objects.select_related("user"))


def sheet_of(version: PersonaVersion) -> Sheet:
    """Put a version into words; its ``VALIDATIONS`` are read before."""
    by = {validation.side: validation for validation in version.validations.all()}
    return Sheet(
        version=version,
        criteria=[_criterion(line) for line in version.criteria],
        facts=_facts(version),
        story=[(label, version.story[key]) for key, label in STORY.items() if version.story.get(key)],
        stands=[Stand(side, by.get(side.value)) for side in Side],
    )


def _card(
    version: PersonaVersion, in_force: int | None, validated: int | None, counts: Sequence[int], recent: Line
) -> Card:
    return Card(
        persona=version.persona,
        version=version,
        sheet=sheet_of(version),
        in_force=in_force,
        validated=validated,
        leads=counts[0],
        accepted=counts[1],
        won=counts[2],
        recent=recent,
    )


def _facts(version: PersonaVersion) -> list[tuple[str, str]]:
    """Give what is said in one line, with its label, where something is said."""
    said = (
        ("Seniority", version.seniority), ("Company size", version.company_size), ("Industry", version.industry),
        ("Region", version.region), ("Buying role", version.buying_role_words),
    )  # fmt: skip
    return [(label, value) for label, value in said if value]


def _criterion(line: dict[str, Any]) -> Criterion:
    rule = rule_words(line)
    return Criterion(line.get("words") or rule, rule, line.get("points", 0))


def pinned_versions(at: datetime) -> frozenset[int]:
    try:
        return frozenset(agreement_in_force(at).persona_version_ids)
    except NoAgreement:
        return frozenset()
