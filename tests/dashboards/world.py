"""A company with a past, generated from a seed: rows, events and clock steps that agree with each other.

Written row by row as the verbs would leave them, and in no case through the code under test.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from campaigns.models import Campaign
from leads.codes import REJECTIONS
from leads.models import Clock, ClockStep, Contact, Dispute, Feedback, Handoff, Lead, LeadEvent, Question, Touch
from personas.models import Persona, PersonaVersion
from sla.calendars import set_calendar
from sla.in_force import InForce
from teams.models import Membership, Team, User
from tests.cast import SIGNED_AT, office, person, sign

FIRST, UNTIL = date(2026, 1, 1), date(2026, 4, 1)
SOURCES = ("organic_search", "paid_search", "event", "unknown")
ALWAYS = {
    "zone": "UTC",
    "week": {day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")},
}
"""Hours in which business seconds are seconds: what a clock says can be seen to be right."""
RAW = {"organic_search": "Organic", "paid_search": "cpc", "event": "fair", "unknown": ""}
PATH = (("mql_at", "qualified"), ("sal_at", "accepted"), ("sql_at", "qualified_for_sales"),
        ("opportunity_at", "opportunity_opened"), ("customer_at", "won"))  # fmt: skip
STAGE_OF = {
    "mql_at": "mql",
    "sal_at": "sal",
    "sql_at": "sql",
    "opportunity_at": "opportunity",
    "customer_at": "customer",
}


@dataclass
class World:
    """Who and what there is."""

    agreement: InForce
    calendar_version_id: int
    teams: list[Team]
    reps: list[User]
    maya: User
    campaigns: list[Campaign]
    personas: list[PersonaVersion]
    dice: random.Random = field(default_factory=lambda: random.Random(7))
    count: int = 0


def found() -> World:
    """Found the company: two sales teams of two reps, marketing, campaigns, personas, a signed agreement."""
    marketing, north, south = office("Marketing", "marketing"), office("North", "sales"), office("South", "sales")
    maya, mona = person("Maya", marketing), person("Mona", marketing, is_manager=True)
    sue = person("Sue", north, is_manager=True)
    reps = [person("Sam", north), person("Rita", north), person("Lars", south), person("Nora", south)]
    Membership.objects.create(user=reps[0], team=south)  # in two teams: he must not count twice
    campaigns = [
        Campaign.objects.create(
            name=name, code=name.lower(), type="webinar", owner=maya, starts_on=FIRST, created_at=at(0)
        )
        for name in ("Spring", "Summer")
    ]
    personas = [
        PersonaVersion.objects.create(persona=Persona.objects.create(code=code, created_at=at(0)), number=1, name=code,
                                      created_at=at(0))
        for code in ("owner", "buyer")
    ]  # fmt: skip
    hours = set_calendar(actor=None, name="Always", hours=ALWAYS, at=SIGNED_AT)
    return World(
        sign(mona, sue), hours.pk, [north, south], reps, maya, campaigns,
        personas,
    )  # fmt: skip


def at(days: float) -> datetime:
    """Give the instant so many days after the first of January 2026."""
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=days)


def fill(world: World, leads: int = 150) -> None:
    """Let leads arrive from December to May, and let things happen to them."""
    for _ in range(leads):
        add_lead(world)


def add_lead(world: World, **given: Any) -> Lead:
    """Add one lead with its way."""
    dice, captured_at = world.dice, at(world.dice.uniform(-30, 120))
    source = dice.choice(SOURCES)
    world.count += 1
    contact = Contact.objects.create(external_id=f"w{world.count}", created_at=captured_at)
    is_own = dice.random() < 0.06
    lead = Lead(
        contact=contact, source=source, captured_at=captured_at, last_touch_at=captured_at,
        origin="sales" if is_own else "marketing", tier=dice.choice(("hot", "warm", "standard", "")),
        last_campaign=dice.choice([*world.campaigns, None]), persona=dice.choice([*world.personas, None]),
        **given,
    )  # fmt: skip
    rep = dice.choice(world.reps)
    way = _walk(world, lead, captured_at)
    if lead.stage not in ("lead", "mql"):
        lead.owner = rep
    lead.save()
    Touch.objects.create(lead=lead, contact=contact, kind="form", source=source, source_raw=RAW[source],
                         occurred_at=captured_at, recorded_at=captured_at)  # fmt: skip
    _event(lead, "captured", captured_at, code=source, facts={"origin": lead.origin})
    accepted_at = next((when for kind, when in way if kind == "accepted"), None)
    for kind, when in way:
        if kind != "accepted":
            _event(lead, kind, when)
    if not is_own and way:
        _hand_off(world, lead, rep, accepted_at)
    elif accepted_at:
        _event(lead, "accepted", accepted_at)
    return lead


def _walk(world: World, lead: Lead, when: datetime) -> list[tuple[str, datetime]]:
    """Move the lead along the path; some skip a stage, one in fifty is dated as won before it arrived, some begin anew."""
    dice, way = world.dice, []
    for column, kind in PATH:
        if dice.random() < 0.25:
            break
        when += timedelta(days=dice.expovariate(1 / 6))
        if column == "customer_at" and dice.random() < 0.1:
            when = lead.captured_at - timedelta(days=2)
        lead.stage = STAGE_OF[column]
        if dice.random() < 0.12 and column != "customer_at":
            continue
        setattr(lead, column, when)
        way.append((kind, when))
    if lead.stage in ("sal", "sql") and dice.random() < 0.3:
        for column, _ in PATH:
            setattr(lead, column, None)
        lead.stage = "lead"
        way.append(("revived", when + timedelta(days=3)))
        if dice.random() < 0.5:
            lead.stage, lead.mql_at = "mql", when + timedelta(days=5)
            way.append(("qualified", lead.mql_at))
    return way


def _hand_off(world: World, lead: Lead, rep: User, accepted_at: datetime | None) -> None:
    """Offer the lead once or twice; the last offer is the accepted one, if there is one."""
    dice = world.dice
    states = ["rejected"] if dice.random() < 0.3 else []
    states.append(dice.choice(("accepted",) * 4 + ("auto_accepted",)) if accepted_at else
                  dice.choice(("rejected", "recalled", "open")))  # fmt: skip
    for ordinal, state in enumerate(states, 1):
        offered_at = lead.captured_at + timedelta(days=ordinal / 10, seconds=dice.randrange(8_000))
        is_accepted = state in ("accepted", "auto_accepted")
        is_returned = is_accepted and dice.random() < 0.2
        later = offered_at + timedelta(hours=dice.expovariate(1 / 8))
        handoff = Handoff.objects.create(
            lead=lead, ordinal=ordinal, version_id=world.agreement.version_id, tier=lead.tier or "standard", state=state,
            offered_at=offered_at, assignee=dice.choice((rep, rep, None)), was_returned=is_returned,
            reason=dice.choice(sorted(REJECTIONS)) if state == "rejected" or is_returned else "",
            decided_at={"open": None, "accepted": accepted_at, "auto_accepted": accepted_at}.get(state, later),
        )  # fmt: skip
        _tell_handoff(lead, handoff)
        _contest(replace(world, dice=random.Random(world.count)), lead, handoff)
        _clock(world, "accept", rep, None, offered_at, handoff=handoff)
        if dice.random() < 0.3:
            _clock(world, "assign", None, dice.choice(world.teams), offered_at, handoff=handoff)
        if dice.random() < 0.5:
            quality, given_at = dice.randint(1, 5), offered_at + timedelta(days=2)
            Feedback.objects.create(
                lead=lead, handoff=handoff, user=rep, kind="quick", quality=quality, given_at=given_at
            )
            _event(lead, "rated", given_at, facts={"quality": quality}, handoff=handoff)
    _clock(world, "first_attempt", rep, None, lead.captured_at + timedelta(days=1), lead=lead)
    if world.count % 4 == 0:
        _ask(replace(world, dice=random.Random(world.count)), lead)


def _contest(world: World, lead: Lead, handoff: Handoff) -> None:
    """Let both sides overturn every third rejection, and strike every ninth delivery."""
    if handoff.decided_at is None or world.count % 3:
        return
    is_rejection = handoff.state == "rejected" or handoff.was_returned
    if is_rejection or world.count % 9 == 0:
        kind, column = ("rejection", "is_overturned") if is_rejection else ("delivery", "is_struck")
        Handoff.objects.filter(pk=handoff.pk).update(**{column: True})
        when = handoff.decided_at + timedelta(days=1)
        dispute = Dispute.objects.create(
            handoff=handoff, kind=kind, state="overturned", raised_by=world.maya, raised_at=when, reason="No.", closed_at=when,
            marketing_word="overturn", sales_word="overturn",
        )  # fmt: skip
        _event(lead, "dispute_closed", when, handoff=handoff, code="overturned", facts={"kind": kind})
        for side in ("marketing", "sales"):
            _clock(world, "decide_dispute", None, world.teams[0], when, side=side, dispute=dispute)


def _ask(world: World, lead: Lead) -> None:
    question = Question.objects.create(
        lead=lead, to_side="marketing", asked_by=world.reps[0], asked_at=lead.captured_at, text="Which?"
    )
    _clock(world, "answer_question", world.maya, None, lead.captured_at, question=question)


def _tell_handoff(lead: Lead, handoff: Handoff) -> None:
    _event(lead, "handed_off", handoff.offered_at, handoff=handoff)
    if handoff.decided_at is None:
        return
    if handoff.state == "rejected":
        _event(lead, "rejected", handoff.decided_at, handoff=handoff, code=handoff.reason, facts={"returned": False})
    elif handoff.state == "recalled":
        _event(lead, "recalled", handoff.decided_at, handoff=handoff)
    else:
        code = "auto" if handoff.state == "auto_accepted" else ""
        _event(lead, "accepted", handoff.decided_at, handoff=handoff, code=code)
    if handoff.was_returned:
        when = handoff.decided_at + timedelta(hours=5)
        _event(lead, "rejected", when, handoff=handoff, code=handoff.reason, facts={"returned": True})


def _clock(
    world: World,
    promise: str,
    user: User | None,
    team: Team | None,
    started_at: datetime,
    *,
    side: str = "sales",
    **subject: Any,
) -> Clock:
    dice = world.dice
    budget = dice.choice((900, 7_200, 28_800))
    due_at = started_at + timedelta(seconds=budget)
    state = dice.choice(("met", "met", "met", "missed", "missed", "cancelled", "running"))
    taken = dice.randint(1, budget) if state == "met" else budget + dice.choice((1, 300, 5_000, 90_000))
    is_answered = state == "met" or (state == "missed" and dice.random() < 0.7)
    answered_at = started_at + timedelta(seconds=taken) if is_answered else None
    tier, waited = dice.choice(("hot", "warm", "standard")), dice.choice((None, 0, 60, 5_000))
    clock = Clock.objects.create(
        promise=promise, side=side, tier=tier, user=user, team=team,
        version_id=world.agreement.version_id, calendar_version_id=world.calendar_version_id, state=state,
        budget_seconds=budget, arrived_at=started_at - timedelta(seconds=waited or 0), started_at=started_at, due_at=due_at, plan=[],
        next_action_at=due_at if state == "running" else None, answered_at=answered_at,
        answered_seconds=taken if is_answered else None, waited_seconds=waited,
        excused_at=due_at if state == "missed" and dice.random() < 0.2 else None, met_at=answered_at if state == "met" else None,
        missed_at=due_at if state == "missed" else None, detected_at=due_at if state == "missed" else None,
        late_seconds=taken - budget if state == "missed" and is_answered else None,
        cancelled_at=started_at if state == "cancelled" else None, **subject,
    )  # fmt: skip
    steps = [("started", started_at)]
    if state in ("met", "missed", "cancelled"):
        steps.append((state, {"met": answered_at, "missed": due_at, "cancelled": started_at}[state] or due_at))
    if state == "missed" and answered_at:
        steps.append(("answered", answered_at))
    if clock.excused_at:
        steps.append(("excused", clock.excused_at))
    for kind, when in steps:
        code = dice.choice(("", "in_time_logged_late")) if kind == "answered" else ""
        ClockStep.objects.create(clock=clock, kind=kind, code=code, occurred_at=when, recorded_at=when)
    return clock


def _event(lead: Lead, kind: str, when: datetime, **more: Any) -> None:
    LeadEvent.objects.create(lead=lead, kind=kind, occurred_at=when, recorded_at=when, **more)
