"""What a list of leads may be asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db.models import Q

from inputs.numbers import MAX_ID, whole
from inputs.text import problem_with, tidy
from leads.api.paging import BadQuery, Condition, Listing, among, moment, number
from leads.api.shapes import ALONG, WAITING
from leads.codes import SOURCES
from leads.intake.normalise import untagged
from leads.lifecycle import Stage
from leads.models import Contact, Lead
from leads.models.leads import LeadQuerySet
from sla.terms import TIERS

MAX_QUERY_LENGTH = 200


def _searched(value: str, name: str, _at: datetime) -> Q:
    words = tidy(value)
    if len(words) > MAX_QUERY_LENGTH:
        raise BadQuery(f"This may have {MAX_QUERY_LENGTH} characters at most.", code="too_long", field=name)
    problem = problem_with(words, field=name, single_line=True)
    if problem:
        raise BadQuery(problem.message, code=problem.code, field=name)
    if not words:
        return Q()
    # Each part has an index of its own (leads/migrations/0002_search_indexes.py).
    found = Contact.objects.filter(name__istartswith=words).values("id").union(
        Contact.objects.filter(company__name__istartswith=words).values("id"),
        Contact.objects.filter(email_key__startswith=untagged(words.lower())).values("id"),
        Contact.objects.filter(external_id=words).values("id"),
        Contact.objects.filter(phone_key=words).values("id"),
    )  # fmt: skip
    return Q(contact_id__in=found)


def _of_person(value: str, name: str, _at: datetime) -> Q:
    """Choose the leads of a contact, and of those who were merged into it."""
    contact_id = whole(value, field=name, high=MAX_ID)
    merged = Contact.objects.filter(merged_into=contact_id).values("id")
    return Q(contact_id__in=Contact.objects.filter(pk=contact_id).values("id").union(merged))


FILTERS: dict[str, Condition] = {
    "stage": among("stage", frozenset(Stage)),
    "source": among("source", frozenset(SOURCES)),
    "tier": among("tier", frozenset(TIERS)),
    "origin": among("origin", frozenset(Lead.Origins.values)),
    "owner": number("owner_id"),
    "campaign": number("last_campaign_id"),
    "contact": _of_person,
    "min_fit": number("fit__gte", 100),
    "max_fit": number("fit__lte", 100),
    "captured_from": moment("captured_at__gte"),
    "captured_before": moment("captured_at__lt"),
    "q": _searched,
}
EXACT = ("stage", "q")
"""Who asks for one of these gets also leads that were merged; else the leads that are kept stand for them."""


def listed(leads: LeadQuerySet, query: Mapping[str, str]) -> LeadQuerySet:
    """Leave out the leads that were merged, unless the query is for such."""
    return leads if any(query.get(name) for name in EXACT) else leads.going_on()


LEADS = Listing(FILTERS, times=("captured_at", "last_touch_at"), along=ALONG, beside=(WAITING,))
