"""What stands out on a page is what to do next: how a company starts, and which step of a lead comes first and which last."""

from __future__ import annotations

import re
from datetime import datetime

import pytest

from desk.steps import steps_for
from leads.handoffs import accept
from sla.in_force import InForce
from teams.models import User
from tests.desk.conftest import Enter, Offer


@pytest.mark.parametrize("path", ["/", "/agreement/", "/routing/", "/personas/"])
@pytest.mark.parametrize("who", ["sue", "administrator"])
def test_who_can_start_the_company_is_told_how(enter: Enter, sue: User, who: str, path: str) -> None:
    user = sue if who == "sue" else User.objects.create(email="ada@cast.example", name="Ada", is_administrator=True)

    assert "manage.py start_company" in enter(user).get(path).content.decode()


def test_nobody_is_told_once_it_is_started(enter: Enter, sue: User, agreement: InForce) -> None:
    assert "start_company" not in enter(sue).get("/").content.decode()


def test_taking_a_lead_back_is_offered_but_does_not_stand_out(enter: Enter, maya: User, offer: Offer) -> None:
    page = enter(maya).get(f"/leads/{offer().lead_id}/").content.decode()

    (button,) = re.findall(r"<button[^>]*>Recall", page)

    assert "btn-primary" not in button


def test_what_ends_a_lead_comes_last(sam: User, offer: Offer, at: datetime) -> None:
    handoff = offer()
    accept(lead_id=handoff.lead_id, actor=sam, at=at)
    handoff.refresh_from_db()

    steps = [step.is_ending for step in steps_for(sam, handoff.lead, handoff, at)]

    assert any(steps)
    assert steps == sorted(steps)
