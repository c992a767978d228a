"""Who has a lead: reroute, recall, claim from a queue, assign. Verbs; ``leads.handoffs`` offers them too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from inputs.refusals import Conflict, Invalid
from leads import clocks
from leads.assigning import Placement, offer, place
from leads.holding import (
    Held,
    NotYours,
    decide,
    hold,
    not_yours,
    offers_of,
    permit,
    permit_work,
    reach_of,
    require_open_handoff,
    require_step,
    step_to,
)
from leads.informing import name_of
from leads.lifecycle import Stage, WrongStage
from leads.models import Assignment, Handoff
from leads.owed import OF_HOLDER
from leads.questions import end_offers
from leads.record import Record
from leads.transfers import end_transfers
from ledger.selecting import ids
from teams.models import Membership, User
from teams.roles import Side

Causes = Assignment.Causes


class NotWaiting(Conflict):
    """The lead does not wait in a queue any more; the message names who has it."""

    code = "not_waiting"


class AlreadyTheirs(Conflict):
    """The person it is to be given to has it already."""

    code = "already_theirs"


class CannotTake(Invalid):
    """Not an active member of a sales team that the actor manages."""

    code = "cannot_take"


@transaction.atomic
def reroute(*, lead_id: int, actor: User, at: datetime, handoff_id: int | None = None) -> None:
    """Send an offered or accepted lead on: right lead, wrong person. Routed anew, never to anybody who had it.

    A new assignment, not a rejection; on an accepted lead the first attempt is promised afresh, an old miss stays. Raises ``NotYours``,
    ``WrongStage``, ``Moved``.
    """
    held = hold([lead_id], actor=actor)
    permit(actor, "work_lead")
    require_step("reroute", held)
    (item,) = held
    if item.lead.stage == Stage.MQL:
        require_open_handoff(held, handoff_id)
    permit_work(held, actor=actor, at=at)
    if item.rep_id is None:
        raise WrongStage("This lead waits in a queue. It has to be claimed or assigned first.")
    record = Record("reroute", actor.pk, at)
    record.event(lead_id, "rerouted", handoff_id=item.current_handoff_id, user_id=item.rep_id)
    record.tell(item.rep_id, "lead_rerouted", "lead", lead_id)
    give_elsewhere(record, held, code="rerouted", cause=Causes.REROUTED, at=at)
    record.write("lead", [lead_id])


def give_elsewhere(record: Record, held: Sequence[Held], *, code: str, cause: str, at: datetime) -> list[Placement]:
    """Take leads from whoever has them and route them anew; their running promises end for the reason ``code``."""
    end_promises(record, held, code=code, at=at)
    return offer(record, offers_of(held, at=at, excluded=had_by(held)), at=at, cause=cause)


def end_promises(record: Record, held: Sequence[Held], *, code: str, at: datetime) -> None:
    """End what the rep who has them still owed on these leads."""
    clocks.cancel(
        record, handoff_ids=[item.handoff.pk for item in held if item.handoff],
        lead_ids=[item.lead.pk for item in held], promises=OF_HOLDER | {"assign"}, code=code, at=at,
    )  # fmt: skip
    end_offers(record, held, code=code, at=at)
    end_transfers(record, held, code=code, at=at)


def had_by(held: Sequence[Held]) -> Mapping[int, frozenset[int]]:
    """Give, by lead, everybody who has it or had it since its current handoff was offered, with or without the handoff's own word.

    A lead that came to sales by no handoff is looked at from its acceptance, else from its arrival.
    """
    past = {item.lead.pk: {item.rep_id} - {None} for item in held}
    since = {item.lead.pk: _with_sales_since(item) for item in held}
    rows = Assignment.objects.filter(lead_id__in=since, user__isnull=False)
    for lead_id, user_id, assigned_at in rows.values_list("lead_id", "user_id", "assigned_at"):
        if assigned_at >= since[lead_id]:
            past[lead_id].add(user_id)
    return {lead_id: frozenset(ids(users)) for lead_id, users in past.items()}


def _with_sales_since(item: Held) -> datetime:
    if item.handoff is not None and item.current_handoff_id is not None:
        return item.handoff.offered_at
    return item.lead.sal_at or item.lead.captured_at


@transaction.atomic
def recall(*, lead_id: int, actor: User, at: datetime, handoff_id: int | None = None) -> None:
    """Take an offered lead back to marketing, before sales has begun with it; its promises are cancelled.

    It is a decision: what the contact looks at afterwards does not undo it. The lead qualifies again when they ask for us anew, by corrected
    data or by a marketer. Raises ``NotAllowed``, ``WrongStage``, ``Moved``.
    """
    held = hold([lead_id], actor=actor)
    permit(actor, "recall")
    require_step("recall", held)
    (handoff,) = require_open_handoff(held, handoff_id)
    record = Record("recall", actor.pk, at)
    decide([handoff], Handoff.States.RECALLED, actor_id=actor.pk, at=at)
    step_to(held, "recall", queue_id=None, owner_id=None, needs_new_reason=True)
    clocks.cancel(record, handoff_ids=[handoff.pk], code="recalled", at=at)
    end_offers(record, held, code="recalled", at=at)
    record.event(
        lead_id, "recalled", handoff_id=handoff.pk, user_id=handoff.assignee_id, version_id=handoff.version_id,
        campaign_id=held[0].lead.last_campaign_id,
    )  # fmt: skip
    record.tell(handoff.assignee_id, "lead_recalled", "lead", lead_id, handoff=handoff.pk)
    record.write("lead", [lead_id])


@transaction.atomic
def claim(*, lead_id: int, actor: User, at: datetime) -> None:
    """Take a lead from a queue of one's own team: it is then offered to the actor (a SAL is theirs at once).

    Raises ``NotWaiting`` with the name of who has it, ``NotYours`` for another team's queue, ``IsAway``, ``NotAllowed``.
    """
    held = hold([lead_id], actor=actor)
    permit(actor, "claim")
    (item,) = held
    if item.lead.queue_id is None:
        raise _not_waiting(item)
    if item.lead.queue_id not in actor.team_ids:
        raise NotYours("This lead waits in the queue of another team.", details={"queue": item.lead.queue_id})
    record = Record("claim", actor.pk, at)
    trace = {"chosen": {"why": "claimed", "user": actor.pk, "queue": item.lead.queue_id}}
    _give(record, item, actor.pk, trace, cause=Causes.CLAIMED, at=at)
    record.write("lead", [lead_id])


@transaction.atomic
def assign(*, lead_id: int, user_id: int, actor: User, at: datetime) -> None:
    """Give a lead that waits in a queue, or that a rep of one's own has, to a member of a team that the actor manages.

    Raises ``NotAllowed``, ``NotYours``, ``CannotTake``, ``AlreadyTheirs``, ``IsAway``, ``WrongStage``.
    """
    held = hold([lead_id], actor=actor)
    permit(actor, "assign")
    (item,) = held
    require_step("assign" if item.lead.stage == Stage.MQL else "reassign", held)
    if item.lead.queue_id is None and item.rep_id is None:
        raise WrongStage("This lead is not in sales’ hands.", details={"lead": lead_id})
    if not reach_of(actor, ids([item.rep_id]), at).may_assign(item.rep_id, item.lead.queue_id):
        raise not_yours(item)
    _require_able(user_id, actor)
    if item.rep_id == user_id:
        raise AlreadyTheirs(f"{name_of(user_id)} has this lead already.", details={"user": user_id})
    record = Record("assign", actor.pk, at)
    record.tell(item.rep_id, "lead_rerouted", "lead", lead_id)
    trace = {"chosen": {"why": "assigned", "user": user_id, "by": actor.pk}}
    _give(record, item, user_id, trace, cause=Causes.MANUAL, at=at)
    record.write("lead", [lead_id], user=user_id)


def _give(record: Record, item: Held, user_id: int, trace: Mapping[str, Any], *, cause: str, at: datetime) -> None:
    """Put a lead to a person whom a person chose: the queue's promise is kept, a former rep's ends."""
    if item.lead.queue_id is not None:
        handoffs = [item.current_handoff_id] if item.current_handoff_id else []
        clocks.answer(record, promise="assign", handoff_ids=handoffs, lead_ids=[item.lead.pk], at=at)
    end_promises(record, [item], code="reassigned", at=at)
    (wanted,) = offers_of([item], at=at)
    place(record, [Placement(wanted, user_id, None, trace)], at=at, cause=cause)


def _require_able(user_id: int, actor: User) -> None:
    able = Membership.objects.filter(
        user_id=user_id, user__is_active=True, team__side=Side.SALES, team_id__in=actor.managed_team_ids
    )
    if not able.exists():
        raise CannotTake("Choose an active member of your own sales team.", field="user_id")


def _not_waiting(item: Held) -> NotWaiting:
    if item.rep_id is None:
        return NotWaiting("This lead does not wait in a queue.", details={"lead": item.lead.pk})
    winner = name_of(item.rep_id)
    return NotWaiting(
        f"{winner} has this lead already.",
        details={"lead": item.lead.pk, "winner": item.rep_id, "winner_name": winner},
    )
