"""What rows of the desks offer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from desk.clock_acts import ClockAct
from desk.queries.lead_list import Filter
from desk.queries.negotiation import Said
from desk.steps import Step, steps_of_row
from leads.models import Clock, Lead

register = template.Library()


@register.simple_tag
def row_steps(section: str, lead: Lead) -> list[Step]:
    """Give the steps that the row of ``lead`` in ``section`` offers."""
    return steps_of_row(section, lead)


@register.filter
def of_clock(acts: Mapping[int, Sequence[ClockAct]], clock: Clock) -> Sequence[ClockAct]:
    """Give what may be done about ``clock``."""
    return acts.get(clock.pk, ())


@register.simple_tag
def leads_where(count: int, **filters: object) -> SafeString:
    """Write a count of leads that leads to the list of exactly these."""
    query = Filter(**{name: str(value) for name, value in filters.items()}).query()
    return format_html('<a href="{}?{}">{}</a>', reverse("desk:leads"), query, f"{count:,}")


@register.filter
def about(said: dict[str, Said], clause: str) -> Said | None:
    """Give what was said about a clause."""
    return said.get(clause)
