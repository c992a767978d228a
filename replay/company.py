"""Set up a company that leads can come to: teams, people, hours, personas, a signed agreement, routing, campaigns and a form.

Everything is made by the verbs that an administrator would use.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import holidays

from campaigns.actions import Brief
from campaigns.costs import Cost, add_cost
from campaigns.models import Campaign
from leads.briefings import brief_sales, plan_campaign
from leads.capture import open_form
from leads.models import CaptureForm, Pool
from leads.routing.defaults import activate_default_routing, activate_rules, default_rules
from personas.defaults import create_default_personas, create_default_scoring
from personas.validating import validate_persona
from replay.names import AMERICAS
from sla.agreements import draft_from_template, propose, sign
from sla.business_time import BusinessCalendar, between, is_open
from sla.calendars import set_calendar
from sla.default_terms import default_document
from teams.availability import Load, set_load
from teams.models import Team, User
from teams.people import Place, create_member, create_team
from teams.roles import Side

DOMAIN = "nordlicht.example"
PASSWORD = "keep-every-promise"  # noqa: S105 - of people who do not exist
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"
TARGETS = [
    {"code": "mql_volume", "side": "marketing", "words": "MQLs", "amount": 120, "of": ""},
    {
        "code": "pipeline_value",
        "side": "marketing",
        "words": "Pipeline from marketing’s leads",
        "amount": 250_000,
        "of": "",
        "currency": "EUR",
    },
]
EUROPEANS = (
    "Sam Brandt",
    "Sofia Marin",
    "Stefan Huber",
    "Selin Aydin",
    "Simon Laurent",
    "Sanne de Wit",
    "Silvia Conti",
    "Sven Dahl",
)
AMERICANS = (
    "Ava Morris",
    "Andre Lima",
    "Alicia Reyes",
    "Aaron Blake",
    "Ana Duarte",
    "Alex Chen",
    "Amy Foster",
    "Adam Cole",
)
CAPACITY = 14
"""Open leads that a rep takes by turns: few enough that leads wait in a queue now and then."""


@dataclass(slots=True)
class Company:
    """Who and what there is, by short names: ``people["sam"]``, ``teams["europe"]``."""

    people: dict[str, User] = field(default_factory=dict)
    teams: dict[str, Team] = field(default_factory=dict)
    reps: dict[str, list[User]] = field(default_factory=dict)
    campaigns: list[Campaign] = field(default_factory=list)
    form: CaptureForm | None = None


def set_up(
    *, at: datetime, reps_per_team: int = 3, years: Sequence[int] = (), with_passwords: bool = False,
    hours: Mapping[str, Any] | None = None, campaigns_until: datetime | None = None, capacity: int = CAPACITY,
) -> Company:  # fmt: skip
    """Make the company as of ``at``; ``hours`` are those of marketing and the European reps, else office hours.

    Passwords are given to one of each role only: hashing is slow on purpose.
    """
    company = Company()
    years = years or range(at.year, at.year + 2)
    hours = hours or office_hours(BERLIN, "09:00", "17:30", "DE", years)
    _make_people(company, at, reps_per_team, with_passwords=with_passwords)
    _limit(company, at, capacity)
    _give_hours(company, at, hours, office_hours(NEW_YORK, "09:00", "17:00", "US", years))
    _write_personas(company, at)
    _sign(company, at)
    _route(company, at)
    _log_campaigns(company, at, campaigns_until or at + timedelta(days=365))
    return company


def _write_personas(company: Company, at: datetime) -> None:
    """Write the default personas. Both sides stand by the buyers; that students are never welcome, sales has yet to say."""
    mona, sue = company.people["mona"], company.people["sue"]
    for version in create_default_personas(at=at, actor=mona):
        code = version.persona.code
        validate_persona(actor=mona, at=at, code=code, number=version.number)
        if not version.persona.is_negative:
            validate_persona(actor=sue, at=at, code=code, number=version.number)


def _sign(company: Company, at: datetime) -> None:
    """Sign the template, with a number of MQLs and a pipeline that marketing promises."""
    mona, sue = company.people["mona"], company.people["sue"]
    create_default_scoring(at=at, created_by_id=mona.pk)
    document = default_document()
    document["targets"] += TARGETS
    version = propose(actor=mona, version=draft_from_template(actor=mona, at=at, document=document), at=at)
    for side, manager in ((Side.MARKETING, mona), (Side.SALES, sue)):
        version = sign(actor=manager, version=version, side=side, terms_hash=version.terms_hash, at=at)


# People ---------------------------------------------------------------------------------------------------------------


def _make_people(company: Company, at: datetime, reps_per_team: int, *, with_passwords: bool) -> None:
    ada = _person(company, at, "Ada Lindqvist", has_password=with_passwords, is_administrator=True)
    sides = (("marketing", "Marketing", Side.MARKETING), ("europe", "Sales Europe", Side.SALES),
             ("americas", "Sales Americas", Side.SALES))  # fmt: skip
    for key, name, side in sides:
        company.teams[key] = create_team(actor=ada, at=at, name=name, side=side)
    marketing, europe, americas = (company.teams[key].pk for key, _, _ in sides)
    _person(company, at, "Mona Falk", Place(marketing, True), has_password=with_passwords)
    _person(company, at, "Maya Osei", Place(marketing), has_password=with_passwords)
    _person(company, at, "Milo Petrov", Place(marketing))
    _person(company, at, "Sue Tran", Place(europe, True), Place(americas, True), has_password=with_passwords)
    for key, zone, cast in (("europe", BERLIN, EUROPEANS), ("americas", NEW_YORK, AMERICANS)):
        place = Place(company.teams[key].pk)
        company.reps[key] = [
            _person(company, at, name, place, zone=zone, has_password=with_passwords and name == EUROPEANS[0])
            for name in _cast(cast, reps_per_team)
        ]


def _limit(company: Company, at: datetime, capacity: int) -> None:
    load = Load(open_lead_capacity=capacity)
    for rep in (rep for team in company.reps.values() for rep in team):
        set_load(actor=company.people["ada"], at=at, user_id=rep.pk, load=load)


def _cast(names: Sequence[str], count: int) -> list[str]:
    """Give ``count`` names; a large team has namesakes with a number."""
    return [names[n % len(names)] + (f" {n // len(names) + 1}" if n >= len(names) else "") for n in range(count)]


def _person(
    company: Company, at: datetime, name: str, *places: Place, zone: str = BERLIN, has_password: bool = False,
    is_administrator: bool = False,
) -> User:  # fmt: skip
    key = name.lower().split()[0] + (name.rsplit(maxsplit=1)[-1] if name[-1].isdigit() else "")
    user = create_member(
        actor=company.people.get("ada"), at=at, email=f"{key}@{DOMAIN}", name=name,
        password=PASSWORD if has_password else None, places=places, is_administrator=is_administrator, timezone=zone,
    )  # fmt: skip
    company.people[key] = user
    return user


# Hours ----------------------------------------------------------------------------------------------------------------


def office_hours(zone: str, opens: str, closes: str, country: str, years: Sequence[int]) -> dict[str, Any]:
    """Give hours from Monday to Friday with a lunch break, closed on the public holidays of ``country``."""
    closed = holidays.country_holidays(country, years=list(years))
    spans = [[opens, "12:30"], ["13:15", closes]]
    return {"zone": zone, "week": dict.fromkeys(WEEK[:5], spans), "holidays": sorted(day.isoformat() for day in closed)}


def hours_open_at(at: datetime) -> dict[str, Any]:
    """Give hours that are open at ``at``, well after opening and well before closing: a demo is looked at by night too.

    They are office hours where these will do, else a shift of nine hours on five days a week, today's among them.
    """
    office = office_hours(BERLIN, "09:00", "17:30", "DE", range(at.year - 1, at.year + 2))
    calendar = BusinessCalendar.from_terms(office)
    margin = timedelta(minutes=45)
    if all(is_open(moment, calendar) for moment in (at - margin, at, at + margin, at + 3 * margin)):
        return office
    local = at.astimezone(ZoneInfo(BERLIN))
    opening = local.replace(minute=0) - timedelta(hours=5)
    days = [(opening - timedelta(days=back)).weekday() for back in range(5)]
    span = [[f"{opening.hour:02d}:00", f"{(opening.hour + 9) % 24:02d}:00"]]
    return {"zone": BERLIN, "week": {WEEK[day]: span for day in sorted(days)}}


def back(at: datetime, seconds: int, calendar: BusinessCalendar) -> datetime:
    """Give the last instant from which ``seconds`` of open time pass until ``at``."""
    early, late = at - timedelta(days=60), at
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) / 2
        early, late = (middle, late) if between(middle, at, calendar) >= seconds else (early, middle)
    return early.replace(microsecond=0)


def _give_hours(company: Company, at: datetime, european: Mapping[str, Any], american: Mapping[str, Any]) -> None:
    ada = company.people["ada"]
    for key, name, hours in (
        ("marketing", "Marketing hours", european),
        ("europe", "European sales hours", european),
        ("americas", "American sales hours", american),
    ):
        set_calendar(actor=ada, name=name, hours=hours, at=at, team=company.teams[key])


# Routing and campaigns ------------------------------------------------------------------------------------------------


def _route(company: Company, at: datetime) -> None:
    """Send leads from the Americas to their team, all others to Europe; what nobody can take waits in the team's queue."""
    activate_default_routing(at=at, actor=company.people["ada"])
    pools = dict(Pool.objects.values_list("team_id", "id"))
    europe, americas = company.teams["europe"].pk, company.teams["americas"].pk
    known, *rest = default_rules(pools[europe], europe)
    when = [{"field": "country", "op": "in", "value": sorted(set(AMERICAS))}]
    regional = {
        "code": "americas", "words": "Leads from the Americas go round the American team by turns", "when": when,
        "to": {"pool": pools[americas]},
    }  # fmt: skip
    activate_rules([known, regional, *rest], at=at, actor=company.people["ada"])


def _log_campaigns(company: Company, at: datetime, until: datetime) -> None:
    starts_on, ends_on = at.date(), until.date()
    plans: tuple[tuple[str, str, str, str, int, str, str], ...] = (
        ("maya", "Fewer tools, one figure", "one-figure", "webinar", 6500, "A live session with two customers",
         "Ask which report they trust.\nOffer the checklist from the session."),
        ("maya", "Search: operations software", "search-operations", "paid_search", 18000, "A demo within a day",
         "They compared vendors today: call fast."),
        ("maya", "Guide to steady deliveries", "steady-deliveries", "content", 4200, "The guide, 24 pages",
         "Most readers are early. Ask what made them look."),
        ("milo", "Logistics fair", "logistics-fair", "trade_show", 27000, "A talk at our stand",
         "They saw the warehouse demo."),
        ("milo", "Monthly letter", "monthly-letter", "email", 900, "What is new", "Customers read it too: look first."),
    )  # fmt: skip
    for owner, name, code, kind, cost, what, points in plans:
        brief = Brief(
            name=name, code=code, type=kind, starts_on=starts_on, ends_on=ends_on, budget=Decimal(cost) * 2,
            offer=what, talking_points=points,
        )  # fmt: skip
        campaign = plan_campaign(brief=brief, actor=company.people[owner], at=at)
        _add_costs(campaign, Decimal(cost), at)
        company.campaigns.append(brief_sales(campaign_id=campaign.pk, actor=campaign.owner, at=at))
    company.form = open_form(
        actor=company.people["maya"], at=at, slug="demo", title="See it in ten minutes", touch_kind="demo_request",
        campaign_id=company.campaigns[1].pk,
    )  # fmt: skip


def _add_costs(campaign: Campaign, spent: Decimal, at: datetime) -> None:
    """Enter what was spent, in two parts, and what is still planned."""
    day = campaign.starts_on
    for what, share, kind in (
        ("Agency", 4, "actual"),
        ("Media and materials", 6, "actual"),
        ("Second wave", 8, "planned"),
    ):
        cost = Cost(what, spent * share / 10, kind, day, campaign.ends_on if kind == "planned" else None)
        add_cost(campaign_id=campaign.pk, cost=cost, actor=campaign.owner, at=at)
