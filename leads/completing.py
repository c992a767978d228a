"""Complete and correct what is known of a lead's contact and company, and judge again every lead that it concerns.

A company is shared: what is corrected on it concerns all open leads of its people, so those are judged, qualified and handed off in the same
transaction, with as many statements for a hundred as for one. The names of the company are locked first, so that nobody comes in who would
be judged by what it said before; then contacts before leads, as in the intake, then handoffs and clocks. The company itself is not locked, and
changes only where it still says what was read. Events and the audit entry name fields, never what stands in them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from inputs.refusals import Conflict, Invalid, Problem
from leads.codes import SOURCES
from leads.corrections import FIRM, Correction, correct, fingerprint, is_reason, values_of
from leads.holding import Held, NoSuchLead, Reach, hold, not_yours, permit, reach_of, refuse_merged
from leads.intake.attempts import attempt
from leads.intake.match import Book
from leads.intake.names import lock_names, names_of
from leads.intake.states import CompanyState
from leads.intake.store import store_companies
from leads.judging_again import NOTHING, Followed, judge_again
from leads.models import Company, Contact, Lead, Merge
from leads.record import Record
from ledger.rows import update_rows
from ledger.selecting import ids
from teams.models import User

SOURCE, UNKNOWN = "source", "unknown"
"""The one thing of the lead itself that a handoff may lack."""


class BadData(Invalid):
    """Some of what was given cannot be stored; ``problems`` names the fields."""

    code = "bad_data"


class EmailTaken(BadData):
    """Another contact has this address. ``details`` names them: nothing is merged unasked."""

    code = "email_taken"


class DomainTaken(BadData):
    """Another company has this domain; ``details`` names it."""

    code = "domain_taken"


class DataMoved(Conflict):
    """Somebody else changed it since the page was opened; ``details`` has the ``seen`` that saving on top of it needs."""

    code = "data_moved"


@dataclass(frozen=True, slots=True)
class Completed:
    """What changed, by field, and what followed for the lead that it was done on.

    ``joined`` names a company that was known before and that the person belongs to now: what was known of it stays.
    """

    fields: tuple[str, ...]
    followed: Followed = NOTHING
    joined: str = ""


@dataclass(frozen=True, slots=True)
class Firm:
    """The company that the contact has afterwards, and which of its columns change. ``state`` where it had to be looked for."""

    id: int | None
    columns: frozenset[str]
    state: CompanyState | None = None

    @property
    def fields(self) -> set[str]:
        return {name for name, column in FIRM.items() if column in self.columns}

    @property
    def found_name(self) -> str:
        """The name of a company that was looked for and was there."""
        return self.state.name if self.state is not None and not self.state.is_new else ""


def complete(
    *, lead_id: int, changes: Mapping[str, Any], actor: User, at: datetime, seen: str | None = None,
    is_elsewhere: bool = False,
) -> Completed:  # fmt: skip
    """Correct the fields that ``changes`` names (of ``leads.corrections.FIELDS``, or *source*); what follows by the rules follows at once.

    ``seen`` is the ``fingerprint`` of what the page showed. With ``is_elsewhere`` the person is put to the company that is named,
    found or new; otherwise the company that is known is corrected, for all its people. Raises ``NoSuchLead``, ``NotAllowed``,
    ``NotYours``, ``WasMerged``, ``DataMoved``, ``BadData``, ``EmailTaken``, ``DomainTaken`` and ``Busy``.
    """
    wish = _Wish(lead_id, changes, actor, at, seen, is_elsewhere)
    return attempt(lambda obstacle: _complete(wish, obstacle))


@dataclass(frozen=True, slots=True)
class _Wish:
    """The arguments of the verb."""

    lead_id: int
    changes: Mapping[str, Any]
    actor: User
    at: datetime
    seen: str | None
    is_elsewhere: bool


def may_complete(item: Held, actor: User, reach: Reach) -> bool:
    """Tell whether ``actor`` may correct this lead: marketing any, sales those that they may work."""
    is_in_reach = reach.may_work(item.rep_id, item.lead.queue_id)
    return actor.may("complete_lead") or (actor.may("complete_own_lead") and is_in_reach)


def _complete(wish: _Wish, obstacle: str) -> Completed:
    contact = _hold_contact(wish)
    wanted = correct(contact, contact.company, wish.changes, at=wish.at, is_elsewhere=wish.is_elsewhere)
    firm = _firm(contact, wanted, wish) if isinstance(wanted, Correction) else Firm(None, frozenset())
    held = _hold_leads(wish, contact, firm)
    item = next(item for item in held if item.lead.pk == wish.lead_id)
    _refuse(item, wish)
    if not isinstance(wanted, Correction):
        raise BadData("Some of this cannot be stored.", problems=tuple(wanted))
    source = _source(item.lead, wish)
    moves = firm.id != contact.company_id
    also = {"company": moves, SOURCE: source}
    fields = tuple(sorted({*wanted.fields, *firm.fields, *(name for name, is_changed in also.items() if is_changed)}))
    if not fields and not wish.is_elsewhere:  # also the second click on *Save*
        return Completed(())
    _refuse_stale(contact, wish)
    _refuse_others(contact, wanted, firm, wish)
    merges = _store(contact, wanted, firm, wish.at)
    if source:
        update_rows(Lead, (SOURCE,), [(wish.lead_id, source)], returning=())
    record = Record("complete", wish.actor.pk, wish.at)
    concerns = _concerns(held, item, fields, firm)
    _tell(record, held, item, concerns, source)
    told = [*(each.lead.pk for each in held), *_tell_of_key(record, merges, held)]
    reasons = _with_reason(held, item, concerns, firm)
    followed = judge_again(record, held, wish.lead_id, reasons, at=wish.at, obstacle=obstacle)
    record.write("lead", told, fields=list(fields), contact=contact.pk, company=firm.id)
    return Completed(fields, followed, joined=firm.found_name if moves else "")


# Holding --------------------------------------------------------------------------------------------------------------


def _hold_contact(wish: _Wish) -> Contact:
    """Lock the contact of a lead that the actor may see, with who was merged into it; before them the names of its company, as they are and as they shall be."""
    leads = Lead.objects.visible_to(wish.actor).filter(pk=wish.lead_id)
    contact = Contact.objects.filter(leads__in=leads).select_related("company").first()
    if contact is None:
        raise NoSuchLead("There is no such lead.")
    lock_names((name, True) for name in _firm_names(contact, wish))
    both = Contact.objects.filter(Q(pk=contact.pk) | Q(merged_into=contact.pk)).order_by("id")
    return next(each for each in both.select_for_update(no_key=True) if each.pk == contact.pk)


def _firm_names(contact: Contact, wish: _Wish) -> set[str]:
    company = contact.company
    names = {company.name_key, company.domain} if company is not None else set()
    wanted = correct(contact, company, wish.changes, at=wish.at, is_elsewhere=wish.is_elsewhere)
    if isinstance(wanted, Correction):
        names.update(name for name, _ in names_of(wanted.firm))
    return {name for name in names if name}


def _hold_leads(wish: _Wish, contact: Contact, firm: Firm) -> list[Held]:
    """Lock the lead, and the open leads that it concerns: those of its contact, and of its company where that changes."""
    concerned = {wish.lead_id, *Lead.objects.open().filter(contact=contact).values_list("pk", flat=True)}
    if firm.id is not None and firm.columns:
        concerned.update(Lead.objects.open().filter(contact__company=firm.id).values_list("pk", flat=True))
    return hold(concerned, actor=wish.actor)


def _refuse(item: Held, wish: _Wish) -> None:
    _permit(item, wish)
    refuse_merged(item.lead)


def _permit(item: Held, wish: _Wish) -> None:
    if wish.actor.may("complete_lead"):
        return
    permit(wish.actor, "complete_own_lead")
    if not may_complete(item, wish.actor, reach_of(wish.actor, ids([item.rep_id]), wish.at)):
        raise not_yours(item)


# Looking whether it can be --------------------------------------------------------------------------------------------


def _refuse_stale(contact: Contact, wish: _Wish) -> None:
    now = values_of(contact, contact.company)
    if wish.seen is None or wish.seen == fingerprint(now):
        return
    message = "Somebody else changed this since you opened the page. Look at what it says now, then save again."
    problems = [
        Problem(name, "moved", f"It says “{now[name]}” now." if now[name] else "It is empty now.")
        for name, value in wish.changes.items()
        if name in now and value != now[name]
    ]
    details = {"seen": fingerprint(now)}
    raise DataMoved(message, problems=(Problem("", "data_moved", message), *problems), details=details)


def _refuse_others(contact: Contact, wanted: Correction, firm: Firm, wish: _Wish) -> None:
    _refuse_taken(contact, wanted)
    _refuse_same(contact, firm, wish)


def _refuse_taken(contact: Contact, wanted: Correction) -> None:
    key = wanted.person.get("email_key")
    other = Contact.objects.filter(email_key=key).exclude(pk=contact.pk).first() if key else None
    if other is not None and other.merged_into_id != contact.pk:  # who was merged into this one is this one
        lead_id = other.leads.order_by("-captured_at", "-id").values_list("pk", flat=True).first()
        raise EmailTaken(
            f"This is the address of {other}, who is another contact.", field="email",
            details={"contact": other.pk, "lead": lead_id},
        )  # fmt: skip
    domain = wanted.company.get("domain")
    company = Company.objects.filter(domain=domain).first() if domain else None
    if company is not None:
        raise DomainTaken(
            f"This is the domain of {company}. If the person works there, say so.", field="domain",
            details={"company": company.pk},
        )  # fmt: skip


def _refuse_same(contact: Contact, firm: Firm, wish: _Wish) -> None:
    if wish.is_elsewhere and contact.company is not None and firm.id == contact.company_id:
        message = f"This names {contact.company} again. Give the name or the domain of the other company."
        raise BadData(message, code="same_company", field="company")


def _firm(contact: Contact, wanted: Correction, wish: _Wish) -> Firm:
    """Give the company of the contact; where there is none yet, or another, as the intake finds or makes it."""
    if contact.company is not None and not wish.is_elsewhere:
        return Firm(contact.company_id, frozenset(wanted.company))
    state = Book([wanted.firm], with_handoffs=False).company_for(wanted.firm)
    if state is None:
        return Firm(None, frozenset())
    state.learn(wanted.firm)
    named = frozenset(column for column in FIRM.values() if getattr(state, column) not in ("", None))
    return Firm(state.id, named if state.is_new else frozenset(state.changed), state)


def _source(lead: Lead, wish: _Wish) -> str:
    """Give where the lead came from, if that is said now and was not known: what is known is the history of its touches."""
    said = wish.changes.get(SOURCE) or UNKNOWN
    if said in (lead.source, UNKNOWN):
        return ""
    if said not in SOURCES:
        raise BadData("Choose one of the sources.", code="unknown_choice", field=SOURCE)
    if lead.source != UNKNOWN:
        raise BadData("Where it came from is known: its touches say so.", code="source_known", field=SOURCE)
    return str(said)


# Writing --------------------------------------------------------------------------------------------------------------


def _store(contact: Contact, wanted: Correction, firm: Firm, at: datetime) -> list[int]:
    """Store it, and give the leads that were kept in merges with somebody whose address the contact takes over: see ``_free_key``."""
    if firm.state is not None:
        store_companies([firm.state], at=at)
    elif wanted.company:
        columns = tuple(wanted.company)
        row = (firm.id, *wanted.company.values(), *(getattr(contact.company, column) for column in columns))
        if not update_rows(Company, columns, [row], expected=columns):
            raise DataMoved("Somebody else is changing this company right now. Look at it anew.")
    person = {**wanted.person, "company_id": firm.id, "is_compared": False}
    former = _free_key(contact, wanted)
    update_rows(Contact, tuple(person), [(contact.pk, *person.values())], returning=())
    if former is None:
        return []
    if contact.email_key:
        Contact.objects.filter(pk=former).update(email=contact.email, email_key=contact.email_key)
    merges = Merge.objects.filter(gone__contact=former, undone_at=None)
    return list(merges.order_by("kept_id").values_list("kept_id", flat=True).distinct())


def _free_key(contact: Contact, wanted: Correction) -> int | None:
    """Take the address that the contact shall have from whoever was merged into it and has it, and give who that was.

    Each address stands once. The other one is found by the former address of the contact from then on, so that none is forgotten.
    """
    key = wanted.person.get("email_key")
    if not key:
        return None
    holders = Contact.objects.filter(email_key=key, merged_into=contact.pk)
    holder = holders.values_list("pk", flat=True).first()
    if holder is not None:
        holders.update(email_key=None)
    return holder


def _tell(record: Record, held: Sequence[Held], item: Held, concerns: Mapping[int, Sequence[str]], source: str) -> None:
    """Write on each lead what was corrected that concerns it, and tell whoever has the contact in hand.

    ``source`` is a code, not a datum of a person, and figures are counted by it: the event says what it is now.
    """
    for each in held:
        fields = concerns[each.lead.pk]
        code = "" if each is item else "contact" if _is_theirs(each, item) else "company"
        facts: dict[str, Any] = {"fields": fields, SOURCE: source} if SOURCE in fields else {"fields": fields}
        record.event(each.lead.pk, "completed", campaign_id=each.lead.last_campaign_id, code=code, facts=facts)
        if _is_theirs(each, item) and each.current_handoff_id is not None:
            record.tell(each.rep_id, "lead_corrected", "lead", each.lead.pk, fields=fields)


def _tell_of_key(record: Record, kept_ids: Sequence[int], held: Sequence[Held]) -> list[int]:
    """Write on the leads of merges what makes these final, where it was not written there anyway; give those leads.

    Who gave up an address could not be recognised by it as somebody of their own.
    """
    known = {each.lead.pk for each in held}
    further = [lead_id for lead_id in kept_ids if lead_id not in known]
    for lead_id in further:
        record.event(lead_id, "completed", code="contact", facts={"fields": ["email"]})
    return further


# What follows ---------------------------------------------------------------------------------------------------------


def _concerns(held: Sequence[Held], item: Held, fields: Sequence[str], firm: Firm) -> dict[int, list[str]]:
    """Give, by lead, which of the corrected ``fields`` concern it: those of its company, and of its contact where that is the same."""
    found = {}
    for each in held:
        names = sorted(fields if _is_theirs(each, item) else firm.fields)
        found[each.lead.pk] = names if each is item else [name for name in names if name != SOURCE]
    return found


def _with_reason(held: Sequence[Held], item: Held, concerns: Mapping[int, Sequence[str]], firm: Firm) -> frozenset[int]:
    """Give the leads for which it is a new reason to be looked at: also that their contact came to a company."""
    return frozenset(
        each.lead.pk
        for each in held
        if is_reason(concerns[each.lead.pk]) or (_is_theirs(each, item) and firm.state is not None)
    )


def _is_theirs(each: Held, item: Held) -> bool:
    return each.lead.contact_id == item.lead.contact_id
