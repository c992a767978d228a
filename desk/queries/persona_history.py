"""The versions of a persona: what each changed, one as it was, two side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from desk.clauses import Clause, Line
from desk.comparing import SAME, Difference, compare
from desk.queries.personas import VALIDATIONS, Sheet, pinned_versions, sheet_of
from inputs.refusals import NotVisible
from personas.models import PersonaVersion
from personas.portrait import LABELS, changed, lines_of

PAGE = 25
MOST_CHOICES = 200
"""Versions that can be chosen to be compared, newest first."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A version in the history: ``changes`` are the fields that say something else than the version before."""

    sheet: Sheet
    changes: list[str]
    is_first: bool
    is_in_force: bool


@dataclass(frozen=True, slots=True)
class History:
    """One page of versions, newest first; ``older`` is the number before which the next page begins, nothing on the last."""

    newest: PersonaVersion
    entries: list[Entry]
    older: int | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two versions, what differs, and the fields that are the same in both."""

    before: PersonaVersion
    after: PersonaVersion
    differences: list[Difference]
    same: list[Difference]
    numbers: list[int]


def history_of(newest: PersonaVersion, at: datetime, before: int | None = None) -> History:
    """Give the versions up to ``newest``, or those older than the number ``before``."""
    versions = PersonaVersion.objects.filter(persona=newest.persona_id)
    if before is not None:
        versions = versions.filter(number__lt=before)
    found = list(versions.select_related("created_by").prefetch_related(VALIDATIONS).order_by("-number")[: PAGE + 1])
    pinned = pinned_versions(at)
    earlier: Sequence[PersonaVersion | None] = [*found[1:], None]
    entries = [
        Entry(
            sheet_of(version),
            changed(was.portrait, version.portrait) if was else [],
            is_first=version.number == 1,
            is_in_force=version.pk in pinned,
        )
        for version, was in zip(found, earlier, strict=False)  # beyond the first version there is one more
    ][:PAGE]
    return History(newest, entries, found[PAGE - 1].number if len(found) > PAGE else None)


def version_sheet(newest: PersonaVersion, number: int) -> Sheet:
    """Give one version of a persona as it was; raises ``NotVisible``."""
    versions = PersonaVersion.objects.filter(persona=newest.persona_id, number=number)
    found = versions.select_related("persona", "created_by").prefetch_related(VALIDATIONS).first()
    if found is None:
        raise NotVisible("There is nothing here.")
    return sheet_of(found)


def comparison_of(newest: PersonaVersion, before: int | None, after: int | None) -> Comparison:
    """Compare two versions by their numbers; what is not asked for, or is not there, is the newest and the one before it."""
    versions = PersonaVersion.objects.filter(persona=newest.persona_id)
    numbers = list(versions.order_by("-number").values_list("number", flat=True)[:MOST_CHOICES])
    there = {version.number: version for version in versions.filter(number__in={before or 0, after or 0})}
    later = there.get(after or 0, newest)
    earlier = there.get(before or 0) or versions.filter(number=max(later.number - 1, 1)).get()
    found = compare(_clauses(earlier), _clauses(later))
    return Comparison(
        earlier,
        later,
        differences=[difference for difference in found if difference.kind != SAME],
        same=[difference for difference in found if difference.kind == SAME],
        numbers=numbers,
    )


def _clauses(version: PersonaVersion) -> list[Clause]:
    said = version.portrait
    return [Clause(name, label, tuple(map(Line, lines_of(said, name)))) for name, label in LABELS.items()]
