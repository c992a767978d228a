"""Two leads of one person become one, and two again. Verbs.

What happened stays with the lead on which it happened: touches, handoffs, activities, ratings, quotes and events do not move, so that nothing
that was reported changes its past. The lead that goes ends at the stage *merged* and names the one that is kept; its contact goes on under
that of the kept one, which is found from then on by all that either was recognised by. What is added up is the engagement; what is owed goes on, see
``_settle_clocks`` and docs/clocks.md.

Nobody loses a lead by it: one that sales has, or is offered, can only be the one that is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from inputs.refusals import Conflict, NotVisible
from leads.clocks import cancel_these
from leads.duplicates import MAY, NoSuchPair, PairDecided
from leads.holding import MOVED_ON, Held, Moved, hold, permit, terms_of
from leads.lifecycle import OPEN_STAGES, PATH, Stage, can
from leads.models import Clock, Contact, Dispute, Lead, LeadEvent, LikelyDuplicate, Merge, Question, Transfer
from leads.owed import OF_MARKETING, Duty, Owed, begin_duties
from leads.record import Record
from leads.scoring import Engagement, together
from ledger.rows import update_rows
from sla.in_force import NoAgreement, agreement_in_force
from teams.models import User

UNDO_WITHIN = timedelta(days=30)
"""How long a merge can be undone: until then the habit of the new lead has not set (decision 25)."""
MERGED, UNMERGED = "lead_merged", "lead_unmerged"
"""Codes of the notices."""
AT_STAGE = {"triage": Stage.LEAD, "returned": Stage.LEAD, "nurture": Stage.LEAD, "complete": Stage.MQL}
"""At which stage each promise of marketing has something to be done."""

States = LikelyDuplicate.States
TO_MARKETING = ("triage", "returned", "nurture", "complete")


class CannotMerge(Conflict):
    """These two cannot become one as they are; the message says what to do first."""

    code = "cannot_merge"


class CannotUndo(Conflict):
    """The merge cannot be undone any more; the message says why."""

    code = "cannot_undo"


class NoSuchMerge(NotVisible):
    """There is no such merge."""

    code = "no_such_merge"


@transaction.atomic
def merge(*, pair_id: int, kept_id: int, gone_id: int, actor: User, at: datetime) -> int:
    """Merge the lead ``gone_id`` of one contact of a pair into ``kept_id`` of the other, and give the merge's id.

    Contacts, then leads, then clocks are locked in the order of their ids, as in the intake. Raises ``NotAllowed``, ``NoSuchPair``,
    ``NoSuchLead``, ``PairDecided``, ``CannotMerge``.
    """
    permit(actor, MAY)
    pair = _open_pair(pair_id)
    kept, gone = _held(pair, kept_id, gone_id, actor)
    _refuse(kept, gone)
    record = Record("merge", actor.pk, at)
    former = gone.lead.stage
    clocks = _settle_clocks(record, kept, gone, at)
    changes = {
        "stage": former, **clocks, "kept": _score_of(kept.lead), "hand_raise": kept.lead.is_hand_raise,
        **_point_to(kept.lead, gone.lead, pair, actor, at),
    }  # fmt: skip
    row = Merge.objects.create(
        pair=pair, kept=kept.lead, gone=gone.lead, changes=changes, merged_by=actor, merged_at=at
    )
    _add_up(kept.lead, gone.lead, at)
    record.event(gone.lead.pk, "merged", code=former, facts={"into": kept.lead.pk, "merge": row.pk, **clocks})
    facts = {"lead": gone.lead.pk, "merge": row.pk, "hand_raise": gone.lead.is_hand_raise}
    record.event(kept.lead.pk, "took_in", facts=facts)
    _tell(record, MERGED, kept, gone)
    record.write("lead", [kept.lead.pk, gone.lead.pk], merge=row.pk)
    return row.pk


@transaction.atomic
def undo_merge(*, merge_id: int, actor: User, at: datetime) -> None:
    """Make two of what was merged, within ``UNDO_WITHIN`` and while nothing has happened to either since.

    All is as it was before, but for the promises that the merge ended: they begin afresh. Raises ``NotAllowed``, ``NoSuchMerge``, ``CannotUndo``.
    """
    permit(actor, MAY)
    row = Merge.objects.select_for_update(of=("self",)).select_related("pair").filter(pk=merge_id).first()
    if row is None:
        raise NoSuchMerge("There is nothing here.")
    kept, gone = _held(row.pair, row.kept_id, row.gone_id, actor)
    _refuse_undo(row, at)
    record = Record("undo_merge", actor.pk, at)
    _point_back(row, kept.lead, gone.lead)
    afresh = _give_clocks_back(record, row, kept, gone, at)
    Merge.objects.filter(pk=row.pk).update(undone_by=actor, undone_at=at)
    for lead_id, kind, code in ((gone.lead.pk, "unmerged", row.changes["stage"]), (kept.lead.pk, "gave_back", "")):
        record.event(lead_id, kind, code=code, facts={"merge": row.pk, "afresh": afresh[lead_id]})
    _tell(record, UNMERGED, kept, gone)
    record.write("lead", [kept.lead.pk, gone.lead.pk], merge=row.pk)


# Taking hold ----------------------------------------------------------------------------------------------------------


def _open_pair(pair_id: int) -> LikelyDuplicate:
    pair = LikelyDuplicate.objects.select_for_update(of=("self",)).filter(pk=pair_id).first()
    if pair is None:
        raise NoSuchPair("There is nothing here.")
    if pair.state != States.OPEN:
        raise PairDecided("Somebody has said already whether these two are the same. Look at it anew.")
    return pair


def _held(pair: LikelyDuplicate, kept_id: int, gone_id: int, actor: User) -> tuple[Held, Held]:
    contacts = Contact.objects.filter(pk__in=[pair.first_id, pair.second_id]).order_by("id")
    list(contacts.select_for_update(no_key=True))
    held = {item.lead.pk: item for item in hold({kept_id, gone_id}, actor=actor)}
    kept, gone = held[kept_id], held[gone_id]
    if {kept.lead.contact_id, gone.lead.contact_id} != {pair.first_id, pair.second_id}:
        raise CannotMerge("Choose a lead of each of the two contacts.", field="gone")
    return kept, gone


def _refuse(kept: Held, gone: Held) -> None:
    """Refuse what would take a lead from somebody, lose what is open, or be no step forward."""
    for item in (kept, gone):
        if item.lead.stage == Stage.MERGED or item.lead.contact.merged_into_id is not None:
            raise CannotMerge("One of them was merged already.", field="gone")
    if gone.open_handoff is not None or not can("merge", gone.lead.stage):
        raise CannotMerge(
            "This lead is with sales, or was won: keep it, and merge the other one. Where both are, sales returns one as a duplicate first.",
            field="gone",
        )
    if gone.lead.stage in OPEN_STAGES:
        if kept.lead.stage not in OPEN_STAGES:
            raise CannotMerge(
                "The one that is kept is closed, and the other one is not. Keep the open one.", field="kept"
            )
        if PATH.index(Stage(gone.lead.stage)) > PATH.index(Stage(kept.lead.stage)):
            raise CannotMerge("Keep the one that is further along.", field="kept")
    _refuse_open_matters(gone.lead)


def _refuse_open_matters(gone: Lead) -> None:
    others = Lead.objects.open().filter(contact=gone.contact_id).exclude(pk=gone.pk)
    open_matters = (
        (Transfer.objects.filter(lead=gone, state="open"), "It is offered to a colleague"),
        (Question.objects.filter(lead=gone, state="open"), "A question about it is open"),
        (Dispute.objects.filter(handoff__lead=gone, state="open"), "A dispute about it is open"),
        (others, "Its contact has another open lead"),
    )
    for rows, words in open_matters:
        if rows.exists():
            raise CannotMerge(f"{words}: let that end first, or keep this one.", field="gone")


def _refuse_undo(row: Merge, at: datetime) -> None:
    if row.undone_at is not None:
        raise CannotUndo("This merge was undone already.")
    if at - row.merged_at > UNDO_WITHIN:
        raise CannotUndo(f"A merge can be undone for {UNDO_WITHIN.days} days.")
    own = LeadEvent.objects.filter(lead=row.gone_id, kind="merged", facts__merge=row.pk).values_list("pk", flat=True)
    since = LeadEvent.objects.filter(lead__in=[row.kept_id, row.gone_id], pk__gt=own[0]).exclude(
        kind="took_in", facts__merge=row.pk
    )
    if since.exists():
        raise CannotUndo("Something has happened to the lead since. What was done on it belongs to both now.")


# Clocks ---------------------------------------------------------------------------------------------------------------


def _settle_clocks(record: Record, kept: Held, gone: Held, at: datetime) -> dict[str, Any]:
    """Let each promise of marketing go on for the lead that is kept, once, and by the earlier deadline.

    What only the lead that goes has moves with its deadline, its terms and who owes it. Where both have it, the earlier stays. What has
    nothing to be done at the stage of the kept one is over. A miss that is being escalated stops. What is owed for a rating runs on.
    """
    rows = Clock.objects.filter(lead__in=[kept.lead.pk, gone.lead.pk], promise__in=OF_MARKETING).order_by("id")
    clocks = list(rows.select_for_update(no_key=True, of=("self",)))
    live = {(clock.lead_id, clock.promise): clock for clock in clocks if clock.state in Clock.LIVE}
    moved: list[int] = []
    ended: list[list[int | None]] = []
    for promise in TO_MARKETING:
        mine, theirs = live.get((kept.lead.pk, promise)), live.get((gone.lead.pk, promise))
        if theirs is None:
            continue
        if not _is_to_be_done(promise, kept):
            ended.append([theirs.pk, None])
        elif mine is None:
            moved.append(theirs.pk)
        elif theirs.due_at < mine.due_at:
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


def _move(clock_ids: Sequence[int], from_id: int, to_id: int) -> None:
    rows = [(clock_id, to_id, from_id) for clock_id in clock_ids]
    if len(update_rows(Clock, ("lead_id",), rows, expected=("lead_id",))) != len(rows):
        raise Moved(MOVED_ON)


def _stop_escalating(clocks: Sequence[Clock], lead_id: int) -> list[list[Any]]:
    """Stop what is told of the misses of a lead, and give when each would have been told of next."""
    acting = [
        clock
        for clock in clocks
        if clock.lead_id == lead_id and clock.state == Clock.States.MISSED and clock.next_action_at is not None
    ]
    Clock.objects.filter(pk__in=[clock.pk for clock in acting]).update(next_action_at=None)
    return [[clock.pk, clock.next_action_at.isoformat()] for clock in acting if clock.next_action_at]


def _give_clocks_back(record: Record, row: Merge, kept: Held, gone: Held, at: datetime) -> dict[int, list[str]]:
    """Put back what moved and what stopped, and begin afresh what the merge ended; give by lead what begins."""
    back = Clock.objects.filter(pk__in=row.changes["moved"], lead=row.kept_id)
    _move(list(back.values_list("pk", flat=True)), row.kept_id, row.gone_id)
    for clock_id, instant in row.changes["stopped"]:
        Clock.objects.filter(pk=clock_id, answered_at=None).update(next_action_at=datetime.fromisoformat(instant))
    ended = Clock.objects.filter(pk__in=[pk for pk, _ in row.changes["ended"]], state=Clock.States.CANCELLED)
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
    return afresh


def _terms_for(clock: Clock, item: Held, at: datetime) -> Any:
    """Give the terms by which a promise begins again: a returned lead is decided under those of its handoff, the rest under those in force."""
    if clock.promise == "returned":
        return terms_of([item], at)[item.lead.pk]
    try:
        agreement = agreement_in_force(at)
    except NoAgreement:
        return None
    return agreement.version_id, agreement.terms


# Leads, contacts and the pair -----------------------------------------------------------------------------------------


def _point_to(kept: Lead, gone: Lead, pair: LikelyDuplicate, actor: User, at: datetime) -> dict[str, Any]:
    """Let lead, contact and pair say who goes on, and whatever pointed at them too; give the ids of what was changed besides."""
    row = (gone.pk, Stage.MERGED, at, kept.pk, gone.stage)
    if not update_rows(Lead, ("stage", "merged_at", "merged_into_id"), [row], expected=("stage",)):
        raise Moved(MOVED_ON)
    leads = Lead.objects.filter(merged_into=gone)
    contacts = Contact.objects.filter(merged_into=gone.contact_id)
    followed = {
        "leads": sorted(leads.values_list("pk", flat=True)), "contacts": sorted(contacts.values_list("pk", flat=True))
    }  # fmt: skip
    leads.update(merged_into=kept)
    contacts.update(merged_into=kept.contact_id)
    Contact.objects.filter(pk=gone.contact_id).update(merged_into=kept.contact_id)
    Contact.objects.filter(pk=kept.contact_id).update(is_compared=False)
    about = Q(pk=pair.pk) | Q(first=gone.contact_id) | Q(second=gone.contact_id)
    pairs = LikelyDuplicate.objects.filter(about, state=States.OPEN)
    followed["pairs"] = sorted(pairs.values_list("pk", flat=True))
    LikelyDuplicate.objects.filter(pk__in=followed["pairs"]).update(
        state=States.MERGED, decided_by=actor, decided_at=at
    )
    return followed


def _point_back(row: Merge, kept: Lead, gone: Lead) -> None:
    changes = row.changes
    back = (gone.pk, changes["stage"], None, None, Stage.MERGED)
    if not update_rows(Lead, ("stage", "merged_at", "merged_into_id"), [back], expected=("stage",)):
        raise Moved(MOVED_ON)
    Lead.objects.filter(pk__in=changes["leads"]).update(merged_into=gone)
    Contact.objects.filter(pk=gone.contact_id).update(merged_into=None, is_compared=False)
    Contact.objects.filter(pk__in=changes["contacts"]).update(merged_into=gone.contact_id)
    LikelyDuplicate.objects.filter(pk__in=changes["pairs"]).update(state=States.OPEN, decided_by=None, decided_at=None)
    score = dict(zip(SCORE, changes["kept"], strict=True))
    Lead.objects.filter(pk=kept.pk).update(is_hand_raise=changes["hand_raise"], **score)


SCORE = ("engagement_fixed", "engagement_level", "half_life_days")


def _score_of(lead: Lead) -> list[Any]:
    return [getattr(lead, name) for name in SCORE]


def _add_up(kept: Lead, gone: Lead, at: datetime) -> None:
    """Let the kept lead have the points of both, and the raised hand of either."""
    both = together(Engagement(*_score_of(kept)), Engagement(*_score_of(gone)), at=at)
    Lead.objects.filter(pk=kept.pk).update(
        engagement_fixed=both.fixed, engagement_level=both.level, is_hand_raise=kept.is_hand_raise or gone.is_hand_raise
    )


def _tell(record: Record, code: str, kept: Held, gone: Held) -> None:
    """Tell who has the kept lead, and who of marketing answers for either."""
    people = (kept.rep_id, kept.lead.marketer_id, gone.lead.marketer_id)
    for user_id in dict.fromkeys(people):
        record.tell(user_id, code, "lead", kept.lead.pk, gone=gone.lead.pk)
