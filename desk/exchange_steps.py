"""Who is offered to ask, answer, contest and decide: the same questions as the verbs ask, for the buttons of a lead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from desk.queries.exchange import managed_sides
from inputs.refusals import NotAllowed, Refusal
from leads.contests import RAISED_BY, contest_of, kind_of, may_contest
from leads.holding import Held, Reach, not_yours, reach_of
from leads.lifecycle import Stage, can
from leads.models import Dispute, Question
from ledger.selecting import ids
from teams.models import User
from teams.roles import Side


@dataclass(frozen=True, slots=True)
class Exchanged:
    """What was asked and contested about a lead, seen by somebody at an instant."""

    user: User
    item: Held
    reach: Reach
    at: datetime
    questions: list[Question]
    disputes: list[Dispute]

    @staticmethod
    def load(user: User, item: Held, reach: Reach, at: datetime) -> Exchanged:
        """Load the open questions of the lead and all disputes about it, with two queries."""
        questions = Question.objects.filter(lead=item.lead, state=Question.States.OPEN)
        disputes = Dispute.objects.filter(handoff__lead=item.lead).exclude(state=Dispute.States.WITHDRAWN)
        return Exchanged(user, item, reach, at, list(questions), list(disputes))

    @property
    def works(self) -> bool:
        """Tell whether the lead is with this person, or with somebody for whom they may act."""
        is_in_reach = self.reach.may_work(self.item.rep_id, self.item.lead.queue_id)
        return (
            self.user.may("work_lead")
            and is_in_reach
            and not (self.item.rep_id is None and not self.item.lead.queue_id)
        )

    @property
    def open_disputes(self) -> list[Dispute]:
        return [dispute for dispute in self.disputes if dispute.state == Dispute.States.OPEN]


def _may_answer(seen: Exchanged) -> bool:
    return any(_answers(question, seen) for question in seen.questions)


def _answers(question: Question, seen: Exchanged) -> bool:
    if question.to_side == Side.MARKETING:
        return seen.user.may("answer_question")
    reach = reach_of(seen.user, ids([question.addressee_id]), seen.at)
    return seen.user.may("work_lead") and (seen.works or reach.may_work(question.addressee_id, None))


def _may_decide(seen: Exchanged) -> bool:
    return any(
        not getattr(dispute, f"{side}_word") and seen.user.pk not in (dispute.marketing_by_id, dispute.sales_by_id)
        for dispute in seen.open_disputes
        for side in managed_sides(seen.user)
    )


def _may_contest(seen: Exchanged) -> bool:
    """Tell whether the newest handoff can be contested; how long, only where all else fits."""
    handoff = seen.item.handoff
    kind = kind_of(handoff) if handoff else ""
    is_over = seen.item.lead.stage == Stage.MERGED
    if is_over or handoff is None or not kind or any(dispute.handoff_id == handoff.pk for dispute in seen.disputes):
        return False
    is_theirs = may_contest(seen.item, seen.user) if RAISED_BY[Dispute.Kinds(kind)] == Side.MARKETING else seen.works
    if not is_theirs:
        return False
    try:
        contest = contest_of(seen.item, handoff)
    except Refusal:
        return False
    return contest is not None and contest.until is not None and seen.at <= contest.until


OFFERED: dict[str, Callable[[Exchanged], bool]] = {
    "ask": lambda seen: seen.works and can("ask", seen.item.lead.stage),
    "offer-help": lambda seen: (
        seen.item.rep_id is not None and can("offer_help", seen.item.lead.stage) and seen.user.may("offer_help")
    ),
    "answer": _may_answer,
    "withdraw-question": lambda seen: any(question.asked_by_id == seen.user.pk for question in seen.questions),
    "dispute": _may_contest,
    "decide": _may_decide,
    "withdraw-dispute": lambda seen: any(dispute.raised_by_id == seen.user.pk for dispute in seen.open_disputes),
}


def permit_exchange(code: str, user: User, item: Held, reach: Reach, at: datetime) -> None:
    """Refuse whoever may not take this step on this lead, as its verb would; raises ``NotAllowed`` and ``NotYours``."""
    if code == "offer-help" or code not in OFFERED:
        return
    seen = Exchanged.load(user, item, reach, at)
    if code == "ask" and can("ask", item.lead.stage) and not seen.works:
        raise not_yours(item)
    if code == "answer" and seen.questions and not _may_answer(seen):
        raise NotAllowed("This is for somebody else to answer.")
    if code == "dispute" and item.handoff is not None:
        _permit_contest(seen, kind_of(item.handoff))


def _permit_contest(seen: Exchanged, kind: str) -> None:
    if kind == Dispute.Kinds.DELIVERY and not seen.works:
        raise not_yours(seen.item)
    if kind == Dispute.Kinds.REJECTION and not may_contest(seen.item, seen.user):
        raise NotAllowed("Another marketer answers for this lead.")
