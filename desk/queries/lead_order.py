"""In which order the list of leads stands, and the cursors of its pages as they stand in the address."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from leads.by_score import Place, by_engagement, by_fit
from leads.models.leads import LeadQuerySet

NEWEST, ENGAGEMENT, FIT = "", "engagement", "fit"
ORDERS = {NEWEST: "the newest touch first", ENGAGEMENT: "the highest engagement first", FIT: "the best fit first"}
LABELS = {NEWEST: "Newest touch", ENGAGEMENT: "Engagement", FIT: "Fit"}
FARTHEST = 1e9


@dataclass(frozen=True, slots=True)
class After:
    """What a page begins after: the place of the last lead before it, and as of when engagement is ordered."""

    place: Any
    at: datetime | None = None


def first(
    parts: Sequence[LeadQuerySet], order: str, after: After | None, at: datetime, most: int
) -> list[tuple[int, str]]:
    """Give the ids of the ``most`` that come first in ``parts`` together, each with the cursor of what comes after it."""
    place = after.place if after else None
    if order == ENGAGEMENT:
        as_of = after.at if after and after.at else at
        places = {found for part in parts for found in by_engagement(part, at=as_of, after=place, most=most)}
        ranked = sorted(places, key=lambda found: found.rank(as_of), reverse=True)
        return [(found.lead_id, "_".join([as_of.isoformat(), *map(repr, found)])) for found in ranked[:most]]
    if order == FIT:
        fits = {row for part in parts for row in by_fit(part, after=place, most=most)}
        return [(lead_id, f"{fit}_{lead_id}") for fit, lead_id in sorted(fits, reverse=True)[:most]]
    touched = {row for part in parts for row in _newest(part, place)[:most]}
    return [(lead_id, f"{moment.isoformat()}_{lead_id}") for moment, lead_id in sorted(touched, reverse=True)[:most]]


def _newest(leads: LeadQuerySet, after: tuple[datetime, int] | None) -> Any:
    if after:
        touched_at, lead_id = after
        leads = leads.filter(last_touch_at__lte=touched_at).exclude(last_touch_at=touched_at, id__gte=lead_id)
    return leads.order_by("-last_touch_at", "-id").values_list("last_touch_at", "id")


def read(order: str, text: str) -> After | None:
    """Read a cursor of ``order``; nothing where it is none."""
    parts = text.split("_")
    try:
        if order == ENGAGEMENT:
            moment, days, fixed, key, lead_id = parts
            place = Place(_whole(days, 3650, low=1), _number(fixed), _number(key), _whole(lead_id))
            return After(place, _moment(moment))
        if order == FIT:
            fit, lead_id = parts
            return After((-1 if fit == "-1" else _whole(fit, 100), _whole(lead_id)))
        moment, lead_id = parts
        return After((_moment(moment), _whole(lead_id)))
    except ValueError:
        return None


def _moment(text: str) -> datetime:
    at = datetime.fromisoformat(text.replace(" ", "+"))
    if at.tzinfo is None or not 1900 < at.year < 2200:
        raise ValueError(text)
    return at


def _whole(text: str, high: int = 10**18 - 1, *, low: int = 0) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 18 and low <= int(text) <= high):
        raise ValueError(text)
    return int(text)


def _number(text: str) -> float:
    number = float(text) if text.isascii() and len(text) <= 30 else math.nan
    if not abs(number) < FARTHEST:
        raise ValueError(text)
    return number
