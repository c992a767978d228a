"""Two leads of one person become one, and two again. Verbs.

What happened stays with the lead on which it happened: touches, handoffs, activities, ratings, quotes and events do not move, so that nothing
that was reported changes its past. The lead that goes ends at the stage *merged* and names the one that is kept; its contact goes on under
that of the kept one, which is found from then on by all that either was recognised by. What is added up is the engagement; what is owed goes on, see
``leads.merging_clocks`` and docs/clocks.md.

Nobody loses a lead by it: one that sales has, or is offered, can only be the one that is kept.

Both contacts and whoever was merged into them are locked first, then the pair, the leads and their clocks, each in the order of their ids, as
far as one statement sees them all. Whoever meets another the other way round begins again (``attempt``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from inputs.refusals import Conflict, NotVisible
from leads.duplicates import MAY, NoSuchPair, PairDecided
from leads.holding import Held, hold, permit
from leads.informing import active_of, marketers_or_managers
from leads.intake.attempts import attempt
from leads.lifecycle import OPEN_STAGES, PATH, Stage, can
from leads.merging_clocks import give_clocks_back, settle_clocks
from leads.merging_rows import add_up, counted_of, point_back, point_to
from leads.models import Contact, Dispute, Lead, LeadEvent, LikelyDuplicate, Merge, Question, Transfer
from leads.record import Record
from teams.models import User

UNDO_WITHIN = timedelta(days=30)
"""How long a merge can be undone: until then the habit of the new lead has not set (decision 24)."""
MERGED, UNMERGED = "lead_merged", "lead_unmerged"
"""Codes of the notices."""
WON = (Stage.CUSTOMER, Stage.ADVOCATE)
OF_MERGES = frozenset({"merged", "took_in", "unmerged", "gave_back"})
"""Events of merging and undoing."""

States = LikelyDuplicate.States


class CannotMerge(Conflict):
    """These two cannot become one as they are; the message says what to do first."""

    code = "cannot_merge"


class CannotUndo(Conflict):
    """The merge cannot be undone any more; the message says why."""

    code = "cannot_undo"


class NoSuchMerge(NotVisible):
    """There is no such merge."""

    code = "no_such_merge"


def merge(*, pair_id: int, kept_id: int, gone_id: int, actor: User, at: datetime) -> int:
    """Merge the lead ``gone_id`` of one contact of a pair into ``kept_id`` of the other, and give the merge's id.

    Raises ``NotAllowed``, ``NoSuchPair``, ``NoSuchLead``, ``PairDecided``, ``CannotMerge``, ``Busy``.
    """
    permit(actor, MAY)
    wish = _Wish(pair_id, kept_id, gone_id, actor, at)
    return attempt(lambda _: _merge(wish))


def undo_merge(*, merge_id: int, actor: User, at: datetime) -> None:
    """Make two of what was merged, within ``UNDO_WITHIN`` and while nothing has happened to either since.

    All is as it was before, but for the promises that the merge ended: they begin afresh. Raises ``NotAllowed``, ``NoSuchMerge``,
    ``CannotUndo``, ``Busy``.
    """
    permit(actor, MAY)
    attempt(lambda obstacle: _undo(merge_id, actor, at, obstacle))


def undo_problem(row: Merge, at: datetime) -> str:
    """Say why this merge cannot be undone at ``at``; nothing where it can.

    What happened by other merges that were undone since has left no trace: of several merges each can be undone, the last one first.
    """
    if row.undone_at is not None:
        return "This merge was undone already."
    if at - row.merged_at > UNDO_WITHIN:
        return f"A merge can be undone for {UNDO_WITHIN.days} days."
    if _has_happened_since(row):
        return "Something has happened to the lead since. What was done on it belongs to both now."
    if _has_opened_beside(row):
        return "Another lead of this person was opened since, and there is one at a time."
    return ""


@dataclass(frozen=True, slots=True)
class _Wish:
    """The arguments of the verb."""

    pair_id: int
    kept_id: int
    gone_id: int
    actor: User
    at: datetime


def _merge(wish: _Wish) -> int:
    actor, at = wish.actor, wish.at
    pair, kept, gone = _hold(wish.pair_id, wish.kept_id, wish.gone_id, actor)
    if pair.state != States.OPEN:
        raise PairDecided("Somebody has said already whether these two are the same. Look at it anew.")
    _refuse(kept, gone)
    record = Record("merge", actor.pk, at)
    former = gone.lead.stage
    clocks = settle_clocks(record, kept, gone, at)
    followed = point_to(kept.lead, gone.lead, pair, actor, at)
    changes = {"stage": former, **clocks, **counted_of(kept.lead), **followed}
    row = Merge.objects.create(
        pair=pair, kept=kept.lead, gone=gone.lead, changes=changes, merged_by=actor, merged_at=at
    )
    add_up(kept.lead, gone.lead, at)
    record.event(gone.lead.pk, "merged", code=former, facts={"into": kept.lead.pk, "merge": row.pk, **clocks})
    record.event(
        kept.lead.pk, "took_in",
        facts={
            "lead": gone.lead.pk, "merge": row.pk, "hand_raise": gone.lead.is_hand_raise,
            "last_touch_at": gone.lead.last_touch_at.isoformat(),
        },
    )  # fmt: skip
    _tell_merged(record, kept, gone)
    record.write("lead", [kept.lead.pk, gone.lead.pk], merge=row.pk)
    return row.pk


def _undo(merge_id: int, actor: User, at: datetime, obstacle: str) -> None:
    row = Merge.objects.filter(pk=merge_id).first()
    if row is None:
        raise NoSuchMerge("There is nothing here.")
    _, kept, gone = _hold(row.pair_id, row.kept_id, row.gone_id, actor)
    row.refresh_from_db()
    if problem := undo_problem(row, at):
        raise CannotUndo(problem)
    if obstacle:
        raise CannotUndo("No team of marketing has a calendar, so what is owed cannot begin again.")
    record = Record("undo_merge", actor.pk, at)
    point_back(row, kept.lead, gone.lead)
    back = give_clocks_back(record, row, kept, gone, at)
    Merge.objects.filter(pk=row.pk).update(undone_by=actor, undone_at=at)
    facts: dict[str, Any] = {"merge": row.pk}
    record.event(
        gone.lead.pk, "unmerged", code=row.changes["stage"], facts={**facts, "afresh": back.afresh[gone.lead.pk]}
    )
    facts |= {"moved": back.followers} if back.followers else {}
    record.event(kept.lead.pk, "gave_back", facts={**facts, "afresh": back.afresh[kept.lead.pk]})
    _tell_unmerged(record, kept, gone)
    record.write("lead", [kept.lead.pk, gone.lead.pk], merge=row.pk)


# Taking hold ----------------------------------------------------------------------------------------------------------


def _hold(pair_id: int, kept_id: int, gone_id: int, actor: User) -> tuple[LikelyDuplicate, Held, Held]:
    """Lock the contacts, the pair, and all leads of theirs that can still do anything, and give the pair and the two."""
    asked = LikelyDuplicate.objects.filter(pk=pair_id).first()
    if asked is None:
        raise NoSuchPair("There is nothing here.")
    both = [asked.first_id, asked.second_id]
    contacts = Contact.objects.filter(Q(pk__in=both) | Q(merged_into__in=both)).order_by("id")
    persons = [contact.pk for contact in contacts.select_for_update(no_key=True)]
    pair = LikelyDuplicate.objects.select_for_update(of=("self",)).get(pk=pair_id)
    theirs = Lead.objects.filter(contact__in=persons).exclude(stage=Stage.MERGED)
    held = {item.lead.pk: item for item in hold({kept_id, gone_id, *theirs.values_list("pk", flat=True)}, actor=actor)}
    kept, gone = held[kept_id], held[gone_id]
    if {kept.lead.contact_id, gone.lead.contact_id} != {pair.first_id, pair.second_id}:
        raise CannotMerge("Choose a lead of each of the two contacts.", field="gone")
    return pair, kept, gone


def _refuse(kept: Held, gone: Held) -> None:
    """Refuse what would take a lead from somebody, lose what is open, or be no step forward."""
    for item in (kept, gone):
        if item.lead.stage == Stage.MERGED or item.lead.contact.merged_into_id is not None:
            raise CannotMerge("One of them was merged already.", field="gone")
    _refuse_won(kept.lead, gone.lead)
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


def _refuse_won(kept: Lead, gone: Lead) -> None:
    """Refuse what is possible no way round: what was won cannot go, and what is open cannot go into it."""
    won, other, field = (kept, gone, "kept") if kept.stage in WON else (gone, kept, "gone")
    if won.stage not in WON:
        return
    if other.stage in WON:
        raise CannotMerge("Both were won: each of them stays.", field=field)
    if other.stage in OPEN_STAGES:
        raise CannotMerge(
            "One of them was won, so it can only be kept, and the other one is still open. Merge that one into it when it is closed.",
            field=field,
        )


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


def _has_happened_since(row: Merge) -> bool:
    both = [row.kept_id, row.gone_id]
    own = LeadEvent.objects.filter(lead=row.gone_id, kind="merged", facts__merge=row.pk).values_list("pk", flat=True)
    since = LeadEvent.objects.filter(lead__in=both, pk__gt=own[0]).values_list("kind", "facts")
    others = Merge.objects.filter(Q(kept__in=both) | Q(gone__in=both), undone_at__isnull=False)
    without_trace = {row.pk, *others.values_list("pk", flat=True)}
    return any(kind not in OF_MERGES or facts.get("merge") not in without_trace for kind, facts in since)


def _has_opened_beside(row: Merge) -> bool:
    """Tell whether another lead of the contact that went is open, or opened with the contact that goes on for it."""
    theirs = [row.gone.contact_id, *row.changes["contacts"]]
    is_with_another = Q(pk__in=row.changes["beside"]) & ~Q(contact__in=theirs)
    is_open = Q(contact__in=theirs, stage__in=sorted(OPEN_STAGES))
    return Lead.objects.filter(is_with_another | is_open).exclude(pk=row.kept_id).exists()


# Telling --------------------------------------------------------------------------------------------------------------


def _tell_merged(record: Record, kept: Held, gone: Held) -> None:
    """Tell who has, or had, either lead, and who of marketing answers for it."""
    marketing = _marketing_of(kept, gone)
    owners = active_of([gone.lead.owner_id])
    people = (kept.rep_id, *owners, *marketing[kept.lead.pk], *marketing[gone.lead.pk])
    _tell(record, MERGED, people, about=kept, gone=gone)


def _tell_unmerged(record: Record, kept: Held, gone: Held) -> None:
    """Tell the same people: who answers for the lead that is back about that one, the others about the kept one."""
    marketing = _marketing_of(kept, gone)
    back = [*marketing[gone.lead.pk], *active_of([gone.lead.owner_id])]
    _tell(record, UNMERGED, back, about=gone, gone=gone)
    rest = [user_id for user_id in (kept.rep_id, *marketing[kept.lead.pk]) if user_id not in back]
    _tell(record, UNMERGED, rest, about=kept, gone=gone)


def _marketing_of(kept: Held, gone: Held) -> dict[int, list[int]]:
    return marketers_or_managers({item.lead.pk: item.lead.marketer_id for item in (kept, gone)})


def _tell(record: Record, code: str, people: Iterable[int | None], *, about: Held, gone: Held) -> None:
    for user_id in dict.fromkeys(people):
        record.tell(user_id, code, "lead", about.lead.pk, gone=gone.lead.pk)
