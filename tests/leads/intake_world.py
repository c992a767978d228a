"""A small company for the tests of the intake: personas, a signed agreement, routing to Sam, and arrivals of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from leads.intake.arrival import Arrival
from leads.qualifying import forget_judges
from leads.routing.defaults import activate_default_routing
from personas.defaults import create_default_personas, create_default_scoring
from sla.in_force import InForce
from teams.models import User
from tests.cast import SIGNED_AT, sign


@contextmanager
def defaults_in_force(mona: User, sue: User) -> Iterator[InForce]:
    """Have the default personas, scoring and agreement in force, and leave no judge behind that knows their ids."""
    forget_judges()
    create_default_personas(at=SIGNED_AT)
    create_default_scoring(at=SIGNED_AT)
    yield sign(mona, sue)
    forget_judges()


@pytest.fixture
def unrouted(db: None, maya: User, mona: User, sam: User, sue: User) -> Iterator[InForce]:
    """Maya, Mona, Sam and Sue with the default personas and agreement in force, before there is any routing."""
    with defaults_in_force(mona, sue) as in_force:
        yield in_force


@pytest.fixture
def world(db: None, maya: User, mona: User, sam: User, sue: User) -> Iterator[InForce]:
    """The same with the default routing in force."""
    with defaults_in_force(mona, sue) as in_force:
        activate_default_routing(at=SIGNED_AT)
        yield in_force


def anna(**fields: Any) -> Arrival:
    """Anna, who fits and asks for a demo: an MQL at once, with all that a handoff needs."""
    usual: dict[str, Any] = {
        "name": "Anna Arnold",
        "email": "anna@acme.example",
        "phone": "+49 30 901820",
        "company": "Acme GmbH",
        "role": "Operations",
        "seniority": "Director",
        "industry": "Manufacturing",
        "employee_count": 250,
        "country": "DE",
        "touch_kind": "demo_request",
        "source_raw": "paid search",
    }
    return Arrival(**{**usual, **fields})


def visitor(number: int, **fields: Any) -> Arrival:
    """Somebody of a firm of their own, of whom little is known."""
    return Arrival(**{"email": f"visitor{number}@firm{number}.example", "touch_kind": "page_view", **fields})
