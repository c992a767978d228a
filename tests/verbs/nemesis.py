"""A random nemesis: verbs, sweeps and deliveries in any order, broken, killed, repeated and beside each other, at jumping instants.

What it does follows from its seed alone, except who of two at the same moment is first.
"""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from inputs.refusals import Refusal
from leads import followup, handoffs, outcomes, second_life, transfers
from leads.completing import complete
from leads.handing_on import HandedOn, hand_on
from leads.intake.arrival import Arrival
from leads.intake.pipeline import take_in
from leads.models import Handoff, Lead
from leads.nurturing import nurture
from leads.qualifying import qualify
from leads.second_life import revive_all_due
from leads.sweep import sweep
from ledger import outbox
from teams.absences import set_absence
from teams.models import User
from tests.breaking import Broken, breaking_at
from tests.cast import NOW
from tests.crashing import dies_at, wait_for_the_dead
from tests.leads.intake_world import anna
from tests.leads.worlds import CHECKLIST
from tests.racing import at_once
from tests.verbs.company import Company
from tests.verbs.invariants import broken_promises

Act = Callable[[], object]

JUMPS = (
    [timedelta(seconds=1)] * 6
    + [timedelta(minutes=4)] * 6
    + [timedelta(minutes=20), timedelta(hours=3), timedelta(days=1)]
)
STATEMENTS = 30
"""Broken and killed at one of so many statements; most verbs have fewer, and are then done."""

NEVER = timedelta(days=3650)
"""How far the sweep may be behind while the nemesis plays."""

BY_STAGE = {
    "lead": ("qualify", "hand_off", "complete", "nurture", "disqualify"),
    "mql": (
        "accept",
        "accept",
        "log_activity",
        "reject",
        "reroute",
        "recall",
        "hand_off",
        "claim",
        "assign",
        "disqualify",
    ),
    "sal": (
        "log_activity",
        "converse",
        "converse",
        "qualify_for_sales",
        "return_lead",
        "recycle",
        "assign",
        "rate",
        "transfer",
        "answer_transfer",
    ),
    "sql": (
        "open_opportunity",
        "open_opportunity",
        "disqualify",
        "recycle",
        "assign",
        "transfer",
        "answer_transfer",
        "withdraw_transfer",
    ),
    "opportunity": ("win", "lose", "assign", "log_activity"),
    "lost": ("reopen", "recycle"),
    "disqualified": ("reopen",),
}


@dataclass
class Nemesis:
    """Plays ``company`` by the dice of ``seed``; ``acts`` are the last ones, ``happened`` counts what came of all."""

    company: Company
    seed: int
    at: datetime = NOW
    acts: deque[str] = field(default_factory=lambda: deque(maxlen=12))
    happened: Counter[str] = field(default_factory=Counter)
    arrived: list[Arrival] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        c = self.company
        ids = [user.pk for user in (c.maya, c.mona, c.sam, c.rita, c.sue)]
        self.people = list(User.objects.with_teams().filter(pk__in=ids).order_by("id"))
        self.by_id = {user.pk: user for user in self.people}

    def play(self, steps: int) -> None:
        """Go through so many steps and look at everything now and then; raises ``AssertionError`` where a promise is broken."""
        for step in range(steps):
            self.at += self.dice.choice(JUMPS)
            self._step()
            if step % 20 == 19:
                self.look(NEVER)
        sweep(at=self.at)
        hand_on(at=self.at)
        self.look(timedelta(0))
        assert hand_on(at=self.at) == HandedOn(), f"seed {self.seed}: a second pass found something to hand on"
        assert sweep(at=self.at).total == 0, f"seed {self.seed}: a second sweep found something to do"

    def look(self, slack: timedelta) -> None:
        wait_for_the_dead()
        wrong = broken_promises(at=self.at, slack=slack)
        said = f"nemesis with seed {self.seed}, after {sum(self.happened.values())} acts, the last {list(self.acts)}"
        assert not wrong, f"{said}: {wrong}"

    def _step(self) -> None:
        name, act = self._choose()
        how = self.dice.choice(["done"] * 4 + ["broken"] * 4 + ["repeated"] * 2 + ["beside"] * 2 + ["killed"])
        self.acts.append(f"{name} {how} {self.at:%d %H:%M:%S}")
        if how == "broken":
            self._attempt(name, act, breaking=self.dice.randint(1, STATEMENTS))
        elif how == "killed":
            moment = self.dice.choice(["before", "after"])
            dies_at(self.dice.randint(1, STATEMENTS), moment, partial(self._attempt, name, act))
            wait_for_the_dead()
        elif how == "beside":
            other_name, other = self._choose()
            self.acts.append(f"beside it {other_name}")
            at_once([partial(self._attempt, name, act), partial(self._attempt, other_name, other)])
        if how != "broken" or self.dice.random() < 0.5:
            self._attempt(name, act)
        if how == "repeated":
            self._attempt(name, act)

    def _attempt(self, name: str, act: Act, breaking: int = 0) -> None:
        """Do it; a refusal is an answer, and a broken statement is what was asked for."""
        try:
            with breaking_at(breaking):
                act()
        except Refusal as refusal:
            self.happened[f"{name}: {refusal.code}"] += 1
        except Broken:
            self.happened[f"{name}: broken"] += 1
        else:
            self.happened[name] += 1

    # What may happen

    def _choose(self) -> tuple[str, Act]:
        kind = self.dice.choice(
            ["arrive"] * 3 + ["sweep"] * 3 + ["deliver", "revive", "leave", "hand on"] + ["work"] * 14
        )
        if kind == "work" and (lead := self._some_lead()) is not None:
            return self._work(lead)
        if kind == "sweep":
            return kind, partial(sweep, at=self.at)
        if kind == "deliver":
            return kind, partial(outbox.deliver_due, at=self.at, send=lambda message: None, jitter=lambda: 0.5)
        if kind == "hand on":
            return kind, partial(hand_on, at=self.at)
        if kind == "leave":
            return kind, self._leave()
        if kind == "revive":
            return kind, partial(revive_all_due, at=self.at)
        return "arrive", partial(take_in, self._arrivals(), actor=None, at=self.at)

    def _leave(self) -> Act:
        """Let somebody be away for a while, mostly with nobody to cover."""
        user = self.dice.choice([self.company.sam, self.company.rita, self.company.maya])
        covers = [u.pk for u in (self.company.sam, self.company.rita) if u != user and user != self.company.maya]
        return partial(
            set_absence, actor=self.by_id[user.pk], at=self.at, user_id=user.pk, starts_at=self.at,
            ends_at=self.at + timedelta(hours=self.dice.randint(1, 60)),
            cover_id=self.dice.choice(covers) if covers and self.dice.random() < 0.3 else None,
        )  # fmt: skip

    def _arrivals(self) -> list[Arrival]:
        """Make a batch: new people and known ones, some of it delivered before."""
        fresh = [self._arrival() for _ in range(self.dice.randint(1, 3))]
        again = self.dice.sample(self.arrived, min(len(self.arrived), self.dice.randint(0, 2)))
        self.arrived += fresh
        return fresh + again

    def _arrival(self) -> Arrival:
        number, person = len(self.arrived) + self.dice.randint(0, 10**6), self.dice.randint(1, 25)
        unknown = {"industry": "", "employee_count": "", "job_title": "", "role": "", "seniority": "", "country": ""}
        known = {} if self.dice.random() < 0.8 else unknown
        return anna(
            email=f"p{person}@firm{person % 9}.example", company=f"Firm {person % 9}", phone="", key=f"touch {number}",
            touch_kind=self.dice.choice(["demo_request", "demo_request", "page_view", "form"]), **known,
        )  # fmt: skip

    def _some_lead(self) -> Lead | None:
        ids = list(Lead.objects.order_by("id").values_list("id", flat=True))
        return Lead.objects.get(pk=self.dice.choice(ids)) if ids else None

    def _work(self, lead: Lead) -> tuple[str, Act]:
        """Choose a verb that mostly fits the stage, and an actor who mostly may."""
        names = BY_STAGE.get(lead.stage, ())
        name = (
            self.dice.choice(names)
            if names and self.dice.random() < 0.9
            else self.dice.choice(sorted(self._verbs(lead)))
        )
        call = self._verbs(lead)[name]
        return f"{name} {lead.pk}", partial(call, lead_id=lead.pk, actor=self._actor(name, lead), at=self.at)

    def _actor(self, name: str, lead: Lead) -> User:
        if self.dice.random() < 0.1:
            return self.dice.choice(self.people)
        if name in ("qualify", "hand_off", "complete", "recall", "nurture"):
            return self.by_id[self.company.mona.pk]
        if name in ("assign", "claim"):
            return self.by_id[self.company.sue.pk if name == "assign" else self.company.rita.pk]
        if name == "answer_transfer":
            waiting = lead.transfers.filter(state="open").values_list("receiver_id", flat=True).first()
            return self.by_id.get(waiting or 0, self.by_id[self.company.sue.pk])
        offered = Handoff.objects.filter(lead=lead, state="open").values_list("assignee_id", flat=True).first()
        return self.by_id.get(offered or lead.owner_id or 0, self.by_id[self.company.sue.pk])

    def _verbs(self, lead: Lead) -> dict[str, Callable[..., Any]]:
        reps = (self.company.sam.pk, self.company.rita.pk)
        today = self.at.date()
        call = partial(followup.log_activity, kind="call", key=UUID(int=self.dice.getrandbits(128)))
        return {
            "qualify": lambda lead_id, **who: qualify(lead_ids=[lead_id], reason="Met at the fair", **who),
            "complete": partial(complete, changes={"employee_count": str(self.dice.randint(50, 900))}),
            "nurture": partial(nurture, kind="email", key=UUID(int=self.dice.getrandbits(128))),
            "hand_off": handoffs.hand_off,
            "recall": handoffs.recall,
            "accept": handoffs.accept,
            "reject": partial(handoffs.reject, reason="wrong_role"),
            "return_lead": partial(handoffs.return_lead, reason="wrong_role"),
            "reroute": handoffs.reroute,
            "claim": handoffs.claim,
            "assign": partial(handoffs.assign, user_id=self.dice.choice(reps)),
            "transfer": partial(transfers.transfer, user_id=self.dice.choice(reps)),
            "answer_transfer": self.dice.choice([transfers.accept_transfer, transfers.decline_transfer]),
            "withdraw_transfer": transfers.withdraw_transfer,
            "log_activity": partial(call, outcome="no_answer"),
            "converse": partial(call, outcome="conversation"),
            "rate": partial(followup.rate, quality=self.dice.randint(1, 5)),
            "qualify_for_sales": partial(outcomes.qualify_for_sales, confirmed=CHECKLIST),
            "open_opportunity": partial(
                outcomes.open_opportunity, amount=Decimal(900), expected_close_on=today + timedelta(days=30)
            ),
            "win": outcomes.win,
            "lose": partial(outcomes.lose, reason="price"),
            "recycle": partial(outcomes.recycle, reason="no_budget", returns_on=today + timedelta(days=2)),
            "disqualify": partial(outcomes.disqualify, reason="spam"),
            "reopen": partial(second_life.reopen, reason="They called"),
        }
