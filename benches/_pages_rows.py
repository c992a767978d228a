"""A company of 60 reps and a year of leads for the bench of the pages, written with a few set-based statements per ten thousand leads.

The rows have the shape that the verbs leave. A rep holds 36 open leads at most, a team's queue 30; all other leads have ended, were sent
back, or were never handed off. One campaign brought a fifth of all leads. Everything ends at the present, because the pages read it.
"""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import models, transaction

from benches._pages_people import World, build
from leads.codes import DISQUALIFY_REASONS, LOSS_REASONS, REJECTIONS, SOURCES, TOUCH_KINDS
from leads.models import (
    Activity,
    Assignment,
    Clock,
    ClockStep,
    Company,
    Contact,
    Feedback,
    Handoff,
    Lead,
    LeadEvent,
    Opportunity,
    Qualification,
    Touch,
)
from ledger.models import Notice
from ledger.rows import insert_rows, reserve_many

BATCH = 10_000
OFFERED, WORKING, QUEUED = 6, 30, 30
TIERS = ("hot", "warm", "standard")
ENDS = {
    "lead": 350, "returned": 30, "stuck": 5, "customer": 80, "recycled": 200, "disqualified": 130, "lost": 205,
}  # fmt: skip
"""What became of a thousand leads whose story is over."""
SALES = frozenset({"sal", "sql", "opportunity", "customer", "recycled", "disqualified", "lost"})
REACHED = {
    "lead": 0, "returned": 1, "stuck": 1, "offered": 1, "queued": 1, "sal": 2, "recycled": 2, "disqualified": 2, "sql": 3,
    "opportunity": 4, "lost": 4, "customer": 5,
}  # fmt: skip
COLUMNS: dict[type[models.Model], tuple[str, ...]] = {
    Company: ("id", "name", "name_key", "domain", "industry", "employee_count", "country", "region", "is_target_account",
              "is_customer", "created_at"),
    Contact: ("id", "company_id", "name", "email", "email_key", "phone", "job_title", "role", "seniority", "country", "region",
              "language", "lawful_basis", "created_at"),
    Lead: ("id", "contact_id", "stage", "origin", "kind", "tier", "owner_id", "queue_id", "marketer_id", "source",
           "first_campaign_id", "last_campaign_id", "is_hand_raise", "fit", "persona_id", "engagement_fixed", "half_life_days",
           "captured_at", "mql_at", "sal_at", "sql_at", "opportunity_at", "customer_at", "recycled_at", "disqualified_at",
           "lost_at", "last_touch_at", "attempt_count", "handoff_count", "needs_new_reason", "is_history"),
    Touch: ("lead_id", "contact_id", "kind", "source", "source_raw", "medium", "campaign_id", "utm", "landing_page", "note",
            "occurred_at", "recorded_at"),
    Qualification: ("lead_id", "version_id", "qualified_at", "reason", "fit", "engagement", "items"),
    Handoff: ("id", "lead_id", "ordinal", "version_id", "tier", "state", "offered_at", "assignee_id", "assigned_at",
              "decided_at", "decided_by_id", "reason", "note", "was_returned"),
    Assignment: ("lead_id", "handoff_id", "user_id", "queue_id", "cause", "routing_version_id", "trace", "assigned_at"),
    Clock: ("id", "promise", "side", "tier", "lead_id", "handoff_id", "user_id", "team_id", "version_id", "calendar_version_id",
            "state", "budget_seconds", "grace_seconds", "arrived_at", "started_at", "due_at", "plan", "plan_position",
            "next_action_at", "answered_at", "answered_seconds", "met_at", "missed_at", "detected_at", "late_seconds"),
    ClockStep: ("clock_id", "kind", "ordinal", "percent", "code", "occurred_at", "recorded_at"),
    LeadEvent: ("lead_id", "kind", "handoff_id", "campaign_id", "user_id", "actor_id", "version_id", "code", "facts",
                "occurred_at", "recorded_at"),
    Activity: ("lead_id", "user_id", "kind", "outcome", "is_outbound", "note", "occurred_at", "recorded_at"),
    Feedback: ("lead_id", "handoff_id", "user_id", "kind", "quality", "aspects", "comment", "given_at"),
    Opportunity: ("lead_id", "owner_id", "kind", "stage", "amount", "currency", "reason", "note", "opened_at", "closed_at"),
    Notice: ("channel", "code", "recipient_id", "subject_type", "subject_id", "facts", "created_at", "not_before", "state",
             "attempt_count", "sent_at", "read_at", "last_error"),
}  # fmt: skip


def fill(leads: int, at: datetime) -> World:
    """Write a company with ``leads`` leads of the year before ``at``, and give its people."""
    with transaction.atomic():
        world = build(at)
    chance = random.Random(8)
    fates = _fates(leads, world, chance)
    for first in range(0, leads, BATCH):
        batch = _Batch(world, chance, min(BATCH, leads - first))
        for place in range(batch.count):
            number = first + place
            captured_at = at - timedelta(minutes=10) - timedelta(days=365) * ((leads - number) / leads)
            batch.add(place, number, fates[number], captured_at, is_new=leads - number <= leads // 50)
        with transaction.atomic():
            for model, columns in COLUMNS.items():
                insert_rows(model, columns, batch.rows[model])
    return world


def _fates(leads: int, world: World, chance: random.Random) -> list[tuple[str, int]]:
    """Give each lead what became of it and the place of its rep or queue; the open ones are the newest."""
    share = min(1.0, leads / 6000)
    still_open = [
        *(("offered", rep) for rep in range(len(world.reps)) for _ in range(round(OFFERED * share))),
        *((("sal", "sql", "opportunity")[n % 3], rep) for rep in range(len(world.reps)) for n in range(round(WORKING * share))),
        *(("queued", team) for team in range(len(world.teams)) for _ in range(round(QUEUED * share))),
    ]  # fmt: skip
    chance.shuffle(still_open)
    ended = chance.choices(list(ENDS), weights=list(ENDS.values()), k=leads - len(still_open))
    return [*((fate, chance.randrange(len(world.reps))) for fate in ended), *still_open]


@dataclass
class _Story:
    """One lead while its rows are made: ``moments`` are when it entered each stage of the way it reached."""

    id: int
    contact_id: int
    fate: str
    number: int
    moments: list[datetime]
    tier: str
    campaign: int | None
    source: str
    rep: int | None
    queue: int | None
    is_new: bool
    handoff: int | None = None


class _Batch:
    """The rows of some thousand leads, by table."""

    def __init__(self, world: World, chance: random.Random, count: int) -> None:
        self.world, self.chance, self.count = world, chance, count
        self.rows: dict[type[models.Model], list[tuple[Any, ...]]] = defaultdict(list)
        with transaction.atomic():
            ids = reserve_many({Company: count // 3 + 1, Contact: count, Lead: count, Handoff: count, Clock: 2 * count})
        self.companies, self.contacts, self.leads = ids[Company], ids[Contact], ids[Lead]
        self.handoffs, self.clocks = iter(ids[Handoff]), iter(ids[Clock])
        for company in self.companies:
            name = self.world.company_name(company)
            self.rows[Company].append(
                (company, name, name.lower(), f"firm{company}.example", "Manufacturing", 50 + company % 900, "DE", "Berlin",
                 False, False, world.began_at)
            )  # fmt: skip

    def add(self, place: int, number: int, fate: tuple[str, int], captured_at: datetime, *, is_new: bool) -> None:
        """Add one lead with everything that hangs on it."""
        kind, holder = fate
        wait = (
            timedelta(minutes=self.chance.randrange(1, 9)) if is_new else timedelta(hours=self.chance.randrange(1, 30))
        )
        moments = [captured_at + wait * step for step in range(REACHED[kind] + 1)]
        world = self.world
        story = _Story(
            id=self.leads[place], contact_id=self.contacts[place], fate=kind, number=number,
            moments=[min(moment, world.at) for moment in moments], tier=TIERS[number % 3],
            campaign=world.campaigns[0] if number % 5 == 0 else self.chance.choice(world.campaigns[1:]),
            source=self.chance.choice(list(SOURCES)),
            rep=None if kind in ("lead", "stuck", "queued") else world.reps[holder].pk,
            queue=world.teams[holder].pk if kind == "queued" else None, is_new=is_new,
        )  # fmt: skip
        self._contact(place, story)
        self._touches(story)
        if kind not in ("lead", "stuck"):
            story.handoff = next(self.handoffs)
            self._handed_off(story)
        self._lead(story)

    def _contact(self, place: int, story: _Story) -> None:
        name = self.world.person_name(self.chance)
        email = f"{name.lower().replace(' ', '.')}.{story.number}@firm{story.contact_id % 997}.example"
        self.rows[Contact].append(
            (story.contact_id, self.companies[place // 3], name, email, email, "+4930123456", "Head of Operations", "Operations",
             "Head", "DE", "Berlin", "en", "consent", story.moments[0])
        )  # fmt: skip

    def _lead(self, story: _Story) -> None:
        fate, moments = story.fate, story.moments
        stage = {"returned": "lead", "stuck": "mql", "offered": "mql", "queued": "mql"}.get(fate, fate)
        reached = [*moments, *[None] * 5][:6]
        ended = [moments[-1] if fate == side else None for side in ("recycled", "disqualified", "lost")]
        marketer = self.chance.choice(self.world.marketers).pk if self.chance.random() < 0.7 else None
        self.rows[Lead].append(
            (story.id, story.contact_id, stage, "marketing", "new_business", story.tier if story.handoff else "",
             story.rep if fate in SALES else None, story.queue, marketer, story.source, story.campaign, story.campaign, False,
             self.chance.randrange(101), self.chance.choice(self.world.personas), float(story.number % 60), 30, *reached, *ended,
             moments[0], 2 if fate in SALES else 0, 1 if story.handoff else 0, fate == "returned", False)
        )  # fmt: skip

    def _touches(self, story: _Story) -> None:
        at = story.moments[0]
        for kind in self.chance.sample(list(TOUCH_KINDS), 2):
            self.rows[Touch].append(
                (story.id, story.contact_id, kind, story.source, "google", "cpc", story.campaign, {"source": "google"},
                 "https://www.smarketing.example/demo", "", at, at)
            )  # fmt: skip
        self._event(story, "captured", at, code=story.source)
        self._event(story, "touched", at, code="demo_request")
        if len(story.moments) > 1:
            items = [
                {"score": "fit", "code": "role", "words": "Works in operations", "points": 30, "age_days": None}
            ] * 3
            self.rows[Qualification].append((story.id, self.world.version, story.moments[1], "", 60, 40, items))
            self._event(story, "qualified", story.moments[1], code="rule", version=self.world.version)
        if story.fate == "stuck":
            self._event(story, "handoff_refused", story.moments[1], facts={"missing": ["phone_or_email", "company"]})

    def _handed_off(self, story: _Story) -> None:
        world, at = self.world, story.moments[1]
        is_open = story.fate in ("offered", "queued")
        decided_at = None if is_open else story.moments[-1] if story.fate == "returned" else story.moments[2]
        state = "open" if is_open else "rejected" if story.fate == "returned" else "accepted"
        reason = self.chance.choice(list(REJECTIONS)) if story.fate == "returned" else ""
        self.rows[Handoff].append(
            (story.handoff, story.id, 1, world.version, story.tier, state, at, story.rep, at if story.rep else None, decided_at,
             story.rep if decided_at else None, reason, "", False)
        )  # fmt: skip
        chosen = {"why": "turn", "user": story.rep, "pool": world.pool, "rule": "everything"}
        others = [[rep.pk, "turn_later"] for rep in world.reps[:14]]
        trace = {"rules": [["known_company", "no_owner"]], "people": others, "chosen": chosen}
        if story.queue:
            trace = {"rules": [], "people": [], "chosen": {"why": "queue", "queue": story.queue, "rule": "rest"}}
        self.rows[Assignment].append(
            (story.id, story.handoff, story.rep, story.queue, "routed", world.routing, trace, at)
        )  # fmt: skip
        self._event(story, "handed_off", at, version=world.version)
        self._event(story, "queued" if story.queue else "assigned", at, user=story.rep, code="routed")
        self._told(story, "lead_offered", story.rep, at)
        self._clock(story, "assign" if story.queue else "accept", at, decided_at)
        if state == "rejected":
            self._event(story, "rejected", decided_at or at, user=story.rep, code=reason)
            self._told(
                story, "lead_rejected", world.marketers[story.number % len(world.marketers)].pk, at, reason=reason
            )
        if story.fate in SALES:
            self._worked(story)

    def _worked(self, story: _Story) -> None:
        accepted_at, last_at, rep = story.moments[2], story.moments[-1], story.rep
        is_untouched = story.fate == "sal" and story.number % 3 == 0
        self._event(story, "accepted", accepted_at, user=rep)
        self._clock(story, "first_attempt", accepted_at, None if is_untouched else last_at)
        if not is_untouched:
            for outcome in ("no_answer", "conversation"):
                self.rows[Activity].append((story.id, rep, "call", outcome, True, "Called back.", last_at, last_at))
                self._event(story, "attempted", last_at, user=rep, code=outcome)
        if story.number % 3 == 0:
            self.rows[Feedback].append(
                (story.id, story.handoff, rep, "quick", story.number % 5 + 1, {"fit": True}, "Good.", last_at)
            )
            self._told(story, "lead_rated", self.world.marketers[0].pk, last_at, quality=story.number % 5 + 1)
        for kind, moment in zip(("qualified_for_sales", "opportunity_opened", "won"), story.moments[3:], strict=False):
            self._event(story, kind, moment, user=rep)
        reasons = {"lost": LOSS_REASONS, "disqualified": DISQUALIFY_REASONS, "recycled": {"bad_timing": ""}}.get(
            story.fate
        )
        reason = self.chance.choice(list(reasons)) if reasons else ""
        if reason:
            self._event(story, story.fate, last_at, user=rep, code=reason)
        if len(story.moments) > 4:
            stage = {"customer": "won", "lost": "lost"}.get(story.fate, "proposal")
            self.rows[Opportunity].append(
                (story.id, rep, "new", stage, 1200 + story.number % 9000, "EUR", reason, "", story.moments[4],
                 None if stage == "proposal" else last_at)
            )  # fmt: skip

    def _clock(self, story: _Story, promise: str, at: datetime, answered_at: datetime | None) -> None:
        clock, world, chance = next(self.clocks), self.world, self.chance
        taken, budget = chance.randrange(60, 9000), (900, 7200, 28_800)[story.number % 3]
        due_at = at + timedelta(seconds=budget)
        if answered_at is None:
            due_at = world.at + timedelta(minutes=chance.randrange(-90, 480))
            at = min(at, due_at)
        is_missed = due_at < world.at if answered_at is None else taken > budget
        state = "missed" if is_missed else "met" if answered_at else "running"
        answered_at = min(at + timedelta(seconds=taken), world.at) if answered_at else None
        subject = (story.id, None) if promise == "first_attempt" else (None, story.handoff)
        plan = [[percent, "warn", due_at.timestamp()] for percent in (50, 75, 100, 125, 150, 200)]
        late = max(0, taken - budget) if is_missed and answered_at else None
        missed_at = due_at if is_missed else None
        self.rows[Clock].append(
            (clock, promise, "sales", story.tier, *subject, story.rep, story.queue, world.version, world.calendar, state, budget,
             0, at, at, due_at, plan, 0, due_at if state == "running" else None, answered_at, taken if answered_at else None,
             answered_at if state == "met" else None, missed_at, missed_at, late)
        )  # fmt: skip
        steps = [("started", at), ("warned", at), *([(state, missed_at or answered_at)] if state != "running" else [])]
        self.rows[ClockStep] += [
            (clock, kind, 0, 75 if kind == "warned" else None, "", when, when) for kind, when in steps
        ]

    def _told(self, story: _Story, code: str, user: int | None, at: datetime, **facts: Any) -> None:
        """Tell somebody in the app and by email; they read all but what is new."""
        if user is None:
            return
        facts = {"tier": story.tier, **facts}
        for channel in ("in_app", "email"):
            read_at = at if channel == "in_app" and not (story.is_new and story.number % 9 == 0) else None
            self.rows[Notice].append(
                (channel, code, user, "lead", story.id, facts, at, at, "sent", 1, at, read_at, "")
            )  # fmt: skip

    def _event(
        self, story: _Story, kind: str, at: datetime, *, user: int | None = None, code: str = "", version: int | None = None,
        facts: dict[str, Any] | None = None,
    ) -> None:  # fmt: skip
        self.rows[LeadEvent].append(
            (story.id, kind, story.handoff, story.campaign, user, user, version, code, facts or {}, at, at)
        )
