"""One call of each follow-up verb that should succeed, for the tests that try them all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from leads import followup, outcomes, second_life
from leads.models import Lead
from teams.models import User
from tests.cast import NOW
from tests.leads.worlds import CHECKLIST

LATER = NOW + timedelta(minutes=5)
CLOSE = date(2026, 6, 30)


def log(lead: Lead, actor: User, outcome: str = "no_answer", **more: Any) -> int:
    return followup.log_activity(lead_id=lead.pk, outcome=outcome, actor=actor, **{"kind": "call", "at": LATER, **more})


VERBS: dict[str, Callable[[Lead, User], Any]] = {
    "log_activity": log,
    "qualify_for_sales": lambda lead, actor: outcomes.qualify_for_sales(
        lead_id=lead.pk, confirmed=CHECKLIST, actor=actor, at=LATER
    ),
    "open_opportunity": lambda lead, actor: outcomes.open_opportunity(
        lead_id=lead.pk, amount=Decimal("99.50"), expected_close_on=CLOSE, actor=actor, at=LATER
    ),
    "win": lambda lead, actor: outcomes.win(lead_id=lead.pk, actor=actor, at=LATER),
    "lose": lambda lead, actor: outcomes.lose(lead_id=lead.pk, reason="price", actor=actor, at=LATER),
    "recycle": lambda lead, actor: outcomes.recycle(lead_id=lead.pk, reason="no_budget", actor=actor, at=LATER),
    "disqualify": lambda lead, actor: outcomes.disqualify(lead_id=lead.pk, reason="spam", actor=actor, at=LATER),
    "reopen": lambda lead, actor: second_life.reopen(lead_id=lead.pk, reason="They called", actor=actor, at=LATER),
}
