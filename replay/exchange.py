"""What people say to each other about leads, and what they do about promises: ask, offer help, contest, decide, pause, excuse."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from leads import disputes, questions
from leads.codes import PAUSES
from leads.excusing import excuse
from leads.models import Clock, Dispute, Handoff, Question
from leads.models import Lead as LeadRow
from leads.pausing import pause, resume
from replay import names, people
from replay.company import Company
from replay.play import Play
from replay.sales import HOUR, Hand, Lead, Sales
from sla.promises import KINDS
from teams.models import User
from teams.roles import Side

DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)
PAUSABLE = [kind.code for kind in KINDS.values() if kind.may_pause]
DECIDES = {Side.MARKETING: "mona", Side.SALES: "sue"}
EXCUSES = {Side.SALES: "mona", Side.MARKETING: "sue"}
"""Who excuses what a side missed: a manager of the other one."""


@dataclass(slots=True)
class Exchange:
    """What both sides ask, contest, let wait and excuse; ``overturned`` tells marketing of a rejection that does not hold."""

    play: Play
    company: Company
    sales: Sales
    overturned: Callable[[Lead, datetime], None]
    _users: dict[int, User] = field(init=False)

    def __post_init__(self) -> None:
        self._users = {user.pk: user for user in self.company.people.values()}

    # A lead in work

    def taken(self, hand: Hand, at: datetime) -> None:
        """Plan what a rep asks and contests about a lead that they took on, what marketing offers, and what has to wait."""
        chance = self.sales.chance("exchange", hand.lead)
        if chance.random() < people.SHARE_ASKS:
            self._soon(hand, at, (0.2, 6), self._ask)
        if chance.random() < people.SHARE_OFFERED_HELP:
            helper = self.company.people[chance.choice(("maya", "milo"))]
            self._within(chance, helper, at, (1, 16), partial(self._offer, hand.lead, helper))
        if hand.lead.worth < people.WORTH_CONTESTING and chance.random() < people.SHARE_CONTESTED:
            self._soon(hand, at, (1, 12), self._contest_delivery)
        if chance.random() < people.SHARE_PAUSES:
            self._soon(hand, at, (0.5, 16), self._pause)

    def _ask(self, hand: Hand, at: datetime) -> None:
        chance, asker = self.sales.chance("ask", hand.lead), self._users[hand.user_id]
        call = {"lead_id": hand.lead.id, "text": chance.choice(names.QUESTIONS), "actor": asker}
        if self.play.do(questions.ask, at=at, **call):
            self._await_answer(chance, hand.lead, asker, names.ANSWERS, at)

    def _offer(self, lead: Lead, helper: User, at: datetime) -> None:
        chance = self.sales.chance("offer help", lead)
        call = {"lead_id": lead.id, "text": chance.choice(names.OFFERS_OF_HELP), "actor": helper}
        if self.play.do(questions.offer_help, at=at, **call):
            self._await_answer(chance, lead, helper, names.ANSWERS_TO_OFFERS, at)

    def _await_answer(self, chance: Any, lead: Lead, asker: User, words: Sequence[str], at: datetime) -> None:
        """Let who is asked answer in time, late or never; a few ask in vain, for they found out themselves."""
        question = Question.objects.filter(lead=lead.id).latest("pk")
        call: dict[str, Any] = {"lead_id": lead.id, "question_id": question.pk}
        if chance.random() < people.SHARE_TAKEN_BACK:
            taken_back = partial(self._do, questions.withdraw, {**call, "actor": asker})
            self._within(chance, asker, at, (0.1, 3), taken_back)
            return
        asked_id = question.addressee_id if question.addressee_id in self._users else self.company.people["maya"].pk
        seconds = people.wait(chance, people.ANSWER_MINUTES)
        if asked_id is not None and seconds is not None:
            when, actor = self.sales.when(chance, asked_id, at, seconds)
            said = {**call, "text": chance.choice(words), "actor": actor}
            self.play.plan(when, partial(self._do, questions.answer, said))

    # Disputes

    def given_back(self, lead: Lead, at: datetime) -> None:
        """Let marketing contest some of what sales gave back."""
        chance = self.sales.chance("given back", lead)
        if chance.random() < people.SHARE_CONTESTED:
            row = LeadRow.objects.get(pk=lead.id)
            actor = self._users.get(row.marketer_id or 0) or self.company.people["mona"]
            handoff_id = Handoff.objects.filter(lead=row).order_by("-ordinal").values_list("pk", flat=True)[0]
            self._within(chance, actor, at, (0.5, 9), partial(self._contest, lead, handoff_id, actor, names.CONTESTED))

    def _contest_delivery(self, hand: Hand, at: datetime) -> None:
        handoff_id = Handoff.objects.filter(lead=hand.lead.id).order_by("-ordinal").values_list("pk", flat=True).first()
        if handoff_id is not None:  # reps find leads too: nobody delivered those
            self._contest(hand.lead, handoff_id, self._users[hand.user_id], names.CONTESTED_DELIVERIES, at)

    def _contest(self, lead: Lead, handoff_id: int, actor: User, words: Sequence[str], at: datetime) -> None:
        chance = self.sales.chance("contest", lead)
        call = {"lead_id": lead.id, "handoff_id": handoff_id, "reason": chance.choice(words), "actor": actor}
        if not self.play.do(disputes.raise_dispute, at=at, **call):
            return
        dispute = Dispute.objects.filter(handoff=handoff_id).latest("pk")
        if chance.random() < people.SHARE_TAKEN_BACK:
            given_up = {"lead_id": lead.id, "dispute_id": dispute.pk, "actor": actor}
            self._within(chance, actor, at, (0.5, 8), partial(self._do, disputes.withdraw, given_up))
        for side, key in DECIDES.items():
            seconds = people.wait(chance, people.DECIDE_MINUTES)
            word = people.word(chance, is_own=(side == Side.MARKETING) == (dispute.kind == Dispute.Kinds.REJECTION))
            if seconds is not None:
                when, manager = self.sales.when(chance, self.company.people[key].pk, at, seconds)
                self.play.plan(when, partial(self._decide, lead, dispute.pk, manager, word))

    def _decide(self, lead: Lead, dispute_id: int, manager: User, word: str, at: datetime) -> None:
        said = self.play.do(disputes.word, lead_id=lead.id, dispute_id=dispute_id, word=word, actor=manager, at=at)
        dispute = Dispute.objects.get(pk=dispute_id)
        if said and (dispute.state, dispute.kind) == (Dispute.States.OVERTURNED, Dispute.Kinds.REJECTION):
            self.overturned(lead, at)

    # Promises that wait, and misses that are nobody's fault

    def _pause(self, hand: Hand, at: datetime) -> None:
        """Let a promise wait for once; half of these go on by a word of the rep, the others by themselves."""
        theirs = Clock.objects.running().filter(lead=hand.lead.id, user=hand.user_id, promise__in=PAUSABLE)
        clock = theirs.filter(due_at__gt=at, pause_count=0).order_by("due_at", "id").first()
        if clock is None:
            return
        chance, actor = self.sales.chance("pause", hand.lead), self._users[hand.user_id]
        reason, until = chance.choice(sorted(PAUSES)), (at + chance.randint(2, 6) * DAY).date()
        if (
            self.play.do(pause, clock_id=clock.pk, reason=reason, until=until, actor=actor, at=at)
            and chance.random() < 0.5
        ):
            self._soon(
                hand, at, (3, 20), lambda _, when: self._do(resume, {"clock_id": clock.pk, "actor": actor}, when)
            )

    def look_back(self, at: datetime) -> None:
        """Let managers look at what the other side missed in the last week, and excuse what nobody could have kept."""
        missed = Clock.objects.filter(state=Clock.States.MISSED, excused_at=None, missed_at__gte=at - WEEK).order_by(
            "id"
        )
        for clock in missed.select_related("lead", "handoff__lead", "question__lead", "dispute__handoff__lead"):
            lead = self.sales.leads.get(clock.concerned.pk) if clock.concerned else None
            if lead is None or lead.number in self.sales.left_alone:
                continue
            chance = self.sales.chance("excuse", lead)
            if chance.random() < people.SHARE_EXCUSED:
                actor = self.company.people[EXCUSES[Side(clock.side)]]
                self._do(excuse, {"clock_id": clock.pk, "reason": chance.choice(names.EXCUSED), "actor": actor}, at)

    # When

    def _do(self, verb: Callable[..., object], call: dict[str, Any], at: datetime) -> None:
        self.play.do(verb, at=at, **call)

    def _soon(
        self, hand: Hand, at: datetime, hours: tuple[float, float], act: Callable[[Hand, datetime], None]
    ) -> None:
        self.sales.soon(hand.lead, hand.user_id, at, hours, partial(act, hand))

    def _within(
        self, chance: Any, user: User, at: datetime, hours: tuple[float, float], act: Callable[[datetime], None]
    ) -> None:
        """Plan an act of ``user`` after between so many and so many of their business ``hours``."""
        when, _ = self.sales.when(chance, user.pk, at, round(chance.uniform(*hours) * HOUR))
        self.play.plan(when, act)
