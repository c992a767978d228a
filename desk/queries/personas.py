"""Personas in their newest version, with how the leads that match them fared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count

from dashboards.families import reached
from inputs.refusals import NotVisible
from leads.models import Lead
from personas.conditions import BadRule, read_condition
from personas.models import Persona, PersonaVersion
from sla.in_force import NoAgreement, agreement_in_force

STORY = (("goals", "Goals"), ("pains", "Pains"), ("objections", "Objections"), ("offer", "What we offer them"),
         ("channels", "Where we reach them"))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Criterion:
    """A criterion of the fit: in the persona's words, in the program's, and its points."""

    words: str
    rule: str
    points: int


@dataclass(frozen=True, slots=True)
class Card:
    """A persona. ``in_force`` tells whether the agreement in force pins this version."""

    persona: Persona
    version: PersonaVersion
    criteria: list[Criterion]
    story: list[tuple[str, list[str]]]
    in_force: bool
    leads: int
    accepted: int
    won: int

    @property
    def letters(self) -> str:
        return "".join(word[0] for word in self.version.name.split()[:2]).upper()


def personas(at: datetime) -> list[Card]:
    """Give the card of every persona in use, negative ones last."""
    return _cards(PersonaVersion.objects.filter(persona__is_retired=False), at)


def persona_for(code: str, at: datetime) -> Card:
    """Give one card; raises ``NotVisible``."""
    cards = _cards(PersonaVersion.objects.filter(persona__code=code), at)
    if not cards:
        raise NotVisible("There is nothing here.")
    return cards[0]


def _cards(versions: Any, at: datetime) -> list[Card]:
    newest: dict[int, PersonaVersion] = {}
    persona_of: dict[int, int] = {}
    for version in versions.select_related("persona", "created_by").order_by("number"):
        newest[version.persona_id] = version
        persona_of[version.pk] = version.persona_id
    pinned = _pinned(at)
    counts = _leads_of(persona_of)
    cards = [
        _card(version, version.pk in pinned, counts.get(version.persona_id, (0, 0, 0))) for version in newest.values()
    ]
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


def _card(version: PersonaVersion, in_force: bool, counts: Sequence[int]) -> Card:
    return Card(
        persona=version.persona,
        version=version,
        criteria=[_criterion(line) for line in version.criteria],
        story=[(label, version.story[key]) for key, label in STORY if version.story.get(key)],
        in_force=in_force,
        leads=counts[0],
        accepted=counts[1],
        won=counts[2],
    )


def _criterion(line: dict[str, Any]) -> Criterion:
    try:
        rule = read_condition(line).words
    except BadRule:
        rule = ""
    return Criterion(line.get("words") or rule, rule, line.get("points", 0))


def _pinned(at: datetime) -> frozenset[int]:
    try:
        return frozenset(agreement_in_force(at).persona_version_ids)
    except NoAgreement:
        return frozenset()
