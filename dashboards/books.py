"""The rollups: which books there are, what each holds and which questions it can answer."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from django.db.models import QuerySet

from dashboards.families import ACTIVITY, COHORT, HANDOFF, PROMISE, RATING, Family
from dashboards.models import Arrivals, Entries, Grains, Handoffs, Mark, Promises, Ratings, Sheet
from dashboards.scope import NAMES, Filters

SPREADS = ("days_to_win", *PROMISE.spreads)


@dataclass(frozen=True, slots=True)
class Book:
    """A rollup: counts of ``family`` by ``groups``, in the rows of ``model`` that bear its ``name``. Marks and coverage call it ``kind``.

    It answers for filters by its groups, whatever their combination; those in ``idle`` change nothing in its family. Of a kind one book,
    ``EVERY_DAY``, has all groups that can be asked for and alone holds days. Others add its days up to weeks, months and quarters (``grains``, shorter ones first).
    """

    name: str
    model: type[Sheet]
    family: Family
    kind: str
    groups: tuple[str, ...]
    grains: tuple[Grains, ...]
    idle: frozenset[str]

    def rows(self, grain: Grains) -> QuerySet[Any]:
        """Give its rows of one grain; days are the same for all books of a kind."""
        name = EVERY_DAY if grain is Grains.DAY else self.name
        return self.model._default_manager.filter(book=name, grain=grain)

    @property
    def filters(self) -> frozenset[str]:
        by_person = {"team"} if "rep" in self.groups else set()
        return frozenset({*self.groups, *by_person}.intersection(NAMES))

    @property
    def measures(self) -> tuple[str, ...]:
        names = {field.name for field in self.model._meta.concrete_fields}
        return tuple(name for name in self.family.measures if name in names)

    @property
    def values(self) -> tuple[str, ...]:
        return tuple(field.name for field in self.model._meta.concrete_fields if field.name in SPREADS)

    def answers(self, filters: Filters, groups: Sequence[str], measures: Sequence[str]) -> bool:
        """Say whether it holds what is asked for."""
        asked = {name for name in NAMES if getattr(filters, name) is not None} - self.idle
        return asked <= self.filters and set(groups) <= set(self.groups) and set(measures) <= set(self.measures)


EVERY_DAY = "all"
ORIGIN, TRAITS, HOLDER = ("source", "campaign"), ("tier", "persona"), ("rep", "queue")
OWED = ("promise", "side", "tier", *HOLDER)


def _books(
    model: type[Sheet], family: Family, kind: str, named: Mapping[str, tuple[str, ...]], idle: Collection[str]
) -> tuple[Book, ...]:
    """Make the books of a kind; of the last one only days are kept."""
    return tuple(
        Book(
            name,
            model,
            family,
            kind,
            groups,
            () if name == EVERY_DAY else (Grains.WEEK, Grains.MONTH, Grains.QUARTER),
            frozenset(idle),
        )
        for name, groups in named.items()
    )


def _by_origin(*groups: str, **more: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Name two books for each of ``more``, by source and by campaign: by both at once they would have nearly as many rows as there are facts."""
    return {f"{name}_{origin}": (*groups, origin, *chosen) for name, chosen in more.items() for origin in ORIGIN}


LEADS = {
    "origin": ORIGIN,
    **_by_origin(traits=TRAITS, holder=("tier", *HOLDER)),
    EVERY_DAY: (*ORIGIN, *TRAITS, *HOLDER),
}
HANDED = {
    **_by_origin("reason", origin=(), traits=TRAITS, holder=("tier", "rep")),
    EVERY_DAY: ("reason", *ORIGIN, *TRAITS, "rep"),
}
PROMISED = {
    "owed": OWED,
    **{name: (*OWED, name) for name in ("persona", *ORIGIN)},
    EVERY_DAY: (*OWED, *ORIGIN, "persona"),
}
RATED = {"origin": ORIGIN, "people": (*TRAITS, "rep"), EVERY_DAY: (*ORIGIN, *TRAITS, "rep")}

BOOKS: dict[str, tuple[Book, ...]] = {
    Mark.Kinds.ARRIVALS: _books(Arrivals, COHORT, Mark.Kinds.ARRIVALS, LEADS, ("promise", "side", "reason")),
    Mark.Kinds.ENTRIES: _books(Entries, ACTIVITY, Mark.Kinds.ENTRIES, LEADS, ("promise", "side", "reason")),
    Mark.Kinds.PROMISES: _books(Promises, PROMISE, Mark.Kinds.PROMISES, PROMISED, ("reason",)),
    Mark.Kinds.HANDOFFS: _books(Handoffs, HANDOFF, Mark.Kinds.HANDOFFS, HANDED, ("promise", "side")),
    Mark.Kinds.RATINGS: _books(Ratings, RATING, Mark.Kinds.RATINGS, RATED, ("promise", "side", "reason")),
}
"""All rollups by kind: those with the fewest rows first, the one of all days last."""

COUNTING = {Mark.Kinds.HANDOFFS: 2, Mark.Kinds.PROMISES: 2}
"""Raise the number of a kind whose measures count otherwise than before, though they are called the same."""

EDITION = sha256(
    repr(
        [
            (kind, COUNTING.get(Mark.Kinds(kind), 1), book.name, book.groups, book.grains, book.measures, book.values)
            for kind, books in BOOKS.items()
            for book in books
        ]
    ).encode()
).hexdigest()[:16]
"""Names this layout and way of counting: rollups that were filled in another one are not believed, but filled anew."""


def book_for(family: Family, filters: Filters, groups: Sequence[str], measures: Sequence[str]) -> Book | None:
    """Give the smallest rollup that can answer, or nothing."""
    return next(
        (
            one
            for books in BOOKS.values()
            for one in books
            if one.family is family and one.answers(filters, groups, measures)
        ),
        None,
    )
