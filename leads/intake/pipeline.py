"""Take leads in: one way for a call, a form, a file, a replay and history, one lead or a thousand at a time.

normalise → match → upsert contact and company → touch → score → qualify → hand off → route → start clocks, in one transaction per batch, with a
number of statements that does not depend on its size. What is known is never overwritten: new data fills blanks, a contradiction
changes nothing (whoever knows better corrects it: ``leads.completing``). A bad arrival is rejected alone.

History (``mode="history"``) brings its own dates: each lead is an MQL from its first contact, and there is no handoff, clock or notice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from django.db import connection

from inputs.refusals import NotAllowed, Problem
from leads.intake.arrival import HISTORY, LIVE, REJECTED, Arrival, Outcome
from leads.intake.attempts import attempt
from leads.intake.batch import Batch
from leads.intake.normalise import Clean, normalise
from teams.models import User

BATCH_SIZE = 1000
SQLITE_BATCH_SIZE = 200
"""On SQLite a batch holds the one write lock: short ones let others in."""


class MayNotTakeIn(NotAllowed):
    """The actor may not bring in leads of this origin."""

    code = "may_not_take_in"


SET_STATUS = "set_member_status"


class UnknownMode(ValueError):
    """Neither *live* nor *history*: a mistake in the program."""


def take_in(arrivals: Sequence[Arrival], *, actor: User | None, at: datetime, mode: str = LIVE) -> list[Outcome]:
    """Take ``arrivals`` in and say of each, in their order, what became of it.

    ``actor`` is null for a public form. Each batch (1,000 arrivals; 200 on SQLite) is a transaction of its own unless the caller has one
    open. Raises ``MayNotTakeIn`` before anything is stored, ``Busy`` when others kept being first.
    """
    if mode not in (LIVE, HISTORY):
        raise UnknownMode(mode)
    _check_permission(arrivals, actor)
    size = BATCH_SIZE if connection.vendor == "postgresql" else SQLITE_BATCH_SIZE
    actor_id = actor.pk if actor else None

    def take(cleans: Sequence[Clean]) -> dict[int, Outcome]:
        return attempt(lambda obstacle: Batch(actor_id=actor_id, at=at, mode=mode, obstacle=obstacle).take(cleans))

    outcomes: list[Outcome] = []
    for start in range(0, len(arrivals), size):
        outcomes += _outcomes(arrivals[start : start + size], take, at=at, mode=mode)
    return outcomes


def foresee(arrivals: Sequence[Arrival], *, actor: User | None, at: datetime) -> list[Outcome]:
    """Say of ``arrivals``, in their order, what ``take_in`` would make of them now, all of them in one batch.

    It reads alone: nothing is locked, stored or waited for, however many there are. A lead that would be new has no id, and the outcome no
    score. Raises ``MayNotTakeIn``.
    """
    _check_permission(arrivals, actor)
    batch = Batch(actor_id=actor.pk if actor else None, at=at, mode=LIVE, only_read=True)
    return _outcomes(arrivals, batch.take, at=at, mode=LIVE)


def _check_permission(arrivals: Sequence[Arrival], actor: User | None) -> None:
    origins = {arrival.origin for arrival in arrivals}
    if "sales" in origins and (actor is None or not actor.may("capture_own_lead")):
        raise MayNotTakeIn("Only a sales rep brings in leads of their own.")
    if origins - {"sales"} and actor is not None and not (actor.may("capture_lead") or actor.may("import_leads")):
        raise MayNotTakeIn("Only marketing takes leads in; a rep’s own lead has the origin sales.")
    if actor is not None and not actor.may(SET_STATUS) and any(arrival.member_status for arrival in arrivals):
        raise MayNotTakeIn("Only marketing says what somebody is in a campaign.", field="member_status")


def _outcomes(
    arrivals: Sequence[Arrival], take: Callable[[Sequence[Clean]], dict[int, Outcome]], *, at: datetime, mode: str
) -> list[Outcome]:
    """Refuse the arrivals that cannot be read, and ``take`` the others."""
    cleans: list[Clean] = []
    rejected: dict[int, tuple[Problem, ...]] = {}
    for place, arrival in enumerate(arrivals):
        found = normalise(arrival, place=place, at=at, mode=mode)
        if isinstance(found, Clean):
            cleans.append(found)
        else:
            rejected[place] = tuple(found)
    taken = take(cleans) if cleans else {}
    return [
        taken[place] if place in taken else Outcome(REJECTED, problems=rejected[place])
        for place in range(len(arrivals))
    ]
