"""What the notices about personas say, and the codes they go by."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ledger.wording import IN_APP, Message, register, register_subject

SUBJECT = "persona_version"
WRITTEN = "persona_written"
VALIDATED = "persona_validated"

Facts = Mapping[str, Any]


def register_wordings() -> None:
    """Register the notices of personas, and how a version is named: as it calls itself."""
    register(WRITTEN, channels=(IN_APP,), render=_written)
    register(VALIDATED, channels=(IN_APP,), render=_validated)
    register_subject(SUBJECT, _names)


def _written(version_id: int, facts: Facts) -> Message:
    title = f"Version {facts['number']} of a persona waits to be validated"
    return Message(title, "Read it. One person of each side says that it holds.", _path(facts))


def _validated(version_id: int, facts: Facts) -> Message:
    title = f"Both sides have validated version {facts['number']} of a persona"
    return Message(title, "A draft of the agreement that begins from now on takes it.", _path(facts))


def _names(ids: Collection[int]) -> Mapping[int, str]:
    from personas.models import PersonaVersion

    return dict(PersonaVersion.objects.filter(pk__in=ids).values_list("pk", "name"))


def _path(facts: Facts) -> str:
    return f"/personas/{facts['persona']}/"
