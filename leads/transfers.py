"""Transfer a lead in work to a colleague in another role, who accepts or declines it. Verbs.

Until it is accepted the lead stays with whoever has it, who owes on it what they owe: an offer that is declined, or that nobody answers, has
cost the contact nothing. It ends by itself where the lead changes hands or stage. Design, domain page, *transfer*; decision 19.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from inputs.refusals import Conflict, Invalid
from leads import clocks
from leads.assigning import HasLeft, Placement, Places, place
from leads.holding import Held, NotYours, hold, offers_of, permit, permit_work, reach_of, require_step, terms_of
from leads.informing import name_of
from leads.lifecycle import Stage, WrongStage
from leads.models import Assignment, Transfer
from leads.owed import OF_HOLDER, Owed, Owner, on_lead
from leads.questions import end_offers
from leads.reasons import checked_note
from leads.record import Record
from ledger.rows import update_rows
from ledger.selecting import ids
from teams.models import Absence, User
from teams.roles import Side

ACCEPT = "accept"
TRANSFERRED = "transferred"
AUTO = "auto"
LAPSED = "lapsed"
"""Why an offer ended that nobody answered, where the agreement does not give the lead to who was silent."""
STAGES = (Stage.SAL, Stage.SQL)

States = Transfer.States
STATE_OF = {"declined": States.DECLINED, "withdrawn": States.WITHDRAWN}
"""What an offer is after it ended for one of these reasons; for any other it ended by itself."""


class OfferedAlready(Conflict):
    """The lead is offered to a colleague already; ``details`` name them."""

    code = "offered_already"


class NotOffered(WrongStage):
    """The lead is not offered to a colleague, or not any more."""

    code = "not_offered"


class CannotReceive(Invalid):
    """Not an active member of a sales team, or the one who has the lead, or away with nobody to cover."""

    code = "cannot_receive"


def is_transfer(promise: str, lead_id: int | None) -> bool:
    """Tell whether a clock is about a transfer: *accept* on a lead itself, where that of a handoff is on the handoff."""
    return promise == ACCEPT and lead_id is not None


# Offer ----------------------------------------------------------------------------------------------------------------


@transaction.atomic
def transfer(*, lead_id: int, user_id: int, actor: User, at: datetime, note: str = "") -> int:
    """Offer a SAL or SQL to another member of sales, who owes an answer, and give the transfer's id.

    The rep who has it offers it, who covers for them, or their manager. Raises ``BadReason``, ``NotYours``, ``WrongStage``,
    ``OfferedAlready``, ``CannotReceive``, ``HasLeft``.
    """
    note = checked_note(note)
    held = hold([lead_id], actor=actor)
    permit(actor, "work_lead")
    require_step("transfer", held)
    permit_work(held, actor=actor, at=at)
    (item,) = held
    giver_id = item.lead.owner_id
    if giver_id is None:
        raise WrongStage("This lead waits in a queue. It has to be claimed or assigned first.")
    open_one = open_on([lead_id]).get(lead_id)
    if open_one is not None:
        message = f"This lead is offered to {name_of(open_one.receiver_id)} already."
        raise OfferedAlready(message, details={"lead": lead_id, "user": open_one.receiver_id})
    receiver = _receiver(user_id, giver_id, at)
    offered = Transfer.objects.create(
        lead=item.lead, giver_id=giver_id, receiver_id=user_id, offered_by=actor, offered_at=at, note=note
    )
    record = Record("transfer", actor.pk, at)
    version_id, terms = terms_of(held, at)[lead_id]
    owed = Owed(lead_id, item.lead.tier_of_promises, version_id, terms)
    clocks.start(record, [on_lead(ACCEPT, owed, receiver, arrived_at=at)], at)
    _event(record, item, offered, "transfer_offered", user_id=user_id, version_id=version_id)
    record.tell(user_id, "transfer_offered", "lead", lead_id, transfer=offered.pk, giver=giver_id)
    record.write("lead", [lead_id], transfer=offered.pk, user=user_id)
    return offered.pk


def receivers(giver_id: int) -> list[User]:
    """Give to whom a lead may be transferred: everybody active in sales but who has it."""
    people = User.objects.filter(is_active=True, memberships__team__side=Side.SALES, memberships__team__is_active=True)
    return list(people.exclude(pk=giver_id).distinct().order_by("name"))


def _receiver(user_id: int, giver_id: int, at: datetime) -> Owner:
    """Give who will owe the answer; nobody may leave sales while this transaction lasts."""
    if user_id == giver_id:
        raise CannotReceive(f"{name_of(user_id)} has this lead already.", field="user_id")
    if not any(user.pk == user_id for user in receivers(giver_id)):
        raise CannotReceive("Choose an active member of a sales team.", field="user_id")
    if Absence.objects.left_alone(at).filter(user=user_id).exists():
        message = f"{name_of(user_id)} is away, and nobody covers for them. Choose somebody who is there."
        raise CannotReceive(message, field="user_id")
    places = Places.load([user_id], (), at)
    if user_id in places.gone:
        raise HasLeft("They are not in sales any more. Choose somebody else.", field="user_id")
    return Owner(user_id, places.team_of.get(user_id), *places.hours.of_person(user_id))


# Answer ---------------------------------------------------------------------------------------------------------------


@transaction.atomic
def accept_transfer(*, lead_id: int, actor: User, at: datetime) -> None:
    """Accept a transferred lead: it is the receiver's, who begins afresh with what its stage asks for.

    The receiver accepts, or who covers for them now (who then owns it), or their manager for them; nobody gets it while away (``IsAway``).
    Raises ``NotOffered``, ``NotYours``, ``HasLeft``.
    """
    item, offered, owner_id = _held_offer(lead_id, actor, at)
    record = Record("accept_transfer", actor.pk, at)
    clocks.answer(record, promise=ACCEPT, lead_ids=[lead_id], at=at)
    take([Taken(item, offered, owner_id)], record, at)
    record.write("lead", [lead_id], transfer=offered.pk, user=owner_id)


@transaction.atomic
def decline_transfer(*, lead_id: int, actor: User, at: datetime, note: str = "") -> None:
    """Decline a transferred lead: it stays with who has it. An answer too, so it keeps the promise. Raises ``NotOffered``, ``NotYours``, ``BadReason``."""
    note = checked_note(note)
    item, offered, _ = _held_offer(lead_id, actor, at)
    record = Record("decline_transfer", actor.pk, at)
    clocks.answer(record, promise=ACCEPT, lead_ids=[lead_id], at=at)
    _end(record, [(item, offered)], code="declined", at=at, answer=note)
    record.write("lead", [lead_id], transfer=offered.pk)


@transaction.atomic
def withdraw_transfer(*, lead_id: int, actor: User, at: datetime) -> None:
    """Take the offer of a lead back; whoever may work the lead may do it. Raises ``NotOffered``, ``NotYours``."""
    held = hold([lead_id], actor=actor)
    permit(actor, "work_lead")
    (item,) = held
    offered = _open(item)
    permit_work(held, actor=actor, at=at)
    record = Record("withdraw_transfer", actor.pk, at)
    _end(record, [(item, offered)], code="withdrawn", at=at)
    record.write("lead", [lead_id], transfer=offered.pk)


def _held_offer(lead_id: int, actor: User, at: datetime) -> tuple[Held, Transfer, int]:
    """Give the lead, its open offer and who will own it, if the actor may answer it."""
    (item,) = hold([lead_id], actor=actor)
    permit(actor, "work_lead")
    offered = _open(item)
    reach = reach_of(actor, ids([offered.receiver_id]), at)
    if not reach.may_work(offered.receiver_id, None):
        message = f"This lead is offered to {name_of(offered.receiver_id)}."
        raise NotYours(message, details={"lead": lead_id, "user": offered.receiver_id})
    is_cover = offered.receiver_id in reach.own and actor.pk != offered.giver_id
    return item, offered, actor.pk if is_cover else offered.receiver_id


def _open(item: Held) -> Transfer:
    found = open_on([item.lead.pk]).get(item.lead.pk)
    if found is None:
        raise NotOffered("This lead is not offered to a colleague any more.", details={"lead": item.lead.pk})
    return found


# Cores ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Taken:
    """A lead whose offer was accepted, and who owns it from now on."""

    item: Held
    transfer: Transfer
    owner_id: int


def take(taken: Sequence[Taken], record: Record, at: datetime, *, state: str = States.ACCEPTED) -> None:
    """Give these locked leads to who accepted them. What their former rep owed ends; what the stage asks for begins afresh.

    Where somebody gets it because they did not answer (``state`` *auto-accepted*), the miss stays without an answer.
    """
    held = [one.item for one in taken]
    _close([one.transfer for one in taken], state, record, at)
    lead_ids = [item.lead.pk for item in held]
    clocks.cancel(record, promises=OF_HOLDER, lead_ids=lead_ids, code=TRANSFERRED, at=at)
    end_offers(record, held, code=TRANSFERRED, at=at)
    versions = terms_of(held, at)
    to = {one.item.lead.pk: one for one in taken}
    for lead_id, one in to.items():
        code = AUTO if state == States.AUTO_ACCEPTED else ""
        _event(
            record,
            one.item,
            one.transfer,
            TRANSFERRED,
            user_id=one.owner_id,
            version_id=versions[lead_id][0],
            code=code,
        )
        record.tell(one.transfer.giver_id, "transfer_accepted", "lead", lead_id, transfer=one.transfer.pk)
    placements = [
        Placement(wanted, to[wanted.lead_id].owner_id, None, _trace(to[wanted.lead_id]))
        for wanted in offers_of(held, at=at)
    ]
    place(record, placements, at=at, cause=Assignment.Causes.TRANSFERRED)


def _trace(one: Taken) -> dict[str, Any]:
    return {"chosen": {"why": TRANSFERRED, "user": one.owner_id, "by": one.transfer.giver_id}}


def end_transfers(record: Record, held: Sequence[Held], *, code: str, at: datetime) -> None:
    """End the open offers of these locked leads to colleagues, for they change hands or stage: part of the verb that does it."""
    by_lead = {item.lead.pk: item for item in held}
    _end(record, [(by_lead[lead_id], found) for lead_id, found in open_on(by_lead).items()], code=code, at=at)


def open_on(lead_ids: Collection[int]) -> dict[int, Transfer]:
    """Give and lock the open offers of these locked leads."""
    rows = Transfer.objects.filter(lead__in=list(lead_ids), state=States.OPEN).order_by("id")
    return {row.lead_id: row for row in rows.select_for_update(no_key=True)} if lead_ids else {}


def offered_to(user_id: int) -> list[int]:
    """Give the leads that a colleague has offered to this person."""
    rows = Transfer.objects.filter(receiver=user_id, state=States.OPEN)
    return list(rows.order_by("lead_id").values_list("lead_id", flat=True))


def _end(record: Record, offers: Sequence[tuple[Held, Transfer]], *, code: str, at: datetime, answer: str = "") -> None:
    if not offers:
        return
    _close([offered for _, offered in offers], STATE_OF.get(code, States.ENDED), record, at, answer=answer)
    clocks.cancel(record, promises={ACCEPT}, lead_ids=[item.lead.pk for item, _ in offers], code=code, at=at)
    for item, offered in offers:
        _event(record, item, offered, "transfer_ended", user_id=offered.receiver_id, code=code)
        told = (offered.giver_id,) if code == LAPSED else (offered.giver_id, offered.receiver_id)
        for user_id in told:
            record.tell(user_id, "transfer_ended", "lead", item.lead.pk, transfer=offered.pk, why=code)


def _close(offers: Sequence[Transfer], state: str, record: Record, at: datetime, *, answer: str = "") -> None:
    """Bring open offers to ``state``, in one statement; the conditional update is what lets one of two callers win."""
    rows = [(offered.pk, state, record.actor_id, at, answer, States.OPEN) for offered in offers]
    columns = ("state", "closed_by_id", "closed_at", "answer")
    if len(update_rows(Transfer, columns, rows, expected=("state",))) != len(rows):
        raise NotOffered("This lead is not offered to a colleague any more.")


def _event(
    record: Record, item: Held, offered: Transfer, kind: str, *, user_id: int, version_id: int | None = None,
    code: str = "",
) -> None:  # fmt: skip
    record.event(
        item.lead.pk, kind, handoff_id=item.handoff.pk if item.handoff else None, user_id=user_id,
        version_id=version_id, code=code, facts={"transfer": offered.pk},
    )  # fmt: skip
