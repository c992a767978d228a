"""What rules may ask about a lead: one set of facts for the MQL rule, the tiers, fit and routing. Pure.

The same names for a click as for a batch: ``contact``, ``company`` and ``lead`` may be rows of the models or the intake's own states.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from leads.mail import is_disposable, is_free_mail
from leads.scoring import engagement_now
from personas.conditions import is_blank
from personas.fit import grade

FACTS = frozenset(
    {
        "name", "email", "phone", "job_title", "role", "seniority", "country", "region", "language", "company",
        "domain", "email_domain", "industry", "employee_count", "is_target_account", "is_customer", "kind", "origin", "source", "product",
        "is_hand_raise", "fit", "grade", "engagement", "tier",
    }
)  # fmt: skip

MISSING_WORDS = {
    "name": "the person’s name",
    "reach": "an email address that lasts, or a phone number",
    "email": "an email address that lasts",
    "business_email": "an email address that is not free mail",
    "consent": "the contact’s consent",
    "phone": "a phone number",
    "company": "the company",
    "source": "where the lead came from",
    "country": "the country",
    "third_handoff": "a marketing manager’s word, for it was handed off twice before",
    "no_routing": "routing rules that are active",
    "no_calendar": "a calendar for whoever would take it",
}


def facts_of(
    *, contact: Any, company: Any, lead: Any, engagement: int, product: str = "", fit: int | None = None,
    is_hand_raise: bool | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Gather the facts, and beside them on what basis we may write to the contact. ``fit`` and ``is_hand_raise`` are the lead's own unless given; ``product`` is a code."""
    fit = lead.fit if fit is None else fit
    return {
        "name": contact.name,
        "email": contact.email,
        "phone": contact.phone,
        "job_title": contact.job_title,
        "role": contact.role,
        "seniority": contact.seniority,
        "country": contact.country or (company.country if company else ""),
        "region": contact.region or (company.region if company else ""),
        "language": contact.language,
        "company": company.name if company else "",
        "domain": (company.domain or "") if company else "",
        "email_domain": contact.email.rpartition("@")[2],
        "industry": company.industry if company else "",
        "employee_count": company.employee_count if company else None,
        "is_target_account": bool(company and company.is_target_account),
        "is_customer": bool(company and company.is_customer),
        "kind": lead.kind,
        "origin": lead.origin,
        "source": lead.source,
        "product": product,
        "is_hand_raise": lead.is_hand_raise if is_hand_raise is None else is_hand_raise,
        "fit": fit,
        "grade": grade(fit),
        "engagement": engagement,
        "tier": lead.tier,
        "lawful_basis": contact.lawful_basis,
    }


def facts_now(lead: Any, at: datetime) -> dict[str, Any]:
    """Gather the facts of a stored lead as of ``at``; get it with its ``contact__company`` and ``product``."""
    return facts_of(
        contact=lead.contact, company=lead.contact.company, lead=lead, engagement=engagement_now(lead, at),
        product=lead.product.code if lead.product else "",
    )  # fmt: skip


def missing_for_handoff(required: Sequence[str], facts: Mapping[str, Any]) -> tuple[str, ...]:
    """Give the codes of ``required`` (an agreement's list) that the facts do not answer; *unknown* is no source, an address to throw away none."""
    return tuple(code for code in required if _is_missing(code, facts))


def _is_missing(code: str, facts: Mapping[str, Any]) -> bool:
    if code == "reach":
        return _has_no_email(facts) and is_blank(facts.get("phone"))
    if code == "email":
        return _has_no_email(facts)
    if code == "source":
        return facts.get("source") in ("", "unknown", None)
    if code == "business_email":
        return _has_no_email(facts) or is_free_mail(facts["email"])
    if code == "consent":
        return facts.get("lawful_basis") != "consent"
    return is_blank(facts.get(code))


def _has_no_email(facts: Mapping[str, Any]) -> bool:
    email = facts.get("email")
    return not email or is_disposable(email)
