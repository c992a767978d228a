"""What both sides ask and contest: about one lead, and what waits for somebody's answer or word."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Q

from leads.chips import Chip, chips
from leads.holding import covered_by
from leads.lifecycle import Stage
from leads.models import Clock, Dispute, Lead, LeadEvent, Question, Transfer
from teams.models import Membership, User
from teams.roles import MANAGER_ROLES, Role, Side

MOST_ROWS = 15
MOST_ON_LEAD = 50
OF_LEAD = ("lead__contact__company", "asked_by", "addressee", "closed_by")
OF_HANDOFF = ("handoff__lead__contact__company", "handoff__assignee", "raised_by", "marketing_by", "sales_by")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its clock, if it has one; ``is_mine`` where its reader asked it and waits."""

    question: Question
    chip: Chip | None
    is_mine: bool = False

    @property
    def lead(self) -> Lead:
        return self.question.lead


@dataclass(frozen=True, slots=True)
class Word:
    """What one side has said, or has yet to say."""

    side: str
    word: str
    by: User | None
    chip: Chip | None


@dataclass(frozen=True, slots=True)
class Contested:
    """A dispute with the word and the clock of each side."""

    dispute: Dispute
    words: list[Word]

    @property
    def lead(self) -> Lead:
        return self.dispute.handoff.lead


@dataclass(frozen=True, slots=True)
class Exchange:
    """Questions and disputes, each with their clocks."""

    questions: list[Asked]
    disputes: list[Contested]

    def __bool__(self) -> bool:
        return bool(self.questions or self.disputes)


def exchange_about(lead: Lead, at: datetime) -> Exchange:
    """Give everything that was asked and contested about a lead, the newest first, with four queries."""
    questions = Question.objects.filter(lead=lead).select_related(*OF_LEAD[1:]).order_by("-asked_at", "-id")
    disputes = Dispute.objects.filter(handoff__lead=lead).select_related(*OF_HANDOFF[1:]).order_by("-raised_at", "-id")
    return _with_clocks(list(questions[:MOST_ON_LEAD]), list(disputes[:MOST_ON_LEAD]), at)


def waits_for(user: User, at: datetime) -> Exchange:
    """Give what waits for an answer or a word of ``user``, and what they asked themselves; the oldest first, a bounded number of queries."""
    asked = Question.objects.filter(_to_answer(user, at) | Q(asked_by=user), state=Question.States.OPEN)
    questions = list(asked.select_related(*OF_LEAD).order_by("asked_at", "id")[:MOST_ROWS])
    disputes: list[Dispute] = []
    if wanted := to_decide(user):
        open_ones = Dispute.objects.filter(wanted, state=Dispute.States.OPEN)
        disputes = list(open_ones.select_related(*OF_HANDOFF).order_by("raised_at", "id")[:MOST_ROWS])
    return _with_clocks(questions, disputes, at, reader=user)


def overturned_for(user: User) -> list[Dispute]:
    """Give the rejections that both sides overturned and whose leads marketing has not handed off again; nothing for others than marketing."""
    if not user.may("hand_off"):
        return []
    found = Dispute.objects.filter(
        kind=Dispute.Kinds.REJECTION, state=Dispute.States.OVERTURNED, handoff__lead__stage=Stage.LEAD.value,
        handoff__lead__needs_new_reason=False, handoff__ordinal=F("handoff__lead__handoff_count"),
    )  # fmt: skip
    if Role.MARKETING_MANAGER not in user.roles:
        found = found.filter(Q(handoff__lead__marketer=user) | Q(handoff__lead__marketer__isnull=True))
    return list(found.select_related("handoff__lead__contact__company").order_by("closed_at", "id")[:MOST_ROWS])


def to_decide(user: User) -> Q:
    """Say which open disputes wait for a word of a side that ``user`` manages; empty where they manage none."""
    wanted = Q()
    for side in managed_sides(user):
        other = "sales" if side == Side.MARKETING else "marketing"
        wanted |= Q(**{f"{side}_word": ""}) & (Q(**{f"{other}_by": None}) | ~Q(**{f"{other}_by": user}))
    return wanted


def managed_sides(user: User) -> list[Side]:
    """Give the sides that ``user`` manages."""
    return [side for side in Side if MANAGER_ROLES[side] in user.roles]


def _to_answer(user: User, at: datetime) -> Q:
    """Say which questions are for ``user`` to answer: their own, of whom they cover for, of nobody or of a leaver; managers see all of theirs."""
    wanted = Q(pk__in=[])
    if user.may("answer_question"):
        theirs = Q(to_side=Side.MARKETING.value)
        if Role.MARKETING_MANAGER not in user.roles:
            theirs &= Q(addressee=user) | Q(addressee__isnull=True) | Q(addressee__is_active=False)
        wanted |= theirs
    if user.may("work_lead"):
        reps = {user.pk, *covered_by(user, at)}
        if user.may("work_any_lead"):
            members = Membership.objects.filter(team_id__in=user.managed_team_ids)
            reps |= set(members.values_list("user_id", flat=True))
        wanted |= Q(to_side=Side.SALES.value, addressee__in=reps)
    return wanted


def _with_clocks(
    questions: list[Question], disputes: list[Dispute], at: datetime, *, reader: User | None = None
) -> Exchange:
    about = Q(question__in=[q.pk for q in questions]) | Q(dispute__in=[d.pk for d in disputes])
    clocks = (
        list(Clock.objects.filter(about).select_related("user", "team").defer("plan")) if questions or disputes else []
    )
    made = chips(clocks, at)
    of_questions = {clock.question_id: made[clock.pk] for clock in clocks if clock.question_id}
    of_disputes = {(clock.dispute_id, clock.side): made[clock.pk] for clock in clocks if clock.dispute_id}
    asked = [Asked(q, of_questions.get(q.pk), reader is not None and q.asked_by_id == reader.pk) for q in questions]
    return Exchange(asked, [Contested(dispute, _words(dispute, of_disputes)) for dispute in disputes])


def _words(dispute: Dispute, made: dict[tuple[int, str], Chip]) -> list[Word]:
    return [
        Word(
            Side.MARKETING.value,
            dispute.get_marketing_word_display(),
            dispute.marketing_by,
            made.get((dispute.pk, "marketing")),
        ),
        Word(Side.SALES.value, dispute.get_sales_word_display(), dispute.sales_by, made.get((dispute.pk, "sales"))),
    ]


# For the timeline -----------------------------------------------------------------------------------------------------


def words_beside(events: Iterable[LeadEvent]) -> dict[int, str]:
    """Give, by event, what was asked, answered or given as the reason, with three queries at most."""
    listed = list(events)
    questions = _by_id(
        Question, {event.facts.get("question") for event in listed if event.kind in ("asked", "replied")}
    )
    disputes = _by_id(Dispute, {event.facts.get("dispute") for event in listed if event.kind == "disputed"})
    found = {}
    for event in listed:
        question, dispute = questions.get(event.facts.get("question", 0)), disputes.get(event.facts.get("dispute", 0))
        if isinstance(question, Question):
            found[event.pk] = question.answer if event.kind == "replied" else question.text
        elif isinstance(dispute, Dispute) and event.kind == "disputed":
            found[event.pk] = dispute.reason
    return found | _beside_transfers(listed)


def _beside_transfers(events: Iterable[LeadEvent]) -> dict[int, str]:
    """Give what was said when a lead was offered to a colleague, and when that was declined: one query, where there was any."""
    told = {
        event.pk: (event.facts.get("transfer"), "note" if event.kind == "transfer_offered" else "answer")
        for event in events
        if event.kind in ("transfer_offered", "transfer_ended")
    }
    rows = Transfer.objects.in_bulk([pk for pk, _ in told.values() if isinstance(pk, int)]) if told else {}
    return {event_id: getattr(rows[pk], column) for event_id, (pk, column) in told.items() if pk in rows}


def _by_id(model: type[Question | Dispute], ids: Collection[object]) -> dict[object, Question | Dispute]:
    wanted = [pk for pk in ids if isinstance(pk, int)]
    return {row.pk: row for row in model._default_manager.filter(pk__in=wanted)} if wanted else {}
