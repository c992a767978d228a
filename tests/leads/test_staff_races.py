"""Somebody leaves, or is noted as away, while others give them leads: whoever is first, no lead goes to who is not there."""

from __future__ import annotations

from datetime import timedelta

import pytest

from leads import handoffs, staff
from leads.assigning import HasLeft, IsAway
from leads.models import Handoff, Lead
from leads.moves import CannotTake
from sla.in_force import InForce
from teams.absences import set_absence
from teams.models import Team, User
from teams.people import set_active
from tests.cast import NOW, person
from tests.leads.clock_invariants import problems
from tests.leads.intake_beside import beside
from tests.leads.worlds import bring_to, go_round, ready_lead
from tests.racing import refusals_of

pytestmark = pytest.mark.django_db(transaction=True)

LATER = NOW + timedelta(minutes=5)


@pytest.fixture
def ada(db: None) -> User:
    return person("Ada", is_administrator=True)


@pytest.fixture
def rita(agreement: InForce, sam: User, sales: Team) -> User:
    """Sam and Rita take turns."""
    found = person("Rita", sales)
    go_round(sales)
    return found


def loaded(user: User) -> User:
    return User.objects.with_teams().get(pk=user.pk)


def with_the_left() -> int:
    open_offers = Handoff.objects.filter(state="open", assignee__is_active=False).count()
    return open_offers + Lead.objects.filter(owner__is_active=False, stage__in=["sal", "sql", "opportunity"]).count()


def test_a_lead_given_while_they_leave_is_routed_on(ada: User, maya: User, sam: User, rita: User) -> None:
    lead, actor = ready_lead(), loaded(maya)

    count = beside(
        lambda: handoffs.hand_off(lead_id=lead.pk, actor=actor, at=NOW),
        lambda: staff.deactivate(actor=loaded(ada), at=LATER, user_id=sam.pk),
    )

    assert (count, with_the_left()) == (1, 0)
    assert Handoff.objects.get().assignee == rita
    assert problems() == []


def test_a_lead_that_comes_while_they_leave_goes_to_others(ada: User, maya: User, sam: User, rita: User) -> None:
    lead, actor = ready_lead(), loaded(maya)

    beside(
        lambda: staff.deactivate(actor=ada, at=NOW, user_id=sam.pk),
        lambda: handoffs.hand_off(lead_id=lead.pk, actor=actor, at=LATER),
    )

    assert Handoff.objects.get().assignee == rita


def test_a_manager_cannot_assign_to_somebody_who_leaves_just_then(
    ada: User, sue: User, maya: User, sam: User, rita: User
) -> None:
    lead = bring_to("mql", ready_lead(), maya=maya, sam=sam)
    holder = Handoff.objects.get().assignee
    other, actor = (sam if holder == rita else rita), loaded(sue)

    def assign() -> str:
        try:
            handoffs.assign(lead_id=lead.pk, user_id=other.pk, actor=actor, at=LATER)
        except (HasLeft, CannotTake) as refusal:
            return refusal.code
        return ""

    code = beside(lambda: set_active(actor=ada, at=NOW, user_id=other.pk, is_active=False), assign)

    assert code in ("has_left", "cannot_take")
    assert Handoff.objects.get().assignee == holder


def test_a_manager_cannot_assign_to_somebody_who_is_noted_as_away_just_then(
    sue: User, maya: User, sam: User, rita: User
) -> None:
    lead = bring_to("mql", ready_lead(), maya=maya, sam=sam)
    holder = Handoff.objects.get().assignee
    other, actor, boss = (sam if holder == rita else rita), loaded(sue), loaded(sue)

    def assign() -> str:
        try:
            handoffs.assign(lead_id=lead.pk, user_id=other.pk, actor=actor, at=LATER)
        except IsAway as refusal:
            return refusal.code
        return ""

    code = beside(
        lambda: set_absence(
            actor=boss, at=NOW, user_id=other.pk, starts_at=NOW, ends_at=NOW + timedelta(days=9)
        ),
        assign,
    )  # fmt: skip

    assert (code, Handoff.objects.get().assignee) == ("is_away", holder)


def test_many_leave_while_leads_come(ada: User, maya: User, sam: User, rita: User, sales: Team) -> None:
    others = [person(f"Rep{number}", sales) for number in range(4)]
    go_round(sales)
    leads, actor, boss = [ready_lead() for _ in range(6)], loaded(maya), loaded(ada)
    calls = [lambda lead=lead: handoffs.hand_off(lead_id=lead.pk, actor=actor, at=NOW) for lead in leads]
    calls += [lambda user=user: staff.deactivate(actor=boss, at=NOW, user_id=user.pk) for user in [sam, *others]]

    refusals = refusals_of(calls, Exception)

    assert [refusal for refusal in refusals if refusal is not None] == []
    assert with_the_left() == 0
    assert Handoff.objects.filter(state="open").count() == len(leads)
    assert problems() == []
