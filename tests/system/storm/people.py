"""The people of a storm: what each does about a lead that came to them, by the dice; much of it in time, some late, some never."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol
from uuid import UUID

from leads import pausing
from leads.disputes import raise_dispute, word
from leads.followup import log_activity, rate
from leads.handoffs import accept, reject
from leads.models import Clock
from leads.moves import assign, claim, reroute
from leads.outcomes import qualify_for_sales, recycle
from leads.questions import answer, ask, offer_help
from replay.company import Company
from teams.models import User
from tests.leads.worlds import CHECKLIST
from tests.system.storm.company import SECONDS

HUNDRED = 100
ACCEPT_SECONDS = SECONDS["accept"]
PAUSED = ("first_attempt", "cadence", "verdict")
STANDS_STILL_SECONDS = (3.0, 12.0)
WORDS = ("overturn", "overturn", "stand")

Verb = Callable[..., object]
Then = Callable[[int, User], None]


class Plan(Protocol):
    """Lets ``user`` do something with a lead in so many seconds, and ``then`` more, once it is done."""

    def __call__(
        self, after: float, verb: Verb, lead_id: int, user: User, *, then: Then | None = None, **how: Any
    ) -> None: ...


@dataclass(frozen=True)
class People:
    """Everybody in ``company``, who do what the ``dice`` say; ``plan`` lets them."""

    company: Company
    dice: random.Random
    plan: Plan

    def be_given(self, lead_id: int, user: User) -> None:
        """Decide what becomes of a lead that is offered to ``user``, or theirs by now."""
        roll = self.dice.randrange(HUNDRED)
        in_time = self.dice.uniform(0.05, 0.8) * ACCEPT_SECONDS
        just_now = self.dice.uniform(0.95, 1.05) * ACCEPT_SECONDS
        late = self.dice.uniform(1.1, 1.6) * ACCEPT_SECONDS
        if roll < 25:
            self.plan(in_time, accept, lead_id, user, then=self._work)
        elif roll < 40:
            self.plan(just_now, accept, lead_id, user, then=self._work)
        elif roll < 55:
            self.plan(late, accept, lead_id, user, then=self._work)
        elif roll < 60:
            self.plan(in_time, reject, lead_id, user, reason="wrong_role", then=self._contest_rejection)
        elif roll < 65:
            self.plan(late, reroute, lead_id, user)
        elif roll < 70:
            self.plan(just_now, assign, lead_id, self._person("sue"), user_id=self._any_rep().pk)

    def see_in_queue(self, lead_id: int) -> None:
        """Decide who takes a lead that waits in a queue."""
        roll = self.dice.randrange(HUNDRED)
        after = self.dice.uniform(0.1, 2) * ACCEPT_SECONDS
        if roll < 40:
            self.plan(after, claim, lead_id, self._any_rep(), then=self._work)
        elif roll < 70:
            self.plan(after, assign, lead_id, self._person("sue"), user_id=self._any_rep().pk)

    def _person(self, name: str) -> User:
        return self.company.people[name]

    def _any_rep(self) -> User:
        return self.dice.choice(self.company.reps["europe"])

    def _happens(self, percent: int) -> bool:
        return self.dice.randrange(HUNDRED) < percent

    # Work

    def _work(self, lead_id: int, user: User) -> None:
        """Plan what whoever has the lead now does with it."""
        call = partial(self.plan, verb=log_activity, lead_id=lead_id, user=user, kind="call")
        for _ in range(self.dice.randrange(4)):
            call(self.dice.uniform(0.1, 2) * SECONDS["first_attempt"], outcome="no_answer")
        if self._happens(40):
            call(self.dice.uniform(0.1, 1.2) * SECONDS["cadence"], outcome="conversation", then=self._judge)
        for percent, more in ((25, self._pause), (15, self._ask), (8, self._be_helped), (10, self._contest_delivery)):
            if self._happens(percent):
                more(lead_id, user)

    def _judge(self, lead_id: int, user: User) -> None:
        after = self.dice.uniform(0.05, 1) * SECONDS["verdict"]
        if self._happens(60):
            self.plan(after / 2, rate, lead_id, user, quality=self.dice.randint(1, 5))
        if self._happens(60):
            self.plan(after, qualify_for_sales, lead_id, user, confirmed=CHECKLIST)
        else:
            self.plan(after, recycle, lead_id, user, reason="no_budget")

    # Pauses

    def _pause(self, lead_id: int, user: User) -> None:
        """Plan a pause, which the rep ends now and then, sometimes in the moment in which it is over by itself."""
        promise = self.dice.choice(PAUSED)
        seconds = self.dice.uniform(*STANDS_STILL_SECONDS)
        before_it_is_due = self.dice.uniform(0.1, 0.9) * SECONDS[promise]
        then = partial(self._go_on, promise=promise, seconds=seconds) if self._happens(60) else None
        self.plan(before_it_is_due, pause, lead_id, user, then=then, promise=promise, seconds=seconds)

    def _go_on(self, lead_id: int, user: User, *, promise: str, seconds: float) -> None:
        share = self.dice.choice((self.dice.uniform(0.2, 0.9), self.dice.uniform(0.98, 1.02)))
        self.plan(share * seconds, resume, lead_id, user, promise=promise)

    # Questions

    def _ask(self, lead_id: int, user: User) -> None:
        """Plan a question to marketing."""
        then = partial(self._answer, who=self._person("maya"), promise="answer_question")
        after = self.dice.uniform(0.1, 2) * ACCEPT_SECONDS
        self.plan(after, ask, lead_id, user, then=then, text="Which of the two did they look at?", key=self._key())

    def _be_helped(self, lead_id: int, user: User) -> None:
        """Plan an offer of marketing's help to the rep."""
        then = partial(self._answer, who=user, promise="answer_offer")
        after = self.dice.uniform(0.1, 2) * ACCEPT_SECONDS
        how = {"text": "Shall we send them the guide?", "key": self._key()}
        self.plan(after, offer_help, lead_id, self._person("maya"), then=then, **how)

    def _answer(self, lead_id: int, _asked_by: User, *, who: User, promise: str) -> None:
        if self._happens(75):
            self.plan(self.dice.uniform(0.1, 1.3) * SECONDS[promise], answer, lead_id, who, text="Yes, the second.")

    def _key(self) -> UUID:
        """Give what a form sends along, so that a click too many asks nothing twice."""
        return UUID(int=self.dice.getrandbits(128), version=4)

    # Disputes

    def _contest_rejection(self, lead_id: int, _rejected_by: User) -> None:
        if self._happens(60):
            self._contest(lead_id, self._person("mona"))

    def _contest_delivery(self, lead_id: int, user: User) -> None:
        self._contest(lead_id, user)

    def _contest(self, lead_id: int, user: User) -> None:
        after = self.dice.uniform(0.1, 1) * ACCEPT_SECONDS
        self.plan(after, raise_dispute, lead_id, user, then=self._word, reason="It is not as it says.")

    def _word(self, lead_id: int, _raised_by: User) -> None:
        """Plan the word of each side; one that stays out lets the dispute run out."""
        for name in ("mona", "sue"):
            if self._happens(85):
                after = self.dice.uniform(0.1, 1.1) * SECONDS["decide_dispute"]
                self.plan(after, word, lead_id, self._person(name), word=self.dice.choice(WORDS))


def pause(*, lead_id: int, promise: str, seconds: float, actor: User, at: datetime) -> None:
    """Let the newest promise of this kind on a lead stand still for so long."""
    until = at + timedelta(seconds=seconds)
    pausing.pause(clock_id=_newest(lead_id, promise), reason="later_date", until=until, actor=actor, at=at)


def resume(*, lead_id: int, promise: str, actor: User, at: datetime) -> None:
    pausing.resume(clock_id=_newest(lead_id, promise), actor=actor, at=at)


def _newest(lead_id: int, promise: str) -> int:
    """Give the clock, or no clock's id where there is none: the verb refuses it."""
    clocks = Clock.objects.filter(lead=lead_id, promise=promise).order_by("-id")
    return clocks.values_list("pk", flat=True).first() or 0
