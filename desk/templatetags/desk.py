"""What rows of the desks offer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from django import template
from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from desk.clock_acts import ClockAct
from desk.queries.lead_list import Filter
from desk.queries.negotiation import Said
from desk.steps import STEPS, steps_of_row
from leads.models import Clock, Lead

register = template.Library()

ANY_LEAD, ANY_TOKEN = "987654321987654321", "the-token-of-whoever-reads"
"""What stands in a mould where a lead's key and its reader's token go."""


@register.simple_tag(takes_context=True)
def row_steps(context: template.Context, section: str, lead: Lead, came_from: str) -> SafeString:
    """Write the buttons of what the row of ``lead`` in ``section`` offers, on the page that ``came_from`` names."""
    moulded = _mould if not settings.DEBUG else _mould.__wrapped__
    steps = tuple(step.code for step in steps_of_row(section, lead))
    parts = moulded(steps, came_from)
    return mark_safe(parts.replace(ANY_LEAD, str(lead.pk)).replace(ANY_TOKEN, str(context["csrf_token"])))  # noqa: S308 - both are ours


@lru_cache(maxsize=256)
def _mould(codes: tuple[str, ...], came_from: str) -> SafeString:
    """Write the buttons of these steps once for every lead and every reader: a desk has hundreds of them, and they differ in nothing else."""
    return render_to_string(
        "desk/_row_buttons.html",
        {"steps": [STEPS[code] for code in codes], "pk": ANY_LEAD, "from": came_from, "csrf_token": ANY_TOKEN},
    )


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
