"""What was handed on is looked at: a sound history is told sound, and each kind of damage is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from leads import staff
from leads.followup import log_activity
from leads.handing_on import hand_on
from leads.models import Clock, ClockStep, Question
from leads.outcomes import qualify_for_sales
from replay.invariants import handing_on
from replay.invariants.facts import Facts
from replay.invariants.verdict import broken
from teams.models import Absence
from tests.leads.exchange_world import asked, offered_help
from tests.leads.leave_world import AT, DAY, came, given_back, in_work, leave, sam_alone
from tests.leads.worlds import CHECKLIST
from tests.replay.planting import one
from tests.replay.verifying import verify_clocks_fails
from tests.verbs.company import Company, company, founders

__all__ = ["company", "founders"]

pytestmark = pytest.mark.django_db

HANDED_ON = ClockStep.objects.filter(kind="cancelled", code="away")


@pytest.fixture
def history(company: Company) -> None:
    """Sam is away with an offer and a lead in work, Maya with a returned lead and a question to answer."""
    sam_alone(company)
    came()
    given_back(company)
    lead = in_work(company)
    offered_help(lead, company.mona, at=AT - timedelta(minutes=2))
    question = asked(lead, company.rita if lead.owner == company.rita else company.sam, at=AT - timedelta(minutes=1))
    assert Question.objects.get(pk=question.pk).addressee == company.maya
    leave(company.sam)
    leave(company.maya)
    hand_on(at=AT)


def found() -> list[str]:
    return [*handing_on.differences(), *broken(Facts.load(), at=AT, slack=DAY)]


def test_a_sound_history_is_told_sound(history: None) -> None:
    assert HANDED_ON.count() == 7
    assert found() == []


def test_an_offer_of_help_may_end_with_a_lead_on_which_its_rep_owed_nothing(company: Company) -> None:
    sam_alone(company)
    lead = in_work(company)
    log_activity(lead_id=lead.pk, kind="call", outcome="conversation", actor=company.sam, at=AT)
    qualify_for_sales(lead_id=lead.pk, confirmed=CHECKLIST, actor=company.sam, at=AT)
    offered_help(lead, company.mona, at=AT)

    staff.deactivate(actor=company.ada, at=AT + timedelta(minutes=1), user_id=company.sam.pk)
    hand_on(at=AT + timedelta(minutes=1))

    assert list(handing_on.differences()) == []
    assert list(broken(Facts.load(), at=AT + timedelta(minutes=1), slack=DAY)) == []


def give_a_queue_the_whole_time() -> None:
    Clock.objects.filter(pk=one(Clock.objects.filter(promise="assign")).pk).update(share_percent=100)


def give_a_team_less_than_half() -> None:
    Clock.objects.filter(promise="returned", user=None).update(share_percent=49)


def give_others_less_time() -> None:
    Clock.objects.filter(pk=one(Clock.objects.filter(state="cancelled")).pk).update(share_percent=80)


def let_them_have_been_there() -> None:
    Absence.objects.update(starts_at=AT + DAY, ends_at=AT + 2 * DAY)


def let_the_team_owe_it_to_nobody() -> None:
    Clock.objects.filter(promise="returned", user=None).update(promise="nurture")


def let_somebody_take_over() -> None:
    owed = one(Clock.objects.filter(promise="returned", user=None))
    before = one(Clock.objects.filter(promise="returned", user__isnull=False))
    Clock.objects.filter(pk=owed.pk).update(user=before.user)


def hand_on_what_a_queue_owed() -> None:
    step = one(HANDED_ON.filter(clock__promise="accept"))
    Clock.objects.filter(pk=step.clock_id).update(user=None)


DAMAGES: list[Callable[[], None]] = [
    give_a_queue_the_whole_time, give_a_team_less_than_half, give_others_less_time, let_them_have_been_there,
    let_the_team_owe_it_to_nobody, let_somebody_take_over, hand_on_what_a_queue_owed,
]  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_each_damage_is_told(damage: Callable[[], None], history: None) -> None:
    damage()

    told = list(handing_on.differences())
    assert told != []
    assert set(told) <= set(verify_clocks_fails(at=AT))
