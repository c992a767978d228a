"""Take a lead from a rep who missed a promise, and give it to somebody else: the escalation step *reassign*.

Unlike the rest of the sweep this locks leads, so it starts there and keeps the order of all verbs: leads, handoffs, clocks. It never
waits for a lead: where somebody is working on it just now, the next sweep will see. Who had a lead and missed the promise does not get it
again, so that it wanders through the team once at most and then stands in the team's queue.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from leads.assigning import Offer, offer
from leads.clock_acts import COLUMNS, TAKEN, ClockRow, Managers, act, name_leads
from leads.clock_plans import REASSIGN, entries_before, place_of_reassigning
from leads.facts import facts_now
from leads.lifecycle import Stage
from leads.models import Assignment, Clock, Handoff, Lead
from leads.record import Record
from ledger.rows import update_rows
from sla.in_force import version_terms
from sla.terms import Terms

STOPPED_COLUMNS = ("state", "missed_at", "detected_at", "plan_position", "next_action_at")

States = Clock.States


@dataclass(frozen=True, slots=True)
class Reassigned:
    """How many escalation steps were recorded, and how many leads went to somebody else or into a queue."""

    escalated: int = 0
    reassigned: int = 0


@dataclass(frozen=True, slots=True)
class Locked:
    """What one reassignment works on, all of it locked."""

    clocks: Sequence[ClockRow]
    leads: dict[int, Lead]
    handoffs: dict[int, Handoff]


@transaction.atomic
def reassign(clock_ids: Sequence[int], *, at: datetime) -> Reassigned:
    """Take the leads of these missed clocks away where that is due, in one transaction with a bounded number of statements.

    Where it no longer makes sense (decided meanwhile, or another has it) the step is recorded as not applicable.
    """
    locked = _lock(clock_ids, at)
    if not locked.clocks:
        return Reassigned()
    record = Record(verb="reassign", actor_id=None, at=at)
    managers = Managers.load(locked.clocks)
    before = {clock.id: (clock.state, clock.plan_position) for clock in locked.clocks}
    taken = [clock for clock in locked.clocks if _step(record, clock, locked, managers)]
    rows = [
        (clock.id, clock.state, clock.due_at, clock.detected_at or at, clock.plan_position, clock.next_action_at,
         *before[clock.id])
        for clock in locked.clocks
    ]  # fmt: skip
    won = {row[0] for row in update_rows(Clock, STOPPED_COLUMNS, rows, expected=("state", "plan_position"))}
    if not won:
        return Reassigned()
    if len(won) < len(rows):  # somebody was first: what they did stands, and is told by them
        record.keep_clocks(won)
        taken = [clock for clock in taken if clock.id in won]
    offer(record, _offers(taken, locked, at), at=at, cause=Assignment.Causes.ESCALATED)
    steps = sum(step[1] == "escalated" for step in record.steps)
    record.write("clock", sorted(won), reassigned=len(taken))
    return Reassigned(steps, len(taken))


def _lock(clock_ids: Sequence[int], at: datetime) -> Locked:
    """Lock leads that are free, then their handoffs, then the clocks that still have something due."""
    which = Q(clocks__in=clock_ids) | Q(handoffs__clocks__in=clock_ids)
    wanted = Lead.objects.filter(which).values("pk")
    free = list(
        Lead.objects.filter(pk__in=wanted).order_by("id").select_for_update(skip_locked=True, no_key=True)
        .values_list("id", flat=True)
    )  # fmt: skip
    handoffs = Handoff.objects.filter(lead_id__in=free, clocks__in=clock_ids).order_by("id").distinct().values("pk")
    locked_handoffs = Handoff.objects.filter(pk__in=handoffs).order_by("id").select_for_update(no_key=True)
    by_handoff = {handoff.pk: handoff for handoff in locked_handoffs}
    subject = Q(lead_id__in=free) | Q(handoff_id__in=by_handoff)
    rows = Clock.objects.filter(subject, pk__in=clock_ids, next_action_at__lt=at).order_by("id")
    clocks = [ClockRow(*row) for row in rows.select_for_update(no_key=True).values_list(*COLUMNS)]
    name_leads(clocks)
    leads = Lead.objects.select_related("contact__company", "product").in_bulk([clock.about_id for clock in clocks])
    return Locked(clocks, leads, by_handoff)


def _step(record: Record, clock: ClockRow, locked: Locked, managers: Managers) -> bool:
    """Take the due steps of one clock; true when its lead is to go to somebody else, and the clock stops for good."""
    entries = entries_before(clock.plan, clock.plan_position, record.at)
    place = place_of_reassigning(entries)
    if place is None or not _still_has_it(clock, locked):
        act(record, clock, entries, managers)
        return False
    act(record, clock, entries[:place], managers)
    entry = entries[place]
    record.step(
        clock.id, "escalated", ordinal=entry.ordinal, percent=entry.percent, code=REASSIGN, occurred_at=entry.at
    )  # fmt: skip
    record.tell(clock.user_id, TAKEN, "lead", clock.about_id, clock=clock.id, promise=clock.promise)
    clock.plan_position = entry.ordinal + 1
    clock.next_action_at = None
    return True


def _still_has_it(clock: ClockRow, locked: Locked) -> bool:
    """Tell whether the rep who missed the promise is still the one who would have to keep it."""
    if clock.answered_at is not None or clock.user_id is None:
        return False
    if clock.handoff_id is not None:
        handoff = locked.handoffs[clock.handoff_id]
        return handoff.state == Handoff.States.OPEN and handoff.assignee_id == clock.user_id
    lead = locked.leads[clock.about_id]
    return lead.stage == Stage.SAL and lead.owner_id == clock.user_id


def _offers(clocks: Sequence[ClockRow], locked: Locked, at: datetime) -> list[Offer]:
    excluded = _who_missed(clocks)
    terms = {version_id: version_terms(version_id) for version_id in {clock.version_id for clock in clocks}}
    return [_offer(clock, locked, at, terms[clock.version_id], excluded[_subject(clock)]) for clock in clocks]


def _offer(clock: ClockRow, locked: Locked, at: datetime, terms: Terms, excluded: frozenset[int]) -> Offer:
    lead = locked.leads[clock.about_id]
    handoff = locked.handoffs.get(clock.handoff_id or 0)
    return Offer(
        lead_id=lead.pk,
        handoff_id=clock.handoff_id,
        tier=handoff.tier if handoff else lead.tier_of_promises,
        facts=facts_now(lead, at),
        version_id=clock.version_id,
        terms=terms,
        arrived_at=handoff.offered_at if handoff else at,
        stage=lead.stage,
        excluded=excluded,
    )


def _who_missed(clocks: Sequence[ClockRow]) -> dict[tuple[str, int | None, int | None], frozenset[int]]:
    """Give, by promise and subject, who missed it already: one query."""
    subjects = Q(handoff_id__in=[clock.handoff_id for clock in clocks if clock.handoff_id])
    subjects |= Q(lead_id__in=[clock.lead_id for clock in clocks if clock.lead_id])
    missed = Clock.objects.filter(subjects, state=States.MISSED, user__isnull=False)
    found: dict[tuple[str, int | None, int | None], frozenset[int]] = {}
    for promise, handoff_id, lead_id, user_id in missed.values_list("promise", "handoff_id", "lead_id", "user_id"):
        key = (promise, handoff_id, lead_id)
        found[key] = found.get(key, frozenset()) | {user_id}
    return found


def _subject(clock: ClockRow) -> tuple[str, int | None, int | None]:
    return (clock.promise, clock.handoff_id, clock.lead_id)
