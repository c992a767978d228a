"""Find contacts by the beginning of their name, surname, company or email, each by an index of its own.

The indexes stand in ``leads/migrations/0002_search_indexes.py``; a condition here has exactly the form that its index has there.
"""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.db.models import F, Func, Q, QuerySet, Value
from django.db.models.functions import Upper

from leads.intake.normalise import untagged
from leads.models import Contact

MOST_CONTACTS = 200


class Surname(Func):
    """The last word of a name (PostgreSQL)."""

    function = "regexp_replace"

    def __init__(self, name: str) -> None:
        super().__init__(F(name), Value("^.* "), Value(""))


def contacts_like(text: str) -> tuple[list[int], bool]:
    """Give the contacts that match, at most ``MOST_CONTACTS``, and whether there were more. One query."""
    parts = [
        Contact.objects.filter(name__istartswith=text),
        _surname(text),
        Contact.objects.filter(email_key__startswith=untagged(text.lower())),
        Contact.objects.filter(company__name__istartswith=text),
    ]
    found = parts[0].values("id").union(*(part.values("id") for part in parts[1:]))
    ids = [row["id"] for row in found[: MOST_CONTACTS + 1]]
    return ids[:MOST_CONTACTS], len(ids) > MOST_CONTACTS


def _surname(text: str) -> QuerySet[Contact]:
    if connection.vendor != "postgresql":
        return Contact.objects.filter(Q(name__icontains=f" {text}"))
    upper: Any = Upper(Surname("name"))
    return Contact.objects.alias(surname=upper).filter(surname__startswith=text.upper())
