"""Who of a pool is next, by the rule's word: by turns, by load or by how long they have waited; and why the others are later. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from leads.routing.choice import Person, Place

TURNS, LEAST_LOADED, LONGEST_WAITING = "turns", "least_loaded", "longest_waiting"
STRATEGIES = (TURNS, LEAST_LOADED, LONGEST_WAITING)

Taker: TypeAlias = "tuple[Place, Person]"
"""A place in a pool, and who takes leads there: its member, or who covers for them."""


def first_of(
    able: Sequence[Taker], present: int, strategy: str, now: datetime
) -> tuple[Place, Person, datetime]:  # fmt: skip
    """Take who opens first (all who are open now are equal), among them the first by ``strategy``, then the smallest turn and id."""
    found: Taker | None = None
    first, least = now, 0
    goes_before = _is_smaller if strategy == TURNS else partial(_has_earlier_turn, present)
    for taker in able:
        place, person = taker
        opens = person.opens_at
        if opens is None or opens < now:
            opens = now
        if found is not None and opens > first:
            continue
        rank = _rank(place, person, present, strategy)
        if found is None or opens < first or rank < least or (rank == least and goes_before(place, found[0])):
            found, first, least = taker, opens, rank
    if found is None:
        raise LookupError("Nobody is able.")
    return found[0], found[1], first


def _rank(place: Place, person: Person, present: int, strategy: str) -> int:
    """Give what the smallest of is first by this strategy; load counts for a person's weight."""
    if strategy == TURNS:
        turn = place.turn
        return turn if turn > present else present  # noqa: FURB136 - asked of everybody: max costs twice the time
    return person.open_count * place.cost if strategy == LEAST_LOADED else person.last_given


def _is_smaller(place: Place, other: Place) -> bool:
    return place.user_id < other.user_id


def _has_earlier_turn(present: int, place: Place, other: Place) -> bool:
    """Tell which of two places goes first that are equal by load or waiting."""
    return (max(place.turn, present), place.user_id) < (max(other.turn, present), other.user_id)


def why_first(able: Sequence[Taker], chosen: Person, strategy: str, first: datetime) -> str:
    """Say why the next of a pool is next; by load whether they have the fewest leads, or the fewest for their weight."""
    if strategy != LEAST_LOADED:
        return "turn" if strategy == TURNS else "longest_waiting"
    least = chosen.open_count
    for _, each in able:
        if each.open_count < least and (each.opens_at is None or each.opens_at <= first):
            return "least_for_weight"
    return "least_loaded"


_LATENESS = (
    "equal",
    "as_loaded",
    "waited_as_long",
    "more_for_weight",
    "more_loaded",
    "waited_less",
    "turn_later",
    "opens_later",
)
"""Why somebody is not next, what is closest to it first."""


def others(
    able: Sequence[Taker], chosen: Taker, present: int, strategy: str, first: datetime
) -> dict[int, str]:  # fmt: skip
    """Say of everybody else once why they come later: they open later, or by the strategy; of who stands in two places what is closest."""
    found: dict[int, str] = {}
    least = _rank(*chosen, present, strategy)
    for place, person in able:
        if person is chosen[1]:
            continue
        if person.opens_at is not None and person.opens_at > first:
            problem = "opens_later"
        elif strategy == TURNS:
            problem = "turn_later" if place.turn > least else "equal"
        else:
            problem = _later((place, person), chosen, present, strategy)
        known = found.get(person.user_id)
        if known is None or _LATENESS.index(problem) < _LATENESS.index(known):
            found[person.user_id] = problem
    return found


def _later(other: Taker, chosen: Taker, present: int, strategy: str) -> str:
    """Say why ``other`` comes after who is next by load or by waiting: what they have, else their turn, else the order of the list."""
    by_load = strategy == LEAST_LOADED
    if _rank(*other, present, strategy) > _rank(*chosen, present, strategy):
        has_more = other[1].open_count > chosen[1].open_count
        return ("more_loaded" if has_more else "more_for_weight") if by_load else "waited_less"
    if max(other[0].turn, present) > max(chosen[0].turn, present):
        return "as_loaded" if by_load else "waited_as_long"
    return "equal"
