"""Whether the program could apply a draft as this company stands: what the verbs of the agreement ask before anything is frozen."""

from __future__ import annotations

from collections.abc import Collection

from inputs.refusals import Invalid, Problem
from personas.models import Persona, PersonaVersion
from personas.validating import missing_sides, newest_validated
from sla.clauses import PROMISE
from sla.completeness import Lack, in_order, lacks
from sla.models import AgreementVersion
from sla.promises import BOTH
from sla.terms import BadTerms, Document, Terms
from teams.models import Team
from teams.roles import Side


class UnusableTerms(Invalid):
    """The document is not an agreement: each of its ``problems`` names the clause it belongs to as its field."""

    code = "unusable_terms"


def read_terms(document: Document) -> Terms:
    """Read a document; raises ``UnusableTerms`` where it is malformed."""
    try:
        return Terms.from_document(document)
    except BadTerms as error:
        raise UnusableTerms(str(error), field="terms") from error


def refuse_unusable(version: AgreementVersion) -> None:
    """Refuse terms that could not be applied, with everything that is in the way."""
    found = what_is_missing(version)
    if found:
        raise UnusableTerms.of([Problem(clause, UnusableTerms.code, message) for clause, message in found])


def what_is_missing(version: AgreementVersion) -> list[Lack]:
    """List what is in the way of proposing ``version``; raises ``UnusableTerms`` where its document cannot be read."""
    terms = read_terms(version.terms)
    resting = [*_retired(version), *_overtaken(version)]
    return in_order([*lacks(terms, persona_codes(version)), *_without_hours(terms), *resting])


def persona_codes(version: AgreementVersion) -> list[str]:
    """Give the codes of the personas that ``version`` pins and that targets may name."""
    pinned = Persona.objects.filter(versions__in=version.personas.all(), is_negative=False)
    return list(pinned.order_by("code").values_list("code", flat=True))


def unvalidated(version: AgreementVersion) -> list[str]:
    """Say of each persona version that may be pinned though not both sides have validated it, who has not.

    What is in the way is left out: it is named by ``what_is_missing`` and ``retired``.
    """
    lacking = _lacking_sides(version)
    overtaken = newest_validated() if lacking and version.state == AgreementVersion.States.DRAFT else {}
    return [
        f"{persona.name}, version {persona.number}, is not validated by {' and '.join(sides)}"
        for persona, sides in lacking.items()
        if persona.persona_id not in overtaken
    ]


def retired(version: AgreementVersion) -> list[str]:
    """Name the personas that ``version`` pins and that have been taken out of use since."""
    return list(version.personas.filter(persona__is_retired=True).order_by("name", "pk").values_list("name", flat=True))


def _retired(version: AgreementVersion) -> list[Lack]:
    return [
        ("pins", f"{name} is retired: take what holds now, or bring the persona back.") for name in retired(version)
    ]


def _overtaken(version: AgreementVersion) -> list[Lack]:
    """Name the pinned persona versions that not both sides validated, though there is another that both did."""
    lacking = _lacking_sides(version)
    validated = newest_validated() if lacking else {}
    return [
        (
            "pins",
            f"{persona.name}, version {persona.number}, is not validated, but another version is: take what holds now.",
        )
        for persona in lacking
        if persona.persona_id in validated
    ]


def _lacking_sides(version: AgreementVersion) -> dict[PersonaVersion, list[Side]]:
    """Give of the personas in use that ``version`` pins those that not both sides have validated, by name, with who has not."""
    pinned = list(version.personas.filter(persona__is_retired=False).order_by("name", "pk"))
    missing = missing_sides(persona.pk for persona in pinned)
    return {persona: missing[persona.pk] for persona in pinned if persona.pk in missing}


def _without_hours(terms: Terms) -> list[Lack]:
    """Name the promises of a side without an active team that keeps hours: nobody's time would pass."""
    working = Team.objects.filter(is_active=True, calendar_use__isnull=False)
    open_sides = set(working.values_list("side", flat=True).distinct())
    return [
        (
            PROMISE + promise.code,
            f"{side.capitalize()} has no active team with hours, so this promise would have no time.",
        )
        for promise in terms.promises.values()
        for side in _owed_by(promise.side)
        if side not in open_sides
    ]


def _owed_by(side: str) -> Collection[str]:
    return [each.value for each in Side] if side == BOTH else [side]
