"""Negotiating on the pages: what is typed into a draft, what is refused, who sees what, and the document that anybody can verify."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ledger.instants import company_day
from personas.defaults import create_default_personas
from sla.agreements import draft_from_template, propose, sign
from sla.clauses import CLAUSES, part_of
from sla.in_force import InForce
from sla.models import AgreementComment, AgreementVersion
from sla.negotiating import change_clause, comment
from teams.models import User
from teams.roles import Side
from tests.desk.conftest import Enter

Propose = Callable[..., AgreementVersion]


@pytest.fixture
def draft(agreement: InForce, mona: User, at: datetime) -> AgreementVersion:
    """Version 2, a draft of marketing's."""
    create_default_personas(at=at)
    return draft_from_template(actor=mona, at=at)


@pytest.fixture
def proposal(draft: AgreementVersion, mona: User, at: datetime) -> AgreementVersion:
    return propose(actor=mona, version=draft, at=at)


def form_of(browser: Client, path: str, **changes: object) -> dict[str, Any]:
    """Give what the form at ``path`` would send, with ``changes``."""
    form = browser.get(path).context["form"]
    shown = {field.html_name: field.value() for field in form if field.value() not in (None, "", False)}
    return {**shown, **changes}


def now(version: AgreementVersion) -> dict[str, Any]:
    terms: dict[str, Any] = AgreementVersion.objects.get(pk=version.pk).terms
    return terms


def edit(version: AgreementVersion, clause: str) -> str:
    return f"/agreement/{version.number}/edit/{clause}/"


# Writing a draft ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("clause", [clause for clause in CLAUSES if clause != "pins"])
def test_a_clause_that_is_saved_as_it_is_shown_stays_what_it_was(
    enter: Enter, mona: User, draft: AgreementVersion, clause: str
) -> None:
    browser, before = enter(mona), now(draft)

    answer = browser.post(edit(draft, clause), form_of(browser, edit(draft, clause)))

    assert answer["Location"] == f"/agreement/2/#{clause}"
    assert now(draft) == before


WRITTEN: list[tuple[str, dict[str, object], Any]] = [
    ("parties", {"marketing": "Brand", "sales": "Field"}, {"marketing": "Brand", "sales": "Field"}),
    ("handoff", {"needed": ["name", "country"]}, ["name", "country"]),
    ("disputes", {"dispute_days": "0"}, 0),
    ("review", {"review_days": "30"}, 30),
    ("attainment", {"attainment_target_percent": "80"}, {"attainment_target_percent": 80, "judged_from_count": 10}),
    ("accept-window", {"then": "return_to_queue", "days": "2"}, {"then": "return_to_queue", "days": 2}),
    ("accept-window", {"then": ""}, None),
    ("pauses", {"most": "1", "most_days": "5"}, {"most": 1, "most_days": 5}),
    ("rules-of-play", {"0-words": "", "lines": "2"}, ["Every lead has an owner or stands in a queue that everybody sees."]),
    ("escalation", {"0-at_percent": "300"}, [
        {"at_percent": 125, "action": "notify_manager"}, {"at_percent": 150, "action": "reassign"},
        {"at_percent": 200, "action": "notify_both_managers"}, {"at_percent": 300, "action": "notify_rep"}]),
    ("mql-rule", {"1-value": "45", "2-join": "and", "3-op": "between", "3-value": "30 and 60"}, {"all": [
        {"field": "fit", "op": "gte", "value": 50}, {"field": "engagement", "op": "gte", "value": 45},
        {"field": "is_hand_raise", "op": "is", "value": True}, {"field": "fit", "op": "between", "value": [30, 60]}]}),
    ("tier-warm", {"0-field": "source", "0-op": "in", "0-value": "Referral, partner", "1-field": "", "1-value": ""},
     {"all": [{"field": "source", "op": "in", "value": ["referral", "partner"]}]}),
    ("tier-hot", {"0-field": "", "0-value": ""}, None),
    ("promise-quick_rating", {"is_promised": ""}, None),
    ("promise-accept", {"amount_hot": "90", "unit_hot": "minutes", "amount_warm": "2", "unit_warm": "days", "until": "close",
                        "amount_standard": "3", "unit_standard": "hours", "warn_hot": "80, 40", "warn_warm": "", "grace_hot": "10"},
     {"code": "accept", "side": "sales", "words": "Accept or reject an offered lead",
      "within": {"hot": {"seconds": 5400}, "warm": {"days": 2, "until": "close"}, "standard": {"seconds": 10800}},
      "warn_percents": {"hot": [40, 80], "warm": [], "standard": [50, 75]},
      "grace_seconds": {"hot": 600, "warm": 0, "standard": 0}}),
    ("targets", {"lines": "1", "0-code": "mql_value", "0-of": "operations-olivia", "0-amount": "20000", "0-currency": "eur",
                 "0-worth": "operations-olivia 800, default 500"},
     [{"code": "mql_value", "side": "marketing", "words": "Worth of the MQLs", "amount": 20000, "of": "operations-olivia",
       "currency": "EUR", "worth": {"operations-olivia": 800, "default": 500}}]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("clause", "changes", "part"), WRITTEN, ids=[f"{n} {each[0]}" for n, each in enumerate(WRITTEN)]
)
def test_what_is_typed_into_a_clause_is_what_it_says(
    enter: Enter, mona: User, draft: AgreementVersion, clause: str, changes: dict[str, object], part: Any
) -> None:
    browser = enter(mona)

    answer = browser.post(edit(draft, clause), form_of(browser, edit(draft, clause), **changes))

    assert answer.status_code == 302, dict(answer.context["form"].errors)
    assert part_of(now(draft), clause) == part


def test_a_written_draft_can_be_proposed(enter: Enter, mona: User, draft: AgreementVersion) -> None:
    browser = enter(mona)
    for clause, changes, _part in WRITTEN:
        browser.post(edit(draft, clause), form_of(browser, edit(draft, clause), **changes))

    answer = browser.post("/agreement/2/propose/", {})

    assert answer["Location"] == "/agreement/2/"
    assert AgreementVersion.objects.get(pk=draft.pk).state == "proposed"


REFUSED = [
    ("parties", {"sales": " "}, "sales"), ("parties", {"sales": "a\u202eb"}, "sales"), ("review", {"review_days": "0"}, "review_days"),
    ("review", {"review_days": "1.5"}, "review_days"), ("review", {"review_days": "9" * 30}, "review_days"),
    ("disputes", {"dispute_days": "soon"}, "dispute_days"), ("accept-window", {"days": ""}, "days"),
    ("accept-window", {"then": "explode"}, "then"), ("pauses", {"most_days": "0"}, "most_days"), ("recycle", {"default": ""}, "default"),
    ("promise-accept", {"amount_hot": "0.25"}, "amount_hot"), ("promise-accept", {"amount_hot": ""}, "amount_hot"),
    ("promise-accept", {"amount_hot": "367", "unit_hot": "days"}, "amount_hot"), ("promise-accept", {"warn_hot": "150"}, "warn_hot"),
    ("promise-accept", {"warn_hot": "half"}, "warn_hot"), ("promise-cadence", {"attempts_warm": ""}, "attempts_warm"),
    ("mql-rule", {"0-value": "many"}, "0-value"), ("mql-rule", {"0-value": "4.5"}, "0-value"), ("mql-rule", {"0-op": "contains"}, "0-op"),
    ("mql-rule", {"2-value": "perhaps"}, "2-value"), ("mql-rule", {"0-field": ""}, "0-field"), ("mql-rule", {"0-field": "tier"}, "0-field"),
    ("mql-rule", {"0-op": "between", "0-value": "200 and 10"}, "0-value"), ("mql-rule", {"lines": "0"}, "__all__"),
    ("tier-warm", {"0-field": "source", "0-op": "is", "0-value": "Rumour"}, "0-value"),
    ("sql-checklist", {"lines": "0"}, "__all__"), ("sql-checklist", {"0-words": "x" * 301}, "0-words"),
    ("definitions", {"0-said": ""}, "0-said"), ("definitions", {"1-word": "Lead"}, "1-word"),
    ("escalation", {"0-at_percent": "50"}, "0-at_percent"), ("escalation", {"0-action": "shout"}, "0-action"),
    ("targets", {"0-amount": "101"}, "0-amount"), ("targets", {"0-of": "hot"}, "0-of"), ("targets", {"0-currency": "EUR"}, "0-currency"),
    ("targets", {"0-code": "pipeline_value"}, "0-currency"), ("targets", {"1-of": "warm"}, "2-code"), ("targets", {"0-worth": "5"}, "0-worth"),
    ("targets", {"0-code": "mql_value", "0-currency": "EUR", "0-worth": "nobody 5"}, "0-worth"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("clause", "change", "field"), REFUSED, ids=[f"{n} {each[0]}" for n, each in enumerate(REFUSED)]
)
def test_a_mistake_stands_beside_its_field_and_nothing_is_written(
    enter: Enter, mona: User, draft: AgreementVersion, clause: str, change: dict[str, str], field: str
) -> None:
    browser, before = enter(mona), now(draft)

    answer = browser.post(edit(draft, clause), form_of(browser, edit(draft, clause), **change))

    assert (answer.status_code, set(answer.context["form"].errors)) == (422, {field})
    assert now(draft) == before


def test_lines_are_added_and_taken_away_without_saving_and_what_was_typed_stays(
    enter: Enter, mona: User, draft: AgreementVersion
) -> None:
    browser, path, before = enter(mona), edit(draft, "sql-checklist"), now(draft)
    typed = form_of(browser, path, **{"0-words": "They called us back."})

    added = browser.post(path, {**typed, "change": "add"})
    removed = browser.post(path, {**typed, "change": "remove-1"})

    assert (added.status_code, removed.status_code) == (200, 200)
    assert now(draft) == before
    assert (added.context["form"].count, removed.context["form"].count) == (6, 4)
    words = [row.fields[0].value() for row in removed.context["form"].rows]
    assert words[0] == "They called us back."
    assert "The contact has a need that one of our products meets." not in words
    saved = {field.html_name: field.value() for field in removed.context["form"]}
    assert browser.post(path, saved).status_code == 302
    assert [item["code"] for item in now(draft)["sql_checklist"]] == ["conversation", "authority", "timing", "budget"]


@pytest.mark.parametrize("sent", [
    {"lines": "many"}, {"lines": "-1"}, {"lines": "9" * 40}, {"lines": "٣"}, {"change": "remove-"}, {"change": "remove-99999999999"},
    {"change": "explode", "lines": "2"}, {"lines": "39", "change": "add"}, {"lines": "1", "0-field": "\x00", "0-value": "\ud800"},
])  # fmt: skip
@pytest.mark.parametrize("clause", ["mql-rule", "targets", "definitions"])
def test_odd_requests_to_the_editor_are_no_fault_of_the_program(
    enter: Enter, mona: User, draft: AgreementVersion, clause: str, sent: dict[str, str]
) -> None:
    before = now(draft)
    sent = {name: value.encode(errors="replace").decode() for name, value in sent.items()}

    answer = enter(mona).post(edit(draft, clause), sent)

    assert answer.status_code in (200, 302, 422)
    if answer.status_code != 302:
        assert now(draft) == before


def test_an_old_page_writes_over_nobody_and_the_next_save_goes_through(
    enter: Enter, mona: User, draft: AgreementVersion, at: datetime
) -> None:
    browser, path = enter(mona), edit(draft, "parties")
    old = form_of(browser, path, sales="Field")
    browser.post(path, form_of(browser, path, sales="Inside"))

    answer = browser.post(path, old)

    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Somebody else changed this clause" in page
    assert 'value="Field"' in page
    assert now(draft)["parties"]["sales"] == "Inside"
    assert browser.post(path, {**old, "seen": answer.context["form"]["seen"].value()}).status_code == 302
    assert now(draft)["parties"]["sales"] == "Field"


def test_a_clause_of_what_is_no_draft_any_more_is_not_written(
    enter: Enter, mona: User, draft: AgreementVersion, at: datetime
) -> None:
    browser, path = enter(mona), edit(draft, "disputes")
    old = form_of(browser, path, dispute_days=9)
    propose(actor=mona, version=draft, at=at)

    assert browser.post(path, old).status_code == 409
    assert browser.get(path)["Location"] == "/agreement/2/"
    assert now(draft)["dispute_days"] == 3


def test_a_draft_begins_from_a_version_and_takes_the_newest_pins(
    enter: Enter, sue: User, proposal: AgreementVersion, at: datetime
) -> None:
    browser = enter(sue)

    answer = browser.post("/agreement/new/", {"source": "2"})
    refused = browser.post("/agreement/new/", {"source": "99"})

    assert answer["Location"] == "/agreement/3/"
    assert AgreementVersion.objects.get(number=3).drafted_for == "sales"
    assert refused.status_code == 422
    assert "Only managers of sales see this draft" in browser.get("/agreement/3/").content.decode()
    assert browser.post("/agreement/3/edit/pins/", {}).status_code == 302


def test_what_is_in_the_way_of_a_proposal_is_listed_with_links(
    enter: Enter, mona: User, draft: AgreementVersion, at: datetime
) -> None:
    change_clause(actor=mona, version=draft, clause="rules-of-play", part=[""], at=at)
    browser = enter(mona)

    pages = [browser.get("/agreement/2/propose/"), browser.post("/agreement/2/propose/", {})]

    assert [page.status_code for page in pages] == [200, 422]
    for page in pages:
        assert '<a href="/agreement/2/edit/rules-of-play/">Rules of play</a>' in page.content.decode()


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
    ("/agreement/2/", 18), ("/agreement/versions/", 11), ("/agreement/1/compare/2/", 14), ("/agreement/2/clauses/disputes/", 10), ("/", 26),
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
