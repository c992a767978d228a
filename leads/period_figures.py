"""What the targets of a period have come to, as of an instant: counted from events, handoffs and deals, a few queries for all of them.

Each figure is a set of rows, and the leads behind a figure are those of its set: ``reached`` counts what ``leads_behind`` lists. What is
counted in words: docs/decisions/0015-targets-of-a-period.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import BigIntegerField, Count, Exists, Max, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from leads.codes import PROCEDURAL_REJECTIONS
from leads.models import Handoff, Lead, LeadEvent, Opportunity
from leads.period_rules import Reached, worth_of
from sla.promises import PERCENT, TARGETS

ANEW = ("revived", "reopened")
"""With these events a lead begins another life."""

FROM_MARKETING = Q(lead__origin=Lead.Origins.MARKETING)
States = Handoff.States


@dataclass(frozen=True, slots=True)
class Wanted:
    """A target and its period up to an instant: from ``starts_at`` up to, not including, ``until``."""

    code: str
    of: str
    currency: str
    starts_at: datetime
    until: datetime
    worth: Mapping[str, int] = field(default_factory=dict)

    @property
    def window(self) -> Window:
        return Window(self.starts_at, self.until)


@dataclass(frozen=True, slots=True)
class Window:
    """The time in which something has to have happened, half-open."""

    starts_at: datetime
    until: datetime

    def of(self, column: str) -> Q:
        return Q(**{f"{column}__gte": self.starts_at, f"{column}__lt": self.until})


def reached(wanted: Iterable[Wanted]) -> list[Reached]:
    """Say what each has come to; targets that differ only in whom they are narrowed to share their queries."""
    tables: dict[tuple[str, Window], Any] = {}
    found = []
    for one in wanted:
        table, read = FIGURES[one.code]
        key = (table.__name__, one.window)
        if key not in tables:
            tables[key] = table(one.window)
        found.append(read(tables[key], one))
    return found


def leads_behind(wanted: Wanted) -> tuple[QuerySet[Lead], QuerySet[Lead]]:
    """Give the leads that a figure is about, and those of them that count for it: where it is not a share, they are the same."""
    whole, part = SETS[wanted.code](wanted)
    all_of_them = Lead.objects.filter(pk__in=whole.values("lead_id"))
    if TARGETS[wanted.code].unit != PERCENT:
        return all_of_them, all_of_them
    return all_of_them, Lead.objects.filter(pk__in=whole.filter(part).values("lead_id"))


# MQLs -----------------------------------------------------------------------------------------------------------------


def qualified(window: Window) -> QuerySet[LeadEvent]:
    """The qualifications of the window that made an MQL: of marketing’s leads, the first in each life, unless its delivery was struck.

    The delivery of a qualification is the first handoff offered since. Leads of history are not counted.
    """
    of_lead = LeadEvent.objects.filter(lead=OuterRef("lead"), pk__lt=OuterRef("pk")).order_by()
    began = of_lead.filter(kind__in=ANEW).values("lead").annotate(last=Max("pk")).values("last")
    handoffs = Handoff.objects.filter(lead=OuterRef("lead"), offered_at__gte=OuterRef("occurred_at"))
    return (
        LeadEvent.objects.filter(window.of("occurred_at"), FROM_MARKETING, kind="qualified", lead__is_history=False)
        .annotate(
            began=Coalesce(Subquery(began), Value(0), output_field=BigIntegerField()),
            is_struck=Coalesce(Subquery(handoffs.order_by("ordinal").values("is_struck")[:1]), Value(False)),
        )
        .filter(~Exists(of_lead.filter(kind="qualified", pk__gt=OuterRef("began"))), is_struck=False)
    )


def _mqls(window: Window) -> dict[str, int]:
    """Count MQLs by the code of their persona."""
    rows = qualified(window).order_by().values_list("lead__persona__persona__code").annotate(Count("pk"))
    return {code or "": count for code, count in rows}


def _volume(counts: Mapping[str, int], wanted: Wanted) -> Reached:
    count = counts.get(wanted.of, 0) if wanted.of else sum(counts.values())
    return Reached(Decimal(count), counted=count)


def _value(counts: Mapping[str, int], wanted: Wanted) -> Reached:
    meant = {code: count for code, count in counts.items() if wanted.of in ("", code)}
    worth = sum(count * worth_of(wanted.worth, code) for code, count in meant.items())
    return Reached(Decimal(worth), counted=sum(meant.values()))


def _mql_set(wanted: Wanted) -> tuple[QuerySet[Any], Q]:
    of_persona = Q(lead__persona__persona__code=wanted.of) if wanted.of else Q()
    return qualified(wanted.window).filter(of_persona), Q()


# Acceptance -----------------------------------------------------------------------------------------------------------

SENT_BACK = (Q(state=States.REJECTED) | Q(was_returned=True)) & Q(is_overturned=False)
ACCEPTED = Q(state=States.ACCEPTED, was_returned=False) | Q(is_overturned=True)
JUDGED = ACCEPTED | (SENT_BACK & ~Q(reason__in=sorted(PROCEDURAL_REJECTIONS)))


def judged_handoffs(window: Window) -> QuerySet[Handoff]:
    """First handoffs decided in the window: accepted, or sent back; recalls, procedural reasons, and what nobody answered are left out."""
    return Handoff.objects.filter(window.of("decided_at"), JUDGED, ordinal=1, is_struck=False)


def _acceptance(window: Window) -> Reached:
    found = judged_handoffs(window).aggregate(whole=Count("pk"), part=Count("pk", filter=ACCEPTED))
    return Reached(Decimal(found["part"]), Decimal(found["whole"]), found["whole"])


# Conversations --------------------------------------------------------------------------------------------------------


def handed_off(window: Window) -> QuerySet[Handoff]:
    """The leads handed off in the window, each once at its first handoff there; what was recalled or struck is left out."""
    offered = Handoff.objects.filter(window.of("offered_at"), is_struck=False).exclude(state=States.RECALLED)
    before = offered.filter(lead=OuterRef("lead"), ordinal__lt=OuterRef("ordinal"))
    talks = LeadEvent.objects.filter(
        lead=OuterRef("lead"), kind="conversed", occurred_at__gte=OuterRef("offered_at"), occurred_at__lt=window.until
    )
    # Most handoffs are the first of their lead, and nothing has to be looked up for those.
    return offered.filter(Q(ordinal=1) | ~Exists(before)).annotate(conversed=Exists(talks))


CONVERSED = Q(conversed=True)


def _conversations(window: Window) -> dict[str, tuple[int, int]]:
    rows = handed_off(window).order_by().values_list("tier")
    counted = rows.annotate(whole=Count("pk"), part=Count("pk", filter=CONVERSED))
    return {tier: (whole, part) for tier, whole, part in counted}


def _of_tier(counts: Mapping[str, tuple[int, int]], wanted: Wanted) -> Reached:
    meant = [pair for tier, pair in counts.items() if wanted.of in ("", tier)]
    whole, part = sum(pair[0] for pair in meant), sum(pair[1] for pair in meant)
    return Reached(Decimal(part), Decimal(whole), whole)


def _handed_off_set(wanted: Wanted) -> tuple[QuerySet[Any], Q]:
    return handed_off(wanted.window).filter(Q(tier=wanted.of) if wanted.of else Q()), CONVERSED


# Deals ----------------------------------------------------------------------------------------------------------------


def opened(window: Window) -> QuerySet[Opportunity]:
    """The deals opened in the window on marketing’s leads, found through their events, which are indexed by time."""
    return _deals(window, "opportunity_opened", "opened_at").filter(FROM_MARKETING)


def won(window: Window) -> QuerySet[Opportunity]:
    """The deals won in the window, whoever found the lead."""
    return _deals(window, "won", "closed_at").filter(stage=Opportunity.Stages.WON)


def _deals(window: Window, kind: str, column: str) -> QuerySet[Opportunity]:
    events = LeadEvent.objects.filter(window.of("occurred_at"), kind=kind)
    return Opportunity.objects.filter(window.of(column), lead_id__in=events.values("lead_id"))


@dataclass(frozen=True, slots=True)
class Amounts:
    """Money by currency: in all, from marketing’s leads, and how many deals."""

    whole: Mapping[str, Decimal]
    part: Mapping[str, Decimal]
    count: Mapping[str, int]

    @staticmethod
    def of(deals: QuerySet[Opportunity]) -> Amounts:
        whole: dict[str, Decimal] = {}
        part: dict[str, Decimal] = defaultdict(Decimal)
        count: dict[str, int] = {}
        rows = (
            deals.order_by()
            .values_list("currency")
            .annotate(whole=Sum("amount"), part=Sum("amount", filter=FROM_MARKETING), number=Count("pk"))
        )
        for currency, in_all, from_marketing, number in rows:
            whole[currency], part[currency] = in_all or Decimal(0), from_marketing or Decimal(0)
            count[currency] = number
        return Amounts(whole, part, count)

    def elsewhere(self, currency: str) -> tuple[tuple[str, Decimal], ...]:
        return tuple(sorted((code, amount) for code, amount in self.whole.items() if code != currency and amount))


def _opened_amounts(window: Window) -> Amounts:
    return Amounts.of(opened(window))


def _won_amounts(window: Window) -> Amounts:
    return Amounts.of(won(window))


def _pipeline(amounts: Amounts, wanted: Wanted) -> Reached:
    currency = wanted.currency
    total, count = amounts.whole.get(currency, Decimal(0)), amounts.count.get(currency, 0)
    return Reached(total, counted=count, elsewhere=amounts.elsewhere(currency))


def _revenue(amounts: Amounts, _wanted: Wanted) -> Reached:
    """Give the share in the currency in which most deals were won; what was won in others is named."""
    if not amounts.count:
        return Reached(whole=Decimal(0))
    currency = min(amounts.count, key=lambda code: (-amounts.count[code], code))
    return Reached(
        amounts.part[currency], amounts.whole[currency], amounts.count[currency], currency, amounts.elsewhere(currency)
    )


def _alike(found: Reached, _wanted: Wanted) -> Reached:
    return found


Read = Callable[[Any, Wanted], Reached]
FIGURES: dict[str, tuple[Callable[[Window], Any], Read]] = {
    "mql_volume": (_mqls, _volume),
    "mql_value": (_mqls, _value),
    "acceptance_rate": (_acceptance, _alike),
    "conversation_share": (_conversations, _of_tier),
    "pipeline_value": (_opened_amounts, _pipeline),
    "revenue_share": (_won_amounts, _revenue),
}
"""By target, what counts it for a window, and what reads it from there."""

SETS: dict[str, Callable[[Wanted], tuple[QuerySet[Any], Q]]] = {
    "mql_volume": _mql_set,
    "mql_value": _mql_set,
    "acceptance_rate": lambda wanted: (judged_handoffs(wanted.window), ACCEPTED),
    "conversation_share": _handed_off_set,
    "pipeline_value": lambda wanted: (opened(wanted.window).filter(currency=wanted.currency), Q()),
    "revenue_share": lambda wanted: (won(wanted.window), FROM_MARKETING),
}
"""By target, the rows it is about, and which of them count for it."""
