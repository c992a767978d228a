"""The company that routing is measured in: three pools of different size, rules with conditions, and leads of many firms."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from leads.assigning import ASSIGNMENT_COLUMNS, Offer, choose, offer
from leads.facts import facts_now
from leads.models import Assignment, Company, Contact, Lead, Pool, PoolMember
from leads.record import Record
from leads.routing.board import Board, rules_in_force
from leads.routing.choice import Case, Person, Place, PoolState, Rule, State
from leads.routing.defaults import activate_rules
from ledger.rows import insert_rows
from personas.defaults import create_default_personas
from sla.agreements import sign_default_agreement
from sla.calendars import set_calendar
from sla.in_force import agreement_in_force
from teams.models import Absence, Availability, Membership, Team, User

AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
OFFICE = {"zone": "UTC", "week": {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}}
SIZES = (12, 24, 40)
REGIONS, INDUSTRIES = ("north", "south", "east"), ("Manufacturing", "Retail", "Logistics", "Finance")
FAIR_LEADS, FAIR_BATCH, CHANGES_EVERY = 10_000, 100, 500
SEED = 7


@dataclass
class World:
    """Pools by id with how many people are in each, and the offers that are given away."""

    sales: Team
    pools: dict[int, int]
    offers: list[Offer] = field(default_factory=list)

    def in_memory(self, pool_id: int, count: int) -> tuple[tuple[Rule, ...], State, list[Case]]:
        """Give the rules, a state with one pool that all of them lead to, and leads to decide."""
        rules = rules_in_force(AT)[1]
        targets = {rule.target_id for rule in rules if rule.target == "pool"}
        member_ids = range(1, self.pools[pool_id] + 1)
        people = {one: Person(one, capacity=10**9, opens_at=AT, team_id=self.sales.pk) for one in member_ids}
        pool = PoolState(pool_id, self.sales.pk, [Place(one, one, 1 + one % 3) for one in member_ids])
        state = State(AT, people, {one: pool for one in targets if one is not None})
        chance = random.Random(SEED)
        facts = [one.facts for one in chance.choices(self.offers, k=min(count, 2_000))]
        return rules, state, [Case(chance.choice(facts)) for _ in range(count)]

    def batches(self, size: int) -> Iterator[Sequence[Offer]]:
        for start in range(0, len(self.offers), size):
            yield self.offers[start : start + size]

    @transaction.atomic
    def decide(self, offers: Sequence[Offer]) -> list[dict[str, Any]]:
        """Route a batch and store its turns and assignments; give their values."""
        rows = [
            (one.offer.lead_id, None, one.user_id, one.queue_id, "routed", None, one.routing_version_id, one.trace, AT)
            for one in choose(Board.load(offers, at=AT), offers)
        ]
        insert_rows(Assignment, ASSIGNMENT_COLUMNS, rows)
        return [dict(zip(ASSIGNMENT_COLUMNS, row, strict=True)) for row in rows]

    @transaction.atomic
    def offer(self, offers: Sequence[Offer]) -> None:
        record = Record("bench", None, AT)
        offer(record, offers, at=AT, cause="routed")
        record.write("lead", [one.lead_id for one in offers])

    def give_away_fairly(self) -> tuple[Counter[int], dict[int, float]]:
        """Send leads to the smallest pool while random people of it are away; give what each got, and what was their fair share."""
        pool_id = min(self.pools, key=lambda one: self.pools[one])
        activate_rules(_to_pool_only(pool_id, self.sales.pk), at=AT)
        chance = random.Random(SEED)
        weights = {one: chance.randint(1, 5) for one in _members(pool_id)}
        for user_id, weight in weights.items():
            PoolMember.objects.filter(pool=pool_id, user=user_id).update(weight=weight)
        got: Counter[int] = Counter()
        fair = dict.fromkeys(weights, 0.0)
        offers, present = self.offers[:FAIR_BATCH], set(weights)
        for number in range(0, FAIR_LEADS, FAIR_BATCH):
            if number % CHANGES_EVERY == 0:
                present = set(weights) - set(chance.sample(sorted(weights), chance.randrange(len(weights) // 2)))
                _leave(set(weights) - present)
            for user_id in present:
                fair[user_id] += len(offers) * weights[user_id] / sum(weights[one] for one in present)
            got.update(row["user_id"] for row in self.decide(offers))
        return got, fair


def build(count: int) -> World:
    """Fill an empty database."""
    before = AT - timedelta(days=30)
    marketing, sales = (Team.objects.create(name=side.title(), side=side) for side in ("marketing", "sales"))
    for team in (marketing, sales):
        set_calendar(actor=None, name=f"{team.name} hours", hours=OFFICE, at=before, team=team)
    mona, sue = (_person(team.name, team, is_manager=True) for team in (marketing, sales))
    reps = [_person(f"rep{number}", sales) for number in range(sum(SIZES))]
    Availability.objects.bulk_create(Availability(user=rep, open_lead_capacity=32_000) for rep in reps)
    create_default_personas(at=before)
    sign_default_agreement(marketing_manager=mona, sales_manager=sue, at=before)
    pools, rest = {}, list(reps)
    for size in SIZES:
        pool = Pool.objects.create(name=f"Pool of {size}", team=sales)
        PoolMember.objects.bulk_create(PoolMember(pool=pool, user=rep) for rep in rest[:size])
        pools[pool.pk], rest = size, rest[size:]
    activate_rules(_rules(list(pools), sales.pk, reps[0].pk), at=before)
    world = World(sales, pools)
    world.offers = _offers(count)
    return world


def vacuum() -> None:
    """Let the engine look at its tables."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def _person(name: str, team: Team, *, is_manager: bool = False) -> User:
    user = User.objects.create(email=f"{name.lower()}@smarketing.example", name=name, password="!")
    Membership.objects.create(user=user, team=team, is_manager=is_manager)
    return user


def _members(pool_id: int) -> list[int]:
    return list(PoolMember.objects.filter(pool=pool_id).order_by("id").values_list("user_id", flat=True))


def _leave(user_ids: set[int]) -> None:
    Absence.objects.all().delete()
    Absence.objects.bulk_create(
        Absence(user_id=one, starts_at=AT - timedelta(days=1), ends_at=AT + timedelta(days=1)) for one in user_ids
    )


def _to_pool_only(pool_id: int, queue_id: int) -> list[dict[str, Any]]:
    return [
        {"code": "all", "words": "All", "when": [], "to": {"pool": pool_id}},
        {"code": "rest", "words": "Rest", "when": [], "to": {"queue": queue_id}},
    ]


def _rules(pools: list[int], queue_id: int, named_id: int) -> list[dict[str, Any]]:
    """Give rules as a company writes them: who knows the firm, segments, regions, a person, and the rest by turns."""
    large = [{"field": "employee_count", "op": "gte", "value": 5_000}, {"field": "fit", "op": "gte", "value": 50}]
    finance = {
        "any": [[{"field": "industry", "op": "is", "value": "Finance"}], [{"field": "grade", "op": "is", "value": "A"}]]
    }
    return [
        {"code": "known", "words": "Known firms", "when": [], "to": {"owner_of_company": True}},
        {"code": "large", "words": "Large firms", "when": large, "to": {"person": named_id}},
        {"code": "finance", "words": "Finance", "when": finance, "to": {"pool": pools[0], "by": "least_loaded"}},
        *(
            {"code": region, "words": region, "when": [{"field": "region", "op": "is", "value": region}], "to": {"pool": pool}}
            for region, pool in zip(REGIONS[:2], pools[1:], strict=True)
        ),
        {"code": "all", "words": "All others", "when": [], "to": {"pool": pools[0]}},
        {"code": "rest", "words": "Rest", "when": [], "to": {"queue": queue_id}},
    ]  # fmt: skip


def _offers(count: int) -> list[Offer]:
    """Make leads, each of a firm of its own, and what routing needs of them."""
    chance = random.Random(SEED)
    firms = Company.objects.bulk_create(
        Company(
            name=f"Firm {number}", name_key=f"firm {number}", created_at=AT, region=chance.choice(REGIONS),
            industry=chance.choice(INDUSTRIES), employee_count=chance.randrange(10, 6_000),
        )
        for number in range(count)
    )  # fmt: skip
    contacts = Contact.objects.bulk_create(
        Contact(
            name=f"Person {number}", email=f"p{number}@firm.example", email_key=f"p{number}@firm.example",
            company=firm, created_at=AT,
        )
        for number, firm in enumerate(firms)
    )  # fmt: skip
    leads = Lead.objects.bulk_create(
        Lead(
            contact=contact, stage="mql", tier="standard", fit=chance.randrange(30, 75), captured_at=AT, mql_at=AT,
            last_touch_at=AT, source="event",
        )
        for contact in contacts
    )  # fmt: skip
    agreement = agreement_in_force(AT)
    return [
        Offer(lead.pk, None, "standard", facts_now(lead, AT), agreement.version_id, agreement.terms, AT)
        for lead in leads
    ]
