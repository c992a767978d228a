"""Questions in both directions: who may ask and answer, the clock of each, and what ends one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest

from inputs.refusals import Refusal
from leads import handoffs, moves, outcomes, questions
from leads.models import Clock, ClockStep, Lead, LeadEvent, Question
from leads.reasons import BadReason
from leads.staff import deactivate
from leads.sweep import sweep
from ledger.models import AuditEntry
from sla.in_force import InForce
from teams.models import Team, User
from tests.cast import person
from tests.leads.exchange_world import LATER, SECOND, asked, clocks_of, lead_at, offered_help
from tests.leads.follow_up_calls import log
from tests.leads.worlds import away, everything, go_round, told
from tests.racing import refusals_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def rita(sales: Team) -> User:
    return person("Rita", sales)


@pytest.fixture
def lead(agreement: InForce, maya: User, sam: User, rita: User, sales: Team) -> Lead:
    """A hot lead in work with Sam, of a campaign of Maya's."""
    go_round(sales)
    return lead_at("sal", maya, sam)


# Ask ------------------------------------------------------------------------------------------------------------------


def test_a_rep_asks_the_marketer_whose_campaign_it_was(lead: Lead, maya: User, sam: User) -> None:
    question = asked(lead, sam, "  Which plant is it about? ")

    clock = clocks_of(question)["marketing"]
    assert (question.to_side, question.addressee, question.text) == ("marketing", maya, "Which plant is it about?")
    assert (clock.promise, clock.user, clock.tier, clock.state) == ("answer_question", maya, "hot", "running")
    assert clock.due_at == LATER + timedelta(minutes=30)
    assert clock.version_id == lead.handoffs.get().version_id
    assert told("question_asked") == ["Maya"]
    event = LeadEvent.objects.get(kind="asked")
    assert (event.code, event.user, event.actor, event.facts) == ("marketing", maya, sam, {"question": question.pk})
    assert AuditEntry.objects.get(verb="ask").facts["question"] == question.pk


def test_where_nobody_answers_for_it_all_of_marketing_is_asked(lead: Lead, mona: User, sam: User) -> None:
    lead.last_campaign.owner.memberships.all().delete()  # type: ignore[union-attr]
    Lead.objects.filter(pk=lead.pk).update(marketer=None)

    question = asked(lead, sam)

    clock = clocks_of(question)["marketing"]
    assert (question.addressee, clock.user, clock.team and clock.team.side) == (None, None, "marketing")
    assert told("question_asked") == ["Mona"]


def test_marketing_offers_help_to_the_rep_who_has_it(lead: Lead, maya: User, sam: User) -> None:
    question = offered_help(lead, maya)

    clock = clocks_of(question)["sales"]
    assert (question.to_side, question.addressee) == ("sales", sam)
    assert (clock.promise, clock.user, clock.team and clock.team.side) == ("answer_offer", sam, "sales")
    assert clock.due_at == LATER + timedelta(days=1)
    assert told("question_asked") == ["Sam"]


def test_an_offer_of_help_needs_a_rep(agreement: InForce, maya: User, sam: User, sales: Team) -> None:
    go_round(sales)
    lead = lead_at("lead", maya, sam)

    with pytest.raises(Refusal, match="not possible"):
        offered_help(lead, maya)


def test_the_same_form_sent_twice_asks_once(lead: Lead, maya: User, sam: User) -> None:
    key = uuid4()
    made = {
        questions.ask(lead_id=lead.pk, text="Which plant?", actor=sam, at=LATER, key=key),
        questions.ask(lead_id=lead.pk, text="Which plant?", actor=sam, at=LATER + SECOND, key=key),
    }

    assert len(made) == 1
    assert Question.objects.count() == Clock.objects.filter(question__isnull=False).count() == 1


@pytest.mark.parametrize(("name", "ask"), [
    ("rita", questions.ask), ("maya", questions.ask), ("olive", questions.ask),
    ("sam", questions.offer_help), ("sue", questions.offer_help),
])  # fmt: skip
def test_who_may_not_ask_leaves_nothing_behind(
    name: str, ask: Callable[..., int], lead: Lead, request: pytest.FixtureRequest
) -> None:
    before = everything()

    with pytest.raises(Refusal):
        ask(lead_id=lead.pk, text="May I?", actor=request.getfixturevalue(name), at=LATER)

    assert everything() == before
    assert not Question.objects.exists()


@pytest.mark.parametrize("text", ["", "   ", "x" * 2001, "a\x00b", "\ud800"])
def test_what_cannot_be_asked_is_refused_beside_its_field(text: str, lead: Lead, sam: User) -> None:
    with pytest.raises(BadReason) as refused:
        questions.ask(lead_id=lead.pk, text=text, actor=sam, at=LATER)

    assert refused.value.problems[0].field == "text"


def test_a_question_holds_two_thousand_characters(lead: Lead, sam: User) -> None:
    assert asked(lead, sam, "x" * 2000).text == "x" * 2000


# Answer, take back ----------------------------------------------------------------------------------------------------


def test_an_answer_in_time_keeps_the_promise_and_reaches_who_asked(lead: Lead, mona: User, sam: User) -> None:
    question = asked(lead, sam)

    questions.answer(lead_id=lead.pk, text="Both.", actor=mona, at=LATER + timedelta(minutes=30))

    question.refresh_from_db()
    clock = clocks_of(question)["marketing"]
    assert (question.state, question.answer, question.closed_by) == ("answered", "Both.", mona)
    assert (clock.state, clock.answered_seconds) == ("met", 1800)
    assert told("question_answered") == ["Sam"]
    assert LeadEvent.objects.get(kind="replied").user == sam


def test_an_answer_a_second_late_is_a_miss_that_was_answered(lead: Lead, maya: User, sam: User) -> None:
    question = asked(lead, sam)

    questions.answer(lead_id=lead.pk, text="Both.", actor=maya, at=LATER + timedelta(minutes=30, seconds=1))

    clock = clocks_of(question)["marketing"]
    assert (clock.state, clock.late_seconds) == ("missed", 1)
    assert list(ClockStep.objects.filter(clock=clock, kind="missed").values_list("occurred_at", flat=True)) == [
        clock.due_at
    ]


def test_the_sweep_warns_and_misses_a_question_as_any_promise(lead: Lead, maya: User, sam: User) -> None:
    question = asked(lead, sam)

    sweep(at=LATER + timedelta(minutes=31))

    clock = clocks_of(question)["marketing"]
    assert (clock.state, Question.objects.get().state) == ("missed", "open")
    assert told("clock_missed") == ["Maya", "Sam"]  # he has missed his first attempt
    questions.answer(lead_id=lead.pk, text="Both.", actor=maya, at=LATER + timedelta(minutes=40))
    assert clocks_of(question)["marketing"].late_seconds == 600


def test_who_covers_for_the_rep_and_their_manager_answer_an_offer_of_help(
    lead: Lead, maya: User, sam: User, rita: User, sue: User
) -> None:
    away(sam, rita)
    for actor in (rita, sue):
        offered_help(lead, maya)
        questions.answer(lead_id=lead.pk, text="Yes, please.", actor=actor, at=LATER)

    assert {question.closed_by for question in Question.objects.all()} == {rita, sue}


def test_who_may_not_answer_is_refused(lead: Lead, maya: User, sam: User, rita: User, olive: User) -> None:
    question, offer = asked(lead, sam), offered_help(lead, maya)

    for actor, asking in ((sam, question), (rita, question), (rita, offer), (maya, offer), (olive, offer)):
        with pytest.raises(Refusal):
            questions.answer(lead_id=lead.pk, text="No.", actor=actor, at=LATER, question_id=asking.pk)

    assert set(Question.objects.values_list("state", flat=True)) == {"open"}


def test_of_several_open_questions_one_has_to_be_named(lead: Lead, maya: User, sam: User) -> None:
    first, second = asked(lead, sam, "One?"), asked(lead, sam, "Two?")

    with pytest.raises(questions.WhichQuestion):
        questions.answer(lead_id=lead.pk, text="Yes.", actor=maya, at=LATER)
    questions.answer(lead_id=lead.pk, text="Yes.", actor=maya, at=LATER, question_id=second.pk)

    first.refresh_from_db()
    assert first.state == "open"
    assert clocks_of(first)["marketing"].state == "running"


def test_a_question_of_another_lead_is_not_there(lead: Lead, maya: User, sam: User, rita: User) -> None:
    question = asked(lead, sam)
    lead_at("mql", maya, rita)
    other = lead_at("sal", maya, sam)

    with pytest.raises(questions.NoSuchQuestion):
        questions.answer(lead_id=other.pk, text="Yes.", actor=maya, at=LATER, question_id=question.pk)


def test_an_answer_stands_and_is_stored_once(lead: Lead, maya: User, mona: User, sam: User) -> None:
    question = asked(lead, sam)
    reply = partial(questions.answer, lead_id=lead.pk, question_id=question.pk, at=LATER)
    reply(text="Both.", actor=maya)

    reply(text="Both.", actor=maya)
    with pytest.raises(questions.QuestionClosed):
        reply(text="Neither.", actor=mona)

    assert Question.objects.get().answer == "Both."
    assert LeadEvent.objects.filter(kind="replied").count() == 1


def test_who_asked_takes_it_back(lead: Lead, maya: User, sam: User, sue: User) -> None:
    question = asked(lead, sam)

    with pytest.raises(questions.NotAsked):
        questions.withdraw(lead_id=lead.pk, actor=sue, at=LATER, question_id=question.pk)
    questions.withdraw(lead_id=lead.pk, actor=sam, at=LATER)
    questions.withdraw(lead_id=lead.pk, actor=sam, at=LATER, question_id=question.pk)

    question.refresh_from_db()
    assert (question.state, question.closed_by) == ("withdrawn", sam)
    assert clocks_of(question)["marketing"].state == "cancelled"
    assert told("question_withdrawn") == ["Maya"]
    assert LeadEvent.objects.filter(kind="question_withdrawn").count() == 1


# What ends them -------------------------------------------------------------------------------------------------------


def _recycle(lead: Lead, sam: User) -> None:
    outcomes.recycle(lead_id=lead.pk, reason="bad_timing", actor=sam, at=LATER + SECOND)


def _disqualify(lead: Lead, sam: User) -> None:
    log(lead, sam, "conversation")
    outcomes.disqualify(lead_id=lead.pk, reason="vendor", actor=sam, at=LATER + SECOND)


@pytest.mark.parametrize("close", [_recycle, _disqualify])
def test_what_closes_the_lead_ends_all_that_is_asked(
    close: Callable[[Lead, User], None], lead: Lead, maya: User, sam: User
) -> None:
    asked(lead, sam)
    offered_help(lead, maya)

    close(lead, sam)

    assert Question.objects.filter(state="withdrawn", closed_by=None).count() == 2
    assert set(Clock.objects.filter(question__isnull=False).values_list("state", flat=True)) == {"cancelled"}
    events = LeadEvent.objects.filter(kind="question_withdrawn")
    assert set(events.values_list("code", flat=True)) == {Lead.objects.get().stage}
    assert told("question_ended") == ["Maya", "Maya"]  # Sam did it himself


@pytest.mark.parametrize("stage", ["win", "lose"])
def test_a_deal_that_is_won_or_lost_ends_all_that_is_asked(
    stage: str, agreement: InForce, maya: User, sam: User, sales: Team
) -> None:
    go_round(sales)
    lead = lead_at("opportunity", maya, sam)
    asked(lead, sam)

    getattr(outcomes, stage)(lead_id=lead.pk, actor=sam, at=LATER, **({"reason": "price"} if stage == "lose" else {}))

    assert Question.objects.get().state == "withdrawn"


def _return(lead: Lead, sam: User, sue: User, rita: User) -> None:
    handoffs.return_lead(lead_id=lead.pk, reason="wrong_role", actor=sam, at=LATER + SECOND)


def _reroute(lead: Lead, sam: User, sue: User, rita: User) -> None:
    handoffs.reroute(lead_id=lead.pk, actor=sam, at=LATER + SECOND)


def _assign(lead: Lead, sam: User, sue: User, rita: User) -> None:
    moves.assign(lead_id=lead.pk, user_id=rita.pk, actor=sue, at=LATER + SECOND)


def _leave(lead: Lead, sam: User, sue: User, rita: User) -> None:
    deactivate(actor=person("Ada", is_administrator=True), at=LATER + SECOND, user_id=sam.pk)


def _miss(lead: Lead, sam: User, sue: User, rita: User) -> None:
    sweep(at=LATER + timedelta(minutes=30))


@pytest.mark.parametrize("leave", [_return, _reroute, _assign, _leave, _miss])
def test_an_offer_of_help_ends_where_the_lead_leaves_its_rep_and_a_question_stays(
    leave: Callable[[Lead, User, User, User], None], lead: Lead, maya: User, sam: User, sue: User, rita: User
) -> None:
    question, offer = asked(lead, sam), offered_help(lead, maya)

    leave(lead, sam, sue, rita)

    question.refresh_from_db()
    offer.refresh_from_db()
    assert (question.state, offer.state) == ("open", "withdrawn")
    assert clocks_of(offer)["sales"].state == "cancelled"
    assert told("question_ended")[0] == "Maya"


@pytest.mark.parametrize("decide", ["reject", "recall", "accept"])
def test_an_offer_of_help_on_an_offered_lead_ends_with_the_offer(
    decide: str, agreement: InForce, maya: User, sam: User, sue: User, rita: User, sales: Team
) -> None:
    go_round(sales)
    lead = lead_at("mql", maya, sam)
    offer = offered_help(lead, maya)
    away(sam, rita)
    actor, more = {"reject": (sue, {"reason": "duplicate"}), "recall": (maya, {}), "accept": (rita, {})}[decide]

    getattr(handoffs, decide)(lead_id=lead.pk, actor=actor, at=LATER + SECOND, **more)

    offer.refresh_from_db()
    assert offer.state == "withdrawn"


def test_accepting_what_was_offered_to_oneself_ends_no_offer_of_help(
    agreement: InForce, maya: User, sam: User, sales: Team
) -> None:
    go_round(sales)
    lead = lead_at("mql", maya, sam)
    offer = offered_help(lead, maya)

    handoffs.accept(lead_id=lead.pk, actor=sam, at=LATER + SECOND)

    offer.refresh_from_db()
    assert (offer.state, clocks_of(offer)["sales"].state) == ("open", "running")


# At once --------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_of_two_who_answer_at_once_one_does(lead: Lead, maya: User, mona: User, sam: User) -> None:
    question = asked(lead, sam)
    actors = [User.objects.with_teams().get(pk=user.pk) for user in (maya, mona)]

    refusals = refusals_of(
        [partial(questions.answer, lead_id=lead.pk, text=actor.name, actor=actor, at=LATER) for actor in actors],
        Refusal,
    )

    assert sorted(type(refusal).__name__ for refusal in refusals) == ["NoneType", "QuestionClosed"]
    question.refresh_from_db()
    assert question.answer == str(question.closed_by)
    assert LeadEvent.objects.filter(kind="replied").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_double_click_asks_once(lead: Lead, maya: User, sam: User) -> None:
    key, actor = uuid4(), User.objects.with_teams().get(pk=sam.pk)

    refusals = refusals_of(
        [partial(questions.ask, lead_id=lead.pk, text="?", actor=actor, at=LATER, key=key)] * 4, Refusal
    )

    assert refusals == [None] * 4
    assert Question.objects.count() == 1
