"""A year of leads for the dashboard's bench, written with a few set-based statements on either engine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from django.db import connection

from campaigns.models import Campaign
from leads.codes import REJECTIONS, SOURCES
from leads.models import Clock, ClockStep, Contact, Feedback, Handoff, Lead, LeadEvent
from ledger.rows import insert_rows, reserve_ids
from personas.models import Persona, PersonaVersion
from sla.models import CalendarVersion
from tests.cast import office, person, sign

START = datetime(2026, 1, 1, tzinfo=UTC)
REPS, CAMPAIGNS, PERSONAS, BATCH = 12, 30, 4, 10_000
LEAD_COLUMNS = (
    "id", "contact_id", "stage", "origin", "kind", "tier", "owner_id", "source", "last_campaign_id", "is_hand_raise",
    "engagement_fixed", "half_life_days", "persona_id", "captured_at", "mql_at", "sal_at", "sql_at", "opportunity_at", "customer_at",
    "last_touch_at", "attempt_count", "handoff_count", "needs_new_reason", "is_history",
)  # fmt: skip
CLOCK_COLUMNS = (
    "id", "promise", "side", "tier", "lead_id", "handoff_id", "user_id", "version_id", "calendar_version_id", "state",
    "budget_seconds", "grace_seconds", "arrived_at", "started_at", "due_at", "plan", "plan_position", "answered_at",
    "answered_seconds", "met_at", "missed_at", "detected_at", "late_seconds",
    "waited_seconds",
)  # fmt: skip
HANDOFF_COLUMNS = (
    "id", "lead_id", "ordinal", "version_id", "tier", "state", "offered_at", "assignee_id", "assigned_at", "decided_at",
    "reason", "note", "was_returned",
)  # fmt: skip
EVENT_COLUMNS = ("lead_id", "kind", "handoff_id", "code", "facts", "occurred_at", "recorded_at")
STEP_COLUMNS = ("clock_id", "kind", "ordinal", "code", "occurred_at", "recorded_at")
FEEDBACK_COLUMNS = ("lead_id", "handoff_id", "user_id", "kind", "quality", "aspects", "comment", "given_at")
STAGES = ("lead", "mql", "sal", "sql", "opportunity", "customer")
KINDS = ("captured", "qualified", "accepted", "qualified_for_sales", "opportunity_opened", "won")
TIERS = ("hot", "warm", "standard")
FURTHEST = (0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 3, 3, 4, 5)
"""How far a lead comes, as often as it does so: about half become MQLs. Each trait is drawn by itself, the worst case for sums by groups."""


def fill(leads: int) -> Any:
    """Write ``leads`` leads of 2026, half of them MQLs, and give the user who looks at them."""
    from django.db import transaction

    marketing, north, south = office("Marketing", "marketing"), office("North", "sales"), office("South", "sales")
    maya, mona = person("Maya", marketing), person("Mona", marketing, is_manager=True)
    agreement = sign(mona, person("Sue", north, is_manager=True))
    reps = [person(f"Rep{number}", (north, south)[number % 2]).pk for number in range(REPS)]
    campaigns = [
        Campaign.objects.create(name=f"Campaign {n}", code=f"c{n}", type="email", owner=maya, starts_on=START.date(),
                                created_at=START).pk
        for n in range(CAMPAIGNS)
    ]  # fmt: skip
    personas = [_persona(f"Persona {number}") for number in range(PERSONAS)]
    pinned = agreement.version_id, CalendarVersion.objects.values_list("pk", flat=True)[0]
    for first in range(0, leads, BATCH):
        with transaction.atomic():
            _batch(
                first, min(BATCH, leads - first), leads, reps=reps, campaigns=[*campaigns, None], personas=[*personas, None],
                pinned=pinned,
            )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return maya


def _persona(name: str) -> int:
    persona = Persona.objects.create(code=name.lower().replace(" ", "-"), created_at=START)
    return int(PersonaVersion.objects.create(persona=persona, number=1, name=name, created_at=START).pk)


def _batch(
    first: int,
    count: int,
    leads: int,
    *,
    reps: list[int],
    campaigns: list[int | None],
    personas: list[int | None],
    pinned: tuple[int, int],
) -> None:
    contacts, ids = reserve_ids(Contact, count), reserve_ids(Lead, count)
    rows: dict[str, list[Any]] = {"lead": [], "handoff": [], "clock": [], "event": [], "step": [], "feedback": []}
    insert_rows(
        Contact,
        ("id", "external_id", "name", "email", "phone", "job_title", "role", "seniority", "country", "region", "language",
         "lawful_basis", "created_at"),
        [(pk, f"b{pk}", f"Contact {pk}", *[""] * 9, START) for pk in contacts],
    )  # fmt: skip
    handoffs, clocks, drawn = iter(reserve_ids(Handoff, count)), iter(reserve_ids(Clock, 2 * count)), Random(first)
    for place in range(count):
        number = first + place
        at = START + timedelta(seconds=int(number * 365 * 86_400 / leads))
        furthest = drawn.choice(FURTHEST)
        times = [at + timedelta(hours=7 * step + number % 13) if 0 < step <= furthest else None for step in range(6)]
        rep, tier, source = drawn.choice(reps), drawn.choice(TIERS), drawn.choice(list(SOURCES))
        rows["lead"].append(
            (ids[place], contacts[place], STAGES[furthest], "marketing", "new_business", tier,
             rep if furthest > 1 else None, source, drawn.choice(campaigns), False, 0.0, 30,
             drawn.choice(personas), at, *times[1:],
             at, 0, min(furthest, 1), False, False)
        )  # fmt: skip
        moments = [at, *times[1:]]
        rows["event"] += [(ids[place], kind, None, source if kind == "captured" else "", {}, when, when)
                          for kind, when in zip(KINDS, moments, strict=True) if when is not None]  # fmt: skip
        if furthest:
            _handed(
                rows, number, lead=ids[place], handoff=next(handoffs), clocks=(next(clocks), next(clocks)), rep=rep,
                tier=tier, at=at, furthest=furthest, pinned=pinned,
            )  # fmt: skip
    for model, columns, name in (
        (Lead, LEAD_COLUMNS, "lead"), (Handoff, HANDOFF_COLUMNS, "handoff"), (Clock, CLOCK_COLUMNS, "clock"),
        (LeadEvent, EVENT_COLUMNS, "event"), (ClockStep, STEP_COLUMNS, "step"), (Feedback, FEEDBACK_COLUMNS, "feedback"),
    ):  # fmt: skip
        insert_rows(model, columns, rows[name])


def _handed(
    rows: dict[str, list[Any]], number: int, *, lead: int, handoff: int, clocks: tuple[int, int], rep: int, tier: str,
    at: datetime, furthest: int, pinned: tuple[int, int],
) -> None:  # fmt: skip
    decided_at = at + timedelta(minutes=number % 300)
    is_accepted = furthest > 1
    reason = "" if is_accepted else sorted(REJECTIONS)[number % len(REJECTIONS)]
    rows["handoff"].append(
        (handoff, lead, 1, pinned[0], tier, "accepted" if is_accepted else "rejected", at, rep, at, decided_at, reason, "",
         False)
    )  # fmt: skip
    if number % 2:
        rows["feedback"].append((lead, handoff, rep, "quick", number % 5 + 1, {}, "", decided_at))
    for clock, promise, lead_id, handoff_id in zip(
        clocks, ("accept", "first_attempt"), (None, lead), (handoff, None), strict=True
    ):
        budget, taken = (900, 7_200, 28_800)[number % 3], number * 37 % 9_000 + number % 61
        due_at, answered_at = at + timedelta(seconds=budget), at + timedelta(seconds=taken)
        is_met = taken <= budget
        rows["clock"].append(
            (clock, promise, "sales", tier, lead_id, handoff_id, rep, *pinned, "met" if is_met else "missed", budget, 0, at,
             at, due_at, [], 0, answered_at, taken, answered_at if is_met else None, None if is_met else due_at,
             None if is_met else due_at, None if is_met else taken - budget, number * 53 % 7_200 + number % 59)
        )  # fmt: skip
        when = answered_at if is_met else due_at
        rows["step"] += [(clock, "started", 0, "", at, at), (clock, "met" if is_met else "missed", 0, "", when, when)]
