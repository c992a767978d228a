"""The page of a backtest: everything stands in the address, the figures are those of the replay, and nothing is written."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from desk.queries import backtest as queries
from leads.backtest import asked
from leads.models import Lead
from personas.defaults import create_default_personas, create_default_scoring
from sla.agreements import draft_from_template
from sla.in_force import InForce
from sla.models import AgreementVersion
from teams.models import User
from tests.cast import make_lead
from tests.desk.conftest import Enter

PATH = "/agreement/2/backtest/"


@pytest.fixture
def leads(agreement: InForce, at: datetime) -> list[Lead]:
    """Three leads of yesterday of whom nothing is known, so that only a rule about nothing makes them MQLs."""
    yesterday = at - timedelta(days=1)
    return [
        make_lead(stage="lead", mql_at=None, captured_at=yesterday + timedelta(minutes=place), tier="")
        for place in range(3)
    ]


@pytest.fixture
def easy(draft: AgreementVersion) -> AgreementVersion:
    """Version 2, by which every lead is an MQL."""
    draft.terms = {**draft.terms, "mql_rule": {"all": []}}
    draft.save()
    return draft


@pytest.fixture
def browser(enter: Enter, mona: User) -> Client:
    return enter(mona)


def text_of(response: object) -> str:
    content: bytes = response.content  # type: ignore[attr-defined]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", content.decode()))


@pytest.mark.usefixtures("easy")
def test_it_says_who_would_enter_and_writes_nothing(browser: Client, leads: list[Lead]) -> None:
    browser.get(PATH)

    with CaptureQueriesContext(connection) as made:
        response = browser.get(PATH)

    said = text_of(response)
    assert response.status_code == 200
    assert "By version 2 3 of these leads would be MQLs, by version 1 0 : 3 enter, 0 leave, 0 stay." in said
    assert all(f'href="/leads/{lead.pk}/"' in response.content.decode() for lead in leads)
    assert "Never with sales" in said
    assert not [one["sql"] for one in made.captured_queries if one["sql"].split()[0] in ("INSERT", "UPDATE", "DELETE")]


@pytest.mark.usefixtures("easy")
def test_the_leads_are_paged_and_the_other_list_is_a_link(
    browser: Client, leads: list[Lead], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "PAGE", 2)
    seen: list[int] = []
    address: str | None = PATH
    while address:
        page = browser.get(address).content.decode()
        seen += [int(pk) for pk in re.findall(r'<th scope="row"><a href="/leads/(\d+)/"', page)]
        following = re.search(r'rel="next" href="\?([^"]+)"', page)
        address = f"{PATH}?{following[1].replace('&amp;', '&')}" if following else None

    assert seen == [lead.pk for lead in reversed(leads)]
    assert "No lead leaves." in text_of(browser.get(PATH, {"of": "leaving"}))


@pytest.mark.usefixtures("easy", "leads")
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"from": "soon"}, "from-error"),
        ({"last": "2020-01-01", "from": "2020-02-01"}, "last-error"),
        ({"against": "77"}, "against-error"),
        ({"of": "staying"}, "there is no other list"),
        ({"after": "x"}, "whole number"),
        ({"from": "\x00<b>"}, "from-error"),
    ],
)
def test_what_makes_no_sense_is_said_beside_its_field_and_stays_typed(
    browser: Client, given: dict[str, str], said: str
) -> None:
    response = browser.get(PATH, given)

    assert response.status_code == 422
    assert said in response.content.decode()
    typed = next(iter(given.values()))
    assert "from" not in given or "\x00" in typed or f'value="{typed}"' in response.content.decode()


def test_without_a_version_in_force_one_has_to_be_chosen(enter: Enter, mona: User, sue: User, at: datetime) -> None:
    create_default_personas(at=at)
    create_default_scoring(at=at)
    version = draft_from_template(actor=mona, at=at)
    make_lead(captured_at=at)
    path = f"/agreement/{version.number}/backtest/"

    asked_for, chosen = enter(mona).get(path), enter(mona).get(path, {"against": version.number})

    assert asked_for.status_code == 422
    assert "Choose the one to compare with" in text_of(asked_for)
    assert "1 lead looked at" in text_of(chosen)
    assert "By version 1, replayed, 0 of these leads would be MQLs; 1 was." in text_of(chosen)


@pytest.mark.usefixtures("leads")
def test_a_draft_of_the_other_side_is_not_there(enter: Enter, sue: User, draft: AgreementVersion) -> None:
    assert enter(sue).get(PATH).status_code == 404
    assert enter(sue).get("/agreement/1/backtest/", {"against": "2"}).status_code == 422
    assert enter(sue).get("/agreement/1/backtest/").status_code == 200


@pytest.mark.usefixtures("easy", "leads")
def test_many_leads_wait_for_the_worker_and_the_page_looks_again(
    browser: Client, monkeypatch: pytest.MonkeyPatch, at: datetime
) -> None:
    rung: list[str] = []
    monkeypatch.setattr(asked, "AT_ONCE", 2)
    monkeypatch.setattr("leads.answers.ring", lambda task, question: rung.append(question))

    waiting = browser.get(PATH)
    asked.reckon(rung[0], at=at)
    answered = browser.get(PATH)

    assert 'hx-trigger="every 1s"' in waiting.content.decode()
    assert "3 leads are gone through one by one" in text_of(waiting)
    assert "3 enter" in text_of(answered)
    assert len(rung) == 1
