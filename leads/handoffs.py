"""The verbs of the handoff: hand off, accept, reject, return; who has it is the matter of ``leads.moves``.

Each takes one lead; the ``…_many`` forms take a list and are all or nothing. Design, domain page, *Lifecycle of a lead*.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from django.db import transaction

from inputs.refusals import Conflict, Invalid, NotAllowed, Problem
from leads import clocks
from leads.alerts import calm_accepted, heed_rejections
from leads.assigning import Places
from leads.codes import REJECTIONS
from leads.facts import MISSING_WORDS, missing_for_handoff
from leads.handing_off import LIMIT_WITHOUT_MANAGER, ToHandOff, hand_off_many
from leads.holding import (
    Held,
    decide,
    hold,
    load_facts,
    permit,
    permit_work,
    require_open_handoff,
    require_step,
    step_to,
    terms_of,
)
from leads.informing import name_of, responsible_marketers, tell_marketing
from leads.lifecycle import SALES_STAGES, WrongStage
from leads.models import Handoff, LeadEvent
from leads.moves import assign, claim, recall, reroute
from leads.owed import Duty, Owed, Owner, begin_duties, in_work
from leads.qualifying import judge_of
from leads.questions import end_offers
from leads.reasons import checked_reason
from leads.record import Record
from leads.transfers import end_transfers
from ledger.rows import update_rows
from ledger.selecting import ids
from sla.in_force import InForce, agreement_in_force
from teams.models import User

__all__ = [
    "AlreadyTaken",
    "NeedsManager",
    "NotReady",
    "accept",
    "accept_many",
    "assign",
    "claim",
    "hand_off",
    "recall",
    "reject",
    "reject_many",
    "reroute",
    "return_lead",
    "take_over",
]

States = Handoff.States
AUTO = "auto"
"""The code of an acceptance that nobody gave: the accept window ended."""
TAKEN = "accepted"
"""Why an offer of help ends with whoever was offered the lead, where another accepted it."""
ACCEPTED = (States.ACCEPTED, States.AUTO_ACCEPTED)


class NotReady(Invalid):
    """The lead lacks what the agreement asks of a handoff; ``problems`` lists all of it."""

    code = "not_ready"


class NeedsManager(NotAllowed):
    """The lead was handed off twice before, recalls included: the next time is a marketing manager's decision."""

    code = "needs_manager"


class AlreadyTaken(Conflict):
    """Somebody was first; the message and ``details`` name them."""

    code = "already_taken"


# Hand off ------------------------------------------------------------------------------------------------------------


def hand_off(*, lead_id: int, actor: User, at: datetime) -> int:
    """Hand an MQL to sales and give the id of the handoff.

    Raises ``NotReady`` with the list of what is missing, which then stands in the lead's history, and marketing owes to complete it.
    Raises ``NeedsManager`` from the third handoff on, ``WrongStage``, ``NoAgreement``.
    """
    handoff_id, missing = _hand_off(lead_id, actor, at)
    if missing:  # what was written of it stays
        raise _not_ready(missing)
    return handoff_id


@transaction.atomic
def _hand_off(lead_id: int, actor: User, at: datetime) -> tuple[int, Sequence[str]]:
    (item,) = hold([lead_id], actor=actor)
    permit(actor, "hand_off")
    require_step("hand_off", [item])
    if item.open_handoff is not None:
        raise AlreadyTaken("This lead is offered to sales already.", details={"handoff": item.open_handoff.pk})
    if item.lead.handoff_count >= LIMIT_WITHOUT_MANAGER and not actor.may("hand_off_third_time"):
        raise NeedsManager("This lead was handed off twice before. A marketing manager decides on a third time.")
    agreement = agreement_in_force(at)
    wanted = _to_hand_off(item, agreement, at)
    missing = missing_for_handoff(agreement.terms.required_for_handoff, wanted.facts)
    if missing and _is_known_to_lack(lead_id, missing):
        return 0, missing
    record = Record("hand_off", actor.pk, at)
    result = hand_off_many(record, [wanted], agreement=agreement, at=at)
    record.write("lead", [lead_id], version=agreement.version_id)
    return (0, missing) if missing else (result.placements[0].offer.handoff_id or 0, ())


def _is_known_to_lack(lead_id: int, missing: Sequence[str]) -> bool:
    """Tell whether the last that became of the lead as an MQL is that a handoff was refused for want of exactly this."""
    events = LeadEvent.objects.filter(lead=lead_id, kind__in=["qualified", "handed_off", "handoff_refused"])
    last = events.order_by("-id").values_list("kind", "code", "facts").first()
    return last is not None and last[:2] == ("handoff_refused", "") and last[2].get("missing") == list(missing)


def _to_hand_off(item: Held, agreement: InForce, at: datetime) -> ToHandOff:
    facts = load_facts([item.lead.pk], at)[item.lead.pk]
    return ToHandOff(
        lead_id=item.lead.pk, tier=judge_of(agreement).tier(facts), facts=facts, arrived_at=at,
        handoff_count=item.lead.handoff_count, marketer_id=item.lead.marketer_id, campaign_id=item.lead.last_campaign_id,
    )  # fmt: skip


def _not_ready(codes: Sequence[str]) -> NotReady:
    words = [MISSING_WORDS.get(code, code.replace("_", " ")) for code in codes]
    problems = tuple(Problem(code, "missing", f"Missing: {word}.") for code, word in zip(codes, words, strict=True))
    message = f"This lead cannot be handed off yet. What is missing: {', '.join(words)}."
    return NotReady(message, problems=problems, details={"missing": list(codes)})


# Accept --------------------------------------------------------------------------------------------------------------


def accept(*, lead_id: int, actor: User, at: datetime, handoff_id: int | None = None) -> None:
    """Accept an offered lead; it is then at SAL and owned. ``handoff_id`` is the one that the page showed, if any.

    The rep it is offered to accepts, or who covers for them now (who then owns it), or their manager for them. Of several at once
    one wins; the others get ``AlreadyTaken`` with the name of the winner (promise P6). Nobody accepts for somebody who is away (``IsAway``).
    Raises ``NotYours``, ``WrongStage``, ``Moved``.
    """
    accept_many(lead_ids=[lead_id], actor=actor, at=at, seen=handoff_id)


@transaction.atomic
def accept_many(*, lead_ids: Collection[int], actor: User, at: datetime, seen: int | None = None) -> None:
    """Accept several leads, all or none."""
    held = hold(lead_ids, actor=actor)
    permit(actor, "work_lead")
    _refuse_taken(held)
    require_step("accept", held)
    require_open_handoff(held, seen)
    owners = permit_work(held, actor=actor, at=at)
    record = Record("accept", actor.pk, at)
    take_over(record, held, owners, at)
    record.write("lead", [item.lead.pk for item in held])


def take_over(
    record: Record, held: Sequence[Held], owners: Mapping[int, int | None], at: datetime, *,
    state: str = States.ACCEPTED,
) -> None:  # fmt: skip
    """Make ``owners`` the owners of these offered leads: stop *accept*, start what a rep owes on a lead in work. The core of accepting.

    Where the lead is theirs because they did not answer (``state`` *auto-accepted*), the miss stays without an answer. Whoever accepts in
    person is there; for somebody who is away nobody does: raises ``IsAway``.
    """
    if any(owners[item.lead.pk] is None for item in held):
        raise WrongStage("This lead waits in a queue. It has to be claimed or assigned first.")
    handoffs = require_open_handoff(held)
    to = ids(owners[item.lead.pk] for item in held)
    places = Places.load(to, (), at)
    places.require_here((one for one in to if one != record.actor_id), actor_id=record.actor_id)
    decide(handoffs, state, actor_id=record.actor_id, at=at, each={"assignee_id": owners})
    reached = {item.lead.pk: item.lead.sal_at or at for item in held}
    step_to(held, "accept", queue_id=None, each={"owner_id": owners, "sal_at": reached})
    end_offers(record, [i for i in held if i.handoff and i.handoff.assignee_id != owners[i.lead.pk]], code=TAKEN, at=at)
    is_answered = state == States.ACCEPTED
    if is_answered:
        clocks.answer(record, promise="accept", handoff_ids=[handoff.pk for handoff in handoffs], at=at)
    _begin_work(record, held, places, at, code="" if is_answered else AUTO)
    if is_answered:
        calm_accepted(record, held, at)


def _begin_work(record: Record, held: Sequence[Held], places: Places, at: datetime, *, code: str) -> None:
    pinned_terms = terms_of(held, at)
    starts = []
    for item in held:
        version_id, terms = pinned_terms[item.lead.pk]
        owner_id = item.lead.owner_id or 0
        record.event(
            item.lead.pk, "accepted", handoff_id=item.current_handoff_id, campaign_id=item.lead.last_campaign_id,
            user_id=owner_id, version_id=version_id, code=code,
        )  # fmt: skip
        if code == AUTO:
            record.tell(owner_id, "lead_auto_accepted", "lead", item.lead.pk, handoff=item.current_handoff_id)
        owner = Owner(owner_id, places.team_of.get(owner_id), *places.hours.of_person(owner_id))
        owed = Owed(item.lead.pk, item.lead.tier_of_promises, version_id, terms)
        starts += in_work(owed, owner, has_conversed=item.lead.conversed_at is not None, at=at)
    clocks.start(record, starts, at)


def _refuse_taken(held: Sequence[Held]) -> None:
    for item in held:
        if item.handoff and item.handoff.state in ACCEPTED and item.lead.stage in SALES_STAGES:
            winner_id = item.handoff.decided_by_id or item.lead.owner_id
            winner = name_of(winner_id)
            raise AlreadyTaken(
                f"{winner} has accepted this lead already.",
                details={"lead": item.lead.pk, "winner": winner_id, "winner_name": winner},
            )


# Reject, return ------------------------------------------------------------------------------------------------------


def reject(
    *, lead_id: int, reason: str, actor: User, at: datetime, note: str = "", handoff_id: int | None = None
) -> None:
    """Reject an offered lead for a coded reason (*other* needs a note); it goes back to the responsible marketer.

    Raises ``BadReason``, ``AlreadyTaken``, ``NotYours``, ``WrongStage``, ``Moved``.
    """
    reject_many(lead_ids=[lead_id], reason=reason, note=note, actor=actor, at=at, seen=handoff_id)


@transaction.atomic
def reject_many(
    *, lead_ids: Collection[int], reason: str, actor: User, at: datetime, note: str = "", seen: int | None = None
) -> None:
    """Reject several offered leads for one reason, all or none."""
    note = checked_reason(reason, note, REJECTIONS)
    held = hold(lead_ids, actor=actor)
    permit(actor, "work_lead")
    _refuse_taken(held)
    require_step("reject", held)
    handoffs = require_open_handoff(held, seen)
    permit_work(held, actor=actor, at=at)
    record = Record("reject", actor.pk, at)
    decide(handoffs, States.REJECTED, actor_id=actor.pk, at=at, reason=reason, note=note)
    handoff_ids = [handoff.pk for handoff in handoffs]
    clocks.answer(record, promise="accept", handoff_ids=handoff_ids, at=at)
    clocks.cancel(record, handoff_ids=handoff_ids, code="rejected", at=at)
    _back_to_marketing(record, held, reason, at, returned=False)
    record.write("lead", [item.lead.pk for item in held], reason=reason)


@transaction.atomic
def return_lead(*, lead_id: int, reason: str, actor: User, at: datetime, note: str = "") -> None:
    """Give back an accepted lead before any conversation: it counts as a rejection.

    Raises ``BadReason``, ``NotYours`` and ``WrongStage``, the latter also after a conversation and for a lead that sales found.
    """
    note = checked_reason(reason, note, REJECTIONS)
    held = hold([lead_id], actor=actor)
    permit(actor, "work_lead")
    require_step("return", held)
    (item,) = held
    permit_work(held, actor=actor, at=at)
    if item.handoff is None or item.handoff.state not in ACCEPTED:
        raise WrongStage("Sales found this lead: there is nobody to return it to. Recycle it, or disqualify it.")
    if item.lead.conversed_at is not None:
        raise WrongStage("There was a conversation: recycle this lead, or disqualify it.")
    record = Record("return", actor.pk, at)
    end_transfers(record, held, code="returned", at=at)
    update_rows(Handoff, ("was_returned", "reason", "note"), [(item.handoff.pk, True, reason, note)])
    clocks.cancel(record, handoff_ids=[item.handoff.pk], lead_ids=[lead_id], code="returned", at=at)
    _back_to_marketing(record, held, reason, at, returned=True)
    record.write("lead", [lead_id], reason=reason)


def _back_to_marketing(record: Record, held: Sequence[Held], reason: str, at: datetime, *, returned: bool) -> None:
    """Give leads back to who answers for them in marketing, who owes a decision from now on."""
    end_offers(record, held, code="returned" if returned else "rejected", at=at)
    marketers = responsible_marketers(held)
    for item in held:
        handoff = item.handoff
        record.event(
            item.lead.pk, "rejected", handoff_id=handoff.pk if handoff else None, campaign_id=item.lead.last_campaign_id,
            user_id=item.rep_id, version_id=handoff.version_id if handoff else None, code=reason,
            facts={"returned": returned},
        )  # fmt: skip
    back_to = {item.lead.pk: marketers.get(item.lead.pk) for item in held}
    step = "return" if returned else "reject"
    step_to(held, step, owner_id=None, queue_id=None, needs_new_reason=True, each={"marketer_id": back_to})
    terms = terms_of(held, at)
    begin_duties(
        record,
        [
            Duty(
                "returned", Owed(item.lead.pk, item.lead.tier_of_promises, *terms[item.lead.pk]), item.lead.marketer_id
            )
            for item in held
        ],
        at,
    )
    facts = {item.lead.pk: {"reason": reason, "returned": returned} for item in held}
    tell_marketing(record, held, "lead_rejected", facts)
    heed_rejections(record, held, at)
