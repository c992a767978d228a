"""The rows behind a figure: exactly those that its numerator, or its denominator, counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from dashboards.families import lead_of
from dashboards.registry import find
from dashboards.report import on_basis_of
from dashboards.scope import Scope
from dashboards.to_date import EVERY_FAMILY
from inputs.refusals import Invalid
from leads.models import Lead
from teams.models import User

PAGE = 50
ALONG = {
    "clock": ("handoff", "user", "team"),
    "handoff": ("assignee",),
    "rating": ("user",),
    "deal": ("owner",),
}


class NoDenominator(Invalid):
    """The figure is a plain count: it is a share of nothing."""

    code = "no_denominator"


@dataclass(frozen=True, slots=True)
class Row:
    """One row behind a figure with its lead; ``fact`` is what ``Kpi.rows`` names, nothing where leads are counted."""

    lead: Lead
    fact: Any


def rows_behind(key: str, scope: Scope, *, of_whole: bool = False) -> QuerySet[Any]:
    """Give the rows that the figure ``key`` counts in ``scope``; with ``of_whole`` those that it is a share of.

    Raises ``UnknownFigure`` and ``NoDenominator``.
    """
    kpi = find(key)
    if of_whole and not kpi.whole:
        raise NoDenominator("This figure is a count, not a share.", field="part")
    return EVERY_FAMILY[kpi.family].rows(on_basis_of(key, scope), kpi.whole if of_whole else kpi.part)


def page_of(rows: QuerySet[Any], kind: str, user: User, *, before: int | None) -> tuple[list[Row], int | None]:
    """Give a page of ``rows`` of the kind that ``Kpi.rows`` names, newest first, with the leads that ``user`` may see, and where the next page begins."""
    newest = rows.order_by("-pk") if before is None else rows.filter(pk__lt=before).order_by("-pk")
    keys = list(newest.values_list("pk", flat=True)[: PAGE + 1])  # to sort whole rows costs more than twice as much
    shown = keys[:PAGE]
    following = shown[-1] if len(keys) > PAGE else None
    if rows.model is Lead:
        leads = _leads(shown, user)
        return [Row(leads[pk], None) for pk in shown if pk in leads], following
    stored = rows.model._default_manager.select_related(*ALONG.get(kind, ())).in_bulk(shown)
    facts = [stored[pk] for pk in shown if pk in stored]
    leads = _leads([lead_of(fact) for fact in facts], user)
    return [Row(leads[pk], fact) for fact in facts if (pk := lead_of(fact)) in leads], following


def _leads(ids: Sequence[int], user: User) -> dict[int, Lead]:
    visible = Lead.objects.visible_to(user).select_related("contact__company", "owner", "queue", "last_campaign")
    return {lead.pk: lead for lead in visible.filter(pk__in=ids)}
