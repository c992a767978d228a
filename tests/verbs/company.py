"""A whole company for the tests that try every verb: its people, its agreement, and leads at any stage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import pytest

from leads import handoffs
from leads.models import Lead
from leads.qualifying import forget_judges
from personas.defaults import create_default_personas, create_default_scoring
from teams.models import Team, User
from tests.cast import NOW, SIGNED_AT, person, sign
from tests.leads.worlds import bring_to, go_round, make_campaign, ready_lead


@dataclass(frozen=True)
class Company:
    """Sam and Rita take turns, Sue leads them; Maya and Mona are marketing; Ada administers."""

    maya: User
    mona: User
    sam: User
    rita: User
    sue: User
    ada: User
    marketing: Team
    sales: Team

    def lead(self, stage: str, *, at: datetime = NOW) -> Lead:
        """Give a lead of a campaign of Maya's at ``stage``, which came there through Sam."""
        campaign = make_campaign(self.maya, f"spring{Lead.objects.count()}")
        return bring_to(stage, ready_lead(campaign=campaign), maya=self.maya, sam=self.sam, at=at)

    def waiting(self) -> Lead:
        """Give a lead that waits in the queue of sales: nobody had room for it."""
        lead = self.lead("mql")
        handoffs.reroute(lead_id=lead.pk, actor=self.sam, at=NOW)
        handoffs.reroute(lead_id=lead.pk, actor=self.rita, at=NOW)
        lead.refresh_from_db()
        assert lead.queue == self.sales
        return lead


@pytest.fixture
def founders(maya: User, mona: User, sam: User, sue: User, marketing: Team, sales: Team) -> Iterator[Company]:
    """The people alone: nothing is agreed upon, nobody is given leads."""
    forget_judges()
    rita, ada = person("Rita", sales), person("Ada", is_administrator=True)
    yield Company(maya, mona, sam, rita, sue, ada, marketing, sales)
    forget_judges()


@pytest.fixture
def company(founders: Company) -> Company:
    """The default personas, agreement and routing are in force."""
    create_default_personas(at=SIGNED_AT)
    create_default_scoring(at=SIGNED_AT)
    sign(founders.mona, founders.sue)
    go_round(founders.sales)
    return founders
