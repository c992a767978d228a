"""Fixtures of the tests of leads."""

from tests.leads.completing_world import correct
from tests.leads.intake_world import world

__all__ = ["correct", "world"]
