"""Do it again where another process was first, and without handing off where nobody can be reached yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from django.db import DatabaseError, transaction

from inputs.refusals import Busy
from leads.routing.board import NoRouting
from sla.hours import NoCalendar

Result = TypeVar("Result")

ATTEMPTS = 8
RACES = frozenset(
    {
        "contact_email_once", "contact_external_id_once", "company_domain_once", "touch_key_once",
        "one_open_lead_per_contact", "one_open_lead_per_contact_and_product",
        "one_open_handoff_per_lead", "handoff_ordinal_once", "a_pair_once",
    }
)  # fmt: skip
"""Unique constraints that a process runs into when another has just taken in the same: the next attempt finds it there."""
DEADLOCKS = frozenset({"40P01", "40001"})


class Overtaken(Exception):
    """Somebody else has changed what was read: the next attempt reads it anew."""


def attempt(act: Callable[[str], Result]) -> Result:
    """Run ``act`` in a transaction, again where a race was lost; raises ``Busy`` when others kept being first.

    ``act`` gets the code of why nothing can be handed off at present: empty at first, then that of ``NoRouting`` or ``NoCalendar``.
    """
    obstacle = ""
    for _ in range(ATTEMPTS):
        try:
            with transaction.atomic():
                return act(obstacle)
        except (NoRouting, NoCalendar) as refusal:
            obstacle = refusal.code
        except Overtaken:
            continue
        except DatabaseError as error:
            if not _is_race(error):
                raise
    raise Busy("Others are changing the same people right now. Try again in a moment.")


def _is_race(error: BaseException) -> bool:
    """Tell whether the next attempt may succeed, by the name of the constraint or the state that the database gives."""
    return any(
        getattr(getattr(cause, "diag", None), "constraint_name", None) in RACES
        or getattr(cause, "pgcode", None) in DEADLOCKS
        for cause in _causes(error)
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__
