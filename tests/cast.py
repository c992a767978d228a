"""The cast, for every test that needs people: Maya (marketer), Mona (marketing manager), Sam (rep), Sue (sales manager), Olive (outsider).

Fixtures are plain rows; functions make more of them. Instants are passed, never read: ``NOW`` is a Monday at 10:00 UTC, an hour into the
office hours that both teams keep (Monday to Friday, 09:00 to 17:00 UTC).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from leads.clocks import ClockStart, start
from leads.models import Contact, Handoff, Lead
from leads.record import Record
from sla.agreements import sign_default_agreement
from sla.calendars import set_calendar
from sla.hours import Hours
from sla.in_force import InForce, agreement_in_force
from teams.models import Membership, Team, User

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
SIGNED_AT = NOW - timedelta(days=60)
OFFICE = {"zone": "UTC", "week": {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}}

_numbers = count(1)


def person(name: str, team: Team | None = None, *, is_manager: bool = False, **fields: Any) -> User:
    """Make a user with an unusable password, in ``team``."""
    user = User(email=f"{name.lower()}@smarketing.example", name=name, **fields)
    user.set_unusable_password()
    user.save()
    if team is not None:
        Membership.objects.create(user=user, team=team, is_manager=is_manager)
    return user


def office(name: str, side: str) -> Team:
    """Make a team that keeps office hours."""
    team = Team.objects.create(name=name, side=side)
    set_calendar(actor=None, name=f"{name} hours", hours=OFFICE, at=SIGNED_AT, team=team)
    return team


def sign(mona: User, sue: User) -> InForce:
    """Sign the default agreement, in force from ``SIGNED_AT``."""
    sign_default_agreement(marketing_manager=mona, sales_manager=sue, at=SIGNED_AT)
    return agreement_in_force(SIGNED_AT)


def make_lead(**fields: Any) -> Lead:
    """Make a lead of a contact of its own: an MQL that nobody has yet, unless ``fields`` say otherwise."""
    number = next(_numbers)
    contact = Contact.objects.create(
        name=f"Contact {number}",
        email=f"contact{number}@customer.example",
        email_key=f"contact{number}@customer.example",
        created_at=NOW,
    )
    usual: dict[str, Any] = {"stage": "mql", "captured_at": NOW, "mql_at": NOW, "last_touch_at": NOW, "tier": "hot"}
    return Lead.objects.create(contact=contact, **{**usual, **fields})


def offer_to(rep: User | None, agreement: InForce, *, tier: str = "hot", at: datetime = NOW, **fields: Any) -> Handoff:
    """Make an MQL with an open handoff, offered to ``rep`` or to nobody yet; no clock is started."""
    lead = make_lead(tier=tier, handoff_count=1, **fields)
    return Handoff.objects.create(
        lead=lead, ordinal=1, version_id=agreement.version_id, tier=tier, offered_at=at, assignee=rep,
        assigned_at=at if rep else None,
    )  # fmt: skip


def clock_start(
    agreement: InForce, promise: str, *, tier: str = "hot", arrived_at: datetime = NOW, user: User | None = None,
    team: Team | None = None, **subject: Any,
) -> ClockStart:  # fmt: skip
    """Say which clock to start; ``subject`` is ``handoff_id`` or ``lead_id``."""
    hours = Hours.load([user.pk] if user else [], [team.pk] if team else [])
    version_id, calendar = hours.of_person(user.pk) if user else hours.of_team(team.pk if team else 0)
    return ClockStart(
        promise=promise, tier=tier, version_id=agreement.version_id, terms=agreement.terms,
        calendar_version_id=version_id, calendar=calendar, arrived_at=arrived_at, user_id=user.pk if user else None,
        team_id=team.pk if team else None, **subject,
    )  # fmt: skip


def start_clocks(*starts: ClockStart, at: datetime = NOW) -> None:
    """Start clocks as a verb would, with their steps and the audit entry."""
    record = Record(verb="test", actor_id=None, at=at)
    start(record, starts, at)
    record.write("test", [])


@pytest.fixture
def marketing(db: None) -> Team:
    return office("Marketing", "marketing")


@pytest.fixture
def sales(db: None) -> Team:
    return office("Sales", "sales")


@pytest.fixture
def maya(marketing: Team) -> User:
    return person("Maya", marketing)


@pytest.fixture
def mona(marketing: Team) -> User:
    return person("Mona", marketing, is_manager=True)


@pytest.fixture
def sam(sales: Team) -> User:
    return person("Sam", sales)


@pytest.fixture
def sue(sales: Team) -> User:
    return person("Sue", sales, is_manager=True)


@pytest.fixture
def olive(db: None) -> User:
    return person("Olive")


@pytest.fixture
def agreement(mona: User, sue: User) -> InForce:
    """The default agreement, signed by Mona and Sue."""
    return sign(mona, sue)
