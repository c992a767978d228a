"""A company in which Sam is offered every lead of Maya's campaign, and somebody goes on leave."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count

from leads import handoffs
from leads.intake.pipeline import take_in
from leads.models import Lead, PoolMember
from teams.models import Absence, User
from tests.cast import NOW
from tests.leads.intake_world import anna
from tests.leads.worlds import make_campaign
from tests.verbs.company import Company

AT = NOW + timedelta(minutes=5)
DAY = timedelta(days=1)

_numbers = count(1)


def sam_alone(company: Company) -> None:
    """Let Sam be offered every lead; Rita may claim."""
    PoolMember.objects.filter(user=company.rita).delete()
    make_campaign(company.maya)


def came(at: datetime = NOW) -> Lead:
    """Somebody of a firm of their own asks for a demo, and is offered to Sam."""
    number = next(_numbers)
    of_their_own = {"email": f"anna@firm{number}.example", "company": f"Firm {number}", "key": f"asks {number}"}
    (outcome,) = take_in([anna(phone="", campaign_code="spring", **of_their_own)], actor=None, at=at)
    return Lead.objects.get(pk=outcome.lead_id or 0)


def in_work(company: Company) -> Lead:
    lead = came()
    handoffs.accept(lead_id=lead.pk, actor=company.sam, at=NOW)
    return lead


def given_back(company: Company) -> Lead:
    lead = came()
    handoffs.reject(lead_id=lead.pk, reason="wrong_role", actor=company.sam, at=NOW)
    return lead


def leave(user: User, *, cover: User | None = None, days: float = 2) -> Absence:
    """Let somebody be away from ``AT`` on."""
    return Absence.objects.create(user=user, cover=cover, starts_at=AT, ends_at=AT + days * DAY)
