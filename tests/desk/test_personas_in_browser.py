"""The pages of personas in a real browser: a marketer writes, sales validates; axe finds nothing, and nothing is too wide."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from leads.voices import propose_change, quote_customer
from personas.defaults import create_default_personas
from personas.models import Persona
from personas.validating import validate_persona
from personas.writing import edit_persona
from sla.in_force import InForce
from teams.models import User
from tests.cast import SIGNED_AT
from tests.desk.conftest import Offer
from tests.looking import axe_faults, enter

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CODE = "operations-olivia"
PATH = f"/personas/{CODE}/"
PATHS = [
    "/personas/", "/personas/new/", PATH, f"{PATH}edit/", f"{PATH}versions/", f"{PATH}versions/1/", f"{PATH}compare/", f"{PATH}quotes/",
    f"{PATH}proposals/{{proposal}}/", "/personas/proposals/", "/leads/{lead}/", "/leads/{lead}/quote/", "/leads/{lead}/propose/",
]  # fmt: skip


@pytest.fixture
def olivia(mona: User, sue: User, agreement: InForce, at: datetime) -> Persona:
    """Two versions; of the second one side is convinced."""
    create_default_personas(at=SIGNED_AT)
    persona = Persona.objects.get(code=CODE)
    portrait = replace(persona.newest.portrait, industry="Shipping", avatar="")
    edit_persona(actor=sue, at=at, code=CODE, portrait=portrait)
    validate_persona(actor=mona, at=at, code=CODE, number=2)
    return persona


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390)])
def test_axe_finds_nothing_and_nothing_is_too_wide(
    page: Page, live_server: LiveServer, olivia: Persona, offer: Offer, maya: User, sam: User, at: datetime,
    scheme: str, width: int,
) -> None:  # fmt: skip
    lead = offer().lead
    said: dict[str, Any] = {
        "lead_id": lead.pk,
        "persona": CODE,
        "text": "We count pallets by hand.",
        "actor": sam,
        "at": at,
    }
    quote_customer(**said)
    named = {"lead": lead.pk, "proposal": propose_change(**said)}
    enter(page, live_server, maya, width)
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    faults = []

    for path in (each.format(**named) for each in PATHS):
        page.goto(live_server.url + path)
        faults += [f"{path} {fault}" for fault in axe_faults(page)]
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            faults.append(f"{path} is too wide")

    assert not faults, "\n".join(faults)


def test_a_marketer_writes_and_a_rep_validates(
    page: Page, live_server: LiveServer, olivia: Persona, maya: User, sam: User
) -> None:
    enter(page, live_server, maya)
    page.goto(f"{live_server.url}{PATH}edit/")
    page.check("[name=avatar][value=plum]")
    page.click("button:has-text('Add a criterion')")
    assert page.is_checked("[name=avatar][value=plum]")
    page.fill("[name='0-points']", "25")
    page.select_option("[name='4-field']", "country")
    page.fill("[name='4-value']", "DE, AT")
    page.fill("[name='4-points']", "5")
    page.press("[name='4-points']", "Enter")  # saves, and takes no line away
    page.wait_for_selector("text=Saved as version 3")
    page.click("button:has-text('validate for marketing')")
    page.wait_for_selector("text=You stand by version 3")

    enter(page, live_server, sam)
    page.goto(live_server.url + PATH)
    assert page.locator("main >> text=Edit").count() == 0
    page.click("button:has-text('validate for sales')")

    page.wait_for_selector("text=A draft of the agreement that begins now takes version 3")
    assert olivia.newest.criteria[4] == {"field": "country", "op": "in", "value": ["DE", "AT"], "points": 5}
