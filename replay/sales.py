"""What reps and their managers do with the leads they are given, one planned act after the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from leads.codes import CONVERSATIONS
from leads.followup import log_activity, rate
from leads.handing_on import hand_on
from leads.handoffs import accept, reject, return_lead
from leads.lifecycle import Stage
from leads.models import Lead as LeadRow
from leads.moves import assign, claim, reroute
from leads.outcomes import disqualify, lose, open_opportunity, qualify_for_sales, recycle, win
from leads.second_life import reopen
from leads.transfers import accept_transfer, decline_transfer, transfer, withdraw_transfer
from replay import people
from replay.company import Company
from replay.names import CALL_NOTES, REOPEN_REASONS
from replay.play import Given, Play, Span
from sla import business_time
from sla.hours import Hours
from sla.in_force import agreement_in_force
from teams.absences import set_absence
from teams.models import User

HOUR = 3600
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
OTHER_NOTE = "Told on the phone; see the note of the call."


@dataclass(slots=True)
class Lead:
    """What the player knows of a lead: who it is (``number``), and what it will turn out to be."""

    id: int
    number: int
    worth: float


@dataclass(frozen=True, slots=True)
class Hand:
    """A lead in somebody's hands."""

    lead: Lead
    user_id: int
    tier: str


@dataclass(frozen=True, slots=True)
class Made:
    """An activity as it was made; it may be logged later."""

    kind: str
    outcome: str
    is_outbound: bool
    at: datetime


@dataclass(slots=True)
class Sales:
    """The sales side. ``left_alone`` holds numbers of people whose leads nobody touches; ``returned`` tells marketing of a lead.

    ``on_taken`` is told of each lead that a rep took on.
    """

    play: Play
    company: Company
    returned: Callable[[int, datetime], None]
    leads: dict[int, Lead] = field(default_factory=dict)
    left_alone: set[int] = field(default_factory=set)
    hours: Hours = field(init=False)
    on_taken: Callable[[Hand, datetime], None] | None = None
    _users: dict[int, User] = field(default_factory=dict)
    _away: dict[int, list[tuple[Span, User | None]]] = field(default_factory=dict)
    _turns: Counter[tuple[str, int]] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._users = {user.pk: user for user in self.company.people.values()}
        self.hours = Hours.load(self._users, [team.pk for team in self.company.teams.values()])

    def chance(self, what: str, lead: Lead) -> Any:
        """Give the dice of the next decision of this kind about a lead."""
        self._turns[what, lead.number] += 1
        return self.play.chance(what, lead.number, self._turns[what, lead.number])

    # Given

    def given(self, given: Given) -> None:
        """Plan what whoever got a lead will do."""
        lead = self.leads.get(given.lead_id)
        if lead is None or lead.number in self.left_alone:
            return
        if given.user_id is None:
            self._in_queue(lead, given)
        elif given.stage == Stage.MQL:
            self._offered(lead, given, given.user_id)
        elif given.stage == Stage.SAL:
            self.follow(lead, given.user_id, given.tier, given.at)
        elif given.stage == Stage.SQL:
            self.soon(lead, given.user_id, given.at, (4, 20), partial(self._open, lead, given.user_id))
        elif given.stage == Stage.OPPORTUNITY:
            self.soon(lead, given.user_id, given.at, (8, 60), partial(self._close, lead, given.user_id))

    def _offered(self, lead: Lead, given: Given, user_id: int) -> None:
        chance = self.chance("offer", lead)
        answer = people.answer(chance, given.tier, lead.worth)
        if answer.seconds is not None:
            at, actor = self.when(chance, user_id, given.at, answer.seconds)
            self.play.plan(at, partial(self._answer, lead, given, actor, answer))

    def _answer(self, lead: Lead, given: Given, actor: User, answer: people.Answer, at: datetime) -> None:
        if answer.act == people.REROUTE:
            self.play.do(reroute, lead_id=lead.id, actor=actor, at=at, handoff_id=given.handoff_id)
            return
        if answer.act == people.CALL_AT_ONCE:
            self._attempt(Hand(lead, actor.pk, given.tier), 1, at)
            return
        call: dict[str, Any] = {"lead_id": lead.id, "actor": actor, "handoff_id": given.handoff_id}
        verb: Callable[..., object] = accept
        if answer.act == people.REJECT:
            verb = reject
            call |= {"reason": answer.reason, "note": OTHER_NOTE if answer.reason == "other" else ""}
        if not self.play.do(verb, at=at, **call):
            return
        if answer.is_doubled:
            self.play.again(verb, at=at, **call)
        if answer.act == people.REJECT:
            self.returned(lead.id, at)
        else:
            self.follow(lead, actor.pk, given.tier, at)

    # Follow-up

    def follow(self, lead: Lead, user_id: int, tier: str, at: datetime) -> None:
        """Plan the first attempt on an accepted lead, if the rep ever makes one."""
        if self.on_taken:
            self.on_taken(Hand(lead, user_id, tier), at)
        chance = self.chance("follow", lead)
        seconds = people.first_attempt(chance, tier)
        if seconds is not None:
            when, actor = self.when(chance, user_id, at, seconds)
            self.play.plan(when, partial(self._attempt, Hand(lead, actor.pk, tier), 1))

    def _attempt(self, hand: Hand, number: int, at: datetime) -> None:
        """Make an attempt, and log it now or, as people do, some hours later."""
        chance = self.chance("attempt", hand.lead)
        made = Made(*people.attempt(chance, hand.lead.worth), at)
        logged = partial(self._log, hand, number, made)
        if chance.random() < 0.08:
            self.soon(hand.lead, hand.user_id, at, (1, 9), logged)
        else:
            logged(at)

    def _log(self, hand: Hand, number: int, made: Made, at: datetime) -> None:
        lead, user_id = hand.lead, hand.user_id
        chance = self.chance("log", lead)
        actor, note = self._users[user_id], chance.choice(CALL_NOTES[made.outcome])
        if not self.play.do(
            log_activity, lead_id=lead.id, kind=made.kind, outcome=made.outcome, is_outbound=made.is_outbound, note=note,
            actor=actor, at=at, occurred_at=made.at,
        ):  # fmt: skip
            return
        if made.outcome in CONVERSATIONS:
            if chance.random() < 0.8:
                self.soon(lead, user_id, at, (0.2, 8), partial(self._rate, lead, user_id))
            self.soon(lead, user_id, at, (4, 45), partial(self._verdict, lead, user_id))
            self._perhaps_transfer(lead, user_id, at, people.SHARE_TRANSFERRED / 2)
        elif made.outcome == "wrong_data" or (number > 1 and chance.random() < 0.08):
            reason = "no_contact_data" if made.outcome == "wrong_data" else "wrong_role"
            if self.play.do(return_lead, lead_id=lead.id, reason=reason, actor=actor, at=at):
                self.returned(lead.id, at)
        elif number >= people.MAX_ATTEMPTS:
            self.soon(lead, user_id, at, (1, 9), partial(self._let_go, lead, user_id, ("recycle", "no_response")))
        else:
            self.soon(lead, user_id, at, (4, 20), partial(self._attempt, hand, number + 1))

    def _rate(self, lead: Lead, user_id: int, at: datetime) -> None:
        chance = self.chance("rate", lead)
        stars, aspects = people.quality(chance, lead.worth)
        self.play.do(rate, lead_id=lead.id, quality=stars, aspects=aspects, actor=self._users[user_id], at=at)

    def _verdict(self, lead: Lead, user_id: int, at: datetime) -> None:
        step, reason = people.verdict(self.chance("verdict", lead), lead.worth)
        if step != "qualify_for_sales":
            self._let_go(lead, user_id, (step, reason), at)
            return
        confirmed = [item.code for item in agreement_in_force(at).terms.sql_checklist]
        if self.play.do(qualify_for_sales, lead_id=lead.id, confirmed=confirmed, actor=self._users[user_id], at=at):
            self.soon(lead, user_id, at, (1, 30), partial(self._open, lead, user_id))
            if self.chance("feedback", lead).random() < 0.9:
                self.soon(lead, user_id, at, (0.5, 7), partial(self._rate, lead, user_id))
            self._perhaps_transfer(lead, user_id, at, people.SHARE_TRANSFERRED)

    def asked_again(self, lead: Lead, at: datetime) -> None:
        """Call whoever is in work with us and asks again, if the rep finds the time."""
        chance = self.chance("asked again", lead)
        owner_id = LeadRow.objects.values_list("owner_id", flat=True).get(pk=lead.id)
        seconds = people.first_attempt(chance, "hot")
        if owner_id in self._users and seconds is not None:
            when, actor = self.when(chance, owner_id, at, seconds)
            self.play.plan(when, partial(self._attempt, Hand(lead, actor.pk, "hot"), people.MAX_ATTEMPTS))

    def _let_go(self, lead: Lead, user_id: int, verdict: tuple[str, str], at: datetime) -> None:
        step, reason = verdict
        verb = recycle if step == "recycle" else disqualify
        note = OTHER_NOTE if reason == "other" else ""
        if self.play.do(verb, lead_id=lead.id, reason=reason, note=note, actor=self._users[user_id], at=at):
            self.soon(lead, user_id, at, (0.2, 9), partial(self._rate, lead, user_id))

    # Transfers

    def _perhaps_transfer(self, lead: Lead, user_id: int, at: datetime, share: float) -> None:
        if self.chance("transfers", lead).random() < share:
            self.soon(lead, user_id, at, (0.1, 3), partial(self._transfer, lead, user_id))

    def _transfer(self, lead: Lead, user_id: int, at: datetime) -> None:
        """Offer the lead to a colleague who is there, and plan what becomes of the offer."""
        chance = self.chance("transfer", lead)
        reps = [rep for of_team in self.company.reps.values() for rep in of_team]
        there = [rep for rep in reps if rep.pk != user_id and not self._absence(rep.pk, at)]
        if not there:
            return
        receiver, actor = chance.choice(there), self._users[user_id]
        if not self.play.do(transfer, lead_id=lead.id, user_id=receiver.pk, actor=actor, at=at):
            return
        seconds, act = people.about_transfer(chance)
        if seconds is None:
            return
        when, answerer = self.when(chance, receiver.pk, at, seconds)
        verbs: dict[str, Callable[..., object]] = {"accept": accept_transfer, "decline": decline_transfer}
        verb, by = (verbs[act], answerer) if act in verbs else (withdraw_transfer, actor)
        self.play.plan(when, lambda then: self._do(verb, lead, by, then))

    def _do(self, verb: Callable[..., object], lead: Lead, actor: User, at: datetime) -> None:
        self.play.do(verb, lead_id=lead.id, actor=actor, at=at)

    # Deals

    def _open(self, lead: Lead, user_id: int, at: datetime) -> None:
        chance = self.chance("open", lead)
        close_on = (at + chance.randint(10, 60) * DAY).date()
        amount = people.deal(chance)
        actor = self._users[user_id]
        if self.play.do(
            open_opportunity, lead_id=lead.id, amount=amount, expected_close_on=close_on, actor=actor, at=at
        ):
            self.soon(lead, user_id, at, (10, 120), partial(self._close, lead, user_id))

    def _close(self, lead: Lead, user_id: int, at: datetime) -> None:
        chance = self.chance("close", lead)
        step, reason = people.close(chance, lead.worth)
        actor = self._users[user_id]
        if step == "win":
            amount = people.deal(chance) if chance.random() < 0.3 else None
            done = self.play.do(win, lead_id=lead.id, amount=amount, actor=actor, at=at)
        else:
            done = self.play.do(lose, lead_id=lead.id, reason=reason, actor=actor, at=at)
        if done and chance.random() < 0.5:
            self.soon(lead, user_id, at, (0.5, 9), partial(self._rate, lead, user_id))
        if done and step == "lose" and chance.random() < 0.15:
            words = chance.choice(REOPEN_REASONS)
            later = at + chance.uniform(3, 20) * DAY
            self.play.plan(later, lambda when: self._reopen(lead, user_id, words, when))

    def _reopen(self, lead: Lead, user_id: int, words: str, at: datetime) -> None:
        self.play.do(reopen, lead_id=lead.id, reason=words, actor=self._users[user_id], at=at)

    # Queues and absences

    def _in_queue(self, lead: Lead, given: Given) -> None:
        chance = self.chance("queue", lead)
        seconds = people.wait(chance, 9 if given.tier == "hot" else 40)
        if seconds is None:
            seconds = 30 * HOUR
        calendar = self.hours.of_team(given.queue_id or 0)[1]
        at = business_time.add(given.at, seconds, calendar)
        self.play.plan(at, partial(self._from_queue, lead, given.queue_id or 0))

    def _from_queue(self, lead: Lead, team_id: int, at: datetime) -> None:
        """Let a rep claim the lead, or the manager assign it to somebody who is there."""
        chance = self.chance("from_queue", lead)
        key = next(key for key, team in self.company.teams.items() if team.pk == team_id)
        away = [line[0][1] for rep in self.company.reps[key] if (line := self._absence(rep.pk, at))]
        there = [rep for rep in self.company.reps[key] if not self._absence(rep.pk, at)]
        if not there:
            self.play.plan(min(away), partial(self._from_queue, lead, team_id))
            return
        rep = chance.choice(there)
        if chance.random() < 0.3:
            self.play.do(claim, lead_id=lead.id, actor=rep, at=at)
        else:
            self.play.do(assign, lead_id=lead.id, user_id=rep.pk, actor=self.company.people["sue"], at=at)

    def be_away(self, user: User, starts_at: datetime, ends_at: datetime, cover: User | None, at: datetime) -> None:
        """Note an absence by its verb."""
        cover_id = cover.pk if cover else None
        call = {"user_id": user.pk, "starts_at": starts_at, "ends_at": ends_at, "cover_id": cover_id}
        if self.play.do(set_absence, actor=user, at=at, **call):
            self._away.setdefault(user.pk, []).append(((starts_at, ends_at), cover))
            looked_at = max(at, starts_at) + MINUTE
            while looked_at < ends_at:  # the program looks every half minute; a history is content with less
                self.play.plan(looked_at, self._hand_on)
                looked_at += DAY / 6

    def _hand_on(self, at: datetime) -> None:
        self.play.do(hand_on, at=at)

    def _absence(self, user_id: int, at: datetime) -> tuple[Span, User | None] | None:
        return next((line for line in self._away.get(user_id, ()) if line[0][0] <= at < line[0][1]), None)

    # When

    def when(self, chance: Any, user_id: int, at: datetime, seconds: int) -> tuple[datetime, User]:
        """Give when this will be done after so much business time, and by whom: a rep who is away has a cover, or is late."""
        calendar = self.hours.of_person(user_id)[1]
        when = business_time.add(at, seconds, calendar)
        absence = self._absence(user_id, when)
        if absence is None:
            return when, self._users[user_id]
        (_, back_at), cover = absence
        if cover is not None and chance.random() < 0.7:
            return when, cover
        return business_time.add(back_at, min(seconds, HOUR), calendar), self._users[user_id]

    def soon(
        self, lead: Lead, user_id: int, at: datetime, hours: tuple[float, float], act: Callable[[datetime], None]
    ) -> None:
        """Plan something after between so many and so many business ``hours``, by the rep themself."""
        chance = self.chance("soon", lead)
        calendar = self.hours.of_person(user_id)[1]
        when = business_time.add(at, round(chance.uniform(*hours) * HOUR), calendar)
        absence = self._absence(user_id, when)
        self.play.plan(business_time.add(absence[0][1], HOUR, calendar) if absence else when, act)
