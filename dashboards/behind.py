"""The rows behind a figure: exactly those that its numerator, or its denominator, counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from dashboards.families import FAMILIES, lead_of
from dashboards.freshness import freshness
from dashboards.registry import Kpi, find
from dashboards.report import on_basis_of, value_of
from dashboards.scope import Scope
from dashboards.to_date import EVERY_FAMILY
from inputs.refusals import Invalid
from leads.models import Clock, Feedback, Handoff, Lead
from teams.models import User

PAGE = 50
DATED = {Lead: "captured_at", Clock: "due_at", Handoff: "decided_at", Feedback: "given_at"}
"""By which date the rows of a period are ordered: the one that is shown. What is counted to date goes by its key: it may have none."""

ALONG = {
    "clock": ("handoff", "question", "dispute__handoff", "user", "team"),
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


def count_behind(key: str, scope: Scope, *, of_whole: bool = False) -> int:
    """Count ``rows_behind``; from the rollups where they can tell, for a year of rows takes longer to count than to show a page of.

    Read it in one view with the rows. Raises as ``rows_behind`` does.
    """
    kpi = find(key)
    if kpi.family in FAMILIES and scope.filters.source_raw is None:
        found = value_of(key, scope, freshness(scope.period.zone))
        return (found.whole or 0) if of_whole else found.part
    return rows_behind(key, scope, of_whole=of_whole).count()


def page_of(rows: QuerySet[Any], kpi: Kpi, user: User, *, before: int | None) -> tuple[list[Row], int | None]:
    """Give a page of the ``rows`` behind ``kpi``, newest first, with the leads that ``user`` may see, and the key after which the next page begins.

    Raises ``Invalid`` where the row ``before`` is gone, or has lost the date that placed it.
    """
    kind, dated = kpi.rows, "pk" if kpi.is_to_date else DATED[rows.model]
    # Keys first: to sort whole rows costs more than twice as much.
    keys = list(_after(before, rows, dated).order_by(f"-{dated}", "-pk").values_list("pk", flat=True)[: PAGE + 1])
    shown = keys[:PAGE]
    following = shown[-1] if len(keys) > PAGE else None
    if rows.model is Lead:
        leads = _leads(shown, user)
        return [Row(leads[pk], None) for pk in shown if pk in leads], following
    stored = rows.model._default_manager.select_related(*ALONG.get(kind, ())).in_bulk(shown)
    facts = [stored[pk] for pk in shown if pk in stored]
    leads = _leads([lead_of(fact) for fact in facts], user)
    return [Row(leads[pk], fact) for fact in facts if (pk := lead_of(fact)) in leads], following


def _after(before: int | None, rows: QuerySet[Any], dated: str) -> QuerySet[Any]:
    """Leave out what stood on the pages up to the row ``before``."""
    if before is None:
        return rows
    if dated == "pk":
        return rows.filter(pk__lt=before)
    last = rows.model._default_manager.filter(pk=before).values_list(dated, flat=True).first()
    if last is None:
        raise Invalid("The row after which this page begins is gone. Begin at the first page.", field="before")
    # Not "earlier, or at the same time and …": this way round an index of the date is still gone along.
    return rows.filter(**{f"{dated}__lte": last}).exclude(**{dated: last, "pk__gte": before})


def _leads(ids: Sequence[int], user: User) -> dict[int, Lead]:
    visible = Lead.objects.visible_to(user).select_related("contact__company", "owner", "queue", "last_campaign")
    return {lead.pk: lead for lead in visible.filter(pk__in=ids)}
