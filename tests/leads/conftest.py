"""Fixtures of the tests of leads."""

import pytest

from leads.models import Handoff
from sla.in_force import InForce
from teams.models import User
from tests.cast import clock_start, offer_to, start_clocks
from tests.leads.completing_world import correct
from tests.leads.intake_world import unrouted, world

__all__ = ["correct", "offered", "unrouted", "world"]


@pytest.fixture
def offered(agreement: InForce, sam: User) -> Handoff:
    """A hot lead offered to Sam on Monday at 10:00, its accept clock due at 10:15."""
    handoff = offer_to(sam, agreement)
    start_clocks(clock_start(agreement, "accept", user=sam, handoff_id=handoff.pk))
    return handoff
