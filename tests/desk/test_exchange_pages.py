"""Questions and disputes on the pages: steps, the card of a lead, what waits on each desk, the timeline; in a real browser too."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.handoffs import accept, reject
from leads.models import Dispute, Lead, Question
from teams.models import User
from tests.desk.conftest import Enter, Offer
from tests.desk.test_pages_in_browser import SHOTS
from tests.leads.exchange_world import asked, contested, offered_help, say
from tests.looking import axe_faults
from tests.looking import enter as open_browser

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead(offer: Offer, sam: User, at: datetime) -> Lead:
    """A lead in work with Sam."""
    handoff = offer()
    accept(lead_id=handoff.lead_id, actor=sam, at=at)
    return handoff.lead


@pytest.fixture
def rejected(offer: Offer, sam: User, at: datetime) -> Lead:
    handoff = offer("Noor Haddad")
    reject(lead_id=handoff.lead_id, reason="wrong_role", actor=sam, at=at)
    return handoff.lead


def step(lead: Lead, code: str) -> str:
    return f"/leads/{lead.pk}/{code}/"


def read(enter: Enter, user: User, path: str) -> str:
    response = enter(user).get(path)
    assert response.status_code == 200
    return response.content.decode()


def test_a_rep_asks_and_marketing_answers_on_plain_pages(enter: Enter, lead: Lead, maya: User, sam: User) -> None:
    assert "Ask marketing…" in read(enter, sam, f"/leads/{lead.pk}/")
    sent = enter(sam).post(step(lead, "ask"), {"text": "Which <b>plant</b>?"}, follow=True)
    question = Question.objects.get()

    assert "Asked. Marketing owes an answer." in sent.content.decode()
    desk = read(enter, maya, "/?desk=marketer")
    assert "Which &lt;b&gt;plant&lt;/b&gt;?" in desk
    assert f"{step(lead, 'answer')}?which={question.pk}" in desk
    form = read(enter, maya, f"{step(lead, 'answer')}?which={question.pk}")
    assert f'name="question_id" value="{question.pk}"' in form
    assert "Which &lt;b&gt;plant&lt;/b&gt;?" in form
    enter(maya).post(step(lead, "answer"), {"text": "Both.", "question_id": question.pk, "from": "desk"})
    question.refresh_from_db()
    assert (question.state, question.answer) == ("answered", "Both.")
    page = read(enter, sam, f"/leads/{lead.pk}/")
    assert page.count("Both.") == 2  # on the card and in the timeline
    assert "Nothing waits for you." in read(enter, maya, "/?desk=marketer")


def test_an_offer_of_help_stands_on_the_rep_s_desk(
    enter: Enter, lead: Lead, maya: User, sam: User, at: datetime
) -> None:
    assert "Offer help…" in read(enter, maya, f"/leads/{lead.pk}/")
    offered_help(lead, maya, at=at)

    desk = read(enter, sam, "/")

    assert "Maya offers help" in desk
    assert "Questions and disputes" in desk


def test_a_desk_of_a_rep_without_questions_has_no_section_for_them(enter: Enter, lead: Lead, sam: User) -> None:
    assert "Questions and disputes" not in read(enter, sam, "/")


def test_a_rejection_is_contested_and_decided_on_the_pages(
    enter: Enter, rejected: Lead, maya: User, mona: User, sue: User
) -> None:
    assert "Contest…" in read(enter, maya, f"/leads/{rejected.pk}/")
    enter(maya).post(step(rejected, "dispute"), {"reason": "They do decide."})
    dispute = Dispute.objects.get()
    for manager in (mona, sue):
        assert f"{step(rejected, 'decide')}?which={dispute.pk}" in read(enter, manager, "/")
        enter(manager).post(step(rejected, "decide"), {"word": "overturn", "dispute_id": dispute.pk})

    dispute.refresh_from_db()
    page = read(enter, maya, f"/leads/{rejected.pk}/")
    assert dispute.state == "overturned"
    assert "Contest…" not in page
    assert "They do decide." in page
    assert "It may go to sales again." in read(enter, maya, "/")


@pytest.mark.parametrize(("name", "there", "not_there"), [
    ("sam", {"ask", "dispute"}, {"offer-help", "decide", "answer"}), ("maya", {"offer-help"}, {"ask", "dispute", "decide"}),
    ("sue", {"ask", "dispute"}, {"offer-help", "decide"}), ("mona", {"offer-help"}, {"ask", "dispute", "decide"}),
])  # fmt: skip
def test_nobody_is_shown_a_button_that_answers_no(
    name: str, there: set[str], not_there: set[str], enter: Enter, lead: Lead, request: pytest.FixtureRequest
) -> None:
    page = read(enter, request.getfixturevalue(name), f"/leads/{lead.pk}/")

    shown = {code for code in there | not_there if f'id="step-{lead.pk}-{code}"' in page}
    assert shown == there


def test_what_is_refused_is_said_beside_its_field_and_what_was_typed_stays(
    enter: Enter, lead: Lead, sam: User, at: datetime
) -> None:
    asked(lead, sam, at=at)

    for text, status in (("", 422), ("x" * 2001, 422), ("a\x00b", 422)):
        response = enter(sam).post(step(lead, "ask"), {"text": text})
        assert response.status_code == status
    missing = enter(sam).post(step(lead, "answer"), {"text": "No.", "question_id": "987654321"})
    assert missing.status_code in (403, 422)
    assert "x" * 2001 in enter(sam).post(step(lead, "ask"), {"text": "x" * 2001}).content.decode()


def test_of_several_questions_one_has_to_be_chosen(
    enter: Enter, lead: Lead, maya: User, sam: User, at: datetime
) -> None:
    asked(lead, sam, "One?", at=at)
    asked(lead, sam, "Two?", at=at)

    response = enter(maya).post(step(lead, "answer"), {"text": "Yes."})

    assert response.status_code == 422
    assert 'id="id_question_id_error"' in response.content.decode()
    second = Question.objects.get(text="Two?")
    assert f'<option value="{second.pk}" selected>' in read(enter, maya, f"{step(lead, 'answer')}?which={second.pk}")


def test_queries_do_not_grow_with_what_waits(
    enter: Enter, offer: Offer, lead: Lead, maya: User, mona: User, sam: User, at: datetime
) -> None:
    client = enter(mona)

    def count(path: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        return len(queries)

    asked(lead, sam, at=at)
    contested(lead, sam, at=at)
    client.get("/")
    before = [count("/"), count(f"/leads/{lead.pk}/")]
    for number in range(4):
        asked(lead, sam, f"{number}?", at=at)
        other = offer(f"Person {number}").lead
        contested(other, sam, at=at)

    assert [count("/"), count(f"/leads/{lead.pk}/")] == before
    assert before[0] <= 30
    assert before[1] <= 60


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390)])
def test_axe_finds_nothing_where_it_is_asked_and_contested(
    page: Page, live_server: LiveServer, lead: Lead, rejected: Lead, maya: User, mona: User, sam: User, sue: User, at: datetime,
    scheme: str, width: int,
) -> None:  # fmt: skip
    first = asked(lead, sam, "Which plant is it about? They have two, and the forms name neither of them.", at=at)
    offered_help(lead, maya, at=at)
    dispute = contested(rejected, maya, at=at)
    say(dispute, mona, "overturn", at=at)
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    looked = {
        "sam": (sam, ["/", f"/leads/{lead.pk}/", step(lead, "ask"), step(lead, "answer"), step(lead, "dispute")]),
        "maya": (
            maya,
            ["/", f"/leads/{lead.pk}/", f"{step(lead, 'answer')}?which={first.pk}", step(lead, "offer-help")],
        ),
        "sue": (sue, ["/", f"/leads/{rejected.pk}/", step(rejected, "decide")]),
    }
    SHOTS.mkdir(parents=True, exist_ok=True)

    faults = []
    for name, (user, paths) in looked.items():
        open_browser(page, live_server, user, width)
        for number, path in enumerate(paths):
            page.goto(live_server.url + path)
            page.screenshot(path=SHOTS / f"exchange-{name}-{number}-{scheme}-{width}.png", full_page=True)
            faults += [f"{name} {path} {fault}" for fault in axe_faults(page)]
            if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
                faults.append(f"{name} {path} is wider than {width} pixels")

    assert faults == []
