"""The versions of the routing rules: which is in force, which number is next, who may write them."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from inputs.refusals import NotAllowed, NotVisible
from leads.models import RoutingVersion
from teams.models import User


class MayNotChangeRouting(NotAllowed):
    """Routing is changed by sales managers and administrators."""

    code = "may_not_change_routing"


class NoSuchVersion(NotVisible):
    """There is no such version of the rules, or it is somebody else's draft."""


def permit(actor: User | None) -> None:
    """Refuse who may not change routing; without an actor somebody with a shell on the machine acts."""
    if actor is not None and not actor.may("change_routing"):
        raise MayNotChangeRouting("Routing is changed by sales managers and administrators.")


def next_number() -> int:
    """Lock all versions, so that two are not activated at once, and give the number of the next."""
    rows = RoutingVersion.objects.order_by("id").select_for_update(no_key=True).values_list("number", flat=True)
    return max((number for number in rows if number is not None), default=0) + 1


def in_force(at: datetime) -> RoutingVersion | None:
    """Give the version in force at ``at``; nothing where none was ever activated."""
    return RoutingVersion.objects.filter(activated_at__lte=at).order_by("-activated_at", "-number").first()


def activated() -> QuerySet[RoutingVersion]:
    """Give all that was ever in force, the newest first."""
    found = RoutingVersion.objects.filter(activated_at__isnull=False)
    return found.select_related("activated_by", "created_by").order_by("-activated_at", "-number")


def drafts() -> QuerySet[RoutingVersion]:
    """Give the drafts, the newest first."""
    found = RoutingVersion.objects.filter(activated_at__isnull=True)
    return found.select_related("created_by", "based_on").order_by("-id")


def draft(draft_id: int, *, locked: bool = False) -> RoutingVersion:
    """Give a draft; raises ``NoSuchVersion`` where there is none, or none any more."""
    rows = RoutingVersion.objects.select_for_update(no_key=True) if locked else drafts()
    found = rows.filter(pk=draft_id, activated_at__isnull=True).first()
    if found is None:
        raise NoSuchVersion("There is no such draft any more.")
    return found
