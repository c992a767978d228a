"""Whom a notice reaches: everybody in a team, or the managers of a side."""

from __future__ import annotations

from typing import Any

from teams.models import Membership
from teams.roles import Side


def members() -> list[int]:
    """Give everybody who is in a team of either side."""
    return _people(Membership.objects.all())


def managers(*sides: Side) -> list[int]:
    """Give the managers of these sides, of both without any."""
    return _people(Membership.objects.filter(is_manager=True, team__side__in=[side.value for side in sides or Side]))


def _people(places: Any) -> list[int]:
    active = places.filter(user__is_active=True, team__is_active=True).order_by("user_id")
    return list(active.values_list("user_id", flat=True).distinct())
