"""What the two sides ask each other about a lead: a rep what is missing, a marketer whether help is wanted. Verbs.

A question is open until it is answered, or whoever asked takes it back. It ends by itself where the lead is closed or put aside, and an offer
of help also where the lead leaves its rep. What is said are personal data: events and notices hold only the question's id.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from inputs.refusals import Conflict, Invalid, NotAllowed, NotVisible
from leads import clocks
from leads.assigning import Places
from leads.clocks import ClockStart
from leads.holding import Held, hold, not_yours, permit, permit_work, reach_of, require_step, terms_of
from leads.informing import marketers_or_managers, responsible_marketers
from leads.lifecycle import WrongStage
from leads.models import Question
from leads.owed import MarketingDesk, Owner
from leads.reasons import BadReason, checked_note
from leads.record import Record
from ledger.rows import update_rows
from ledger.selecting import ids
from teams.models import User
from teams.roles import Side

States = Question.States
PROMISES = {Side.MARKETING: "answer_question", Side.SALES: "answer_offer"}
"""What the side that is asked owes."""


class NoSuchQuestion(NotVisible):
    """There is no such question about this lead."""

    code = "no_such_question"


class WhichQuestion(Invalid):
    """Several questions are open, and none is named."""

    code = "which_question"


class QuestionClosed(Conflict):
    """The question was answered or taken back in the meantime, or nothing is asked at all."""

    code = "question_closed"


class NotAsked(NotAllowed):
    """Only whoever asked may take it back."""

    code = "not_asked_by_you"


# Ask ------------------------------------------------------------------------------------------------------------------


@transaction.atomic
def ask(*, lead_id: int, text: str, actor: User, at: datetime, key: UUID | None = None) -> int:
    """Ask marketing about a lead that the actor works on, and give the question's id; the responsible marketer owes the answer.

    What was asked with the same ``key`` before is not asked again. Raises ``BadReason``, ``NotYours``, ``WrongStage``.
    """
    text = checked_words(text, "text")
    (item,) = hold([lead_id], actor=actor)
    permit(actor, "work_lead")
    if sent := _sent_before(item, key):
        return sent
    require_step("ask", [item])
    permit_work([item], actor=actor, at=at)
    marketers = (item.lead.marketer_id, responsible_marketers([item]).get(lead_id))
    desk = MarketingDesk.load(marketers)
    marketer_id = next((user_id for user_id in marketers if user_id in desk.places), None)
    question = _put(item, Side.MARKETING, marketer_id, actor, text=text, key=key, at=at)
    people = marketers_or_managers({lead_id: marketer_id})[lead_id]
    _begin(Record("ask", actor.pk, at), item, question, lambda: desk.owner(marketer_id), people)
    return question.pk


@transaction.atomic
def offer_help(*, lead_id: int, text: str, actor: User, at: datetime, key: UUID | None = None) -> int:
    """Ask the rep who has a lead whether marketing can help, and give the question's id; the rep owes the answer.

    What was asked with the same ``key`` before is not asked again. Raises ``BadReason``, ``NotAllowed``, ``WrongStage``.
    """
    text = checked_words(text, "text")
    (item,) = hold([lead_id], actor=actor)
    permit(actor, "offer_help")
    if sent := _sent_before(item, key):
        return sent
    require_step("offer_help", [item])
    rep_id = item.rep_id
    if rep_id is None:
        raise WrongStage("This lead is with no rep at the moment.", details={"lead": lead_id})
    question = _put(item, Side.SALES, rep_id, actor, text=text, key=key, at=at)
    _begin(Record("offer_help", actor.pk, at), item, question, lambda: _rep(rep_id, at), [rep_id])
    return question.pk


def checked_words(text: str, field: str) -> str:
    """Give the tidy text; raises ``BadReason`` where nothing is said, or it is too long or cannot be stored."""
    text = checked_note(text, field=field)
    if not text:
        raise BadReason("Say it in a few words.", field=field, code="words_required")
    return text


def _sent_before(item: Held, key: UUID | None) -> int | None:
    """Give the question that the same form asked already; the lead is locked, so that of two clicks one waits."""
    if key is None:
        return None
    return Question.objects.filter(lead=item.lead, submission_key=key).values_list("pk", flat=True).first()


def _rep(rep_id: int, at: datetime) -> Owner:
    places = Places.load([rep_id], (), at)
    return Owner(rep_id, places.team_of.get(rep_id), *places.hours.of_person(rep_id))


def _put(
    item: Held, side: Side, addressee_id: int | None, actor: User, *, text: str, key: UUID | None, at: datetime
) -> Question:
    return Question.objects.create(
        lead=item.lead, to_side=side, addressee_id=addressee_id, asked_by=actor, asked_at=at, text=text,
        submission_key=key,
    )  # fmt: skip


def _begin(
    record: Record, item: Held, question: Question, owner_of: Callable[[], Owner], people: Sequence[int]
) -> None:
    """Start the clock of a question where the agreement promises an answer, and tell ``people``."""
    lead, at = item.lead, record.at
    promise = PROMISES[Side(question.to_side)]
    version_id, terms = terms_of([item], at)[lead.pk]
    if promise in terms.promises:
        owner = owner_of()
        begin = ClockStart(
            promise, lead.tier_of_promises, version_id, terms, owner.calendar_version_id, owner.calendar, at,
            question_id=question.pk, user_id=owner.user_id, team_id=owner.team_id,
        )  # fmt: skip
        clocks.start(record, [begin], at)
    record.event(
        lead.pk, "asked", handoff_id=item.current_handoff_id, campaign_id=lead.last_campaign_id,
        user_id=question.addressee_id, version_id=version_id, code=question.to_side, facts={"question": question.pk},
    )  # fmt: skip
    for user_id in people:
        record.tell(user_id, "question_asked", "lead", lead.pk, question=question.pk, to=question.to_side)
    record.write("lead", [lead.pk], question=question.pk)


# Answer, take back ----------------------------------------------------------------------------------------------------


@transaction.atomic
def answer(*, lead_id: int, text: str, actor: User, at: datetime, question_id: int | None = None) -> int:
    """Answer a question, and give its id; without ``question_id`` the one that is open for the actor's side.

    Anybody of marketing answers a rep; marketing's offer is answered by the rep, who covers for them, or their manager. The same answer
    twice is stored once. Raises ``BadReason``, ``NoSuchQuestion``, ``QuestionClosed``, ``WhichQuestion``, ``NotYours``.
    """
    text = checked_words(text, "text")
    (item,) = hold([lead_id], actor=actor)
    question = _held_question(item, question_id, actor)
    _permit_answer(question, item, actor, at)
    if (question.state, question.closed_by_id, question.answer) == (States.ANSWERED, actor.pk, text):
        return question.pk
    record = Record("answer", actor.pk, at)
    _close(question, States.ANSWERED, actor_id=actor.pk, answer=text, at=at)
    clocks.answer(record, promise=PROMISES[Side(question.to_side)], question_ids=[question.pk], at=at)
    _event(record, item, question, "replied", code=question.to_side)
    record.tell(question.asked_by_id, "question_answered", "lead", lead_id, question=question.pk, by=question.to_side)
    record.write("lead", [lead_id], question=question.pk)
    return question.pk


@transaction.atomic
def withdraw(*, lead_id: int, actor: User, at: datetime, question_id: int | None = None) -> int:
    """Take back a question that the actor asked, and give its id; without ``question_id`` the one that they have open.

    Raises ``NotAsked``, ``NoSuchQuestion``, ``QuestionClosed``, ``WhichQuestion``.
    """
    (item,) = hold([lead_id], actor=actor)
    if not actor.may("work_lead"):
        permit(actor, "offer_help")
    question = _named(item, question_id, Q(asked_by=actor))
    if question.asked_by_id != actor.pk:
        raise NotAsked("Only who asked may take the question back.", details={"question": question.pk})
    if (question.state, question.closed_by_id) == (States.WITHDRAWN, actor.pk):
        return question.pk
    record = Record("withdraw_question", actor.pk, at)
    _close(question, States.WITHDRAWN, actor_id=actor.pk, at=at)
    clocks.cancel(record, question_ids=[question.pk], code="withdrawn", at=at)
    _event(record, item, question, "question_withdrawn")
    record.tell(question.addressee_id, "question_withdrawn", "lead", lead_id, question=question.pk)
    record.write("lead", [lead_id], question=question.pk)
    return question.pk


def answerable(actor: User) -> Q:
    """Say which questions the actor's role lets them answer, whoever has the lead."""
    sides = [side for side, action in ANSWERED_BY.items() if actor.may(action)]
    return Q(to_side__in=sides)


ANSWERED_BY = {Side.MARKETING: "answer_question", Side.SALES: "work_lead"}


def _held_question(item: Held, question_id: int | None, actor: User) -> Question:
    if not any(actor.may(action) for action in ANSWERED_BY.values()):
        permit(actor, "answer_question")
    return _named(item, question_id, answerable(actor))


def _named(item: Held, question_id: int | None, meant: Q) -> Question:
    """Lock the question that is named, else the only open one that can be ``meant``; where none can, one that is refused for it."""
    found = Question.objects.filter(lead=item.lead).order_by("id").select_for_update(no_key=True)
    if question_id is not None:
        question = found.filter(pk=question_id).first()
        if question is None:
            raise NoSuchQuestion("There is no such question.")
        return question
    still_open = found.filter(state=States.OPEN)
    questions = list(still_open.filter(meant)[:2]) or list(still_open[:1])
    if not questions:
        raise QuestionClosed("No question waits here any more.", details={"lead": item.lead.pk})
    if len(questions) > 1:
        raise WhichQuestion("Several questions are open. Say which.", field="question_id")
    return questions[0]


def _permit_answer(question: Question, item: Held, actor: User, at: datetime) -> None:
    permit(actor, ANSWERED_BY[Side(question.to_side)])
    if question.to_side == Side.MARKETING:
        return
    reach = reach_of(actor, ids([question.addressee_id, item.rep_id]), at)
    if not reach.may_work(question.addressee_id, None) and not reach.may_work(item.rep_id, item.lead.queue_id):
        raise not_yours(item)


def _close(question: Question, state: str, *, actor_id: int | None, at: datetime, answer: str = "") -> None:
    """Bring an open question to ``state``; the conditional update is what lets one of two callers win."""
    row = (question.pk, state, answer, actor_id, at, States.OPEN)
    columns = ("state", "answer", "closed_by_id", "closed_at")
    if question.state != States.OPEN or not update_rows(Question, columns, [row], expected=("state",)):
        raise QuestionClosed("This question is answered or was taken back.", details={"question": question.pk})


def _event(record: Record, item: Held, question: Question, kind: str, *, code: str = "") -> None:
    record.event(
        item.lead.pk, kind, handoff_id=item.current_handoff_id, campaign_id=item.lead.last_campaign_id,
        user_id=question.asked_by_id, code=code, facts={"question": question.pk},
    )  # fmt: skip


# What ends them -------------------------------------------------------------------------------------------------------


def end_questions(record: Record, held: Sequence[Held], *, code: str, at: datetime) -> None:
    """End every open question about these leads, for they are closed or put aside: part of the verb that does it."""
    _end(record, held, Q(), code=code, at=at)


def end_offers(record: Record, held: Sequence[Held], *, code: str, at: datetime) -> None:
    """End marketing's open offers of help on these leads, for they leave their rep: part of the verb that does it."""
    _end(record, held, Q(to_side=Side.SALES), code=code, at=at)


def _end(record: Record, held: Sequence[Held], which: Q, *, code: str, at: datetime) -> None:
    by_lead = {item.lead.pk: item for item in held}
    rows = Question.objects.filter(which, lead__in=by_lead, state=States.OPEN).order_by("id")
    questions = list(rows.select_for_update(no_key=True))
    if not questions:
        return
    ended = [(question.pk, States.WITHDRAWN, at, States.OPEN) for question in questions]
    if len(update_rows(Question, ("state", "closed_at"), ended, expected=("state",))) != len(ended):
        raise QuestionClosed("A question about this lead was answered just now. Look again.")
    clocks.cancel(record, question_ids=[question.pk for question in questions], code=code, at=at)
    for question in questions:
        _event(record, by_lead[question.lead_id], question, "question_withdrawn", code=code)
        for user_id in _concerned(question):
            record.tell(user_id, "question_ended", "lead", question.lead_id, question=question.pk, why=code)


def _concerned(question: Question) -> Collection[int]:
    return dict.fromkeys(ids([question.asked_by_id, question.addressee_id]))
