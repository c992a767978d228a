"""Hand MQLs to sales: look whether they are ready, open a handoff for each, route it, start its clock. Set-based.

The core of the verb ``leads.handoffs.hand_off`` and of the intake's last step; callers hold the locks and write the record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Model

from leads.assigning import Offer, Placement, Places, announce, choose
from leads.facts import missing_for_handoff
from leads.informing import marketers_or_managers
from leads.models import Assignment, Clock, Handoff, Lead
from leads.owed import Duty, Owed, begin_duties, end_duties
from leads.record import Record
from leads.routing.board import Board, Known
from ledger.rows import insert_rows, reserve_many, update_rows
from sla.in_force import InForce

HANDOFF_COLUMNS = (
    "id", "lead_id", "ordinal", "version_id", "tier", "state", "offered_at", "offered_by_id", "assignee_id",
    "assigned_at", "reason", "note", "was_returned",
)  # fmt: skip

LIMIT_WITHOUT_MANAGER = 2
"""So many handoffs of a lead need nobody's word; from the next on it is a marketing manager's (design, domain, *qualify*)."""


@dataclass(frozen=True, slots=True)
class ToHandOff:
    """An MQL that is to be handed to sales.

    ``facts`` as of ``leads.facts``, the tier to pin, how many handoffs it had, when the wait began, whom to tell when something is
    missing (the responsible marketer, if any) and the campaign that gets the credit of the event.
    """

    lead_id: int
    tier: str
    facts: Mapping[str, Any]
    arrived_at: datetime
    handoff_count: int = 0
    marketer_id: int | None = None
    campaign_id: int | None = None
    is_new: bool = False


class Pinned(NamedTuple):
    """What a handoff changes on its lead."""

    lead_id: int
    tier: str
    handoff_count: int
    queue_id: int | None
    kind: str | None
    """The new kind; nothing where it stays."""


@dataclass(frozen=True, slots=True)
class HandedOff:
    """What became of a batch: where the ready ones went, what that changes on them, and what the others lack (codes by lead)."""

    placements: tuple[Placement, ...]
    missing: Mapping[int, tuple[str, ...]]
    pinned: tuple[Pinned, ...] = ()


Reserved = Mapping[type[Model], Sequence[int]]
"""Ids taken for handoffs and clocks, at least one of each for a lead."""


def hand_off_many(record: Record, leads: Sequence[ToHandOff], *, agreement: InForce, at: datetime) -> HandedOff:
    """Hand off stored ``leads`` under ``agreement``: ``open_many``, and what it changes on them."""
    done = open_many(record, leads, agreement=agreement, at=at)
    rows = [line[:4] for line in done.pinned]
    update_rows(Lead, ("tier", "handoff_count", "queue_id"), rows, returning=())
    kinds = [(line.lead_id, line.kind) for line in done.pinned if line.kind]
    update_rows(Lead, ("kind",), kinds, returning=())
    return done


def open_many(
    record: Record, leads: Sequence[ToHandOff], *, agreement: InForce, at: datetime, known: Known | None = None,
    reserved: Reserved | None = None,
) -> HandedOff:  # fmt: skip
    """Open and route the handoffs of ``leads``; those that lack something stay with marketing, who are told what.

    The leads themselves are left to the caller, who may not have stored them yet (then with ``known``): see ``HandedOff.pinned``. Whether a
    lead may be handed off once more is for the caller to ask: see ``LIMIT_WITHOUT_MANAGER``.
    """
    required = agreement.terms.required_for_handoff
    missing = {lead.lead_id: found for lead in leads if (found := missing_for_handoff(required, lead.facts))}
    _refuse(record, [lead for lead in leads if lead.lead_id in missing], missing, agreement, at)
    ready = [lead for lead in leads if lead.lead_id not in missing]
    if not ready:
        return HandedOff((), missing)
    end_duties(record, [lead.lead_id for lead in ready if not lead.is_new], at)
    ids = reserved or reserve_many({Handoff: len(ready), Clock: len(ready)})
    offers = _offers(ready, ids[Handoff], agreement)
    board = Board.load(offers, at=at, known=known)
    placements = choose(board, offers)
    pinned = _open(record, ready, placements, board, at)
    announce(
        record, placements, Places.of_board(board), at=at, cause=Assignment.Causes.ROUTED, clock_ids=ids[Clock]
    )  # fmt: skip
    return HandedOff(tuple(placements), missing, tuple(pinned))


def _offers(ready: Sequence[ToHandOff], handoff_ids: Sequence[int], agreement: InForce) -> list[Offer]:
    return [
        Offer(lead.lead_id, handoff_id, lead.tier, lead.facts, agreement.version_id, agreement.terms, lead.arrived_at)
        for lead, handoff_id in zip(ready, handoff_ids, strict=False)
    ]


def _open(
    record: Record, ready: Sequence[ToHandOff], placements: Sequence[Placement], board: Board, at: datetime
) -> list[Pinned]:
    """Write the handoffs with whom they went to, and say what tier and kind that pins on the leads."""
    handoffs, pinned = [], []
    for lead, placed in zip(ready, placements, strict=True):
        offer = placed.offer
        handoffs.append(
            (offer.handoff_id, lead.lead_id, lead.handoff_count + 1, offer.version_id, lead.tier, Handoff.States.OPEN, at,
             record.actor_id, placed.user_id, at if placed.user_id else None, "", "", False)
        )  # fmt: skip
        company = board.companies.get(lead.lead_id)
        expands = company is not None and (company.is_customer or company.has_opportunity)
        kind = Lead.Kinds.EXPANSION.value if expands else None
        pinned.append(Pinned(lead.lead_id, lead.tier, lead.handoff_count + 1, placed.queue_id, kind))
        record.event(
            lead.lead_id, "handed_off", handoff_id=offer.handoff_id, campaign_id=lead.campaign_id,
            version_id=offer.version_id, code=lead.tier,
        )  # fmt: skip
    insert_rows(Handoff, HANDOFF_COLUMNS, handoffs)
    return pinned


def _refuse(
    record: Record, leads: Sequence[ToHandOff], missing: Mapping[int, Sequence[str]], agreement: InForce, at: datetime
) -> None:
    """Leave with marketing what lacks something, tell them what, and start the clock of completing it."""
    recipients = marketers_or_managers({lead.lead_id: lead.marketer_id for lead in leads})
    for lead in leads:
        codes = list(missing[lead.lead_id])
        record.event(
            lead.lead_id, "handoff_refused", campaign_id=lead.campaign_id, version_id=agreement.version_id,
            facts={"missing": codes},
        )  # fmt: skip
        for user_id in recipients[lead.lead_id]:
            record.tell(user_id, "handoff_incomplete", "lead", lead.lead_id, missing=codes)
    owed = (Owed(lead.lead_id, lead.tier, agreement.version_id, agreement.terms) for lead in leads)
    begin_duties(
        record, [Duty("complete", *pair) for pair in zip(owed, (lead.marketer_id for lead in leads), strict=True)], at
    )
