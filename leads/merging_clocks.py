"""What becomes of the promises of two leads that become one, and two again; the table is in docs/clocks.md."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from leads.clocks import cancel_these
from leads.holding import MOVED_ON, Held, Moved, terms_of
from leads.lifecycle import Stage
from leads.models import Clock, Merge
from leads.owed import OF_MARKETING, Duty, Owed, begin_duties
from leads.record import Record
from ledger.rows import update_rows
from sla.in_force import NoAgreement, agreement_in_force

AT_STAGE = {"triage": Stage.LEAD, "returned": Stage.LEAD, "nurture": Stage.LEAD, "complete": Stage.MQL}
"""At which stage each promise of marketing has something to be done."""
TO_MARKETING = ("triage", "returned", "nurture", "complete")

States = Clock.States


def settle_clocks(record: Record, kept: Held, gone: Held, at: datetime) -> dict[str, Any]:
    """Let each promise of marketing go on for the lead that is kept, once, and by the earlier deadline.

    What only the lead that goes has moves with its deadline, its terms and who owes it. Where both have it, the earlier stays; a miss of the
    kept one that nobody has answered was due earlier. What has nothing to be done at the stage of the kept one is over, and so is what was
    done there since. A miss that is being escalated stops. What is owed for a rating runs on.
    """
    rows = Clock.objects.filter(lead__in=[kept.lead.pk, gone.lead.pk], promise__in=OF_MARKETING).order_by("id")
    clocks = list(rows.select_for_update(no_key=True, of=("self",)))
    standing = {(clock.lead_id, clock.promise): clock for clock in clocks if clock.state != States.CANCELLED}
    live = {(clock.lead_id, clock.promise): clock for clock in clocks if clock.state in Clock.LIVE}
    moved: list[int] = []
    ended: list[list[int | None]] = []
    for promise in TO_MARKETING:
        mine, theirs = standing.get((kept.lead.pk, promise)), live.get((gone.lead.pk, promise))
        if theirs is None:
            continue
        if not _is_to_be_done(promise, kept) or _is_done_since(mine, theirs):
            ended.append([theirs.pk, None])
        elif mine is None or not _is_open(mine):
            moved.append(theirs.pk)
        elif mine.state in Clock.LIVE and theirs.due_at < mine.due_at:
            moved.append(theirs.pk)
            ended.append([mine.pk, theirs.pk])
        else:
            ended.append([theirs.pk, mine.pk])
    cancel_these(record, [pk for pk, _ in ended if pk], code="merged", at=at)
    _move(moved, gone.lead.pk, kept.lead.pk)
    return {"moved": moved, "ended": ended, "stopped": _stop_escalating(clocks, gone.lead.pk)}


def _is_to_be_done(promise: str, kept: Held) -> bool:
    is_with_marketing = kept.open_handoff is None and kept.lead.queue_id is None
    return kept.lead.stage == AT_STAGE[promise] and is_with_marketing


def _is_open(clock: Clock) -> bool:
    return clock.state in Clock.LIVE or (clock.state == States.MISSED and clock.answered_at is None)


def _is_done_since(mine: Clock | None, theirs: Clock) -> bool:
    """Tell whether the same was promised of the kept lead later than of the other one, and done."""
    return mine is not None and not _is_open(mine) and mine.pk > theirs.pk


def _move(clock_ids: Sequence[int], from_id: int, to_id: int) -> None:
    rows = [(clock_id, to_id, from_id) for clock_id in clock_ids]
    if len(update_rows(Clock, ("lead_id",), rows, expected=("lead_id",))) != len(rows):
        raise Moved(MOVED_ON)


def _stop_escalating(clocks: Sequence[Clock], lead_id: int) -> list[list[Any]]:
    """Stop what is told of the misses of a lead, and give when each would have been told of next."""
    acting = [
        clock
        for clock in clocks
        if clock.lead_id == lead_id and clock.state == States.MISSED and clock.next_action_at is not None
    ]
    Clock.objects.filter(pk__in=[clock.pk for clock in acting]).update(next_action_at=None)
    return [[clock.pk, clock.next_action_at.isoformat()] for clock in acting if clock.next_action_at]


class GivenBack(NamedTuple):
    """What begins afresh, by lead, and the clocks that went to the other lead though they began on the kept one."""

    afresh: dict[int, list[str]]
    followers: list[int]


def give_clocks_back(record: Record, row: Merge, kept: Held, gone: Held, at: datetime) -> GivenBack:
    """Put back what moved and what stopped, and begin afresh what the merge ended; give what was done."""
    followers = _give_back_moved(row)
    for clock_id, instant in row.changes["stopped"]:
        Clock.objects.filter(pk=clock_id, answered_at=None).update(next_action_at=datetime.fromisoformat(instant))
    ended = Clock.objects.filter(pk__in=[pk for pk, _ in row.changes["ended"]], state=States.CANCELLED)
    afresh: dict[int, list[str]] = {kept.lead.pk: [], gone.lead.pk: []}
    duties = []
    for clock in ended.order_by("id"):
        item = kept if clock.lead_id == kept.lead.pk else gone
        pinned = _terms_for(clock, item, at)
        if pinned is None or clock.promise not in pinned[1].promises:
            continue
        duties.append(Duty(clock.promise, Owed(item.lead.pk, clock.tier, *pinned), item.lead.marketer_id))
        afresh[item.lead.pk].append(clock.promise)
    begin_duties(record, duties, at)
    return GivenBack(afresh, followers)


def _give_back_moved(row: Merge) -> list[int]:
    """Put back what moved, with what has begun in its place since (it was handed on, say); give the ids of the latter."""
    moved = Clock.objects.filter(pk__in=row.changes["moved"])
    back = [clock.pk for clock in moved if clock.lead_id == row.kept_id]
    promises = {clock.promise for clock in moved}
    begun = Clock.objects.filter(lead=row.kept_id, promise__in=promises, state__in=Clock.LIVE).exclude(pk__in=back)
    followers = sorted(begun.values_list("pk", flat=True))
    _move([*back, *followers], row.kept_id, row.gone_id)
    return followers


def _terms_for(clock: Clock, item: Held, at: datetime) -> Any:
    """Give the terms by which a promise begins again: a returned lead is decided under those of its handoff, the rest under those in force."""
    if clock.promise == "returned":
        return terms_of([item], at)[item.lead.pk]
    try:
        agreement = agreement_in_force(at)
    except NoAgreement:
        return None
    return agreement.version_id, agreement.terms
