"""The list of leads: its filters as they stand in the address, and one page of it by keyset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import urlencode

from django.db.models import Q

from desk.queries.search import contacts_like
from inputs.text import problem_with, tidy
from leads.codes import SOURCES, TIER_LABELS
from leads.listing import LeadRow, lead_rows, load_by_ids
from leads.models import Lead
from leads.models.leads import LeadQuerySet
from teams.models import User

PAGE = 25
LONGEST_SEARCH = 200
ME, NOBODY, MARKETING = "me", "none", "marketing"


@dataclass(frozen=True, slots=True)
class Filter:
    """What is asked for. Empty means any; ``owner`` is an id, *me*, or *none* (in a queue)."""

    q: str = ""
    stage: str = ""
    source: str = ""
    tier: str = ""
    campaign: str = ""
    owner: str = ""

    def query(self, **more: str) -> str:
        """Write the filter as the query of an address."""
        values = {name: getattr(self, name) for name in NAMES} | more
        return urlencode({name: value for name, value in values.items() if value})

    @property
    def is_empty(self) -> bool:
        return not any(getattr(self, name) for name in NAMES)


NAMES = ("q", "stage", "source", "tier", "campaign", "owner")
Cursor = tuple[datetime, int]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of leads, the newest touch first; ``older`` is the cursor of the next page, empty on the last."""

    rows: list[LeadRow]
    older: str
    is_cut: bool


@dataclass(slots=True)
class Asked:
    """A parsed address: the filter, the cursor, and a sentence for each value that made no sense and was left out."""

    filter: Filter
    after: Cursor | None = None
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
        "q": len(given["q"]) <= LONGEST_SEARCH and problem_with(given["q"], single_line=True) is None,
    }
    for name, value in given.items():
        if value and known[name]:
            asked.filter = replace(asked.filter, **{name: value})
        elif value:
            asked.left_out.append(f"The {_WORDS[name]} in the address makes no sense and was left out.")
    if params.get("after"):
        asked.after = _cursor(str(params["after"]))
        if asked.after is None:
            asked.left_out.append("The page in the address makes no sense: this is the first.")
    return asked


_WORDS = {"q": "search", "stage": "stage", "source": "source", "tier": "tier", "campaign": "campaign", "owner": "owner"}


def page_of(asked: Asked, user: User, at: datetime) -> Page:
    """Load one page for ``user``: eight queries at most, none of which counts."""
    leads = Lead.objects.visible_to(user).filter(_wanted(asked.filter))
    is_cut = False
    if asked.filter.q:
        contact_ids, is_cut = contacts_like(asked.filter.q)
        leads = leads.filter(contact_id__in=contact_ids)
    if asked.after:
        touched_at, lead_id = asked.after
        leads = leads.filter(last_touch_at__lte=touched_at).exclude(last_touch_at=touched_at, id__gte=lead_id)
    found = load_by_ids(_newest(leads, asked.filter, user))
    older = f"{found[PAGE - 1].last_touch_at.isoformat()}_{found[PAGE - 1].pk}" if len(found) > PAGE else ""
    return Page(lead_rows(found[:PAGE], at), older, is_cut)


def _newest(leads: LeadQuerySet, wanted: Filter, user: User) -> list[int]:
    """Give the ids of a page and one more. *Me* is two lists, each in the order of its index, because an *or* has none."""
    parts = [leads.filter(owner=user), leads.filter(marketer=user)] if wanted.owner == ME else [leads]
    found: set[Cursor] = set()
    for part in parts:
        found.update(part.order_by("-last_touch_at", "-id").values_list("last_touch_at", "id")[: PAGE + 1])
    return [lead_id for _, lead_id in sorted(found, reverse=True)[: PAGE + 1]]


def _wanted(wanted: Filter) -> Q:
    condition = Q()
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


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 18


def _cursor(text: str) -> Cursor | None:
    instant, _, number = text.partition("_")
    if not _is_id(number):
        return None
    try:
        at = datetime.fromisoformat(instant.replace(" ", "+"))
    except ValueError:
        return None
    return (at, int(number)) if at.tzinfo and 1900 < at.year < 2200 else None
