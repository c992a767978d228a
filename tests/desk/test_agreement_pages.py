"""Negotiating on the pages: who reads what, the document that anybody can verify, comparisons, talk and signatures."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ledger.instants import company_day
from sla.agreements import draft_from_template, propose, sign
from sla.clauses import part_of
from sla.in_force import InForce
from sla.models import AgreementComment, AgreementVersion
from sla.negotiating import change_clause, comment
from teams.models import User
from teams.roles import Side
from tests.desk.conftest import Enter

Propose = Callable[..., AgreementVersion]


# Reading --------------------------------------------------------------------------------------------------------------


def test_the_download_has_the_hash_that_was_signed(
    enter: Enter, sam: User, mona: User, sue: User, proposal: AgreementVersion, at: datetime
) -> None:
    for user, side in ((mona, Side.MARKETING), (sue, Side.SALES)):
        sign(actor=user, version=proposal, side=side, terms_hash=proposal.terms_hash, at=at)

    answer = enter(sam).get("/agreement/2/document.json")

    digest = hashlib.sha256(answer.content).hexdigest()
    page = enter(sam).get("/agreement/2/").content.decode()
    assert digest == proposal.terms_hash
    assert f"SHA-256 {digest}" in page
    assert 'filename="agreement-v2.json"' in answer["Content-Disposition"]
    assert json.loads(answer.content) == AgreementVersion.objects.get(pk=proposal.pk).terms


def test_two_versions_are_compared_clause_by_clause(
    enter: Enter, mona: User, sam: User, draft: AgreementVersion, at: datetime
) -> None:
    accept = part_of(draft.terms, "promise-accept")
    accept["within"]["hot"] = {"seconds": 1800}
    for clause, part in (("promise-accept", accept), ("pauses", {"most": 0, "most_days": 0}), ("promise-brief", None)):
        change_clause(actor=mona, version=draft, clause=clause, part=part, at=at)
    propose(actor=mona, version=draft, at=at)

    page = enter(sam).get("/agreement/1/compare/2/")

    kinds = {difference.key: difference.kind for difference in page.context["differences"]}
    assert kinds == {"promise-accept": "changed", "pauses": "removed", "promise-brief": "removed", "pins": "changed"}
    changed = next(each for each in page.context["differences"] if each.key == "promise-accept").changes
    assert [(change.kind, change.sentence[:11]) for change in changed[:2]] == [
        ("removed", "Hot: 15 min"),
        ("added", "Hot: 30 min"),
    ]
    back = enter(sam).get("/agreement/2/compare/1/").context["differences"]
    assert {difference.key: difference.kind for difference in back}["pauses"] == "added"
    assert "Both versions say the same" in enter(sam).get("/agreement/2/compare/2/").content.decode()
    assert enter(sam).get("/agreement/compare/?before=1&after=2")["Location"] == "/agreement/1/compare/2/"


def test_a_draft_is_compared_by_those_who_see_it_alone(
    enter: Enter, mona: User, sue: User, draft: AgreementVersion
) -> None:
    paths = ["/agreement/2/", "/agreement/1/compare/2/", "/agreement/2/document.json", "/agreement/2/edit/pauses/"]

    assert [enter(mona).get(path).status_code for path in paths] == [200] * 4
    assert [enter(sue).get(path).status_code for path in paths] == [404] * 4
    assert "Version 2" not in enter(sue).get("/agreement/versions/").content.decode()


def test_the_page_and_the_managers_desks_say_that_a_review_is_due(
    enter: Enter, mona: User, sue: User, sam: User, proposal: AgreementVersion, at: datetime
) -> None:
    before = enter(sue).get("/agreement/").content.decode()
    version = AgreementVersion.objects.get(number=1)
    assert version.review_on is not None
    assert version.review_on < company_day(at)  # the cast signed long ago

    assert "due for review" in before
    assert "due for review" in enter(sam).get("/agreement/").content.decode()
    for manager in (mona, sue):
        assert "review due" in enter(manager).get("/?desk=manager").content.decode()
    for user, side in ((mona, Side.MARKETING), (sue, Side.SALES)):
        sign(actor=user, version=proposal, side=side, terms_hash=proposal.terms_hash, at=at)
    assert "due for review" not in enter(sue).get("/agreement/").content.decode()


# Talking and signing --------------------------------------------------------------------------------------------------


def test_what_was_typed_stays_when_a_concern_or_its_answer_is_refused(
    enter: Enter, sam: User, sue: User, proposal: AgreementVersion, at: datetime
) -> None:
    path = "/agreement/2/clauses/disputes/"
    answer = enter(sam).post(path, {"kind": "concern", "text": ""})
    assert (answer.status_code, set(answer.context["form"].errors)) == (422, {"text"})
    concern = comment(actor=sam, version=proposal, clause="disputes", kind="concern", text="<b>Why?</b>", at=at)

    empty = enter(sue).post(f"/agreement/concerns/{concern.pk}/resolve/", {"words": " "})
    done = enter(sue).post(f"/agreement/concerns/{concern.pk}/resolve/", {"words": "Because."})
    again = enter(sue).post(f"/agreement/concerns/{concern.pk}/resolve/", {"words": "Because of that."})

    assert (empty.status_code, done.status_code, again.status_code) == (422, 302, 409)
    assert "&lt;b&gt;Why?&lt;/b&gt;" in empty.content.decode()
    assert AgreementComment.objects.get().closing_words == "Because."


def test_a_page_that_was_read_before_cannot_sign_other_terms(
    enter: Enter, sue: User, proposal: AgreementVersion
) -> None:
    answer = enter(sue).post("/agreement/2/sign/", {"side": "sales", "terms_hash": "0" * 64, "has_read": "on"})

    assert answer.status_code == 409
    assert "Read them again" in answer.content.decode()


@pytest.mark.parametrize(
    ("change", "field"),
    [({"has_read": ""}, "has_read"), ({"side": "marketing"}, "side"), ({"effective_on": "2020-01-01"}, "effective_on"),
     ({"effective_on": "9999-12-31"}, "effective_on"), ({"effective_on": "soon"}, "effective_on")],
)  # fmt: skip
def test_a_signature_that_cannot_be_is_refused_beside_its_field(
    enter: Enter, sue: User, proposal: AgreementVersion, change: dict[str, str], field: str
) -> None:
    given = {"side": "sales", "terms_hash": proposal.terms_hash, "has_read": "on", **change}

    answer = enter(sue).post("/agreement/2/sign/", given)

    assert (answer.status_code, set(answer.context["form"].errors)) == (422, {field})
    assert proposal.signatures.count() == 0


def test_the_second_signer_sees_the_day_and_keeps_it_or_clears_it(
    enter: Enter, mona: User, sue: User, proposal: AgreementVersion, at: datetime
) -> None:
    day = company_day(at) + timedelta(days=5)
    sign(actor=mona, version=proposal, side=Side.MARKETING, terms_hash=proposal.terms_hash, at=at, effective_on=day)
    browser = enter(sue)
    form = browser.get("/agreement/2/sign/").context["form"]

    answer = browser.post("/agreement/2/sign/", {"side": "sales", "terms_hash": proposal.terms_hash, "has_read": "on"})

    assert form["effective_on"].value() == day
    assert answer.status_code == 302
    signed = AgreementVersion.objects.get(pk=proposal.pk)
    assert signed.effective_from == signed.signed_at  # cleared: at once


def test_an_act_that_is_over_says_so(enter: Enter, mona: User, agreement: InForce) -> None:
    page = enter(mona).get("/agreement/1/sign/").content.decode()

    assert "this step is not open" in page
    assert enter(mona).get("/agreement/1/burn/").status_code == 404


# Queries --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("path", "most"), [
    ("/agreement/2/", 19), ("/agreement/versions/", 12), ("/agreement/1/compare/2/", 16), ("/agreement/2/clauses/disputes/", 11), ("/", 27),
])  # fmt: skip
def test_the_pages_take_as_many_queries_for_much_talk_as_for_little(
    enter: Enter, mona: User, sam: User, proposal: AgreementVersion, at: datetime, path: str, most: int
) -> None:
    browser = enter(mona)
    comment(actor=sam, version=proposal, clause="disputes", kind="concern", text="Why?", at=at)
    browser.get(path)
    with CaptureQueriesContext(connection) as few:
        browser.get(path)
    for number in range(12):
        comment(actor=sam, version=proposal, clause="disputes", kind="concern", text=f"Why? {number}", at=at)
        propose(actor=mona, version=draft_from_template(actor=mona, at=at), at=at)

    with CaptureQueriesContext(connection) as many:
        browser.get(path)

    told = "\n".join(query["sql"][:160] for query in many.captured_queries)
    assert len(many) == len(few), told
    assert len(many) <= most, f"{len(many)}\n{told}"


def test_what_was_said_of_a_clause_that_is_not_promised_is_reached_from_the_signed_document(
    enter: Enter, mona: User, sam: User, sue: User, draft: AgreementVersion, at: datetime
) -> None:
    for clause in ("promise-brief", "promise-triage"):
        change_clause(actor=mona, version=draft, clause=clause, part=None, at=at)
    version = propose(actor=mona, version=draft, at=at)
    comment(actor=sam, version=version, clause="promise-brief", kind="comment", text="Why not?", at=at)
    for user, side in ((mona, Side.MARKETING), (sue, Side.SALES)):
        sign(actor=user, version=version, side=side, terms_hash=version.terms_hash, at=at)

    page = enter(sam).get("/agreement/2/").content.decode()

    assert '<a href="/agreement/2/clauses/promise-brief/">1 comment' in page
    assert 'id="promise-triage"' not in page
