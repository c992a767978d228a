"""Who is it? Finds the contacts, companies and leads that a batch speaks of, and joins what belongs together.

A contact is recognised by its external id, else its email, else its phone; a phone alone never joins two people whose emails or external ids
differ. A company is recognised by its domain, else by its name where one of the two has no domain. What the batch itself brings is
matched in the same way, in the order of arrival, so that a duplicate inside a batch meets the one before it.

Everything is read by the stored matching forms, which are indexed, with three statements for any number of arrivals. Contacts, then leads,
are locked in the order of their ids: two processes that take in the same person wait for each other. What hangs on a locked row is read
after the lock, by the next statement: one that has waited sees the locked rows as they are now, and any other as it was when it began.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any

from django.db import connection
from django.db.models import Model

from leads.intake.normalise import Clean
from leads.intake.states import CONTACT_TEXTS, CompanyState, ContactState, LeadState
from leads.lifecycle import Stage
from leads.models import Clock, Company, Contact, Handoff, Lead
from ledger.rows import reserve_beside, reserve_ids
from ledger.selecting import Query, ids, select, select_all

_COMPANY = "m.id, m.name, m.name_key, m.domain, m.industry, m.employee_count, m.country, m.region, m.is_target_account, m.is_customer"

TOUCHES = """
SELECT t.key, k.id, k.contact_id, k.stage FROM leads_touch t JOIN leads_lead l ON l.id = t.lead_id
JOIN leads_lead k ON k.id = COALESCE(l.merged_into_id, l.id)
WHERE t.key IS NOT NULL AND t.key = ANY(%s)"""
"""What was taken in before is answered with the lead that goes on, where two were merged since."""

CONTACTS = """
SELECT c.id, c.external_id, c.name, c.email, c.email_key, c.phone, c.phone_key, c.job_title, c.role, c.seniority, c.country,
    c.region, c.language, c.lawful_basis, c.company_id, c.merged_into_id
FROM leads_contact c
WHERE c.id IN (
    SELECT id FROM leads_contact WHERE email_key IS NOT NULL AND email_key = ANY(%s)
    UNION SELECT id FROM leads_contact WHERE external_id IS NOT NULL AND external_id = ANY(%s)
    UNION SELECT id FROM leads_contact WHERE phone_key IS NOT NULL AND phone_key = ANY(%s))
ORDER BY c.id"""

CONTACTS_BY_ID = """
SELECT c.id, c.external_id, c.name, c.email, c.email_key, c.phone, c.phone_key, c.job_title, c.role, c.seniority, c.country,
    c.region, c.language, c.lawful_basis, c.company_id, c.merged_into_id
FROM leads_contact c WHERE c.id = ANY(%s) ORDER BY c.id"""
"""Those that others were merged into. They are locked after them: of two processes that meet the other way round one begins again."""

COMPANIES = f"""
SELECT {_COMPANY} FROM leads_company m
WHERE m.id IN (
    SELECT id FROM leads_company WHERE domain IS NOT NULL AND domain = ANY(%s)
    UNION SELECT id FROM leads_company WHERE name_key = ANY(%s))
ORDER BY m.id"""  # noqa: S608

FIRMS = f"SELECT {_COMPANY} FROM leads_company m WHERE m.id = ANY(%s)"  # noqa: S608

LEADS = """
SELECT l.id, l.contact_id, l.captured_at, l.last_touch_at, l.product_id,
    COALESCE((SELECT p.code FROM personas_product p WHERE p.id = l.product_id), ''), l.stage, l.origin, l.kind, l.tier,
    l.owner_id, l.queue_id, l.marketer_id, l.source, l.first_campaign_id, l.last_campaign_id, l.is_hand_raise, l.fit,
    l.persona_id, l.engagement_fixed, l.engagement_level, l.half_life_days, l.mql_at, l.sal_at, l.handoff_count,
    l.needs_new_reason, l.is_history
FROM leads_lead l WHERE l.contact_id = ANY(%s) ORDER BY l.id"""

HANDOFFS = """
SELECT h.lead_id, h.id, h.assignee_id, h.state FROM leads_handoff h WHERE h.lead_id = ANY(%s) ORDER BY h.lead_id, h.ordinal"""
"""The newest comes last: it alone may be open."""


class Book:
    """The contacts, companies and leads of one batch, found or new."""

    def __init__(self, cleans: Sequence[Clean], *, with_handoffs: bool, only_read: bool = False) -> None:
        """Look up what ``cleans`` speak of and take ids for what they may bring; ``with_handoffs`` for handoffs and clocks too.

        With ``only_read`` nothing is locked and no id taken: what would be new has a number below zero.
        """
        self._only_read = only_read
        self.companies: dict[int, CompanyState] = {}
        self.contacts: dict[int, ContactState] = {}
        self.leads: dict[int, LeadState] = {}
        self._by_domain: dict[str, CompanyState] = {}
        self._by_name: defaultdict[str, list[CompanyState]] = defaultdict(list)
        self._by_external_id: dict[str, ContactState] = {}
        self._by_email: dict[str, ContactState] = {}
        self._by_phone: defaultdict[str, list[ContactState]] = defaultdict(list)
        needed = {} if only_read else _needed(cleans, with_handoffs)
        reserved, (touches, contacts, companies) = reserve_beside(needed, *_questions(cleans, self._row_lock))
        self._lead_ids, self._contact_ids, self._company_ids = (
            count(-1, -1) if only_read else iter(reserved[model]) for model in (Lead, Contact, Company)
        )
        self.for_handoffs: dict[type[Model], list[int]] = {model: reserved.get(model, []) for model in (Handoff, Clock)}
        self.known_touches = {row[0]: (row[1], row[2], row[3]) for row in touches}
        """Lead, contact and stage of the touches that were taken in before, by their keys."""
        company_ids = self._load_contacts(contacts)
        self._load_companies(companies)
        self._load_leads()
        self._load_firms_and_handoffs(company_ids)

    # Loading

    def _row_lock(self, table: str) -> str:
        """Lock against other writers but not against foreign keys that point here."""
        return "" if self._only_read or connection.vendor != "postgresql" else f" FOR NO KEY UPDATE OF {table}"

    def _load_contacts(self, rows: Sequence[tuple[Any, ...]]) -> dict[int, int]:
        """Keep the contacts, and give the company of each that has one."""
        merged = {row[0]: row[15] for row in rows if row[15] is not None}
        if absent := ids(merged.values()) if merged else []:
            rows = [*select(CONTACTS_BY_ID + self._row_lock("c"), [absent]), *rows]
        states = {row[0]: ContactState(*row[:14]) for row in rows}
        for contact_id, state in states.items():
            self._keep_contact(state) if contact_id not in merged else None
        for contact_id, kept_id in merged.items():
            self._know_as(states[contact_id], states[kept_id])
        return {row[0]: row[14] for row in rows if row[14] is not None and row[0] not in merged}

    def _load_companies(self, rows: Sequence[tuple[Any, ...]]) -> None:
        for row in rows:
            if row[0] not in self.companies:
                self._keep_company(CompanyState(*row))

    def _load_leads(self) -> None:
        if not self.contacts:
            return
        for row in select(LEADS + self._row_lock("l"), [ids(self.contacts)]):
            contact = self.contacts[row[1]]
            lead = LeadState(row[0], contact, _instant(row[2]) or row[2], _instant(row[3]) or row[3], *row[4:22])
            lead.is_hand_raise, lead.mql_at, lead.sal_at = bool(row[16]), _instant(row[22]), _instant(row[23])
            lead.handoff_count, lead.needs_new_reason, lead.is_history = row[24], bool(row[25]), bool(row[26])
            contact.leads.append(lead)
            self.leads[lead.id] = lead

    def _load_firms_and_handoffs(self, company_ids: Mapping[int, int]) -> None:
        """Look for the companies of the contacts, and which leads are offered to sales, or were recalled."""
        offered = ids(lead.id for lead in self.leads.values() if lead.stage == Stage.MQL or lead.needs_new_reason)
        firms = ids(company_id for company_id in company_ids.values() if company_id not in self.companies)
        if not offered and not firms:
            handoffs, companies = [], []
        else:
            handoffs, companies = select_all([(HANDOFFS, [offered]), (FIRMS, [firms])])
        for lead_id, handoff_id, assignee_id, state in handoffs:
            lead, is_open = self.leads[lead_id], state == Handoff.States.OPEN
            lead.handoff_id, lead.assignee_id = (handoff_id, assignee_id) if is_open else (None, None)
            lead.was_recalled = state == Handoff.States.RECALLED
        self._load_companies(companies)
        for contact_id, company_id in company_ids.items():
            self.contacts[contact_id].company = self.companies[company_id]

    def next_lead_id(self) -> int:
        """Give the id for a new lead."""
        return next(self._lead_ids)

    # Matching

    def contact_for(self, clean: Clean) -> ContactState:
        """Give the contact that ``clean`` speaks of, a new one where there is none, with its blanks filled."""
        contact = self._known_contact(clean)
        if contact is None:
            contact = ContactState(next(self._contact_ids), is_new=True)
            self.contacts[contact.id] = contact
        self._learn(contact, clean)
        return contact

    def _known_contact(self, clean: Clean) -> ContactState | None:
        if clean.external_id and clean.external_id in self._by_external_id:
            return self._by_external_id[clean.external_id]
        if clean.email_key and clean.email_key in self._by_email:
            return self._by_email[clean.email_key]
        if not clean.phone_key:
            return None
        candidates = self._by_phone.get(clean.phone_key, ())
        return next((contact for contact in candidates if _may_be(contact, clean)), None)

    def _learn(self, contact: ContactState, clean: Clean) -> None:
        texts = clean.texts
        for name in CONTACT_TEXTS:
            if texts[name]:
                contact.fill(name, texts[name])
        if clean.email_key and clean.email_key not in self._by_email and contact.email_key is None:
            contact.fill("email", texts["email"])
            contact.fill("email_key", clean.email_key)
        if clean.external_id and clean.external_id not in self._by_external_id:
            contact.fill("external_id", clean.external_id)
        if texts["phone"] and not contact.phone:
            contact.fill("phone", texts["phone"])
            contact.fill("phone_key", clean.phone_key)
        self._keep_contact(contact)
        self._learn_company(contact, clean)

    def _learn_company(self, contact: ContactState, clean: Clean) -> None:
        """A contact keeps the company that is known; its data are filled only by who speaks of the same company."""
        if contact.company is None:
            contact.company = self.company_for(clean)
            if contact.company is None:
                return
            contact.changed.add("company")
        if contact.company.is_named_by(clean):
            contact.company.learn(clean)
            self._keep_company(contact.company)

    def company_for(self, clean: Clean) -> CompanyState | None:
        """Give the company that ``clean`` names, a new one where there is none; nothing where it names none."""
        if clean.domain:
            found = self._by_domain.get(clean.domain)
            same_name = self._by_name.get(clean.company_key, ()) if clean.company_key else ()
            found = found or next((company for company in same_name if company.domain is None), None)
        else:
            found = next(iter(self._by_name.get(clean.company_key, ())), None) if clean.company_key else None
        if found or not (clean.domain or clean.company_key):
            return found
        name = clean.texts["company"] or clean.domain or ""
        key = clean.company_key or name
        return self._keep_company(CompanyState(self._next_company_id(), name, key, clean.domain, is_new=True))

    def _next_company_id(self) -> int:
        found = next(self._company_ids, None)
        return reserve_ids(Company, 1)[0] if found is None else found

    def lead_for(self, contact: ContactState, product_id: int | None) -> LeadState | None:
        """Give the open lead that a touch joins, or the recycled one that it brings back.

        With a product: the open lead for it, else an open one without product. Without: the one without product, else the newest open.
        """
        open_leads = [lead for lead in contact.leads if lead.is_open]
        same = [lead for lead in open_leads if lead.product_id == product_id]
        unnamed = [lead for lead in open_leads if lead.product_id is None]
        if same or unnamed:
            return (same or unnamed)[-1]
        if product_id is None and open_leads:
            return open_leads[-1]
        latest = next((lead for lead in reversed(contact.leads) if product_id in (None, lead.product_id)), None)
        return latest if latest is not None and latest.stage == Stage.RECYCLED and not open_leads else None

    # Keeping

    def _keep_contact(self, contact: ContactState) -> None:
        self.contacts[contact.id] = contact
        if contact.external_id:
            self._by_external_id.setdefault(contact.external_id, contact)
        if contact.email_key:
            self._by_email.setdefault(contact.email_key, contact)
        if contact.phone_key and contact not in self._by_phone[contact.phone_key]:
            self._by_phone[contact.phone_key].append(contact)

    def _know_as(self, merged: ContactState, kept: ContactState) -> None:
        """Find under what a merged contact was recognised by the one that goes on for it."""
        if merged.external_id:
            self._by_external_id[merged.external_id] = kept
        if merged.email_key:
            self._by_email[merged.email_key] = kept
        if merged.phone_key and kept not in self._by_phone[merged.phone_key]:
            self._by_phone[merged.phone_key].append(kept)

    def _keep_company(self, company: CompanyState) -> CompanyState:
        self.companies[company.id] = company
        if company.domain:
            self._by_domain.setdefault(company.domain, company)
        if company.name_key and all(other is not company for other in self._by_name[company.name_key]):
            self._by_name[company.name_key].append(company)
        return company


def _questions(cleans: Sequence[Clean], row_lock: Callable[[str], str]) -> list[Query]:
    """Ask for the touches taken in before, the contacts (locked) and the companies, by their matching forms."""
    keys, emails, external_ids, phones, domains, names = (
        sorted({value for value in values if value})
        for values in zip(
            *((c.key, c.email_key, c.external_id, c.phone_key, c.domain, c.company_key) for c in cleans), strict=True
        )
    )
    return [
        (TOUCHES, [keys]), (CONTACTS + row_lock("c"), [emails, external_ids, phones]), (COMPANIES, [domains, names])
    ]  # fmt: skip


def _needed(cleans: Sequence[Clean], with_handoffs: bool) -> dict[type[Model], int]:
    """Give how many rows the batch can bring: a lead, a contact and a handoff with its clock for each arrival, a company for each name."""
    companies = len({clean.domain or clean.company_key for clean in cleans} - {""})
    handoffs = len(cleans) if with_handoffs else 0
    return {Lead: len(cleans), Contact: len(cleans), Company: companies, Handoff: handoffs, Clock: handoffs}


def _may_be(contact: ContactState, clean: Clean) -> bool:
    """Tell whether a contact with the same phone may be who arrives: no email and no external id contradicts it."""
    return not (
        (clean.email_key and contact.email_key and clean.email_key != contact.email_key)
        or (clean.external_id and contact.external_id and clean.external_id != contact.external_id)
    )


def _instant(value: datetime | None) -> datetime | None:
    """Give an instant as read: PostgreSQL gives it aware, SQLite without its zone, which is UTC."""
    return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value
