"""The company of a storm: it never closes, and promises in seconds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from replay.company import WEEK, Company, set_up
from sla.agreements import draft_from_template, propose, sign
from sla.default_terms import default_document
from sla.terms import TIERS
from teams.availability import MOST_OPEN
from teams.models import User
from teams.roles import Side

ALWAYS: Mapping[str, Any] = {"zone": "UTC", "week": {day: [["00:00", "24:00"]] for day in WEEK}}
REPS = 5
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
HALF = [50]
SHORT = 6
MIDDLE = 12
LONG = 25
SECONDS = {
    "assign": SHORT,
    "accept": SHORT,
    "first_attempt": SHORT,
    "respond": SHORT,
    "triage": MIDDLE,
    "complete": MIDDLE,
    "returned": MIDDLE,
    "quick_rating": MIDDLE,
    "full_feedback": MIDDLE,
    "answer_question": MIDDLE,
    "answer_offer": MIDDLE,
    "decide_dispute": MIDDLE,
    "cadence": LONG,
    "verdict": LONG,
}
"""How many seconds a promise gives to a hot lead; each tier after it has a third more."""


def found(at: datetime) -> Company:
    """Found it a day before ``at``, and let it agree on promises of seconds an hour before: whatever comes now is due soon."""
    company = set_up(at=at - DAY, reps_per_team=REPS, hours=ALWAYS, capacity=MOST_OPEN)
    _hurry(company, at - HOUR)
    known = {user.pk: user for user in User.objects.with_teams()}
    company.people |= {name: known[user.pk] for name, user in company.people.items()}
    company.reps |= {team: [known[rep.pk] for rep in reps] for team, reps in company.reps.items()}
    return company


def _hurry(company: Company, at: datetime) -> None:
    """Sign a second version, the template with other times."""
    mona, sue = company.people["mona"], company.people["sue"]
    document = default_document()
    for promise in document["promises"]:
        if promise["code"] in SECONDS:
            least = SECONDS[promise["code"]]
            promise["within"] = {tier: {"seconds": least + place * least // 3} for place, tier in enumerate(TIERS)}
            promise["warn_percents"] = dict.fromkeys(TIERS, HALF)
    version = propose(actor=mona, version=draft_from_template(actor=mona, at=at, document=document), at=at)
    for side, manager in ((Side.MARKETING, mona), (Side.SALES, sue)):
        version = sign(actor=manager, version=version, side=side, terms_hash=version.terms_hash, at=at)
