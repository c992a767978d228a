"""The demo company goes on: somebody asks every now and then, and a colleague of Sam's does some work.

Sam's leads and Maya's decisions are left to whoever looks at the demo.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial

import structlog
from django.db import DatabaseError, connection

from campaigns.models import Campaign
from inputs.refusals import Busy
from leads.followup import log_activity, rate
from leads.handoffs import accept
from leads.intake.pipeline import take_in
from leads.models import Clock, Lead
from replay import people
from replay.company import DOMAIN
from replay.play import STALE
from replay.world import Firm, Planned, dice, firm, visits
from sla.business_time import is_open
from sla.hours import Hours
from teams.models import User

SHARE_WITH_WORK = 0.5
ACCEPTED_AFTER = timedelta(minutes=2)

CALLED_FOR = ("accept", "first_attempt", "cadence", "respond")
"""What accepting or calling answers."""

log = structlog.get_logger(__name__)


def live(at: datetime) -> None:
    """Let the next thing happen: an arrival, and sometimes some work. What the database refuses just now does not happen."""
    chance = dice("living", int(at.timestamp()))
    try:
        arrive(chance, at)
        if chance.random() < SHARE_WITH_WORK:
            work(chance, at)
    except (Busy, DatabaseError) as error:
        log.warning("demo paused", error=type(error).__name__)
        connection.close()


def arrive(chance: random.Random, at: datetime) -> None:
    """Let somebody ask who was not here before."""
    number = int(at.timestamp())
    firms: list[Firm] = []
    codes = list(Campaign.objects.running(at.date()).order_by("id").values_list("code", flat=True))
    planned: Planned = next(visits(seed=0, number=number, at=at, firm=firm(0, number, firms), campaigns=codes))
    milo = User.objects.with_teams().get(email=f"milo@{DOMAIN}")
    take_in([planned.arrival], actor=milo, at=at)


def work(chance: random.Random, at: datetime) -> None:
    """Let one rep, not Sam, do what is due next: accept an offer, make a first attempt, or rate a lead."""
    act = next(_possible(chance, at), None)
    if act is not None:
        try:
            act()
        except STALE as refusal:
            log.info("demo act came too late", code=refusal.code)


def _possible(chance: random.Random, at: datetime) -> Iterator[Callable[[], object]]:
    reps = User.objects.with_teams().filter(
        memberships__team__side="sales", memberships__is_manager=False, is_active=True
    )
    others = {rep.pk: rep for rep in reps.exclude(email=f"sam@{DOMAIN}")}
    hours = Hours.load(others)
    there = [rep_id for rep_id in others if is_open(at, hours.of_person(rep_id)[1])]
    waiting = (
        Clock.objects.running()
        .filter(user__in=there, started_at__lt=at - ACCEPTED_AFTER, promise__in=CALLED_FOR)
        .order_by("due_at", "id")
    )
    for clock in waiting.select_related("handoff")[:3]:
        rep = others[clock.user_id or 0]
        if clock.handoff is not None:
            yield partial(accept, lead_id=clock.handoff.lead_id, handoff_id=clock.handoff_id, actor=rep, at=at)
        elif clock.lead_id is not None:
            yield partial(_attempt, chance, clock.lead_id, rep, at)
    talked = Lead.objects.filter(owner__in=there, conversed_at__isnull=False, stage="sal", feedback__isnull=True)
    for lead_id, owner_id in talked.order_by("id").values_list("id", "owner_id")[:1]:
        yield partial(rate, lead_id=lead_id, quality=chance.randint(2, 5), actor=others[owner_id or 0], at=at)


def _attempt(chance: random.Random, lead_id: int, rep: User, at: datetime) -> None:
    kind, outcome, is_outbound = people.attempt(chance, chance.random())
    log_activity(lead_id=lead_id, kind=kind, outcome=outcome, is_outbound=is_outbound, actor=rep, at=at)
