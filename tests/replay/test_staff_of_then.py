"""Who had to be told is who managed then: the checks follow people who came, moved and left."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from leads.intake.pipeline import take_in
from leads.staff import change_places, deactivate, let_in
from leads.sweep import sweep
from ledger.models import AuditEntry, Notice
from replay.invariants.facts import Facts
from replay.invariants.staff import Answer, Staff
from replay.invariants.verdict import SLACK, broken
from sla.in_force import InForce
from teams.models import Team, User
from teams.people import Place, set_active
from tests.cast import NOW, person
from tests.leads.intake_world import anna, world

DAY = timedelta(days=1)
NOBODY = frozenset[int]()
AFTER = NOW + 30 * DAY
__all__ = ["world"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(db: None) -> User:
    return person("Ada", is_administrator=True)


@pytest.fixture
def nina(ada: User, sales: Team) -> User:
    """A manager of sales who came a day ago."""
    return let_in(
        actor=ada, at=NOW - DAY, email="nina@smarketing.example", name="Nina", password="four quiet horses",
        places=[Place(sales.pk, is_manager=True)],
    )  # fmt: skip


@pytest.fixture
def missed(world: InForce, nina: User) -> datetime:
    """A lead was offered to Sam and came into the queue; nobody did anything, and all managers heard of it."""
    take_in([anna()], actor=None, at=NOW)
    for days in (1, 5):
        sweep(at=NOW + days * DAY)
    told = Notice.objects.filter(code="clock_escalated", channel="in_app").values_list("recipient__name", flat=True)
    assert set(told) == {"Mona", "Nina", "Sue"}
    return NOW + 5 * DAY


def told_wrong(at: datetime) -> list[str]:
    return list(broken(Facts.load(), at=at, slack=SLACK))


def test_who_left_moved_or_came_since_makes_no_difference(
    missed: datetime, ada: User, maya: User, mona: User, nina: User, marketing: Team, sales: Team
) -> None:
    deactivate(actor=ada, at=AFTER, user_id=nina.pk)
    change_places(actor=ada, at=AFTER, user_id=mona.pk, places=[Place(marketing.pk)])
    let_in(actor=ada, at=AFTER, email="new@smarketing.example", name="New", places=[Place(sales.pk, is_manager=True)])

    assert told_wrong(AFTER) == []


@pytest.mark.parametrize("name", ["Nina", "Sue"])
def test_a_manager_of_then_who_was_not_told_is_missed(missed: datetime, ada: User, nina: User, name: str) -> None:
    deactivate(actor=ada, at=AFTER, user_id=nina.pk)
    Notice.objects.filter(code="clock_escalated", recipient__name=name).delete()

    assert [line for line in told_wrong(AFTER) if "its escalation at" in line]


def test_who_managed_nothing_then_should_not_have_been_told(missed: datetime, maya: User) -> None:
    Notice.objects.filter(code="clock_escalated", recipient__name="Nina").update(recipient=maya)

    assert [line for line in told_wrong(AFTER) if "its escalation at" in line]


def test_near_a_change_both_sides_of_it_may_have_counted(ada: User, nina: User, sales: Team) -> None:
    set_active(actor=ada, at=NOW, user_id=nina.pk, is_active=False)
    staff = Staff.load(Facts.load().audit)

    def answers(seconds: float) -> tuple[bool, bool]:
        surely, perhaps = staff.managers([sales.pk], NOW + timedelta(seconds=seconds))
        return nina.pk in surely, nina.pk in perhaps

    assert [answers(seconds) for seconds in (-61, -30, 30, 61)] == [
        (True, True),
        (False, True),
        (False, True),
        (False, False),
    ]
    assert staff.managers([sales.pk], NOW - 2 * DAY).perhaps == set()


def test_before_the_first_entry_that_names_a_place_somebody_may_have_been_anywhere(
    ada: User, maya: User, marketing: Team, sales: Team
) -> None:
    change_places(actor=ada, at=NOW, user_id=maya.pk, places=[Place(marketing.pk, is_manager=True)])
    staff = Staff.load(Facts.load().audit)

    assert staff.managers([sales.pk, marketing.pk], NOW - DAY) == Answer(NOBODY, frozenset({maya.pk}))
    assert staff.managers([marketing.pk], NOW + DAY) == Answer(frozenset({maya.pk}), frozenset({maya.pk}))
    assert staff.may_be_of_side(maya.pk, "sales", NOW - DAY)
    assert not staff.may_be_of_side(maya.pk, "sales", NOW + DAY)


def test_an_entry_of_old_that_names_no_managers_leaves_open_who_they_were(
    nina: User, sales: Team, marketing: Team
) -> None:
    audit = [
        entry._replace(facts={"team_ids": entry.facts["team_ids"]}) if entry.verb == "create_member" else entry
        for entry in Facts.load().audit
    ]
    staff = Staff.load(audit)

    assert AuditEntry.objects.get(verb="create_member").facts["managed_ids"] == [sales.pk]
    assert staff.managers([sales.pk], NOW) == Answer(NOBODY, frozenset({nina.pk}))
    assert staff.managers([marketing.pk], NOW) == Answer(NOBODY, NOBODY)
