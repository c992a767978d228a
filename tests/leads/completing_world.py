"""Shared by the tests of correcting: Anna with something wrong, and Maya who corrects it an hour later."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from leads.completing import Completed, complete
from leads.intake.pipeline import take_in
from leads.models import Company, Contact, Lead
from teams.models import User
from tests.cast import NOW
from tests.leads.intake_world import anna

LATER = NOW + timedelta(hours=1)
BY_PHONE: dict[str, Any] = {"email": "", "company": "", "domain": ""}

Correct = Callable[..., Completed]


def taken(**fields: Any) -> Lead:
    """Take Anna in with something else than usual, and give her lead."""
    (outcome,) = take_in([anna(**fields)], actor=None, at=NOW)
    return Lead.objects.select_related("contact__company").get(pk=outcome.lead_id or 0)


@pytest.fixture
def correct(maya: User) -> Correct:
    def call(lead: Lead, *, actor: User = maya, **changes: Any) -> Completed:
        options = {name: changes.pop(name) for name in ("seen", "is_elsewhere") if name in changes}
        done = complete(lead_id=lead.pk, changes=changes, actor=actor, at=LATER, **options)
        lead.refresh_from_db()
        return done

    return call


def events(lead: Lead) -> list[str]:
    """Give what followed the capture."""
    return list(lead.events.filter(recorded_at=LATER).order_by("id").values_list("kind", flat=True))


def company_of(lead: Lead) -> Company:
    """Give the company that the contact of ``lead`` has by now."""
    contact = Contact.objects.select_related("company").get(pk=lead.contact_id)
    assert contact.company is not None
    return contact.company
