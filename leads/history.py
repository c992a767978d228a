"""What became of leads of the past: wins are written to leads that were loaded in history mode, many at a time.

Nothing is invented: stages that the export does not tell stay without a time, nobody is told, no clock runs. The same file again changes
nothing. Source of the shape: docs/history.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from leads.intake.normalise import company_key
from leads.lifecycle import Stage
from leads.models import Company, Contact, Lead, Opportunity
from leads.outcomes import check_currency
from leads.record import Record
from ledger.rows import insert_rows, reserve_ids, update_rows
from teams.models import User

BATCH = 1_000
BATCH_SQLITE = 200
WON_BEFORE_FIRST_CONTACT = "won_before_first_contact"

COMPANY_COLUMNS = (
    "id", "name", "name_key", "industry", "country", "region", "is_target_account", "is_customer", "created_at",
)  # fmt: skip
OPPORTUNITY_COLUMNS = (
    "id", "lead_id", "kind", "stage", "amount", "currency", "reason", "note", "opened_at", "closed_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PastWin:
    """A deal that was won. ``amount`` is nothing where none was declared; ``company`` and ``segment`` may be empty."""

    external_id: str
    won_at: datetime
    amount: Decimal | None = None
    currency: str = "EUR"
    company: str = ""
    segment: str = ""


@dataclass(slots=True)
class WinsRecorded:
    """What became of the deals: their number is ``won + known_before + unknown``; ``before_first_contact`` are among the won."""

    won: int = 0
    known_before: int = 0
    unknown: list[str] = field(default_factory=list)
    before_first_contact: list[int] = field(default_factory=list)


def touch_key(external_id: str) -> str:
    """Name the first contact of a lead of the past, so that it is taken in once."""
    return hashlib.sha256(f"history {external_id}".encode()).hexdigest()


def record_wins(*, wins: Sequence[PastWin], actor: User | None, at: datetime) -> WinsRecorded:
    """Make customers of the leads that ``wins`` name, as of when they were won; each batch is one transaction.

    Amounts keep the currency that each win names: nothing is converted. Raises ``BadDeal``, before anything is stored, for what is none.
    """
    for currency in {win.currency for win in wins}:
        check_currency(currency)
    told = WinsRecorded()
    size = BATCH if connection.vendor == "postgresql" else BATCH_SQLITE
    for start in range(0, len(wins), size):
        with transaction.atomic():
            _record_batch(wins[start : start + size], actor.pk if actor else None, at, told)
    return told


def _record_batch(wins: Sequence[PastWin], actor_id: int | None, at: datetime, told: WinsRecorded) -> None:
    leads = _leads_of(wins)
    fresh: dict[int, tuple[PastWin, Any]] = {}
    for win in wins:
        lead = leads.get(win.external_id)
        if lead is None:
            told.unknown.append(win.external_id)
        elif lead["stage"] not in _OPEN or lead["id"] in fresh:
            told.known_before += 1
        else:
            fresh[lead["id"]] = (win, lead)
    if not fresh:
        return
    _give_companies(fresh.values(), at)
    _make_customers(fresh)
    opportunities = _write_opportunities(fresh)
    _write_record(fresh, opportunities, actor_id, at, told)
    told.won += len(fresh)


_OPEN = frozenset({Stage.LEAD.value, Stage.MQL.value})


def _leads_of(wins: Sequence[PastWin]) -> dict[str, Any]:
    """Give the lead of the past of each external id; of several the one still open, else the oldest."""
    rows = (
        Lead.objects.select_for_update(of=("self",))
        .filter(is_history=True, contact__external_id__in={win.external_id for win in wins})
        .order_by("id")
        .values("id", "stage", "captured_at", "contact_id", "contact__external_id", "contact__company_id")
    )
    found: dict[str, Any] = {}
    for row in rows:
        name = row["contact__external_id"] or ""
        if name not in found or row["stage"] in _OPEN:
            found[name] = row
    return found


def _give_companies(fresh: Iterable[tuple[PastWin, Any]], at: datetime) -> None:
    """Make or find the company of each win, mark it as a customer, and put the contact there who has none."""
    named = {company_key(win.company): win for win, _ in fresh if win.company}
    known: dict[str, int] = dict(
        Company.objects.filter(name_key__in=named).order_by("-id").values_list("name_key", "id")
    )
    missing = [key for key in named if key not in known]
    known.update(zip(missing, reserve_ids(Company, len(missing)), strict=True))
    insert_rows(
        Company, COMPANY_COLUMNS,
        [(known[key], named[key].company, key, named[key].segment, "", "", False, True, at) for key in missing],
    )  # fmt: skip
    homeless = [
        (lead["contact_id"], known[company_key(win.company)], None)
        for win, lead in fresh
        if win.company and lead["contact__company_id"] is None
    ]
    update_rows(Contact, ("company_id",), homeless, expected=("company_id",))
    customers = {lead["contact__company_id"] for _, lead in fresh} | set(known.values())
    Company.objects.filter(pk__in=customers - {None}, is_customer=False).update(is_customer=True)


def _make_customers(fresh: Mapping[int, tuple[PastWin, Any]]) -> None:
    update_rows(
        Lead, ("stage", "customer_at"),
        [(lead_id, Stage.CUSTOMER.value, win.won_at, lead["stage"]) for lead_id, (win, lead) in fresh.items()],
        expected=("stage",),
    )  # fmt: skip


def _write_opportunities(fresh: Mapping[int, tuple[PastWin, Any]]) -> dict[int, int]:
    """Write one won opportunity per lead. When it was opened is not known: it opens and closes at the win."""
    ids = dict(zip(fresh, reserve_ids(Opportunity, len(fresh)), strict=True))
    insert_rows(
        Opportunity, OPPORTUNITY_COLUMNS,
        [
            (ids[lead_id], lead_id, "new", "won", win.amount, win.currency, "", "", win.won_at, win.won_at)
            for lead_id, (win, _) in fresh.items()
        ],
    )  # fmt: skip
    return ids


def _write_record(
    fresh: Mapping[int, tuple[PastWin, Any]], opportunities: Mapping[int, int], actor_id: int | None, at: datetime,
    told: WinsRecorded,
) -> None:  # fmt: skip
    record = Record(verb="record_history", actor_id=actor_id, at=at)
    for lead_id, (win, lead) in fresh.items():
        facts: dict[str, Any] = {
            "opportunity": opportunities[lead_id], "amount": str(win.amount) if win.amount is not None else None,
            "currency": win.currency, "kind": "new",
        }  # fmt: skip
        if win.won_at < lead["captured_at"]:
            facts["flag"] = WON_BEFORE_FIRST_CONTACT
            told.before_first_contact.append(lead_id)
        record.event(lead_id, "won", occurred_at=win.won_at, facts=facts)
    record.write("lead", list(fresh))
