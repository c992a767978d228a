"""From the page of a lead to the page of a persona: quotes, proposals, and what becomes of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from desk.queries import voices
from leads.models import Lead, PersonaProposal, Quote
from leads.voices import close_proposal, propose_change, quote_customer
from personas.defaults import create_default_personas
from sla.in_force import InForce
from teams.models import User
from teams.roles import PERMISSIONS
from tests.cast import SIGNED_AT
from tests.desk.conftest import Enter, Offer

CODE = "operations-olivia"
PATH = f"/personas/{CODE}/"
SAID = "We count pallets by hand <b>every</b> Friday."


@pytest.fixture
def lead(offer: Offer, agreement: InForce) -> Lead:
    create_default_personas(at=SIGNED_AT)
    return offer("Ines Carvalho").lead


@pytest.fixture
def proposal(lead: Lead, sam: User, at: datetime) -> str:
    pk = propose_change(lead_id=lead.pk, persona=CODE, text="Ports belong here.", actor=sam, at=at)
    return f"{PATH}proposals/{pk}/"


def test_a_rep_quotes_a_customer_and_both_pages_show_it(enter: Enter, sam: User, lead: Lead) -> None:
    browser = enter(sam)
    form = browser.get(f"/leads/{lead.pk}/quote/").context["form"]

    typed = {"key": str(form["key"].value()), "persona": CODE, "text": SAID}
    response = browser.post(f"/leads/{lead.pk}/quote/", typed)
    browser.post(f"/leads/{lead.pk}/quote/", typed)

    assert response["Location"] == f"/leads/{lead.pk}/"
    assert Quote.objects.count() == 1
    for path in (f"/leads/{lead.pk}/", PATH, f"{PATH}quotes/"):
        page = browser.get(path).content.decode()
        assert "We count pallets by hand &lt;b&gt;every&lt;/b&gt; Friday." in page
        assert "noted by Sam" in page
        assert "Take away for good" in page
    assert "Ines Carvalho" in browser.get(PATH).content.decode()
    assert "Customer quoted" in browser.get(f"/leads/{lead.pk}/").content.decode()


def test_other_words_in_a_form_that_was_sent_are_kept_and_can_be_sent(enter: Enter, sam: User, lead: Lead) -> None:
    browser, path = enter(sam), f"/leads/{lead.pk}/quote/"
    typed = {"key": str(browser.get(path).context["form"]["key"].value()), "persona": CODE, "text": SAID}
    browser.post(path, typed)

    refused = browser.post(path, {**typed, "text": "Fridays are lost."})

    assert refused.status_code == 409
    assert "Fridays are lost." in refused.content.decode()
    again = {field.html_name: str(field.value()) for field in refused.context["form"]}
    assert browser.post(path, again).status_code == 302
    assert list(Quote.objects.order_by("pk").values_list("text", flat=True)) == [SAID, "Fridays are lost."]


@pytest.mark.parametrize("what", ["quote", "propose"])
@pytest.mark.parametrize(
    ("typed", "field"),
    [({"persona": CODE, "text": ""}, "text"), ({"persona": "nobody", "text": SAID}, "persona"), ({"text": SAID, "key": "x", "persona": CODE}, "key")],
)  # fmt: skip
def test_what_cannot_be_is_said_beside_its_field(
    enter: Enter, sam: User, lead: Lead, what: str, typed: dict[str, str], field: str
) -> None:
    response = enter(sam).post(f"/leads/{lead.pk}/{what}/", typed)

    assert response.status_code == 422
    assert response.context["form"].errors.keys() == {field}
    assert typed["text"] in response.content.decode().replace("&lt;", "<").replace("&gt;", ">")


def test_the_form_offers_the_persona_that_the_lead_matches(enter: Enter, sam: User, lead: Lead) -> None:
    version = create_default_personas(at=SIGNED_AT)[1]
    Lead.objects.filter(pk=lead.pk).update(persona=version, fit=50)

    form = enter(sam).get(f"/leads/{lead.pk}/propose/").context["form"]

    assert form["persona"].value() == "finance-frank"
    assert [code for code, _ in form.fields["persona"].choices] == ["", "finance-frank", CODE, "student-stan"]


def test_a_quote_is_taken_away(enter: Enter, sam: User, sue: User, maya: User, lead: Lead, at: datetime) -> None:
    pk = quote_customer(lead_id=lead.pk, persona=CODE, text=SAID, actor=sam, at=at)

    response = enter(maya).post(f"/quotes/{pk}/remove/", follow=True)

    assert "The quote is gone." in response.content.decode()
    assert "pallets" not in enter(sam).get(PATH).content.decode()


def test_quotes_come_in_pages(
    enter: Enter, sam: User, lead: Lead, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(7):
        quote_customer(lead_id=lead.pk, persona=CODE, text=f"Word {number}", actor=sam, at=at)
    monkeypatch.setattr(voices, "PAGE", 4)
    browser = enter(sam)

    shown = browser.get(PATH).context["voices"]
    first = browser.get(f"{PATH}quotes/").context["page"]
    second = browser.get(f"{PATH}quotes/?before={first.older}").context["page"]

    assert ([said.quote.text for said in shown.quotes], shown.has_more) == (
        [f"Word {n}" for n in (6, 5, 4, 3, 2)],
        True,
    )
    assert [said.quote.text for said in [*first.quotes, *second.quotes]] == [f"Word {n}" for n in range(6, -1, -1)]
    assert second.older is None


def test_a_proposal_waits_on_the_persona_and_is_taken_up(
    enter: Enter, sam: User, maya: User, lead: Lead, proposal: str
) -> None:
    assert "Ports belong here." in enter(sam).get(PATH).content.decode()
    assert "Answer" not in enter(sam).get(proposal).content.decode()

    response = enter(maya).post(proposal, {"decision": "take", "words": "Good point."})

    assert response["Location"] == f"{PATH}edit/"
    page = enter(sam).get(proposal).content.decode()
    assert "Taken up</b> by Maya" in page
    assert "Good point." in page
    assert "Your proposal for a persona was taken up" in enter(sam).get("/notifications/").content.decode()


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"words": "No."}, "decision"),
        ({"decision": "x", "words": "No."}, "decision"),
        ({"decision": "decline"}, "words"),
    ],
)
def test_an_answer_that_lacks_something_is_not_given(
    enter: Enter, maya: User, lead: Lead, proposal: str, typed: dict[str, str], field: str
) -> None:
    response = enter(maya).post(proposal, typed)

    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert PersonaProposal.objects.get().state == "open"


def test_who_answers_second_is_told_so(enter: Enter, maya: User, mona: User, lead: Lead, proposal: str) -> None:
    enter(mona).post(proposal, {"decision": "decline", "words": "Not yet."})

    response = enter(maya).post(proposal, {"decision": "take", "words": "Yes, please."})

    page = response.content.decode()
    assert response.status_code == 409
    assert "Somebody has answered this proposal already." in page
    assert "Declined</b> by Mona" in page
    assert "Yes, please." in page
    assert ">Answer</button>" not in page
    assert PersonaProposal.objects.get().state == "declined"


def test_a_proposal_belongs_to_its_persona(enter: Enter, maya: User, lead: Lead, proposal: str) -> None:
    assert enter(maya).get(proposal.replace(CODE, "finance-frank")).status_code == 404


def test_what_waits_is_listed_in_pages_and_counted_where_managers_look(
    enter: Enter, sam: User, mona: User, sue: User, lead: Lead, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: dict[str, Any] = {"lead_id": lead.pk, "actor": sam, "at": at}
    made = [propose_change(**said, persona=code, text="Ports.") for code in (CODE, "finance-frank", CODE)]
    answered = propose_change(**said, persona=CODE, text="No.")
    close_proposal(proposal_id=answered, is_taken=False, words="Not yet.", actor=mona, at=at)
    monkeypatch.setattr(voices, "PAGE", 2)
    browser = enter(mona)

    first = browser.get("/personas/proposals/").context["page"]
    second = browser.get(f"/personas/proposals/?after={first.later}").context["page"]

    assert [proposal.pk for proposal in [*first.proposals, *second.proposals]] == made
    assert second.later is None
    for path in ("/personas/", "/?desk=manager"):
        assert ">3 proposed changes</a>" in browser.get(path).content.decode()
    assert "proposed changes" not in enter(sue).get("/").content.decode()


def test_who_proposed_takes_it_away_and_nobody_else_an_open_one(
    enter: Enter, sam: User, mona: User, lead: Lead, proposal: str
) -> None:
    path = f"/proposals/{PersonaProposal.objects.get().pk}/remove/"
    assert "Take it away for good" not in enter(mona).get(proposal).content.decode()
    assert enter(mona).post(path).status_code == 403
    assert "Take it away for good" in enter(sam).get(proposal).content.decode()

    response = enter(sam).post(path, follow=True)

    assert "The proposal is gone." in response.content.decode()
    assert not PersonaProposal.objects.exists()


def test_who_sees_no_leads_reads_none_of_their_words(
    enter: Enter, sam: User, lead: Lead, proposal: str, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    quote_customer(lead_id=lead.pk, persona=CODE, text=SAID, actor=sam, at=at)
    monkeypatch.setitem(PERMISSIONS, "see_leads", frozenset())
    browser = enter(sam)

    pages = [browser.get(path).content.decode() for path in (PATH, f"{PATH}quotes/", "/personas/proposals/")]

    assert not [page for page in pages if "pallets" in page or "Ports belong" in page]
    assert browser.get(proposal).status_code == 404


def test_pages_do_not_grow_with_what_is_said(enter: Enter, sam: User, lead: Lead, at: datetime) -> None:
    browser, paths = enter(sam), (PATH, f"{PATH}quotes/", "/personas/proposals/", f"/leads/{lead.pk}/")

    def say(count: int) -> None:
        for number in range(count):
            said: dict[str, Any] = {
                "lead_id": lead.pk,
                "persona": CODE,
                "text": f"Word {number}",
                "actor": sam,
                "at": at,
            }
            quote_customer(**said)
            propose_change(**said)

    def count() -> list[int]:
        counts = []
        for path in paths:
            with CaptureQueriesContext(connection) as queries:
                assert browser.get(path).status_code == 200
            counts.append(len(queries))
        return counts

    say(2)
    count()
    few = count()
    say(10)

    assert count() == few
