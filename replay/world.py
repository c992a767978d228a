"""Whoever comes to us, and when: a seeded stream of arrivals with the shape of a real funnel. Pure.

Source shares are those of the published Olist funnel; weekdays and hours follow the usual working week, with some at night and at
weekends. Among them are people who come again, colleagues of one firm, rows with gaps, junk and rows that are sent twice.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from leads.intake.arrival import Arrival
from replay import names

SOURCES = {
    "organic_search": 2296, "paid_search": 1586, "social": 1350, "unknown": 400, "direct_traffic": 499, "email": 493,
    "referral": 284, "other": 150, "display": 118, "": 60,
}  # fmt: skip
"""Raw words and how often they stand in the Olist file; *unknown* less often, or a seventh of all leads would stay incomplete."""

WEEKDAYS = (1.15, 1.25, 1.2, 1.1, 0.95, 0.35, 0.4)
HOURS = (1, 1, 0.5, 0.5, 0.5, 1, 2, 5, 10, 14, 15, 13, 9, 12, 14, 13, 11, 8, 6, 5, 5, 4, 3, 2)
FIRST_TOUCHES = {
    "demo_request": 16, "contact_request": 14, "content_download": 26, "webinar_attended": 12, "webinar_registered": 8,
    "form": 14, "inbound_call": 6, "event_visit": 4,
}  # fmt: skip
LATER_TOUCHES = {
    "pricing_view": 30, "webinar_attended": 25, "content_download": 20, "email_click": 15, "demo_request": 18, "inbound_call": 8,
}  # fmt: skip
HAND_RAISE_BONUS = 0.1
ROLE_SHARES = {
    "operations": 24,
    "logistics": 14,
    "production": 10,
    "finance": 20,
    "controlling": 10,
    "marketing": 16,
    "student": 6,
}

SHARE_COLLEAGUES = 0.15
SHARE_COMING_AGAIN = 0.45
SHARE_SENT_TWICE = 0.02
SHARE_JUNK = 0.03
SHARE_BY_FILE = 0.07
SHARE_BY_FORM = 0.3

FORM, PROGRAM, FILE = "form", "program", "file"

MEMBERS = {
    ("one-figure", "webinar_registered"): "registered", ("one-figure", "webinar_attended"): "attended",
    ("steady-deliveries", "content_download"): "downloaded", ("logistics-fair", "event_visit"): "visited",
    ("monthly-letter", "email_click"): "clicked",
}  # fmt: skip
"""Member statuses by the code of a campaign of the demo company and the kind of a touch."""


@dataclass(frozen=True, slots=True)
class Planned:
    """An arrival to come. ``number`` names the person; ``worth`` (0 to 1) is what the lead will turn out to be, unseen by the program."""

    at: datetime
    number: int
    arrival: Arrival
    way: str
    worth: float


@dataclass(frozen=True, slots=True)
class Firm:
    """A firm that people come from."""

    name: str
    domain: str
    industry: str
    employees: int
    country: str


def dice(*seed: object) -> random.Random:
    """Give a generator of its own for each thing to be decided, so that no decision shifts another."""
    return random.Random(":".join(map(str, seed)))  # noqa: S311 - a replay, not a secret


def arrivals(
    *, seed: int, starts_on: date, weeks: int, per_week: float, campaigns: Sequence[str] = ()
) -> Iterator[Planned]:
    """Give the arrivals of ``weeks`` weeks, in no particular order; ``per_week`` counts people, who may come more than once."""
    firms: list[Firm] = []
    number = 0
    for offset in range(weeks * 7):
        day = starts_on + timedelta(days=offset)
        chance = dice(seed, "day", offset)
        mean = per_week * WEEKDAYS[day.weekday()] / sum(WEEKDAYS)
        for _ in range(_poisson(chance, mean)):
            number += 1
            yield from visits(
                seed=seed, number=number, at=moment(chance, day), firm=firm(seed, number, firms), campaigns=campaigns
            )


def visits(*, seed: int, number: int, at: datetime, firm: Firm, campaigns: Sequence[str] = ()) -> Iterator[Planned]:
    """Give one person's first contact, and whatever follows from them."""
    chance = dice(seed, "person", number)
    worth = chance.betavariate(2, 2)
    if chance.random() < SHARE_JUNK:
        yield Planned(at, number, junk(chance, number), PROGRAM, 0.0)
        return
    first = _with_gaps(chance, person(chance, number, firm, campaigns))
    first = _as_member(replace(first, touch_kind=_pick(chance, FIRST_TOUCHES), key=f"visit-{seed}-{number}-0"))
    if first.touch_kind in ("demo_request", "contact_request"):
        worth = min(1.0, worth + HAND_RAISE_BONUS)
    way = _way(chance, first)
    yield Planned(at, number, first, way, worth)
    if chance.random() < SHARE_SENT_TWICE:
        yield Planned(at + timedelta(seconds=chance.randint(2, 90)), number, first, PROGRAM, worth)
    visit = 0
    while chance.random() < SHARE_COMING_AGAIN:
        visit += 1
        at += timedelta(hours=chance.uniform(2, 140))
        again = replace(
            first, touch_kind=_pick(chance, LATER_TOUCHES), key=f"visit-{seed}-{number}-{visit}",
            note="", campaign_code=_campaign(chance, campaigns),
        )  # fmt: skip
        yield Planned(at, number, _as_member(again), PROGRAM, worth)


def person(chance: random.Random, number: int, firm: Firm, campaigns: Sequence[str]) -> Arrival:
    """Make up somebody who works at ``firm``."""
    first, last = chance.choice(names.FIRST_NAMES), chance.choice(names.LAST_NAMES)
    role = _pick(chance, ROLE_SHARES)
    title = chance.choice(names.ROLES[role])
    seniority = next(level for word, level in names.SENIORITIES.items() if word in title)
    return Arrival(
        name=f"{first} {last}",
        email=f"{first}.{last}{number}@{firm.domain}".lower(),
        phone=f"{names.PREFIXES[firm.country]}{number:07d}" if chance.random() < 0.5 else "",
        company=f"{firm.name} {names.LEGAL_FORMS[firm.country]}".strip(),
        job_title=title,
        role=role,
        seniority=seniority,
        country=firm.country,
        industry=firm.industry,
        employee_count=firm.employees,
        source_raw=_pick(chance, SOURCES),
        campaign_code=_campaign(chance, campaigns),
        note=chance.choice(names.NOTES),
        lawful_basis="consent",
    )


def junk(chance: random.Random, number: int) -> Arrival:
    """Make up what a bot or a slip of the finger sends."""
    return chance.choice(
        (
            Arrival(name="asdf asdf", email=f"asdf{number}@", source_raw="direct"),
            Arrival(name="https://win.example/now", email=f"bot{number}@spam.example"),
            Arrival(name="Test Test", company="Test"),
            Arrival(name="", phone="12", country="DE"),
            Arrival(name="Nobody", email=f"nobody{number}@nowhere.example", employee_count="many"),
        )
    )


def firm(seed: int, number: int, known: list[Firm]) -> Firm:
    """Give the firm of person ``number``: a new one, or one of those ``known`` already."""
    chance = dice(seed, "firm", number)
    if known and chance.random() < SHARE_COLLEAGUES:
        return chance.choice(known[-200:])
    industry = chance.choice(tuple(names.FIRM_SECOND))
    name = f"{chance.choice(names.FIRM_FIRST)} {chance.choice(names.FIRM_SECOND[industry])}"
    country = chance.choice(names.EUROPE if chance.random() < 0.65 else names.AMERICAS)
    employees = round(math.exp(chance.gauss(5.2, 1.3))) + 3
    found = Firm(name, f"{name.lower().replace(' ', '-')}-{number}.example", industry, employees, country)
    known.append(found)
    return found


def moment(chance: random.Random, day: date) -> datetime:
    """Give an instant of a local working day; arrivals are spread over the hours as people are awake."""
    hour = chance.choices(range(24), HOURS)[0]
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hour, seconds=chance.randrange(3600))


def _with_gaps(chance: random.Random, arrival: Arrival) -> Arrival:
    """Leave out what people leave out: a third of all rows lacks something."""
    gaps: dict[str, object] = {}
    for share, name in ((0.08, "company"), (0.1, "country"), (0.12, "employee_count"), (0.08, "role"), (0.03, "name")):
        if chance.random() < share:
            gaps[name] = ""
    if "company" in gaps:
        gaps |= {"employee_count": "", "industry": ""}
    if arrival.phone and chance.random() < 0.05:
        gaps |= {"email": ""}
    return replace(arrival, **gaps)  # type: ignore[arg-type]


def _way(chance: random.Random, arrival: Arrival) -> str:
    if arrival.touch_kind == "demo_request" and arrival.email and chance.random() < SHARE_BY_FORM:
        return FORM
    return FILE if chance.random() < SHARE_BY_FILE else PROGRAM


def _as_member(arrival: Arrival) -> Arrival:
    """Say what they are in the campaign, where what they did tells it."""
    return replace(arrival, member_status=MEMBERS.get((arrival.campaign_code, arrival.touch_kind), ""))


def _campaign(chance: random.Random, campaigns: Sequence[str]) -> str:
    return chance.choice(campaigns) if campaigns and chance.random() < 0.7 else ""


def _pick(chance: random.Random, shares: dict[str, int]) -> str:
    return chance.choices(tuple(shares), tuple(shares.values()))[0]


def _poisson(chance: random.Random, mean: float) -> int:
    """Draw a count with this mean (Knuth); the mean is a day's arrivals, so the loop is short."""
    limit, product, count = math.exp(-mean), chance.random(), 0
    while product > limit:
        product *= chance.random()
        count += 1
    return count
