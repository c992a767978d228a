"""The list of leads: its filters as they stand in the address, and one page of it by keyset."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet

from desk.queries.lead_order import ORDERS, After, first, read
from desk.queries.lead_sets import NEEDS, REACHED, carried_by, imported, on_desk_of, reached
from desk.queries.search import contacts_like
from inputs.text import problem_with, tidy
from leads.codes import SOURCES, TIER_LABELS
from leads.listing import LeadRow, lead_rows, load_by_ids
from leads.models import ImportRun, Lead
from leads.models.leads import LeadQuerySet
from personas.models import PersonaVersion
from teams.models import User

PAGE = 25
LONGEST_SEARCH = 200
LONGEST_NAME = 40
"""Characters of a parameter's name that are repeated to who sent it."""
ME, NOBODY, MARKETING = "me", "none", "marketing"
TOO = "too"
"""Lists also the leads that were merged into another."""


@dataclass(frozen=True, slots=True)
class Filter:
    """What is asked for. Empty means any; ``owner`` is an id, *me*, or *none* (in a queue).

    Six come from numbers of other pages (see ``desk.queries.lead_sets``): a persona, a stage that was reached, whose load it is
    (an id, or *me* for the reader's desk), what it needs of the reader, an import, and whether those that were merged count too. These
    are left out where neither that nor a stage nor words are asked for: the lead that is kept stands for them. ``order`` is no filter, but
    stands in the address beside them.
    """

    q: str = ""
    stage: str = ""
    source: str = ""
    tier: str = ""
    campaign: str = ""
    owner: str = ""
    persona: str = ""
    reached: str = ""
    carried: str = ""
    needs: str = ""
    imported: str = ""
    merged: str = ""
    order: str = ""

    def query(self, **more: str) -> str:
        """Write the filter as the query of an address."""
        values = {name: getattr(self, name) for name in NAMES} | more
        return urlencode({name: value for name, value in values.items() if value})

    @property
    def is_empty(self) -> bool:
        return not any(getattr(self, name) for name in NAMES if name != ORDER)

    @property
    def order_words(self) -> str:
        return ORDERS[self.order]


CHOSEN = ("q", "stage", "source", "tier", "campaign", "owner")
"""What the form above the list offers."""
CARRIED_ALONG = ("persona", "reached", "carried", "needs", "imported", "merged")
ORDER = "order"
NAMES = (*CHOSEN, *CARRIED_ALONG, ORDER)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of leads in the order asked for; ``older`` is the cursor of the next page, empty on the last."""

    rows: list[LeadRow]
    older: str
    is_cut: bool


@dataclass(slots=True)
class Asked:
    """A parsed address: the filter, the cursor, and a sentence for each value that made no sense and was left out."""

    filter: Filter
    after: After | None = None
    left_out: list[str] = field(default_factory=list)


def parse(params: Mapping[str, str]) -> Asked:
    """Read the query of an address. What makes no sense is left out and named; nothing here raises."""
    asked = Asked(Filter())
    given = {name: tidy(str(params.get(name, ""))[: LONGEST_SEARCH + 1]) for name in NAMES}
    known = {
        "stage": given["stage"] in Lead.Stages.values,
        "source": given["source"] in SOURCES,
        "tier": given["tier"] in TIER_LABELS,
        "campaign": _is_id(given["campaign"]),
        "owner": given["owner"] in (ME, NOBODY, MARKETING) or _is_id(given["owner"]),
        "persona": _is_id(given["persona"]),
        "reached": given["reached"] in REACHED,
        "carried": given["carried"] == ME or _is_id(given["carried"]),
        "needs": given["needs"] in NEEDS,
        "imported": _is_id(given["imported"]),
        "merged": given["merged"] == TOO,
        ORDER: given[ORDER] in ORDERS,
        "q": len(given["q"]) <= LONGEST_SEARCH and problem_with(given["q"], single_line=True) is None,
    }
    for name, value in given.items():
        if value and known[name]:
            asked.filter = replace(asked.filter, **{name: value})
        elif value:
            asked.left_out.append(f"The {_WORDS[name]} in the address makes no sense and was left out.")
    for name in params:
        if name not in (*NAMES, "after"):
            called = f"“{name}”" if name.isidentifier() and len(name) <= LONGEST_NAME else "Something"
            asked.left_out.append(f"{called} in the address means nothing to this list and was left out.")
    if params.get("after"):
        asked.after = read(asked.filter.order, str(params["after"]))
        if asked.after is None:
            asked.left_out.append("The page in the address makes no sense: this is the first.")
    return asked


_WORDS = {name: name for name in NAMES} | {
    "q": "search",
    "reached": "stage reached",
    "carried": "load",
    "imported": "import",
    "merged": "wish for merged ones",
}


def page_of(asked: Asked, user: User, at: datetime) -> Page:
    """Load one page for ``user``: eight queries at most, none of which counts."""
    leads = Lead.objects.visible_to(user).filter(_wanted(asked.filter, user, at))
    if not (asked.filter.stage or asked.filter.q or asked.filter.merged):
        leads = leads.going_on()
    is_cut = False
    if asked.filter.q:
        contact_ids, is_cut = contacts_like(asked.filter.q)
        leads = leads.filter(contact_id__in=contact_ids)
    ranked = _first(leads, asked, user, at)
    found = load_by_ids([lead_id for lead_id, _ in ranked])
    older = ranked[PAGE - 1][1] if len(ranked) > PAGE else ""
    return Page(lead_rows(found[:PAGE], at), older, is_cut)


def _first(leads: LeadQuerySet, asked: Asked, user: User, at: datetime) -> list[tuple[int, str]]:
    """Give a page of ids and one more. *Me* is two lists, each in the order of its index, because an *or* has none."""
    parts = [leads.filter(owner=user), leads.filter(marketer=user)] if asked.filter.owner == ME else [leads]
    return first(parts, asked.filter.order, asked.after, at, PAGE + 1)


def further_words(wanted: Filter, user: User) -> list[tuple[str, str]]:
    """Say which filters are set that the form does not offer, as ``(name, words)``: a query for each person, persona or file named."""
    people, personas = User.objects.all(), PersonaVersion.objects.newest()
    said: dict[str, Callable[[], str]] = {
        "persona": lambda: _named(personas.filter(persona_id=wanted.persona).values_list("name", flat=True)),
        "reached": lambda: f"reached {dict(Lead.Stages.choices)[wanted.reached]}",
        "carried": lambda: (
            "on my desk"
            if wanted.carried == ME
            else f"open with or offered to {_named(people.filter(pk=wanted.carried).values_list('name', flat=True))}"
        ),
        "needs": lambda: NEEDS[wanted.needs][0],
        "imported": lambda: (
            "from the import of "
            + _named(ImportRun.objects.visible_to(user).filter(pk=wanted.imported).values_list("file_name", flat=True))
        ),
        "merged": lambda: "and those that were merged",
    }
    return [(name, said[name]()) for name in CARRIED_ALONG if getattr(wanted, name)]


def _named(names: QuerySet[Any, str]) -> str:
    return names.first() or "nobody we know"


def _wanted(wanted: Filter, user: User, at: datetime) -> Q:
    condition = _further(wanted, user, at)
    for name, column in (("stage", "stage"), ("source", "source"), ("tier", "tier"), ("campaign", "last_campaign_id")):
        if value := getattr(wanted, name):
            condition &= Q(**{column: value})
    if wanted.owner == NOBODY:
        condition &= Q(queue__isnull=False)
    elif wanted.owner == MARKETING:
        condition &= Q(owner__isnull=True, queue__isnull=True)
    elif wanted.owner and wanted.owner != ME:
        condition &= Q(owner_id=wanted.owner)
    return condition


def _further(wanted: Filter, user: User, at: datetime) -> Q:
    condition = Q()
    if wanted.persona:
        condition &= Q(persona__persona_id=wanted.persona)
    if wanted.reached:
        condition &= reached(wanted.reached)
    if wanted.carried:
        condition &= on_desk_of(user, at) if wanted.carried == ME else carried_by(int(wanted.carried))
    if wanted.needs:
        condition &= NEEDS[wanted.needs][1](user, at)
    if wanted.imported:
        condition &= imported(user, int(wanted.imported))
    return condition


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 18
