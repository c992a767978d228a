"""The sets behind figures that know no period: what became of the leads of a campaign, to date; and the misses answered late.

They stand beside ``dashboards.families`` and are read in the same way; a scope's period is not asked, its filters are.
"""

from __future__ import annotations

from django.db.models import F, Q, QuerySet

from dashboards.families import COUNTED, FAMILIES, MISSED, REJECTED, Family, ended, of_lead, reached
from dashboards.scope import Scope
from leads.models import Feedback, Handoff, Lead, Opportunity, Touch
from ledger.literals import literal

STARS = (5, 4, 3, 2, 1)


def offers(scope: Scope, _measure: str) -> QuerySet[Handoff]:
    """Every handoff of the leads that are meant, a lead handed off twice counted twice."""
    narrowed = of_lead(scope.filters, "lead__")
    if scope.filters.reason is not None:
        narrowed &= Q(reason=scope.filters.reason)
    return Handoff.objects.filter(narrowed)


def opinions(scope: Scope, _measure: str) -> QuerySet[Feedback]:
    """Every rating of the leads that are meant."""
    return Feedback.objects.filter(of_lead(scope.filters, "lead__"))


def deals(scope: Scope, _measure: str) -> QuerySet[Opportunity]:
    """Every opportunity of the leads that are meant."""
    return Opportunity.objects.filter(of_lead(scope.filters, "lead__"))


def touches(scope: Scope, _measure: str) -> QuerySet[Touch]:
    """Every touch of a campaign, be it the last one of its lead or not."""
    narrowed = Q()
    if scope.filters.campaign is not None:
        narrowed &= Q(campaign=scope.filters.campaign or None)
    if scope.filters.kind is not None:
        narrowed &= Q(kind=scope.filters.kind)
    return Touch.objects.filter(narrowed)


def brought(scope: Scope, _measure: str) -> QuerySet[Lead]:
    """The leads that are meant: those that a cost is divided by."""
    return Lead.objects.filter(of_lead(scope.filters))


_Offers = Handoff.States
NOT_ACCEPTED = Q(state__in=[literal(state.value) for state in (_Offers.OPEN, _Offers.REJECTED, _Offers.RECALLED)]) | Q(
    was_returned=True
)
"""Exactly the condition of the index ``handoff_not_kept_idx``."""

TO_DATE: dict[str, Family] = {
    "offer": Family(
        offers,
        {
            "handed_off": COUNTED,
            "waiting": COUNTED & Q(state=_Offers.OPEN, was_returned=False),
            "accepted": COUNTED & (~NOT_ACCEPTED | Q(is_overturned=True)),
            "rejected": REJECTED,
            "recalled": COUNTED & Q(state=_Offers.RECALLED, was_returned=False),
        },
        {},
    ),
    "opinion": Family(opinions, {f"stars_{stars}": Q(quality=stars) for stars in STARS}, {}),
    "deal": Family(deals, {"won": Q(stage=Opportunity.Stages.WON, currency=F("lead__last_campaign__currency"))}, {}),
    "touch": Family(touches, {"all": Q()}, {}),
    "cost": Family(
        brought,
        {"per_lead": Q(), "per_sql": reached("sql"), "per_won": reached("won")},
        {},
    ),
    "lateness": Family(ended, {"answered_late": MISSED & Q(late_seconds__isnull=False)}, {}),
}

EVERY_FAMILY: dict[str, Family] = {**FAMILIES, **TO_DATE}
"""All sets by the family of their figures' keys."""
