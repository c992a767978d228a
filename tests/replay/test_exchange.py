"""Questions and disputes are looked at too: all that was asked and contested is sound, and each kind of damage is told."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction

from leads import disputes, handoffs, outcomes, questions
from leads.followup import log_activity
from leads.intake.pipeline import take_in
from leads.models import Clock, ClockStep, Dispute, Handoff, Lead, LeadEvent, Question
from leads.periods import open_periods
from leads.sweep import sweep
from ledger import triggers
from ledger.models import AuditEntry, AuditSeal, Notice
from replay.invariants import exchange
from replay.invariants.facts import Facts
from replay.invariants.verdict import broken
from teams.models import User
from tests.cast import NOW
from tests.leads.exchange_world import DAY, LATER, SECOND, asked, contested, offered_help, say
from tests.leads.intake_world import anna
from tests.leads.worlds import CHECKLIST, make_campaign
from tests.replay import columns
from tests.replay.verifying import verify_clocks_fails
from tests.verbs.company import Company, company, founders

__all__ = ["company", "founders"]

pytestmark = pytest.mark.django_db


_numbers = count(1)


def offered_to_sam() -> Lead:
    """Somebody of a firm of their own asks for a demo at the stand of Maya's campaign."""
    number = next(_numbers)
    arrival = anna(
        email=f"anna@firm{number}.example",
        company=f"Firm {number}",
        phone="",
        key=f"asks {number}",
        campaign_code="spring",
    )
    (outcome,) = take_in([arrival], actor=None, at=NOW)
    return Lead.objects.get(pk=outcome.lead_id or 0)


def brought(sam: User, *, is_sql: bool = False) -> Lead:
    lead = offered_to_sam()
    handoffs.accept(lead_id=lead.pk, actor=sam, at=NOW)
    if is_sql:
        log_activity(lead_id=lead.pk, kind="call", outcome="conversation", actor=sam, at=NOW)
        outcomes.qualify_for_sales(lead_id=lead.pk, confirmed=CHECKLIST, actor=sam, at=NOW)
    return lead


def given_back(sam: User) -> Lead:
    lead = offered_to_sam()
    handoffs.reject(lead_id=lead.pk, reason="wrong_role", actor=sam, at=NOW)
    return lead


@pytest.fixture
def history(company: Company) -> None:
    """Everything that can become of a question and of a dispute, once."""
    maya, mona, sam, sue = company.maya, company.mona, company.sam, company.sue
    make_campaign(maya)
    User.objects.filter(pk=company.rita.pk).update(is_active=False)  # so that Sam is offered every lead

    lead = brought(sam)
    first, second, third = (asked(lead, sam, text) for text in ("One?", "Two?", "Three?"))
    questions.answer(lead_id=lead.pk, text="One.", actor=mona, at=LATER + SECOND, question_id=first.pk)
    questions.answer(lead_id=lead.pk, text="Two.", actor=maya, at=LATER + timedelta(hours=2), question_id=second.pk)
    questions.withdraw(lead_id=lead.pk, actor=sam, at=LATER + timedelta(minutes=2), question_id=third.pk)
    asked(lead, sam, "Four?")
    offered_help(lead, maya)

    recycled = brought(sam)
    asked(recycled, sam)
    outcomes.recycle(lead_id=recycled.pk, reason="bad_timing", actor=sam, at=LATER + SECOND)

    fates = (("overturn", "overturn"), ("overturn", "stand"), ("overturn", ""), ("", ""))
    for of_marketing, of_sales in fates:
        dispute = contested(given_back(sam), mona)
        for actor, word in ((mona, of_marketing), (sue, of_sales)):
            if word:
                say(dispute, actor, word, at=LATER + SECOND)
    struck = contested(brought(sam), sam)
    say(struck, sue, "overturn", at=LATER + SECOND)
    say(struck, mona, "overturn", at=LATER + 2 * SECOND)
    withdrawn = contested(brought(sam), sam)
    disputes.withdraw(lead_id=withdrawn.handoff.lead_id, actor=sam, at=LATER + SECOND)
    sweep(at=LATER + 2 * DAY + SECOND)
    last = brought(sam, is_sql=True)
    contested(last, sam, at=LATER + 2 * DAY)
    asked(last, sam, at=LATER + 2 * DAY)
    offered_help(last, maya, at=LATER + 2 * DAY)
    sweep(at=LATER + 2 * DAY + SECOND)
    assert set(Dispute.objects.values_list("state", flat=True)) == set(Dispute.States)
    assert set(Question.objects.values_list("state", flat=True)) == set(Question.States)


@pytest.fixture
def unguarded(history: None) -> None:
    """Take the guards of the database away, as somebody with a shell on the server could."""
    with connection.cursor() as cursor:
        for name, table in triggers.installed(connection):
            cursor.execute(triggers.drop_statement(connection, name, table))


def told() -> list[str]:
    return list(exchange.differences(Facts.load()))


def test_what_the_verbs_leave_is_sound(history: None) -> None:
    at = LATER + 2 * DAY + 2 * SECOND
    open_periods(at=at)
    sweep(at=at)

    assert told() == []
    about = Clock.objects.filter(lead__isnull=True, handoff__isnull=True).values_list("pk", flat=True)
    found = list(broken(Facts.load(), at=at, slack=timedelta(minutes=5)))
    assert [
        words for words in found if "rita" in words or words.startswith(tuple(f"clock {pk} " for pk in about))
    ] == []
    assert found == []


SEEN = [(label, column) for label, column in columns.fields_seen() if label in columns.EXCHANGED]


@pytest.mark.parametrize(("label", "column"), SEEN)
def test_another_value_is_told(unguarded: None, label: str, column: str) -> None:
    model: Any = apps.get_model(label)
    field = next(field for field in model._meta.concrete_fields if field.attname == column)
    empty = models.Q(**{f"{column}__isnull": True}) | (
        models.Q(**{column: ""}) if isinstance(field, models.CharField) else models.Q()
    )
    for row in model.objects.exclude(empty).order_by("id"):
        value = columns.TO.get((label, column)) or columns.another(field, getattr(row, column))
        with suppress(IntegrityError), transaction.atomic():
            assert model.objects.filter(pk=row.pk).update(**{column: value})
            assert told()
            return
    pytest.fail("the database refuses every other value")


def take_the_clock_of_another_question() -> None:
    first, second = Clock.objects.filter(question__isnull=False).exclude(state="running").order_by("id")[:2]
    Clock.objects.filter(pk=second.pk).update(question=first.question)


def take_the_clock_of_another_dispute() -> None:
    first, *_, last = Clock.objects.filter(dispute__isnull=False, side="sales").exclude(state="running").order_by("id")
    Clock.objects.filter(pk=last.pk).update(dispute=first.dispute)


def lose_what_was_asked() -> None:
    LeadEvent.objects.filter(kind="asked").first().delete()  # type: ignore[union-attr]


def lose_an_answer() -> None:
    LeadEvent.objects.filter(kind="replied").first().delete()  # type: ignore[union-attr]


def lose_the_end_of_a_dispute() -> None:
    LeadEvent.objects.filter(kind="dispute_closed").first().delete()  # type: ignore[union-attr]


def close_a_dispute_twice() -> None:
    event = LeadEvent.objects.filter(kind="dispute_closed").first()
    assert event is not None
    event.pk = None
    event.save(force_insert=True)


def lose_a_word_of_the_audit() -> None:
    AuditSeal.objects.all().delete()
    AuditEntry.objects.filter(verb="decide_dispute").first().delete()  # type: ignore[union-attr]


def _lose(clock: Clock | None) -> None:
    ClockStep.objects.filter(clock=clock).delete()
    Clock.objects.filter(pk=clock.pk if clock else 0).delete()


def lose_the_clock_of_a_question() -> None:
    _lose(Clock.objects.filter(question__isnull=False).first())


def lose_the_clock_of_a_side() -> None:
    _lose(Clock.objects.filter(dispute__isnull=False).first())


def give_the_clock_to_the_other_side() -> None:
    clock = Clock.objects.filter(dispute__isnull=False, side="sales").first()
    other = Clock.objects.filter(dispute=clock.dispute if clock else None, side="marketing").first()
    Clock.objects.filter(pk=clock.pk if clock else 0).update(team=other.team if other else None)


def count_a_rejection_as_accepted() -> None:
    Handoff.objects.filter(state="rejected", is_overturned=False).update(is_overturned=True)


def count_what_was_struck() -> None:
    Handoff.objects.filter(is_struck=True).update(is_struck=False)


def cancel_what_is_open() -> None:
    open_one = Clock.objects.filter(question__state="open", state="running").first()
    assert open_one is not None
    Clock.objects.filter(pk=open_one.pk).update(state="cancelled", cancelled_at=NOW, next_action_at=None)


def answer_what_nobody_answered() -> None:
    clock = Clock.objects.filter(question__state="withdrawn").first()
    assert clock is not None
    ClockStep.objects.filter(clock=clock, kind="cancelled").update(kind="met")


def ask_about_a_lead_that_is_closed() -> None:
    question = Question.objects.filter(state="open", to_side="marketing").first()
    assert question is not None
    type(question.lead).objects.filter(pk=question.lead_id).update(stage="lost")


def leave_an_offer_with_who_has_the_lead_no_more() -> None:
    question = Question.objects.filter(state="open", to_side="sales").first()
    assert question is not None
    type(question.lead).objects.filter(pk=question.lead_id).update(owner=question.asked_by)


def tell_nobody_of_a_question() -> None:
    Notice.objects.filter(code="question_asked").delete()


def tell_nobody_of_a_dispute() -> None:
    Notice.objects.filter(code="dispute_raised").delete()


def close_before_the_time_is_over() -> None:
    ClockStep.objects.filter(code="close_dispute").delete()


@pytest.mark.parametrize("damage", [
    take_the_clock_of_another_question,
    take_the_clock_of_another_dispute,
    lose_what_was_asked, lose_an_answer, lose_the_end_of_a_dispute, close_a_dispute_twice, lose_a_word_of_the_audit,
    lose_the_clock_of_a_question, lose_the_clock_of_a_side, give_the_clock_to_the_other_side, count_a_rejection_as_accepted,
    count_what_was_struck, cancel_what_is_open, answer_what_nobody_answered, ask_about_a_lead_that_is_closed,
    leave_an_offer_with_who_has_the_lead_no_more, tell_nobody_of_a_question, tell_nobody_of_a_dispute,
    close_before_the_time_is_over,
])  # fmt: skip
def test_damage_is_told(unguarded: None, damage: Callable[[], None]) -> None:
    damage()

    found = told()
    assert found
    assert set(found) <= set(verify_clocks_fails(at=LATER + 2 * DAY + 2 * SECOND))
