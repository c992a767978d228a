"""One call of a verb that succeeds, and what it leaves beside the state: audit entries, events, notices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from leads.models import LeadEvent
from ledger.models import AuditEntry, Notice
from tests.cast import NOW
from tests.verbs.company import Company

LATER = NOW + timedelta(minutes=5)

Act = Callable[[], object]


@dataclass(frozen=True)
class Case:
    """``prepare`` makes what the verb needs, and gives its call at ``LATER``.

    ``audit`` are the audit entries that the call writes, ``events`` the kinds of its events, ``told`` the codes of its notices.
    ``world`` is the fixture that it begins with.
    """

    verb: Callable[..., Any]
    prepare: Callable[[Company], Act]
    audit: str = ""
    events: str = ""
    told: str = ""
    world: str = "company"

    @property
    def name(self) -> str:
        return f"{self.verb.__module__}.{self.verb.__name__}"

    @property
    def expected(self) -> tuple[list[str], set[str], set[str]]:
        return self.audit.split(), set(self.events.split()), set(self.told.split())


def written() -> tuple[list[str], set[str], set[str]]:
    """Give what the call at ``LATER`` wrote beside the state, in the form of ``Case.expected``."""
    entries = AuditEntry.objects.filter(at=LATER).order_by("id")
    events = LeadEvent.objects.filter(recorded_at=LATER)
    notices = Notice.objects.filter(created_at=LATER)
    return (
        list(entries.values_list("verb", flat=True)),
        set(events.values_list("kind", flat=True)),
        set(notices.values_list("code", flat=True)),
    )


def told_twice() -> list[tuple[Any, ...]]:
    """Give what one person was told twice on the same channel by the call at ``LATER``."""
    rows = Notice.objects.filter(created_at=LATER).values_list(
        "code", "recipient", "channel", "subject_type", "subject_id"
    )
    return [row for row, number in Counter(rows).items() if number > 1]
