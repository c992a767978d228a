"""The offer of a lead to a colleague that waits for an answer."""

from __future__ import annotations

from leads.models import Lead, Transfer
from leads.transfers import STAGES


def open_transfer(lead: Lead) -> Transfer | None:
    """Give the open offer of ``lead`` with whom it is for: one query, and none at stages that know no such thing."""
    if lead.stage not in STAGES:
        return None
    return Transfer.objects.filter(lead=lead, state=Transfer.States.OPEN).select_related("receiver").first()
