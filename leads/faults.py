"""Clocks that the sweep cannot do: set aside for ever longer, told in the log once a day, and shown by ``manage.py check --database default``."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.core import checks
from django.db import connections, transaction
from django.db.models import Min

from inputs.refusals import NotAllowed, NotVisible
from leads.models import Clock, ClockFault
from ledger.writing import write_audit
from teams.models import User

FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)
LOGGED_EVERY = timedelta(days=1)
NAMED = 10
"""How many clocks a check names."""


class NoFault(NotVisible):
    """The clock is not set aside, or not any more."""

    code = "no_fault"


log = logging.getLogger(__name__)


@transaction.atomic
def set_aside(clock_id: int, at: datetime, blame: Exception) -> bool:
    """Try this clock again later, unless somebody did it meanwhile, and tell whether it was set aside; what it has to do keeps its true time.

    The pause is a minute at first and doubles up to an hour. The error goes to the log when it is new, and once a day while it lasts.
    """
    clock = Clock.objects.due(at).filter(pk=clock_id).select_for_update(no_key=True).first()
    if clock is None:
        return False
    known = ClockFault.objects.filter(clock=clock).first()
    lasting = known if known is not None and known.plan_position == clock.plan_position else None
    is_told = lasting is not None and at - lasting.logged_at < LOGGED_EVERY
    attempts = lasting.attempts + 1 if lasting else 1
    again_at = at + pause_after(attempts)
    moved = Clock.objects.due(at).filter(pk=clock_id, plan_position=clock.plan_position).update(next_action_at=again_at)
    if not moved:
        return False
    ClockFault.objects.update_or_create(
        clock=clock,
        defaults={
            "plan_position": clock.plan_position, "attempts": attempts, "first_at": lasting.first_at if lasting else at,
            "last_at": at, "logged_at": lasting.logged_at if lasting and is_told else at,
            "error": type(blame).__name__[:80],
        },
    )  # fmt: skip
    if not is_told:
        log.error("clock %s could not be swept (attempt %s)", clock_id, attempts, exc_info=blame)
    return True


@transaction.atomic
def try_again(*, clock_id: int, actor: User, at: datetime) -> None:
    """Let the next sweep try a clock that was set aside, instead of later; by an administrator. Raises ``NoFault``."""
    if not actor.may("change_settings"):
        raise NotAllowed("Your role does not allow this.", details={"action": "change_settings"})
    fault = ClockFault.objects.standing().filter(clock=clock_id).first()
    clock = Clock.objects.filter(pk=clock_id).select_for_update(no_key=True).first()
    if fault is None or clock is None:
        raise NoFault("This promise is not set aside any more.")
    Clock.objects.filter(pk=clock_id, plan_position=clock.plan_position, next_action_at__gt=at).update(
        next_action_at=at
    )
    write_audit(at=at, actor_id=actor.pk, verb="try_again", subject_type="clock", subject_ids=[clock_id])


def pause_after(attempts: int) -> timedelta:
    """Give how long to wait after so many attempts in vain, 1 or more."""
    doubled: int = 2 ** min(attempts - 1, 16)
    return min(FIRST_PAUSE * doubled, LONGEST_PAUSE)


def check_faults(*, databases: Sequence[str] | None = None, **_arguments: Any) -> list[checks.CheckMessage]:
    """Report the clocks that stand still because the sweep cannot do them: a warning for each database that has any."""
    return [message for using in databases or () if (message := _standing(using))]


def _standing(using: str) -> checks.CheckMessage | None:
    if ClockFault._meta.db_table not in connections[using].introspection.table_names():
        return None  # before the first migrate
    faults = ClockFault.objects.using(using).standing()
    clock_ids = list(faults.order_by("first_at", "id").values_list("clock_id", flat=True)[: NAMED + 1])
    if not clock_ids:
        return None
    named = ", ".join(map(str, clock_ids[:NAMED])) + (", …" if len(clock_ids) > NAMED else "")
    errors = ", ".join(sorted(set(faults.values_list("error", flat=True))))
    since = faults.aggregate(Min("first_at"))["first_at__min"]
    return checks.Warning(
        f"Clocks that cannot be swept: {faults.count()} ({errors}), the first since {since:%Y-%m-%d %H:%M} UTC: {named}.",
        hint="The log has the errors. Each is tried again within an hour.",
        id="leads.W001",
    )
