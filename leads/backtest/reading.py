"""Read what a backtest needs: the leads of a period with all that was known of them, and the versions that judge. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.utils.timezone import get_default_timezone

from inputs.moments import midnight
from inputs.refusals import Problem
from leads.backtest.replaying import Past
from leads.backtest.scenario import BadBacktest
from leads.facts import facts_of
from leads.models import Lead, LeadEvent, Touch
from leads.qualifying import read_personas
from leads.scoring import BadScoring, Scoring, TouchLine, tier_of
from personas.conditions import BadRule, Rule, compile_rule
from personas.fit import Fit, ScoredPersona, score_fit
from sla.models import AgreementVersion
from sla.terms import BadTerms, canonical

BATCH = 2_000


class ContactRow(NamedTuple):
    """What the facts ask of a contact."""

    name: str
    email: str
    phone: str
    job_title: str
    role: str
    seniority: str
    country: str
    region: str
    language: str
    lawful_basis: str


class CompanyRow(NamedTuple):
    """What the facts ask of a company."""

    name: str
    domain: str | None
    industry: str
    employee_count: int | None
    country: str
    region: str
    is_target_account: bool
    is_customer: bool


class LeadRow(NamedTuple):
    """What the facts ask of a lead; ``fit`` is set when it is judged."""

    kind: str
    origin: str
    source: str
    tier: str
    is_hand_raise: bool = False
    fit: int | None = None


CONTACT = [f"contact__{name}" for name in ContactRow._fields]
COMPANY = [f"contact__company__{name}" for name in CompanyRow._fields]
LEAD = ("kind", "origin", "source", "tier")
TIMES = ("mql_at", "sal_at", "sql_at", "opportunity_at", "customer_at", "advocate_at")
COLUMNS = (
    "id",
    "captured_at",
    "contact__company_id",
    "product__code",
    "handoff_count",
    *TIMES,
    *LEAD,
    *CONTACT,
    *COMPANY,
)
FIRST_OF_FACTS = COLUMNS.index("kind")


@dataclass(frozen=True, slots=True)
class Court:
    """A version of the agreement as it judges, signed or not; ``edition`` changes with anything that it judges by."""

    number: int
    words: str
    edition: str
    scoring: Scoring
    personas: tuple[ScoredPersona, ...]
    mql_rule: Rule
    tier_rules: Mapping[str, Rule]

    def fit(self, facts: Mapping[str, Any], /) -> Fit:
        return score_fit(self.personas, facts, self.scoring.negatives)

    def tier(self, facts: Mapping[str, Any], /) -> str:
        return tier_of(self.tier_rules, facts)


def court_of(version: AgreementVersion, *, field: str) -> Court:
    """Compile what ``version`` says or, as a draft, would say when it is signed; raises ``BadBacktest`` about ``field`` where it cannot be read."""
    try:
        terms = version.parsed_terms
        pins = [version.scoring_id, *version.personas.order_by("pk").values_list("pk", flat=True)]
        return Court(
            number=version.number,
            words=f"version {version.number}",
            edition=sha256(f"{canonical(version.terms)} {pins}".encode()).hexdigest()[:16],
            scoring=Scoring.from_terms(version.scoring_id, version.scoring.terms),
            personas=read_personas(pins[1:]),
            mql_rule=compile_rule(terms.mql_rule),
            tier_rules={tier: compile_rule(rule) for tier, rule in terms.tier_rules.items()},
        )
    except (BadTerms, BadRule, BadScoring) as error:
        problem = Problem(field, "unusable", f"Version {version.number} cannot be tried: {error}")
        raise BadBacktest.of([problem]) from error


def leads_of(first: date, until: date) -> QuerySet[Lead]:
    """Give the leads of marketing that came in from ``first`` up to, not including, ``until``, as the company's days begin.

    A lead that was merged into another is part of that one.
    """
    zone: Any = get_default_timezone()
    return Lead.objects.filter(
        captured_at__gte=midnight(first, zone), captured_at__lt=midnight(until, zone), origin=Lead.Origins.MARKETING,
        merged_into__isnull=True,
    )  # fmt: skip


def pasts(first: date, until: date) -> Iterator[Past]:
    """Read these leads, the newest first, in batches of four queries each."""
    ids = list(leads_of(first, until).order_by("-captured_at", "-id").values_list("id", flat=True))
    for start in range(0, len(ids), BATCH):
        yield from _batch(ids[start : start + BATCH])


def _batch(ids: list[int]) -> Iterator[Past]:
    rows = {row[0]: row for row in Lead.objects.filter(pk__in=ids).values_list(*COLUMNS)}
    touches: dict[int, list[TouchLine]] = {}
    kept = dict(Lead.objects.filter(merged_into__in=ids).values_list("id", "merged_into_id"))
    every = [*ids, *kept]
    in_order = Touch.objects.filter(lead__in=every).order_by("occurred_at", "id")
    for lead_id, kind, at in in_order.values_list("lead_id", "kind", "occurred_at"):
        touches.setdefault(kept.get(lead_id, lead_id), []).append(TouchLine(kind, at))
    reached = _reached(every, kept)
    for lead_id in ids:
        if lead_id in rows:
            yield _past(rows[lead_id], touches.get(lead_id, ()), reached.get(lead_id, {}))


REACHED_BY = ("qualified", "accepted", "qualified_for_sales", "won")
"""Events that tell of a stage reached in any life of a lead; its columns tell of the present one."""


def _reached(ids: list[int], kept: Mapping[int, int]) -> dict[int, dict[str, tuple[datetime, str]]]:
    """Give for each lead, and what was merged into it, the first event of each of these kinds: when, and its code."""
    found: dict[int, dict[str, tuple[datetime, str]]] = {}
    events = LeadEvent.objects.filter(lead__in=ids, kind__in=REACHED_BY).order_by("occurred_at", "id")
    for lead_id, kind, at, code in events.values_list("lead_id", "kind", "occurred_at", "code"):
        found.setdefault(kept.get(lead_id, lead_id), {}).setdefault(kind, (at, code))
    return found


def _past(row: tuple[Any, ...], touches: Any, reached: Mapping[str, tuple[datetime, str]]) -> Past:
    lead_id, captured_at, company_id, product, handoff_count, mql_at, sal_at, *later = row[:FIRST_OF_FACTS]
    sql_at, opportunity_at, customer_at, advocate_at = later
    facts_at, contact_at = FIRST_OF_FACTS, FIRST_OF_FACTS + len(LEAD)
    company_at = contact_at + len(CONTACT)
    facts = facts_of(
        contact=ContactRow._make(row[contact_at:company_at]),
        company=CompanyRow._make(row[company_at:]) if company_id else None,
        lead=LeadRow(*row[facts_at:contact_at]),
        engagement=0, product=product or "",
    )  # fmt: skip
    first, code = reached.get("qualified", (mql_at, ""))
    is_won = bool(customer_at or advocate_at or "won" in reached)
    is_sql = bool(is_won or sql_at or opportunity_at or "qualified_for_sales" in reached)
    return Past(
        lead_id, captured_at, facts, touches,
        mql_at=first, by_word=code == "manual",
        was_with_sales=bool(is_sql or handoff_count or sal_at or "accepted" in reached), is_sql=is_sql, is_won=is_won,
    )  # fmt: skip
