"""Which rows of leads, contacts and pairs say that two became one, and how they say it no more."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q

from leads.holding import MOVED_ON, Moved
from leads.lifecycle import Stage
from leads.models import Contact, Lead, LikelyDuplicate, Merge
from leads.scoring import Engagement, together
from ledger.rows import update_rows
from teams.models import User

SCORE = ("engagement_fixed", "engagement_level", "half_life_days")

States = LikelyDuplicate.States


def point_to(kept: Lead, gone: Lead, pair: LikelyDuplicate, actor: User, at: datetime) -> dict[str, Any]:
    """Let lead, contact and pairs say who goes on, and whatever pointed at them too; give what was changed besides.

    ``beside`` are the other leads of the contact that goes: they stay, and open only with the contact that goes on.
    """
    row = (gone.pk, Stage.MERGED, at, kept.pk, gone.stage)
    if not update_rows(Lead, ("stage", "merged_at", "merged_into_id"), [row], expected=("stage",)):
        raise Moved(MOVED_ON)
    leads = Lead.objects.filter(merged_into=gone)
    contacts = Contact.objects.filter(merged_into=gone.contact_id)
    lead_ids, contact_ids = (sorted(rows.values_list("pk", flat=True)) for rows in (leads, contacts))
    beside = Lead.objects.filter(contact__in=[gone.contact_id, *contact_ids]).exclude(stage=Stage.MERGED)
    followed = {
        "leads": lead_ids, "contacts": contact_ids, "beside": sorted(beside.values_list("pk", flat=True)),
        **_carry_pairs(kept.contact_id, gone.contact_id, pair, actor, at),
    }  # fmt: skip
    leads.update(merged_into=kept)
    contacts.update(merged_into=kept.contact_id)
    Contact.objects.filter(pk=gone.contact_id).update(merged_into=kept.contact_id)
    Contact.objects.filter(pk=kept.contact_id).update(is_compared=False)
    return followed


def point_back(row: Merge, kept: Lead, gone: Lead) -> None:
    """Let lead, contact and pairs be as they were before the merge ``row``."""
    changes = row.changes
    back = (gone.pk, changes["stage"], None, None, Stage.MERGED)
    if not update_rows(Lead, ("stage", "merged_at", "merged_into_id"), [back], expected=("stage",)):
        raise Moved(MOVED_ON)
    Lead.objects.filter(pk__in=changes["leads"]).update(merged_into=gone)
    Contact.objects.filter(pk__in=[kept.contact_id, gone.contact_id]).update(is_compared=False)
    Contact.objects.filter(pk=gone.contact_id).update(merged_into=None)
    Contact.objects.filter(pk__in=changes["contacts"]).update(merged_into=gone.contact_id)
    _carry_pairs_back(changes, kept.contact_id, gone.contact_id)
    score = dict(zip(SCORE, changes["kept"], strict=True))
    touched_at = datetime.fromisoformat(changes["last_touch_at"])
    Lead.objects.filter(pk=kept.pk).update(is_hand_raise=changes["hand_raise"], last_touch_at=touched_at, **score)


# What the kept lead has of both ---------------------------------------------------------------------------------------


def counted_of(lead: Lead) -> dict[str, Any]:
    """Give what ``add_up`` changes of the kept lead, as it is before."""
    score = [getattr(lead, name) for name in SCORE]
    return {"kept": score, "hand_raise": lead.is_hand_raise, "last_touch_at": lead.last_touch_at.isoformat()}


def add_up(kept: Lead, gone: Lead, at: datetime) -> None:
    """Let the kept lead have the points of both, the raised hand of either and the later of their last touches."""
    mine, theirs = (Engagement(*(getattr(lead, name) for name in SCORE)) for lead in (kept, gone))
    both = together(mine, theirs, at=at)
    Lead.objects.filter(pk=kept.pk).update(
        engagement_fixed=both.fixed, engagement_level=both.level, is_hand_raise=kept.is_hand_raise or gone.is_hand_raise,
        last_touch_at=max(kept.last_touch_at, gone.last_touch_at),
    )  # fmt: skip


# Pairs ----------------------------------------------------------------------------------------------------------------


def _carry_pairs(kept_id: int, gone_id: int, pair: LikelyDuplicate, actor: User, at: datetime) -> dict[str, Any]:
    """Decide the pair, and carry what else is asked or said of the contact that goes over to the kept one.

    Where the same was asked of the kept one too there is one question left, and *not the same* of either holds. Gives the ids of the pairs that
    were carried, and the former decision (state, who, when) of those that were decided.
    """
    carried: list[int] = []
    decided = [_decide(pair, States.MERGED, actor.pk, at)]
    of_kept = {_other(row, kept_id): row for row in _pairs_of(kept_id)}
    for row in _pairs_of(gone_id).exclude(pk=pair.pk).exclude(state=States.MERGED):
        other_id = _other(row, gone_id)
        same = of_kept.get(other_id)
        if same is None:
            _put(row, kept_id, other_id)
            carried.append(row.pk)
            continue
        if row.state == States.DIFFERENT and same.state == States.OPEN:
            decided.append(_decide(same, row.state, row.decided_by_id, row.decided_at))
        if row.state == States.OPEN:
            decided.append(_decide(row, States.MERGED, actor.pk, at))
    return {"carried": carried, "decided": decided}


def _carry_pairs_back(changes: dict[str, Any], kept_id: int, gone_id: int) -> None:
    """Ask again what was asked, of whoever has not been merged meanwhile; what was said meanwhile stays said."""
    taken = {_other(row, gone_id) for row in _pairs_of(gone_id)}
    for row in _pairs_of(kept_id).filter(pk__in=changes["carried"]):
        other_id = _other(row, kept_id)
        if other_id not in taken:
            _put(row, gone_id, other_id)
    for pair_id, state, user_id, instant in changes["decided"]:
        row = LikelyDuplicate.objects.select_related("first", "second").get(pk=pair_id)
        if row.first.merged_into_id is None and row.second.merged_into_id is None:
            _decide(row, state, user_id, datetime.fromisoformat(instant) if instant else None)


def _pairs_of(contact_id: int) -> Any:
    about = Q(first=contact_id) | Q(second=contact_id)
    return LikelyDuplicate.objects.filter(about).order_by("id")


def _other(pair: LikelyDuplicate, contact_id: int) -> int:
    return pair.second_id if pair.first_id == contact_id else pair.first_id


def _put(pair: LikelyDuplicate, *contact_ids: int) -> None:
    pair.first_id, pair.second_id = sorted(contact_ids)
    pair.save(update_fields=["first", "second"])


def _decide(pair: LikelyDuplicate, state: str, user_id: int | None, at: datetime | None) -> list[Any]:
    """Let a pair be at ``state``, and give its id with what was said of it before."""
    before = [pair.pk, str(pair.state), pair.decided_by_id, pair.decided_at.isoformat() if pair.decided_at else None]
    pair.state, pair.decided_by_id, pair.decided_at = state, user_id, at
    pair.save(update_fields=["state", "decided_by", "decided_at"])
    return before
