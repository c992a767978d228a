"""The versions of the routing rules: which is in force, which was activated last, what differs, who may write them."""

from __future__ import annotations

from datetime import datetime

from django.db import connection
from django.db.models import QuerySet

from inputs.refusals import NotAllowed, NotVisible
from leads.models import RoutingVersion
from ledger.selecting import select
from teams.models import User

ACTIVATING = 7402
"""The number of the lock under which rules are put into force."""


class MayNotChangeRouting(NotAllowed):
    """Routing is changed by sales managers and administrators."""

    code = "may_not_change_routing"


class NoSuchVersion(NotVisible):
    """There is no such draft, or none any more: it was activated or thrown away."""

    code = "no_such_draft"


def permit(actor: User | None) -> None:
    """Refuse who may not change routing; without an actor somebody with a shell on the machine acts."""
    if actor is not None and not actor.may("change_routing"):
        raise MayNotChangeRouting("Routing is changed by sales managers and administrators.")


def lock_latest() -> RoutingVersion | None:
    """Let nobody else put rules into force until this transaction ends, and give what was put into force last.

    It is read after the lock: what somebody else activated while this waited is among it. SQLite has one writer.
    """
    if connection.vendor == "postgresql":
        select("SELECT CAST(pg_advisory_xact_lock(%s) AS text)", [ACTIVATING])
    return RoutingVersion.objects.filter(number__isnull=False).order_by("-number").first()


def changes(before: RoutingVersion | None, after: RoutingVersion) -> dict[str, list[str]]:
    """Say by their codes what became of the rules."""
    old = {line["code"]: line for line in before.rules} if before else {}
    new = {line["code"]: line for line in after.rules}
    return {
        "added": [code for code in new if code not in old],
        "removed": [code for code in old if code not in new],
        "changed": [code for code in new if code in old and new[code] != old[code]],
    }


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
