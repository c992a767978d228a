"""Targets that are promised, and what counts for them: plain rows of leads, events, handoffs and deals."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from leads.models import Clock, Handoff, Lead, LeadEvent, Opportunity, TargetPeriod
from leads.periods import open_periods
from leads.sweep import SweepResult, sweep
from ledger.models import Notice
from personas.defaults import create_default_scoring
from personas.models import Persona, PersonaVersion, ScoringVersion
from sla.agreements import draft_from_template, propose, sign
from sla.default_terms import default_document
from sla.in_force import InForce, agreement_in_force
from sla.promises import TARGETS
from teams.models import User
from teams.roles import Side
from tests.cast import make_lead

BEFORE = datetime(2026, 1, 20, 12, tzinfo=UTC)
"""When the agreement is signed: the first whole month is February, the first whole quarter the second."""
FEBRUARY, MARCH, APRIL = (datetime(2026, month, 1, tzinfo=UTC) for month in (2, 3, 4))
JULY = datetime(2026, 7, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def target(code: str, amount: int, of: str = "", **more: Any) -> dict[str, Any]:
    """Write a target as the document of an agreement has it."""
    kind = TARGETS[code]
    return {"code": code, "side": kind.side, "words": kind.words, "amount": amount, "of": of, **more}


def promise(mona: User, sue: User, *targets: dict[str, Any], at: datetime = BEFORE, **terms: Any) -> InForce:
    """Sign an agreement with these targets, in force from ``at``."""
    if not ScoringVersion.objects.exists():
        create_default_scoring(at=at)
    document = {**default_document(), **terms, "targets": list(targets)}
    draft = draft_from_template(actor=mona, at=at, document=document)
    version = propose(actor=mona, version=draft, at=at)
    for manager, side in ((mona, Side.MARKETING), (sue, Side.SALES)):
        version = sign(actor=manager, version=version, side=side, terms_hash=version.terms_hash, at=at)
    return agreement_in_force(at)


def happened(lead: Lead, kind: str, at: datetime, **fields: Any) -> LeadEvent:
    return LeadEvent.objects.create(lead=lead, kind=kind, occurred_at=at, recorded_at=at, **fields)


def mql(at: datetime, *, persona: str = "", **fields: Any) -> Lead:
    """Make a lead that became an MQL at ``at``."""
    version = persona_version(persona) if persona else None
    lead = make_lead(captured_at=at, mql_at=at, persona=version, **fields)
    happened(lead, "qualified", at)
    return lead


def persona_version(code: str) -> PersonaVersion:
    persona, _ = Persona.objects.get_or_create(code=code, defaults={"created_at": BEFORE})
    found, _ = PersonaVersion.objects.get_or_create(
        persona=persona, number=1, defaults={"name": code.title(), "criteria": [], "story": {}, "created_at": BEFORE}
    )
    return found


def handed(
    at: datetime, agreement: InForce, *, state: str = "accepted", lead: Lead | None = None, ordinal: int = 1,
    tier: str = "hot", decided_at: datetime | None = None, **fields: Any,
) -> Handoff:  # fmt: skip
    """Make a handoff that was decided, by default as it was offered."""
    lead = lead or make_lead(captured_at=at, tier=tier)
    if state == "rejected" and "reason" not in fields:
        fields["reason"] = "wrong_role"
    return Handoff.objects.create(
        lead=lead, ordinal=ordinal, version_id=agreement.version_id, tier=tier, offered_at=at, state=state,
        decided_at=None if state == "open" else decided_at or at, **fields,
    )  # fmt: skip


def deal(at: datetime, amount: int | None, *, won_at: datetime | None = None, origin: str = "marketing", **fields: Any) -> Opportunity:  # fmt: skip
    """Make a deal that was opened at ``at``, and won at ``won_at``."""
    lead = make_lead(captured_at=at, origin=origin)
    happened(lead, "opportunity_opened", at)
    if won_at is not None:
        happened(lead, "won", won_at)
        fields |= {"stage": "won", "closed_at": won_at}
    return Opportunity.objects.create(
        lead=lead, amount=None if amount is None else Decimal(amount), opened_at=at, **fields
    )  # fmt: skip


def begin(at: datetime) -> TargetPeriod:
    """Open what has begun by ``at``, and give the newest period."""
    open_periods(at=at)
    return TargetPeriod.objects.latest("pk")


def swept(at: datetime) -> SweepResult:
    return sweep(at=at)


def clock_of(period: TargetPeriod) -> Clock:
    return Clock.objects.get(period=period)


def steps_of(period: TargetPeriod) -> list[tuple[str, str]]:
    return list(clock_of(period).steps.order_by("pk").values_list("kind", "code"))


def heard(code: str) -> list[str]:
    """Give the names of who was told ``code`` in the app."""
    rows = Notice.objects.filter(code=code, channel="in_app").order_by("recipient__name")
    return list(rows.values_list("recipient__name", flat=True))
