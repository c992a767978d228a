"""The demo company: some weeks played until now, and a last stretch in which every role has something in every state.

The last stretch is played like the rest: leads arrive, are routed and offered by the program. What is arranged is only who asks when,
and that Sam has not come to them yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from leads.handoffs import accept, reject
from leads.intake.arrival import Arrival
from leads.intake.pipeline import take_in
from leads.models import Company, Handoff
from leads.models import Lead as LeadRow
from replay import names
from replay.company import PASSWORD, back, hours_open_at, set_up
from replay.company import Company as DemoCompany
from replay.demo_matters import (
    OPEN_MATTERS,
    OTHER_ADDRESSES,
    come_under_another_address,
    contest_rejection,
    open_matter,
)
from replay.sales import HOUR, Lead
from replay.season import Season, prepare, settle
from replay.world import Firm, arrivals, dice, person
from sla.in_force import agreement_in_force
from teams.models import User

SEED = 20
WEEKS = 5
PEOPLE_PER_WEEK = 38
CAPACITY = 60
"""Open leads that a rep takes: new ones shall come to Sam too while somebody looks."""
LAST_NUMBERS = 900_000

TOUCHES = {
    "hot": ("demo_request",),
    "warm": ("inbound_call", "webinar_attended", "pricing_view"),
    "standard": ("inbound_call", "content_download"),
}  # fmt: skip
"""Touches that make a lead of each tier under the default agreement, where the person fits."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A lead that waits for Sam: which promise runs, and how much of its time has passed by now."""

    promise: str
    tier: str
    share: float


WAITING_FOR_SAM = (
    Waiting("accept", "hot", 0.15),
    Waiting("accept", "hot", 0.8),
    Waiting("accept", "hot", 1.15),
    Waiting("accept", "warm", 0.3),
    Waiting("accept", "warm", 0.85),
    Waiting("accept", "warm", 1.2),
    Waiting("accept", "standard", 0.1),
    Waiting("accept", "standard", 0.6),
    Waiting("accept", "standard", 1.3),
    Waiting("first_attempt", "hot", 0.5),
    Waiting("first_attempt", "warm", 0.4),
    Waiting("first_attempt", "warm", 1.1),
    Waiting("first_attempt", "standard", 0.2),
    Waiting("first_attempt", "standard", 0.8),
)
SENT_BACK_HOURS = (2, 7, 26)
QUEUED_SECONDS = (400, 2_400, 7_000, 12_000)

ROLES = (
    ("marketer", "maya"), ("sales rep", "sam"), ("marketing manager", "mona"), ("sales manager", "sue"),
    ("administrator", "ada"),
)  # fmt: skip


def seed(at: datetime) -> Season:
    """Fill an empty database with a company whose past ends at ``at``."""
    at = at.replace(microsecond=0)
    starts_at = (at - timedelta(weeks=WEEKS)).replace(hour=0, minute=0, second=0)
    company = set_up(
        at=starts_at - timedelta(days=14), with_passwords=True, hours=hours_open_at(at),
        years=range(starts_at.year - 1, at.year + 2), campaigns_until=at + timedelta(days=60), capacity=CAPACITY,
    )  # fmt: skip
    codes = [campaign.code for campaign in company.campaigns]
    planned = arrivals(seed=SEED, starts_on=starts_at.date(), weeks=WEEKS, per_week=PEOPLE_PER_WEEK, campaigns=codes)
    season = prepare(
        seed=SEED, company=company, starts_at=starts_at, weeks=WEEKS + 1, arrivals=planned, sends_letters=False,
        all_there_from=at - timedelta(days=6),
    )  # fmt: skip
    _plan_last_stretch(season, at)
    season.run(at)
    settle(at)
    return season


def logins(company: DemoCompany) -> list[str]:
    """Give the table of who may log in."""
    rows = [(role, company.people[key].name, company.people[key].email) for role, key in ROLES]
    lines = [f"{role:<19}{name:<17}{email:<26}{PASSWORD}" for role, name, email in rows]
    return [f"{'role':<19}{'name':<17}{'email':<26}password", *lines]


# The last stretch -----------------------------------------------------------------------------------------------------


def _plan_last_stretch(season: Season, at: datetime) -> None:
    sam = season.company.people["sam"]
    hours = season.marketing.sales.hours.of_person(sam.pk)[1]
    promises = agreement_in_force(at).terms.promises
    numbers = iter(range(LAST_NUMBERS, LAST_NUMBERS + 1000))
    for case in WAITING_FOR_SAM:
        number = next(numbers)
        season.marketing.sales.left_alone.add(number)
        begins_at = back(at, round(promises[case.promise].within[case.tier].seconds * case.share), hours)
        if case.promise == "accept":
            season.play.plan(begins_at, partial(_ask_sam, season, number, case.tier))
        else:
            asks_at = back(begins_at, round(promises["accept"].within[case.tier].seconds * 0.2), hours)
            season.play.plan(asks_at, partial(_ask_sam, season, number, case.tier))
            season.play.plan(begins_at, partial(_accepted_by, season, number, sam))
    _plan_matters(season, at, numbers)
    for passed in SENT_BACK_HOURS:
        number = next(numbers)
        season.marketing.sales.left_alone.add(number)
        asks_at = back(at, passed * HOUR, hours)
        season.play.plan(asks_at, partial(_ask, season, number, "hot"))
        season.play.plan(asks_at + timedelta(minutes=6), partial(_rejected, season, number))
        if passed > SENT_BACK_HOURS[0]:
            contested_at = back(at, round(passed * HOUR / 2), hours)
            season.play.plan(contested_at, partial(contest_rejection, season, number))
    _plan_queue(season, at, numbers)
    for hours_ago in OTHER_ADDRESSES:
        came_at = back(at, round(hours_ago * HOUR), hours)
        season.play.plan(came_at, partial(come_under_another_address, season, next(numbers)))


def _plan_matters(season: Season, at: datetime, numbers: Iterator[int]) -> None:
    """Let both sides have asked and contested what nobody has answered by now."""
    hours = season.marketing.sales.hours.of_person(season.company.people["sam"].pk)[1]
    for what, passed in OPEN_MATTERS:
        number = next(numbers)
        season.marketing.sales.left_alone.add(number)
        begins_at = back(at, round(passed * HOUR), hours)
        asks_at = back(begins_at, HOUR, hours)
        season.play.plan(asks_at, partial(_ask_sam, season, number, "warm"))
        season.play.plan(asks_at + timedelta(minutes=10), partial(_taken_on, season, number))
        season.play.plan(begins_at, partial(open_matter, season, number, what))


def _plan_queue(season: Season, at: datetime, numbers: Iterator[int]) -> None:
    """Let the whole American team be away for a day, so that its leads wait in the queue."""
    hours = season.marketing.sales.hours.of_team(season.company.teams["americas"].pk)[1]
    moments = [back(at, seconds, hours) for seconds in QUEUED_SECONDS]
    gone_at = min(moments) - timedelta(hours=1)
    for rep in season.company.reps["americas"]:
        away = partial(season.marketing.sales.be_away, rep, gone_at, at + timedelta(days=1), None)
        season.play.plan(gone_at, away)
    for moment in moments:
        number = next(numbers)
        season.marketing.sales.left_alone.add(number)
        season.play.plan(moment, partial(_ask, season, number, ("hot", "warm")[number % 2], country="US"))


def _ask_sam(season: Season, number: int, tier: str, at: datetime) -> None:
    """Let a colleague of somebody whom Sam works with ask: the rules send such a lead to Sam."""
    chance = dice(SEED, "colleague", number)
    sam = season.company.people["sam"]
    mine = LeadRow.objects.filter(
        owner=sam, stage__in=("sal", "sql", "opportunity"), contact__company__domain__isnull=False
    )
    theirs = (
        LeadRow.objects.filter(stage__in=("sal", "sql", "opportunity")).exclude(owner=sam).values("contact__company")
    )
    offered = Handoff.objects.filter(state=Handoff.States.OPEN).exclude(assignee=sam).values("lead__contact__company")
    known = list(mine.exclude(contact__company__in=theirs).exclude(contact__company__in=offered).order_by("id"))
    if not known:
        _ask(season, number, tier, at)
        return
    company = Company.objects.get(contacts__leads=chance.choice(known))
    firm = Firm(company.name, company.domain or "", company.industry, 0, company.country or "DE")
    _arrive(season, number, tier, firm, at)


def _ask(season: Season, number: int, tier: str, at: datetime, *, country: str = "DE") -> None:
    """Let somebody new ask."""
    chance = dice(SEED, "stranger", number)
    name = f"{chance.choice(names.FIRM_FIRST)} {chance.choice(names.FIRM_SECOND['logistics'])}"
    firm = Firm(name, f"{name.lower().replace(' ', '-')}-{number}.example", "logistics", 240, country)
    _arrive(season, number, tier, firm, at)


def _arrive(season: Season, number: int, tier: str, firm: Firm, at: datetime) -> None:
    """Take in somebody who fits, with the touches that make this tier, under a campaign of Maya's."""
    chance = dice(SEED, "asks", number)
    campaign = season.company.campaigns[number % 3].code
    fitting = replace(
        person(chance, number, firm, ()), role="operations", job_title="Head of Operations", seniority="head",
        employee_count=firm.employees or "", company=firm.name, source_raw="paid_search", campaign_code=campaign,
    )  # fmt: skip
    kinds = TOUCHES[tier]
    asked: list[Arrival] = [replace(fitting, touch_kind=kind, key=f"asked-{number}-{kind}") for kind in kinds]
    outcomes = take_in(asked, actor=season.company.people["milo"], at=at)
    season.marketing.outcomes += outcomes
    lead_id = outcomes[0].lead_id
    if outcomes[0].state == "created" and lead_id:
        season.marketing.sales.leads[lead_id] = Lead(lead_id, number, 0.6)


def _offer_of(season: Season, number: int) -> Handoff | None:
    ids = [lead.id for lead in season.marketing.sales.leads.values() if lead.number == number]
    return Handoff.objects.filter(lead_id__in=ids, state=Handoff.States.OPEN).first()


def _accepted_by(season: Season, number: int, rep: User, at: datetime) -> None:
    offer = _offer_of(season, number)
    if offer is not None:
        season.play.do(accept, lead_id=offer.lead_id, handoff_id=offer.pk, actor=rep, at=at)


def _taken_on(season: Season, number: int, at: datetime) -> None:
    """Let whoever was offered a lead accept it."""
    offer = _offer_of(season, number)
    if offer is not None and offer.assignee is not None:
        _accepted_by(season, number, offer.assignee, at)


def _rejected(season: Season, number: int, at: datetime) -> None:
    """Let whoever was offered a lead of Maya's send it back."""
    offer = _offer_of(season, number)
    if offer is not None and offer.assignee is not None:
        reason = dice(SEED, "sent back", number).choice(("wrong_role", "no_contact_data", "recently_contacted"))
        season.play.do(reject, lead_id=offer.lead_id, reason=reason, handoff_id=offer.pk, actor=offer.assignee, at=at)
