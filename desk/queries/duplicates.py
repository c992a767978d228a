"""Pairs of contacts who may be one person: the list, and two records side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from inputs.refusals import NotVisible
from leads.completing import may_complete
from leads.holding import Held, reach_of
from leads.lifecycle import Stage
from leads.listing import LeadRow, lead_rows, load
from leads.merging import undo_problem
from leads.models import Contact, Handoff, Lead, LikelyDuplicate, Merge
from ledger.selecting import ids
from teams.models import User

PAGE = 25
COUNTED_UP_TO = 99
MOST_LEADS = 20
"""Leads of both that stand side by side, the newest touch first."""
MAY = "review_duplicates"
States = LikelyDuplicate.States
Cursor = tuple[int, int]

EVIDENCE: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "names": lambda item: f"names {item['percent']} % alike",
    "domain": lambda item: f"same company domain {item['domain']}",
    "company": lambda item: f"same company {item['company']}",
    "phone": lambda item: "same phone number",
}
TAKEN = {
    "Name": "name", "Phone": "phone", "Job title": "job_title", "Role": "role", "Seniority": "seniority",
    "Country": "country", "Region": "region", "Language": "language", "Email": "email", "Lawful basis": "lawful_basis",
}  # fmt: skip
"""Of which facts one of the two is chosen when they are merged, by the field of *Correct data*."""
FACTS: Sequence[tuple[str, Callable[[Contact], object]]] = (
    ("Name", lambda contact: contact.name),
    ("Email", lambda contact: contact.email),
    ("Phone", lambda contact: contact.phone),
    ("Job title", lambda contact: contact.job_title),
    ("Role", lambda contact: contact.role),
    ("Seniority", lambda contact: contact.seniority),
    ("Country", lambda contact: contact.country),
    ("Region", lambda contact: contact.region),
    ("Language", lambda contact: contact.language),
    ("External id", lambda contact: contact.external_id),
    ("Lawful basis", lambda contact: contact.get_lawful_basis_display()),
    ("Company", lambda contact: contact.company),
    ("Domain", lambda contact: contact.company and contact.company.domain),
    ("Industry", lambda contact: contact.company and contact.company.industry),
    ("Employees", lambda contact: contact.company and contact.company.employee_count),
)
"""What stands side by side, in this order."""


@dataclass(frozen=True, slots=True)
class Line:
    """A fact of both; empty where it is not known."""

    label: str
    first: str
    second: str

    @property
    def field(self) -> str:
        """The field whose value may be chosen: one of the two says something else, or more.

        Of two emails none is chosen: whoever writes from either is known, and by which to reach them is a correction of its own.
        """
        is_free = self.first != self.second and not (self.label == "Email" and self.differs)
        return TAKEN.get(self.label, "") if is_free else ""

    @property
    def differs(self) -> bool:
        """Tell whether both are known and say different things."""
        return bool(self.first and self.second and self.first != self.second)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two contacts side by side, each with its leads. ``correctable`` are the leads whose contact the reader may correct."""

    pair: LikelyDuplicate
    lines: list[Line]
    sides: list[tuple[Contact, list[LeadRow]]]
    merges: list[Merge]
    correctable: frozenset[int]
    undo_problem: str

    @property
    def standing(self) -> Merge | None:
        """The merge that stands; ``undo_problem`` says why it cannot be undone, if so."""
        return _standing(self.merges)

    @property
    def leads(self) -> list[tuple[Contact, LeadRow]]:
        """The leads of both that may be kept or go."""
        return [(contact, row) for contact, rows in self.sides for row in rows if row.lead.stage != Stage.MERGED]

    @property
    def without_leads(self) -> list[Contact]:
        """Those of the two who have no lead that may be kept or go."""
        return [contact for contact, _ in self.sides if contact not in {of for of, _ in self.leads}]

    @property
    def is_mergeable(self) -> bool:
        return self.is_open and not self.without_leads

    @property
    def evidence(self) -> str:
        return evidence_words(self.pair)

    @property
    def is_open(self) -> bool:
        return self.pair.state == States.OPEN


@dataclass(frozen=True, slots=True)
class Page:
    """One page of open pairs, the likeliest first; ``following`` is the cursor of the next page, empty on the last."""

    pairs: list[tuple[LikelyDuplicate, str]]
    following: str


def pairs_after(said: str) -> Page:
    """Load the page of open pairs behind the cursor ``said``; the first where it is none. One query."""
    pairs = _open().select_related("first__company", "second__company").order_by("-likeness", "-id")
    if after := _cursor(said):
        likeness, pair_id = after
        pairs = pairs.filter(Q(likeness__lt=likeness) | Q(likeness=likeness, pk__lt=pair_id))
    found = list(pairs[: PAGE + 1])
    last = found[PAGE - 1] if len(found) > PAGE else None
    return Page(
        [(pair, evidence_words(pair)) for pair in found[:PAGE]], f"{last.likeness}_{last.pk}" if last else ""
    )  # fmt: skip


def open_count() -> int:
    """Count the open pairs, to ``COUNTED_UP_TO`` and one more: by their own index, whatever there is."""
    return _open()[: COUNTED_UP_TO + 1].count()


def comparison(pair_id: int, user: User, at: datetime) -> Comparison:
    """Load two contacts with their leads; raises ``NotVisible``."""
    pairs = LikelyDuplicate.objects.select_related("first__company", "second__company", "decided_by")
    pair = pairs.filter(pk=pair_id).first()
    if pair is None:
        raise NotVisible("There is nothing here.")
    both = (pair.first, pair.second)
    leads = Lead.objects.visible_to(user).filter(contact__in=both).order_by("-last_touch_at", "-id")
    found = load(leads, MOST_LEADS)
    rows = lead_rows(found, at)
    merges = list(pair.merges.select_related("kept", "gone", "merged_by", "undone_by").order_by("-id"))
    return Comparison(
        pair,
        [line for label, fact in FACTS if (line := _line(label, fact, *both)).first or line.second],
        [(contact, [row for row in rows if row.lead.contact_id == contact.pk]) for contact in both],
        merges,
        _correctable(found, user, at) if pair.state == States.OPEN else frozenset(),
        _why_not_undone(_standing(merges), at),
    )


def _standing(merges: Sequence[Merge]) -> Merge | None:
    return next((merge for merge in merges if merge.undone_at is None), None)


def _why_not_undone(merge: Merge | None, at: datetime) -> str:
    return undo_problem(merge, at) if merge is not None else ""


def _correctable(leads: Sequence[Lead], user: User, at: datetime) -> frozenset[int]:
    """Give of which of these leads ``user`` may correct the data."""
    offers = Handoff.objects.filter(lead__in=leads, state=Handoff.States.OPEN)
    open_ones = {handoff.lead_id: handoff for handoff in offers}
    held = [Held(lead, open_ones.get(lead.pk)) for lead in leads]
    reach = reach_of(user, ids(item.rep_id for item in held), at)
    return frozenset(item.lead.pk for item in held if may_complete(item, user, reach))


def open_pairs_of(contact_id: int) -> list[tuple[LikelyDuplicate, Contact]]:
    """Give the open pairs of a contact, each with the other of the two: one query."""
    pairs = _open().filter(Q(first=contact_id) | Q(second=contact_id)).select_related("first", "second")
    found = pairs.order_by("-likeness", "-id")[:3]
    return [(pair, pair.second if pair.first_id == contact_id else pair.first) for pair in found]


def merges_of(lead: Lead) -> list[Merge]:
    """Give the merges into this lead, and the one of it into another, that stand: one query."""
    merges = Merge.objects.filter(Q(kept=lead) | Q(gone=lead), undone_at=None).select_related("merged_by")
    return list(merges.order_by("id"))


def evidence_words(pair: LikelyDuplicate) -> str:
    """Say why two are thought to be one."""
    words = "; ".join(EVIDENCE[item["code"]](item) for item in pair.evidence)
    return words[:1].upper() + words[1:]


def _open() -> QuerySet[LikelyDuplicate]:
    return LikelyDuplicate.objects.filter(state=States.OPEN)


def _line(label: str, fact: Callable[[Contact], object], first: Contact, second: Contact) -> Line:
    return Line(label, str(fact(first) or ""), str(fact(second) or ""))


def _cursor(text: str) -> Cursor | None:
    parts = text.split("_")
    if len(parts) != 2 or not all(part.isascii() and part.isdecimal() and len(part) <= 18 for part in parts):
        return None
    return int(parts[0]), int(parts[1])
