"""Leads as the rows of a list: the same for every list of every app above, with a bounded number of queries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from leads.chips import Chip, chips_of_leads
from leads.codes import SOURCES, TIER_LABELS
from leads.models import Lead
from leads.models.leads import LeadQuerySet
from leads.scoring import engagement_now
from personas.fit import grade

ALONG = ("contact__company", "persona", "owner", "queue", "marketer", "last_campaign")
"""What a list loads along with its leads: see ``load``."""
LEFT_BEHIND = ("persona__criteria", "persona__story", "persona__summary")
"""Documents that no list shows: reading them again for each lead takes longer than the query."""


@dataclass(frozen=True, slots=True)
class LeadRow:
    """A lead with what a list says of it. ``grade`` is empty and ``lead.fit`` null when the fit is unknown."""

    lead: Lead
    grade: str
    engagement: int
    source: str
    tier: str
    chip: Chip | None

    @property
    def name(self) -> str:
        return str(self.lead.contact)

    @property
    def offered_to(self) -> str:
        """Whom the lead is offered to, where it waits for their decision."""
        clock = self.chip.clock if self.chip else None
        return str(clock.user) if clock and clock.handoff_id and clock.user else ""

    @property
    def company(self) -> str:
        company = self.lead.contact.company
        return company.name if company else ""


def load(leads: LeadQuerySet, most: int) -> list[Lead]:
    """Give the first ``most`` of ``leads``, in their order, with what a list loads along: two queries.

    The first finds which, in one table by one index; the second joins eight tables for those alone. In one query PostgreSQL takes
    30 ms to plan how to order the join, and may order it badly.
    """
    return load_by_ids(leads.values_list("pk", flat=True)[:most])


def load_by_ids(lead_ids: Iterable[int]) -> list[Lead]:
    """Give these leads in this order with what a list loads along: one query. Whether they may be seen was asked before."""
    ids = list(lead_ids)
    found = Lead.objects.select_related(*ALONG).defer(*LEFT_BEHIND).in_bulk(ids)
    return [found[lead_id] for lead_id in ids if lead_id in found]


def lead_rows(leads: Sequence[Lead], at: datetime) -> list[LeadRow]:
    """Give the rows of ``leads``, in their order, as of ``at``: three queries for their clocks, none of its own.

    Get the leads from ``load``.
    """
    chips = chips_of_leads([lead.pk for lead in leads], at)
    return [row_of(lead, chips.get(lead.pk), at) for lead in leads]


def row_of(lead: Lead, chip: Chip | None, at: datetime) -> LeadRow:
    """Give the row of one lead with its chip."""
    return LeadRow(
        lead=lead,
        grade=grade(lead.fit),
        engagement=engagement_now(lead, at),
        source=SOURCES.get(lead.source, lead.source),
        tier=TIER_LABELS.get(lead.tier, ""),
        chip=chip,
    )
