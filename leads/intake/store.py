"""Write what a batch made of its companies, contacts, leads and touches: a statement for each kind of row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from leads.intake.attempts import Overtaken
from leads.intake.match import Book
from leads.intake.states import CompanyState, ContactState, LeadState
from leads.models import Company, Contact, Lead, Touch
from leads.second_life import FRESH
from ledger.rows import insert_rows, update_rows

COMPANY_BLANKS = ("name", "name_key", "domain", "industry", "employee_count", "country", "region")
COMPANY_COLUMNS = ("id", *COMPANY_BLANKS, "is_target_account", "is_customer", "created_at")
CONTACT_BLANKS = (
    "external_id", "name", "email", "email_key", "phone", "phone_key", "job_title", "role", "seniority", "country",
    "region", "language", "lawful_basis",
)  # fmt: skip
CONTACT_COLUMNS = ("id", *CONTACT_BLANKS, "company_id", "created_at")
LEAD_CHANGES = (
    "product_id", "stage", "tier", "kind", "queue_id", "marketer_id", "source", "first_campaign_id", "last_campaign_id", "is_hand_raise",
    "fit", "persona_id", "engagement_fixed", "engagement_level", "half_life_days", "mql_at", "last_touch_at",
    "handoff_count", "needs_new_reason", "is_history",
)  # fmt: skip
LEAD_COLUMNS = (
    "id", *LEAD_CHANGES, "contact_id", "origin", "owner_id", "captured_at", "sal_at", "attempt_count",
)  # fmt: skip
TOUCH_COLUMNS = (
    "lead_id", "contact_id", "kind", "source", "source_raw", "medium", "campaign_id", "utm", "landing_page", "note",
    "key", "occurred_at", "recorded_at",
)  # fmt: skip


def store(book: Book, leads: Sequence[LeadState], touches: Sequence[tuple[Any, ...]], *, at: datetime) -> None:
    """Write the changed and new rows of ``book``, the ``leads`` that were touched, and their ``touches``.

    Rows with unique columns go in the order of these, so that two processes with the same people wait for each other in a line.
    """
    store_companies(book.companies.values(), at=at)
    _store_contacts(book.contacts.values(), at)
    insert_rows(Lead, LEAD_COLUMNS, [_new_lead(lead) for lead in leads if lead.is_new])
    revived = [(lead.id, *FRESH.values()) for lead in leads if lead.is_revived]
    update_rows(Lead, tuple(FRESH), revived, returning=())
    changed = [(lead.id, *_lead_values(lead)) for lead in leads if not lead.is_new]
    update_rows(Lead, LEAD_CHANGES, changed, returning=())
    insert_rows(Touch, TOUCH_COLUMNS, touches)


def store_companies(companies: Iterable[CompanyState], *, at: datetime) -> None:
    """Write the new ones of ``companies``, and of the others what was filled in.

    Nobody holds a company, and somebody may correct it right now: it changes only where it still says what was read, else ``Overtaken``.
    """
    companies = list(companies)
    filled = sorted((company for company in companies if company.changed and not company.is_new), key=lambda c: c.id)
    rows = [(company.id, *_values(company, COMPANY_BLANKS), *_former_values(company)) for company in filled]
    if len(update_rows(Company, COMPANY_BLANKS, rows, expected=COMPANY_BLANKS)) < len(rows):
        raise Overtaken("Somebody else changed a company in the meantime.")
    new = sorted((company for company in companies if company.is_new), key=lambda c: (c.domain or "", c.name_key))
    insert_rows(Company, COMPANY_COLUMNS, [_new_company(company, at) for company in new])


def _store_contacts(contacts: Any, at: datetime) -> None:
    new = sorted(
        (contact for contact in contacts if contact.is_new),
        key=lambda c: (c.email_key or "", c.external_id or "", c.phone_key or ""),
    )
    insert_rows(Contact, CONTACT_COLUMNS, [_new_contact(contact, at) for contact in new])
    filled = [contact for contact in contacts if contact.changed and not contact.is_new]
    update_rows(
        Contact,
        (*CONTACT_BLANKS, "company_id", "is_compared"),
        [(contact.id, *_values(contact, CONTACT_BLANKS), _id(contact.company), False) for contact in filled],
        returning=(),
    )


def _new_company(company: CompanyState, at: datetime) -> tuple[Any, ...]:
    return (company.id, *_values(company, COMPANY_BLANKS), False, False, at)


def _former_values(company: CompanyState) -> tuple[Any, ...]:
    return tuple([company.changed.get(name, getattr(company, name)) for name in COMPANY_BLANKS])


def _new_contact(contact: ContactState, at: datetime) -> tuple[Any, ...]:
    return (contact.id, *_values(contact, CONTACT_BLANKS), _id(contact.company), at)


def _new_lead(lead: LeadState) -> tuple[Any, ...]:
    return (
        lead.id, *_lead_values(lead), lead.contact.id, lead.origin, lead.owner_id, lead.captured_at,
        lead.sal_at, 0,
    )  # fmt: skip


def _lead_values(lead: LeadState) -> tuple[Any, ...]:
    return (
        lead.product_id, str(lead.stage), lead.tier, lead.kind, lead.queue_id, lead.marketer_id, lead.source, lead.first_campaign_id,
        lead.last_campaign_id, lead.is_hand_raise, lead.fit, lead.persona_id, lead.engagement_fixed,
        lead.engagement_level, lead.half_life_days, lead.mql_at, lead.last_touch_at, lead.handoff_count,
        lead.needs_new_reason, lead.is_history,
    )  # fmt: skip


def _values(row: Any, names: Sequence[str]) -> tuple[Any, ...]:
    return tuple([getattr(row, name) for name in names])


def _id(company: CompanyState | None) -> int | None:
    return company.id if company else None
