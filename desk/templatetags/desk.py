"""What rows of the desks offer."""

from __future__ import annotations

from django import template

from desk.steps import Step, steps_of_row
from leads.models import Lead

register = template.Library()


@register.simple_tag
def row_steps(section: str, lead: Lead) -> list[Step]:
    """Give the steps that the row of ``lead`` in ``section`` offers."""
    return steps_of_row(section, lead)
