"""What the tests of the pages share: a company that routes, and browsers of the cast."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client

from campaigns.models import Campaign
from leads.models import Handoff
from ledger.instants import edge_now
from personas.defaults import create_default_personas
from sla.agreements import draft_from_template, propose
from sla.in_force import InForce
from sla.models import AgreementVersion
from teams.models import Team, User
from tests.leads.worlds import go_round, make_campaign, offered, ready_lead

Enter = Callable[[User], Client]
Offer = Callable[..., Handoff]


@pytest.fixture
def enter(db: None) -> Enter:
    """Log a person in, and give their browser."""

    def logged_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return logged_in


@pytest.fixture
def at(db: None) -> datetime:
    """The present, as the pages read it."""
    return edge_now()


@pytest.fixture
def campaign(maya: User) -> Campaign:
    return make_campaign(maya, "spring-webinar")


@pytest.fixture
def offer(agreement: InForce, sales: Team, sam: User, maya: User, campaign: Campaign, at: datetime) -> Offer:
    """Hand leads off to Sam, who is the only rep: each call makes one."""
    go_round(sales)

    def make(name: str = "Ines Carvalho") -> Handoff:
        lead = ready_lead(campaign=campaign, captured_at=at, last_touch_at=at, mql_at=at, marketer=maya)
        lead.contact.name = name
        lead.contact.save()
        return offered(lead, maya, at=at)

    return make


@pytest.fixture
def draft(agreement: InForce, mona: User, at: datetime) -> AgreementVersion:
    """Version 2, a draft of marketing's."""
    create_default_personas(at=at)
    return draft_from_template(actor=mona, at=at)


@pytest.fixture
def proposal(draft: AgreementVersion, mona: User, at: datetime) -> AgreementVersion:
    return propose(actor=mona, version=draft, at=at)
