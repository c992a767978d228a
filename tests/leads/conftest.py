"""Fixtures of the tests of leads."""

from tests.leads.intake_world import world

__all__ = ["world"]
