"""The verbs of a transfer: a colleague is offered a lead in work, accepts, declines, or it is taken back."""

from __future__ import annotations

from leads import transfers
from leads.models import Lead
from tests.cast import NOW
from tests.verbs.cases import LATER, Act, Case
from tests.verbs.company import Company


def _transfer(company: Company) -> Act:
    lead = company.lead("sql")
    return lambda: transfers.transfer(lead_id=lead.pk, user_id=company.rita.pk, actor=company.sam, at=LATER, note="Hi.")


def _transferred(company: Company) -> Lead:
    lead = company.lead("sal")
    transfers.transfer(lead_id=lead.pk, user_id=company.rita.pk, actor=company.sam, at=NOW)
    return lead


def _accept_transfer(company: Company) -> Act:
    lead = _transferred(company)
    return lambda: transfers.accept_transfer(lead_id=lead.pk, actor=company.rita, at=LATER)


def _decline_transfer(company: Company) -> Act:
    lead = _transferred(company)
    return lambda: transfers.decline_transfer(lead_id=lead.pk, actor=company.rita, at=LATER, note="Full.")


def _withdraw_transfer(company: Company) -> Act:
    lead = _transferred(company)
    return lambda: transfers.withdraw_transfer(lead_id=lead.pk, actor=company.sam, at=LATER)


TRANSFER_CASES = [
    Case(transfers.transfer, _transfer, audit="transfer", events="transfer_offered", told="transfer_offered"),
    Case(
        transfers.accept_transfer,
        _accept_transfer,
        audit="accept_transfer",
        events="assigned transferred",
        told="transfer_accepted",
    ),
    Case(
        transfers.decline_transfer,
        _decline_transfer,
        audit="decline_transfer",
        events="transfer_ended",
        told="transfer_ended",
    ),
    Case(
        transfers.withdraw_transfer,
        _withdraw_transfer,
        audit="withdraw_transfer",
        events="transfer_ended",
        told="transfer_ended",
    ),
]
