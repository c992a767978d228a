"""The people, rules and terms of the company whose pages are measured, and the names in it."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from campaigns.models import Campaign, CostLine
from leads.models import CaptureForm, ImportRow, ImportRun, Pool, RoutingVersion
from leads.routing.defaults import activate_default_routing
from personas.defaults import create_default_personas
from sla.agreements import sign_default_agreement
from sla.calendars import set_calendar
from sla.in_force import agreement_in_force
from sla.models import CalendarVersion
from teams.models import Absence, Availability, Membership, Team, User

TEAMS = ("North", "East", "South", "West")
REPS_PER_TEAM, MARKETERS, CAMPAIGNS = 15, 6, 60
COSTS = 30
"""Lines of each campaign."""
ROUND_THE_CLOCK = {"zone": "UTC", "week": {day: [["00:00", "24:00"]] for day in
                   ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}}  # fmt: skip
FIRST_NAMES = (
    "Anna", "Antonia", "Ben", "Bruno", "Carla", "Chloe", "David", "Dora", "Elif", "Emil", "Farid", "Frieda", "Georg", "Greta",
    "Hanna", "Hugo", "Ida", "Ines", "Jakob", "Jana", "Karim", "Klara", "Lars", "Lea", "Malik", "Marie", "Nils", "Nora", "Omar",
    "Paul", "Petra", "Quentin", "Rosa", "Samir", "Selma", "Theo", "Tilda", "Uwe", "Vera", "Wanda", "Yusuf", "Zoe",
)  # fmt: skip
SYLLABLES = ("ber", "car", "dor", "fel", "gar", "hol", "kra", "lin", "mer", "nau", "pol", "rom", "sch", "tau", "wei")


@dataclass(frozen=True, slots=True)
class World:
    """Who and what the leads of the company refer to; ``marketers[0]`` owns the first campaign and a third of all."""

    at: datetime
    began_at: datetime
    marketers: list[User]
    marketing_manager: User
    sales_manager: User
    administrator: User
    teams: list[Team]
    reps: list[User]
    campaigns: list[int]
    personas: list[int]
    version: int
    calendar: int
    routing: int
    pool: int

    def person_name(self, chance: random.Random) -> str:
        return f"{chance.choice(FIRST_NAMES)} {''.join(chance.choices(SYLLABLES, k=3)).title()}"

    def company_name(self, number: int) -> str:
        parts = (SYLLABLES[number // 15**place % 15] for place in range(3))
        return f"{''.join(parts).title()} {number} GmbH"


def build(at: datetime) -> World:
    """Write the people, terms, rules, campaigns, forms and imports of an empty database."""
    began_at = at - timedelta(days=400)
    marketing = _team("Marketing", "marketing", began_at)
    teams = [_team(name, "sales", began_at) for name in TEAMS]
    marketers = [_person(f"Marketer{number}", marketing) for number in range(MARKETERS)]
    mona, sue = _person("Mona", marketing, is_manager=True), _person("Sue", teams[0], is_manager=True)
    ada = User.objects.create(email="ada@smarketing.example", name="Ada", password="!", is_administrator=True)
    reps = [_person(f"Rep{number}", teams[number % len(teams)]) for number in range(REPS_PER_TEAM * len(teams))]
    Availability.objects.bulk_create(Availability(user=rep, open_lead_capacity=40) for rep in reps)
    Absence.objects.bulk_create(
        Absence(user=rep, cover=reps[9], starts_at=at - timedelta(days=1), ends_at=at + timedelta(days=5))
        for rep in reps[5:9]
    )
    personas = create_default_personas(at=began_at)
    sign_default_agreement(marketing_manager=mona, sales_manager=sue, at=began_at)
    activate_default_routing(at=began_at)
    return World(
        at=at, began_at=began_at, marketers=marketers, marketing_manager=mona, sales_manager=sue, administrator=ada, teams=teams, reps=reps,
        campaigns=_campaigns(marketers, at), personas=[version.pk for version in personas],
        version=agreement_in_force(at).version_id, calendar=CalendarVersion.objects.values_list("pk", flat=True)[0],
        routing=RoutingVersion.objects.values_list("pk", flat=True)[0], pool=Pool.objects.values_list("pk", flat=True)[0],
    )  # fmt: skip


def _campaigns(marketers: list[User], at: datetime) -> list[int]:
    campaigns = Campaign.objects.bulk_create(
        Campaign(
            name=f"Campaign {number}", code=f"campaign-{number}", type="email",
            owner=marketers[0 if number % 3 == 0 else number % MARKETERS], starts_on=(at - timedelta(days=6 * number)).date(),
            created_at=at - timedelta(days=365),
        )
        for number in range(CAMPAIGNS)
    )  # fmt: skip
    CostLine.objects.bulk_create(
        CostLine(
            campaign=one, what=f"Part {number}", amount=1000, kind="planned" if number % 4 == 0 else "actual",
            starts_on=one.starts_on, entered_by=one.owner, entered_at=one.created_at,
        )
        for one in campaigns
        for number in range(COSTS)
    )  # fmt: skip
    CaptureForm.objects.bulk_create(
        CaptureForm(slug=one.code, title=one.name, campaign=one, created_at=at) for one in campaigns
    )
    ImportRun.objects.bulk_create(
        ImportRun(user=marketers[0], file_name=f"file {number}.csv", state="done", created_at=at, rows_read=500,
                  created_count=500)
        for number in range(200)
    )  # fmt: skip
    run = ImportRun.objects.create(
        user=marketers[0], file_name="being mapped.csv", columns=["Email"], mapping={"email": "Email"}, created_at=at,
        rows_read=500, lawful_basis="legitimate_interest",
    )  # fmt: skip
    ImportRow.objects.bulk_create(
        ImportRow(run=run, line=2 + number, cells=[f"new{number}@customer.example"]) for number in range(500)
    )
    return [campaign.pk for campaign in campaigns]


def _team(name: str, side: str, at: datetime) -> Team:
    team = Team.objects.create(name=name, side=side)
    set_calendar(actor=None, name=f"{name} hours", hours=ROUND_THE_CLOCK, at=at, team=team)
    return team


def _person(name: str, team: Team, *, is_manager: bool = False) -> User:
    user = User.objects.create(email=f"{name.lower()}@smarketing.example", name=name, password="!")
    Membership.objects.create(user=user, team=team, is_manager=is_manager)
    return user
